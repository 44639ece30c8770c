//! Envoy's clusters, one for each callee: connect timeout, balancing, thresholds, outliers, health
//! checks.
//!
//! Timeouts and retries are not in clusters but in routes.

use serde_json::{Map, Value, json};

use super::durations::in_seconds;
use super::format::Writer;
use super::guarded_call::{GuardSettings, GuardedCall};
use super::remark::CallRemarks;
use super::section::Section;
use super::values::{map, number, unless_empty};
use super::{ConfigurationFormat, Exporter, Imported, ImportedCall, Importer, Remark, documents};
use crate::resilience::RetryBudgetPolicy;
use crate::resilience::load_balancer::{Balance, OutlierSettings};
use crate::system::UNLIMITED;

pub(super) const FORMAT: ConfigurationFormat = ConfigurationFormat {
    name: "envoy",
    import: Some(Importer {
        files: "Clusters",
        looks_for: "a cluster or a list under `clusters:`",
        documents: documents::yaml,
        read,
    }),
    export: Some(Exporter {
        files: "Clusters",
        is_for_proxies: true,
        writer: Writer::Yaml(|calls, remarks| vec![write(calls, remarks)]),
    }),
};

/// Keys of a cluster that say where its hosts are, not how it is called.
const ADDRESS_KEYS: [&str; 7] = [
    "@type",
    "type",
    "load_assignment",
    "dns_lookup_family",
    "eds_cluster_config",
    "transport_socket",
    "alt_stat_name",
];

/// Keys of `outlier_detection` that the preset has under the same name.
const OUTLIER_NUMBERS: [&str; 5] = [
    "consecutive_5xx",
    "max_ejection_percent",
    "success_rate_minimum_hosts",
    "success_rate_request_volume",
    "success_rate_stdev_factor",
];
const OUTLIER_SPANS: [&str; 3] = ["interval", "base_ejection_time", "max_ejection_time"];

fn read(document: &Value, imported: &mut Imported) {
    let lists = [
        document.get("clusters"),
        document.get("static_resources").and_then(|resources| resources.get("clusters")),
        document.as_array().map(|_| document),
    ];
    let listed = lists.into_iter().flatten().filter_map(Value::as_array).flatten();
    let single = std::iter::once(document).filter(|document| document.get("name").is_some());
    for cluster in single.chain(listed) {
        read_cluster(&Section::new(Some(cluster), "cluster"), imported);
    }
}

fn read_cluster(cluster: &Section<'_>, imported: &mut Imported) {
    let Some(name) = cluster.text("name") else { return };
    let call = imported.call(&name);
    for key in ADDRESS_KEYS {
        cluster.take(key);
    }
    call.set("connect timeout", cluster.duration("connect_timeout"));
    let remarks = read_breaker(cluster, call);
    read_balance(cluster, call);
    call.remarks.extend(remarks);
    call.remarks.extend(cluster.remarks());
}

/// Sets the breaker and returns the remarks on its keys.
fn read_breaker(cluster: &Section<'_>, call: &mut ImportedCall) -> Vec<Remark> {
    let is_http2 = cluster.take("http2_protocol_options").is_some()
        || cluster
            .take("typed_extension_protocol_options")
            .is_some_and(|options| options.to_string().contains("http2"));
    let breakers = cluster.section("circuit_breakers");
    let thresholds = breakers.items("thresholds");
    let of_default = thresholds.iter().find(|entry| is_of_default_priority(entry));
    let limits = Section::new(of_default, "circuit_breakers.thresholds");
    limits.take("priority");
    for other in thresholds.iter().filter(|entry| Some(*entry) != of_default) {
        call.remark("circuit_breakers.thresholds", other.to_string());
    }
    let outliers = cluster.section("outlier_detection");
    if limits.is_there() || outliers.is_there() {
        let breaker = map([
            ("preset", Some("envoy".into())),
            ("max_connections", limits.number("max_connections")),
            ("max_pending_requests", limits.number("max_pending_requests")),
            ("max_requests", limits.number("max_requests")),
            ("max_retries", limits.number("max_retries")),
            ("retry_budget", read_retry_budget(&limits.section("retry_budget"))),
            ("http2_protocol_options", is_http2.then_some(true.into())),
            ("outlier_detection", outliers.is_there().then(|| read_outliers(&outliers))),
        ]);
        call.set("breaker", Some(Value::Object(breaker)));
    }
    [limits, breakers, outliers].iter().flat_map(Section::remarks).collect()
}

fn is_of_default_priority(thresholds: &Value) -> bool {
    thresholds.get("priority").is_none_or(|priority| priority == "DEFAULT")
}

fn read_retry_budget(budget: &Section<'_>) -> Option<Value> {
    let percent = budget.section("budget_percent").number("value");
    let minimum = budget.number("min_retry_concurrency");
    budget.is_there().then(|| {
        Value::Object(map([("budget_percent", percent), ("min_retry_concurrency", minimum)]))
    })
}

fn read_outliers(outliers: &Section<'_>) -> Value {
    let mut entries = Map::new();
    for key in OUTLIER_NUMBERS {
        entries.extend(outliers.number(key).map(|value| (key.to_owned(), value)));
    }
    for key in OUTLIER_SPANS {
        entries.extend(outliers.duration(key).map(|value| (key.to_owned(), value)));
    }
    Value::Object(entries)
}

fn read_balance(cluster: &Section<'_>, call: &mut ImportedCall) {
    let policy = read_policy(cluster, call);
    let checks = cluster.items("health_checks");
    let check = Section::new(checks.first(), "cluster.health_checks[0]");
    for other in checks.iter().skip(1) {
        call.remark("cluster.health_checks", other.to_string());
    }
    let health_check = check.duration("interval").map(|interval| {
        Value::Object(map([
            ("interval", Some(interval)),
            ("unhealthy threshold", check.number("unhealthy_threshold")),
            ("healthy threshold", check.number("healthy_threshold")),
        ]))
    });
    let common = cluster.section("common_lb_config");
    let panic = common
        .section("healthy_panic_threshold")
        .number("value")
        .map(|value| format!("{value}%").into());
    let is_simple = health_check.is_none() && panic.is_none();
    let details = map([
        ("policy", policy.map(Value::from)),
        ("health check", health_check),
        ("panic threshold", panic),
    ]);
    let balance = if is_simple { policy.map(Value::from) } else { Some(Value::Object(details)) };
    call.set("balance", balance);
    call.remarks.extend(check.remarks());
    call.remarks.extend(common.remarks());
}

fn read_policy(cluster: &Section<'_>, call: &mut ImportedCall) -> Option<&'static str> {
    let written = cluster.text("lb_policy")?;
    Some(match written.as_str() {
        "ROUND_ROBIN" => "round robin",
        "LEAST_REQUEST" => "power of two",
        "RANDOM" => "random",
        "RING_HASH" | "MAGLEV" => "consistent hash",
        _ => {
            call.remark("cluster.lb_policy", written);
            return None;
        }
    })
}

fn write(calls: &[&GuardedCall], remarks: &mut Vec<Remark>) -> Value {
    let mut clusters = Vec::new();
    for call in calls {
        let remarks = &mut CallRemarks::new(call, remarks);
        for guard in &call.guards {
            remark_on_guard(guard, remarks);
        }
        call.remark_on_fallback(remarks);
        clusters.push(write_cluster(call, remarks));
    }
    json!({ "clusters": clusters })
}

fn write_cluster(call: &GuardedCall, remarks: &mut CallRemarks<'_>) -> Value {
    let thresholds = unless_empty(write_thresholds(call, remarks))
        .map(|limits| json!({ "thresholds": [limits] }));
    let panic =
        json!({ "healthy_panic_threshold": { "value": number(call.panic_threshold * 100.0) } });
    Value::Object(map([
        ("name", Some(call.callee.clone().into())),
        ("connect_timeout", call.connect_timeout.map(in_seconds)),
        ("lb_policy", write_policy(&call.balance).map(Value::from)),
        ("circuit_breakers", thresholds),
        ("outlier_detection", call.outliers.map(|outliers| write_outliers(&outliers))),
        (
            "common_lb_config",
            (call.outliers.is_some() && call.panic_threshold > 0.0).then_some(panic),
        ),
    ]))
}

fn write_thresholds(call: &GuardedCall, remarks: &mut CallRemarks<'_>) -> Map<String, Value> {
    let limited = |number: u32| (number != UNLIMITED).then(|| Value::from(number));
    let mut thresholds = Map::new();
    for guard in &call.guards {
        match guard {
            GuardSettings::Bulkhead(settings) => {
                thresholds.extend(map([
                    ("max_connections", limited(settings.capacity)),
                    ("max_pending_requests", limited(settings.queue)),
                    ("max_requests", limited(settings.capacity)),
                ]));
                if let Some(max_wait) = settings.max_wait {
                    remarks.add(format!(
                        "a call waits for a connection until it times out, not for at most {max_wait}"
                    ));
                }
            }
            GuardSettings::Retry(_, Some(RetryBudgetPolicy::Envoy { ratio, minimum })) => {
                let (key, value) = if *ratio == 0.0 {
                    ("max_retries", json!(minimum))
                } else {
                    let percent = json!({ "value": number(ratio * 100.0) });
                    (
                        "retry_budget",
                        json!({ "budget_percent": percent, "min_retry_concurrency": minimum }),
                    )
                };
                thresholds.insert(key.to_owned(), value);
            }
            _ => {}
        }
    }
    thresholds
}

fn write_outliers(outliers: &OutlierSettings) -> Value {
    json!({
        "consecutive_5xx": outliers.consecutive_5xx,
        "interval": in_seconds(outliers.interval),
        "base_ejection_time": in_seconds(outliers.base_ejection_time),
        "max_ejection_time": in_seconds(outliers.max_ejection_time),
        "max_ejection_percent": outliers.max_ejection_percent,
        "success_rate_minimum_hosts": outliers.success_rate_minimum_hosts,
        "success_rate_request_volume": outliers.success_rate_request_volume,
        "success_rate_stdev_factor": outliers.success_rate_stdev_factor,
    })
}

fn write_policy(balance: &Balance) -> Option<&'static str> {
    Some(match balance {
        Balance::RoundRobin => "ROUND_ROBIN",
        Balance::Random => "RANDOM",
        Balance::PowerOfTwo | Balance::LeastOutstanding => "LEAST_REQUEST",
        Balance::ConsistentHash { .. } => "RING_HASH",
        _ => return None,
    })
}

fn remark_on_guard(guard: &GuardSettings, remarks: &mut CallRemarks<'_>) {
    match guard {
        GuardSettings::Breaker(_) => {
            remarks.add("Envoy has no breaker with states; it only ejects instances (`outlier_detection`)");
        }
        GuardSettings::Timeout(timeout) => {
            remarks.add(format!("set `timeout: {timeout}` on the route"));
        }
        GuardSettings::AttemptTimeout(timeout) => remarks.add(format!(
            "set `retry_policy.per_try_timeout: {timeout}` on the route, or `timeout` if it has no retries"
        )),
        GuardSettings::Retry(policy, _) => remarks
            .add(format!("set `retry_policy.num_retries: {}` on the route", policy.attempts - 1)),
        GuardSettings::Bulkhead(_) => {}
        GuardSettings::RateLimit(_) | GuardSettings::Hedge { .. } | GuardSettings::Other(_) => {
            remarks.add(format!("an Envoy cluster has no {}", guard.name()));
        }
    }
}

//! Envoy's clusters, one for each callee: connect timeout, balancing, thresholds, outliers, health
//! checks.
//!
//! Timeouts and retries are not in clusters but in routes.

use serde_json::{Map, Value, json};

use super::configuration::Configuration;
use super::durations::in_seconds;
use super::format::{Reader, Writer};
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
        documents: Reader::Each(documents::yaml),
        read,
    }),
    export: Some(Exporter {
        files: "Clusters",
        is_for_proxies: true,
        writer: Writer::Yaml(|calls, remarks| vec![write(calls, remarks)]),
    }),
};

/// Keys of `outlier_detection` that the preset has under the same name.
const OUTLIER_NUMBERS: [&str; 5] = [
    "consecutive_5xx",
    "max_ejection_percent",
    "success_rate_minimum_hosts",
    "success_rate_request_volume",
    "success_rate_stdev_factor",
];
const OUTLIER_SPANS: [&str; 3] = ["interval", "base_ejection_time", "max_ejection_time"];

fn read(configuration: &Configuration<'_>, imported: &mut Imported) {
    let root = configuration.root();
    let resources = root.section("static_resources");
    let single = root.has("name").then_some(root);
    let clusters = single.into_iter();
    let root = configuration.root();
    for cluster in clusters.chain(root.sections("clusters")).chain(resources.sections("clusters")) {
        read_cluster(&cluster, imported);
    }
}

fn read_cluster(cluster: &Section<'_>, imported: &mut Imported) {
    let Some(name) = cluster.text("name") else { return };
    let number = imported.number_of(&name);
    cluster.belongs_to(number);
    let call = &mut imported.calls[number];
    call.set("connect timeout", cluster.duration("connect_timeout"));
    read_breaker(cluster, call);
    read_balance(cluster, call);
}

/// Sets the breaker.
fn read_breaker(cluster: &Section<'_>, call: &mut ImportedCall) {
    let is_http2 = cluster.take("http2_protocol_options").is_some()
        || cluster
            .take("typed_extension_protocol_options")
            .is_some_and(|options| options.to_string().contains("http2"));
    let breakers = cluster.section("circuit_breakers");
    let thresholds = breakers.sections("thresholds");
    let limits = thresholds.iter().find(|entry| is_of_default_priority(entry));
    let outliers = cluster.section("outlier_detection");
    if limits.is_some() || outliers.is_there() {
        let limit = |key: &str| limits.and_then(|limits| limits.number(key));
        let breaker = map([
            ("preset", Some("envoy".into())),
            ("max_connections", limit("max_connections")),
            ("max_pending_requests", limit("max_pending_requests")),
            ("max_requests", limit("max_requests")),
            ("max_retries", limit("max_retries")),
            (
                "retry_budget",
                limits.and_then(|limits| read_retry_budget(&limits.section("retry_budget"))),
            ),
            ("http2_protocol_options", is_http2.then_some(true.into())),
            ("outlier_detection", outliers.is_there().then(|| read_outliers(&outliers))),
        ]);
        call.set("breaker", Some(Value::Object(breaker)));
    }
}

fn is_of_default_priority(thresholds: &Section<'_>) -> bool {
    !thresholds.has("priority")
        || thresholds.take_as("priority", |it| (it == "DEFAULT").then_some(())).is_some()
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
    let policy = read_policy(cluster);
    let checks = cluster.sections("health_checks");
    let health_check = checks.first().and_then(|check| {
        Some(Value::Object(map([
            ("interval", Some(check.duration("interval")?)),
            ("unhealthy threshold", check.number("unhealthy_threshold")),
            ("healthy threshold", check.number("healthy_threshold")),
        ])))
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
}

fn read_policy(cluster: &Section<'_>) -> Option<&'static str> {
    cluster.take_as("lb_policy", |written| {
        Some(match written.as_str()? {
            "ROUND_ROBIN" => "round robin",
            "LEAST_REQUEST" => "power of two",
            "RANDOM" => "random",
            "RING_HASH" | "MAGLEV" => "consistent hash",
            _ => return None,
        })
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

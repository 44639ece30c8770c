//! Envoy's clusters: connect timeout, balancing, thresholds, outliers, health checks.

use serde_json::{Map, Value, json};

use super::section::map;
use super::{Imported, ImportedCall, Section};

/// Keys of `outlier_detection` that are there under the same name.
const OUTLIER_NUMBERS: [&str; 5] = [
    "consecutive_5xx",
    "max_ejection_percent",
    "success_rate_minimum_hosts",
    "success_rate_request_volume",
    "success_rate_stdev_factor",
];
const OUTLIER_SPANS: [&str; 3] = ["interval", "base_ejection_time", "max_ejection_time"];

pub(super) fn read(document: &Value, imported: &mut Imported) {
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
    for key in [
        "@type",
        "type",
        "load_assignment",
        "dns_lookup_family",
        "eds_cluster_config",
        "transport_socket",
        "alt_stat_name",
    ] {
        cluster.take(key);
    }
    call.set("connect timeout", cluster.duration("connect_timeout"));
    let is_http2 = cluster.take("http2_protocol_options").is_some()
        || cluster
            .take("typed_extension_protocol_options")
            .is_some_and(|options| options.to_string().contains("http2"));
    let thresholds = cluster.section("circuit_breakers");
    let of_default = thresholds
        .items("thresholds")
        .iter()
        .find(|entry| entry.get("priority").is_none_or(|p| p == "DEFAULT"));
    let limits = Section::new(of_default, "circuit_breakers.thresholds");
    limits.take("priority");
    for other in thresholds.items("thresholds").iter().filter(|entry| Some(*entry) != of_default) {
        call.remark([format!("circuit_breakers.thresholds: {other}")]);
    }
    let outliers = cluster.section("outlier_detection");
    if limits.is_there() || outliers.is_there() {
        let breaker = map([
            ("preset", Some("envoy".into())),
            ("max_connections", limits.number("max_connections")),
            ("max_pending_requests", limits.number("max_pending_requests")),
            ("max_requests", limits.number("max_requests")),
            ("max_retries", limits.number("max_retries")),
            ("retry_budget", retry_budget(&limits.section("retry_budget"))),
            ("http2_protocol_options", is_http2.then_some(true.into())),
            ("outlier_detection", outliers.is_there().then(|| outlier_detection(&outliers))),
        ]);
        call.set("breaker", Some(Value::Object(breaker)));
    }
    balance(cluster, call);
    for section in [&limits, &thresholds, &outliers, cluster] {
        call.remark(section.remarks());
    }
}

fn retry_budget(budget: &Section<'_>) -> Option<Value> {
    let percent = budget.section("budget_percent").number("value");
    let minimum = budget.number("min_retry_concurrency");
    budget.is_there().then(|| {
        Value::Object(map([("budget_percent", percent), ("min_retry_concurrency", minimum)]))
    })
}

fn outlier_detection(outliers: &Section<'_>) -> Value {
    let mut entries = Map::new();
    for key in OUTLIER_NUMBERS {
        entries.extend(outliers.number(key).map(|value| (key.to_owned(), value)));
    }
    for key in OUTLIER_SPANS {
        entries.extend(outliers.duration(key).map(|value| (key.to_owned(), value)));
    }
    Value::Object(entries)
}

fn balance(cluster: &Section<'_>, call: &mut ImportedCall) {
    let written = cluster.text("lb_policy");
    let policy = match written.as_deref() {
        Some("ROUND_ROBIN") => Some("round robin"),
        Some("LEAST_REQUEST") => Some("power of two"),
        Some("RANDOM") => Some("random"),
        Some("RING_HASH" | "MAGLEV") => Some("consistent hash"),
        _ => None,
    };
    if policy.is_none() {
        call.remark(written.map(|written| format!("cluster.lb_policy: {written}")));
    }
    let checks = cluster.items("health_checks");
    let check = Section::new(checks.first(), "cluster.health_checks[0]");
    for other in checks.iter().skip(1) {
        call.remark([format!("cluster.health_checks: {other}")]);
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
    let balance = match policy {
        Some(policy) if is_simple => Some(policy.into()),
        None if is_simple => None,
        policy => {
            let details = map([
                ("policy", policy.map(Value::from)),
                ("health check", health_check),
                ("panic threshold", panic),
            ]);
            Some(json!(details))
        }
    };
    call.set("balance", balance);
    call.remark(check.remarks());
    call.remark(common.remarks());
}

//! Istio: `DestinationRule` (limits, outliers, balancing) and `VirtualService` (timeouts and
//! retries).

use serde_json::{Value, json};

use super::section::map;
use super::{Imported, ImportedCall, Section};

/// Istio retries after 25 ms on average, doubling up to ten times that, spread by Envoy over the
/// whole interval.
const BACKOFF: &str = "exponential 25ms x2 max 250ms full jitter";

pub(super) fn read(document: &Value, imported: &mut Imported) {
    let root = Section::new(Some(document), "");
    let kind = root.text("kind");
    for key in ["apiVersion", "metadata", "status"] {
        root.take(key);
    }
    match kind.as_deref() {
        Some("DestinationRule") => destination_rule(&root.section("spec"), imported),
        Some("VirtualService") => virtual_service(&root.section("spec"), imported),
        _ => {}
    }
}

/// The first label of a host: the service's own name.
fn service_of(host: &str) -> String {
    host.split('.').next().unwrap_or(host).to_owned()
}

fn destination_rule(spec: &Section<'_>, imported: &mut Imported) {
    let Some(host) = spec.text("host") else { return };
    let call = imported.call(&service_of(&host));
    let policy = spec.section("trafficPolicy");
    let pool = policy.section("connectionPool");
    let (tcp, http) = (pool.section("tcp"), pool.section("http"));
    call.set("connect timeout", tcp.duration("connectTimeout"));
    let tcp_limits = map([("maxConnections", tcp.number("maxConnections"))]);
    let http_limits = map([
        ("http1MaxPendingRequests", http.number("http1MaxPendingRequests")),
        ("http2MaxRequests", http.number("http2MaxRequests")),
        ("maxRetries", http.number("maxRetries")),
    ]);
    let outliers = policy.section("outlierDetection");
    let outlier_limits = map([
        (
            "consecutive5xxErrors",
            outliers
                .number("consecutive5xxErrors")
                .or_else(|| outliers.number("consecutiveErrors")),
        ),
        ("interval", outliers.duration("interval")),
        ("baseEjectionTime", outliers.duration("baseEjectionTime")),
        ("maxEjectionPercent", outliers.number("maxEjectionPercent")),
        ("minHealthPercent", outliers.number("minHealthPercent")),
    ]);
    let is_pool_there = !tcp_limits.is_empty() || !http_limits.is_empty();
    let connection_pool = map([
        ("tcp", (!tcp_limits.is_empty()).then_some(Value::Object(tcp_limits))),
        ("http", (!http_limits.is_empty()).then_some(Value::Object(http_limits))),
    ]);
    if is_pool_there || outliers.is_there() {
        let breaker = map([
            ("preset", Some("istio".into())),
            ("connectionPool", is_pool_there.then_some(Value::Object(connection_pool))),
            ("outlierDetection", outliers.is_there().then_some(Value::Object(outlier_limits))),
        ]);
        call.set("breaker", Some(Value::Object(breaker)));
    }
    balance(&policy.section("loadBalancer"), call);
    for section in [&tcp, &http, &pool, &outliers, &policy, spec] {
        call.remark(section.remarks());
    }
}

fn balance(balancer: &Section<'_>, call: &mut ImportedCall) {
    let simple = balancer.text("simple");
    let policy = match simple.as_deref() {
        Some("ROUND_ROBIN") => Some("round robin"),
        Some("RANDOM") => Some("random"),
        // Envoy compares two that it takes by chance.
        Some("LEAST_REQUEST" | "LEAST_CONN") => Some("power of two"),
        _ if balancer.take("consistentHash").is_some() => Some("consistent hash"),
        _ => None,
    };
    if policy.is_none() {
        call.remark(simple.map(|simple| format!("trafficPolicy.loadBalancer.simple: {simple}")));
    }
    let warmup = balancer.duration("warmupDurationSecs");
    call.set(
        "balance",
        match (policy, warmup) {
            (policy, Some(window)) => {
                Some(json!({ "policy": policy.unwrap_or("power of two"), "slow start": { "window": window } }))
            }
            (Some(policy), None) => Some(policy.into()),
            (None, None) => None,
        },
    );
    call.remark(balancer.remarks());
}

fn virtual_service(spec: &Section<'_>, imported: &mut Imported) {
    let hosts = spec.items("hosts");
    let mut seen = Vec::new();
    for (index, route) in spec.items("http").iter().enumerate() {
        let route = Section::new(Some(route), &format!("http[{index}]"));
        let routed = route
            .items("route")
            .iter()
            .find_map(|route| route.get("destination")?.get("host")?.as_str());
        let Some(host) = routed.or_else(|| hosts.first().and_then(Value::as_str)) else { continue };
        let name = service_of(host);
        let is_known = seen.contains(&name);
        seen.push(name.clone());
        let call = imported.call(&name);
        if is_known {
            call.remark([format!(
                "http[{index}]: another route to `{name}`; the settings of the last one stand here"
            )]);
        }
        for other in route.items("route").iter().skip(1) {
            call.remark([format!("http[{index}].route: {other}")]);
        }
        route.take("name");
        let retries = route.section("retries");
        let per_try = retries.duration("perTryTimeout");
        call.set("call timeout", route.duration("timeout"));
        call.set("timeout", per_try);
        if let Some(attempts) = retries
            .number("attempts")
            .and_then(|attempts| attempts.as_u64())
            .filter(|attempts| *attempts > 0)
        {
            call.set("retry", Some(json!({ "attempts": attempts + 1, "backoff": BACKOFF })));
        }
        call.remark(retries.remarks());
        call.remark(route.remarks());
    }
    for key in ["gateways", "exportTo"] {
        spec.take(key);
    }
    if let Some(call) = imported.calls.last_mut() {
        call.remark(spec.remarks());
    }
}

//! Istio's `DestinationRule` (limits, outliers, balancing) and `VirtualService` (timeouts and
//! retries), one of each for a callee.

use serde_json::{Map, Value, json};

use super::configuration::Configuration;
use super::durations::with_unit;
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
    name: "istio",
    import: Some(Importer {
        files: "DestinationRule and VirtualService",
        looks_for: "a `DestinationRule` or a `VirtualService`",
        documents: Reader::Each(documents::yaml),
        read,
    }),
    export: Some(Exporter {
        files: "DestinationRule and VirtualService",
        is_for_proxies: true,
        writer: Writer::Yaml(write),
    }),
};

/// Istio retries after 25 ms on average, doubling up to ten times that, spread by Envoy over the
/// whole interval.
const BACKOFF: &str = "exponential 25ms x2 max 250ms full jitter";

fn read(configuration: &Configuration<'_>, imported: &mut Imported) {
    let root = configuration.root();
    match root.text("kind").as_deref() {
        Some("DestinationRule") => read_destination_rule(&root.section("spec"), imported),
        Some("VirtualService") => read_virtual_service(&root.section("spec"), imported),
        _ => {}
    }
}

/// The service's own name: the first label of its host.
fn service_of(host: &str) -> &str {
    host.split('.').next().unwrap_or(host)
}

fn read_destination_rule(spec: &Section<'_>, imported: &mut Imported) {
    let Some(host) = spec.text("host") else { return };
    let number = imported.number_of(service_of(&host));
    spec.belongs_to(number);
    let call = &mut imported.calls[number];
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
    let connection_pool =
        unless_empty(map([("tcp", unless_empty(tcp_limits)), ("http", unless_empty(http_limits))]));
    let outliers = policy.section("outlierDetection");
    if connection_pool.is_some() || outliers.is_there() {
        let breaker = map([
            ("preset", Some("istio".into())),
            ("connectionPool", connection_pool),
            ("outlierDetection", outliers.is_there().then(|| read_outliers(&outliers))),
        ]);
        call.set("breaker", Some(Value::Object(breaker)));
    }
    read_balance(&policy.section("loadBalancer"), call);
}

fn read_outliers(outliers: &Section<'_>) -> Value {
    let consecutive = outliers
        .number("consecutive5xxErrors")
        // The name of old versions.
        .or_else(|| outliers.number("consecutiveErrors"));
    Value::Object(map([
        ("consecutive5xxErrors", consecutive),
        ("interval", outliers.duration("interval")),
        ("baseEjectionTime", outliers.duration("baseEjectionTime")),
        ("maxEjectionPercent", outliers.number("maxEjectionPercent")),
        ("minHealthPercent", outliers.number("minHealthPercent")),
    ]))
}

fn read_balance(balancer: &Section<'_>, call: &mut ImportedCall) {
    let simple = balancer.take_as("simple", |written| {
        Some(match written.as_str()? {
            "ROUND_ROBIN" => "round robin",
            "RANDOM" => "random",
            // Envoy compares two hosts that it draws.
            "LEAST_REQUEST" | "LEAST_CONN" => "power of two",
            _ => return None,
        })
    });
    let policy = simple.or_else(|| balancer.take("consistentHash").map(|_| "consistent hash"));
    let warmup = balancer.duration("warmupDurationSecs");
    let balance = match (policy, warmup) {
        (policy, Some(window)) => Some(json!({
            "policy": policy.unwrap_or("power of two"),
            "slow start": { "window": window },
        })),
        (Some(policy), None) => Some(policy.into()),
        (None, None) => None,
    };
    call.set("balance", balance);
}

fn read_virtual_service(spec: &Section<'_>, imported: &mut Imported) {
    let hosts = spec.texts("hosts");
    for route in spec.sections("http") {
        let destinations = route.sections("route");
        let routed =
            destinations.iter().find_map(|route| route.section("destination").text("host"));
        let Some(host) = routed.or_else(|| hosts.first().cloned()) else { continue };
        let number = imported.number_of(service_of(&host));
        route.belongs_to(number);
        read_route(&route, &mut imported.calls[number]);
    }
}

fn read_route(route: &Section<'_>, call: &mut ImportedCall) {
    let retries = route.section("retries");
    let per_try = retries.duration("perTryTimeout");
    call.set("call timeout", route.duration("timeout"));
    call.set("timeout", per_try);
    let attempts = retries.count("attempts");
    if let Some(attempts) = attempts.filter(|attempts| *attempts > 0) {
        call.set("retry", Some(json!({ "attempts": attempts + 1, "backoff": BACKOFF })));
    }
}

fn write(calls: &[&GuardedCall], remarks: &mut Vec<Remark>) -> Vec<Value> {
    let mut documents = Vec::new();
    for call in calls {
        let remarks = &mut CallRemarks::new(call, remarks);
        documents.extend(write_destination_rule(call, remarks));
        documents.extend(write_virtual_service(call, remarks));
        for guard in &call.guards {
            remark_on_guard(guard, remarks);
        }
        call.remark_on_fallback(remarks);
    }
    documents
}

fn write_destination_rule(call: &GuardedCall, remarks: &mut CallRemarks<'_>) -> Option<Value> {
    let (tcp, http) = write_connection_pool(call, remarks);
    let pool = map([("tcp", unless_empty(tcp)), ("http", unless_empty(http))]);
    let policy = map([
        ("connectionPool", unless_empty(pool)),
        ("outlierDetection", call.outliers.map(|outliers| write_outliers(call, &outliers))),
        ("loadBalancer", write_balance(&call.balance)),
    ]);
    (!policy.is_empty()).then(|| {
        json!({
            "apiVersion": "networking.istio.io/v1",
            "kind": "DestinationRule",
            "metadata": { "name": call.callee },
            "spec": { "host": call.callee, "trafficPolicy": policy },
        })
    })
}

/// The limits of TCP and those of HTTP.
fn write_connection_pool(
    call: &GuardedCall,
    remarks: &mut CallRemarks<'_>,
) -> (Map<String, Value>, Map<String, Value>) {
    let limited = |number: u32| (number != UNLIMITED).then_some(number);
    let bulkhead = call.bulkhead();
    let connections = bulkhead.and_then(|bulkhead| limited(bulkhead.capacity));
    let pending = bulkhead.and_then(|bulkhead| limited(bulkhead.queue));
    let max_retries = call.guards.iter().find_map(|guard| match guard {
        GuardSettings::Retry(_, Some(RetryBudgetPolicy::Envoy { ratio, minimum }))
            if *ratio == 0.0 =>
        {
            Some(*minimum)
        }
        _ => None,
    });
    if let Some(max_wait) = bulkhead.and_then(|bulkhead| bulkhead.max_wait) {
        remarks.add(format!(
            "a call waits for a connection until it times out, not for at most {max_wait}"
        ));
    }
    let tcp = map([
        ("maxConnections", connections.map(Value::from)),
        ("connectTimeout", call.connect_timeout.map(with_unit)),
    ]);
    let http = map([
        // Istio takes zero for its own default.
        ("http1MaxPendingRequests", pending.map(|pending| pending.max(1).into())),
        ("http2MaxRequests", connections.map(Value::from)),
        ("maxRetries", max_retries.and_then(limited).map(Value::from)),
    ]);
    (tcp, http)
}

fn write_outliers(call: &GuardedCall, outliers: &OutlierSettings) -> Value {
    let health =
        (call.panic_threshold > 0.0).then(|| number(libm::round(call.panic_threshold * 100.0)));
    Value::Object(map([
        ("consecutive5xxErrors", Some(outliers.consecutive_5xx.into())),
        ("interval", Some(with_unit(outliers.interval))),
        ("baseEjectionTime", Some(with_unit(outliers.base_ejection_time))),
        ("maxEjectionPercent", Some(outliers.max_ejection_percent.into())),
        ("minHealthPercent", health),
    ]))
}

fn write_balance(balance: &Balance) -> Option<Value> {
    let simple = match balance {
        Balance::RoundRobin => "ROUND_ROBIN",
        Balance::Random => "RANDOM",
        Balance::PowerOfTwo | Balance::LeastOutstanding => "LEAST_REQUEST",
        _ => return None,
    };
    Some(json!({ "simple": simple }))
}

fn write_virtual_service(call: &GuardedCall, remarks: &mut CallRemarks<'_>) -> Option<Value> {
    let retries = call.retry().map_or(0, |policy| policy.attempts - 1);
    remarks.add_if(
        call.retry().is_some_and(|policy| !policy.backoff.base.is_zero()),
        "Istio chooses the pause between attempts itself: 25 ms, doubling, with jitter",
    );
    // Without retries, the timeout of the only attempt is that of the call.
    let (timeout, per_try) = if retries == 0 {
        (call.timeout().or(call.attempt_timeout()), None)
    } else {
        (call.timeout(), call.attempt_timeout())
    };
    if timeout.is_none() && retries == 0 {
        return None;
    }
    // Istio retries twice unless it is told not to.
    let retry_policy = map([
        ("attempts", Some(retries.into())),
        ("perTryTimeout", per_try.map(with_unit)),
        ("retryOn", (retries > 0).then(|| "5xx,reset,connect-failure,refused-stream".into())),
    ]);
    let route = map([
        ("timeout", timeout.map(with_unit)),
        ("retries", Some(Value::Object(retry_policy))),
        ("route", Some(json!([{ "destination": { "host": call.callee } }]))),
    ]);
    Some(json!({
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": { "name": call.callee },
        "spec": { "hosts": [call.callee], "http": [route] },
    }))
}

fn remark_on_guard(guard: &GuardSettings, remarks: &mut CallRemarks<'_>) {
    match guard {
        GuardSettings::Breaker(_) => {
            remarks.add(
                "Istio has no breaker with states; it only ejects instances (`outlierDetection`)",
            );
        }
        GuardSettings::RateLimit(_) | GuardSettings::Hedge { .. } => {
            remarks.add(format!("neither resource has a {}", guard.name()));
        }
        GuardSettings::Retry(_, Some(RetryBudgetPolicy::Envoy { ratio, .. })) if *ratio == 0.0 => {}
        GuardSettings::Retry(_, Some(_)) => {
            remarks
                .add("Istio limits retries by number (`maxRetries`), not by a share of the calls");
        }
        _ => {}
    }
}

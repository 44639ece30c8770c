//! Istio's `DestinationRule` and `VirtualService`, one of each a callee.

use serde_json::{Map, Value, json};

use super::call::{Call, Part, map, name, number, span};
use crate::resilience::load_balancer::{Balance, OutlierSettings};
use crate::resilience::{Backoff, RetryBudgetPolicy};
use crate::system::UNLIMITED;

pub(super) fn write(calls: &[&Call], remarks: &mut Vec<String>) -> Vec<Value> {
    let mut documents = Vec::new();
    for call in calls {
        documents.extend(destination_rule(call, remarks));
        documents.extend(virtual_service(call, remarks));
        for part in &call.guards {
            remark(call, part, remarks);
        }
        call.remark_on_fallback(remarks);
    }
    documents
}

fn destination_rule(call: &Call, remarks: &mut Vec<String>) -> Option<Value> {
    let permits = call
        .guards
        .iter()
        .find_map(|part| if let Part::Bulkhead(permits) = part { Some(*permits) } else { None });
    let max_retries = call.guards.iter().find_map(|part| match part {
        Part::Retry(_, Some(RetryBudgetPolicy::Envoy { ratio, minimum })) if *ratio == 0.0 => {
            Some(*minimum)
        }
        _ => None,
    });
    let connections =
        permits.map(|permits| permits.capacity).filter(|capacity| *capacity != UNLIMITED);
    let tcp = map([
        ("maxConnections", connections.map(Value::from)),
        ("connectTimeout", call.connect_timeout.map(span)),
    ]);
    let pending = permits.map(|permits| permits.queue).filter(|queue| *queue != UNLIMITED);
    let http = map([
        // Istio takes zero for its own default.
        ("http1MaxPendingRequests", pending.map(|pending| pending.max(1).into())),
        ("http2MaxRequests", connections.map(Value::from)),
        ("maxRetries", max_retries.filter(|retries| *retries != UNLIMITED).map(Value::from)),
    ]);
    if let Some(max_wait) = permits.and_then(|permits| permits.max_wait) {
        remarks.push(call.remark(&format!(
            "calls wait for a connection as long as for everything, not for {max_wait}"
        )));
    }
    let pool = map([("tcp", section(tcp)), ("http", section(http))]);
    let policy = map([
        ("connectionPool", section(pool)),
        ("outlierDetection", call.outliers.map(|outliers| outlier_detection(call, &outliers))),
        ("loadBalancer", balance(&call.balance)),
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

fn section(entries: Map<String, Value>) -> Option<Value> {
    (!entries.is_empty()).then_some(Value::Object(entries))
}

fn outlier_detection(call: &Call, outliers: &OutlierSettings) -> Value {
    let health =
        (call.panic_threshold > 0.0).then(|| number(libm::round(call.panic_threshold * 100.0)));
    Value::Object(map([
        ("consecutive5xxErrors", Some(outliers.consecutive_5xx.into())),
        ("interval", Some(span(outliers.interval))),
        ("baseEjectionTime", Some(span(outliers.base_ejection_time))),
        ("maxEjectionPercent", Some(outliers.max_ejection_percent.into())),
        ("minHealthPercent", health),
    ]))
}

fn balance(balance: &Balance) -> Option<Value> {
    let simple = match balance {
        Balance::RoundRobin => "ROUND_ROBIN",
        Balance::Random => "RANDOM",
        Balance::PowerOfTwo | Balance::LeastOutstanding => "LEAST_REQUEST",
        _ => return None,
    };
    Some(json!({ "simple": simple }))
}

fn virtual_service(call: &Call, remarks: &mut Vec<String>) -> Option<Value> {
    let whole = call
        .guards
        .iter()
        .find_map(|part| if let Part::Timeout(timeout) = part { Some(*timeout) } else { None });
    let attempt = call.guards.iter().find_map(|part| {
        if let Part::AttemptTimeout(timeout) = part { Some(*timeout) } else { None }
    });
    let retries = call.retries();
    let backoff = call.guards.iter().find_map(|part| {
        if let Part::Retry(policy, _) = part { Some(policy.backoff) } else { None }
    });
    if backoff.is_some_and(|backoff: Backoff| !backoff.base.is_zero()) {
        remarks.push(
            call.remark("the pause between attempts is Istio's own: 25 ms, doubling, spread"),
        );
    }
    // Without retries, the timeout of the only attempt is that of the call.
    let (timeout, per_try) =
        if retries == 0 { (whole.or(attempt), None) } else { (whole, attempt) };
    let retries = Value::Object(map([
        ("attempts", Some(retries.into())),
        ("perTryTimeout", per_try.map(span)),
        ("retryOn", (retries > 0).then(|| "5xx,reset,connect-failure,refused-stream".into())),
    ]));
    // Istio retries twice unless it is told not to.
    let mut route = map([("timeout", timeout.map(span)), ("retries", Some(retries))]);
    route.insert("route".to_owned(), json!([{ "destination": { "host": call.callee } }]));
    (timeout.is_some() || call.retries() > 0).then(|| {
        json!({
            "apiVersion": "networking.istio.io/v1",
            "kind": "VirtualService",
            "metadata": { "name": call.callee },
            "spec": { "hosts": [call.callee], "http": [route] },
        })
    })
}

fn remark(call: &Call, part: &Part, remarks: &mut Vec<String>) {
    match part {
        Part::Breaker(_) => remarks.push(
            call.remark("a breaker with states: a proxy only ejects instances (outlierDetection)"),
        ),
        Part::RateLimit(_) | Part::Hedge { .. } => {
            remarks.push(call.remark(&format!("there is no {}", name(part))))
        }
        Part::Retry(_, Some(budget)) if !matches!(budget, RetryBudgetPolicy::Envoy { ratio, .. } if *ratio == 0.0) =>
        {
            remarks.push(
                call.remark(
                    "retries are limited by number (maxRetries), not by a share of the calls",
                ),
            );
        }
        _ => {}
    }
}

//! Envoy's clusters, one a callee.

use serde_json::{Map, Value, json};
use sim_core::SimDuration;

use super::call::{Call, Part, map, name, number};
use crate::resilience::RetryBudgetPolicy;
use crate::resilience::load_balancer::{Balance, OutlierSettings};
use crate::system::UNLIMITED;

pub(super) fn write(calls: &[&Call], remarks: &mut Vec<String>) -> Value {
    let clusters: Vec<Value> = calls.iter().map(|call| cluster(call, remarks)).collect();
    json!({ "clusters": clusters })
}

fn cluster(call: &Call, remarks: &mut Vec<String>) -> Value {
    for part in &call.guards {
        remark(call, part, remarks);
    }
    call.remark_on_fallback(remarks);
    let thresholds = thresholds(call, remarks);
    let thresholds = (!thresholds.is_empty()).then(|| json!({ "thresholds": [thresholds] }));
    let panic =
        json!({ "healthy_panic_threshold": { "value": number(call.panic_threshold * 100.0) } });
    Value::Object(map([
        ("name", Some(call.callee.clone().into())),
        ("connect_timeout", call.connect_timeout.map(seconds)),
        ("lb_policy", balance(&call.balance).map(Value::from)),
        ("circuit_breakers", thresholds),
        ("outlier_detection", call.outliers.map(|outliers| outlier_detection(&outliers))),
        (
            "common_lb_config",
            (call.outliers.is_some() && call.panic_threshold > 0.0).then_some(panic),
        ),
    ]))
}

fn thresholds(call: &Call, remarks: &mut Vec<String>) -> Map<String, Value> {
    let mut thresholds = Map::new();
    for part in &call.guards {
        match part {
            Part::Bulkhead(permits) => {
                let limited = |number: u32| (number != UNLIMITED).then(|| Value::from(number));
                thresholds.extend(map([
                    ("max_connections", limited(permits.capacity)),
                    ("max_pending_requests", limited(permits.queue)),
                    ("max_requests", limited(permits.capacity)),
                ]));
                if let Some(max_wait) = permits.max_wait {
                    remarks.push(call.remark(&format!(
                        "calls wait for a connection as long as for everything, not for {max_wait}"
                    )));
                }
            }
            Part::Retry(_, Some(RetryBudgetPolicy::Envoy { ratio, minimum })) if *ratio == 0.0 => {
                thresholds.insert("max_retries".to_owned(), (*minimum).into());
            }
            Part::Retry(_, Some(RetryBudgetPolicy::Envoy { ratio, minimum })) => {
                let budget = json!({ "budget_percent": { "value": number(ratio * 100.0) }, "min_retry_concurrency": minimum });
                thresholds.insert("retry_budget".to_owned(), budget);
            }
            _ => {}
        }
    }
    thresholds
}

fn outlier_detection(outliers: &OutlierSettings) -> Value {
    json!({
        "consecutive_5xx": outliers.consecutive_5xx,
        "interval": seconds(outliers.interval),
        "base_ejection_time": seconds(outliers.base_ejection_time),
        "max_ejection_time": seconds(outliers.max_ejection_time),
        "max_ejection_percent": outliers.max_ejection_percent,
        "success_rate_minimum_hosts": outliers.success_rate_minimum_hosts,
        "success_rate_request_volume": outliers.success_rate_request_volume,
        "success_rate_stdev_factor": outliers.success_rate_stdev_factor,
    })
}

fn balance(balance: &Balance) -> Option<&'static str> {
    Some(match balance {
        Balance::RoundRobin => "ROUND_ROBIN",
        Balance::Random => "RANDOM",
        Balance::PowerOfTwo | Balance::LeastOutstanding => "LEAST_REQUEST",
        Balance::ConsistentHash { .. } => "RING_HASH",
        _ => return None,
    })
}

/// A duration as protobuf's JSON has it: seconds, with a fraction.
fn seconds(span: SimDuration) -> Value {
    format!("{}s", span.as_secs_f64()).into()
}

fn remark(call: &Call, part: &Part, remarks: &mut Vec<String>) {
    match part {
        Part::Breaker(_) => remarks.push(
            call.remark("a breaker with states: a proxy only ejects instances (outlier_detection)"),
        ),
        Part::Timeout(timeout) => {
            remarks.push(call.remark(&format!("the route's `timeout` is {timeout}")))
        }
        Part::AttemptTimeout(timeout) => {
            remarks.push(call.remark(&format!(
                "the route's `retry_policy.per_try_timeout`, or its `timeout`, is {timeout}"
            )));
        }
        Part::Retry(policy, _) => {
            remarks.push(call.remark(&format!(
                "the route's `retry_policy.num_retries` is {}",
                policy.attempts - 1
            )));
        }
        Part::RateLimit(_) | Part::Hedge { .. } => {
            remarks.push(call.remark(&format!("a cluster has no {}", name(part))))
        }
        Part::Bulkhead(_) => {}
    }
}

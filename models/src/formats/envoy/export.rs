//! Calls as clusters and routes.

use serde_json::{Map, Value, json};

use super::cluster::HTTP_OPTIONS;
use super::outliers;
use crate::formats::Remark;
use crate::formats::durations::in_seconds;
use crate::formats::guarded_call::GuardedCall;
use crate::formats::proxied_call::{
    ProxiedBudget, ProxiedCall, ProxiedRetry, Proxy, policy_of, remark_on_rest,
};
use crate::formats::remark::CallRemarks;
use crate::formats::values::{map, number};
use crate::guards::ENVOYS_MERGE_WINDOW;
use crate::resilience::load_balancer::SlowStart;
use crate::resources::ProxyLimits;
use crate::system::UNLIMITED;

pub(super) fn write(calls: &[&GuardedCall], remarks: &mut Vec<Remark>) -> Value {
    let (mut clusters, mut hosts) = (Vec::new(), Vec::new());
    for call in calls {
        let remarks = &mut CallRemarks::new(call, remarks);
        let proxied = ProxiedCall::new(call, Proxy::Envoy, remarks);
        clusters.push(write_cluster(call, &proxied, remarks));
        hosts.push(write_virtual_host(&call.callee, &proxied));
        remark_on_rest(call, Proxy::Envoy, remarks);
    }
    let name = calls.first().map_or("", |call| &call.caller);
    json!({ "clusters": clusters, "route_config": { "name": name, "virtual_hosts": hosts } })
}

fn write_cluster(
    call: &GuardedCall,
    proxied: &ProxiedCall,
    remarks: &mut CallRemarks<'_>,
) -> Value {
    remarks.add_if(
        call.connect_timeout.is_none(),
        "a connection is given up after 5s, Envoy's default",
    );
    let policy = policy_of(&call.balance, remarks);
    let slow_start = call.slow_start.and_then(|slow_start| {
        let key = slow_start_key(policy);
        remarks.add_if(key.is_none(), &format!("{policy} has no slow start: {slow_start}"));
        key.map(|key| (key, write_slow_start(&slow_start)))
    });
    let health_check = call.health_check.map(|check| {
        remarks.add("set the path of the health check, and its timeout");
        json!([{
            "timeout": "1s",
            "interval": in_seconds(check.interval),
            "unhealthy_threshold": check.unhealthy_threshold,
            "healthy_threshold": check.healthy_threshold,
            "http_health_check": { "path": "/" },
        }])
    });
    let shares_connections = proxied.limits.is_some_and(|limits| limits.shares_connections);
    let is_own_window = call.update_merge_window != ENVOYS_MERGE_WINDOW;
    let takes_out = call.outliers.is_some() || call.health_check.is_some();
    let common = map([
        ("healthy_panic_threshold", Some(json!({ "value": number(call.panic_threshold * 100.0) }))),
        ("update_merge_window", is_own_window.then(|| in_seconds(call.update_merge_window))),
    ]);
    remarks.add_if(
        takes_out && is_own_window,
        "changes of instances take effect as here (`update_merge_window`); Envoy's own window is 1s",
    );
    let mut cluster = map([
        ("name", Some(call.callee.clone().into())),
        ("connect_timeout", call.connect_timeout.map(in_seconds)),
        ("lb_policy", Some(policy.into())),
        ("typed_extension_protocol_options", shares_connections.then(write_http2)),
        ("circuit_breakers", Some(json!({ "thresholds": [write_thresholds(proxied)] }))),
        ("outlier_detection", call.outliers.map(|outliers| outliers::write(&outliers))),
        ("health_checks", health_check),
        ("common_lb_config", takes_out.then_some(Value::Object(common))),
    ]);
    cluster.extend(slow_start.map(|(key, slow_start)| (key.to_owned(), slow_start)));
    Value::Object(cluster)
}

/// The options with which requests share connections.
fn write_http2() -> Value {
    json!({ HTTP_OPTIONS: {
        "@type": format!("type.googleapis.com/{HTTP_OPTIONS}"),
        "explicit_http_config": { "http2_protocol_options": {} },
    } })
}

/// All four limits: Envoy has limits of its own for those that are left out.
fn write_thresholds(proxied: &ProxiedCall) -> Map<String, Value> {
    let limits = proxied.limits.unwrap_or(ProxyLimits::NONE);
    let (retries, budget) = match proxied.budget {
        None => (Some(UNLIMITED), None),
        Some(ProxiedBudget::Number(most)) => (Some(most), None),
        Some(ProxiedBudget::Share(ratio, minimum)) => {
            let percent = json!({ "value": number(ratio * 100.0) });
            let budget = json!({ "budget_percent": percent, "min_retry_concurrency": minimum });
            (None, Some(budget))
        }
    };
    map([
        ("max_connections", Some(limits.connections.into())),
        ("max_pending_requests", Some(limits.pending.into())),
        ("max_requests", Some(limits.requests.into())),
        ("max_retries", retries.map(Value::from)),
        ("retry_budget", budget),
    ])
}

fn slow_start_key(policy: &str) -> Option<&'static str> {
    match policy {
        "ROUND_ROBIN" => Some("round_robin_lb_config"),
        "LEAST_REQUEST" => Some("least_request_lb_config"),
        _ => None,
    }
}

fn write_slow_start(slow_start: &SlowStart) -> Value {
    json!({ "slow_start_config": {
        "slow_start_window": in_seconds(slow_start.window),
        "aggression": { "default_value": number(slow_start.aggression), "runtime_key": "slow_start.aggression" },
        "min_weight_percent": { "value": number(slow_start.least * 100.0) },
    } })
}

fn write_virtual_host(callee: &str, proxied: &ProxiedCall) -> Value {
    let retry = proxied.retry.as_ref();
    let action = map([
        ("cluster", Some(callee.into())),
        // Without a timeout of its own, a route has one of 15 s.
        ("timeout", Some(proxied.timeout.map_or_else(|| "0s".into(), in_seconds))),
        (
            "retry_policy",
            retry.map(write_retry).or_else(|| {
                let timeout = proxied.attempt_timeout?;
                Some(json!({ "per_try_timeout": in_seconds(timeout) }))
            }),
        ),
        (
            "hedge_policy",
            retry.filter(|it| it.is_hedged).map(|_| json!({ "hedge_on_per_try_timeout": true })),
        ),
    ]);
    json!({
        "name": callee,
        "domains": [callee],
        "routes": [{ "match": { "prefix": "/" }, "route": action }],
    })
}

fn write_retry(retry: &ProxiedRetry) -> Value {
    let (base, longest) = retry.pauses;
    let codes = &retry.conditions.codes;
    Value::Object(map([
        ("retry_on", Some(retry.conditions.conditions.join(",").into())),
        ("retriable_status_codes", (!codes.is_empty()).then(|| codes.clone().into())),
        ("num_retries", Some(retry.retries.into())),
        ("per_try_timeout", retry.per_try_timeout.map(in_seconds)),
        (
            "retry_back_off",
            Some(json!({ "base_interval": in_seconds(base), "max_interval": in_seconds(longest) })),
        ),
    ]))
}

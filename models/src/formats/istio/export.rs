//! Calls as a `DestinationRule` and a `VirtualService` each.

use serde_json::{Map, Value, json};
use sim_core::SimDuration;

use crate::formats::Remark;
use crate::formats::durations::with_unit;
use crate::formats::guarded_call::GuardedCall;
use crate::formats::proxied_call::{
    ProxiedBudget, ProxiedCall, ProxiedRetry, Proxy, longest_pause, policy_of, remark_on_rest,
};
use crate::formats::remark::CallRemarks;
use crate::formats::values::{map, number, unless_empty};
use crate::guards::ENVOYS_MERGE_WINDOW;
use crate::resilience::load_balancer::OutlierSettings;
use crate::resources::ProxyLimits;
use crate::system::UNLIMITED;

/// The base of the pauses between attempts that Istio leaves to Envoy.
const BASE: SimDuration = SimDuration::from_millis(25);

pub(super) fn write(calls: &[&GuardedCall], remarks: &mut Vec<Remark>) -> Vec<Value> {
    let mut documents = Vec::new();
    for call in calls {
        let remarks = &mut CallRemarks::new(call, remarks);
        let proxied = ProxiedCall::new(call, Proxy::Istio, remarks);
        if call.host != call.callee {
            remarks.add(format!(
                "the host is {}, for names in Kubernetes have only small letters, digits and `-`",
                call.host
            ));
        }
        documents.push(write_destination_rule(call, &proxied, remarks));
        documents.push(write_virtual_service(call, &proxied, remarks));
        remark_on_rest(call, Proxy::Istio, remarks);
    }
    documents
}

fn write_destination_rule(
    call: &GuardedCall,
    proxied: &ProxiedCall,
    remarks: &mut CallRemarks<'_>,
) -> Value {
    let (tcp, http) = write_connection_pool(call, proxied, remarks);
    let pool = map([("tcp", unless_empty(tcp)), ("http", unless_empty(http))]);
    let detection = call.outliers.map(|outliers| write_outliers(call, &outliers, remarks));
    if let Some(check) = call.health_check {
        remarks.add(format!("a readiness probe is the health check: {check}"));
    }
    let policy = map([
        ("connectionPool", unless_empty(pool)),
        ("retryBudget", write_budget(proxied, remarks)),
        ("outlierDetection", detection),
        ("loadBalancer", Some(write_balance(call, remarks))),
    ]);
    json!({
        "apiVersion": "networking.istio.io/v1",
        "kind": "DestinationRule",
        "metadata": { "name": call.host },
        "spec": { "host": call.host, "trafficPolicy": policy },
    })
}

/// The limits of TCP and those of HTTP. What is left out has no limit, and so has zero.
fn write_connection_pool(
    call: &GuardedCall,
    proxied: &ProxiedCall,
    remarks: &mut CallRemarks<'_>,
) -> (Map<String, Value>, Map<String, Value>) {
    // The numbers are signed.
    let limited =
        |limit: u32| (limit != UNLIMITED).then(|| Value::from(limit.min(i32::MAX as u32)));
    let limits = proxied.limits.unwrap_or(ProxyLimits::NONE);
    if limits.pending == 0 || limits.requests == 0 {
        remarks.add("Istio cannot reject every call: zero means no limit");
    }
    remarks.add_if(
        limits.shares_connections,
        "requests share connections only if the callee speaks HTTP/2 (`h2UpgradePolicy`)",
    );
    let max_retries = match proxied.budget {
        Some(ProxiedBudget::Number(0)) => {
            remarks.add("Istio cannot forbid retries by `maxRetries`: zero means no limit");
            None
        }
        Some(ProxiedBudget::Number(most)) => limited(most),
        Some(ProxiedBudget::Share(..)) | None => None,
    };
    let tcp = map([
        ("maxConnections", limited(limits.connections.max(1))),
        ("connectTimeout", call.connect_timeout.map(with_unit)),
    ]);
    let http = map([
        ("http1MaxPendingRequests", limited(limits.pending.max(1))),
        ("http2MaxRequests", limited(limits.requests.max(1))),
        ("maxRetries", max_retries),
    ]);
    (tcp, http)
}

fn write_budget(proxied: &ProxiedCall, remarks: &mut CallRemarks<'_>) -> Option<Value> {
    let Some(ProxiedBudget::Share(ratio, minimum)) = proxied.budget else { return None };
    remarks
        .add_if(minimum == 0, "three retries are always allowed: zero means Istio's own minimum");
    Some(json!({ "percent": number(ratio * 100.0), "minRetryConcurrency": minimum }))
}

fn write_outliers(
    call: &GuardedCall,
    outliers: &OutlierSettings,
    remarks: &mut CallRemarks<'_>,
) -> Value {
    let window = call.update_merge_window;
    if window != ENVOYS_MERGE_WINDOW {
        remarks.add(format!(
            "instances that go out or come back within {ENVOYS_MERGE_WINDOW} of each other do so together, not within {window}"
        ));
    }
    remark_on_outliers(outliers, remarks);
    let enforcing = outliers.enforcing;
    let enforced = |count: u32, chance: u32| if chance == 0 { 0 } else { count };
    let consecutive = enforced(outliers.consecutive_5xx, enforcing.consecutive_5xx);
    let gateway =
        enforced(outliers.consecutive_gateway_failure, enforcing.consecutive_gateway_failure);
    let splits = outliers.splits_local_origin_errors;
    let health =
        (call.panic_threshold > 0.0).then(|| number(libm::round(call.panic_threshold * 100.0)));
    Value::Object(map([
        ("consecutive5xxErrors", Some(consecutive.into())),
        ("consecutiveGatewayErrors", (gateway > 0).then(|| gateway.into())),
        ("splitExternalLocalOriginErrors", splits.then(|| true.into())),
        (
            "consecutiveLocalOriginFailures",
            splits.then(|| outliers.consecutive_local_origin_failure.into()),
        ),
        ("interval", Some(with_unit(outliers.interval))),
        ("baseEjectionTime", Some(with_unit(outliers.base_ejection_time))),
        ("maxEjectionPercent", Some(outliers.max_ejection_percent.into())),
        ("minHealthPercent", health),
    ]))
}

/// The rules of Envoy that Istio does not have, by the keys of their settings. The last of these is the chance that
/// the rule ejects.
const RULES: [(&str, &[&str]); 4] = [
    (
        "success rates",
        &[
            "success_rate_minimum_hosts",
            "success_rate_request_volume",
            "success_rate_stdev_factor",
            "enforcing_success_rate",
        ],
    ),
    (
        "success rates of reaching it",
        &[
            "success_rate_minimum_hosts",
            "success_rate_request_volume",
            "success_rate_stdev_factor",
            "enforcing_local_origin_success_rate",
        ],
    ),
    (
        "shares of failures",
        &[
            "failure_percentage_threshold",
            "failure_percentage_minimum_hosts",
            "failure_percentage_request_volume",
            "enforcing_failure_percentage",
        ],
    ),
    (
        "shares of failures to reach it",
        &[
            "failure_percentage_threshold",
            "failure_percentage_minimum_hosts",
            "failure_percentage_request_volume",
            "enforcing_failure_percentage_local_origin",
        ],
    ),
];

/// Adds remarks on the keys of Envoy that Istio does not have.
fn remark_on_outliers(outliers: &OutlierSettings, remarks: &mut CallRemarks<'_>) {
    let own = OutlierSettings::default();
    let longest = own.max_ejection_time.max(outliers.base_ejection_time);
    let enforcing = outliers.enforcing;
    let splits = outliers.splits_local_origin_errors;
    let are_enforced = [
        enforcing.success_rate > 0,
        splits && enforcing.local_origin_success_rate > 0,
        enforcing.failure_percentage > 0,
        enforcing.failure_percentage_local_origin > 0,
    ];
    let entries = outliers.entries();
    let rules = RULES.into_iter().zip(are_enforced).filter(|(_, is_enforced)| *is_enforced);
    for ((what, keys), _) in rules {
        let figures = entries.iter().filter(|(key, _)| keys.contains(key));
        let figures: Vec<String> = figures.map(|(key, value)| format!("{key}: {value}")).collect();
        remarks.add(format!("Istio ejects no instance by {what}: {}", figures.join(", ")));
    }
    let chances = [
        ("consecutive_5xx", enforcing.consecutive_5xx),
        ("consecutive_gateway_failure", enforcing.consecutive_gateway_failure),
    ];
    for (rule, chance) in chances.into_iter().filter(|(_, chance)| !matches!(chance, 0 | 100)) {
        remarks
            .add(format!("Istio ejects an instance for {rule} always, not in {chance}% of cases"));
    }
    if outliers.max_ejection_time != longest {
        remarks.add(format!(
            "an ejection takes {longest} at most, not {}",
            outliers.max_ejection_time
        ));
    }
    if !outliers.max_ejection_time_jitter.is_zero() {
        remarks.add(format!("no jitter of {} on ejections", outliers.max_ejection_time_jitter));
    }
    remarks.add_if(outliers.always_ejects_one_host, "Istio has no `always_eject_one_host`");
    remarks.add_if(!outliers.health_check_readmits, "a health check that passes ends an ejection");
}

fn write_balance(call: &GuardedCall, remarks: &mut CallRemarks<'_>) -> Value {
    let policy = policy_of(&call.balance, remarks);
    let mut balancer = if policy == "RING_HASH" {
        json!({ "consistentHash": { "httpHeaderName": "x-key" } })
    } else {
        json!({ "simple": policy })
    };
    if let Some(slow_start) = call.slow_start {
        let aggression = number(slow_start.aggression.max(1.0));
        let warmup = map([
            ("duration", Some(with_unit(slow_start.window))),
            ("minimumPercent", Some(number(slow_start.least * 100.0))),
            ("aggression", Some(aggression)),
        ]);
        balancer["warmup"] = Value::Object(warmup);
        let is_steep = slow_start.aggression >= 1.0;
        remarks.add_if(
            !is_steep,
            &format!("a warm-up is never as flat as with these settings: {slow_start}"),
        );
    }
    balancer
}

fn write_virtual_service(
    call: &GuardedCall,
    proxied: &ProxiedCall,
    remarks: &mut CallRemarks<'_>,
) -> Value {
    // Istio retries twice unless it is told not to.
    let retries = match &proxied.retry {
        Some(retry) => write_retry(retry, remarks),
        None => json!({ "attempts": 0 }),
    };
    let route = map([
        ("timeout", proxied.timeout.map(with_unit)),
        ("retries", Some(retries)),
        ("route", Some(json!([{ "destination": { "host": call.host } }]))),
    ]);
    json!({
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": { "name": call.host },
        "spec": { "hosts": [call.host], "http": [route] },
    })
}

fn write_retry(retry: &ProxiedRetry, remarks: &mut CallRemarks<'_>) -> Value {
    let (base, longest) = retry.pauses;
    // Pauses that never get as long as the longest are the same with any other.
    let last = longest_pause(base, retry.retries);
    if longest.min(last) != last.min(base * 10) {
        let istios = base * 10;
        remarks.add(format!("the longest pause between attempts is {istios}, not {longest}"));
    }
    let codes = retry.conditions.codes.iter().map(u32::to_string);
    let conditions = retry.conditions.conditions.iter().map(|it| (*it).to_owned());
    let retry_on: Vec<String> = conditions.chain(codes).collect();
    Value::Object(map([
        ("attempts", Some(retry.retries.into())),
        ("perTryTimeout", retry.per_try_timeout.map(with_unit)),
        ("retryOn", Some(retry_on.join(",").into())),
        ("backoff", (base != BASE).then(|| with_unit(base))),
    ]))
}

//! Proxies beside a caller: their connections to each instance of a callee, and their retries.

use sim_experiments::Finished;

use crate::running::{ended, pool, run_sections};

/// Makes calls from `a` to two instances of `b` that take 100 ms each.
fn calls_to_two(arrivals: &str, service: &str, call: &str, rest: &str) -> Finished {
    run_sections(
        &format!(
            "run: {{ duration: 60s, drain: 60s }}
             workloads: {{ web: {{ to: a, arrivals: {arrivals} }} }}
             services: {{ a: {{ handle: [ {{ call: b }} ] }}, b: {{ instances: 2, {service} handle: [ {{ pause: 100ms }} ] }} }}
             calls: {{ a -> b: {call} }}
             {rest}"
        ),
        &[],
    )
}

/// Four connections to each instance are left from a busy quarter of a minute. When one of the
/// instances has gone, its four must not count any more: the other needs all eight.
const BUSY_CALM_BUSY: &str = "{ process: constant, steps: [ { at: 0s, rate: 75/s }, { at: 15s, rate: 1/s }, { at: 30s, rate: 75/s } ] }";
const EIGHT: &str =
    "timeout: 2s, breaker: { preset: envoy, max_connections: 8, max_pending_requests: 3 }";

#[test]
fn idle_connections_to_an_instance_that_has_died_make_room_for_others() {
    let balance = "balance: { panic threshold: 0%, health check: { interval: 1s, unhealthy threshold: 1, healthy threshold: 1 } }";
    for fault in ["crash: b, instances: 1", "deploy: b, batch: 1, each: 40s"] {
        let finished = calls_to_two(
            BUSY_CALM_BUSY,
            "",
            &format!("{{ {EIGHT}, {balance} }}"),
            &format!("faults: [ {{ at: 20s, {fault} }} ]"),
        );
        assert_eq!(ended(&finished, "a -> b", "rejected by bulkhead"), 0, "{fault}");
        assert!(finished.system.is_drained());
    }
}

#[test]
fn idle_connections_to_an_instance_that_is_scaled_away_make_room_for_others() {
    let scale = "threads: 8, autoscale: { min: 1, from: 2, target: 99%, every: 5s, start-up: 40s, scale down after: 5s },";
    let finished = calls_to_two(BUSY_CALM_BUSY, scale, &format!("{{ {EIGHT} }}"), "");
    assert!(finished.system.is_drained());
    assert_eq!(ended(&finished, "a -> b", "rejected by bulkhead"), 0);
}

#[test]
fn no_more_requests_are_under_way_than_there_are_slots() {
    let limits = "{ balance: random, breaker: { preset: envoy, max_connections: 2, max_pending_requests: 4 } }";
    let finished = calls_to_two("constant 100/s", "", limits, "");
    let connections = pool(&finished, "a -> b");
    assert_eq!(connections.capacity, Some(3), "the limit, and one for an instance without any");
    assert_eq!(connections.busy_max, 3);
    assert!(connections.utilization.is_some_and(|it| it <= 1.0), "{connections:?}");
    assert!(!connections.saturated.is_empty(), "the limit itself is reached");
}

#[test]
fn each_retry_of_a_proxy_chooses_an_instance_anew_unless_the_file_says_otherwise() {
    let failed = |guards: &str| {
        let finished = calls_to_two(
            "constant 5/s",
            "",
            &format!("{{ {guards} retry: {{ attempts: 2, backoff: fixed 1ms }} }}"),
            "faults: [ { at: 0s, errors: b, rate: 100%, instances: 1 } ]",
        );
        ended(&finished, "a -> b", "server error")
    };
    for preset in ["envoy", "istio"] {
        assert_eq!(failed(&format!("breaker: {{ preset: {preset} }},")), 0);
    }
    assert!(failed("new instance per attempt: false, breaker: { preset: envoy },") >= 149);
    assert!(failed("") >= 149, "a library's retry keeps to its instance");
}

//! Configurations whose real behaviour somebody reported, from the file to the figures of a run.

use serde_json::{Value, json};
use sim_experiments::Finished;
use sim_models::formats::Imported;
use sim_reports::imported::merge_into;

use crate::import::imported;
use crate::running::{call, ended, run_text};

/// The calls in a file for Spring.
fn spring(file: &str) -> Imported {
    let imported = imported("resilience4j", &format!("cases/{file}"));
    assert!(imported.problems.is_empty(), "{:?}", imported.problems);
    imported
}

/// The guards of the only call in a file for Spring, the outermost first.
fn guards(file: &str) -> Value {
    let calls = spring(file).calls;
    let [call] = &calls[..] else { panic!("{calls:?}") };
    call.guards.iter().map(|(guard, settings)| json!({ *guard: settings })).collect()
}

/// A run of a till that calls a ledger, with the calls from a file for Spring.
fn spring_run(file: &str, scenario: &str) -> Finished {
    run_text(&merge_into(scenario, &spring(file), "till").expect("YAML"), &[])
}

/// A run of a till that calls a ledger with these settings.
fn till(run: &str, ledger: &str, settings: &str, rest: &str) -> Finished {
    run_text(
        &format!(
            "run: {{ duration: {run} }}
services:
  till: {{ handle: [ {{ call: ledger }} ] }}
  ledger: {{ {ledger} }}
calls: {{ till -> ledger: {{ {settings} }} }}
{rest}"
        ),
        &[],
    )
}

#[test]
fn a_retry_repeats_what_an_open_breaker_rejects() {
    // resilience4j #920: a retry of which nothing is said repeats every exception, so each of the
    // 400 calls after the warm-up asks the open breaker three times, and waits twice.
    let finished = spring_run(
        "spring-retry-over-breaker.yml",
        "run: { duration: 60s, warmup: 20s }
workloads: { web: { to: till, arrivals: constant 10/s } }
services:
  till: { handle: [ { call: ledger } ] }
  ledger: { handle: [ { work: 1ms }, { fail: 100% } ] }
",
    );
    let calls = call(&finished, "till -> ledger");
    let rejected = ended(&finished, "till -> ledger", "rejected by breaker");
    assert_eq!(rejected + calls.in_flight, 400);
    assert_eq!((calls.calls, calls.latency.mean, calls.latency.max), (400, 0.8, 0.8));
    assert!(finished.summary.breakers[0].rejected >= 1200);
}

#[test]
fn a_time_limiter_does_not_free_the_thread_that_works_on() {
    // Two threads and one place to wait for them, 20 s of work, a call a second: calls 1 to 3, and
    // then those that find a place free after 21 s and 41 s.
    let finished = spring_run(
        "spring-time-limiter.yml",
        "run: { duration: 60s }
workloads: { web: { to: till, arrivals: constant 1/s } }
services:
  till: { handle: [ { call: ledger } ] }
  ledger: { handle: [ { pause: 20s } ] }
",
    );
    let ended = |kind| ended(&finished, "till -> ledger", kind);
    assert_eq!((ended("timeout"), ended("rejected by bulkhead")), (7, 52));
}

#[test]
fn keys_with_dots_are_sections() {
    let both = json!([
        { "retry": { "preset": "resilience4j", "maxAttempts": 2, "waitDuration": "200ms" } },
        { "breaker": {
            "preset": "resilience4j",
            "slidingWindowSize": 40,
            "minimumNumberOfCalls": 8,
            "waitDurationInOpenState": "7s",
        } },
    ]);
    assert_eq!(guards("spring-mixed-keys.yml"), both);
    assert_eq!(guards("spring-dotted-keys.yml"), both);
}

#[test]
fn the_order_of_aspects_is_the_order_of_guards() {
    // A lower order is further outside: 2, the breaker, is outside 3, the retry.
    let breaker =
        json!({ "preset": "resilience4j", "slidingWindowSize": 40, "minimumNumberOfCalls": 8 });
    let retry = json!({ "preset": "resilience4j", "maxAttempts": 4, "waitDuration": "200ms" });
    assert_eq!(
        guards("spring-aspect-order.yml"),
        json!([{ "breaker": breaker }, { "retry": retry }])
    );
}

#[test]
fn configurations_build_on_configurations() {
    let breaker = json!({
        "preset": "resilience4j",
        "slidingWindowSize": 40,
        "minimumNumberOfCalls": 8,
        "failureRateThreshold": 20,
    });
    assert_eq!(guards("spring-configurations.yml"), json!([{ "breaker": breaker }]));
}

#[test]
fn limits_that_istio_does_not_set_do_not_limit() {
    // 300 calls a second of 10 s each: 3000 at a time.
    let breaker = "breaker: { preset: istio, outlierDetection: { consecutive5xxErrors: 5 } }";
    let arrivals = "workloads: { web: { to: till, arrivals: constant 300/s } }";
    let finished = till("30s", "handle: [ { pause: 10s } ]", breaker, arrivals);
    assert_eq!(ended(&finished, "till -> ledger", "rejected by bulkhead"), 0);
    assert!((2990..=3000).contains(&call(&finished, "till -> ledger").in_flight));
}

#[test]
fn a_host_that_is_ejected_with_all_others_is_spared() {
    // One failure of each of two hosts ejects both: of 20 calls a second, the callee sees two.
    let breaker = "breaker: { preset: istio, outlierDetection: { consecutive5xxErrors: 1, interval: 1s, baseEjectionTime: 1m, maxEjectionPercent: 100, minHealthPercent: 0 } }";
    let ledger = "instances: 2, handle: [ { work: 1ms }, { fail: 100% } ]";
    let arrivals = "workloads: { web: { to: till, arrivals: constant 20/s } }";
    let finished = till("60s", ledger, breaker, arrivals);
    assert_eq!(ended(&finished, "till -> ledger", "server error"), 2);
}

#[test]
fn half_of_three_hosts_is_one() {
    // envoy #26877: a second ejection would be 67 %, so it does not happen; of the two that are
    // left one fails.
    let breaker = "breaker: { preset: envoy, outlier_detection: { consecutive_5xx: 5, interval: 1s, max_ejection_percent: 50 } }, balance: round robin";
    let rest = "workloads: { web: { to: till, arrivals: constant 60/s } }
faults: [ { at: 10s, errors: ledger, rate: 100%, instances: 2 } ]";
    let finished = till("60s", "instances: 3, handle: [ { work: 1ms } ]", breaker, rest);
    let failed = ended(&finished, "till -> ledger", "server error") as f64;
    assert!((0.48..0.53).contains(&(failed / (50.0 * 60.0))), "{failed}");
}

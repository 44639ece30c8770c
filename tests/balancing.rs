//! Load balancing: the choice of an instance for each call, and the ejection of bad ones. One
//! behaviour a test, each on the smallest system that shows it.

use sim_experiments::Finished;
use sim_models::observe::{Change, InstanceChange};

use crate::running::{call, ended, pool, run_sections};

/// Runs a hundred calls a second for a minute to four instances of `b`, balanced as `balance` says.
fn to_four(balance: &str, rest: &str) -> Finished {
    run_sections(
        &format!(
            "run: {{ duration: 60s, drain: 10s }}
             workloads: {{ web: {{ to: a, arrivals: constant 100/s }} }}
             services: {{ a: {{ instances: 2, handle: [ {{ call: b }} ] }}, b: {{ instances: 4, threads: 10, handle: [ {{ work: exponential 10ms }} ] }} }}
             calls: {{ a -> b: {{ timeout: 1s, balance: {balance} }} }}
             {rest}"
        ),
        &[],
    )
}

/// The share of the work that each instance of `b` has done.
fn shares(finished: &Finished) -> Vec<f64> {
    let granted: Vec<u64> = finished
        .summary
        .pools
        .iter()
        .filter(|pool| pool.owner.starts_with("b#"))
        .map(|pool| pool.granted)
        .collect();
    let all: u64 = granted.iter().sum();
    granted.iter().map(|granted| *granted as f64 / all as f64).collect()
}

fn changes(finished: &Finished) -> Vec<(u64, String, InstanceChange)> {
    let of_balancers = finished.timeline.iter().filter_map(|moment| match &moment.change {
        Change::Instance { instance, change, .. } => {
            Some((moment.at.as_nanos() / 1_000_000_000, instance.clone(), *change))
        }
        _ => None,
    });
    of_balancers.collect()
}

#[test]
fn weights_divide_the_calls() {
    let shares = shares(&to_four("{ policy: weighted, weights: [1, 2, 3, 4] }", ""));
    assert!(
        shares
            .iter()
            .zip([0.1, 0.2, 0.3, 0.4])
            .all(|(share, weight)| (share - weight).abs() < 0.001),
        "{shares:?}"
    );
}

#[test]
fn two_choices_and_peak_ewma_avoid_a_slow_instance_and_round_robin_does_not() {
    let slow = "faults: [ { at: 1s, slow: b, by: 20x, instances: 1 } ]";
    let share_of_slow = |balance: &str| shares(&to_four(balance, slow))[0];
    assert!((share_of_slow("round robin") - 0.25).abs() < 0.01);
    assert!((share_of_slow("random") - 0.25).abs() < 0.02);
    for balance in ["power of two", "least outstanding", "peak ewma"] {
        assert!(share_of_slow(balance) < 0.15, "{balance}: {}", share_of_slow(balance));
    }
}

#[test]
fn a_hot_key_is_spread_as_far_as_the_bound_asks() {
    let one_key = shares(&to_four("{ policy: consistent hash, keys: 1 }", ""));
    assert_eq!(one_key.iter().filter(|share| **share > 0.0).count(), 1);
    let many = shares(&to_four("consistent hash", ""));
    assert!(many.iter().all(|share| (0.15..0.35).contains(share)), "{many:?}");
    let bounded = shares(&to_four("{ policy: consistent hash, keys: 1, bound: 1.25 }", ""));
    assert!(bounded.iter().filter(|share| **share > 0.0).count() > 1, "{bounded:?}");
}

#[test]
fn calls_stay_in_the_zone_of_their_caller_until_too_few_are_left_there() {
    // Zone 0 has a#1, b#1 and b#3; of its two instances b#1 is down from 10 s on, so it keeps 70 %
    // of its calls.
    let balance = "{ zones: 2, health check: { interval: 1s, unhealthy threshold: 1 } }";
    let quiet = to_four(balance, "");
    assert!(shares(&quiet).iter().all(|share| (share - 0.25).abs() < 0.01), "{:?}", shares(&quiet));
    let down = to_four(balance, "faults: [ { at: 0s, pause: b, instances: 1 } ]");
    let shares = shares(&down);
    // The overflow, 30 % of half of all calls, is shared by b#2 and b#4.
    let expected = [0.0, 0.325, 0.35, 0.325];
    assert!(
        shares.iter().zip(expected).all(|(share, expected)| (share - expected).abs() < 0.03),
        "{shares:?}"
    );
}

#[test]
fn health_checks_take_a_dead_instance_out_and_bring_it_back() {
    let crash = "faults: [ { at: 10.5s, for: 20s, crash: b, instances: 1 } ]";
    let without = to_four("round robin", crash);
    assert!(
        (499..=501).contains(&ended(&without, "a -> b", "refused")),
        "a quarter of twenty seconds"
    );
    let with = to_four(
        "{ health check: { interval: 1s, unhealthy threshold: 2, healthy threshold: 3 } }",
        crash,
    );
    let refused = ended(&with, "a -> b", "refused");
    assert!(
        (36..=40).contains(&refused),
        "a quarter of the 1.5 s until the second check has failed: {refused}"
    );
    let changes = changes(&with);
    assert_eq!(
        changes,
        [(12, "b#1".to_owned(), InstanceChange::Down), (33, "b#1".to_owned(), InstanceChange::Up)]
    );
}

#[test]
fn outliers_are_ejected_and_readmitted() {
    let errors = "faults: [ { at: 10s, for: 15s, errors: b, rate: 100%, instances: 1 } ]";
    let with = to_four(
        "{ outlier detection: { consecutive_5xx: 5, interval: 5s, base_ejection_time: 20s, max_ejection_percent: 25 } }",
        errors,
    );
    assert_eq!(ended(&with, "a -> b", "server error"), 5);
    let seen: Vec<(u64, bool)> = changes(&with)
        .iter()
        .map(|(at, _, change)| (*at, *change == InstanceChange::Readmitted))
        .collect();
    assert_eq!(seen, [(10, false), (35, true)], "at the first sweep after the twenty seconds");
}

#[test]
fn a_hedged_attempt_that_fails_is_one_failure() {
    // Round robin sends every first request to b#1 and every hedge to b#2; the eighth call to fail
    // ejects b#1.
    let finished = run_sections(
        "run: { duration: 60s, drain: 10s }
         workloads: { web: { to: a, arrivals: constant 1/s } }
         services: { a: { handle: [ { call: b } ] }, b: { instances: 2, handle: [ { pause: 250ms }, { fail: 100% } ] } }
         calls: { a -> b: { timeout: 5s, hedge: { delay: 100ms }, balance: { outlier detection: { consecutive_5xx: 8, interval: 5s, max_ejection_percent: 50 } } } }",
        &[],
    );
    let first = changes(&finished).into_iter().next().expect("b#1 is ejected");
    assert_eq!((first.0, first.1.as_str()), (8, "b#1"));
}

#[test]
fn the_envoy_preset_limits_requests_and_retries_and_ejects_instances() {
    let system = |breaker: &str, service: &str, rest: &str| {
        run_sections(
            &format!(
                "run: {{ duration: 60s, drain: 10s }}
                 workloads: {{ web: {{ to: a, arrivals: constant 100/s }} }}
                 services: {{ a: {{ handle: [ {{ call: b }} ] }}, b: {{ {service} }} }}
                 calls: {{ a -> b: {{ timeout: 5s, breaker: {{ {breaker} }} }} }}
                 {rest}"
            ),
            &[],
        )
    };
    // A hundred a second for 0.5 s each want fifty; ten connections serve twenty a second, and five
    // more may wait.
    let http1 = system(
        "preset: envoy, max_connections: 10, max_pending_requests: 5",
        "handle: [ { pause: 500ms } ]",
        "",
    );
    let ok = ended(&http1, "a -> b", "ok");
    assert!((1_200..=1_215).contains(&ok), "{ok}");
    assert!(
        (http1.summary.workloads[0].latency.max - 0.75).abs() < 0.26,
        "half a second, after the wait of five"
    );
    let http2 = system(
        "preset: envoy, max_requests: 10, http2_protocol_options: true",
        "handle: [ { pause: 500ms } ]",
        "",
    );
    assert!((http2.summary.workloads[0].latency.max - 0.5).abs() < 1e-6, "nothing waits");
    let mesh = system(
        "preset: istio, connectionPool: { tcp: { maxConnections: 10 }, http: { http1MaxPendingRequests: 5 } }",
        "handle: [ { pause: 500ms } ]",
        "",
    );
    assert_eq!(ended(&mesh, "a -> b", "ok"), ok, "the same under Istio's names");
    // Three retries of 100 ms at one time; when one ends, the next call to fail, within 10 ms,
    // takes its place.
    let retries = run_sections(
        "run: { duration: 60s, drain: 10s }
         workloads: { web: { to: a, arrivals: constant 100/s } }
         services: { a: { handle: [ { call: b } ] }, b: { handle: [ { pause: 100ms }, { fail: 100% } ] } }
         calls: { a -> b: { timeout: 5s, breaker: { preset: envoy }, retry: { attempts: 2, backoff: none } } }",
        &[],
    );
    let extra = call(&retries, "a -> b").attempts - call(&retries, "a -> b").calls;
    assert!((1_600..=1_800).contains(&extra), "{extra}");
    let budgeted = run_sections(
        "run: { duration: 60s, drain: 10s }
         workloads: { web: { to: a, arrivals: constant 100/s } }
         services: { a: { handle: [ { call: b } ] }, b: { handle: [ { pause: 100ms }, { fail: 100% } ] } }
         calls: { a -> b: { timeout: 5s, breaker: { preset: envoy, retry_budget: { budget_percent: 100 } }, retry: { attempts: 2, backoff: none } } }",
        &[],
    );
    let calls = call(&budgeted, "a -> b");
    assert_eq!(calls.attempts, 2 * calls.calls, "as many retries as requests under way");
    let ejecting =
        "preset: istio, outlierDetection: { consecutive5xxErrors: 3, maxEjectionPercent: 25 }";
    let bad = system(
        ejecting,
        "instances: 4, handle: [ { pause: 1ms } ]",
        "faults: [ { at: 10s, errors: b, rate: 100%, instances: 1 } ]",
    );
    assert!(ended(&bad, "a -> b", "server error") < 10);
}

#[test]
fn a_pool_of_threads_grows_beyond_its_core_when_its_queue_is_full() {
    let granted = |bulkhead: &str| {
        let finished = run_sections(
            &format!(
                "run: {{ duration: 10050ms, drain: 60s }}
                 workloads: {{ web: {{ to: a, arrivals: constant 10/s }} }}
                 services: {{ a: {{ handle: [ {{ call: b }} ] }}, b: {{ handle: [ {{ pause: 20s }} ] }} }}
                 calls: {{ a -> b: {{ bulkhead: {{ {bulkhead} }} }} }}"
            ),
            &[],
        );
        (ended(&finished, "a -> b", "ok"), pool(&finished, "a -> b").busy_max)
    };
    assert_eq!(
        granted("threads: 8, core: 3, queue: 4"),
        (12, 8),
        "three, four that wait, five more threads"
    );
    assert_eq!(
        granted("threads: 8, core: 3, queue: 200").1,
        3,
        "a queue that is never full is never helped"
    );
    assert_eq!(granted("connections: 5, max wait: 2s"), (5, 5));
}

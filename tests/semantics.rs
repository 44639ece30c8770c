//! The semantics of the model. One behaviour a test, each on the smallest system that shows it.

use sim_experiments::Finished;

use crate::running::{self, ended, load_text, one_section_a_line, pool, run_sections as run_text};

#[test]
fn a_thread_is_held_through_the_calls_below_it() {
    let finished = run_text(
        "run: { duration: 10s, drain: 5s }
         workloads: { web: { to: a, arrivals: constant 10/s } }
         services: { a: { threads: 5, handle: [ { call: b } ] }, b: { threads: 9, handle: [ { pause: 100ms } ] } }",
        &[],
    );
    assert!((pool(&finished, "a").busy_mean - pool(&finished, "b").busy_mean).abs() < 1e-9);
    assert!(pool(&finished, "a").busy_mean > 0.9);
}

#[test]
fn a_timeout_frees_the_caller_and_the_callee_works_on() {
    let finished = run_text(
        "run: { duration: 10s, drain: 5s }
         workloads: { web: { to: a, arrivals: constant 10/s } }
         services: { a: { threads: 50, handle: [ { call: b } ] }, b: { threads: 50, handle: [ { work: 1s } ] } }
         calls: { a -> b: { timeout: 100ms } }",
        &[],
    );
    let all = finished.summary.workloads[0].offered;
    assert_eq!(ended(&finished, "a -> b", "timeout"), all);
    assert_eq!(
        ended(&finished, "web -> a", "server error"),
        all,
        "a downstream timeout is a server error to the caller"
    );
    let ratio = pool(&finished, "b").busy_mean / pool(&finished, "a").busy_mean;
    assert!((ratio - 10.0).abs() < 0.01, "b is busy ten times as long: {ratio}");
}

#[test]
fn refused_connections_fail_at_once_and_black_holes_only_by_timeout() {
    let system = |fault: &str| {
        run_text(
            &format!(
                "run: {{ duration: 10s, drain: 60s }}
                 workloads: {{ web: {{ to: a, arrivals: constant 10/s }} }}
                 services: {{ a: {{ handle: [ {{ call: b }} ] }}, b: {{ handle: [ {{ work: 1ms }} ] }} }}
                 calls: {{ a -> b: {{ timeout: 2s, connect timeout: 500ms }} }}
                 faults: [ {{ at: 0s, {fault} }} ]"
            ),
            &[],
        )
    };
    let refused = system("refuse: b");
    assert_eq!(ended(&refused, "a -> b", "refused"), refused.summary.workloads[0].offered);
    assert_eq!(refused.summary.workloads[0].latency_with_failures.max, 0.0);
    let swallowed = system("black hole: a -> b");
    assert_eq!(ended(&swallowed, "a -> b", "timeout"), swallowed.summary.workloads[0].offered);
    assert_eq!(
        swallowed.summary.workloads[0].latency_with_failures.max, 0.5,
        "the connect timeout ends the wait"
    );
    let paused = system("pause: b");
    assert_eq!(
        paused.summary.workloads[0].latency_with_failures.max, 2.0,
        "a paused process accepts connections"
    );
}

#[test]
fn a_crash_loses_work_in_flight_and_refuses_until_it_is_over() {
    let finished = run_text(
        "run: { duration: 10s, drain: 5s }
         workloads: { web: { to: a, arrivals: constant 10/s } }
         services: { a: { threads: 1, handle: [ { work: 95ms } ] } }
         faults: [ { at: 3020ms, for: 2s, crash: a } ]",
        &[],
    );
    // One request was working, and twenty arrived during the two seconds.
    assert_eq!(ended(&finished, "web -> a", "refused"), 21);
    assert!(finished.system.is_drained());
}

#[test]
fn a_paused_instance_goes_on_where_it_stood() {
    let finished = run_text(
        "run: { duration: 10s, drain: 20s }
         workloads: { web: { to: a, arrivals: constant 10/s } }
         services: { a: { threads: 100, handle: [ { work: 50ms } ] } }
         faults: [ { at: 3s, for: 4s, pause: a } ]",
        &[],
    );
    assert_eq!(finished.summary.workloads[0].ok, finished.summary.workloads[0].offered);
    let longest = finished.summary.workloads[0].latency.max;
    assert!((3.9..4.2).contains(&longest), "{longest}");
}

#[test]
fn retries_multiply_the_load_and_share_one_breaker_result() {
    let system = "run: { duration: 60s, drain: 10s }
         workloads: { web: { to: a, arrivals: constant 10/s } }
         services: { a: { handle: [ { call: b } ] }, b: { handle: [ { fail: 100% } ] } }
         calls: { a -> b: { timeout: 1s, retry: { attempts: 3, backoff: fixed 10ms } } }";
    let finished = run_text(system, &[]);
    let call = &finished.summary.calls.iter().find(|call| call.edge == "a -> b").expect("called");
    assert_eq!(call.attempts, 3 * call.calls);
    let breaker = "calls.a -> b.breaker={ window: 20 calls, minimum calls: 10, wait: 5m }";
    let guarded = run_text(system, &[breaker]);
    let call = &guarded.summary.calls.iter().find(|call| call.edge == "a -> b").expect("called");
    assert_eq!(
        call.attempts,
        3 * 10,
        "the breaker opens after ten results, each of three attempts"
    );
    assert_eq!(call.ended["rejected by breaker"], call.calls - 10);
}

#[test]
fn a_breaker_does_not_count_bad_requests() {
    let system = |outcome: &str| {
        run_text(
            &format!(
                "run: {{ duration: 30s, drain: 1s }}
                 workloads: {{ web: {{ to: a, arrivals: constant 10/s }} }}
                 services: {{ a: {{ handle: [ {{ call: b }} ] }}, b: {{ handle: [ {{ fail: 100%, as: {outcome} }} ] }} }}
                 calls: {{ a -> b: {{ timeout: 1s, breaker: {{ minimum calls: 5 }} }} }}"
            ),
            &[],
        )
    };
    assert_eq!(system("client error").summary.breakers[0].opened, 0);
    assert!(system("server error").summary.breakers[0].opened > 0);
}

#[test]
fn without_a_timeout_the_breaker_never_sees_the_failure() {
    let system = "run: { duration: 60s }
         workloads: { web: { to: a, arrivals: constant 10/s } }
         services: { a: { threads: 50, handle: [ { call: b } ] }, b: { handle: [ { work: 1ms } ] } }
         calls: { a -> b: { breaker: { minimum calls: 5 } } }
         faults: [ { at: 5s, black hole: a -> b } ]";
    assert_eq!(run_text(system, &[]).summary.breakers[0].opened, 0);
    assert!(run_text(system, &["calls.a -> b.timeout=1s"]).summary.breakers[0].opened > 0);
    let warnings = load_text(&one_section_a_line(system), &[]).problems;
    assert!(
        warnings.iter().any(|problem| problem.message.contains("without a timeout")),
        "{warnings:?}"
    );
}

#[test]
fn a_breaker_for_each_instance_spares_the_healthy_ones() {
    let system = "run: { duration: 60s }
         workloads: { web: { to: a, arrivals: constant 100/s } }
         services: { a: { handle: [ { call: b } ] }, b: { instances: 10, handle: [ { work: 1ms } ] } }
         calls: { a -> b: { timeout: 1s, breaker: { window: 20 calls, minimum calls: 10, wait: 1h } } }
         faults: [ { at: 0s, errors: b, rate: 100%, instances: 1 } ]";
    let opened = |finished: &Finished| {
        finished.summary.breakers.iter().filter(|breaker| breaker.opened > 0).count()
    };
    assert_eq!(opened(&run_text(system, &[])), 0, "one bad instance of ten is 10 % of failures");
    let each = run_text(system, &["calls.a -> b.breaker.scope=callee instance"]);
    assert_eq!((each.summary.breakers.len(), opened(&each)), (10, 1));
    let failed = |finished: &Finished| {
        finished
            .summary
            .calls
            .iter()
            .find(|call| call.edge == "a -> b")
            .map_or(0, |call| call.ended["server error"])
    };
    assert_eq!(failed(&each), 10, "then it is left alone");
}

#[test]
fn a_bulkhead_turns_away_what_waits_too_long() {
    let finished = run_text(
        "run: { duration: 10s, drain: 5s }
         workloads: { web: { to: a, arrivals: constant 100/s } }
         services: { a: { handle: [ { call: b } ] }, b: { handle: [ { pause: 1s } ] } }
         calls: { a -> b: { bulkhead: { semaphore: 25, max wait: 100ms } } }",
        &[],
    );
    assert_eq!(pool(&finished, "a -> b").busy_max, 25);
    // Twenty-five pass a second; the other seventy-five wait for 100 ms in vain, except those that
    // find a permit just freed.
    let rejected = ended(&finished, "a -> b", "rejected by bulkhead");
    assert!((700..=760).contains(&rejected), "{rejected}");
}

#[test]
fn parallel_branches_take_as_long_as_the_longest() {
    let finished = run_text(
        "run: { duration: 5s, drain: 2s }
         workloads: { web: { to: a, arrivals: constant 10/s } }
         services: { a: { threads: 9, handle: [ { parallel: [ [ { work: 10ms } ], [ { pause: 30ms }, { work: 40ms } ], [] ] }, { work: 5ms } ] } }",
        &[],
    );
    let latency = finished.summary.workloads[0].latency;
    assert_eq!((latency.max, latency.mean), (0.075, 0.075));
}

#[test]
fn a_look_up_that_fails_is_a_miss() {
    let system = "run: { duration: 60s, drain: 2s }
         workloads: { web: { to: a, arrivals: constant 100/s } }
         services: { a: { handle: [ { cache: redis, miss: [ { query: db } ] } ] } }
         caches: { redis: { hit rate: 90%, latency: 1ms } }
         databases: { db: { query: 10ms } }
         calls: { a -> redis: { timeout: 50ms } }";
    let queries = |finished: &Finished| {
        finished
            .summary
            .calls
            .iter()
            .find(|call| call.edge == "a -> db")
            .map_or(0, |call| call.calls)
    };
    let warm = queries(&run_text(system, &[]));
    assert!((500..700).contains(&warm), "{warm} of 6000");
    let down = run_text(system, &["faults=[{ at: 0s, crash: redis }]"]);
    assert_eq!(queries(&down), down.summary.workloads[0].offered);
}

#[test]
fn a_database_gives_up_on_who_waits_too_long_for_a_connection() {
    let finished = run_text(
        "run: { duration: 10s, drain: 5s }
         workloads: { web: { to: a, arrivals: constant 20/s } }
         services: { a: { handle: [ { query: db } ] } }
         databases: { db: { connections: { max: 1, max wait: 200ms }, query: 100ms } }",
        &[],
    );
    let exceeded = ended(&finished, "a -> db", "wait exceeded");
    assert!((90..110).contains(&exceeded), "half of 200 cannot be served: {exceeded}");
    assert_eq!(pool(&finished, "db").expired, exceeded);
}

#[test]
fn lost_threads_and_surges_change_what_a_service_can_take() {
    let system = "run: { duration: 60s, drain: 60s }
         workloads: { web: { to: a, arrivals: constant 50/s } }
         services: { a: { threads: { max: 10, queue: 5 }, handle: [ { work: 100ms } ] } }";
    let failed = |settings: &[&str]| {
        run_text(system, settings).summary.workloads[0].failed.values().sum::<u64>()
    };
    assert_eq!(failed(&[]), 0);
    assert!(failed(&["faults=[{ at: 10s, for: 20s, lose threads: a, count: 8 }]"]) > 400);
    assert!(failed(&["faults=[{ at: 10s, for: 20s, surge: web, by: 4x }]"]) > 1_500);
}

#[test]
fn leaks_that_overlap_add_up() {
    let finished = run_text(
        "run: { duration: 60s, drain: 60s }
         workloads: { web: { to: a, arrivals: constant 10/s } }
         services: { a: { threads: { max: 8, queue: 0 }, handle: [ { work: 10ms } ] } }
         faults:
           - { at: 10s, for: 30s, lose threads: a, count: 4 }
           - { at: 20s, for: 30s, lose threads: a, count: 4 }",
        &[],
    );
    let failed: u64 = finished.summary.workloads[0].failed.values().sum();
    assert!(
        (199..=201).contains(&failed),
        "no thread is left from 20 s to 40 s: {failed} of 10/s failed"
    );
}

#[test]
fn a_surge_grows_over_its_ramp() {
    let offered = |ramp: &str| {
        let finished = run_text(
            &format!(
                "run: {{ duration: 60s }}
                 workloads: {{ web: {{ to: a, arrivals: constant 50/s }} }}
                 services: {{ a: {{ handle: [ {{ work: 1ms }} ] }} }}
                 faults: [ {{ at: 10s, for: 20s, {ramp} surge: web, by: 4x }} ]"
            ),
            &[],
        );
        finished.summary.workloads[0].offered
    };
    let base = 50 * 60;
    assert!(offered("").abs_diff(base + 3 * 50 * 20) <= 1, "{}", offered(""));
    assert!(offered("ramp: 10s,").abs_diff(base + 3 * 50 * 15) <= 1, "{}", offered("ramp: 10s,"));
}

#[test]
fn a_closed_workload_never_has_more_requests_in_flight_than_users() {
    let finished = run_text(
        "run: { duration: 60s, drain: 60s }
         workloads: { users: { to: a, users: { from: 2, stages: [ { to: 20, over: 20s }, { to: 0, over: 20s } ] } } }
         services: { a: { handle: [ { work: 1s } ] } }",
        &[],
    );
    let pool = pool(&finished, "a");
    assert_eq!(pool.busy_max, 20);
    // From 2 to 20 users in twenty seconds, to 0 in twenty more: 420 user-seconds of one-second
    // requests, plus the last request of each user.
    assert!(
        (420..=440).contains(&finished.summary.workloads[0].ok),
        "{}",
        finished.summary.workloads[0].ok
    );
}

#[test]
fn limits_stop_a_run_and_say_why() {
    let system = "run: { duration: 10m }
         workloads: { web: { to: gateway, arrivals: constant 200/s } }
         services: { gateway: { threads: 1, handle: [ { work: 12.5ms } ] } }";
    let stopped = |setting: &str| {
        run_text(system, &[setting])
            .summary
            .partial
            .map(|stopped| stopped.reason)
            .unwrap_or_default()
    };
    let in_flight = stopped("limits.in flight=5000");
    let grows = (119..=121).any(|rate| {
        in_flight.contains(&format!(
            "the queue of `gateway` is unbounded and grows by {rate} requests/s"
        ))
    });
    assert!(grows, "200 arrive and 80 are served: {in_flight}");
    assert!(stopped("limits.events=1000").contains("1000 events"));
    assert!(stopped("limits.memory=1MB").contains("1 MB"));
    assert_eq!(stopped("limits.events=100000000"), "");
}

#[test]
fn a_replayed_trace_and_measured_service_times_are_followed() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("arrivals.csv"), "seconds\n0.5\n1.0\n1.0\n2.25\n")
        .expect("written");
    std::fs::write(folder.path().join("service.csv"), "value,weight\n10ms,1\n30ms,3\n")
        .expect("written");
    std::fs::write(
        folder.path().join("trace.yaml"),
        "run: { duration: 5s, drain: 1s }
workloads: { web: { to: a, arrivals: { replay: arrivals.csv } } }
services: { a: { handle: [ { work: empirical service.csv } ] } }",
    )
    .expect("written");
    let finished = running::run(&running::blueprint(&running::load_file(
        &folder.path().join("trace.yaml"),
        None,
        &[],
    )));
    assert_eq!(finished.summary.workloads[0].ok, 4);
    assert!([0.010, 0.030].contains(&finished.summary.workloads[0].latency.max));
}

#[test]
fn fragments_and_defaults_are_merged_and_the_file_takes_precedence() {
    let folder = tempfile::tempdir().expect("a folder");
    let write =
        |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
    write(
        "platform.yaml",
        "include: [ databases.yaml ]\nservices: { a: { threads: 3, handle: [ { query: db } ] } }\n",
    );
    write("databases.yaml", "databases: { db: { connections: 9, query: 50ms } }\n");
    write(
        "main.yaml",
        "include: [ platform.yaml ]
run: { duration: 10s, drain: 10s }
workloads: { web: { to: a, arrivals: constant 10/s } }
defaults: { databases: { connections: 7 }, calls: { timeout: 40ms } }
databases: { db: { connections: 2 } }
calls: { web -> a: { timeout: 1s } }
",
    );
    let finished = running::run(&running::blueprint(&running::load_file(
        &folder.path().join("main.yaml"),
        None,
        &[],
    )));
    assert_eq!((pool(&finished, "a").capacity, pool(&finished, "db").capacity), (Some(3), Some(2)));
    let all = finished.summary.workloads[0].offered;
    assert_eq!(
        ended(&finished, "a -> db", "timeout"),
        all,
        "the default applies to an edge that is not listed"
    );
    assert_eq!(ended(&finished, "web -> a", "timeout"), 0, "and not to one that says otherwise");
}

#[test]
fn users_whose_requests_fail_at_once_and_who_never_think_end_by_a_limit() {
    let finished = run_text(
        "run: { duration: 10s }
         limits: { events: 20000 }
         workloads: { users: { to: a, users: 5 } }
         services: { a: { handle: [ { work: 1ms } ] } }
         faults: [ { at: 1s, refuse: a } ]",
        &[],
    );
    assert!(
        finished.summary.partial.is_some_and(|stopped| stopped.reason.contains("20000 events"))
    );
}

#[test]
fn a_leak_that_ends_before_it_is_full_comes_to_an_end() {
    let finished = run_text(
        "run: { duration: 30s, drain: 60s }
         limits: { events: 100000 }
         workloads: { web: { to: a, arrivals: constant 50/s } }
         services: { a: { threads: 10, handle: [ { work: 100ms } ] } }
         faults: [ { at: 5s, for: 5s, ramp: 10s, lose threads: a, count: 8 } ]",
        &[],
    );
    assert!(finished.summary.partial.is_none() && finished.system.is_drained());
    assert_eq!(finished.summary.workloads[0].ok, finished.summary.workloads[0].offered);
}

#[test]
fn more_users_than_may_be_in_flight_end_by_a_limit() {
    let finished = run_text(
        "run: { duration: 10s }
         limits: { in flight: 1000 }
         workloads: { users: { to: a, users: 4000000000, think: 1s } }
         services: { a: { handle: [ { work: 1ms } ] } }",
        &[],
    );
    assert!(finished.is_partial());
}

#[test]
fn calls_that_come_during_the_test_of_cockatiel_wait_for_its_end() {
    let finished = run_text(
        "run: { duration: 20s, drain: 10s }
         workloads: { web: { to: a, arrivals: constant 10/s } }
         services: { a: { handle: [ { call: b } ] }, b: { handle: [ { work: 550ms } ] } }
         calls: { a -> b: { timeout: 1s, breaker: { preset: cockatiel, halfOpenAfter: 5s, ConsecutiveBreaker: 5 } } }
         faults: [ { at: 2s, for: 3s, errors: b, rate: 100% } ]",
        &[],
    );
    // Open from the fifth failure, at 2.4 s. The test comes with the call at 7.4 s and answers at
    // 7.95 s; those of 7.5 to 7.9 s wait for it and then take 550 ms of their own.
    let breaker = &finished.summary.breakers[0];
    assert_eq!((breaker.opened, breaker.transitions), (1, 3));
    assert!((breaker.seconds_in.half_open - 0.55).abs() < 1e-6, "{:?}", breaker.seconds_in);
    let slowest = finished.summary.workloads[0].latency.max;
    assert!((slowest - 1.0).abs() < 1e-6, "waited 0.45 s and worked 0.55 s: {slowest}");
    let call = finished.summary.calls.iter().find(|call| call.edge == "a -> b").expect("the edge");
    assert_eq!(
        (call.calls, call.in_flight),
        (finished.summary.workloads[0].offered, 0),
        "a call that waited is one call"
    );
    assert_eq!(finished.summary.workloads[0].in_flight, 0);
}

#[test]
fn presets_bring_their_own_bulkheads() {
    let finished = run_text(
        "run: { duration: 10s, drain: 10s }
         workloads: { web: { to: a, arrivals: constant 100/s } }
         services: { a: { handle: [ { call: go, on failure: ignore }, { call: node } ] }, \
             go: { handle: [ { work: 1s } ] }, node: { handle: [ { work: 1s } ] } }
         defaults: { calls: { timeout: 5s } }
         calls: { web -> a: { timeout: 10s }, a -> go: { breaker: { preset: article-go, BulkheadMaxConcurrent: 10 } }, \
             a -> node: { breaker: { preset: opossum, capacity: 20, errorThresholdPercentage: 100 } } }",
        &[],
    );
    assert_eq!(pool(&finished, "a -> go").busy_max, 10);
    assert!(
        ended(&finished, "a -> go", "rejected by bulkhead") > 800,
        "ten in flight of a second each"
    );
    assert_eq!(pool(&finished, "node").busy_max, 20, "opossum's semaphore");
    assert!(ended(&finished, "a -> node", "rejected by bulkhead") > 600);
}

/// For the breaker of each library around a call that always fails: the number of openings, and the
/// time it was open.
fn opened(breaker: &str) -> (u64, f64) {
    let finished = run_text(
        &format!(
            "run: {{ duration: 100s, drain: 10s }}
             workloads: {{ web: {{ to: a, arrivals: constant 10/s }} }}
             services: {{ a: {{ handle: [ {{ call: b }} ] }}, b: {{ handle: [ {{ fail: 100% }} ] }} }}
             calls: {{ a -> b: {{ timeout: 1s, breaker: {breaker} }} }}"
        ),
        &[],
    );
    let breaker = &finished.summary.breakers[0];
    (breaker.opened, breaker.seconds_in.open)
}

#[test]
fn every_preset_opens_after_what_its_library_says_and_waits_as_long() {
    let cases = [
        // The tenth call, at 0.9 s, is the first that is judged; each wait of 10 s is over strictly
        // after, at the next call.
        (
            "{ preset: resilience4j, minimumNumberOfCalls: 10, permittedNumberOfCallsInHalfOpenState: 1, waitDurationInOpenState: 10s }",
            10,
        ),
        // The sixth in a row, at 0.5 s.
        ("{ preset: gobreaker, Timeout: 10s }", 10),
        // The fifth in a row, at 0.4 s.
        ("{ preset: pybreaker, reset_timeout: 10s }", 10),
        // The fifth in the window, at 0.4 s; waits of 10, 20, 40 and then 50 s.
        ("{ preset: article-python, timeout_seconds: 5 }", 4),
        // The fifth in a row, at 0.4 s.
        ("{ preset: article-go, Timeout: 10s }", 10),
        // The fifth in a row, at 0.4 s.
        ("{ preset: cockatiel, halfOpenAfter: 10s, ConsecutiveBreaker: 5 }", 10),
        // The first: all calls fired so far have failed.
        ("{ preset: opossum, resetTimeout: 10s }", 10),
    ];
    for (breaker, expected) in cases {
        let (times, seconds) = opened(breaker);
        assert_eq!(times, expected, "{breaker}: open for {seconds} s");
    }
}

#[test]
fn the_timers_of_a_preset_fire_without_calls() {
    let finished = run_text(
        "run: { duration: 100s }
         workloads: { web: { to: a, arrivals: { process: constant, steps: [ { at: 0s, rate: 10/s }, { at: 2s, rate: 0/s } ] } } }
         services: { a: { handle: [ { call: b } ] }, b: { handle: [ { fail: 100% } ] } }
         defaults: { calls: { timeout: 1s } }
         calls: { a -> b: { breaker: { preset: resilience4j, minimumNumberOfCalls: 10, waitDurationInOpenState: 10s, \
             automaticTransitionFromOpenToHalfOpenEnabled: true, maxWaitDurationInHalfOpenState: 5s } } }",
        &[],
    );
    let breaker = &finished.summary.breakers[0];
    assert_eq!(
        breaker.transitions,
        1 + 2 * 6,
        "open at 1 s; half-open after 10 s, open again after 5 s, six times over"
    );
    assert!((breaker.seconds_in.half_open - 30.0).abs() < 1e-9, "{:?}", breaker.seconds_in);
}

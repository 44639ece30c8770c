//! When a call chooses its instance, what goes on when nobody waits for it, what dies with a
//! process, and the order of what happens in one instant. One behaviour a test, each on the
//! smallest system that shows it.

use sim_experiments::Finished;
use sim_models::observe::Change;
use sim_models::resilience::circuit_breaker::{BreakerState, Reason};

use crate::running::{call, ended, pool, run_sections, run_text};

/// Two instances with one thread each behind two permits are an M/M/2: the call that gets a permit
/// goes to the instance that is free.
#[test]
fn the_instance_is_chosen_when_the_attempt_is_sent() {
    let finished = run_sections(
        "run: { duration: 4000s, warmup: 100s, drain: 60s }
         workloads: { web: { to: a, arrivals: poisson 75/s } }
         services: { a: { handle: [ { call: b } ] }, b: { instances: 2, threads: 1, handle: [ { work: exponential 20ms } ] } }
         calls: { a -> b: { balance: least outstanding, bulkhead: { semaphore: 2, max wait: 60s } } }",
        &[],
    );
    // Erlang C at a load of 1.5 on 2 servers: waits 25.7 ms on average, and is served in 20 ms.
    let mean = finished.summary.workloads[0].latency.mean;
    assert!((mean - 0.045_714).abs() < 0.0015, "{mean} s");
    assert_eq!(finished.summary.workloads[0].failed.values().sum::<u64>(), 0);
}

#[test]
fn a_call_that_waits_for_a_permit_is_not_sent_to_an_instance_that_has_gone_meanwhile() {
    // Each call takes a second and has the only permit; b#1 is known to be down from 1.5 s on.
    let finished = run_sections(
        "run: { duration: 30s, drain: 60s }
         workloads: { web: { to: a, arrivals: constant 2/s } }
         services: { a: { handle: [ { call: b } ] }, b: { instances: 2, handle: [ { pause: 1s } ] } }
         calls: { a -> b: { bulkhead: { semaphore: 1, max wait: 60s }, balance: { health check: { interval: 100ms, unhealthy threshold: 1 } } } }
         faults: [ { at: 2500ms, crash: b, instances: 1 } ]",
        &[],
    );
    assert!(ended(&finished, "a -> b", "refused") <= 1, "only the call that was there");
    assert_eq!(ended(&finished, "a -> b", "ok") + ended(&finished, "a -> b", "refused"), 59);
}

#[test]
fn a_rejected_call_does_not_advance_the_turn() {
    // Calls come in pairs: the first takes the only permit, the second is rejected. Were it to
    // advance the turn, b#1 would get every call that is let through.
    let finished = run_sections(
        "run: { duration: 60s, drain: 5s }
         workloads: { web: { to: a, arrivals: constant 10/s } }
         services: { a: { handle: [ { parallel: [ [ { call: b, on failure: ignore } ], [ { call: b, on failure: ignore } ] ] } ] }, b: { instances: 2, handle: [ { pause: 10ms } ] } }
         calls: { a -> b: { bulkhead: { semaphore: 1 } } }",
        &[],
    );
    let granted = |instance: &str| pool(&finished, instance).granted;
    assert_eq!(ended(&finished, "a -> b", "rejected by bulkhead"), 599);
    assert!(granted("b#1").abs_diff(granted("b#2")) <= 1);
}

#[test]
fn a_guard_for_each_instance_chooses_right_before_itself() {
    // b#1 fails: its own breaker opens, and only the calls meant for it are rejected.
    let finished = run_sections(
        "run: { duration: 60s, drain: 5s }
         workloads: { web: { to: a, arrivals: constant 10/s } }
         services: { a: { handle: [ { call: b } ] }, b: { instances: 2, handle: [ { work: 1ms } ] } }
         calls: { a -> b: { timeout: 1s, breaker: { failures: 3, wait: 10m, scope: callee instance } } }
         faults: [ { at: 10s, errors: b, rate: 100%, instances: 1 } ]",
        &[],
    );
    assert_eq!(ended(&finished, "a -> b", "server error"), 3);
    let rejected = ended(&finished, "a -> b", "rejected by breaker");
    assert!((245..=250).contains(&rejected), "half of fifty seconds: {rejected}");
}

#[test]
fn without_any_healthy_instance_a_call_fails_where_it_is() {
    let system = |panic: &str| {
        run_sections(
            &format!(
                "run: {{ duration: 60s }}
                 workloads: {{ web: {{ to: a, arrivals: constant 10/s }} }}
                 services: {{ a: {{ handle: [ {{ call: b }} ] }}, b: {{ instances: 2, handle: [ {{ work: 1ms }} ] }} }}
                 calls: {{ a -> b: {{ timeout: 1s, balance: {{ health check: {{ interval: 1s, unhealthy threshold: 1 }} {panic} }} }} }}
                 faults: [ {{ at: 10s, crash: b }} ]"
            ),
            &[],
        )
    };
    let strict = system(", panic threshold: 0%");
    assert!(ended(&strict, "a -> b", "refused") <= 10, "until the first check fails");
    assert!(ended(&strict, "a -> b", "no healthy instance") >= 480);
    let in_panic = system("");
    assert_eq!(ended(&in_panic, "a -> b", "no healthy instance"), 0, "all are used in a panic");
}

/// resilience4j #2296: two threads and one place, a callee that takes 20 s, one call a second and a
/// time limit of 1 s outside.
fn limited_pool(kind: &str) -> Finished {
    run_sections(
        &format!(
            "run: {{ duration: 60s, drain: 2m }}
             workloads: {{ web: {{ to: till, arrivals: constant 1/s }} }}
             services: {{ till: {{ handle: [ {{ call: ledger }} ] }}, ledger: {{ handle: [ {{ pause: 20s }} ] }} }}
             calls: {{ till -> ledger: {{ guards: [ {{ timeout: 1s }}, {{ bulkhead: {{ {kind} }} }} ] }} }}"
        ),
        &[],
    )
}

#[test]
fn a_timeout_outside_a_pool_of_threads_does_not_give_the_thread_back() {
    let finished = limited_pool("threads: 2, queue: 1");
    assert_eq!(ended(&finished, "till -> ledger", "timeout"), 7);
    assert_eq!(ended(&finished, "till -> ledger", "rejected by bulkhead"), 52);
    assert_eq!(call(&finished, "till -> ledger").attempts, 7, "all of the seven are carried out");
    // Little's law for the threads: seven tasks of twenty seconds.
    let pool = pool(&finished, "till -> ledger");
    assert_eq!(pool.granted, 7);
    assert!(finished.system.is_drained(), "all threads come back in the end");
    let interrupted = limited_pool("threads: 2, queue: 1, interruptible: true");
    assert_eq!(ended(&interrupted, "till -> ledger", "timeout"), 59);
    let semaphore = limited_pool("semaphore: 2");
    assert_eq!(ended(&semaphore, "till -> ledger", "timeout"), 59);
    let held = limited_pool("semaphore: 2, interruptible: false");
    assert_eq!(ended(&held, "till -> ledger", "timeout"), 6, "two every twenty seconds");
}

#[test]
fn what_goes_on_in_a_pool_includes_its_retries_and_ends_with_the_process() {
    let system = |fault: &str| {
        run_sections(
            &format!(
                "run: {{ duration: 900ms, drain: 2m }}
                 workloads: {{ web: {{ to: a, arrivals: constant 2/s }} }}
                 services: {{ a: {{ handle: [ {{ call: b }} ] }}, b: {{ handle: [ {{ pause: 1s }}, {{ fail: 100% }} ] }} }}
                 calls: {{ a -> b: {{ guards: [ {{ timeout: 1500ms }}, {{ bulkhead: {{ threads: 1 }} }}, {{ retry: {{ attempts: 4, backoff: fixed 1s }} }} ] }} }}
                 {fault}"
            ),
            &[],
        )
    };
    let finished = system("");
    assert_eq!((ended(&finished, "a -> b", "timeout"), call(&finished, "a -> b").attempts), (1, 4));
    let pool_of = |finished: &Finished| {
        let pool = pool(finished, "a -> b");
        (pool.granted, finished.system.is_drained())
    };
    assert_eq!(pool_of(&finished), (1, true));
    let crashed = system("faults: [ { at: 3s, for: 1s, crash: a } ]");
    assert_eq!(call(&crashed, "a -> b").attempts, 2, "the third would begin at 4.5 s");
    assert_eq!(pool_of(&crashed), (1, true));
}

#[test]
fn a_task_waits_for_its_thread_as_long_as_it_may_and_its_caller_sees_that() {
    let finished = run_sections(
        "run: { duration: 10050ms, drain: 1m }
         workloads: { web: { to: a, arrivals: constant 1/s } }
         services: { a: { handle: [ { call: b } ] }, b: { handle: [ { pause: 3s } ] } }
         calls: { a -> b: { guards: [ { timeout: 4s }, { bulkhead: { threads: 1, queue: 9, max wait: 500ms } } ] } }",
        &[],
    );
    // Threads are free at 1, 4, 7 and 10 s; whoever comes a second or two before waits in vain.
    assert_eq!(ended(&finished, "a -> b", "ok"), 4);
    assert_eq!(ended(&finished, "a -> b", "rejected by bulkhead"), 6);
}

fn transitions(finished: &Finished) -> Vec<(f64, BreakerState, Reason)> {
    let of = |change: &Change| match change {
        Change::Breaker { transition, .. } => Some((transition.to, transition.reason)),
        _ => None,
    };
    let moments = finished.timeline.iter();
    moments
        .filter_map(|moment| {
            of(&moment.change).map(|(to, reason)| (moment.at.as_secs_f64(), to, reason))
        })
        .collect()
}

#[test]
fn a_breaker_in_memory_dies_with_its_process_and_a_shared_one_does_not() {
    let system = |scope: &str| {
        run_sections(
            &format!(
                "run: {{ duration: 60s }}
                 workloads: {{ web: {{ to: a, arrivals: constant 10/s }} }}
                 services: {{ a: {{ handle: [ {{ call: b }} ] }}, b: {{ handle: [ {{ work: 1ms }} ] }} }}
                 calls: {{ a -> b: {{ timeout: 1s, breaker: {{ failures: 3, wait: 10m, scope: {scope} }} }} }}
                 faults: [ {{ at: 10s, for: 5s, errors: b, rate: 100% }}, {{ at: 20s, for: 1s, crash: a }} ]"
            ),
            &[],
        )
    };
    for scope in ["caller instance", "callee instance"] {
        let finished = system(scope);
        let reasons = transitions(&finished);
        assert_eq!(reasons.len(), 2, "{scope}: {reasons:?}");
        assert_eq!(reasons[1], (20.0, BreakerState::Closed, Reason::ProcessDied), "{scope}");
        let forgotten = finished.timeline.iter().any(|moment| {
            matches!(&moment.change, Change::Forgot { instance, what } if instance == "a" && what == &["breakers"])
        });
        assert!(forgotten, "{scope}: the timeline says what was lost");
        assert!(ended(&finished, "a -> b", "ok") > 450);
    }
    for scope in ["shared", "store"] {
        let finished = system(scope);
        assert_eq!(transitions(&finished).len(), 1, "{scope}");
        assert!(ended(&finished, "a -> b", "ok") < 110, "{scope}: it stays open");
    }
}

#[test]
fn a_deployment_forgets_budgets_limits_and_cached_answers() {
    let finished = run_sections(
        "run: { duration: 60s }
         workloads: { web: { to: a, arrivals: constant 20/s } }
         services: { a: { instances: 2, threads: 10, admission: { concurrency: { limit: aimd } }, handle: [ { call: b } ] }, b: { handle: [ { work: 1ms } ] } }
         calls: { a -> b: { timeout: 1s, rate limit: { token bucket: 5/s, burst: 10 }, retry: { attempts: 2, backoff: none, budget: { preset: finagle } }, fallback: { cached: { hit rate: 100%, latency: 0ms } } } }
         faults: [ { at: 20s, deploy: a, batch: 1, each: 2s } ]",
        &[],
    );
    let forgotten: Vec<(f64, String, usize)> = finished
        .timeline
        .iter()
        .filter_map(|moment| match &moment.change {
            Change::Forgot { instance, what } => {
                Some((moment.at.as_secs_f64(), instance.clone(), what.len()))
            }
            _ => None,
        })
        .collect();
    assert_eq!(forgotten, [(20.0, "a#1".to_owned(), 4), (22.0, "a#2".to_owned(), 4)]);
}

#[test]
fn a_cache_whose_last_instance_dies_is_empty_afterwards() {
    let misses = |fault: &str| {
        let finished = run_sections(
            &format!(
                "run: {{ duration: 60s }}
                 workloads: {{ web: {{ to: a, arrivals: constant 10/s }} }}
                 services: {{ a: {{ handle: [ {{ cache: c, miss: [ {{ query: db }} ] }} ] }} }}
                 caches: {{ c: {{ instances: 2, keys: 1, ttl: 1h }} }}
                 databases: {{ db: {{ connections: 50, query: 1ms }} }}
                 {fault}"
            ),
            &[],
        );
        ended(&finished, "a -> db", "ok")
    };
    assert_eq!(misses(""), 1);
    assert_eq!(misses("faults: [ { at: 30050ms, for: 10ms, crash: c } ]"), 2);
    assert_eq!(misses("faults: [ { at: 30050ms, for: 10ms, crash: c, instances: 1 } ]"), 1);
}

/// A thousand seconds of 10/s onto one thread that is busy for exactly 100 ms each time: every
/// request finds the thread that has just become free.
#[test]
fn what_ends_in_an_instant_makes_room_for_what_begins_in_it() {
    for handler in ["{ work: 100ms }", "{ pause: 50ms }, { work: 50ms }"] {
        let finished = run_sections(
            &format!(
                "run: {{ duration: 100000s, drain: 1s }}
                 workloads: {{ web: {{ to: a, arrivals: constant 10/s }} }}
                 services: {{ a: {{ threads: {{ max: 1, queue: 0 }}, handle: [ {handler} ] }} }}"
            ),
            &[],
        );
        let web = &finished.summary.workloads[0];
        assert_eq!((web.offered, web.ok), (999_999, 999_999), "{handler}");
    }
}

#[test]
fn an_answer_in_the_instant_of_its_timeout_is_in_time() {
    let finished = run_sections(
        "run: { duration: 10s, drain: 1s }
         workloads: { web: { to: a, arrivals: constant 10/s } }
         services: { a: { handle: [ { call: b } ] }, b: { handle: [ { pause: 100ms } ] } }
         calls: { a -> b: { timeout: 100ms } }",
        &[],
    );
    assert_eq!(ended(&finished, "a -> b", "ok"), 99);
}

#[test]
fn a_failure_that_a_branch_puts_off_is_put_off_until_after_the_join() {
    let system = |on_failure: &str| {
        run_sections(
            &format!(
                "run: {{ duration: 10s, drain: 1s }}
                 workloads: {{ web: {{ to: a, arrivals: constant 10/s }} }}
                 services: {{ a: {{ handle: [ {{ parallel: [ [ {{ call: bad, on failure: {on_failure} }} ], [ {{ call: good }} ] ] }}, {{ call: after }} ] }}, bad: {{ handle: [ {{ fail: 100% }} ] }}, good: {{ handle: [ {{ work: 1ms }} ] }}, after: {{ handle: [ {{ work: 1ms }} ] }} }}"
            ),
            &[],
        )
    };
    let later = system("fail later");
    assert_eq!(ended(&later, "a -> after", "ok"), 99, "the handler goes on after the join");
    assert_eq!(ended(&later, "web -> a", "server error"), 99, "and fails at its end");
    let at_once = system("fail");
    assert_eq!(
        at_once
            .summary
            .calls
            .iter()
            .find(|call| call.edge == "a -> after")
            .map_or(0, |call| call.calls),
        0
    );
    assert_eq!(ended(&at_once, "web -> a", "server error"), 99);
}

#[test]
fn a_crash_reaches_callers_over_the_network() {
    let finished = run_sections(
        "run: { duration: 9950ms, drain: 20s }
         workloads: { web: { to: a, arrivals: constant 1/s } }
         services: { a: { handle: [ { call: b } ] }, b: { handle: [ { pause: 20s } ] } }
         calls: { a -> b: { latency: 300ms } }
         faults: [ { at: 5s, for: 20s, crash: b } ]",
        &[],
    );
    // Those that had come: 1 s to 4 s are there at 5 s and hear of it at 5.3 s. The later ones are
    // refused there and back in 600 ms.
    let latency = &finished.summary.workloads[0].latency_with_failures;
    assert_eq!(ended(&finished, "a -> b", "refused"), 9);
    assert!((latency.max - 4.3).abs() < 0.05, "{}", latency.max);
}

#[test]
fn slowness_slows_what_a_service_waits_for() {
    let mean = |handler: &str, fault: &str| {
        let finished = run_text(
            &format!(
                "run: {{ duration: 100s, drain: 10s }}\nworkloads: {{ web: {{ to: a, arrivals: constant 1/s }} }}\nservices: {{ a: {{ handle: [ {handler} ] }} }}\nfaults: [ {{ at: 0s, {fault} }} ]"
            ),
            &[],
        );
        finished.summary.workloads[0].latency.mean
    };
    for handler in ["{ pause: 100ms }", "{ work: 100ms }"] {
        assert!((mean(handler, "slow: a, by: 5x") - 0.5).abs() < 1e-9);
        assert!((mean(handler, "slow: a, adding: 300ms") - 0.4).abs() < 1e-9);
        assert!((mean(handler, "slow: a, by: 2x, adding: 300ms") - 0.5).abs() < 1e-9);
        assert!((mean(handler, "slow: a, to: 700ms") - 0.7).abs() < 1e-9);
        let ramped = mean(handler, "slow: a, to: 1100ms, ramp: 100s");
        assert!((ramped - 0.6).abs() < 0.02, "half way on average: {ramped}");
    }
}

/// A black hole leaves nothing behind that a timeout could cancel: the work of the attempt before
/// is somebody else's by then.
#[test]
fn a_swallowed_attempt_cancels_nobodys_work() {
    let finished = run_sections(
        "run: { duration: 60s, drain: 10s }
         workloads: { web: { to: a, arrivals: constant 5/s }, other: { to: b, arrivals: constant 50/s } }
         services: { a: { handle: [ { call: b } ] }, b: { handle: [ { work: 90ms } ] } }
         calls: { a -> b: { timeout: 100ms, cancellation: true, retry: { attempts: 3, backoff: none } } }
         faults: [ { at: 10s, for: 20s, black hole: a -> b } ]",
        &[],
    );
    let other = &finished.summary.workloads[1];
    assert_eq!(other.ok, other.offered);
    // The last of the hundred sends its third attempt at 30 s, when the hole is gone.
    assert_eq!(ended(&finished, "a -> b", "timeout"), 99);
}

//! Guards on calls, one behaviour a test, each on the smallest system that shows it.

use crate::running::{call, ended, pool, run_sections};

/// Makes six hundred calls, one every 100 ms, from `a` to `b`; `handler` says how `b` handles them,
/// `edge` guards them.
fn ten_a_second(handler: &str, edge: &str) -> sim_experiments::Finished {
    run_sections(
        &format!(
            "run: {{ duration: 60050ms, drain: 60s }}
             workloads: {{ web: {{ to: a, arrivals: constant 10/s }} }}
             services: {{ a: {{ handle: [ {{ call: b }} ] }}, b: {{ handle: [ {handler} ] }} }}
             calls: {{ a -> b: {edge} }}"
        ),
        &[],
    )
}

#[test]
fn the_layered_client_of_the_article_has_its_layers_in_order() {
    // Semaphore 25 with 0.1 s, breaker, timeout of 5 s, ten threads: at 10/s and 10 s a call, the ten
    // threads are taken after a second. A timeout frees the caller and not the thread, so from
    // then on the pool of threads rejects, and the semaphore never does.
    let layers = "{ guards: [ { bulkhead: { semaphore: 25, max wait: 100ms } }, { breaker: { consecutive failures: 1000 } }, \
        { timeout: 5s }, { bulkhead: { threads: 10 } } ] }";
    let finished = ten_a_second("{ pause: 10s }", layers);
    assert_eq!(ended(&finished, "a -> b", "timeout"), 10 * 6, "ten every ten seconds");
    assert_eq!(ended(&finished, "a -> b", "rejected by bulkhead"), 600 - 60);
    let permits: Vec<_> =
        finished.summary.pools.iter().filter(|pool| pool.owner.starts_with("a -> b")).collect();
    assert_eq!(
        permits.iter().map(|pool| pool.owner.as_str()).collect::<Vec<_>>(),
        ["a -> b", "a -> b (bulkhead 2)"]
    );
    assert_eq!(permits.iter().map(|pool| pool.capacity).collect::<Vec<_>>(), [Some(25), Some(10)]);
    assert_eq!(
        (permits[0].busy_max, permits[1].busy_max),
        (11, 10),
        "a call holds both, also the one about to be rejected"
    );
    assert!(finished.system.is_drained());
}

#[test]
fn a_retry_outside_the_breaker_shows_it_every_attempt_and_inside_only_the_last() {
    let openings = |guards: &str| {
        let finished = ten_a_second("{ fail: 100% }", &format!("{{ guards: [ {guards} ] }}"));
        (call(&finished, "a -> b").attempts, ended(&finished, "a -> b", "rejected by breaker"))
    };
    let (breaker, retry) = (
        "{ breaker: { consecutive failures: 6, wait: 5m } }",
        "{ retry: { attempts: 3, backoff: fixed 1ms } }",
    );
    assert_eq!(
        openings(&format!("{breaker}, {retry}, {{ timeout: 1s }}")),
        (18, 594),
        "six calls of three attempts each"
    );
    assert_eq!(
        openings(&format!("{retry}, {breaker}, {{ timeout: 1s }}")),
        (6, 598),
        "two calls of three attempts each"
    );
}

#[test]
fn a_retry_outside_the_breaker_may_repeat_its_rejections() {
    let edge = "{ guards: [ { retry: { attempts: 4, backoff: fixed 10ms, on: [ server error, rejected by breaker ] } }, \
        { breaker: { consecutive failures: 1, wait: 5m } }, { timeout: 1s } ] }";
    let finished = ten_a_second("{ fail: 100% }", edge);
    assert_eq!(call(&finished, "a -> b").attempts, 1);
    assert_eq!(finished.summary.breakers[0].rejected, 3 + 599 * 4, "each call asks four times");
    assert_eq!(
        finished.summary.workloads[0].latency_with_failures.max, 0.03,
        "and waits three times"
    );
}

#[test]
fn the_timeout_of_the_call_ends_its_retries_wherever_they_stand() {
    // Attempts of 300 ms with pauses of 200 ms; the time is up in the second pause, in the third
    // attempt, in a wait.
    let longest = |timeout: &str| {
        let edge = format!(
            "{{ call timeout: {timeout}, retry: {{ attempts: 5, backoff: fixed 200ms }}, timeout: 300ms }}"
        );
        let finished = ten_a_second("{ pause: 10s }", &edge);
        assert_eq!(ended(&finished, "a -> b", "timeout"), 600);
        assert!(finished.system.is_drained());
        (
            finished.summary.workloads[0].latency_with_failures.max,
            call(&finished, "a -> b").attempts / 600,
        )
    };
    assert_eq!(longest("900ms"), (0.9, 2));
    assert_eq!(longest("1100ms"), (1.1, 3));
    assert_eq!(longest("1m"), (2.3, 5), "five attempts and four pauses take less");
    let edge = "{ call timeout: 50ms, bulkhead: { semaphore: 1, max wait: 10s } }";
    let finished = ten_a_second("{ pause: 75ms }", edge);
    assert_eq!(
        ended(&finished, "a -> b", "timeout"),
        600,
        "the permit is given back with the call"
    );
    assert_eq!(pool(&finished, "a -> b").busy_max, 1);
    assert!((pool(&finished, "a -> b").utilization.unwrap_or(0.0) - 0.5).abs() < 0.01);
}

#[test]
fn a_timeout_between_two_retries_is_set_anew_for_each_try() {
    let edge = "{ guards: [ { retry: { attempts: 2, backoff: none } }, { timeout: 250ms }, \
        { retry: { attempts: 9, backoff: none } }, { timeout: 100ms } ] }";
    let finished = ten_a_second("{ pause: 10s }", edge);
    assert_eq!(finished.summary.workloads[0].latency_with_failures.max, 0.5, "two tries of 250 ms");
    assert_eq!(
        call(&finished, "a -> b").attempts,
        600 * 6,
        "each of attempts at 0, 100 and 200 ms"
    );
}

#[test]
fn rate_limits_reject_or_delay() {
    let limited = |limit: &str| {
        let finished = ten_a_second("{ pause: 1ms }", &format!("{{ rate limit: {limit} }}"));
        let longest = finished.summary.workloads[0].latency_with_failures.max;
        (
            ended(&finished, "a -> b", "ok"),
            ended(&finished, "a -> b", "rejected by rate limit"),
            longest,
        )
    };
    assert_eq!(limited("{ token bucket: 5.01/s }"), (300, 300, 0.001));
    assert_eq!(
        limited("{ gcra: 5.01/s, burst: 20 }"),
        (320, 280, 0.001),
        "a burst of 20, and 59.9 s at 5.01 a second"
    );
    assert_eq!(
        limited("{ fixed window: 1s, calls: 4 }"),
        (241, 359, 0.001),
        "sixty windows and the first call of another"
    );
    assert_eq!(limited("{ sliding log: 1s, calls: 4 }"), (240, 360, 0.001));
    let (ok, rejected, longest) = limited("{ leaky bucket: 5/s, queue: 10 }");
    assert_eq!(
        (ok + rejected, longest),
        (600, 2.001),
        "the last in a full queue waits for ten others"
    );
    assert!((300..=311).contains(&ok), "{ok}");
    // Eight permits a second: of ten calls two find none. They wait 0.2 s and 0.1 s for the next
    // cycle, whose permits they take.
    let resilience4j =
        "{ preset: resilience4j, limitForPeriod: 8, limitRefreshPeriod: 1s, timeoutDuration: 0s }";
    assert_eq!(
        limited(resilience4j),
        (481, 119, 0.001),
        "sixty cycles and the first call of another"
    );
    let patient = limited(
        "{ preset: resilience4j, limitForPeriod: 8, limitRefreshPeriod: 1s, timeoutDuration: 250ms }",
    );
    assert_eq!(patient.2, 0.25, "a call that gets no permit has waited all the same");
}

#[test]
fn a_shared_rate_limit_counts_all_callers_together() {
    let ok = |scope: &str| {
        let finished = run_sections(
            &format!(
                "run: {{ duration: 60s }}
                 workloads: {{ web: {{ to: a, arrivals: constant 20/s }} }}
                 services: {{ a: {{ instances: 2, handle: [ {{ call: b }} ] }}, b: {{ handle: [ {{ pause: 1ms }} ] }} }}
                 calls: {{ a -> b: {{ rate limit: {{ sliding log: 1s, calls: 5{scope} }} }} }}"
            ),
            &[],
        );
        ended(&finished, "a -> b", "ok")
    };
    assert_eq!((ok(""), ok(", scope: shared")), (600, 300));
}

#[test]
fn a_budget_bounds_the_retries_of_all_calls_together() {
    let attempts = |budget: &str| {
        let retry = format!("{{ retry: {{ attempts: 4, backoff: fixed 1ms{budget} }} }}");
        call(&ten_a_second("{ fail: 100% }", &retry), "a -> b").attempts
    };
    assert_eq!(attempts(""), 2400);
    // A fifth of 600 calls, and one a second; both are counted over slices of a second, so a few
    // at the end differ.
    let finagle =
        attempts(", budget: { preset: finagle, percentCanRetry: 0.2, minRetriesPerSec: 1 }");
    assert!((775..=792).contains(&finagle), "{finagle}");
    // Calls fail at once, so no two retries are under way at one time.
    assert_eq!(attempts(", budget: { preset: envoy, min_retry_concurrency: 1 }"), 2400);
    assert_eq!(
        attempts(", budget: { preset: envoy, budget_percent: 0, min_retry_concurrency: 0 }"),
        600
    );
    // Four failures leave six tokens of ten; the fourth was the last attempt, and the next one
    // leaves five, which is half.
    assert_eq!(attempts(", budget: { preset: grpc, maxTokens: 10, tokenRatio: 0.1 }"), 603);
    // 500 tokens are a hundred retries at five each.
    assert_eq!(attempts(", budget: { preset: aws }"), 700);
    assert_eq!(attempts(", budget: { preset: aws, capacity: 40, retry_cost: 8 }"), 605);
    // Three for the first call and two for the second leave less than a quarter of a token. From then on every fourth
    // call fills it up, and it never has more than one and a quarter.
    assert_eq!(attempts(", budget: { token bucket: 5, per call: 0.25 }"), 600 + 5 + 149);
    assert_eq!(attempts(", budget: { token bucket: 5, per call: 0 }"), 604);
    // One failure a call is more than any share below the whole; at the whole the first failure of a call is as many
    // as calls, until its retry fails.
    assert_eq!(attempts(", budget: { failure rate: 99% }"), 600);
    assert_eq!(attempts(", budget: { failure rate: 100% }"), 601);
}

/// A timeout costs ten tokens of thirty and an error five: a call that is answered at its second attempt gives its own
/// back.
#[test]
fn a_budget_of_aws_gives_back_what_a_successful_retry_took() {
    let retries = |handle: &str, budget: &str| {
        let retry = format!(
            "{{ timeout: 20ms, retry: {{ attempts: 2, backoff: fixed 1ms, budget: {{ preset: aws, {budget} }} }} }}"
        );
        call(&ten_a_second(handle, &retry), "a -> b").retries
    };
    let times_out = "{ pause: 30ms }";
    assert_eq!(retries("{ fail: 100% }", "capacity: 30"), 6);
    assert_eq!(retries(times_out, "capacity: 30"), 3);
    assert_eq!(retries(times_out, "capacity: 30, timeout_retry_cost: 5"), 6);
    let half_fail = "{ fail: 50% }";
    let nothing_else = "capacity: 30, no_retry_increment: 0";
    let given_back = retries(half_fail, nothing_else);
    assert!((7..30).contains(&given_back), "{given_back}");
    assert!(retries(half_fail, "capacity: 30") > 2 * given_back);
}

#[test]
fn a_hedge_takes_the_first_good_answer() {
    // One in two requests takes a second; a hedge after 100 ms gets most of those answered sooner.
    let system = |hedge: &str| {
        run_sections(
            &format!(
                "run: {{ duration: 600s, drain: 10s }}
                 workloads: {{ web: {{ to: a, arrivals: constant 10/s }} }}
                 services: {{ a: {{ handle: [ {{ call: b }} ] }}, b: {{ instances: 2, handle: [ {{ branch: 50%, then: [ {{ pause: 1s }} ], else: [ {{ pause: 10ms }} ] }} ] }} }}
                 calls: {{ a -> b: {{ timeout: 5s{hedge} }} }}"
            ),
            &[],
        )
    };
    let busy = |finished: &sim_experiments::Finished| {
        finished
            .summary
            .pools
            .iter()
            .filter(|pool| pool.owner.starts_with('b'))
            .map(|pool| pool.busy_mean)
            .sum::<f64>()
    };
    let (without, with) = (system(""), system(", hedge: { delay: 100ms }"));
    let slow = |finished: &sim_experiments::Finished| finished.summary.workloads[0].latency.mean;
    assert!((slow(&without) - 0.505).abs() < 0.02, "{}", slow(&without));
    // Half at 10 ms, a quarter at 110 ms, a quarter at a second.
    assert!((slow(&with) - 0.2825).abs() < 0.02, "{}", slow(&with));
    let call = call(&with, "a -> b");
    assert!(
        (call.attempts as f64 / call.calls as f64 - 1.5).abs() < 0.03,
        "every slow one is hedged"
    );
    // Without cancelling, the losers keep working: half of the hedged quarter that is answered at
    // 110 ms still holds its first request for 890 ms more, and so on.
    let wasteful = system(", hedge: { delay: 100ms, cancel losers: false }");
    assert!(busy(&wasteful) > busy(&with) * 1.3, "{} against {}", busy(&wasteful), busy(&with));
    assert!(with.system.is_drained() && wasteful.system.is_drained());
}

#[test]
fn a_hedge_waits_for_the_others_when_one_fails() {
    let hedge = "{ timeout: 5s, hedge: { delay: 100ms, max: 3 } }";
    let finished = ten_a_second("{ pause: 250ms }, { fail: 100% }", hedge);
    assert_eq!(call(&finished, "a -> b").attempts, 3 * 600);
    let latency = finished.summary.workloads[0].latency_with_failures;
    assert_eq!((latency.mean, latency.max), (0.45, 0.45), "the third request fails last");
}

#[test]
fn without_cancellation_a_timeout_stops_no_request_of_a_hedge() {
    let finished = run_sections(
        "run: { duration: 60s, drain: 60s }
         workloads: { web: { to: a, arrivals: constant 10/s } }
         services: { a: { handle: [ { call: b } ] }, b: { cpus: 200, handle: [ { work: 4s } ] } }
         calls: { a -> b: { timeout: 500ms, hedge: { delay: 100ms } } }",
        &[],
    );
    let worked = pool(&finished, "b").busy_mean * finished.summary.simulated_seconds / 60.0;
    assert!((worked - 80.0).abs() < 0.5, "both requests of each call work to their end: {worked}");
}

/// A paused process learns of a cancellation when it goes on: it does not do the work.
#[test]
fn a_paused_process_notices_cancellations_when_it_goes_on() {
    let busy = |settings: &str| {
        let finished = run_sections(
            &format!(
                "run: {{ duration: 5s, drain: 60s }}
                 workloads: {{ web: {{ to: a, arrivals: constant 10/s }} }}
                 services: {{ a: {{ threads: 1, handle: [ {{ work: 1s }} ] }} }}
                 calls: {{ web -> a: {{ timeout: 500ms {settings} }} }}
                 faults: [ {{ at: 0s, for: 20s, pause: a }} ]"
            ),
            &[],
        );
        pool(&finished, "a").busy_mean * 65.0
    };
    // Each of the 49 requests has been left by its client long before the process goes on.
    assert!((busy("") - 45.0).abs() < 0.1, "{}", busy(""));
    assert_eq!(busy(", cancellation: true"), 0.0);
}

#[test]
fn cancellation_stops_the_work_of_the_callee_and_of_whom_it_called() {
    let busy = |settings: &[&str]| {
        let finished = run_sections(
            "run: { duration: 60s, drain: 60s }
             workloads: { web: { to: a, arrivals: constant 10/s } }
             services: { a: { handle: [ { call: b } ] }, b: { handle: [ { parallel: [ [ { call: c } ], [ { work: 2s } ] ] } ] }, c: { cpus: 100, handle: [ { work: 3s } ] } }
             calls: { a -> b: { timeout: 500ms }, b -> c: { bulkhead: { semaphore: 1000 }, breaker: { consecutive failures: 1 } } }",
            settings,
        );
        assert!(finished.system.is_drained());
        ["a", "b", "c"].map(|owner| {
            pool(&finished, owner).busy_mean * finished.summary.simulated_seconds / 60.0
        })
    };
    let close = |left: [f64; 3], right: [f64; 3]| {
        left.iter().zip(right).all(|(left, right)| (left - right).abs() < 0.2)
    };
    let worked = busy(&[]);
    assert!(close(worked, [5.0, 30.0, 30.0]), "{worked:?}");
    let cancelled = busy(&["calls.a -> b.cancellation=true"]);
    assert!(close(cancelled, [5.0, 5.0, 30.0]), "c does not learn of it: {cancelled:?}");
    let both = busy(&["calls.a -> b.cancellation=true", "calls.b -> c.cancellation=true"]);
    assert!(close(both, [5.0, 5.0, 5.0]), "{both:?}");
    let late = busy(&["calls.a -> b.cancellation=true", "calls.a -> b.latency=100ms"]);
    assert!(
        close(late, [5.0, 5.0, 30.0]),
        "the request and the cancellation both take 100 ms: {late:?}"
    );
}

#[test]
fn a_deadline_that_is_passed_on_stops_work_that_nobody_waits_for() {
    let busy = |settings: &[&str]| {
        let finished = run_sections(
            "run: { duration: 60s, drain: 60s }
             workloads: { web: { to: a, arrivals: constant 10/s } }
             services: { a: { handle: [ { call: b } ] }, b: { handle: [ { pause: 300ms }, { call: c }, { work: 1s } ] }, c: { threads: 100, handle: [ { work: 300ms }, { work: 2s } ] } }
             calls: { a -> b: { timeout: 500ms }, b -> c: { timeout: 10s, retry: { attempts: 5, backoff: fixed 10ms } } }",
            settings,
        );
        assert!(finished.system.is_drained());
        (
            ["b", "c"].map(|owner| {
                (pool(&finished, owner).busy_mean * finished.summary.simulated_seconds / 5.99)
                    .round()
                    / 100.0
            }),
            call(&finished, "b -> c").calls,
            ended(&finished, "b -> c", "timeout"),
        )
    };
    assert_eq!(busy(&[]).1, 599);
    let (known_to_b, calls, timeouts) = busy(&["calls.a -> b.propagate deadline=true"]);
    // b waits until its own time is up, and retries nothing; c works to the end.
    assert_eq!((known_to_b, calls, timeouts), ([0.5, 2.3], 599, 599));
    let (known_to_both, ..) =
        busy(&["calls.a -> b.propagate deadline=true", "calls.b -> c.propagate deadline=true"]);
    assert_eq!(known_to_both, [0.5, 0.3], "c stops after its first step, 100 ms too late");
    let (never_called, calls, _) =
        busy(&["calls.a -> b.propagate deadline=true", "calls.a -> b.timeout=250ms"]);
    assert_eq!((never_called, calls), ([0.3, 0.0], 0), "b stops before it calls");
}

#[test]
fn a_callee_that_asks_callers_to_stay_away_is_left_alone_so_long() {
    let longest = |retry: &str| {
        let edge = format!("{{ retry: {{ attempts: 3, backoff: fixed 100ms{retry} }} }}");
        ten_a_second("{ fail: 100%, retry after: 2s }", &edge).summary.workloads[0]
            .latency_with_failures
            .max
    };
    assert_eq!((longest(""), longest(", honour retry after: true")), (0.2, 4.0));
}

#[test]
fn operators_override_breakers_at_scheduled_times() {
    let system = |operator: &str| {
        run_sections(
            &format!(
                "run: {{ duration: 60050ms }}
                 workloads: {{ web: {{ to: a, arrivals: constant 10/s }} }}
                 services: {{ a: {{ handle: [ {{ call: b }} ] }}, b: {{ handle: [ {{ fail: 100% }} ] }} }}
                 calls: {{ a -> b: {{ timeout: 1s, breaker: {{ consecutive failures: 5, wait: 5m }} }} }}
                 operator: [ {operator} ]"
            ),
            &[],
        )
    };
    let passed = |operator: &str| ended(&system(operator), "a -> b", "server error");
    assert_eq!(passed(""), 5);
    assert_eq!(passed("{ at: 0s, force open: a -> b }"), 0);
    assert_eq!(passed("{ at: 30.05s, reset: a -> b }"), 10);
    assert_eq!(
        passed("{ at: 30.05s, for: 10s, force closed: a -> b }"),
        5 + 100 + 5,
        "and begins anew"
    );
    assert_eq!(passed("{ at: 30.05s, for: 10s, disable: a -> b }"), 5 + 100, "and is still open");
    assert_eq!(passed("{ at: 30.05s, disable: a -> b }, { at: 40.05s, enable: a -> b }"), 5 + 100);
    let breaker = &system("{ at: 30.05s, for: 10s, force closed: a -> b }").summary.breakers[0];
    assert_eq!((breaker.opened, breaker.transitions), (2, 3));
}

#[test]
fn a_breaker_whose_logic_fails_lets_calls_pass_or_rejects_them() {
    let passed = |broken: &str| {
        let finished = run_sections(
            &format!(
                "run: {{ duration: 60050ms }}
                 workloads: {{ web: {{ to: a, arrivals: constant 10/s }} }}
                 services: {{ a: {{ handle: [ {{ call: b }} ] }}, b: {{ handle: [ {{ work: 1ms }} ] }} }}
                 calls: {{ a -> b: {{ timeout: 1s, breaker: {{ consecutive failures: 5{broken} }} }} }}
                 faults: [ {{ at: 10.05s, for: 20s, break breaker: a -> b }} ]"
            ),
            &[],
        );
        ended(&finished, "a -> b", "ok")
    };
    assert_eq!(
        (passed(""), passed(", broken: fail open"), passed(", broken: fail closed")),
        (600, 600, 400)
    );
}

#[test]
fn a_breaker_shared_through_a_store_is_known_to_the_others_later() {
    // Four instances of the caller. One failure in each opens the breaker; then each keeps calling
    // until it hears the news.
    let passed = |scope: &str| {
        let finished = run_sections(
            &format!(
                "run: {{ duration: 10s }}
                 workloads: {{ web: {{ to: a, arrivals: constant 40/s }} }}
                 services: {{ a: {{ instances: 4, handle: [ {{ call: b }} ] }}, b: {{ handle: [ {{ fail: 100% }} ] }} }}
                 calls: {{ a -> b: {{ timeout: 1s, breaker: {{ failures: 4, wait: 5m{scope} }} }} }}"
            ),
            &[],
        );
        ended(&finished, "a -> b", "server error")
    };
    assert_eq!(passed(""), 16, "each opens its own");
    assert_eq!(passed(", scope: shared"), 4);
    assert_eq!(
        passed(", scope: store, propagation: 1010ms"),
        4 + 3 * 10,
        "three others, ten calls a second each, for a second"
    );
}

#[test]
fn hystrix_brings_its_pool_of_threads_and_its_timeout() {
    let finished = ten_a_second(
        "{ pause: 10s }",
        "{ breaker: { preset: hystrix, coreSize: 5, executionTimeoutInMilliseconds: 2000 } }",
    );
    // In the first 2 s five calls find a thread; then there are ten errors a second, and at 2.5 s
    // the timer sees twenty.
    assert_eq!(
        finished.summary.breakers[0].opened, 9,
        "at 2.5 s, then every 7.1 s: the sleep window, the next call, its timeout"
    );
    assert_eq!(
        finished
            .summary
            .pools
            .iter()
            .find(|pool| pool.owner == "a -> b")
            .map(|pool| (pool.capacity, pool.busy_max)),
        Some((Some(5), 5))
    );
    assert!(ended(&finished, "a -> b", "timeout") >= 5);
}

#[test]
fn a_mesh_breaker_and_a_client_breaker_can_guard_the_same_call() {
    let edge = "{ guards: [ { breaker: { failures: 5, wait: 5m } }, { breaker: { failures: 3, wait: 5s, scope: shared } }, { timeout: 1s } ] }";
    let finished = ten_a_second("{ fail: 100% }", edge);
    let breakers: Vec<(&str, u64)> = finished
        .summary
        .breakers
        .iter()
        .map(|breaker| (breaker.edge.as_str(), breaker.opened))
        .collect();
    // The inner one opens after three failures, and again after each probe, which fails; rejections
    // do not count for the outer one, which opens at the second probe.
    assert_eq!(breakers, [("a -> b", 1), ("a -> b (breaker 2)", 3)]);
    assert_eq!(call(&finished, "a -> b").attempts, 5);
}

#[test]
fn a_retry_that_goes_elsewhere_asks_the_breaker_of_the_new_instance() {
    // One of two instances fails. With the breakers outside the retry, attempts after the first go
    // to another instance without asking its breaker; with them inside, only the bad instance's
    // breaker opens.
    let system = |guards: &str| {
        run_sections(
            &format!(
                "run: {{ duration: 60050ms }}
                 workloads: {{ web: {{ to: a, arrivals: constant 10/s }} }}
                 services: {{ a: {{ handle: [ {{ call: b }} ] }}, b: {{ instances: 2, handle: [ {{ work: 1ms }} ] }} }}
                 calls: {{ a -> b: {{ new instance per attempt: true, guards: [ {guards}, {{ timeout: 1s }} ] }} }}
                 faults: [ {{ at: 0s, errors: b, rate: 100%, instances: 1 }} ]"
            ),
            &[],
        )
    };
    let retry =
        "{ retry: { attempts: 2, backoff: none, on: [ server error, rejected by breaker ] } }";
    let breaker = "{ breaker: { failures: 5, wait: 5m, scope: callee instance } }";
    let opened = |finished: &sim_experiments::Finished| {
        finished.summary.breakers.iter().map(|breaker| breaker.opened).collect::<Vec<_>>()
    };
    let inside = system(&format!("{retry}, {breaker}"));
    assert_eq!((opened(&inside), ended(&inside, "a -> b", "ok")), (vec![1, 0], 600));
    let outside = system(&format!("{breaker}, {retry}"));
    assert_eq!(
        (opened(&outside), ended(&outside, "a -> b", "ok")),
        (vec![0, 0], 600),
        "every call succeeds in the end"
    );
}

#[test]
fn a_deadline_that_was_passed_on_also_ends_the_wait_for_a_guard() {
    // One permit, held for ten seconds by the first call; b knows that its own caller waits for
    // half a second.
    let busy = |propagate: bool| {
        let finished = run_sections(
            &format!(
                "run: {{ duration: 5050ms, drain: 60s }}
                 workloads: {{ web: {{ to: a, arrivals: constant 10/s }} }}
                 services: {{ a: {{ handle: [ {{ call: b }} ] }}, b: {{ handle: [ {{ call: c }} ] }}, c: {{ handle: [ {{ pause: 10s }} ] }} }}
                 calls: {{ a -> b: {{ timeout: 500ms, propagate deadline: {propagate} }}, \
                     b -> c: {{ bulkhead: {{ semaphore: 1, max wait: 20s }}, retry: {{ attempts: 3, backoff: none }} }} }}"
            ),
            &[],
        );
        assert!(finished.system.is_drained());
        (ended(&finished, "b -> c", "timeout"), pool(&finished, "b").busy_max)
    };
    let (timeouts, most) = busy(true);
    assert!(
        timeouts == 50 && most <= 6,
        "each of fifty requests gives up after half a second: {timeouts}, {most}"
    );
    assert!(busy(false).1 > 40, "nobody tells b, and its requests pile up");
}

/// Nine of ten calls find no permit. A library whose breaker takes every error as a failure opens.
#[test]
fn libraries_that_take_every_error_count_the_rejections_of_guards_further_in() {
    let rejected = |breaker: &str| {
        let edge = format!(
            "{{ guards: [ {{ breaker: {{ {breaker} }} }}, {{ bulkhead: {{ semaphore: 1 }} }} ] }}"
        );
        ended(&ten_a_second("{ pause: 1s }", &edge), "a -> b", "rejected by breaker")
    };
    for takes_all in [
        "preset: resilience4j, minimumNumberOfCalls: 5, slidingWindowSize: 5",
        "preset: opossum",
        "preset: cockatiel, halfOpenAfter: 5s, ConsecutiveBreaker: 5",
    ] {
        assert!(rejected(takes_all) > 100, "{takes_all}");
        let as_written = format!("{takes_all}, counts: [ server error, timeout ]");
        assert_eq!(rejected(&as_written), 0, "{takes_all}");
    }
    assert_eq!(rejected("consecutive failures: 5"), 0);
}

/// In a steady state a throttle sends k calls for each that is accepted.
#[test]
fn a_throttle_sends_a_multiple_of_what_is_accepted() {
    let system = |throttle: &str, rate: u32| {
        run_sections(
            &format!(
                "run: {{ duration: 20m, warmup: 5m, drain: 10s }}
                 workloads: {{ web: {{ to: a, arrivals: poisson {rate}/s }} }}
                 services: {{ a: {{ handle: [ {{ call: b }} ] }}, b: {{ threads: {{ max: 1, queue: 0 }}, handle: [ {{ work: 20ms }} ] }} }}
                 calls: {{ a -> b: {{ timeout: 1s, throttle: {{ {throttle} }} }} }}"
            ),
            &[],
        )
    };
    for (throttle, k) in [("", 2.0), ("k: 1.5, over: 30s", 1.5), ("k: 3", 3.0)] {
        let finished = system(throttle, 200);
        let call = call(&finished, "a -> b");
        let sent = call.attempts as f64;
        let accepted = ended(&finished, "a -> b", "ok") as f64;
        assert!(
            (sent / accepted / k - 1.0).abs() < 0.05,
            "{throttle}: {} for each",
            sent / accepted
        );
        let rejected = ended(&finished, "a -> b", "rejected by throttle");
        assert_eq!(rejected + call.attempts, call.calls);
    }
    let calm = system("", 5);
    assert_eq!(ended(&calm, "a -> b", "rejected by throttle"), 0, "a tenth is lost, not a half");
}

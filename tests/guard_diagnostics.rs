//! Messages of `fusebox check` about mistakes in guards, each with its place and what would be
//! right.

use sim_reports::{Palette, diagnostics};

use crate::running::load_text;

/// The messages about a call with this section.
fn said_of_call(call: &str) -> String {
    said(&format!(
        "workloads: {{ web: {{ to: a, arrivals: poisson 1/s }} }}
services: {{ a: {{ handle: [ {{ call: b }} ] }}, b: {{ instances: 3, handle: [ {{ work: 1ms }} ] }} }}
calls:
  a -> b: {call}
"
    ))
}

fn said(text: &str) -> String {
    let loaded = load_text(text, &[]);
    diagnostics::render(&loaded.problems, &loaded.sources, Palette::Plain)
}

#[test]
fn mistakes_in_lists_and_limits() {
    let answers = [
        "{ timeout: 1s, guards: [ { retry: { attempts: 2, backoff: none } } ] }",
        "{ guards: [ { retry: { attempts: 2, backoff: none }, timeout: 1s }, { braker: {} } ] }",
        "{ guards: [ { hedge: { delay: 10ms } }, { bulkhead: { semaphore: 2 } } ] }",
        "{ hedge: { delay: 10ms, max: 9 } }",
        "{ rate limit: { token bucket: 5/s, gcra: 5/s } }",
        "{ rate limit: { fixed window: 1s } }",
        "{ rate limit: { leaky bucket: 0/s, burst: 3 } }",
        "{ rate limit: { preset: resilience4j, calls: 3, limitForPeriod: 0 } }",
        "{ bulkhead: { semaphore: 3, threads: 4 } }",
        "{ bulkhead: { threads: 4, core: 9 } }",
        "{ retry: { attempts: 3, backoff: fibonaci 3ms } }",
        "{ retry: { attempts: 3, backoff: none, budget: { preset: grpc, ttl: 3s } } }",
        "{ retry: { attempts: 3, backoff: none, budget: { preset: finagle, ttl: 3m } } }",
        "{ retry: { attempts: 3, backoff: none, budget: {} } }",
        "{ retry: { attempts: 3, backoff: none, budget: { preset: aws, retryCost: 3, capacity: 600000000 } } }",
        "{ retry: { attempts: 3, backoff: none, budget: { preset: aws, per call: 3 } } }",
        "{ retry: { attempts: 3, backoff: none, budget: { token bucket: 1, per call: -1 } } }",
        "{ retry: { attempts: 3, backoff: none, budget: { token bucket: 5, failure rate: 10% } } }",
        "{ retry: { attempts: 3, backoff: none, budget: { failure rate: 10, window: 0s } } }",
    ];
    insta::assert_snapshot!(answers.map(said_of_call).join("----\n"));
}

#[test]
fn zero_is_no_limit_to_hikari_and_less_than_it_starts_with_is_a_warning() {
    let said = |timeout: &str| {
        said(&format!(
            "workloads: {{ web: {{ to: a, arrivals: poisson 1/s }} }}
services: {{ a: {{ pools: {{ db: {{ preset: hikari, connectionTimeout: {timeout} }} }}, handle: [ {{ hold: db, steps: [ {{ work: 1ms }} ] }} ] }} }}"
        ))
    };
    assert_eq!(said("0").trim(), "");
    assert_eq!(said("250").trim(), "");
    assert!(said("249").contains("HikariCP does not start"), "{}", said("249"));
}

#[test]
fn a_key_in_another_case_is_meant_and_not_one_of_another_library() {
    for (preset, written, meant) in [
        ("polly standard handler", "retry", "Retry"),
        ("resilience4j", "Retry", "retry"),
        ("resilience4j", "circuitBreaker", "circuitbreaker"),
    ] {
        let said = said_of_call(&format!("{{ guards: {{ preset: {preset}, {written}: {{}} }} }}"));
        assert!(said.contains(&format!("did you mean `{meant}`?")), "{said}");
    }
}

#[test]
fn mistakes_in_the_guards_of_a_library() {
    let answers = [
        "{ guards: resilience4j }",
        "{ guards: { retry: { maxAttempts: 3 } } }",
        "{ guards: { preset: resiliense4j } }",
        "{ timeout: 1s, guards: { preset: resilience4j, timelimiter: {} } }",
        "{ guards: { preset: resilience4j, circuitBreaker: {}, retry: { attempts: 3 } } }",
        "{ guards: { preset: resilience4j, bulkhead: {}, thread-pool-bulkhead: {} } }",
        "{ guards: { preset: resilience4j, retry: {}, circuitbreaker: {}, retryAspectOrder: 3, circuitBreakerAspectOrder: 3, bulkheadAspectOrder: 9 } }",
        "{ guards: { preset: resilience4j, Retry: {} } }",
        "{ guards: { preset: polly standard handler, Timeout: { Timeout: 3s }, retry: {} } }",
        "{ guards: { preset: polly standard handler, retryAspectOrder: 3 } }",
        "{ guards: { preset: polly standard handler, AttemptTimeout: { Timeout: 40s } } }",
        "{ guards: { preset: polly standard handler, TotalRequestTimeout: { Timeout: 1ms } } }",
    ];
    insta::assert_snapshot!(answers.map(said_of_call).join("----\n"));
}

#[test]
fn mistakes_in_presets_of_single_guards() {
    let answers = [
        "{ timeout: { preset: polly, Timeout: 1ms } }",
        "{ timeout: { preset: polly, timeoutDuration: 1s } }",
        "{ timeout: { preset: cockatiel, strategy: Aggresive } }",
        "{ bulkhead: { preset: cockatiel, queue: 3 } }",
        "{ retry: { preset: cockatiel, backoff: { ConstantBackoff: 1s, ExponentialBackoff: {} } } }",
        "{ retry: { preset: cockatiel, maxAttempts: 3, backoff: { ExponentialBackoff: { exponent: 0.5 } } } }",
        "{ retry: { preset: cockatiel, maxAttempts: 3, backoff: { ExponentialBackoff: { exponent: 3, generator: noJitterGenerator } } } }",
        "{ breaker: { preset: hystrix, maximumSize: 20, maxQueueSize: 5, queueSizeRejectionThreshold: 0 } }",
        "{ breaker: { preset: hystrix, executionIsolationStrategy: THREAD, executionIsolationSemaphoreMaxConcurrentRequests: 3 } }",
        "{ breaker: { preset: opossum, timeout: true, allowWarmUp: yes } }",
    ];
    insta::assert_snapshot!(answers.map(said_of_call).join("----\n"));
}

#[test]
fn mistakes_in_breakers() {
    let answers = [
        "{ window: 60s in 0 buckets, wait: adaptive 30s min 1h max 5m }",
        "{ window: 10 calls, failures: 20 }",
        "{ counts: [ timeout ], ignores: [ timeout ], propagation: 1s }",
        "{ half-open calls: 1, success threshold: 3, half-open max stay: 0s, late results: forgotten }",
        "{ preset: polly, FailureRatio: 20, BreakDuration: 1ms, failure rate: 10% }",
        "{ preset: hystrix, metricsHealthSnapshotIntervalInMilliseconds: 300, timeout: 1s }",
        "{ preset: envoy, maxConnections: 10, scope: shared }",
        "{ preset: istio, outlierDetection: { consecutive5xx: 3 } }",
        "{ preset: envoy, retry_budget: { budget_percent: 300 } }",
    ];
    insta::assert_snapshot!(
        answers
            .map(|breaker| said_of_call(&format!("{{ timeout: 1s, breaker: {breaker} }}")))
            .join("----\n")
    );
}

#[test]
fn mistakes_in_balancers_and_fallbacks() {
    let answers = [
        "{ balance: least outstandin }",
        "{ balance: { policy: weighted, weights: [1, 2] } }",
        "{ balance: { policy: random, decay: 3s, overprovisioning: 2 } }",
        "{ balance: { outlier detection: { max_ejection_percent: 300, interval: 0s } } }",
        "{ fallback: [ default, { cached: { hit rate: 50% } } ] }",
        "{ fallback: { call: nobody } }",
        "{ fallback: { cached: { hit rate: 50% }, call: b } }",
        "{ fallback: cached }",
    ];
    insta::assert_snapshot!(answers.map(said_of_call).join("----\n"));
}

#[test]
fn mistakes_in_admission_and_operations() {
    let service = |admission: &str| {
        said(&format!(
            "priorities: [ high, low ]
workloads: {{ web: {{ to: a, arrivals: poisson 1/s, priority: hihg }} }}
services:
  a: {{ threads: 10, handle: [ {{ work: 1ms }} ], admission: {admission} }}
"
        ))
    };
    let admissions = [
        "{ order: strict, weights: [1, 2] }",
        "{ order: weighted, weights: [1] }",
        "{ order: reserved, reserved: [10, 0] }",
        "{ red: { min: 30, max: 10 }, retry after: 1s }",
        "{ retry after: 1s }",
        "{ concurrency: { limit: vegas, minLimit: 3 } }",
    ];
    let operations = said(
        "workloads: { web: { to: a, arrivals: poisson 1/s } }
services: { a: { handle: [ { work: 1ms } ] } }
operator: [ { at: 1s, force open: web -> a }, { at: 1s, reset: a, disable: a }, { at: 1s, for: 3s, enable: web -> b } ]
faults: [ { at: 1s, break breaker: web -> a } ]
",
    );
    insta::assert_snapshot!(admissions.map(service).join("----\n") + "----\n" + &operations);
}

#[test]
fn orders_that_the_literature_calls_mistakes_are_warned_of() {
    let answers = [
        "{ guards: [ { retry: { attempts: 3, backoff: none } }, { breaker: { failures: 5 } }, { timeout: 1s } ] }",
        "{ call timeout: 2s, retry: { attempts: 3, backoff: fixed 100ms }, timeout: 1s }",
        "{ call timeout: 500ms, timeout: 1s }",
        "{ timeout: 50ms, hedge: { delay: 60ms } }",
        "{ propagate deadline: true }",
        "{ breaker: { failures: 5 } }",
    ];
    let multiplied = said(
        "workloads: { web: { to: a, arrivals: poisson 1/s } }
services: { a: { handle: [ { call: b } ] }, b: { handle: [ { call: c } ] }, c: { idempotent: false, handle: [ { work: 1ms } ] } }
calls: { a -> b: { retry: { attempts: 3, backoff: none } }, b -> c: { timeout: 1s, retry: { attempts: 3, backoff: none }, hedge: { delay: 100ms } } }
",
    );
    insta::assert_snapshot!(answers.map(said_of_call).join("----\n") + "----\n" + &multiplied);
    let sound = "{ call timeout: 5s, bulkhead: { semaphore: 9 }, breaker: { failures: 5 }, retry: { attempts: 3, backoff: exponential 50ms x2 full jitter }, timeout: 1s, hedge: { delay: 100ms } }";
    assert_eq!(said_of_call(sound), "");
}

#[test]
fn attempts_multiply_over_every_level() {
    // Site Reliability Engineering (Beyer et al., 2016), chapter 22: three layers that make four
    // attempts each ask the lowest 64 times.
    let chain = |calls: &str| {
        let text = format!(
            "workloads: {{ web: {{ to: front, arrivals: constant 1/s }} }}
services:
  front: {{ handle: [ {{ call: mid }} ] }}
  mid: {{ handle: [ {{ call: back }} ] }}
  back: {{ handle: [ {{ call: store }} ] }}
  store: {{ handle: [ {{ work: 1ms }} ] }}
calls: {{ {calls} }}
"
        );
        let messages = load_text(&text, &[]).problems.into_iter().map(|problem| problem.message);
        messages.filter(|it| it.starts_with("retries multiply")).collect::<Vec<_>>()
    };
    let retry = |edge: &str| format!("{edge}: {{ retry: {{ attempts: 4, backoff: none }} }}");
    let all = ["front -> mid", "mid -> back", "back -> store"].map(retry).join(", ");
    assert_eq!(
        chain(&all),
        [
            "retries multiply: `back` is called up to 16 times for one request",
            "retries multiply: `store` is called up to 64 times for one request",
        ]
    );
    // A level in between that does not try again passes on what comes from above.
    let outer = ["front -> mid", "back -> store"].map(retry).join(", ");
    assert_eq!(
        chain(&outer),
        ["retries multiply: `store` is called up to 16 times for one request"]
    );
    assert_eq!(chain(&retry("back -> store")), [""; 0]);
}

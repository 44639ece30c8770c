//! Guards of libraries, all at once (`guards: { preset: … }`) and one by one, are the guards that they
//! stand for.

use crate::running::{blueprint, load_text};

/// A system whose call has this section, in full.
fn system(call: &str) -> String {
    let text = format!(
        "workloads: {{ web: {{ to: a, arrivals: constant 1/s }} }}
services: {{ a: {{ handle: [ {{ call: b }} ] }}, b: {{ handle: [ {{ work: 1ms }} ] }} }}
calls: {{ a -> b: {call} }}"
    );
    format!("{:?}", blueprint(&load_text(&text, &[])))
}

#[track_caller]
fn assert_same(call: &str, other: &str) {
    assert_eq!(system(call), system(other), "{call}\n{other}");
}

#[test]
fn resilience4js_modules_are_nested_like_springs_aspects() {
    assert_same(
        "{ guards: { preset: resilience4j, bulkhead: {}, timelimiter: {}, ratelimiter: {}, circuitbreaker: {}, retry: {} } }",
        "{ guards: [
            { retry: { preset: resilience4j } },
            { breaker: { preset: resilience4j } },
            { rate limit: { preset: resilience4j } },
            { timeout: { preset: resilience4j } },
            { bulkhead: { preset: resilience4j } } ] }",
    );
    assert_same(
        "{ guards: { preset: resilience4j, thread-pool-bulkhead: { queueCapacity: 5 }, timelimiter: { timeoutDuration: 3s } } }",
        "{ guards: [
            { timeout: 3s },
            { bulkhead: { preset: resilience4j thread pool, queueCapacity: 5 } } ] }",
    );
    assert_same("{ guards: { preset: resilience4j } }", "{}");
}

#[test]
fn a_module_takes_the_keys_that_every_preset_takes() {
    assert_same(
        "{ guards: { preset: resilience4j,
            retry: { maxAttempts: 5, on: [ timeout ], budget: { preset: finagle } },
            circuitbreaker: { slidingWindowSize: 9, counts: [ timeout ], ignores: [ refused ], scope: shared },
            ratelimiter: { limitForPeriod: 3, scope: shared } } }",
        "{ guards: [
            { retry: { preset: resilience4j, maxAttempts: 5, on: [ timeout ], budget: { preset: finagle } } },
            { breaker: { preset: resilience4j, slidingWindowSize: 9, counts: [ timeout ], ignores: [ refused ], scope: shared } },
            { rate limit: { preset: resilience4j, limitForPeriod: 3, scope: shared } } ] }",
    );
}

/// An application that swaps two aspects (resilience4j/resilience4j#515).
#[test]
fn aspect_orders_put_the_breaker_outside_the_retry() {
    let set = |orders: &str| {
        format!(
            "{{ guards: {{ preset: resilience4j,
                circuitbreaker: {{ slidingWindowSize: 40, minimumNumberOfCalls: 8 }},
                retry: {{ maxAttempts: 4, waitDuration: 200ms }}, {orders} }} }}"
        )
    };
    let breaker =
        "{ breaker: { preset: resilience4j, slidingWindowSize: 40, minimumNumberOfCalls: 8 } }";
    let retry = "{ retry: { preset: resilience4j, maxAttempts: 4, waitDuration: 200ms } }";
    let outside = format!("{{ guards: [ {breaker}, {retry} ] }}");
    assert_same(&set("circuitBreakerAspectOrder: 2, retryAspectOrder: 3"), &outside);
    assert_same(&set("circuitBreakerAspectOrder: 1"), &outside);
    assert_same(&set("retryAspectOrder: 2147483644"), &outside);
    let inside = format!("{{ guards: [ {retry}, {breaker} ] }}");
    assert_same(&set("circuitBreakerAspectOrder: 3, retryAspectOrder: 2"), &inside);
    assert_same(&set("retryAspectOrder: -1"), &inside);
}

#[test]
fn the_standard_handler_has_all_five_strategies() {
    assert_same(
        "{ guards: { preset: polly standard handler } }",
        "{ guards: [
            { bulkhead: { preset: polly, PermitLimit: 1000, QueueLimit: 0 } },
            { timeout: 30s },
            { retry: { preset: polly, MaxRetryAttempts: 3, Delay: 2s, BackoffType: Exponential, UseJitter: true, ShouldRetryAfterHeader: true } },
            { breaker: { preset: polly, FailureRatio: 0.1, MinimumThroughput: 100, SamplingDuration: 30s, BreakDuration: 5s } },
            { timeout: 10s } ] }",
    );
    assert_same(
        "{ guards: { preset: polly standard handler,
            AttemptTimeout: { Timeout: 2s },
            CircuitBreaker: { MinimumThroughput: 10, counts: [ timeout ] },
            Retry: { BackoffType: Constant, UseJitter: false, ShouldRetryAfterHeader: false, on: [ timeout ] },
            RateLimiter: { PermitLimit: 7, QueueLimit: 3 },
            TotalRequestTimeout: { Timeout: 9s } } }",
        "{ guards: [
            { bulkhead: { preset: polly, PermitLimit: 7, QueueLimit: 3 } },
            { timeout: 9s },
            { retry: { preset: polly, on: [ timeout ] } },
            { breaker: { preset: polly, MinimumThroughput: 10, counts: [ timeout ] } },
            { timeout: 2s } ] }",
    );
}

/// Nobody can move the retry of .NET's handler; Spring's can be moved.
#[test]
fn only_an_order_that_can_be_changed_is_warned_of() {
    let warned = |guards: &str| {
        let text = format!(
            "workloads: {{ web: {{ to: a, arrivals: constant 1/s }} }}
services: {{ a: {{ handle: [ {{ work: 1ms }} ] }} }}
calls: {{ web -> a: {{ guards: {guards} }} }}"
        );
        let problems = load_text(&text, &[]).problems;
        problems.iter().any(|it| it.message.contains("is outside its breaker"))
    };
    assert!(warned("{ preset: resilience4j, retry: {}, circuitbreaker: {} }"));
    assert!(!warned("{ preset: polly standard handler }"));
}

#[test]
fn timeouts_of_libraries_are_timeouts() {
    assert_same("{ timeout: { preset: polly } }", "{ timeout: 30s }");
    assert_same("{ timeout: { preset: polly, Timeout: 2s } }", "{ timeout: 2s }");
    for strategy in ["", ", strategy: Aggressive", ", strategy: Cooperative"] {
        let timeout = format!("{{ timeout: {{ preset: cockatiel, duration: 2s{strategy} }} }}");
        assert_same(&timeout, "{ timeout: 2s }");
    }
}

#[test]
fn cockatiels_retry_counts_the_attempts_after_the_first() {
    let on = "on: [ timeout, refused ]";
    let retry = |rule: &str| format!("{{ timeout: 1s, retry: {{ {rule}, {on} }} }}");
    let cockatiel = |rule: &str| retry(&format!("preset: cockatiel, maxAttempts: 2, {rule}"));
    for (backoff, own) in [
        ("backoff: { ConstantBackoff: 300ms }", "fixed 300ms"),
        (
            "backoff: { ExponentialBackoff: { generator: noJitterGenerator } }",
            "exponential 128ms x2 max 30s",
        ),
        (
            "backoff: { ExponentialBackoff: { generator: fullJitterGenerator, initialDelay: 1s } }",
            "exponential 1s x2 max 30s full jitter",
        ),
        (
            "backoff: { ExponentialBackoff: { generator: halfJitterGenerator, maxDelay: 5s } }",
            "exponential 128ms x2 max 5s equal jitter",
        ),
    ] {
        assert_same(&cockatiel(backoff), &retry(&format!("attempts: 3, backoff: {own}")));
    }
    // The default generator is the formula of Polly.
    assert_same(
        &cockatiel("backoff: { ExponentialBackoff: {} }"),
        &retry(
            "preset: polly, MaxRetryAttempts: 2, Delay: 128ms, MaxDelay: 30s, BackoffType: Exponential, UseJitter: true",
        ),
    );
}

#[test]
fn cockatiels_bulkhead_queues_without_a_limit_of_time() {
    assert_same(
        "{ bulkhead: { preset: cockatiel, limit: 12, queue: 4 } }",
        "{ bulkhead: { preset: polly, PermitLimit: 12, QueueLimit: 4 } }",
    );
}

#[test]
fn a_circuit_of_opossum_may_have_no_timeout() {
    let circuit = |timeout: &str| {
        format!(
            "{{ timeout: 1s, breaker: {{ preset: opossum, timeout: {timeout}, counts: [ timeout ] }} }}"
        )
    };
    assert_eq!(system(&circuit("false")), system(&circuit("0s")));
    let without = "{ breaker: { preset: opossum, timeout: false } }";
    assert!(!system(without).contains("Timeout("), "{}", system(without));
}

/// The threads of a command as the executor has them, by `HystrixThreadPoolProperties` and
/// `isQueueSpaceAvailable`.
#[test]
fn a_pool_of_hystrix_grows_only_when_its_queue_can_be_full() {
    let command = |pool: &str| {
        format!("{{ breaker: {{ preset: hystrix, executionTimeoutEnabled: false, {pool} }} }}")
    };
    let grows = "coreSize: 2, maximumSize: 6, allowMaximumSizeToDivergeFromCoreSize: true";
    let pool_of = |settings: &str| {
        let system = system(&command(settings));
        let (_, pool) = system.rsplit_once("kind: Threads").expect("a pool");
        let field = |name: &str| {
            let (_, rest) = pool.split_once(name).expect("a field");
            rest.split(',').next().unwrap_or_default().trim().to_owned()
        };
        ["capacity: ", "core: ", "queue_limit: "].map(field)
    };
    assert_eq!(pool_of(grows), ["6", "2", "0"]);
    assert_eq!(pool_of(&format!("{grows}, maxQueueSize: 4")), ["6", "2", "4"]);
    assert_eq!(pool_of(&format!("{grows}, maxQueueSize: 9")), ["2", "2", "5"]);
    assert_eq!(
        pool_of("coreSize: 7, maximumSize: 6, allowMaximumSizeToDivergeFromCoreSize: true"),
        ["7", "7", "0"]
    );
    assert_eq!(pool_of("coreSize: 2, maximumSize: 6"), ["2", "2", "0"]);
}

//! The ranges of Resilience4j's settings, which Spring Boot checks when an application starts.
//!
//! They are in the setters of `Common…ConfigurationProperties.java` in `resilience4j-framework-common` at af9e7c9,
//! whose lines are named below, or else in the builder that is named. Values between the ranges of the library and
//! those of a scenario, such as a multiplier below one, are not carried over.

use sim_core::SimDuration;

use crate::formats::ranges::{INT, MILLISECOND, POSITIVE_INT, Range, Rule, SPAN};

const NANOSECOND: Range = Range::Span(SimDuration::from_nanos(1));
/// `CommonCircuitBreakerConfigurationProperties` is stricter than `CircuitBreakerConfig`, which takes any rate above 0.
const RATE: Range = Range::Within(1.0, 100.0);
const FACTOR: Range = Range::Below(0.0, 1.0);

/// `CommonRetryConfigurationProperties`: lines 341, 366, 434, 458, 472 and 496.
pub(super) const RETRY: [Rule; 6] = [
    Rule("waitDuration", SPAN),
    Rule("maxAttempts", POSITIVE_INT),
    Rule("eventConsumerBufferSize", POSITIVE_INT),
    Rule("exponentialBackoffMultiplier", Range::Above(0.0)),
    Rule("exponentialMaxWaitDuration", SPAN),
    Rule("randomizedWaitFactor", FACTOR),
];

/// `CommonCircuitBreakerConfigurationProperties`: lines 419, 448, 528, 657, 673, 689, 705, 731, 742, 786, 801 and 825.
pub(super) const CIRCUIT_BREAKER: [Rule; 13] = [
    Rule("failureRateThreshold", RATE),
    Rule("waitDurationInOpenState", MILLISECOND),
    Rule("eventConsumerBufferSize", POSITIVE_INT),
    Rule("permittedNumberOfCallsInHalfOpenState", POSITIVE_INT),
    Rule("minimumNumberOfCalls", POSITIVE_INT),
    Rule("slidingWindowSize", POSITIVE_INT),
    Rule("slowCallRateThreshold", RATE),
    Rule("slowCallDurationThreshold", NANOSECOND),
    Rule("maxWaitDurationInHalfOpenState", SPAN),
    Rule("exponentialBackoffMultiplier", Range::Above(0.0)),
    Rule("exponentialMaxWaitDurationInOpenState", MILLISECOND),
    Rule("randomizedWaitFactor", FACTOR),
    Rule("slidingWindowType", Range::Word(&["COUNT_BASED", "TIME_BASED"])),
];

/// `CommonRateLimiterConfigurationProperties`: lines 169 and 255; `RateLimiterConfig`: lines 88 and 107.
pub(super) const RATE_LIMITER: [Rule; 4] = [
    Rule("limitForPeriod", POSITIVE_INT),
    Rule("eventConsumerBufferSize", POSITIVE_INT),
    Rule("timeoutDuration", SPAN),
    Rule("limitRefreshPeriod", NANOSECOND),
];

/// `CommonTimeLimiterConfigurationProperties`: lines 125 and 149.
pub(super) const TIME_LIMITER: [Rule; 2] =
    [Rule("timeoutDuration", SPAN), Rule("eventConsumerBufferSize", POSITIVE_INT)];

/// `CommonBulkheadConfigurationProperties`: lines 125, 151 and 177.
pub(super) const BULKHEAD: [Rule; 3] = [
    Rule("maxConcurrentCalls", POSITIVE_INT),
    Rule("maxWaitDuration", SPAN),
    Rule("eventConsumerBufferSize", POSITIVE_INT),
];

/// `CommonThreadPoolBulkheadConfigurationProperties`: line 194; `ThreadPoolBulkheadConfig`: line 217. Sizes of zero and
/// less leave the default as it is (lines 101 to 109), and so do not stop the application.
pub(super) const THREAD_POOL: [Rule; 5] = [
    Rule("maxThreadPoolSize", ANY_INT),
    Rule("coreThreadPoolSize", ANY_INT),
    Rule("queueCapacity", ANY_INT),
    Rule("keepAliveDuration", SPAN),
    Rule("eventConsumerBufferSize", POSITIVE_INT),
];
const ANY_INT: Range = Range::Whole(i32::MIN as i64, i32::MAX as i64);

/// The server's numbers: a binding of Spring Boot takes nothing else.
pub(super) const SERVER: [Rule; 4] = [
    Rule("server.tomcat.threads.max", ANY_INT),
    Rule("server.tomcat.maxThreads", ANY_INT),
    Rule("server.tomcat.maxConnections", ANY_INT),
    Rule("server.tomcat.acceptCount", ANY_INT),
];

/// The properties of a `HikariDataSource`, which Spring Boot binds as they are (`DataSourceConfiguration.Hikari`). Times
/// are a `long` in milliseconds, and no durations. Lines 189 to 271 and 349 of `HikariConfig.java` at 604d7d5.
pub(super) const HIKARI: [Rule; 10] = [
    Rule("maximum-pool-size", POSITIVE_INT),
    Rule("minimum-idle", INT),
    Rule("connection-timeout", ANY_LONG),
    Rule("connection-timeout", Range::SpanOrZero(SimDuration::from_millis(250))),
    Rule("validation-timeout", Range::Whole(250, i64::MAX)),
    Rule("idle-timeout", Range::Whole(0, i64::MAX)),
    Rule("max-lifetime", ANY_LONG),
    Rule("keepalive-time", ANY_LONG),
    Rule("initialization-fail-timeout", ANY_LONG),
    Rule("leak-detection-threshold", ANY_LONG),
];
const ANY_LONG: Range = Range::Whole(i64::MIN, i64::MAX);

/// The properties of r2dbc-pool: the setters of `ConnectionPoolConfiguration.Builder` (lines 322 to 410 at 55f8f30), and
/// the types of Spring Boot's `R2dbcProperties.Pool`. A negative time is no limit.
pub(super) const R2DBC_POOL: [Rule; 10] = [
    Rule("max-size", POSITIVE_INT),
    Rule("initial-size", INT),
    Rule("min-idle", INT),
    Rule("acquire-retry", INT),
    Rule("max-acquire-time", Range::AnySpan),
    Rule("max-create-connection-time", Range::AnySpan),
    Rule("max-idle-time", Range::AnySpan),
    Rule("max-life-time", Range::AnySpan),
    Rule("max-validation-time", Range::AnySpan),
    Rule("validation-depth", Range::Word(&["LOCAL", "REMOTE"])),
];

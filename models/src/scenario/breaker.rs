//! The section of a circuit breaker.

use schemars::JsonSchema;
use serde::Deserialize;

use super::balance::OutlierDetection;
use super::phrases::{WaitPhrase, WindowPhrase};
use super::quantity::{Duration, Share};
use crate::Outcome;

/// A circuit breaker: composed of parts, or, with `preset`, a library's, under the library's own
/// names.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Breaker {
    /// The library whose breaker this is; composed of parts if left out.
    pub preset: Option<Preset>,
    /// How far it looks back: `100 calls`, `60s`, `60s in 10 buckets`, or all since the last full
    /// minute: `every 60s`; 100 calls if left out.
    pub window: Option<WindowPhrase>,
    /// Opens at this share of failures; 50% if no other rule is given.
    #[serde(rename = "failure rate")]
    pub failure_rate: Option<Share>,
    /// Judges shares from this many calls on; 10 if left out.
    #[serde(rename = "minimum calls")]
    pub minimum_calls: Option<u32>,
    /// Opens at this many failures in the window.
    pub failures: Option<u32>,
    /// Opens after this many failures in a row.
    #[serde(rename = "consecutive failures")]
    pub consecutive_failures: Option<u32>,
    /// A call that takes longer is slow.
    #[serde(rename = "slow call")]
    pub slow_call: Option<Duration>,
    /// Opens at this share of slow calls; 100% if `slow call` is given.
    #[serde(rename = "slow call rate")]
    pub slow_call_rate: Option<Share>,
    /// How long it stays open: `30s`, `exponential 30s x2 max 5m`, `adaptive 30s min 5s max 5m`,
    /// each with `jitter 20%` if wanted; 30s if left out.
    pub wait: Option<WaitPhrase>,
    /// When the wait begins: with the opening, or with the last failure; `opening` if left out.
    #[serde(rename = "wait from")]
    pub wait_from: Option<WaitFrom>,
    /// What ends the wait: the next call, or a timer; `next call` if left out.
    #[serde(rename = "half-opens by")]
    pub half_opens_by: Option<HalfOpensBy>,
    /// Calls let through while half-open; 3 if left out.
    #[serde(rename = "half-open calls")]
    pub half_open_calls: Option<u32>,
    /// Whether those are all calls or those under way at one time; `cumulative` if left out.
    #[serde(rename = "half-open permits")]
    pub half_open_permits: Option<HalfOpenPermits>,
    /// Opens again when it has been half-open for so long; no limit if left out.
    #[serde(rename = "half-open max stay")]
    pub half_open_max_stay: Option<Duration>,
    /// What becomes of results of calls from before the last change of state; `counted` if left
    /// out.
    #[serde(rename = "late results")]
    pub late_results: Option<LateResults>,
    /// So many successes close it and the first failure reopens it; if left out, the rates decide.
    #[serde(rename = "success threshold")]
    pub success_threshold: Option<u32>,
    /// Whom it belongs to; each instance of the caller has its own if left out.
    pub scope: Option<Scope>,
    /// Outcomes that count as failures; server errors, timeouts, refusals and full queues if left
    /// out.
    pub counts: Option<Vec<Outcome>>,
    /// Outcomes that count neither as failures nor as successes; rejections by guards further in if
    /// left out.
    pub ignores: Option<Vec<Outcome>>,
    /// What becomes of calls while its own logic fails (fault `break breaker`): `fail open` if left
    /// out.
    pub broken: Option<Broken>,
    /// With `scope: store`: how long callers take to learn of a change of state; 100ms if left out.
    pub propagation: Option<Duration>,
    /// resilience4j: `COUNT_BASED` or `TIME_BASED`; `COUNT_BASED` if left out.
    #[serde(rename = "slidingWindowType")]
    pub sliding_window_type: Option<SlidingWindowType>,
    /// resilience4j: calls or seconds; 100 if left out.
    #[serde(rename = "slidingWindowSize")]
    pub sliding_window_size: Option<u32>,
    /// resilience4j: calls before the rates are judged; 100 if left out.
    #[serde(rename = "minimumNumberOfCalls")]
    pub minimum_number_of_calls: Option<u32>,
    /// resilience4j: opens at this percentage of failures; 50 if left out.
    #[serde(rename = "failureRateThreshold")]
    pub failure_rate_threshold_percent: Option<f32>,
    /// resilience4j: opens at this percentage of slow calls; 100 if left out.
    #[serde(rename = "slowCallRateThreshold")]
    pub slow_call_rate_threshold_percent: Option<f32>,
    /// resilience4j: a call that takes longer is slow; 60s if left out.
    #[serde(rename = "slowCallDurationThreshold")]
    pub slow_call_duration_threshold: Option<Duration>,
    /// resilience4j: calls let through while half-open; 10 if left out.
    #[serde(rename = "permittedNumberOfCallsInHalfOpenState")]
    pub permitted_number_of_calls: Option<u32>,
    /// resilience4j: how long it stays open; 60s if left out.
    #[serde(rename = "waitDurationInOpenState")]
    pub wait_duration_in_open_state: Option<Duration>,
    /// resilience4j: whether the wait grows with every opening; false if left out.
    #[serde(rename = "enableExponentialBackoff")]
    pub enable_exponential_backoff: Option<bool>,
    /// resilience4j: what each opening multiplies the wait by; 1.5 if left out.
    #[serde(rename = "exponentialBackoffMultiplier")]
    pub exponential_backoff_multiplier: Option<f64>,
    /// resilience4j: the longest wait; no limit if left out.
    #[serde(rename = "exponentialMaxWaitDurationInOpenState")]
    pub exponential_max_wait: Option<Duration>,
    /// resilience4j: half-open no longer than this; no limit if left out.
    #[serde(rename = "maxWaitDurationInHalfOpenState")]
    pub max_wait_in_half_open_state: Option<Duration>,
    /// resilience4j: whether a timer ends the open state, and not the next call; false if left out.
    #[serde(rename = "automaticTransitionFromOpenToHalfOpenEnabled")]
    pub automatic_transition: Option<bool>,
    /// gobreaker: calls let through while half-open, and successes that close it; 1 if left out.
    #[serde(rename = "MaxRequests")]
    pub max_requests: Option<u32>,
    /// gobreaker: after which a closed breaker forgets; never if left out.
    #[serde(rename = "Interval")]
    pub interval: Option<Duration>,
    /// gobreaker: buckets of a rolling interval; a fixed interval if left out.
    #[serde(rename = "BucketPeriod")]
    pub bucket_period: Option<Duration>,
    /// gobreaker, article-go: how long it stays open; 60s and 30s if left out.
    #[serde(rename = "Timeout")]
    pub open_timeout: Option<Duration>,
    /// gobreaker: when it opens; after 6 failures in a row if left out.
    #[serde(rename = "ReadyToTrip")]
    pub ready_to_trip: Option<ReadyToTrip>,
    /// pybreaker: failures in a row that open it; 5 if left out.
    pub fail_max: Option<u32>,
    /// pybreaker: how long it stays open; 60s if left out.
    pub reset_timeout: Option<Duration>,
    /// pybreaker, article-python: successes that close it; 1 and 3 if left out.
    #[serde(rename = "success_threshold")]
    pub successes_to_close: Option<u32>,
    /// article-go: failures in a row that open it; 5 if left out.
    #[serde(rename = "FailureThreshold")]
    pub failures_in_a_row: Option<u32>,
    /// article-go: successes that close it; 3 if left out.
    #[serde(rename = "SuccessThreshold")]
    pub successes_of_article_go: Option<u32>,
    /// article-go: calls let through while half-open; 3 if left out.
    #[serde(rename = "HalfOpenMaxCalls")]
    pub half_open_calls_of_article_go: Option<u32>,
    /// article-go: calls in flight at one time; 25 if left out.
    #[serde(rename = "BulkheadMaxConcurrent")]
    pub bulkhead_max_concurrent: Option<u32>,
    /// article-go: how long a call waits for its turn; 100ms if left out.
    #[serde(rename = "BulkheadMaxWait")]
    pub bulkhead_max_wait: Option<Duration>,
    /// opossum: the timeout of the call; it can also be written with the call.
    pub timeout: Option<Duration>,
    /// opossum: opens above this percentage of failures; 50 if left out.
    #[serde(rename = "errorThresholdPercentage")]
    pub error_threshold_percentage: Option<f64>,
    /// opossum: how long it stays open; 30s if left out.
    #[serde(rename = "resetTimeout")]
    pub reset_timeout_of_opossum: Option<Duration>,
    /// opossum: how far it looks back; 10s if left out.
    #[serde(rename = "rollingCountTimeout")]
    pub rolling_count_timeout: Option<Duration>,
    /// opossum: buckets of that; 10 if left out.
    #[serde(rename = "rollingCountBuckets")]
    pub rolling_count_buckets: Option<u32>,
    /// opossum: with fewer calls than this it never opens; 0 if left out.
    #[serde(rename = "volumeThreshold")]
    pub volume_threshold: Option<u32>,
    /// opossum: calls in flight at one time; no limit if left out.
    pub capacity: Option<u32>,
    /// cockatiel: how long it stays open.
    #[serde(rename = "halfOpenAfter")]
    pub half_open_after: Option<Duration>,
    /// cockatiel: opens after so many failures in a row.
    #[serde(rename = "ConsecutiveBreaker")]
    pub opens_after_consecutive: Option<u32>,
    /// cockatiel: opens above a share of the last calls.
    #[serde(rename = "CountBreaker")]
    pub opens_by_count: Option<CountBreaker>,
    /// cockatiel: opens above a share over a span of time.
    #[serde(rename = "SamplingBreaker")]
    pub opens_by_sampling: Option<SamplingBreaker>,
    /// polly: opens at this share of failures, 0 to 1; 0.1 if left out.
    #[serde(rename = "FailureRatio")]
    pub failure_ratio: Option<f64>,
    /// polly: results before the ratio is judged; 100 if left out.
    #[serde(rename = "MinimumThroughput")]
    pub minimum_throughput: Option<u32>,
    /// polly: how far it looks back; 30s if left out.
    #[serde(rename = "SamplingDuration")]
    pub sampling_duration: Option<Duration>,
    /// polly: how long it stays open; 5s if left out.
    #[serde(rename = "BreakDuration")]
    pub break_duration: Option<Duration>,
    /// envoy: connections, each with one request at a time; 1024 if left out.
    pub max_connections: Option<u32>,
    /// envoy: requests that may wait for a connection; 1024 if left out.
    pub max_pending_requests: Option<u32>,
    /// envoy: requests under way at one time; 1024 if left out.
    #[serde(rename = "max_requests")]
    pub max_requests_of_envoy: Option<u32>,
    /// envoy: retries under way at one time; 3 if left out.
    pub max_retries: Option<u32>,
    /// envoy: retries under way in proportion to requests under way, in place of `max_retries`; not
    /// so if left out.
    pub retry_budget: Option<EnvoyRetryBudget>,
    /// envoy: whether requests share connections (HTTP/2), so that none waits for one; false if
    /// left out.
    pub http2_protocol_options: Option<bool>,
    /// envoy: ejects instances that fail more than the others; not at all if left out.
    pub outlier_detection: Option<OutlierDetection>,
    /// istio: limits on connections and requests.
    #[serde(rename = "connectionPool")]
    pub connection_pool: Option<ConnectionPool>,
    /// istio: ejects instances that fail more than the others; not at all if left out.
    #[serde(rename = "outlierDetection")]
    pub outlier_detection_of_istio: Option<IstioOutlierDetection>,
    /// hystrix: results before the percentage is judged; 20 if left out.
    #[serde(rename = "circuitBreakerRequestVolumeThreshold")]
    pub hystrix_request_volume_threshold: Option<u32>,
    /// hystrix: opens at this percentage of errors; 50 if left out.
    #[serde(rename = "circuitBreakerErrorThresholdPercentage")]
    pub hystrix_error_threshold_percentage: Option<u32>,
    /// hystrix: how long it stays open; 5000 if left out.
    #[serde(rename = "circuitBreakerSleepWindowInMilliseconds")]
    pub hystrix_sleep_window: Option<u32>,
    /// hystrix: how far it looks back; 10000 if left out.
    #[serde(rename = "metricsRollingStatisticalWindowInMilliseconds")]
    pub hystrix_rolling_window: Option<u32>,
    /// hystrix: how often it looks; 500 if left out.
    #[serde(rename = "metricsHealthSnapshotIntervalInMilliseconds")]
    pub hystrix_snapshot_interval: Option<u32>,
    /// hystrix: timeout of the command; 1000 if left out.
    #[serde(rename = "executionTimeoutInMilliseconds")]
    pub hystrix_execution_timeout: Option<u32>,
    /// hystrix: threads of the command's pool; 10 if left out.
    #[serde(rename = "coreSize")]
    pub hystrix_core_size: Option<u32>,
    /// hystrix: calls under way at one time, counted by a semaphore in place of the threads; not so
    /// if left out.
    #[serde(rename = "executionIsolationSemaphoreMaxConcurrentRequests")]
    pub hystrix_semaphore: Option<u32>,
    /// hystrix: calls that may wait for a thread; -1, none, if left out.
    #[serde(rename = "maxQueueSize")]
    pub hystrix_max_queue_size: Option<i32>,
    /// article-python: failures in the window that open it; 5 if left out.
    pub failure_threshold: Option<u32>,
    /// article-python: share of failures, 0 to 1, that opens it; 0.5 if left out.
    pub failure_rate_threshold: Option<Share>,
    /// article-python: calls before the rate is judged; 10 if left out.
    #[serde(rename = "minimum_calls")]
    pub minimum_calls_of_article: Option<u32>,
    /// article-python: seconds it stays open, doubled by every opening; 30 if left out.
    pub timeout_seconds: Option<f64>,
    /// article-python: seconds it looks back; 60 if left out.
    pub sliding_window_seconds: Option<f64>,
    /// article-python: calls let through while half-open; 3 if left out.
    pub half_open_max_calls: Option<u32>,
    /// article-python: seconds from which a call counts as slow; 5 if left out.
    pub slow_call_threshold_seconds: Option<f64>,
}

/// A library whose breaker is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub(super) enum Preset {
    /// Resilience4j (Java).
    #[serde(rename = "resilience4j")]
    Resilience4j,
    /// sony/gobreaker v2 (Go).
    #[serde(rename = "gobreaker")]
    GoBreaker,
    /// pybreaker (Python).
    #[serde(rename = "pybreaker")]
    PyBreaker,
    /// The Python breaker of the article.
    #[serde(rename = "article-python")]
    ArticlePython,
    /// The Go breaker with bulkhead of the article.
    #[serde(rename = "article-go")]
    ArticleGo,
    /// opossum (Node).
    #[serde(rename = "opossum")]
    Opossum,
    /// cockatiel (Node).
    #[serde(rename = "cockatiel")]
    Cockatiel,
    /// Polly v8 (.NET).
    #[serde(rename = "polly")]
    Polly,
    /// Hystrix (Java).
    #[serde(rename = "hystrix")]
    Hystrix,
    /// Envoy's circuit breaking thresholds and outlier detection.
    #[serde(rename = "envoy")]
    Envoy,
    /// Istio's connection pool settings and outlier detection.
    #[serde(rename = "istio")]
    Istio,
}

impl Preset {
    /// Its name in a scenario.
    pub fn name(self) -> &'static str {
        match self {
            Self::Resilience4j => "resilience4j",
            Self::GoBreaker => "gobreaker",
            Self::PyBreaker => "pybreaker",
            Self::ArticlePython => "article-python",
            Self::ArticleGo => "article-go",
            Self::Opossum => "opossum",
            Self::Cockatiel => "cockatiel",
            Self::Polly => "polly",
            Self::Hystrix => "hystrix",
            Self::Envoy => "envoy",
            Self::Istio => "istio",
        }
    }
}

/// Envoy's `retry_budget`.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct EnvoyRetryBudget {
    /// Retries under way, as a percentage of the requests under way; 20 if left out.
    pub budget_percent: Option<f64>,
    /// Retries under way that are always allowed; 3 if left out.
    pub min_retry_concurrency: Option<u32>,
}

/// Istio's `connectionPool`.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ConnectionPool {
    /// Connections.
    pub tcp: Option<TcpSettings>,
    /// Requests.
    pub http: Option<HttpSettings>,
}

/// Istio's `connectionPool.tcp`.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TcpSettings {
    /// Connections, each with one request at a time; no limit if left out.
    #[serde(rename = "maxConnections")]
    pub max_connections: Option<u32>,
}

/// Istio's `connectionPool.http`.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct HttpSettings {
    /// Requests that may wait for a connection; 1024 if left out.
    #[serde(rename = "http1MaxPendingRequests")]
    pub http1_max_pending_requests: Option<u32>,
    /// Requests under way at one time; 1024 if left out.
    #[serde(rename = "http2MaxRequests")]
    pub http2_max_requests: Option<u32>,
    /// Retries under way at one time; no limit if left out.
    #[serde(rename = "maxRetries")]
    pub max_retries: Option<u32>,
}

/// Istio's `outlierDetection`.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct IstioOutlierDetection {
    /// Failures in a row that eject an instance; 5 if left out, 0 for never.
    #[serde(rename = "consecutive5xxErrors")]
    pub consecutive_5xx_errors: Option<u32>,
    /// Time between two sweeps; 10s if left out.
    pub interval: Option<Duration>,
    /// How long an ejection lasts, times how often the instance was ejected; 30s if left out.
    #[serde(rename = "baseEjectionTime")]
    pub base_ejection_time: Option<Duration>,
    /// Nothing is ejected any more once so many per cent are; 10 if left out.
    #[serde(rename = "maxEjectionPercent")]
    pub max_ejection_percent: Option<u32>,
    /// With fewer than so many per cent in order, all instances are used; 0, never, if left out.
    #[serde(rename = "minHealthPercent")]
    pub min_health_percent: Option<u32>,
}

/// The two windows of Resilience4j.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub(super) enum SlidingWindowType {
    /// The last so many calls.
    #[serde(rename = "COUNT_BASED")]
    CountBased,
    /// The last so many seconds.
    #[serde(rename = "TIME_BASED")]
    TimeBased,
}

/// cockatiel's `CountBreaker`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CountBreaker {
    /// Opens above this share of failures.
    pub threshold: Share,
    /// Calls that it looks back.
    pub size: u32,
    /// Calls before the share is judged; `size` if left out.
    #[serde(rename = "minimumNumberOfCalls")]
    pub minimum_number_of_calls: Option<u32>,
}

/// cockatiel's `SamplingBreaker`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SamplingBreaker {
    /// Opens above this share of failures.
    pub threshold: Share,
    /// How far it looks back.
    pub duration: Duration,
    /// Calls per second below which it never opens; as many as make five failures a second if left
    /// out.
    #[serde(rename = "minimumRps")]
    pub minimum_rps: Option<f64>,
}

/// When a breaker of gobreaker opens: after failures in a row, or at a share of failures.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ReadyToTrip {
    /// Failures in a row.
    #[serde(rename = "ConsecutiveFailures")]
    pub consecutive_failures: Option<u32>,
    /// Share of failures.
    #[serde(rename = "FailureRatio")]
    pub failure_ratio: Option<Share>,
    /// With `FailureRatio`: requests before it is judged; 1 if left out.
    #[serde(rename = "Requests")]
    pub requests: Option<u32>,
}

/// Whom a breaker belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub(super) enum Scope {
    /// Each instance of the caller has its own.
    #[serde(rename = "caller instance")]
    CallerInstance,
    /// Each pair of a caller's and a callee's instance has its own.
    #[serde(rename = "callee instance")]
    CalleeInstance,
    /// All share one, as in a mesh.
    #[serde(rename = "shared")]
    Shared,
    /// All share one through a store, and learn of its state with a delay.
    #[serde(rename = "store")]
    Store,
}

/// When the wait of an open breaker begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub(super) enum WaitFrom {
    /// With the opening.
    #[serde(rename = "opening")]
    Opening,
    /// With the last failure, also one that comes in while it is open.
    #[serde(rename = "last failure")]
    LastFailure,
}

/// What ends the wait of an open breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub(super) enum HalfOpensBy {
    /// The first call after it.
    #[serde(rename = "next call")]
    NextCall,
    /// A timer.
    #[serde(rename = "timer")]
    Timer,
}

/// How the calls of a half-open breaker are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub(super) enum HalfOpenPermits {
    /// All that have been let through.
    #[serde(rename = "cumulative")]
    Cumulative,
    /// Those under way at one time.
    #[serde(rename = "concurrent")]
    Concurrent,
}

/// What becomes of results of calls from before the last change of state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub(super) enum LateResults {
    /// They count in the state that they find.
    #[serde(rename = "counted")]
    Counted,
    /// They are dropped.
    #[serde(rename = "dropped")]
    Dropped,
}

/// What becomes of calls while a breaker's own logic fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub(super) enum Broken {
    /// They pass.
    #[serde(rename = "fail open")]
    FailOpen,
    /// They are rejected.
    #[serde(rename = "fail closed")]
    FailClosed,
}

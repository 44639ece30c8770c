//! Which keys belong to which breaker.

use super::super::super::breaker::{Breaker, Preset};
use super::super::Compiler;

impl Compiler<'_> {
    /// A key of another breaker would be ignored; it is a problem instead.
    pub(in super::super) fn check_breaker_keys(&mut self, breaker: &Breaker, path: &str) {
        for (key, is_there, presets) in breaker_keys(breaker) {
            if !is_there || presets.contains(&breaker.preset) {
                continue;
            }
            let at = self.key_at(&format!("{path}.{key}"));
            let owners: Vec<String> = presets
                .iter()
                .flatten()
                .map(|preset| format!("`preset: {}`", preset.name()))
                .collect();
            let (here, help) = match (breaker.preset, owners.is_empty()) {
                (None, _) => ("a breaker without a preset".to_owned(), format!("it belongs to {}", owners.join(" and "))),
                (Some(preset), _) if presets == MACHINES => (
                    format!("`preset: {}`", preset.name()),
                    "a proxy has limits, and no state machine that this could belong to; leave it out".to_owned(),
                ),
                (Some(preset), true) => (
                    format!("`preset: {}`", preset.name()),
                    "a preset has the library's own keys; leave the preset out for this one".to_owned(),
                ),
                (Some(preset), false) => {
                    (format!("`preset: {}`", preset.name()), format!("it belongs to {}", owners.join(" and ")))
                }
            };
            self.error(at, format!("`{key}` means nothing to {here}"), help);
        }
    }
}

type Presets = &'static [Option<Preset>];

const COMPOSED: Presets = &[None];
const RESILIENCE4J: Presets = &[Some(Preset::Resilience4j)];
const GOBREAKER: Presets = &[Some(Preset::GoBreaker)];
const PYBREAKER: Presets = &[Some(Preset::PyBreaker)];
const ARTICLE: Presets = &[Some(Preset::ArticlePython)];
const ARTICLE_GO: Presets = &[Some(Preset::ArticleGo)];
const OPOSSUM: Presets = &[Some(Preset::Opossum)];
const COCKATIEL: Presets = &[Some(Preset::Cockatiel)];
const POLLY: Presets = &[Some(Preset::Polly)];
const HYSTRIX: Presets = &[Some(Preset::Hystrix)];
const ENVOY: Presets = &[Some(Preset::Envoy)];
const ISTIO: Presets = &[Some(Preset::Istio)];
/// Every breaker that is a state machine.
const MACHINES: Presets = &[
    None,
    Some(Preset::Resilience4j),
    Some(Preset::GoBreaker),
    Some(Preset::PyBreaker),
    Some(Preset::ArticlePython),
    Some(Preset::ArticleGo),
    Some(Preset::Opossum),
    Some(Preset::Cockatiel),
    Some(Preset::Polly),
    Some(Preset::Hystrix),
];

/// Every key that belongs to some breakers only: whether it is there, and to which it belongs.
fn breaker_keys(breaker: &Breaker) -> [(&'static str, bool, Presets); 86] {
    [
        ("window", breaker.window.is_some(), COMPOSED),
        ("failure rate", breaker.failure_rate.is_some(), COMPOSED),
        ("minimum calls", breaker.minimum_calls.is_some(), COMPOSED),
        ("consecutive failures", breaker.consecutive_failures.is_some(), COMPOSED),
        ("slow call", breaker.slow_call.is_some(), COMPOSED),
        ("slow call rate", breaker.slow_call_rate.is_some(), COMPOSED),
        ("failures", breaker.failures.is_some(), COMPOSED),
        ("scope", breaker.scope.is_some(), MACHINES),
        ("counts", breaker.counts.is_some(), MACHINES),
        ("ignores", breaker.ignores.is_some(), MACHINES),
        ("broken", breaker.broken.is_some(), MACHINES),
        ("propagation", breaker.propagation.is_some(), MACHINES),
        ("max_connections", breaker.max_connections.is_some(), ENVOY),
        ("max_pending_requests", breaker.max_pending_requests.is_some(), ENVOY),
        ("max_requests", breaker.max_requests_of_envoy.is_some(), ENVOY),
        ("max_retries", breaker.max_retries.is_some(), ENVOY),
        ("retry_budget", breaker.retry_budget.is_some(), ENVOY),
        ("http2_protocol_options", breaker.http2_protocol_options.is_some(), ENVOY),
        ("outlier_detection", breaker.outlier_detection.is_some(), ENVOY),
        ("connectionPool", breaker.connection_pool.is_some(), ISTIO),
        ("outlierDetection", breaker.outlier_detection_of_istio.is_some(), ISTIO),
        ("wait", breaker.wait.is_some(), COMPOSED),
        ("wait from", breaker.wait_from.is_some(), COMPOSED),
        ("half-opens by", breaker.half_opens_by.is_some(), COMPOSED),
        ("half-open permits", breaker.half_open_permits.is_some(), COMPOSED),
        ("half-open max stay", breaker.half_open_max_stay.is_some(), COMPOSED),
        ("late results", breaker.late_results.is_some(), COMPOSED),
        ("half-open calls", breaker.half_open_calls.is_some(), COMPOSED),
        ("success threshold", breaker.success_threshold.is_some(), COMPOSED),
        ("slidingWindowType", breaker.sliding_window_type.is_some(), RESILIENCE4J),
        ("slidingWindowSize", breaker.sliding_window_size.is_some(), RESILIENCE4J),
        ("minimumNumberOfCalls", breaker.minimum_number_of_calls.is_some(), RESILIENCE4J),
        ("failureRateThreshold", breaker.failure_rate_threshold_percent.is_some(), RESILIENCE4J),
        ("slowCallRateThreshold", breaker.slow_call_rate_threshold_percent.is_some(), RESILIENCE4J),
        ("slowCallDurationThreshold", breaker.slow_call_duration_threshold.is_some(), RESILIENCE4J),
        (
            "permittedNumberOfCallsInHalfOpenState",
            breaker.permitted_number_of_calls.is_some(),
            RESILIENCE4J,
        ),
        ("waitDurationInOpenState", breaker.wait_duration_in_open_state.is_some(), RESILIENCE4J),
        ("enableExponentialBackoff", breaker.enable_exponential_backoff.is_some(), RESILIENCE4J),
        (
            "exponentialBackoffMultiplier",
            breaker.exponential_backoff_multiplier.is_some(),
            RESILIENCE4J,
        ),
        (
            "exponentialMaxWaitDurationInOpenState",
            breaker.exponential_max_wait.is_some(),
            RESILIENCE4J,
        ),
        (
            "maxWaitDurationInHalfOpenState",
            breaker.max_wait_in_half_open_state.is_some(),
            RESILIENCE4J,
        ),
        (
            "automaticTransitionFromOpenToHalfOpenEnabled",
            breaker.automatic_transition.is_some(),
            RESILIENCE4J,
        ),
        ("MaxRequests", breaker.max_requests.is_some(), GOBREAKER),
        ("Interval", breaker.interval.is_some(), GOBREAKER),
        ("BucketPeriod", breaker.bucket_period.is_some(), GOBREAKER),
        (
            "Timeout",
            breaker.open_timeout.is_some(),
            &[Some(Preset::GoBreaker), Some(Preset::ArticleGo)],
        ),
        ("ReadyToTrip", breaker.ready_to_trip.is_some(), GOBREAKER),
        ("fail_max", breaker.fail_max.is_some(), PYBREAKER),
        ("reset_timeout", breaker.reset_timeout.is_some(), PYBREAKER),
        (
            "success_threshold",
            breaker.successes_to_close.is_some(),
            &[Some(Preset::PyBreaker), Some(Preset::ArticlePython)],
        ),
        ("FailureThreshold", breaker.failures_in_a_row.is_some(), ARTICLE_GO),
        ("SuccessThreshold", breaker.successes_of_article_go.is_some(), ARTICLE_GO),
        ("HalfOpenMaxCalls", breaker.half_open_calls_of_article_go.is_some(), ARTICLE_GO),
        ("BulkheadMaxConcurrent", breaker.bulkhead_max_concurrent.is_some(), ARTICLE_GO),
        ("BulkheadMaxWait", breaker.bulkhead_max_wait.is_some(), ARTICLE_GO),
        ("timeout", breaker.timeout.is_some(), OPOSSUM),
        ("errorThresholdPercentage", breaker.error_threshold_percentage.is_some(), OPOSSUM),
        ("resetTimeout", breaker.reset_timeout_of_opossum.is_some(), OPOSSUM),
        ("rollingCountTimeout", breaker.rolling_count_timeout.is_some(), OPOSSUM),
        ("rollingCountBuckets", breaker.rolling_count_buckets.is_some(), OPOSSUM),
        ("volumeThreshold", breaker.volume_threshold.is_some(), OPOSSUM),
        ("capacity", breaker.capacity.is_some(), OPOSSUM),
        ("halfOpenAfter", breaker.half_open_after.is_some(), COCKATIEL),
        ("ConsecutiveBreaker", breaker.opens_after_consecutive.is_some(), COCKATIEL),
        ("CountBreaker", breaker.opens_by_count.is_some(), COCKATIEL),
        ("SamplingBreaker", breaker.opens_by_sampling.is_some(), COCKATIEL),
        ("FailureRatio", breaker.failure_ratio.is_some(), POLLY),
        ("MinimumThroughput", breaker.minimum_throughput.is_some(), POLLY),
        ("SamplingDuration", breaker.sampling_duration.is_some(), POLLY),
        ("BreakDuration", breaker.break_duration.is_some(), POLLY),
        (
            "circuitBreakerRequestVolumeThreshold",
            breaker.hystrix_request_volume_threshold.is_some(),
            HYSTRIX,
        ),
        (
            "circuitBreakerErrorThresholdPercentage",
            breaker.hystrix_error_threshold_percentage.is_some(),
            HYSTRIX,
        ),
        (
            "circuitBreakerSleepWindowInMilliseconds",
            breaker.hystrix_sleep_window.is_some(),
            HYSTRIX,
        ),
        (
            "metricsRollingStatisticalWindowInMilliseconds",
            breaker.hystrix_rolling_window.is_some(),
            HYSTRIX,
        ),
        (
            "metricsHealthSnapshotIntervalInMilliseconds",
            breaker.hystrix_snapshot_interval.is_some(),
            HYSTRIX,
        ),
        ("executionTimeoutInMilliseconds", breaker.hystrix_execution_timeout.is_some(), HYSTRIX),
        ("coreSize", breaker.hystrix_core_size.is_some(), HYSTRIX),
        (
            "executionIsolationSemaphoreMaxConcurrentRequests",
            breaker.hystrix_semaphore.is_some(),
            HYSTRIX,
        ),
        ("maxQueueSize", breaker.hystrix_max_queue_size.is_some(), HYSTRIX),
        ("failure_threshold", breaker.failure_threshold.is_some(), ARTICLE),
        ("failure_rate_threshold", breaker.failure_rate_threshold.is_some(), ARTICLE),
        ("minimum_calls", breaker.minimum_calls_of_article.is_some(), ARTICLE),
        ("timeout_seconds", breaker.timeout_seconds.is_some(), ARTICLE),
        ("sliding_window_seconds", breaker.sliding_window_seconds.is_some(), ARTICLE),
        ("half_open_max_calls", breaker.half_open_max_calls.is_some(), ARTICLE),
        ("slow_call_threshold_seconds", breaker.slow_call_threshold_seconds.is_some(), ARTICLE),
    ]
}

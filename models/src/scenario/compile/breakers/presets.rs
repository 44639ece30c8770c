//! The settings of each library, under its own names, with its own defaults and limits.

use std::ops::RangeInclusive;

use sim_core::SimDuration;

use super::super::super::breaker::{
    Breaker, CountBreaker, Preset, ReadyToTrip as WrittenTrip, SamplingBreaker, SlidingWindowType,
};
use super::super::super::call::Bulkhead;
use super::super::super::quantity::{Duration, Share};
use super::super::Compiler;
use crate::resilience::circuit_breaker::libraries::{
    ArticleGoSettings, ArticlePythonSettings, CockatielBreaker, CockatielSettings,
    GoBreakerSettings, HystrixSettings, OpossumSettings, PollySettings, PyBreakerSettings,
    ReadyToTrip, Resilience4jSettings,
};
use crate::resilience::circuit_breaker::{Wait, WindowKind};

/// How long a call waits at the bulkhead of the article's Go breaker.
const ARTICLE_GO_MAX_WAIT: SimDuration = SimDuration::from_millis(100);
/// Resilience4j's own multiplier of an exponential backoff.
const RESILIENCE4J_MULTIPLIER: f64 = 1.5;
/// Hystrix's own timeout of a command.
const HYSTRIX_TIMEOUT_MILLIS: u32 = 1_000;
/// Threads of a pool of Hystrix.
const HYSTRIX_CORE_SIZE: u32 = 10;

fn millis(millis: u32) -> SimDuration {
    SimDuration::from_millis(u64::from(millis))
}

impl Compiler<'_> {
    pub(super) fn resilience4j(&mut self, breaker: &Breaker, path: &str) -> Resilience4jSettings {
        let library = Resilience4jSettings::default();
        let size =
            self.counted(breaker.sliding_window_size, 100, &format!("{path}.slidingWindowSize"));
        let wait =
            breaker.wait_duration_in_open_state.map_or(SimDuration::from_secs(60), |wait| wait.0);
        Resilience4jSettings {
            sliding_window: match breaker.sliding_window_type {
                None | Some(SlidingWindowType::CountBased) => WindowKind::Calls(size),
                Some(SlidingWindowType::TimeBased) => WindowKind::Seconds(size),
            },
            minimum_number_of_calls: self.counted(
                breaker.minimum_number_of_calls,
                library.minimum_number_of_calls,
                &format!("{path}.minimumNumberOfCalls"),
            ),
            failure_rate_threshold: self.percentage(
                breaker.failure_rate_threshold_percent,
                library.failure_rate_threshold,
                &format!("{path}.failureRateThreshold"),
            ),
            slow_call_rate_threshold: self.percentage(
                breaker.slow_call_rate_threshold_percent,
                library.slow_call_rate_threshold,
                &format!("{path}.slowCallRateThreshold"),
            ),
            slow_call_duration_threshold: breaker
                .slow_call_duration_threshold
                .map_or(library.slow_call_duration_threshold, |duration| duration.0),
            permitted_number_of_calls_in_half_open_state: self.counted(
                breaker.permitted_number_of_calls,
                library.permitted_number_of_calls_in_half_open_state,
                &format!("{path}.permittedNumberOfCallsInHalfOpenState"),
            ),
            wait_in_open_state: if breaker.enable_exponential_backoff == Some(true) {
                Wait::Exponential {
                    base: wait,
                    multiplier: self.number(
                        breaker.exponential_backoff_multiplier,
                        RESILIENCE4J_MULTIPLIER,
                        1.0..=1_000.0,
                        &format!("{path}.exponentialBackoffMultiplier"),
                    ),
                    max: breaker.exponential_max_wait.map_or(SimDuration::MAX, |max| max.0),
                }
            } else {
                Wait::Fixed(wait)
            },
            max_wait_duration_in_half_open_state: breaker
                .max_wait_in_half_open_state
                .map_or(SimDuration::ZERO, |wait| wait.0),
            automatic_transition_from_open_to_half_open: breaker
                .automatic_transition
                .unwrap_or(false),
        }
    }

    pub(super) fn gobreaker(&mut self, breaker: &Breaker, path: &str) -> GoBreakerSettings {
        let library = GoBreakerSettings::default();
        let span =
            |written: Option<Duration>| written.map_or(SimDuration::ZERO, |duration| duration.0);
        GoBreakerSettings {
            max_requests: breaker.max_requests.unwrap_or(library.max_requests),
            interval: span(breaker.interval),
            bucket_period: span(breaker.bucket_period),
            timeout: span(breaker.open_timeout),
            ready_to_trip: match breaker.ready_to_trip {
                None => library.ready_to_trip,
                Some(WrittenTrip {
                    consecutive_failures: Some(failures),
                    failure_ratio: None,
                    requests: None,
                }) => ReadyToTrip::ConsecutiveFailures(failures),
                Some(WrittenTrip {
                    consecutive_failures: None,
                    failure_ratio: Some(ratio),
                    requests,
                }) => ReadyToTrip::FailureRatio {
                    minimum_requests: requests.unwrap_or(1),
                    ratio: ratio.0,
                },
                Some(_) => {
                    let at = self.value_at(&format!("{path}.ReadyToTrip"));
                    self.error(
                        at,
                        "there is no telling when this breaker is ready to trip",
                        "write `{ ConsecutiveFailures: 6 }`, or `{ Requests: 3, FailureRatio: 60% }`",
                    );
                    library.ready_to_trip
                }
            },
        }
    }

    pub(super) fn pybreaker(&mut self, breaker: &Breaker, path: &str) -> PyBreakerSettings {
        let library = PyBreakerSettings::default();
        PyBreakerSettings {
            fail_max: self.counted(breaker.fail_max, library.fail_max, &format!("{path}.fail_max")),
            reset_timeout: breaker.reset_timeout.map_or(library.reset_timeout, |timeout| timeout.0),
            success_threshold: self.counted(
                breaker.successes_to_close,
                library.success_threshold,
                &format!("{path}.success_threshold"),
            ),
        }
    }

    pub(super) fn article_python(
        &mut self,
        breaker: &Breaker,
        path: &str,
    ) -> ArticlePythonSettings {
        let library = ArticlePythonSettings::default();
        let mut seconds = |written: Option<f64>, default: SimDuration, key: &str| match written {
            None => default,
            Some(seconds) if seconds > 0.0 && seconds < 1e9 => SimDuration::from_secs_f64(seconds),
            Some(seconds) => {
                let at = self.value_at(&format!("{path}.{key}"));
                self.error(
                    at,
                    format!("`{seconds}` is not a number of seconds"),
                    "write a number such as `30`",
                );
                default
            }
        };
        ArticlePythonSettings {
            timeout: seconds(breaker.timeout_seconds, library.timeout, "timeout_seconds"),
            sliding_window: seconds(
                breaker.sliding_window_seconds,
                library.sliding_window,
                "sliding_window_seconds",
            ),
            slow_call_threshold: seconds(
                breaker.slow_call_threshold_seconds,
                library.slow_call_threshold,
                "slow_call_threshold_seconds",
            ),
            failure_threshold: self.counted(
                breaker.failure_threshold,
                library.failure_threshold,
                &format!("{path}.failure_threshold"),
            ),
            failure_rate_threshold: breaker
                .failure_rate_threshold
                .map_or(library.failure_rate_threshold, |share| share.0),
            minimum_calls: breaker.minimum_calls_of_article.unwrap_or(library.minimum_calls),
            success_threshold: self.counted(
                breaker.successes_to_close,
                library.success_threshold,
                &format!("{path}.success_threshold"),
            ),
            half_open_max_calls: self.counted(
                breaker.half_open_max_calls,
                library.half_open_max_calls,
                &format!("{path}.half_open_max_calls"),
            ),
        }
    }

    pub(super) fn article_go(&mut self, breaker: &Breaker, path: &str) -> ArticleGoSettings {
        let library = ArticleGoSettings::default();
        ArticleGoSettings {
            failure_threshold: self.counted(
                breaker.failures_in_a_row,
                library.failure_threshold,
                &format!("{path}.FailureThreshold"),
            ),
            success_threshold: self.counted(
                breaker.successes_of_article_go,
                library.success_threshold,
                &format!("{path}.SuccessThreshold"),
            ),
            timeout: breaker.open_timeout.map_or(library.timeout, |timeout| timeout.0),
            half_open_max_calls: self.counted(
                breaker.half_open_calls_of_article_go,
                library.half_open_max_calls,
                &format!("{path}.HalfOpenMaxCalls"),
            ),
            // Its bulkhead is a guard of its own, in front of it.
            bulkhead_max_concurrent: u32::MAX,
        }
    }

    /// The timeout that a preset brings along.
    pub(in super::super) fn timeout_of(breaker: &Breaker) -> Option<Duration> {
        match breaker.preset {
            Some(Preset::Opossum) => {
                Some(breaker.timeout.unwrap_or(Duration(OpossumSettings::default().timeout)))
            }
            Some(Preset::Hystrix) => Some(Duration(millis(
                breaker.hystrix_execution_timeout.unwrap_or(HYSTRIX_TIMEOUT_MILLIS),
            ))),
            _ => None,
        }
    }

    /// The bulkhead that a preset brings along.
    pub(in super::super) fn bulkhead_of(breaker: &Breaker) -> Option<Bulkhead> {
        match breaker.preset {
            Some(Preset::ArticleGo) => Some(Bulkhead {
                semaphore: Some(
                    breaker
                        .bulkhead_max_concurrent
                        .unwrap_or(ArticleGoSettings::default().bulkhead_max_concurrent),
                ),
                max_wait: Some(breaker.bulkhead_max_wait.unwrap_or(Duration(ARTICLE_GO_MAX_WAIT))),
                ..Bulkhead::default()
            }),
            Some(Preset::Hystrix) if breaker.hystrix_semaphore.is_some() => {
                Some(Bulkhead { semaphore: breaker.hystrix_semaphore, ..Bulkhead::default() })
            }
            Some(Preset::Hystrix) => Some(Bulkhead {
                threads: Some(breaker.hystrix_core_size.unwrap_or(HYSTRIX_CORE_SIZE)),
                queue: Some(breaker.hystrix_max_queue_size.map_or(0, |size| size.max(0) as u32)),
                ..Bulkhead::default()
            }),
            _ => None,
        }
    }

    /// Whether the bulkhead of a preset comes after its breaker.
    pub(in super::super) fn has_its_bulkhead_behind(breaker: &Breaker) -> bool {
        breaker.preset == Some(Preset::Hystrix)
    }

    pub(super) fn polly(&mut self, breaker: &Breaker, path: &str) -> PollySettings {
        let library = PollySettings::default();
        let half_a_second = SimDuration::from_millis(500);
        let mut span = |written: Option<Duration>, default: SimDuration, key: &str| match written {
            None => default,
            Some(span) if span.0 >= half_a_second => span.0,
            Some(_) => {
                let at = self.value_at(&format!("{path}.{key}"));
                self.error(at, format!("`{key}` is at least 500ms"), "write a span such as `30s`");
                default
            }
        };
        PollySettings {
            sampling_duration: span(
                breaker.sampling_duration,
                library.sampling_duration,
                "SamplingDuration",
            ),
            break_duration: span(breaker.break_duration, library.break_duration, "BreakDuration"),
            failure_ratio: self.number(
                breaker.failure_ratio,
                library.failure_ratio,
                0.0..=1.0,
                &format!("{path}.FailureRatio"),
            ),
            minimum_throughput: self.number(
                breaker.minimum_throughput.map(f64::from),
                f64::from(library.minimum_throughput),
                2.0..=f64::from(i32::MAX),
                &format!("{path}.MinimumThroughput"),
            ) as u32,
        }
    }

    pub(super) fn hystrix(&mut self, breaker: &Breaker, path: &str) -> HystrixSettings {
        let library = HystrixSettings::default();
        let rolling_stats_time =
            breaker.hystrix_rolling_window.map_or(library.rolling_stats_time, millis);
        let health_snapshot_interval =
            breaker.hystrix_snapshot_interval.map_or(library.health_snapshot_interval, millis);
        let is_divisible = !health_snapshot_interval.is_zero()
            && !rolling_stats_time.is_zero()
            && rolling_stats_time.as_nanos().is_multiple_of(health_snapshot_interval.as_nanos());
        if !is_divisible {
            let at = self.value_at(&format!("{path}.metricsHealthSnapshotIntervalInMilliseconds"));
            self.error(
                at,
                "the rolling window is not made of whole snapshot intervals",
                "write an interval that divides the window, such as 500 of 10000",
            );
            return library;
        }
        HystrixSettings {
            request_volume_threshold: breaker
                .hystrix_request_volume_threshold
                .unwrap_or(library.request_volume_threshold),
            error_threshold_percentage: self.number(
                breaker.hystrix_error_threshold_percentage.map(f64::from),
                f64::from(library.error_threshold_percentage),
                0.0..=100.0,
                &format!("{path}.circuitBreakerErrorThresholdPercentage"),
            ) as u32,
            sleep_window: breaker.hystrix_sleep_window.map_or(library.sleep_window, millis),
            rolling_stats_time,
            health_snapshot_interval,
        }
    }

    pub(super) fn opossum(&mut self, breaker: &Breaker, path: &str) -> OpossumSettings {
        let library = OpossumSettings::default();
        OpossumSettings {
            error_threshold_percentage: self.number(
                breaker.error_threshold_percentage,
                library.error_threshold_percentage,
                0.0..=100.0,
                &format!("{path}.errorThresholdPercentage"),
            ),
            reset_timeout: breaker
                .reset_timeout_of_opossum
                .map_or(library.reset_timeout, |timeout| timeout.0),
            rolling_count_timeout: breaker
                .rolling_count_timeout
                .map_or(library.rolling_count_timeout, |timeout| timeout.0),
            rolling_count_buckets: self.counted(
                breaker.rolling_count_buckets,
                library.rolling_count_buckets,
                &format!("{path}.rollingCountBuckets"),
            ),
            volume_threshold: breaker.volume_threshold.unwrap_or(library.volume_threshold),
            capacity: breaker.capacity,
            timeout: breaker.timeout.map_or(library.timeout, |timeout| timeout.0),
        }
    }

    pub(super) fn cockatiel(&mut self, breaker: &Breaker, path: &str) -> CockatielSettings {
        if breaker.half_open_after.is_none() && !self.was_removed(path) {
            let at = self.key_at(path);
            self.error(
                at,
                "there is no telling how long this breaker stays open",
                "write `halfOpenAfter: 10s`",
            );
        }
        let made_of = match (
            breaker.opens_after_consecutive,
            breaker.opens_by_count,
            breaker.opens_by_sampling,
        ) {
            (Some(failures), None, None) => CockatielBreaker::Consecutive(failures),
            (None, Some(CountBreaker { threshold, size, minimum_number_of_calls }), None) => {
                CockatielBreaker::Count {
                    threshold: self
                        .cockatiel_threshold(threshold, &format!("{path}.CountBreaker.threshold")),
                    size: self.counted(Some(size), size, &format!("{path}.CountBreaker.size")),
                    minimum_number_of_calls: self.number(
                        minimum_number_of_calls.map(f64::from),
                        f64::from(size),
                        1.0..=f64::from(size),
                        &format!("{path}.CountBreaker.minimumNumberOfCalls"),
                    ) as u32,
                }
            }
            (None, None, Some(SamplingBreaker { threshold, duration, minimum_rps })) => {
                CockatielBreaker::Sampling {
                    threshold: self.cockatiel_threshold(
                        threshold,
                        &format!("{path}.SamplingBreaker.threshold"),
                    ),
                    duration: duration.0,
                    minimum_rps: self.number(
                        minimum_rps,
                        5.0 / threshold.0,
                        0.0..=1e9,
                        &format!("{path}.SamplingBreaker.minimumRps"),
                    ),
                }
            }
            _ => {
                if !self.was_removed(path) {
                    let at = self.key_at(path);
                    self.error(
                        at,
                        "there is no telling when this breaker opens",
                        "write one of `ConsecutiveBreaker: 5`, `CountBreaker: { threshold: 50%, size: 100 }` and `SamplingBreaker: { threshold: 50%, duration: 30s }`",
                    );
                }
                CockatielBreaker::Consecutive(1)
            }
        };
        CockatielSettings {
            half_open_after: breaker.half_open_after.map_or(SimDuration::ZERO, |after| after.0),
            breaker: made_of,
        }
    }

    /// A number of at least one.
    fn counted(&mut self, written: Option<u32>, default: u32, path: &str) -> u32 {
        written.map_or(default, |number| self.at_least_one(number, "this", path))
    }

    /// A share strictly between none and all, as cockatiel demands.
    fn cockatiel_threshold(&mut self, threshold: Share, path: &str) -> f64 {
        if threshold.0 <= 0.0 || threshold.0 >= 1.0 {
            let at = self.value_at(path);
            self.error(
                at,
                "the threshold lies above 0% and below 100%",
                "write a share such as `50%`",
            );
        }
        threshold.0
    }

    /// A number within the range that the library takes.
    pub(in super::super) fn number(
        &mut self,
        written: Option<f64>,
        default: f64,
        range: RangeInclusive<f64>,
        path: &str,
    ) -> f64 {
        match written {
            None => default,
            Some(number) if range.contains(&number) => number,
            Some(number) => {
                let at = self.value_at(path);
                self.error(
                    at,
                    format!("`{number}` is out of range"),
                    format!("write a number from {} to {}", range.start(), range.end()),
                );
                default
            }
        }
    }

    /// A percentage above 0 and up to 100, as Resilience4j demands.
    fn percentage(&mut self, written: Option<f32>, default: f32, path: &str) -> f32 {
        match written {
            Some(percentage) if percentage > 0.0 && percentage <= 100.0 => percentage,
            None => default,
            Some(percentage) => {
                let at = self.value_at(path);
                self.error(
                    at,
                    format!("`{percentage}` is not a percentage above 0 and up to 100"),
                    "write a number such as `50`",
                );
                default
            }
        }
    }
}

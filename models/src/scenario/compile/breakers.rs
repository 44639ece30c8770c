//! Breakers: composed of parts, or of a library.

use std::ops::RangeInclusive;

use sim_core::SimDuration;

use super::super::breaker::{
    Breaker, Broken, CountBreaker, HalfOpenPermits, HalfOpensBy, LateResults as WrittenLate, Preset, ReadyToTrip as WrittenTrip,
    SamplingBreaker, Scope as Written, SlidingWindowType, WaitFrom as WrittenWaitFrom,
};
use super::super::call::Bulkhead;
use super::super::quantity::{Duration, Share};
use super::guards::{one_of_several, scope};
use super::{Caller, Compiler, most};
use crate::resilience::circuit_breaker::libraries::{
    ArticleGoSettings, ArticlePythonSettings, CockatielBreaker, CockatielSettings, GoBreakerSettings, HystrixSettings,
    OpossumSettings, PollySettings, PyBreakerSettings, ReadyToTrip, Resilience4jSettings,
};
use crate::resilience::circuit_breaker::{
    BreakerSettings, HalfOpenPolicy, HalfOpens, LateResults, Permits, Settings, TripRule, Wait, WaitFrom, WindowKind,
};
use crate::system::{BreakerPlan, Guard, Scope};
use crate::{Outcome, OutcomeSet};

/// Defaults of a breaker; those of the article that the project began with.
mod default {
    use sim_core::SimDuration;

    pub const WINDOW_CALLS: u32 = 100;
    pub const FAILURE_RATE: f64 = 0.5;
    pub const MINIMUM_CALLS: u32 = 10;
    pub const WAIT: SimDuration = SimDuration::from_secs(30);
    pub const HALF_OPEN_CALLS: u32 = 3;
    pub const PROPAGATION: SimDuration = SimDuration::from_millis(100);
}

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

/// What a breaker counts as a failure if nobody says otherwise. Hystrix's thread pool lies within its breaker, and a call that
/// finds no thread is a failure.
fn counted_by(preset: Option<Preset>) -> OutcomeSet {
    let failures = OutcomeSet::callee_failures();
    if preset == Some(Preset::Hystrix) { failures.with(Outcome::RejectedByBulkhead) } else { failures }
}

impl Compiler<'_> {
    pub(super) fn breaker(&mut self, caller: Caller, callee: u32, breaker: &Breaker, ordinal: u32, path: &str) -> Guard {
        let settings = self.breaker_settings(breaker, path);
        let scope = scope(breaker.scope);
        let counts = breaker.counts.as_deref().map_or_else(|| counted_by(breaker.preset), OutcomeSet::of);
        let ignores = breaker.ignores.as_deref().map_or_else(|| OutcomeSet::of(&[]), OutcomeSet::of);
        if let Some(outcome) = Outcome::ALL
            .into_iter()
            .find(|outcome| ignores.contains(*outcome) && breaker.counts.as_ref().is_some_and(|counts| counts.contains(outcome)))
        {
            let at = self.key_at(&format!("{path}.ignores"));
            self.error(at, format!("`{}` is both counted and ignored", outcome.name()), "keep it in one of the two lists");
        }
        let store_delay = (breaker.scope == Some(Written::Store))
            .then(|| breaker.propagation.map_or(default::PROPAGATION, |propagation| propagation.0));
        if breaker.propagation.is_some() && store_delay.is_none() {
            let at = self.key_at(&format!("{path}.propagation"));
            self.error(at, "`propagation` means nothing to this scope", "it belongs to `scope: store`");
        }
        let fails_open = breaker.broken != Some(Broken::FailClosed);
        let first = self.blueprint.breakers.len() as u32;
        let count = self.count_in(scope, caller, callee);
        self.looked_back = self.looked_back.saturating_add(count.saturating_mul(settings.remembered()));
        if self.may_have(u64::from(first) + count, most::BREAKERS, "breakers", path)
            && self.may_have(self.looked_back, most::LOOKED_BACK, "calls or seconds for breakers to remember", path)
        {
            for owner in self.breaker_owners(caller, callee, scope) {
                let owner = one_of_several(owner, "breaker", ordinal);
                self.blueprint.breakers.push(BreakerPlan { owner, settings, fails_open, store_delay });
            }
        }
        Guard::Breaker { first, scope, counts, ignores }
    }

    fn breaker_owners(&self, caller: Caller, callee: u32, scope: Scope) -> Vec<String> {
        let (from, to) = (self.caller_name(caller), self.blueprint.stations[callee as usize].name.clone());
        let numbered = |name: &str, instances: u32| -> Vec<String> {
            if instances == 1 {
                vec![name.to_owned()]
            } else {
                (1..=instances).map(|number| format!("{name}#{number}")).collect()
            }
        };
        let callers = numbered(&from, self.caller_instances(caller));
        match scope {
            Scope::Edge => vec![format!("{from} -> {to}")],
            Scope::CallerInstance => callers.iter().map(|from| format!("{from} -> {to}")).collect(),
            Scope::CalleeInstance => {
                let callees = numbered(&to, self.blueprint.stations[callee as usize].instances.len() as u32);
                callers.iter().flat_map(|from| callees.iter().map(move |to| format!("{from} -> {to}"))).collect()
            }
        }
    }

    fn breaker_settings(&mut self, breaker: &Breaker, path: &str) -> BreakerSettings {
        match breaker.preset {
            None => BreakerSettings::Composed(self.composed(breaker, path)),
            Some(Preset::Envoy | Preset::Istio) => unreachable!("the limits of a proxy are a bulkhead"),
            Some(Preset::Resilience4j) => BreakerSettings::Resilience4j(self.resilience4j(breaker, path)),
            Some(Preset::GoBreaker) => BreakerSettings::GoBreaker(self.gobreaker(breaker, path)),
            Some(Preset::PyBreaker) => BreakerSettings::PyBreaker(self.pybreaker(breaker, path)),
            Some(Preset::ArticlePython) => BreakerSettings::ArticlePython(self.article_python(breaker, path)),
            Some(Preset::ArticleGo) => BreakerSettings::ArticleGo(self.article_go(breaker, path)),
            Some(Preset::Opossum) => BreakerSettings::Opossum(self.opossum(breaker, path)),
            Some(Preset::Cockatiel) => BreakerSettings::Cockatiel(self.cockatiel(breaker, path)),
            Some(Preset::Polly) => BreakerSettings::Polly(self.polly(breaker, path)),
            Some(Preset::Hystrix) => BreakerSettings::Hystrix(self.hystrix(breaker, path)),
        }
    }

    /// A key of another breaker would be ignored; it is a problem instead.
    pub(super) fn check_breaker_keys(&mut self, breaker: &Breaker, path: &str) {
        for (key, is_there, presets) in breaker_keys(breaker) {
            if !is_there || presets.contains(&breaker.preset) {
                continue;
            }
            let at = self.key_at(&format!("{path}.{key}"));
            let owners: Vec<String> = presets.iter().flatten().map(|preset| format!("`preset: {}`", preset.name())).collect();
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

    fn resilience4j(&mut self, breaker: &Breaker, path: &str) -> Resilience4jSettings {
        let library = Resilience4jSettings::default();
        let size = self.counted(breaker.sliding_window_size, 100, &format!("{path}.slidingWindowSize"));
        let wait = breaker.wait_duration_in_open_state.map_or(SimDuration::from_secs(60), |wait| wait.0);
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
            max_wait_duration_in_half_open_state: breaker.max_wait_in_half_open_state.map_or(SimDuration::ZERO, |wait| wait.0),
            automatic_transition_from_open_to_half_open: breaker.automatic_transition.unwrap_or(false),
        }
    }

    fn gobreaker(&mut self, breaker: &Breaker, path: &str) -> GoBreakerSettings {
        let library = GoBreakerSettings::default();
        let span = |written: Option<Duration>| written.map_or(SimDuration::ZERO, |duration| duration.0);
        GoBreakerSettings {
            max_requests: breaker.max_requests.unwrap_or(library.max_requests),
            interval: span(breaker.interval),
            bucket_period: span(breaker.bucket_period),
            timeout: span(breaker.open_timeout),
            ready_to_trip: match breaker.ready_to_trip {
                None => library.ready_to_trip,
                Some(WrittenTrip { consecutive_failures: Some(failures), failure_ratio: None, requests: None }) => {
                    ReadyToTrip::ConsecutiveFailures(failures)
                }
                Some(WrittenTrip { consecutive_failures: None, failure_ratio: Some(ratio), requests }) => {
                    ReadyToTrip::FailureRatio { minimum_requests: requests.unwrap_or(1), ratio: ratio.0 }
                }
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

    fn pybreaker(&mut self, breaker: &Breaker, path: &str) -> PyBreakerSettings {
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

    fn article_python(&mut self, breaker: &Breaker, path: &str) -> ArticlePythonSettings {
        let library = ArticlePythonSettings::default();
        let mut seconds = |written: Option<f64>, default: SimDuration, key: &str| match written {
            None => default,
            Some(seconds) if seconds > 0.0 && seconds < 1e9 => SimDuration::from_secs_f64(seconds),
            Some(seconds) => {
                let at = self.value_at(&format!("{path}.{key}"));
                self.error(at, format!("`{seconds}` is not a number of seconds"), "write a number such as `30`");
                default
            }
        };
        ArticlePythonSettings {
            timeout: seconds(breaker.timeout_seconds, library.timeout, "timeout_seconds"),
            sliding_window: seconds(breaker.sliding_window_seconds, library.sliding_window, "sliding_window_seconds"),
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
            failure_rate_threshold: breaker.failure_rate_threshold.map_or(library.failure_rate_threshold, |share| share.0),
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

    fn article_go(&mut self, breaker: &Breaker, path: &str) -> ArticleGoSettings {
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
    pub(super) fn timeout_of(breaker: &Breaker) -> Option<Duration> {
        match breaker.preset {
            Some(Preset::Opossum) => Some(breaker.timeout.unwrap_or(Duration(OpossumSettings::default().timeout))),
            Some(Preset::Hystrix) => Some(Duration(millis(breaker.hystrix_execution_timeout.unwrap_or(HYSTRIX_TIMEOUT_MILLIS)))),
            _ => None,
        }
    }

    /// The bulkhead that a preset brings along.
    pub(super) fn bulkhead_of(breaker: &Breaker) -> Option<Bulkhead> {
        match breaker.preset {
            Some(Preset::ArticleGo) => Some(Bulkhead {
                semaphore: Some(breaker.bulkhead_max_concurrent.unwrap_or(ArticleGoSettings::default().bulkhead_max_concurrent)),
                max_wait: Some(breaker.bulkhead_max_wait.unwrap_or(Duration(ARTICLE_GO_MAX_WAIT))),
                ..Bulkhead::default()
            }),
            Some(Preset::Hystrix) => Some(Bulkhead {
                threads: Some(breaker.hystrix_core_size.unwrap_or(HYSTRIX_CORE_SIZE)),
                queue: Some(breaker.hystrix_max_queue_size.map_or(0, |size| size.max(0) as u32)),
                ..Bulkhead::default()
            }),
            _ => None,
        }
    }

    /// Whether the bulkhead of a preset comes after its breaker.
    pub(super) fn has_its_bulkhead_behind(breaker: &Breaker) -> bool {
        breaker.preset == Some(Preset::Hystrix)
    }

    fn polly(&mut self, breaker: &Breaker, path: &str) -> PollySettings {
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
            sampling_duration: span(breaker.sampling_duration, library.sampling_duration, "SamplingDuration"),
            break_duration: span(breaker.break_duration, library.break_duration, "BreakDuration"),
            failure_ratio: self.number(breaker.failure_ratio, library.failure_ratio, 0.0..=1.0, &format!("{path}.FailureRatio")),
            minimum_throughput: self.number(
                breaker.minimum_throughput.map(f64::from),
                f64::from(library.minimum_throughput),
                2.0..=f64::from(i32::MAX),
                &format!("{path}.MinimumThroughput"),
            ) as u32,
        }
    }

    fn hystrix(&mut self, breaker: &Breaker, path: &str) -> HystrixSettings {
        let library = HystrixSettings::default();
        let rolling_stats_time = breaker.hystrix_rolling_window.map_or(library.rolling_stats_time, millis);
        let health_snapshot_interval = breaker.hystrix_snapshot_interval.map_or(library.health_snapshot_interval, millis);
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
            request_volume_threshold: breaker.hystrix_request_volume_threshold.unwrap_or(library.request_volume_threshold),
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

    fn opossum(&mut self, breaker: &Breaker, path: &str) -> OpossumSettings {
        let library = OpossumSettings::default();
        OpossumSettings {
            error_threshold_percentage: self.number(
                breaker.error_threshold_percentage,
                library.error_threshold_percentage,
                0.0..=100.0,
                &format!("{path}.errorThresholdPercentage"),
            ),
            reset_timeout: breaker.reset_timeout_of_opossum.map_or(library.reset_timeout, |timeout| timeout.0),
            rolling_count_timeout: breaker.rolling_count_timeout.map_or(library.rolling_count_timeout, |timeout| timeout.0),
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

    fn cockatiel(&mut self, breaker: &Breaker, path: &str) -> CockatielSettings {
        if breaker.half_open_after.is_none() && !self.was_removed(path) {
            let at = self.key_at(path);
            self.error(at, "there is no telling how long this breaker stays open", "write `halfOpenAfter: 10s`");
        }
        let made_of = match (breaker.opens_after_consecutive, breaker.opens_by_count, breaker.opens_by_sampling) {
            (Some(failures), None, None) => CockatielBreaker::Consecutive(failures),
            (None, Some(CountBreaker { threshold, size, minimum_number_of_calls }), None) => CockatielBreaker::Count {
                threshold: self.cockatiel_threshold(threshold, &format!("{path}.CountBreaker.threshold")),
                size: self.counted(Some(size), size, &format!("{path}.CountBreaker.size")),
                minimum_number_of_calls: self.number(
                    minimum_number_of_calls.map(f64::from),
                    f64::from(size),
                    1.0..=f64::from(size),
                    &format!("{path}.CountBreaker.minimumNumberOfCalls"),
                ) as u32,
            },
            (None, None, Some(SamplingBreaker { threshold, duration, minimum_rps })) => CockatielBreaker::Sampling {
                threshold: self.cockatiel_threshold(threshold, &format!("{path}.SamplingBreaker.threshold")),
                duration: duration.0,
                minimum_rps: self.number(
                    minimum_rps,
                    5.0 / threshold.0,
                    0.0..=1e9,
                    &format!("{path}.SamplingBreaker.minimumRps"),
                ),
            },
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
            self.error(at, "the threshold lies above 0% and below 100%", "write a share such as `50%`");
        }
        threshold.0
    }

    /// A number within the range that the library takes.
    pub(super) fn number(&mut self, written: Option<f64>, default: f64, range: RangeInclusive<f64>, path: &str) -> f64 {
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

    /// A breaker composed of parts.
    fn composed(&mut self, breaker: &Breaker, path: &str) -> Settings {
        let window = breaker.window.map_or(WindowKind::Calls(default::WINDOW_CALLS), |window| window.0);
        let minimum_calls = breaker.minimum_calls.unwrap_or(default::MINIMUM_CALLS);
        if let (WindowKind::Calls(size), Some(minimum)) = (window, breaker.minimum_calls)
            && size < minimum
        {
            let at = self.value_at(&format!("{path}.minimum calls"));
            self.error(
                at,
                format!("a window of {size} calls never holds the {minimum} that the breaker waits for"),
                format!("make the window at least {minimum} calls, or the minimum at most {size}"),
            );
        }
        let slow_call_rate = match (breaker.slow_call, breaker.slow_call_rate) {
            (None, Some(_)) => {
                let at = self.key_at(&format!("{path}.slow call rate"));
                self.error(
                    at,
                    "there is no telling which calls are slow",
                    "write how long a slow call takes, such as `slow call: 2s`",
                );
                None
            }
            (Some(_), rate) => Some(rate.map_or(1.0, |share| share.0)),
            (None, None) => None,
        };
        let failures = breaker.failures.map(|count| self.at_least_one(count, "failures", &format!("{path}.failures")));
        if let (WindowKind::Calls(size), Some(failures)) = (window, failures)
            && size < failures
        {
            let at = self.value_at(&format!("{path}.failures"));
            self.error(
                at,
                format!("a window of {size} calls never holds {failures} failures"),
                "make the window larger, or the threshold smaller",
            );
        }
        if breaker.half_open_max_stay.is_some_and(|stay| stay.0.is_zero()) {
            let at = self.value_at(&format!("{path}.half-open max stay"));
            self.error(at, "a stay of no length leaves no time for probes", "leave it out, or give it a length such as `1m`");
        }
        let has_rule = slow_call_rate.is_some() || breaker.consecutive_failures.is_some() || failures.is_some();
        let failure_rate = breaker.failure_rate.map(|share| share.0).or((!has_rule).then_some(default::FAILURE_RATE));
        let consecutive_failures = breaker
            .consecutive_failures
            .map(|count| self.at_least_one(count, "consecutive failures", &format!("{path}.consecutive failures")));
        let permitted_calls = self.at_least_one(
            breaker.half_open_calls.unwrap_or(default::HALF_OPEN_CALLS.max(breaker.success_threshold.unwrap_or(1))),
            "half-open calls",
            &format!("{path}.half-open calls"),
        );
        let is_concurrent = breaker.half_open_permits == Some(HalfOpenPermits::Concurrent);
        let is_out_of_reach = |threshold: &u32| (*threshold > permitted_calls && !is_concurrent) || *threshold == 0;
        if let Some(threshold) = breaker.success_threshold.filter(is_out_of_reach) {
            let at = self.value_at(&format!("{path}.success threshold"));
            self.error(
                at,
                format!("{permitted_calls} probes never give {threshold} successes"),
                "permit at least as many half-open calls as the threshold asks for",
            );
        }
        Settings {
            window,
            trip: TripRule {
                failure_rate,
                slow_call_rate,
                slow_call: breaker.slow_call.map_or(SimDuration::MAX, |duration| duration.0),
                minimum_calls: minimum_calls.max(1),
                consecutive_failures,
                failures,
            },
            wait: breaker.wait.map_or(Wait::Fixed(default::WAIT), |phrase| phrase.wait),
            jitter: breaker.wait.map_or(0.0, |phrase| phrase.jitter),
            wait_from: match breaker.wait_from {
                Some(WrittenWaitFrom::LastFailure) => WaitFrom::LastFailure,
                Some(WrittenWaitFrom::Opening) | None => WaitFrom::Opening,
            },
            half_opens: match breaker.half_opens_by {
                Some(HalfOpensBy::Timer) => HalfOpens::ByTimer,
                Some(HalfOpensBy::NextCall) | None => HalfOpens::Lazily,
            },
            half_open: HalfOpenPolicy {
                permitted_calls,
                permits: match breaker.half_open_permits {
                    Some(HalfOpenPermits::Concurrent) => Permits::Concurrent,
                    Some(HalfOpenPermits::Cumulative) | None => Permits::Cumulative,
                },
                success_threshold: breaker.success_threshold,
                max_stay: breaker.half_open_max_stay.map(|stay| stay.0),
            },
            late_results: match breaker.late_results {
                Some(WrittenLate::Dropped) => LateResults::Dropped,
                Some(WrittenLate::Counted) | None => LateResults::Counted,
            },
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
fn breaker_keys(breaker: &Breaker) -> [(&'static str, bool, Presets); 84] {
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
        ("permittedNumberOfCallsInHalfOpenState", breaker.permitted_number_of_calls.is_some(), RESILIENCE4J),
        ("waitDurationInOpenState", breaker.wait_duration_in_open_state.is_some(), RESILIENCE4J),
        ("enableExponentialBackoff", breaker.enable_exponential_backoff.is_some(), RESILIENCE4J),
        ("exponentialBackoffMultiplier", breaker.exponential_backoff_multiplier.is_some(), RESILIENCE4J),
        ("exponentialMaxWaitDurationInOpenState", breaker.exponential_max_wait.is_some(), RESILIENCE4J),
        ("maxWaitDurationInHalfOpenState", breaker.max_wait_in_half_open_state.is_some(), RESILIENCE4J),
        ("automaticTransitionFromOpenToHalfOpenEnabled", breaker.automatic_transition.is_some(), RESILIENCE4J),
        ("MaxRequests", breaker.max_requests.is_some(), GOBREAKER),
        ("Interval", breaker.interval.is_some(), GOBREAKER),
        ("BucketPeriod", breaker.bucket_period.is_some(), GOBREAKER),
        ("Timeout", breaker.open_timeout.is_some(), &[Some(Preset::GoBreaker), Some(Preset::ArticleGo)]),
        ("ReadyToTrip", breaker.ready_to_trip.is_some(), GOBREAKER),
        ("fail_max", breaker.fail_max.is_some(), PYBREAKER),
        ("reset_timeout", breaker.reset_timeout.is_some(), PYBREAKER),
        ("success_threshold", breaker.successes_to_close.is_some(), &[Some(Preset::PyBreaker), Some(Preset::ArticlePython)]),
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
        ("circuitBreakerRequestVolumeThreshold", breaker.hystrix_request_volume_threshold.is_some(), HYSTRIX),
        ("circuitBreakerErrorThresholdPercentage", breaker.hystrix_error_threshold_percentage.is_some(), HYSTRIX),
        ("circuitBreakerSleepWindowInMilliseconds", breaker.hystrix_sleep_window.is_some(), HYSTRIX),
        ("metricsRollingStatisticalWindowInMilliseconds", breaker.hystrix_rolling_window.is_some(), HYSTRIX),
        ("metricsHealthSnapshotIntervalInMilliseconds", breaker.hystrix_snapshot_interval.is_some(), HYSTRIX),
        ("executionTimeoutInMilliseconds", breaker.hystrix_execution_timeout.is_some(), HYSTRIX),
        ("coreSize", breaker.hystrix_core_size.is_some(), HYSTRIX),
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

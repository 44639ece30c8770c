//! The settings of Resilience4j's breaker.

use sim_core::SimDuration;

use super::Machine;
use super::service::ServiceSection;
use crate::language::quantity::Duration;
use crate::language::{Placed, Problems, section, words};
use crate::resilience::circuit_breaker::libraries::Resilience4jSettings;
use crate::resilience::circuit_breaker::{BreakerSettings, Wait, WindowLength};

/// The multiplier of an exponential backoff that the library takes if none is set.
const MULTIPLIER: f64 = 1.5;

section! {
    /// Resilience4j's `CircuitBreakerConfig`.
    pub(crate) struct Resilience4jSection {
        /// `COUNT_BASED` or `TIME_BASED`; `COUNT_BASED` if left out.
        "slidingWindowType" => sliding_window_type: Option<SlidingWindowType>,
        /// Calls or seconds; 100 if left out.
        "slidingWindowSize" => sliding_window_size: Option<Placed<u32>>,
        /// Calls before the rates are judged; 100 if left out.
        "minimumNumberOfCalls" => minimum_number_of_calls: Option<Placed<u32>>,
        /// Opens at this percentage of failures; 50 if left out.
        "failureRateThreshold" => failure_rate_threshold: Option<Placed<f32>>,
        /// Opens at this percentage of slow calls; 100 if left out.
        "slowCallRateThreshold" => slow_call_rate_threshold: Option<Placed<f32>>,
        /// A call that takes longer is slow; 60s if left out.
        "slowCallDurationThreshold" => slow_call_duration_threshold: Option<Duration>,
        /// Calls let through while half-open; 10 if left out.
        "permittedNumberOfCallsInHalfOpenState" => permitted_number_of_calls: Option<Placed<u32>>,
        /// How long it stays open; 60s if left out.
        "waitDurationInOpenState" => wait_duration_in_open_state: Option<Duration>,
        /// True if the wait grows with every opening; false if left out.
        "enableExponentialBackoff" => enable_exponential_backoff: Option<bool>,
        /// The factor on the wait with each opening; 1.5 if left out.
        "exponentialBackoffMultiplier" => exponential_backoff_multiplier: Option<Placed<f64>>,
        /// The longest wait; no limit if left out.
        "exponentialMaxWaitDurationInOpenState" => exponential_max_wait: Option<Duration>,
        /// Half-open no longer than this; no limit if left out.
        "maxWaitDurationInHalfOpenState" => max_wait_in_half_open_state: Option<Duration>,
        /// True if a timer ends the open state, and not the next call; false if left out.
        "automaticTransitionFromOpenToHalfOpenEnabled" => automatic_transition: Option<bool>,
        .. => service: ServiceSection,
    }
}

words! {
    /// The two windows of Resilience4j.
    pub(crate) enum SlidingWindowType {
        /// The last so many calls.
        "COUNT_BASED" => CountBased,
        /// The last so many seconds.
        "TIME_BASED" => TimeBased,
    }
}

impl Machine for Resilience4jSection {
    fn service(&self) -> &ServiceSection {
        &self.service
    }

    fn settings(&self, problems: &mut Problems) -> BreakerSettings {
        let library = Resilience4jSettings::default();
        let size = problems.at_least_one(self.sliding_window_size.as_ref(), 100, "this");
        let span = |written: Option<Duration>, default| written.map_or(default, |span| span.0);
        BreakerSettings::Resilience4j(Resilience4jSettings {
            sliding_window: match self.sliding_window_type {
                None | Some(SlidingWindowType::CountBased) => WindowLength::Calls(size),
                Some(SlidingWindowType::TimeBased) => WindowLength::Seconds(size),
            },
            minimum_number_of_calls: problems.at_least_one(
                self.minimum_number_of_calls.as_ref(),
                library.minimum_number_of_calls,
                "this",
            ),
            failure_rate_threshold: percentage(
                self.failure_rate_threshold.as_ref(),
                library.failure_rate_threshold,
                problems,
            ),
            slow_call_rate_threshold: percentage(
                self.slow_call_rate_threshold.as_ref(),
                library.slow_call_rate_threshold,
                problems,
            ),
            slow_call_duration_threshold: span(
                self.slow_call_duration_threshold,
                library.slow_call_duration_threshold,
            ),
            permitted_number_of_calls_in_half_open_state: problems.at_least_one(
                self.permitted_number_of_calls.as_ref(),
                library.permitted_number_of_calls_in_half_open_state,
                "this",
            ),
            wait_in_open_state: self.wait(problems),
            max_wait_duration_in_half_open_state: span(
                self.max_wait_in_half_open_state,
                SimDuration::ZERO,
            ),
            automatic_transition_from_open_to_half_open: self.automatic_transition.unwrap_or(false),
        })
    }
}

impl Resilience4jSection {
    fn wait(&self, problems: &mut Problems) -> Wait {
        let wait = self.wait_duration_in_open_state.map_or(SimDuration::from_secs(60), |it| it.0);
        if self.enable_exponential_backoff != Some(true) {
            return Wait::Fixed(wait);
        }
        let multiplier = self.exponential_backoff_multiplier.as_ref();
        Wait::Exponential {
            base: wait,
            multiplier: problems.within(multiplier, MULTIPLIER, 1.0..=1_000.0),
            max: self.exponential_max_wait.map_or(SimDuration::MAX, |max| max.0),
        }
    }
}

/// A percentage above 0 and up to 100, as the library demands.
fn percentage(written: Option<&Placed<f32>>, default: f32, problems: &mut Problems) -> f32 {
    let Some(percentage) = written else { return default };
    if **percentage > 0.0 && **percentage <= 100.0 {
        return **percentage;
    }
    let message = format!("`{}` is not a percentage above 0 and up to 100", **percentage);
    problems.error(percentage.at(), message, "write a number such as `50`");
    default
}

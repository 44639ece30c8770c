//! The settings of the article's Python breaker.

use sim_core::SimDuration;

use super::Machine;
use super::service::ServiceSection;
use crate::language::quantity::Share;
use crate::language::{Placed, Problems, section};
use crate::resilience::circuit_breaker::BreakerSettings;
use crate::resilience::circuit_breaker::libraries::ArticlePythonSettings;

section! {
    /// The article's `CircuitBreakerConfig`.
    pub(crate) struct ArticlePythonSection {
        /// Failures in the window that open it; 5 if left out.
        "failure_threshold" => failure_threshold: Option<Placed<u32>>,
        /// Share of failures, 0 to 1, that opens it; 0.5 if left out.
        "failure_rate_threshold" => failure_rate_threshold: Option<Share>,
        /// Calls before the rate is judged; 10 if left out.
        "minimum_calls" => minimum_calls: Option<u32>,
        /// Successes that close it; 3 if left out.
        "success_threshold" => success_threshold: Option<Placed<u32>>,
        /// Seconds it stays open, doubled by every opening; 30 if left out.
        "timeout_seconds" => timeout_seconds: Option<Placed<f64>>,
        /// Seconds it looks back; 60 if left out.
        "sliding_window_seconds" => sliding_window_seconds: Option<Placed<f64>>,
        /// Calls let through while half-open; 3 if left out.
        "half_open_max_calls" => half_open_max_calls: Option<Placed<u32>>,
        /// Seconds from which a call counts as slow; 5 if left out.
        "slow_call_threshold_seconds" => slow_call_threshold_seconds: Option<Placed<f64>>,
        .. => service: ServiceSection,
    }
}

impl Machine for ArticlePythonSection {
    fn service(&self) -> &ServiceSection {
        &self.service
    }

    fn settings(&self, problems: &mut Problems) -> BreakerSettings {
        let library = ArticlePythonSettings::default();
        let timeout = seconds(self.timeout_seconds.as_ref(), library.timeout, problems);
        let window =
            seconds(self.sliding_window_seconds.as_ref(), library.sliding_window, problems);
        let slow_call = self.slow_call_threshold_seconds.as_ref();
        let slow_call_threshold = seconds(slow_call, library.slow_call_threshold, problems);
        let mut count = |written: &Option<Placed<u32>>, default| {
            problems.at_least_one(written.as_ref(), default, "this")
        };
        BreakerSettings::ArticlePython(ArticlePythonSettings {
            timeout,
            sliding_window: window,
            slow_call_threshold,
            failure_threshold: count(&self.failure_threshold, library.failure_threshold),
            failure_rate_threshold: self
                .failure_rate_threshold
                .map_or(library.failure_rate_threshold, |share| share.0),
            minimum_calls: self.minimum_calls.unwrap_or(library.minimum_calls),
            success_threshold: count(&self.success_threshold, library.success_threshold),
            half_open_max_calls: count(&self.half_open_max_calls, library.half_open_max_calls),
        })
    }
}

/// A span of time written as a number of seconds.
fn seconds(
    written: Option<&Placed<f64>>,
    default: SimDuration,
    problems: &mut Problems,
) -> SimDuration {
    let Some(seconds) = written else { return default };
    if **seconds > 0.0 && **seconds < 1e9 {
        return SimDuration::from_secs_f64(**seconds);
    }
    let message = format!("`{}` is not a number of seconds", **seconds);
    problems.error(seconds.at(), message, "write a number such as `30`");
    default
}

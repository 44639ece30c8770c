//! Resilience4j's `Retry`, under the names of its `application.yml`.

use sim_core::SimDuration;

use super::{RetryRule, RetrySection, Rule, SharedSection};
use crate::OutcomeSet;
use crate::language::quantity::Duration;
use crate::language::{Placed, Problems, section};
use crate::resilience::{Backoff, Growth, Jitter};
use crate::system::Pauses;

/// The library's own settings (`RetryConfig` and `IntervalFunction` at af9e7c9).
const MAX_ATTEMPTS: u32 = 3;
const WAIT_DURATION: SimDuration = SimDuration::from_millis(500);
const MULTIPLIER: f64 = 1.5;
const RANDOMIZATION_FACTOR: f64 = 0.5;

section! {
    /// Resilience4j's `Retry`.
    pub(crate) struct Resilience4jRetry {
        /// Attempts in all, the first included; 3 if left out.
        "maxAttempts" => max_attempts: Option<Placed<u32>>,
        /// The wait between attempts; 500ms if left out.
        "waitDuration" => wait_duration: Option<Placed<Duration>>,
        /// True if the wait grows; false if left out.
        "enableExponentialBackoff" => is_exponential: Option<Placed<bool>>,
        /// The factor by which it grows; 1.5 if left out.
        "exponentialBackoffMultiplier" => multiplier: Option<Placed<f64>>,
        /// The longest wait; none if left out.
        "exponentialMaxWaitDuration" => longest: Option<Placed<Duration>>,
        /// True if the wait is spread to either side; false if left out.
        "enableRandomizedWait" => is_randomized: Option<Placed<bool>>,
        /// The part of the wait by which it is spread, below 1; 0.5 if left out.
        "randomizedWaitFactor" => factor: Option<Placed<f64>>,
    }
}

section! {
    /// Resilience4j's `Retry` as a module.
    pub(crate) struct Resilience4jModule {
        .. => rule: Resilience4jRetry,
        .. => shared: SharedSection,
    }
}

impl Resilience4jModule {
    /// The guard that it makes.
    pub fn retry(&self) -> RetrySection {
        RetrySection {
            rule: RetryRule::Resilience4j(self.rule.clone()),
            shared: self.shared.clone(),
        }
    }
}

impl Resilience4jRetry {
    /// Without `on`, every exception is tried again, also that of a guard further in that has
    /// rejected the call (`DEFAULT_RECORD_FAILURE_PREDICATE`).
    pub(super) fn compile(&self, problems: &mut Problems) -> Rule {
        Rule {
            attempts: problems.at_least_one(self.max_attempts.as_ref(), MAX_ATTEMPTS, "attempts"),
            pauses: Pauses { backoff: self.backoff(problems), drawn: None },
            on: OutcomeSet::failures(),
            honours_retry_after: false,
        }
    }

    /// The wait as `CommonRetryConfigurationProperties` makes it: without `waitDuration` nothing
    /// grows or is spread, and without a multiplier there is no longest wait.
    fn backoff(&self, problems: &mut Problems) -> Backoff {
        let flag = |flag: &Option<Placed<bool>>| flag.as_ref().is_some_and(|flag| **flag);
        let has_no_effect = |at, key: &str, without: &str, problems: &mut Problems| {
            let message = format!("`{key}` has no effect without `{without}`");
            problems.warning(at, message, "the library ignores it; add the other, or leave it out");
        };
        let multiplier = problems.within(self.multiplier.as_ref(), MULTIPLIER, 1.0..=1_000.0);
        let factor = problems.within(self.factor.as_ref(), RANDOMIZATION_FACTOR, 0.0..=0.999_999);
        let (is_exponential, is_randomized) =
            (flag(&self.is_exponential), flag(&self.is_randomized));
        let Some(wait) = &self.wait_duration else {
            for (key, it) in [
                ("enableExponentialBackoff", &self.is_exponential),
                ("enableRandomizedWait", &self.is_randomized),
            ] {
                if let Some(it) = it.as_ref().filter(|it| ***it) {
                    has_no_effect(it.key(), key, "waitDuration", problems);
                }
            }
            return Backoff::fixed(WAIT_DURATION);
        };
        let longest = self.longest.as_ref().filter(|_| is_exponential);
        if let (Some(longest), None) = (longest, &self.multiplier) {
            let (key, without) = ("exponentialMaxWaitDuration", "exponentialBackoffMultiplier");
            has_no_effect(longest.key(), key, without, problems);
        }
        let longest = longest.filter(|_| self.multiplier.is_some());
        Backoff {
            base: wait.0,
            growth: Growth::Exponential(if is_exponential { multiplier } else { 1.0 }),
            max: longest.map_or(SimDuration::MAX, |longest| longest.0),
            jitter: if is_randomized { Jitter::Around(factor) } else { Jitter::None },
        }
    }
}

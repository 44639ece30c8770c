//! Polly's retry strategy, under the names of its `RetryStrategyOptions`.

use sim_core::SimDuration;

use super::{RetryRule, RetrySection, Rule, SharedSection};
use crate::OutcomeSet;
use crate::language::quantity::Duration;
use crate::language::{Placed, Problems, section, words};
use crate::resilience::{Backoff, Growth, Jitter};
use crate::system::Pauses;

/// Polly's own settings (`RetryConstants`).
const MAX_RETRY_ATTEMPTS: u32 = 3;
const DELAY: SimDuration = SimDuration::from_secs(2);

section! {
    /// Polly's `RetryStrategyOptions`.
    pub(crate) struct PollyRetry {
        /// Attempts after the first; 3 if left out.
        "MaxRetryAttempts" => max_retry_attempts: Option<Placed<u32>>,
        /// The delay before the next attempt; 2s if left out.
        "Delay" => delay: Option<Placed<Duration>>,
        /// The growth of the delay; `Constant` if left out.
        "BackoffType" => backoff_type: Option<BackoffType>,
        /// The longest delay; none if left out.
        "MaxDelay" => max_delay: Option<Placed<Duration>>,
        /// True if chance spreads the delay; false if left out.
        "UseJitter" => use_jitter: Option<bool>,
        /// True if a callee that asks callers to stay away is left alone for that long; false if left
        /// out.
        "ShouldRetryAfterHeader" => honours_retry_after: Option<bool>,
    }
}

words! {
    /// The growth of the delay.
    pub(crate) enum BackoffType {
        /// It stays the same.
        "Constant" => Constant,
        /// It grows by itself each time.
        "Linear" => Linear,
        /// It doubles each time.
        "Exponential" => Exponential,
    }
}

section! {
    /// .NET's `HttpRetryStrategyOptions`: Polly's retry strategy with defaults of its own.
    pub(crate) struct HttpRetry {
        /// Attempts after the first; 3 if left out.
        "MaxRetryAttempts" => max_retry_attempts: Option<Placed<u32>>,
        /// The delay before the next attempt; 2s if left out.
        "Delay" => delay: Option<Placed<Duration>>,
        /// The growth of the delay; `Exponential` if left out.
        "BackoffType" => backoff_type: Option<BackoffType>,
        /// The longest delay; none if left out.
        "MaxDelay" => max_delay: Option<Placed<Duration>>,
        /// True if chance spreads the delay; true if left out.
        "UseJitter" => use_jitter: Option<bool>,
        /// True if a callee that asks callers to stay away is left alone for that long; true if left
        /// out.
        "ShouldRetryAfterHeader" => honours_retry_after: Option<bool>,
        .. => shared: SharedSection,
    }
}

impl HttpRetry {
    /// The same retry with nothing left out that Polly's own would take otherwise.
    pub fn retry(&self) -> RetrySection {
        RetrySection {
            rule: RetryRule::Polly(PollyRetry {
                max_retry_attempts: self.max_retry_attempts,
                delay: self.delay,
                backoff_type: self.backoff_type.or(Some(BackoffType::Exponential)),
                max_delay: self.max_delay,
                use_jitter: self.use_jitter.or(Some(true)),
                honours_retry_after: self.honours_retry_after.or(Some(true)),
            }),
            shared: self.shared.clone(),
        }
    }
}

impl PollyRetry {
    /// Without `on`, what HTTP calls transient is tried again
    /// (`HttpClientResiliencePredicates.IsTransient`), and no rejection of another strategy.
    pub(super) fn compile(&self, problems: &mut Problems) -> Rule {
        let retries = self.max_retry_attempts.as_ref();
        let retries = problems.at_least_one(retries, MAX_RETRY_ATTEMPTS, "retry attempts");
        let (growth, spread) = match self.backoff_type {
            None | Some(BackoffType::Constant) => (Growth::Exponential(1.0), Jitter::Around(0.25)),
            Some(BackoffType::Linear) => (Growth::Linear, Jitter::Around(0.25)),
            Some(BackoffType::Exponential) => (Growth::Exponential(2.0), Jitter::PollyDecorrelated),
        };
        let backoff = Backoff {
            base: self.delay.as_ref().map_or(DELAY, |delay| delay.0),
            growth,
            max: self.max_delay.as_ref().map_or(SimDuration::MAX, |max| max.0),
            jitter: if self.use_jitter == Some(true) { spread } else { Jitter::None },
        };
        Rule {
            attempts: retries.saturating_add(1),
            pauses: Pauses { backoff, drawn: None },
            on: OutcomeSet::callee_failures(),
            honours_retry_after: self.honours_retry_after.unwrap_or(false),
        }
    }
}

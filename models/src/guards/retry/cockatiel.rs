//! cockatiel's `retry` (Node), under the names of its options and of its backoffs.

use sim_core::SimDuration;

use super::{FOR_EVER, Rule};
use crate::OutcomeSet;
use crate::language::quantity::Duration;
use crate::language::{Placed, Problems, one_of, section, words};
use crate::resilience::{Backoff, Growth, Jitter};
use crate::system::Pauses;

/// The library's own settings (`defaultOptions` in `ExponentialBackoff.ts` at v3.2.1).
const INITIAL_DELAY: SimDuration = SimDuration::from_millis(128);
const MAX_DELAY: SimDuration = SimDuration::from_secs(30);
const EXPONENT: f64 = 2.0;

section! {
    /// The options of cockatiel's `retry`.
    pub(crate) struct CockatielRetry {
        /// Attempts after the first; 65534 if left out, where the library tries again for
        /// ever.
        "maxAttempts" => max_attempts: Option<u32>,
        /// The delay before each of them; none if left out.
        "backoff" => backoff: Option<CockatielBackoff>,
    }
}

one_of! {
    /// A backoff of cockatiel.
    pub(crate) enum CockatielBackoff("backoff") {
        /// The same delay each time.
        "ConstantBackoff" => Constant(ConstantBackoff),
        /// A delay that grows.
        "ExponentialBackoff" => Exponential(WithExponential),
    }
}

section! {
    /// The same delay each time.
    pub(crate) struct ConstantBackoff {
        /// The delay.
        "ConstantBackoff" => interval: Duration,
    }
}

section! {
    /// A delay that grows.
    pub(crate) struct WithExponential {
        /// Its options; `{}` for the library's own.
        "ExponentialBackoff" => options: Placed<ExponentialBackoff>,
    }
}

section! {
    /// cockatiel's `ExponentialBackoff`.
    pub(crate) struct ExponentialBackoff {
        /// The first delay, before chance spreads it; 128ms if left out.
        "initialDelay" => initial_delay: Option<Duration>,
        /// The longest delay; 30s if left out.
        "maxDelay" => max_delay: Option<Duration>,
        /// The factor by which the delay grows with `decorrelatedJitterGenerator`; 2 if left out.
        "exponent" => exponent: Option<Placed<f64>>,
        /// The spread of the delay; `decorrelatedJitterGenerator` if left out.
        "generator" => generator: Option<Generator>,
    }
}

words! {
    /// The spread of a delay that grows.
    pub(crate) enum Generator {
        /// Polly's decorrelated jitter.
        "decorrelatedJitterGenerator" => Decorrelated,
        /// Any time up to the delay.
        "fullJitterGenerator" => Full,
        /// Half of the delay, and any time up to the other half.
        "halfJitterGenerator" => Half,
        /// None.
        "noJitterGenerator" => Nothing,
    }
}

impl CockatielRetry {
    /// Without `on`, every error is tried again, also that of a policy further in, as with
    /// `handleAll`.
    pub(super) fn compile(&self, problems: &mut Problems) -> Rule {
        let backoff = match &self.backoff {
            None => Backoff::fixed(SimDuration::ZERO),
            Some(CockatielBackoff::Constant(backoff)) => Backoff::fixed(backoff.interval.0),
            Some(CockatielBackoff::Exponential(backoff)) => backoff.options.backoff(problems),
        };
        let retries = self.max_attempts.unwrap_or(FOR_EVER);
        Rule {
            attempts: retries.saturating_add(1),
            pauses: Pauses { backoff, drawn: None },
            on: OutcomeSet::failures(),
            honours_retry_after: false,
        }
    }
}

impl ExponentialBackoff {
    /// The delay of a generator, without its rounding to milliseconds. All but
    /// `decorrelatedJitterGenerator` double it, whatever the exponent.
    fn backoff(&self, problems: &mut Problems) -> Backoff {
        let generator = self.generator.unwrap_or(Generator::Decorrelated);
        let is_decorrelated = generator == Generator::Decorrelated;
        let exponent = problems.within(self.exponent.as_ref(), EXPONENT, 1.0..=1_000.0);
        if let Some(exponent) = self.exponent.as_ref().filter(|_| !is_decorrelated) {
            let message = "`exponent` has no effect without `decorrelatedJitterGenerator`";
            let help = "the other generators double the delay; leave it out";
            problems.warning(exponent.key(), message, help);
        }
        Backoff {
            base: self.initial_delay.map_or(INITIAL_DELAY, |delay| delay.0),
            growth: Growth::Exponential(if is_decorrelated { exponent } else { EXPONENT }),
            max: self.max_delay.map_or(MAX_DELAY, |delay| delay.0),
            jitter: match generator {
                Generator::Decorrelated => Jitter::PollyDecorrelated,
                Generator::Full => Jitter::Full,
                Generator::Half => Jitter::Equal,
                Generator::Nothing => Jitter::None,
            },
        }
    }
}

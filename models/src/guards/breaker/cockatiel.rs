//! The settings of cockatiel.

use super::Machine;
use super::service::ServiceSection;
use crate::language::quantity::{Duration, Share};
use crate::language::{Placed, Problems, one_of, section};
use crate::resilience::circuit_breaker::BreakerSettings;
use crate::resilience::circuit_breaker::libraries::{CockatielBreaker, CockatielSettings};

section! {
    /// cockatiel's `circuitBreaker`.
    pub(crate) struct CockatielSection {
        /// How long it stays open.
        "halfOpenAfter" => half_open_after: Duration,
        .. => rule: Rule,
        .. => service: ServiceSection,
    }
}

one_of! {
    /// When a breaker of cockatiel opens.
    pub(crate) enum Rule("breaker") {
        /// After so many failures in a row.
        "ConsecutiveBreaker" => Consecutive(Consecutive),
        /// Above a share of the last calls.
        "CountBreaker" => Count(WithCount),
        /// Above a share over a span of time.
        "SamplingBreaker" => Sampling(WithSampling),
    }
}

section! {
    /// Opens after so many failures in a row.
    pub(crate) struct Consecutive {
        /// How many.
        "ConsecutiveBreaker" => failures: u32,
    }
}

section! {
    /// Opens above a share of the last calls.
    pub(crate) struct WithCount {
        /// The share and the calls.
        "CountBreaker" => breaker: CountBreaker,
    }
}

section! {
    /// Opens above a share over a span of time.
    pub(crate) struct WithSampling {
        /// The share and the span.
        "SamplingBreaker" => breaker: SamplingBreaker,
    }
}

section! {
    /// cockatiel's `CountBreaker`.
    pub(crate) struct CountBreaker {
        /// Opens above this share of failures.
        "threshold" => threshold: Placed<Share>,
        /// Calls that it looks back.
        "size" => size: Placed<u32>,
        /// Calls before the share is judged; `size` if left out.
        "minimumNumberOfCalls" => minimum_number_of_calls: Option<Placed<u32>>,
    }
}

section! {
    /// cockatiel's `SamplingBreaker`.
    pub(crate) struct SamplingBreaker {
        /// Opens above this share of failures.
        "threshold" => threshold: Placed<Share>,
        /// How far it looks back.
        "duration" => duration: Duration,
        /// Calls per second below which it never opens; as many as make five failures a second if
        /// left out.
        "minimumRps" => minimum_rps: Option<Placed<f64>>,
    }
}

impl Rule {
    fn compile(&self, problems: &mut Problems) -> CockatielBreaker {
        match self {
            Self::Consecutive(Consecutive { failures }) => CockatielBreaker::Consecutive(*failures),
            Self::Count(WithCount { breaker }) => {
                let size = problems.at_least_one(Some(&breaker.size), 1, "this");
                let minimum = breaker.minimum_number_of_calls.as_ref();
                CockatielBreaker::Count {
                    threshold: threshold(&breaker.threshold, problems),
                    size,
                    minimum_number_of_calls: problems.within(minimum, size, 1..=size),
                }
            }
            Self::Sampling(WithSampling { breaker }) => {
                let threshold = threshold(&breaker.threshold, problems);
                let minimum = breaker.minimum_rps.as_ref();
                CockatielBreaker::Sampling {
                    threshold,
                    duration: breaker.duration.0,
                    minimum_rps: problems.within(minimum, 5.0 / threshold, 0.0..=1e9),
                }
            }
        }
    }
}

/// A share strictly between none and all, as cockatiel demands.
fn threshold(threshold: &Placed<Share>, problems: &mut Problems) -> f64 {
    if threshold.0 <= 0.0 || threshold.0 >= 1.0 {
        let message = "the threshold lies above 0% and below 100%";
        problems.error(threshold.at(), message, "write a share such as `50%`");
    }
    threshold.0
}

impl Machine for CockatielSection {
    fn service(&self) -> &ServiceSection {
        &self.service
    }

    fn settings(&self, problems: &mut Problems) -> BreakerSettings {
        let breaker = self.rule.compile(problems);
        let half_open_after = self.half_open_after.0;
        BreakerSettings::Cockatiel(CockatielSettings { half_open_after, breaker })
    }
}

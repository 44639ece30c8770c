//! The settings of Polly's circuit breaker strategy.

use sim_core::SimDuration;

use super::Machine;
use super::service::ServiceSection;
use crate::language::quantity::Duration;
use crate::language::{Placed, Problems, section};
use crate::resilience::circuit_breaker::BreakerSettings;
use crate::resilience::circuit_breaker::libraries::PollySettings;

/// The shortest span that Polly takes.
const HALF_A_SECOND: SimDuration = SimDuration::from_millis(500);

section! {
    /// Polly's `CircuitBreakerStrategyOptions`.
    pub(crate) struct PollySection {
        /// Opens at this share of failures, 0 to 1; 0.1 if left out.
        "FailureRatio" => failure_ratio: Option<Placed<f64>>,
        /// Results before the ratio is judged; 100 if left out.
        "MinimumThroughput" => minimum_throughput: Option<Placed<u32>>,
        /// How far it looks back; 30s if left out.
        "SamplingDuration" => sampling_duration: Option<Placed<Duration>>,
        /// How long it stays open; 5s if left out.
        "BreakDuration" => break_duration: Option<Placed<Duration>>,
        .. => service: ServiceSection,
    }
}

impl Machine for PollySection {
    fn service(&self) -> &ServiceSection {
        &self.service
    }

    fn settings(&self, problems: &mut Problems) -> BreakerSettings {
        let library = PollySettings::default();
        let (sampling, breaking) = (self.sampling_duration.as_ref(), self.break_duration.as_ref());
        let throughput = self.minimum_throughput.as_ref();
        BreakerSettings::Polly(PollySettings {
            sampling_duration: long_enough(sampling, library.sampling_duration, problems),
            break_duration: long_enough(breaking, library.break_duration, problems),
            failure_ratio: problems.within(
                self.failure_ratio.as_ref(),
                library.failure_ratio,
                0.0..=1.0,
            ),
            minimum_throughput: problems.within(
                throughput,
                library.minimum_throughput,
                2..=i32::MAX as u32,
            ),
        })
    }
}

/// A span of at least half a second, as Polly demands.
fn long_enough(
    written: Option<&Placed<Duration>>,
    default: SimDuration,
    problems: &mut Problems,
) -> SimDuration {
    let Some(span) = written else { return default };
    if span.0 >= HALF_A_SECOND {
        return span.0;
    }
    problems.error(span.at(), "Polly takes no span below 500ms", "write a span such as `30s`");
    default
}

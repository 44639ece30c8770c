//! The settings of pybreaker.

use super::Machine;
use super::service::ServiceSection;
use crate::language::quantity::Duration;
use crate::language::{Placed, Problems, section};
use crate::resilience::circuit_breaker::BreakerSettings;
use crate::resilience::circuit_breaker::libraries::PyBreakerSettings;

section! {
    /// pybreaker's `CircuitBreaker`.
    pub(crate) struct PyBreakerSection {
        /// Failures in a row that open it; 5 if left out.
        "fail_max" => fail_max: Option<Placed<u32>>,
        /// How long it stays open; 60s if left out.
        "reset_timeout" => reset_timeout: Option<Duration>,
        /// Successes that close it; 1 if left out.
        "success_threshold" => success_threshold: Option<Placed<u32>>,
        .. => service: ServiceSection,
    }
}

impl Machine for PyBreakerSection {
    fn service(&self) -> &ServiceSection {
        &self.service
    }

    fn settings(&self, problems: &mut Problems) -> BreakerSettings {
        let library = PyBreakerSettings::default();
        let mut count = |written: &Option<Placed<u32>>, default| {
            problems.at_least_one(written.as_ref(), default, "this")
        };
        BreakerSettings::PyBreaker(PyBreakerSettings {
            fail_max: count(&self.fail_max, library.fail_max),
            reset_timeout: self.reset_timeout.map_or(library.reset_timeout, |span| span.0),
            success_threshold: count(&self.success_threshold, library.success_threshold),
        })
    }
}

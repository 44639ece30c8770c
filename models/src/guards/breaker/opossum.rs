//! The settings of opossum, and the timeout that it brings along.

use super::service::ServiceSection;
use super::{Company, Machine};
use crate::language::quantity::Duration;
use crate::language::{Location, Placed, Problems, section};
use crate::resilience::circuit_breaker::BreakerSettings;
use crate::resilience::circuit_breaker::libraries::OpossumSettings;

section! {
    /// opossum's options.
    pub(crate) struct OpossumSection {
        /// The timeout of the call; it can also be written with the call.
        "timeout" => timeout: Option<Placed<Duration>>,
        /// Opens above this percentage of failures; 50 if left out.
        "errorThresholdPercentage" => error_threshold_percentage: Option<Placed<f64>>,
        /// How long it stays open; 30s if left out.
        "resetTimeout" => reset_timeout: Option<Duration>,
        /// How far it looks back; 10s if left out.
        "rollingCountTimeout" => rolling_count_timeout: Option<Duration>,
        /// Buckets of that; 10 if left out.
        "rollingCountBuckets" => rolling_count_buckets: Option<Placed<u32>>,
        /// With fewer calls than this it never opens; 0 if left out.
        "volumeThreshold" => volume_threshold: Option<u32>,
        /// Calls in flight at one time; no limit if left out.
        "capacity" => capacity: Option<u32>,
        .. => service: ServiceSection,
    }
}

impl Machine for OpossumSection {
    fn service(&self) -> &ServiceSection {
        &self.service
    }

    fn settings(&self, problems: &mut Problems) -> BreakerSettings {
        let library = OpossumSettings::default();
        let span = |written: Option<Duration>, default| written.map_or(default, |span| span.0);
        BreakerSettings::Opossum(OpossumSettings {
            error_threshold_percentage: problems.within(
                self.error_threshold_percentage.as_ref(),
                library.error_threshold_percentage,
                0.0..=100.0,
            ),
            reset_timeout: span(self.reset_timeout, library.reset_timeout),
            rolling_count_timeout: span(self.rolling_count_timeout, library.rolling_count_timeout),
            rolling_count_buckets: problems.at_least_one(
                self.rolling_count_buckets.as_ref(),
                library.rolling_count_buckets,
                "this",
            ),
            volume_threshold: self.volume_threshold.unwrap_or(library.volume_threshold),
            capacity: self.capacity,
            timeout: self.timeout.as_ref().map_or(library.timeout, |timeout| timeout.0),
        })
    }

    fn company(&self, _: Location) -> Company {
        let library = OpossumSettings::default().timeout;
        let timeout = Some(self.timeout.as_ref().map_or(library, |timeout| timeout.0));
        Company { timeout, ..Company::default() }
    }
}

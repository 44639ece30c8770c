//! The settings of sony/gobreaker.

use sim_core::SimDuration;

use super::Machine;
use super::service::ServiceSection;
use crate::language::quantity::{Duration, Share};
use crate::language::{Problems, one_of, section};
use crate::resilience::circuit_breaker::BreakerSettings;
use crate::resilience::circuit_breaker::libraries::{GoBreakerSettings, ReadyToTrip};

section! {
    /// gobreaker's `Settings`.
    pub(crate) struct GoBreakerSection {
        /// Calls let through while half-open, and successes that close it; 1 if left out.
        "MaxRequests" => max_requests: Option<u32>,
        /// The time after which a closed breaker forgets; never if left out.
        "Interval" => interval: Option<Duration>,
        /// Buckets of a rolling interval; a fixed interval if left out.
        "BucketPeriod" => bucket_period: Option<Duration>,
        /// How long it stays open; 60s if left out.
        "Timeout" => timeout: Option<Duration>,
        /// When it opens; after 6 failures in a row if left out.
        "ReadyToTrip" => ready_to_trip: Option<ReadyToTripSection>,
        .. => service: ServiceSection,
    }
}

one_of! {
    /// When a breaker of gobreaker opens: after failures in a row, or at a share of failures.
    pub(crate) enum ReadyToTripSection("rule") {
        /// Failures in a row.
        "ConsecutiveFailures" => Consecutive(Consecutive),
        /// Share of failures.
        "FailureRatio" => Ratio(Ratio),
    }
}

section! {
    /// Failures in a row.
    pub(crate) struct Consecutive {
        /// How many.
        "ConsecutiveFailures" => failures: u32,
    }
}

section! {
    /// A share of failures.
    pub(crate) struct Ratio {
        /// The share.
        "FailureRatio" => ratio: Share,
        /// Requests before it is judged; 1 if left out.
        "Requests" => requests: Option<u32>,
    }
}

impl Machine for GoBreakerSection {
    fn service(&self) -> &ServiceSection {
        &self.service
    }

    fn settings(&self, _: &mut Problems) -> BreakerSettings {
        let library = GoBreakerSettings::default();
        let span = |written: Option<Duration>| written.map_or(SimDuration::ZERO, |span| span.0);
        BreakerSettings::GoBreaker(GoBreakerSettings {
            max_requests: self.max_requests.unwrap_or(library.max_requests),
            interval: span(self.interval),
            bucket_period: span(self.bucket_period),
            timeout: span(self.timeout),
            ready_to_trip: match &self.ready_to_trip {
                None => library.ready_to_trip,
                Some(ReadyToTripSection::Consecutive(rule)) => {
                    ReadyToTrip::ConsecutiveFailures(rule.failures)
                }
                Some(ReadyToTripSection::Ratio(rule)) => ReadyToTrip::FailureRatio {
                    minimum_requests: rule.requests.unwrap_or(1),
                    ratio: rule.ratio.0,
                },
            },
        })
    }
}

//! The settings of the article's Go breaker, and the bulkhead that it brings along.

use sim_core::SimDuration;

use super::service::ServiceSection;
use super::{Company, Machine};
use crate::guards::bulkhead::Permits;
use crate::language::quantity::Duration;
use crate::language::{Location, Placed, Problems, section};
use crate::resilience::circuit_breaker::BreakerSettings;
use crate::resilience::circuit_breaker::libraries::ArticleGoSettings;

/// How long a call waits at the bulkhead.
const MAX_WAIT: Duration = Duration(SimDuration::from_millis(100));

section! {
    /// The article's Go `Config`.
    pub(crate) struct ArticleGoSection {
        /// Failures in a row that open it; 5 if left out.
        "FailureThreshold" => failure_threshold: Option<Placed<u32>>,
        /// Successes that close it; 3 if left out.
        "SuccessThreshold" => success_threshold: Option<Placed<u32>>,
        /// How long it stays open; 30s if left out.
        "Timeout" => timeout: Option<Duration>,
        /// Calls let through while half-open; 3 if left out.
        "HalfOpenMaxCalls" => half_open_max_calls: Option<Placed<u32>>,
        /// Calls in flight at one time; 25 if left out.
        "BulkheadMaxConcurrent" => bulkhead_max_concurrent: Option<Placed<u32>>,
        /// How long a call waits for its turn; 100ms if left out.
        "BulkheadMaxWait" => bulkhead_max_wait: Option<Placed<Duration>>,
        .. => service: ServiceSection,
    }
}

impl ArticleGoSection {
    /// Where the settings of its bulkhead are written.
    pub(super) fn bulkhead_keys(&self) -> impl Iterator<Item = Location> {
        let concurrent = self.bulkhead_max_concurrent.as_ref().map(Placed::key);
        let wait = self.bulkhead_max_wait.as_ref().map(Placed::key);
        concurrent.into_iter().chain(wait)
    }
}

impl Machine for ArticleGoSection {
    fn service(&self) -> &ServiceSection {
        &self.service
    }

    fn settings(&self, problems: &mut Problems) -> BreakerSettings {
        let library = ArticleGoSettings::default();
        let mut count = |written: &Option<Placed<u32>>, default| {
            problems.at_least_one(written.as_ref(), default, "this")
        };
        BreakerSettings::ArticleGo(ArticleGoSettings {
            failure_threshold: count(&self.failure_threshold, library.failure_threshold),
            success_threshold: count(&self.success_threshold, library.success_threshold),
            timeout: self.timeout.map_or(library.timeout, |timeout| timeout.0),
            half_open_max_calls: count(&self.half_open_max_calls, library.half_open_max_calls),
            // Its bulkhead is a guard of its own, in front of it.
            bulkhead_max_concurrent: u32::MAX,
        })
    }

    fn company(&self, at: Location) -> Company {
        let library = ArticleGoSettings::default();
        let permits = self.bulkhead_max_concurrent.as_ref().map(|permits| **permits);
        let max_wait = self.bulkhead_max_wait.unwrap_or(Placed::new(MAX_WAIT, at));
        let permits = permits.unwrap_or(library.bulkhead_max_concurrent).max(1);
        let in_front = Some(Permits::semaphore(permits, Some(max_wait)));
        Company { in_front, ..Company::default() }
    }
}

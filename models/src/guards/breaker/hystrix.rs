//! The settings of a Hystrix command: its breaker, and the pool and timeout that come along.

use sim_core::SimDuration;

use super::service::ServiceSection;
use super::{Company, Machine};
use crate::guards::bulkhead::Permits;
use crate::language::{Location, Placed, Problems, section};
use crate::resilience::circuit_breaker::BreakerSettings;
use crate::resilience::circuit_breaker::libraries::HystrixSettings;
use crate::system::PoolKind;
use crate::{Outcome, OutcomeSet};

/// Hystrix's own timeout of a command.
const TIMEOUT_MILLIS: u32 = 1_000;
/// Threads of a pool of Hystrix.
const CORE_SIZE: u32 = 10;

section! {
    /// Hystrix's command and thread pool properties.
    pub(crate) struct HystrixSection {
        /// Results before the percentage is judged; 20 if left out.
        "circuitBreakerRequestVolumeThreshold" => request_volume_threshold: Option<u32>,
        /// Opens at this percentage of errors; 50 if left out.
        "circuitBreakerErrorThresholdPercentage" => error_threshold_percentage: Option<Placed<u32>>,
        /// How long it stays open; 5000 if left out.
        "circuitBreakerSleepWindowInMilliseconds" => sleep_window: Option<u32>,
        /// How far it looks back; 10000 if left out.
        "metricsRollingStatisticalWindowInMilliseconds" => rolling_window: Option<Placed<u32>>,
        /// How often it looks; 500 if left out.
        "metricsHealthSnapshotIntervalInMilliseconds" => snapshot_interval: Option<Placed<u32>>,
        /// Timeout of the command; 1000 if left out.
        "executionTimeoutInMilliseconds" => execution_timeout: Option<u32>,
        /// Threads of the command's pool; 10 if left out.
        "coreSize" => core_size: Option<u32>,
        /// Calls under way at one time, counted by a semaphore in place of the threads; not so if
        /// left out.
        "executionIsolationSemaphoreMaxConcurrentRequests" => semaphore: Option<u32>,
        /// Calls that may wait for a thread; -1, none, if left out.
        "maxQueueSize" => max_queue_size: Option<i32>,
        .. => service: ServiceSection,
    }
}

fn millis(millis: u32) -> SimDuration {
    SimDuration::from_millis(u64::from(millis))
}

impl Machine for HystrixSection {
    fn service(&self) -> &ServiceSection {
        &self.service
    }

    fn settings(&self, problems: &mut Problems) -> BreakerSettings {
        let library = HystrixSettings::default();
        let span = |written: &Option<Placed<u32>>, default| {
            written.as_ref().map_or(default, |written| millis(**written))
        };
        let rolling_stats_time = span(&self.rolling_window, library.rolling_stats_time);
        let interval = span(&self.snapshot_interval, library.health_snapshot_interval);
        let is_divisible = !interval.is_zero()
            && !rolling_stats_time.is_zero()
            && rolling_stats_time.as_nanos().is_multiple_of(interval.as_nanos());
        if !is_divisible {
            let written = self.snapshot_interval.as_ref().or(self.rolling_window.as_ref());
            let at = written.map_or_else(Location::default, Placed::at);
            let message = "the rolling window is not made of whole snapshot intervals";
            let help = "write an interval that divides the window, such as 500 of 10000";
            problems.error(at, message, help);
            return BreakerSettings::Hystrix(library);
        }
        let volume = self.request_volume_threshold;
        BreakerSettings::Hystrix(HystrixSettings {
            request_volume_threshold: volume.unwrap_or(library.request_volume_threshold),
            error_threshold_percentage: problems.within(
                self.error_threshold_percentage.as_ref(),
                library.error_threshold_percentage,
                0..=100,
            ),
            sleep_window: self.sleep_window.map_or(library.sleep_window, millis),
            rolling_stats_time,
            health_snapshot_interval: interval,
        })
    }

    fn company(&self, _: Location) -> Company {
        let pool = if let Some(permits) = self.semaphore {
            Permits::semaphore(permits.max(1), None)
        } else {
            let queue = self.max_queue_size.map_or(0, |size| size.max(0) as u32);
            Permits::pool(PoolKind::Threads, self.core_size.unwrap_or(CORE_SIZE).max(1), queue)
        };
        let timeout = Some(millis(self.execution_timeout.unwrap_or(TIMEOUT_MILLIS)));
        Company { behind: Some(pool), timeout, ..Company::default() }
    }

    /// The thread pool lies within the breaker: a call that finds no thread is a failure.
    fn counts(&self) -> OutcomeSet {
        OutcomeSet::callee_failures().with(Outcome::RejectedByBulkhead)
    }

    /// A bad request is wrapped in an exception that is not counted.
    fn ignores(&self) -> OutcomeSet {
        OutcomeSet::of(&[Outcome::ClientError])
    }
}

//! Hystrix's circuit breaker (Java).

use std::collections::VecDeque;
use std::fmt;

use sim_core::random::DrawKey;
use sim_core::{SimDuration, SimTime};

use super::LibraryBreaker;
use crate::guards::Permits;
use crate::guards::breaker::ServiceSection;
use crate::guards::breaker::{Company, MachineSection};
use crate::language::{Location, Placed, Problems, section, words};
use crate::resilience::circuit_breaker::BreakerSettings;
use crate::resilience::circuit_breaker::{
    BreakerAnswer, BreakerState, CallVerdict, OperatorOrder, Reason, Tally, Ticket, WindowGauges,
};
use crate::system::PoolKind;
use crate::{Outcome, OutcomeSet};

/// The settings, under the names of `HystrixCommandProperties`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HystrixSettings {
    /// `circuitBreaker.requestVolumeThreshold`: results in the window before the share is judged;
    /// 20 by default.
    pub request_volume_threshold: u32,
    /// `circuitBreaker.errorThresholdPercentage`: opens at this percentage of errors; 50 by
    /// default.
    pub error_threshold_percentage: u32,
    /// `circuitBreaker.sleepWindowInMilliseconds`: the time that it stays open; 5 s by default.
    pub sleep_window: SimDuration,
    /// `metrics.rollingStats.timeInMilliseconds`: the span whose results it judges; 10 s by
    /// default.
    pub rolling_stats_time: SimDuration,
    /// `metrics.healthSnapshot.intervalInMilliseconds`: the time between two judgements; 0.5 s by
    /// default.
    pub health_snapshot_interval: SimDuration,
    /// `circuitBreaker.enabled`, `circuitBreaker.forceOpen` and `circuitBreaker.forceClosed`: by its
    /// results by default.
    pub opens: HystrixOpens,
}

/// The rule for the state of a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HystrixOpens {
    /// It opens and closes by its results.
    ByResults,
    /// It is open, and lets nothing pass.
    Always,
    /// It lets everything pass, or there is none.
    Never,
}

impl Default for HystrixSettings {
    fn default() -> Self {
        Self {
            request_volume_threshold: 20,
            error_threshold_percentage: 50,
            sleep_window: SimDuration::from_secs(5),
            rolling_stats_time: SimDuration::from_secs(10),
            health_snapshot_interval: SimDuration::from_millis(500),
            opens: HystrixOpens::ByResults,
        }
    }
}

impl fmt::Display for HystrixSettings {
    /// The settings as a scenario writes them, under the library's names.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "circuitBreakerRequestVolumeThreshold: {}, circuitBreakerErrorThresholdPercentage: {}, circuitBreakerSleepWindowInMilliseconds: {}, metricsRollingStatisticalWindowInMilliseconds: {}, metricsHealthSnapshotIntervalInMilliseconds: {}",
            self.request_volume_threshold,
            self.error_threshold_percentage,
            self.sleep_window.as_nanos() / 1_000_000,
            self.rolling_stats_time.as_nanos() / 1_000_000,
            self.health_snapshot_interval.as_nanos() / 1_000_000,
        )
    }
}

/// A breaker of Hystrix.
///
/// A timer looks at the results of the last completed buckets, so it opens up to an interval late.
/// One call probes, strictly after the sleep window. Any result while half-open decides, also a
/// late one. Closing begins the measurement, and its timer, anew. Times are whole milliseconds, as
/// in the library.
#[derive(Clone, Debug)]
pub struct Hystrix {
    settings: HystrixSettings,
    state: BreakerState,
    opened_at: SimTime,
    /// Completed buckets, the oldest first.
    buckets: VecDeque<Tally>,
    filling: Tally,
    total: Tally,
    next_look: SimTime,
    reason: Reason,
}

impl Hystrix {
    /// A closed breaker, built at the beginning of time.
    pub fn new(settings: HystrixSettings) -> Self {
        Self {
            settings,
            state: BreakerState::Closed,
            opened_at: SimTime::ZERO,
            buckets: VecDeque::with_capacity(bucket_count(&settings) + 1),
            filling: Tally::default(),
            total: Tally::default(),
            next_look: SimTime::ZERO + settings.health_snapshot_interval,
            reason: Reason::WaitOver(SimDuration::ZERO),
        }
    }

    /// Lets the timer look until it opens the breaker or `now` has come; returns the time at which
    /// it opened it.
    pub fn advance_to(&mut self, now: SimTime) -> Option<SimTime> {
        match self.settings.opens {
            HystrixOpens::ByResults => {}
            HystrixOpens::Always if self.state == BreakerState::Closed => {
                self.state = BreakerState::Open;
                self.reason = Reason::Operator(OperatorOrder::ForceOpen);
                return Some(self.opened_at);
            }
            HystrixOpens::Always | HystrixOpens::Never => return None,
        }
        while self.next_look <= now {
            let looked_at = self.next_look;
            if self.is_idle() {
                // Nothing is left to see: the timer can be put forward to the first look after
                // `now`.
                let interval = self.settings.health_snapshot_interval.as_nanos();
                let looks = now.since(looked_at).as_nanos() / interval + 1;
                self.next_look = looked_at + self.settings.health_snapshot_interval * looks;
                return None;
            }
            self.next_look = looked_at + self.settings.health_snapshot_interval;
            if self.look() {
                self.opened_at = looked_at;
                return Some(looked_at);
            }
        }
        None
    }

    /// Answers a call that asks to pass.
    pub fn try_acquire(&mut self, now: SimTime) -> bool {
        if self.settings.opens == HystrixOpens::Always {
            return false;
        }
        match self.state {
            BreakerState::Closed => true,
            BreakerState::HalfOpen => false,
            BreakerState::Open => {
                let may_probe = whole_millis(now)
                    > whole_millis(self.opened_at) + whole_millis_of(self.settings.sleep_window);
                if may_probe {
                    self.state = BreakerState::HalfOpen;
                    self.reason = Reason::WaitOver(self.settings.sleep_window);
                }
                may_probe
            }
        }
    }

    /// Counts the result of a call that was let through, however long ago. An ignored one, whose
    /// caller has gone, still decides while half-open: the breaker opens again.
    pub fn complete(&mut self, now: SimTime, verdict: CallVerdict) {
        let is_failure = verdict.is_failure();
        if verdict != CallVerdict::Ignored {
            self.filling.calls += 1;
            self.filling.failures += u32::from(is_failure);
        }
        if self.state != BreakerState::HalfOpen {
            return;
        }
        if verdict == CallVerdict::Success {
            self.state = BreakerState::Closed;
            self.reason = Reason::all_probes_succeeded(1);
            self.buckets.clear();
            (self.filling, self.total) = (Tally::default(), Tally::default());
            self.next_look = now + self.settings.health_snapshot_interval;
        } else {
            self.state = BreakerState::Open;
            self.opened_at = now;
            self.reason = Reason::ProbeFailed;
        }
    }

    /// The present state.
    pub fn state(&self) -> BreakerState {
        self.state
    }

    /// Completes a bucket and judges the completed ones; returns true if that opens the breaker.
    fn look(&mut self) -> bool {
        let completed = std::mem::take(&mut self.filling);
        self.total.calls += completed.calls;
        self.total.failures += completed.failures;
        self.buckets.push_back(completed);
        if self.buckets.len() > bucket_count(&self.settings)
            && let Some(expired) = self.buckets.pop_front()
        {
            self.total.calls -= expired.calls;
            self.total.failures -= expired.failures;
        }
        let Tally { calls, failures, .. } = self.total;
        let percentage =
            if calls == 0 { 0 } else { (f64::from(failures) / f64::from(calls) * 100.0) as u32 };
        let trips = self.state == BreakerState::Closed
            && calls >= self.settings.request_volume_threshold
            && percentage >= self.settings.error_threshold_percentage;
        if trips {
            self.state = BreakerState::Open;
            self.reason =
                Reason::FailureRate { rate: f64::from(failures) / f64::from(calls.max(1)), calls };
        }
        trips
    }

    fn is_idle(&self) -> bool {
        self.filling.calls == 0
            && self.total.calls == 0
            && self.settings.request_volume_threshold > 0
    }
}

impl LibraryBreaker for Hystrix {
    type Settings = HystrixSettings;

    fn build(settings: HystrixSettings, _key: DrawKey, now: SimTime) -> Self {
        let next_look = now + settings.health_snapshot_interval;
        Self { opened_at: now, next_look, ..Self::new(settings) }
    }

    fn remembered(settings: &HystrixSettings) -> u64 {
        settings.rolling_stats_time.as_nanos() / settings.health_snapshot_interval.as_nanos().max(1)
    }

    fn admit(&mut self, now: SimTime) -> BreakerAnswer {
        BreakerAnswer::permitted_if(self.try_acquire(now))
    }

    fn record(&mut self, now: SimTime, _: Ticket, _: SimDuration, verdict: CallVerdict) {
        self.complete(now, verdict);
    }

    fn fire_timer(&mut self, now: SimTime) -> Option<SimTime> {
        self.advance_to(now)
    }

    /// Gauges over the completed buckets, as of the last snapshot.
    fn window(&self, _now: SimTime) -> WindowGauges {
        let Tally { calls, failures, .. } = self.total;
        WindowGauges::of_failures(failures, calls, self.settings.request_volume_threshold)
    }

    fn current_state(&self) -> BreakerState {
        self.state
    }

    fn last_reason(&self) -> Reason {
        self.reason
    }
}

fn bucket_count(settings: &HystrixSettings) -> usize {
    let interval = settings.health_snapshot_interval.as_nanos().max(1);
    (settings.rolling_stats_time.as_nanos() / interval).max(1) as usize
}

fn whole_millis(at: SimTime) -> u64 {
    at.as_nanos() / 1_000_000
}

fn whole_millis_of(span: SimDuration) -> u64 {
    span.as_nanos() / 1_000_000
}

/// Hystrix's own timeout of a command.
const TIMEOUT_MILLIS: u32 = 1_000;
/// Permits of a semaphore of Hystrix.
const SEMAPHORE_PERMITS: u32 = 10;
/// Threads of a pool of Hystrix.
const CORE_SIZE: u32 = 10;
/// Most threads of a pool whose size is not fixed.
const MAXIMUM_SIZE: u32 = 10;
/// Calls that may wait for one (`default_queueSizeRejectionThreshold`).
const QUEUE_SIZE_REJECTION: u32 = 5;

section! {
    /// Hystrix's command and thread pool properties.
    pub(crate) struct HystrixSection {
        /// Results before the percentage is judged; 20 if left out.
        "circuitBreakerRequestVolumeThreshold" => request_volume_threshold: Option<u32>,
        /// Opens at this percentage of errors; 50 if left out.
        "circuitBreakerErrorThresholdPercentage" => error_threshold_percentage: Option<Placed<u32>>,
        /// The time that it stays open; 5000 if left out.
        "circuitBreakerSleepWindowInMilliseconds" => sleep_window: Option<u32>,
        /// The time that it looks back; 10000 if left out.
        "metricsRollingStatisticalWindowInMilliseconds" => rolling_window: Option<Placed<u32>>,
        /// The time between two looks; 500 if left out.
        "metricsHealthSnapshotIntervalInMilliseconds" => snapshot_interval: Option<Placed<u32>>,
        /// True if there is a breaker; true if left out.
        "circuitBreakerEnabled" => is_enabled: Option<bool>,
        /// True if it lets nothing pass; false if left out.
        "circuitBreakerForceOpen" => is_forced_open: Option<bool>,
        /// True if it lets everything pass, unless it is forced open; false if left out.
        "circuitBreakerForceClosed" => is_forced_closed: Option<bool>,
        /// Timeout of the command; 1000 if left out.
        "executionTimeoutInMilliseconds" => execution_timeout: Option<u32>,
        /// True if the command has that timeout; true if left out.
        "executionTimeoutEnabled" => has_timeout: Option<bool>,
        /// The isolation of the command; `SEMAPHORE` if its permits are written, or else `THREAD`,
        /// if left out.
        "executionIsolationStrategy" => strategy: Option<IsolationStrategy>,
        /// Threads of the command's pool; 10 if left out.
        "coreSize" => core_size: Option<u32>,
        /// The most threads; 10, and no fewer than `coreSize`, if left out.
        "maximumSize" => maximum_size: Option<Placed<u32>>,
        /// True if there may be more threads than `coreSize`; false if left out.
        "allowMaximumSizeToDivergeFromCoreSize" => may_diverge: Option<bool>,
        /// Calls under way at one time, counted by a semaphore in place of the threads; 10 if left
        /// out.
        "executionIsolationSemaphoreMaxConcurrentRequests" => semaphore: Option<Placed<u32>>,
        /// Places in the queue for a thread; -1, no queue, if left out.
        "maxQueueSize" => max_queue_size: Option<i32>,
        /// Calls that may wait in it, whatever its size; 5 if left out.
        "queueSizeRejectionThreshold" => queue_size_rejection_threshold: Option<Placed<u32>>,
        /// True if a timeout interrupts the thread, which is free then; true if left out.
        "executionIsolationThreadInterruptOnTimeout" => interrupts_on_timeout: Option<bool>,
        .. => service: ServiceSection,
    }
}

words! {
    /// The isolation of a command.
    pub(crate) enum IsolationStrategy {
        /// A thread of a pool of its own carries it out.
        "THREAD" => Thread,
        /// The caller's thread carries it out, with a permit.
        "SEMAPHORE" => Semaphore,
    }
}

fn millis(millis: u32) -> SimDuration {
    SimDuration::from_millis(u64::from(millis))
}

impl MachineSection for HystrixSection {
    fn service(&self) -> &ServiceSection {
        &self.service
    }

    fn settings(&self, problems: &mut Problems) -> BreakerSettings {
        let library = HystrixSettings::default();
        self.check_isolation(problems);
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
            opens: self.opens(),
        })
    }

    fn company(&self, _: Location) -> Company {
        let span = millis(self.execution_timeout.unwrap_or(TIMEOUT_MILLIS));
        let timeout = self.has_timeout.unwrap_or(true).then_some(span);
        if self.is_isolated_by_semaphore() {
            let permits = self.semaphore.as_deref().copied().unwrap_or(SEMAPHORE_PERMITS);
            let behind = Some(Permits::semaphore(permits.max(1), None));
            return Company { behind, timeout, ..Company::default() };
        }
        Company { behind: Some(self.threads()), timeout_around: timeout, ..Company::default() }
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

impl HystrixSection {
    /// Without a breaker (`NoOpCircuitBreaker`) everything passes; forced open goes before forced
    /// closed.
    fn opens(&self) -> HystrixOpens {
        let is_set = |flag: Option<bool>| flag == Some(true);
        if self.is_enabled == Some(false) {
            HystrixOpens::Never
        } else if is_set(self.is_forced_open) {
            HystrixOpens::Always
        } else if is_set(self.is_forced_closed) {
            HystrixOpens::Never
        } else {
            HystrixOpens::ByResults
        }
    }

    fn is_isolated_by_semaphore(&self) -> bool {
        match self.strategy {
            Some(strategy) => strategy == IsolationStrategy::Semaphore,
            None => self.semaphore.is_some(),
        }
    }

    fn queue_size(&self) -> u32 {
        self.max_queue_size.map_or(0, |size| size.max(0) as u32)
    }

    /// The thread pool (`HystrixThreadPoolProperties.actualMaximumSize`).
    ///
    /// Once as many calls wait as the threshold, Hystrix turns a call away before the executor hears
    /// of it (`isQueueSpaceAvailable`). The executor adds threads only when its queue is full: with a
    /// queue, therefore, only if the threshold lies above its size.
    fn threads(&self) -> Permits {
        let core = self.core_size.unwrap_or(CORE_SIZE).max(1);
        let maximum = self.maximum_size.as_deref().copied().unwrap_or(MAXIMUM_SIZE).max(core);
        let maximum = if self.may_diverge == Some(true) { maximum } else { core };
        let threshold = self.queue_size_rejection_threshold.as_deref().copied();
        let threshold = threshold.unwrap_or(QUEUE_SIZE_REJECTION);
        let (threads, queue) = match self.queue_size() {
            size if size == 0 || size < threshold => (maximum, size),
            _ => (core, threshold),
        };
        let interrupts = self.interrupts_on_timeout.unwrap_or(true);
        let pool = Permits::pool(PoolKind::Threads, threads, queue);
        Permits { core, outlives_timeouts: !interrupts, ..pool }
    }

    /// Notes settings of the isolation that have no effect, or leave nothing through.
    fn check_isolation(&self, problems: &mut Problems) {
        let has_no_effect = |at, key: &str, without: &str, problems: &mut Problems| {
            let message = format!("`{key}` has no effect without `{without}`");
            problems.warning(at, message, "the library ignores it; add the other, or leave it out");
        };
        if let Some(permits) = self.semaphore.as_ref().filter(|_| !self.is_isolated_by_semaphore())
        {
            let key = "executionIsolationSemaphoreMaxConcurrentRequests";
            let without = "executionIsolationStrategy: SEMAPHORE";
            has_no_effect(permits.key(), key, without, problems);
        }
        if let Some(size) = self.maximum_size.as_ref().filter(|_| self.may_diverge != Some(true)) {
            let without = "allowMaximumSizeToDivergeFromCoreSize: true";
            has_no_effect(size.key(), "maximumSize", without, problems);
        }
        let threshold = self.queue_size_rejection_threshold.as_ref();
        if let Some(threshold) = threshold.filter(|it| ***it == 0 && self.queue_size() > 0) {
            let message = "with a queue, a threshold of 0 rejects every call";
            problems.error(threshold.at(), message, "write a number from 1");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> SimTime {
        SimTime::from_nanos(millis * 1_000_000)
    }

    fn fails(breaker: &mut Hystrix, millis: u64, times: u32) {
        breaker.advance_to(at(millis));
        (0..times).for_each(|_| breaker.complete(at(millis), CallVerdict::Failure));
    }

    #[test]
    fn a_timer_opens_it_and_one_probe_decides() {
        let mut breaker = Hystrix::new(HystrixSettings::default());
        fails(&mut breaker, 600, 20);
        assert!(breaker.try_acquire(at(999)), "nobody has looked yet");
        assert_eq!(breaker.advance_to(at(2_000)), Some(at(1_000)));
        assert!(!breaker.try_acquire(at(6_000)), "strictly after the sleep window");
        assert!(breaker.try_acquire(at(6_001)) && !breaker.try_acquire(at(6_001)));
        breaker.complete(at(6_300), CallVerdict::Failure);
        assert!(!breaker.try_acquire(at(11_300)) && breaker.try_acquire(at(11_301)));
        breaker.complete(at(11_400), CallVerdict::Success);
        assert_eq!(breaker.state(), BreakerState::Closed);
        fails(&mut breaker, 11_500, 20);
        assert_eq!(
            breaker.advance_to(at(20_000)),
            Some(at(11_900)),
            "the timer began anew when it closed"
        );
    }

    #[test]
    fn one_that_is_forced_does_not_judge() {
        let forced = |opens| Hystrix::new(HystrixSettings { opens, ..HystrixSettings::default() });
        let mut breaker = forced(HystrixOpens::Always);
        assert_eq!(breaker.advance_to(at(100)), Some(at(0)));
        assert_eq!(breaker.state(), BreakerState::Open);
        assert!(!breaker.try_acquire(at(60_000)), "no sleep window ends it");
        assert_eq!(breaker.advance_to(at(60_000)), None);
        let mut breaker = forced(HystrixOpens::Never);
        fails(&mut breaker, 600, 100);
        assert_eq!(breaker.advance_to(at(60_000)), None);
        assert!(breaker.try_acquire(at(60_000)));
    }

    #[test]
    fn results_count_for_the_rolling_time_in_whole_buckets() {
        let mut breaker = Hystrix::new(HystrixSettings::default());
        fails(&mut breaker, 100, 19);
        assert_eq!(breaker.advance_to(at(9_999)), None);
        fails(&mut breaker, 9_999, 1);
        assert_eq!(
            breaker.advance_to(at(30_000)),
            Some(at(10_000)),
            "the first bucket is the oldest of twenty"
        );
        let mut breaker = Hystrix::new(HystrixSettings::default());
        fails(&mut breaker, 100, 19);
        fails(&mut breaker, 10_001, 1);
        assert_eq!(breaker.advance_to(at(30_000)), None);
    }
}

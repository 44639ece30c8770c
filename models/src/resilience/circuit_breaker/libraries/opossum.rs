//! opossum's `CircuitBreaker` (Node).

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use sim_core::random::DrawKey;
use sim_core::{SimDuration, SimTime};

use super::LibraryBreaker;
use crate::guards::breaker::ServiceSection;
use crate::guards::breaker::{Company, MachineSection};
use crate::language::quantity::Duration;
use crate::language::tree::Value;
use crate::language::{Decode, Found, Location, Placed, Problems, schema_of, section};
use crate::resilience::circuit_breaker::BreakerSettings;
use crate::resilience::circuit_breaker::{
    BreakerAnswer, BreakerState, CallVerdict, Reason, Ticket, WindowGauges,
};
use crate::{Outcome, OutcomeSet};

/// The settings, under the library's names.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OpossumSettings {
    /// `timeout` of each call; zero for none; 10 s by default.
    pub timeout: SimDuration,
    /// `errorThresholdPercentage`: opens above this share of failures among all calls fired; 50 by
    /// default.
    pub error_threshold_percentage: f64,
    /// `resetTimeout`: a timer ends the open state after it; 30 s by default.
    pub reset_timeout: SimDuration,
    /// `rollingCountTimeout`: the span that the statistics cover; 10 s by default.
    pub rolling_count_timeout: SimDuration,
    /// `rollingCountBuckets`: the buckets into which that span is divided; 10 by default.
    pub rolling_count_buckets: u32,
    /// `volumeThreshold`: fewer calls than this in the statistics never open it; 0 by default.
    pub volume_threshold: u32,
    /// `capacity`: calls in flight at one time; none, the default, for no limit.
    pub capacity: Option<u32>,
    /// `allowWarmUp`: never opens within the first `rollingCountTimeout`; off by default.
    pub allow_warm_up: bool,
}

impl Default for OpossumSettings {
    fn default() -> Self {
        Self {
            timeout: SimDuration::from_secs(10),
            error_threshold_percentage: 50.0,
            reset_timeout: SimDuration::from_secs(30),
            rolling_count_timeout: SimDuration::from_secs(10),
            rolling_count_buckets: 10,
            volume_threshold: 0,
            capacity: None,
            allow_warm_up: false,
        }
    }
}

impl fmt::Display for OpossumSettings {
    /// The settings as a scenario writes them, under the library's names.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "timeout: {}, errorThresholdPercentage: {}, resetTimeout: {}, rollingCountTimeout: {}, \
             rollingCountBuckets: {}, volumeThreshold: {}",
            self.timeout,
            self.error_threshold_percentage,
            self.reset_timeout,
            self.rolling_count_timeout,
            self.rolling_count_buckets,
            self.volume_threshold,
        )?;
        self.capacity.map_or(Ok(()), |capacity| write!(f, ", capacity: {capacity}"))
    }
}

/// The library's rolling statistics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpossumStats {
    /// Calls made, rejected ones included.
    pub fires: u32,
    /// Failures, timeouts and calls that found no permit included.
    pub failures: u32,
    /// Successes.
    pub successes: u32,
    /// Timeouts.
    pub timeouts: u32,
    /// Calls rejected because it was open.
    pub rejects: u32,
    /// Calls that found no permit.
    pub semaphore_rejections: u32,
}

impl OpossumStats {
    fn remove(&mut self, other: Self) {
        self.fires -= other.fires;
        self.failures -= other.failures;
        self.successes -= other.successes;
        self.timeouts -= other.timeouts;
        self.rejects -= other.rejects;
        self.semaphore_rejections -= other.semaphore_rejections;
    }
}

/// The answer to a call that asks to pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpossumAnswer {
    /// It passes.
    Permitted,
    /// `EOPENBREAKER`.
    Open,
    /// `ESEMLOCKED`: no permit is free, which counts as a failure.
    SemaphoreLocked,
}

/// A breaker of opossum.
///
/// It is judged on failures alone, against all calls fired, rejected ones included. Timers rotate
/// its buckets and end its open state. While half-open it lets one call through; any success then
/// closes it and any failure reopens it, also of calls admitted long before.
#[derive(Clone, Debug)]
pub struct Opossum {
    settings: OpossumSettings,
    state: BreakerState,
    awaits_probe: bool,
    in_flight: u32,
    /// The newest first.
    buckets: VecDeque<OpossumStats>,
    total: OpossumStats,
    bucket_span: SimDuration,
    rotates_at: SimTime,
    half_opens_at: Option<SimTime>,
    /// The end of its warm-up; the timer that ends it was set before all others.
    warm_at: SimTime,
    reason: Reason,
}

impl Opossum {
    /// A closed breaker, built at `now`.
    pub fn new(settings: OpossumSettings, now: SimTime) -> Self {
        let buckets = settings.rolling_count_buckets.max(1);
        let millis = settings.rolling_count_timeout.as_nanos() / 1_000_000 / u64::from(buckets);
        let bucket_span = SimDuration::from_millis(millis.max(1));
        Self {
            settings,
            state: BreakerState::Closed,
            awaits_probe: false,
            in_flight: 0,
            buckets: vec![OpossumStats::default(); buckets as usize].into(),
            total: OpossumStats::default(),
            bucket_span,
            rotates_at: now + bucket_span,
            half_opens_at: None,
            warm_at: if settings.allow_warm_up {
                now + settings.rolling_count_timeout
            } else {
                now
            },
            reason: Reason::ProbeFailed,
        }
    }

    /// Fires every timer that is due by `now`.
    pub fn advance_to(&mut self, now: SimTime) {
        self.half_open_if_due(now);
        self.rotate_to(now);
    }

    fn half_open_if_due(&mut self, now: SimTime) {
        if self.half_opens_at.is_some_and(|due| due <= now) {
            self.half_opens_at = None;
            self.state = BreakerState::HalfOpen;
            self.reason = Reason::WaitOver(self.settings.reset_timeout);
            self.awaits_probe = true;
        }
    }

    fn rotate_to(&mut self, now: SimTime) {
        if self.rotates_at > now {
            return;
        }
        let rotations = now.since(self.rotates_at).as_nanos() / self.bucket_span.as_nanos() + 1;
        self.rotates_at = self.rotates_at + self.bucket_span * rotations;
        for _ in 0..rotations.min(self.buckets.len() as u64) {
            self.rotate();
        }
    }

    /// Answers a call that asks to pass.
    pub fn try_acquire(&mut self, now: SimTime) -> OpossumAnswer {
        self.count(|stats| stats.fires += 1);
        if self.state != BreakerState::Closed && !self.awaits_probe {
            self.count(|stats| stats.rejects += 1);
            return OpossumAnswer::Open;
        }
        self.awaits_probe = false;
        if self.settings.capacity.is_some_and(|capacity| self.in_flight >= capacity) {
            self.count(|stats| stats.semaphore_rejections += 1);
            self.fail(now);
            return OpossumAnswer::SemaphoreLocked;
        }
        self.in_flight += 1;
        OpossumAnswer::Permitted
    }

    /// Counts the result of an admitted call that has ended in time.
    pub fn complete(&mut self, now: SimTime, is_failure: bool) {
        self.in_flight -= 1;
        if is_failure {
            return self.fail(now);
        }
        self.count(|stats| stats.successes += 1);
        if self.state == BreakerState::HalfOpen {
            self.state = BreakerState::Closed;
            self.reason = Reason::all_probes_succeeded(1);
            self.awaits_probe = false;
        }
    }

    /// Counts the timeout of an admitted call. The library ignores its later answer, so this is the
    /// last that the breaker hears of it.
    ///
    /// The timeout is a timer too. Of the timers due at one instant the one that was set first
    /// fires first, which is the one with the longer span. Call this instead of
    /// [`advance_to`](Self::advance_to), therefore, not after it. Of timers with equal spans, that
    /// of a bucket was set before that of a call, and that of a call before that of the open state.
    pub fn time_out(&mut self, now: SimTime) {
        self.advance_to(SimTime::from_nanos(now.as_nanos().saturating_sub(1)));
        if self.settings.reset_timeout > self.settings.timeout {
            self.half_open_if_due(now);
        }
        if self.bucket_span >= self.settings.timeout {
            self.rotate_to(now);
        }
        self.in_flight -= 1;
        self.count(|stats| stats.timeouts += 1);
        self.fail(now);
    }

    /// The present state; reading it changes nothing.
    pub fn state(&self) -> BreakerState {
        self.state
    }

    /// The time at which a timer ends the open state, if the breaker is open.
    pub fn half_opens_at(&self) -> Option<SimTime> {
        self.half_opens_at
    }

    /// The statistics over all buckets.
    pub fn stats(&self) -> OpossumStats {
        self.total
    }

    fn fail(&mut self, now: SimTime) {
        self.count(|stats| stats.failures += 1);
        if now < self.warm_at {
            return;
        }
        let is_half_open = self.state == BreakerState::HalfOpen;
        if self.total.fires < self.settings.volume_threshold && !is_half_open {
            return;
        }
        let percentage = f64::from(self.total.failures) / f64::from(self.total.fires) * 100.0;
        if percentage > self.settings.error_threshold_percentage || is_half_open {
            self.awaits_probe = false;
            if self.state != BreakerState::Open {
                self.reason = match self.state {
                    BreakerState::HalfOpen => Reason::ProbeFailed,
                    _ => Reason::FailureRate { rate: percentage / 100.0, calls: self.total.fires },
                };
                self.state = BreakerState::Open;
                self.half_opens_at = Some(now + self.settings.reset_timeout);
            }
        }
    }

    fn count(&mut self, change: impl Fn(&mut OpossumStats)) {
        change(&mut self.total);
        if let Some(newest) = self.buckets.front_mut() {
            change(newest);
        }
    }

    fn rotate(&mut self) {
        if let Some(oldest) = self.buckets.pop_back() {
            self.total.remove(oldest);
        }
        self.buckets.push_front(OpossumStats::default());
    }
}

impl LibraryBreaker for Opossum {
    type Settings = OpossumSettings;

    fn build(settings: OpossumSettings, _key: DrawKey, now: SimTime) -> Self {
        Self::new(settings, now)
    }

    fn remembered(settings: &OpossumSettings) -> u64 {
        u64::from(settings.rolling_count_buckets)
    }

    fn admit(&mut self, now: SimTime) -> BreakerAnswer {
        self.advance_to(now);
        match self.try_acquire(now) {
            OpossumAnswer::SemaphoreLocked => BreakerAnswer::Rejected(Outcome::RejectedByBulkhead),
            answer => BreakerAnswer::permitted_if(answer == OpossumAnswer::Permitted),
        }
    }

    /// An error that `errorFilter` lets go counts as a success.
    fn record(&mut self, now: SimTime, _: Ticket, _: SimDuration, verdict: CallVerdict) {
        if verdict == CallVerdict::TimedOut {
            self.time_out(now);
        } else {
            self.advance_to(now);
            self.complete(now, verdict.is_failure());
        }
    }

    fn fire_timer(&mut self, now: SimTime) -> Option<SimTime> {
        let due = self.half_opens_at.filter(|due| *due <= now)?;
        self.advance_to(due);
        Some(due)
    }

    /// Gauges over all calls fired, rejected ones included, as in the library.
    fn window(&self, now: SimTime) -> WindowGauges {
        let mut rotated = self.clone();
        rotated.rotate_to(now);
        let OpossumStats { fires, failures, .. } = rotated.total;
        WindowGauges::of_failures(failures, fires, self.settings.volume_threshold)
    }

    fn current_state(&self) -> BreakerState {
        self.state
    }

    fn last_reason(&self) -> Reason {
        self.reason
    }
}

section! {
    /// opossum's options.
    pub(crate) struct OpossumSection {
        /// The timeout of the call, or false for none; it can also be written with the call.
        "timeout" => timeout: Option<Placed<CallTimeout>>,
        /// Opens above this percentage of failures; 50 if left out.
        "errorThresholdPercentage" => error_threshold_percentage: Option<Placed<f64>>,
        /// The time that it stays open; 30s if left out.
        "resetTimeout" => reset_timeout: Option<Duration>,
        /// The time that it looks back; 10s if left out.
        "rollingCountTimeout" => rolling_count_timeout: Option<Duration>,
        /// Buckets of that; 10 if left out.
        "rollingCountBuckets" => rolling_count_buckets: Option<Placed<u32>>,
        /// With fewer calls than this it never opens; 0 if left out.
        "volumeThreshold" => volume_threshold: Option<u32>,
        /// Calls in flight at one time; no limit if left out.
        "capacity" => capacity: Option<u32>,
        /// True if it never opens within the first `rollingCountTimeout`; false if left out.
        "allowWarmUp" => allow_warm_up: Option<bool>,
        .. => service: ServiceSection,
    }
}

impl MachineSection for OpossumSection {
    fn shared_with_call(&self) -> Vec<(&'static str, Location)> {
        let timeout = self.timeout.iter().filter(|timeout| !timeout.0.is_zero());
        timeout.map(|timeout| ("timeout", timeout.key())).collect()
    }

    fn service(&self) -> &ServiceSection {
        &self.service
    }

    /// Every rejected promise is a failure (`handleError` in `lib/circuit.js`), also one of a guard
    /// further in.
    fn counts(&self) -> OutcomeSet {
        OutcomeSet::failures()
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
            allow_warm_up: self.allow_warm_up.unwrap_or(library.allow_warm_up),
            timeout: self.call_timeout(),
        })
    }

    fn company(&self, _: Location) -> Company {
        let timeout = Some(self.call_timeout()).filter(|timeout| !timeout.is_zero());
        Company { timeout, ..Company::default() }
    }
}

impl OpossumSection {
    /// The timeout of each call; zero for none.
    fn call_timeout(&self) -> SimDuration {
        let library = OpossumSettings::default().timeout;
        self.timeout.as_ref().map_or(library, |timeout| timeout.0)
    }
}

/// The timeout of a call; zero, as `false` is, for none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallTimeout(SimDuration);

impl Decode for CallTimeout {
    fn decode(found: Found<'_>, problems: &mut Problems) -> Option<Self> {
        if found.node.value == Value::Bool(false) {
            return Some(Self(SimDuration::ZERO));
        }
        Duration::decode(found, problems).map(|timeout| Self(timeout.0))
    }
}

impl JsonSchema for CallTimeout {
    fn schema_name() -> Cow<'static, str> {
        "CallTimeout".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let timeout = schema_of::<Duration>(generator);
        json_schema!({ "anyOf": [timeout, { "const": false }] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_before_it_is_warm_are_counted_and_do_not_open_it() {
        let at = |millis: u64| SimTime::from_nanos(millis * 1_000_000);
        let settings = OpossumSettings { allow_warm_up: true, ..OpossumSettings::default() };
        let mut breaker = Opossum::new(settings, at(5_000));
        for millis in [5_000, 14_999] {
            breaker.advance_to(at(millis));
            assert_eq!(breaker.try_acquire(at(millis)), OpossumAnswer::Permitted);
            breaker.complete(at(millis), true);
            assert_eq!(breaker.state(), BreakerState::Closed, "{millis} ms");
        }
        assert_eq!(breaker.stats().failures, 2);
        breaker.advance_to(at(15_000));
        assert_eq!(breaker.try_acquire(at(15_000)), OpossumAnswer::Permitted);
        breaker.complete(at(15_000), true);
        assert_eq!(breaker.state(), BreakerState::Open);
    }
}

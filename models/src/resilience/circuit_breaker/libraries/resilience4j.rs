//! Resilience4j's `CircuitBreakerStateMachine` (Java).

use std::fmt;

use sim_core::random::{DrawKey, uniform};
use sim_core::{SimDuration, SimTime};

use super::LibraryBreaker;
use crate::OutcomeSet;
use crate::guards::breaker::MachineSection;
use crate::guards::breaker::ServiceSection;
use crate::language::quantity::Duration;
use crate::language::{Placed, Problems, section, words};
use crate::resilience::circuit_breaker::BreakerSettings;
use crate::resilience::circuit_breaker::{
    BreakerAnswer, BreakerState, CallVerdict, Reason, SlidingWindow, Tally, Ticket, Wait,
    WindowGauges, WindowLength,
};

/// The settings, under the names of `CircuitBreakerConfig`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Resilience4jSettings {
    /// `slidingWindowType` and `slidingWindowSize`; 100 calls by default.
    pub sliding_window: WindowLength,
    /// `minimumNumberOfCalls`: a count window caps it at its own size, also for half-open; 100 by
    /// default.
    pub minimum_number_of_calls: u32,
    /// `failureRateThreshold` in per cent; 50 by default.
    pub failure_rate_threshold: f32,
    /// `slowCallRateThreshold` in per cent; 100 by default.
    pub slow_call_rate_threshold: f32,
    /// `slowCallDurationThreshold`: a call that takes longer is slow; 60 s by default.
    pub slow_call_duration_threshold: SimDuration,
    /// `permittedNumberOfCallsInHalfOpenState`; 10 by default.
    pub permitted_number_of_calls_in_half_open_state: u32,
    /// `waitDurationInOpenState` or `waitIntervalFunctionInOpenState`; 60 s by default.
    pub wait_in_open_state: Wait,
    /// `randomizedWaitFactor`: the part of the wait by which it varies to either side
    /// (`IntervalFunction.randomize`, without its rounding to milliseconds); 0 by default.
    pub randomized_wait_factor: f64,
    /// `maxWaitDurationInHalfOpenState`: a half-open breaker opens again after it; zero, the
    /// default, for never.
    pub max_wait_duration_in_half_open_state: SimDuration,
    /// `automaticTransitionFromOpenToHalfOpenEnabled`: a timer ends the open state, not the next
    /// call; off by default.
    pub automatic_transition_from_open_to_half_open: bool,
}

impl Default for Resilience4jSettings {
    fn default() -> Self {
        Self {
            sliding_window: WindowLength::Calls(100),
            minimum_number_of_calls: 100,
            failure_rate_threshold: 50.0,
            slow_call_rate_threshold: 100.0,
            slow_call_duration_threshold: SimDuration::from_secs(60),
            permitted_number_of_calls_in_half_open_state: 10,
            wait_in_open_state: Wait::Fixed(SimDuration::from_secs(60)),
            randomized_wait_factor: 0.0,
            max_wait_duration_in_half_open_state: SimDuration::ZERO,
            automatic_transition_from_open_to_half_open: false,
        }
    }
}

impl fmt::Display for Resilience4jSettings {
    /// The settings as a scenario writes them, under the library's names.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "sliding window: {}, minimumNumberOfCalls: {}, failureRateThreshold: {}, \
             slowCallRateThreshold: {}, slowCallDurationThreshold: {}, \
             permittedNumberOfCallsInHalfOpenState: {}, waitDurationInOpenState: {}",
            self.sliding_window,
            self.minimum_number_of_calls,
            self.failure_rate_threshold,
            self.slow_call_rate_threshold,
            self.slow_call_duration_threshold,
            self.permitted_number_of_calls_in_half_open_state,
            self.wait_in_open_state,
        )?;
        if self.randomized_wait_factor > 0.0 {
            write!(f, ", randomizedWaitFactor: {}", self.randomized_wait_factor)?;
        }
        if !self.max_wait_duration_in_half_open_state.is_zero() {
            let longest = self.max_wait_duration_in_half_open_state;
            write!(f, ", maxWaitDurationInHalfOpenState: {longest}")?;
        }
        if self.automatic_transition_from_open_to_half_open {
            f.write_str(", automaticTransitionFromOpenToHalfOpenEnabled: true")?;
        }
        Ok(())
    }
}

/// The states of the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resilience4jState {
    /// Calls pass and are counted.
    Closed,
    /// Calls are rejected until the wait is over.
    Open,
    /// A few calls pass, and decide.
    HalfOpen,
    /// An operator lets everything pass, uncounted.
    Disabled,
    /// An operator lets nothing pass.
    ForcedOpen,
}

/// The orders that an operator can give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resilience4jOverride {
    /// `transitionToForcedOpenState`.
    ForceOpen,
    /// `transitionToClosedState`.
    ForceClosed,
    /// `transitionToDisabledState`.
    Disable,
    /// `reset`.
    Reset,
}

/// The library's metrics of the present state. Rates are in per cent, or −1 while there are too few
/// calls.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Resilience4jMetrics {
    /// Results in the window.
    pub buffered: u32,
    /// Failures among them.
    pub failed: u32,
    /// Slow calls among them.
    pub slow: u32,
    /// Share of failures.
    pub failure_rate: f32,
    /// Share of slow calls.
    pub slow_rate: f32,
    /// Calls turned away in this state.
    pub not_permitted: u64,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    Closed,
    Open { until: SimTime, wait: SimDuration },
    HalfOpen { permits: u32, until: Option<SimTime> },
    Disabled,
    ForcedOpen,
}

/// A breaker of Resilience4j.
///
/// The window is judged after every result. An open breaker admits a call strictly after its wait.
/// A half-open breaker decides by the same rates, over as many results as calls are permitted or as
/// the minimum, whichever is fewer. A late result counts in whatever state it finds: in an open
/// breaker, into the window that opened it.
#[derive(Clone, Debug)]
pub struct Resilience4j {
    settings: Resilience4jSettings,
    phase: Phase,
    /// Openings since the breaker was last closed.
    attempts: u32,
    /// Openings in all.
    openings: u64,
    /// The source of the waits that are drawn.
    key: DrawKey,
    window: SlidingWindow,
    probes: SlidingWindow,
    counts_probes: bool,
    not_permitted: u64,
    reason: Reason,
}

impl Resilience4j {
    /// A closed breaker.
    pub fn new(settings: Resilience4jSettings) -> Self {
        let permitted = settings.permitted_number_of_calls_in_half_open_state;
        let minimum = match settings.sliding_window {
            WindowLength::Calls(size) => settings.minimum_number_of_calls.min(size),
            WindowLength::Seconds(_) | WindowLength::Buckets(..) => {
                settings.minimum_number_of_calls
            }
        };
        Self {
            settings: Resilience4jSettings { minimum_number_of_calls: minimum, ..settings },
            phase: Phase::Closed,
            attempts: 0,
            openings: 0,
            key: DrawKey::default(),
            window: SlidingWindow::new(settings.sliding_window),
            probes: SlidingWindow::new(WindowLength::Calls(permitted)),
            counts_probes: false,
            not_permitted: 0,
            reason: Reason::ProbeFailed,
        }
    }

    /// Fires every timer that is due by `now`.
    pub fn advance_to(&mut self, now: SimTime) {
        while let Some(due) = self.next_timer().filter(|due| *due <= now) {
            match self.phase {
                Phase::Open { .. } => self.half_open(due),
                _ => self.open(
                    due,
                    Reason::StayOver(self.settings.max_wait_duration_in_half_open_state),
                ),
            }
        }
    }

    /// The time at which the next timer fires, if one is set.
    pub fn next_timer(&self) -> Option<SimTime> {
        match self.phase {
            Phase::Open { until, .. }
                if self.settings.automatic_transition_from_open_to_half_open =>
            {
                Some(until)
            }
            Phase::HalfOpen { until, .. } => until,
            _ => None,
        }
    }

    /// Answers a call that asks to pass.
    pub fn try_acquire(&mut self, now: SimTime) -> bool {
        if let Phase::Open { until, .. } = self.phase
            && now > until
        {
            self.half_open(now);
        }
        let is_permitted = match &mut self.phase {
            Phase::Closed | Phase::Disabled => true,
            Phase::Open { .. } | Phase::ForcedOpen => false,
            Phase::HalfOpen { permits, .. } => {
                let is_left = *permits > 0;
                *permits -= u32::from(is_left);
                is_left
            }
        };
        self.not_permitted += u64::from(!is_permitted);
        is_permitted
    }

    /// Counts the result of an admitted call.
    pub fn complete(&mut self, now: SimTime, elapsed: SimDuration, verdict: CallVerdict) {
        let is_failure = match verdict {
            CallVerdict::Ignored => return self.release_permission(),
            CallVerdict::Failure | CallVerdict::TimedOut => true,
            CallVerdict::Success => false,
        };
        let is_slow = elapsed > self.settings.slow_call_duration_threshold;
        match self.phase {
            Phase::Disabled | Phase::ForcedOpen => {}
            Phase::Open { .. } => self.counted().record(now, is_failure, is_slow),
            Phase::Closed | Phase::HalfOpen { .. } => {
                self.counted().record(now, is_failure, is_slow);
                self.judge(now);
            }
        }
    }

    /// Carries out an order of the operator.
    pub fn control(&mut self, action: Resilience4jOverride) {
        self.phase = match action {
            Resilience4jOverride::ForceOpen => Phase::ForcedOpen,
            Resilience4jOverride::Disable => Phase::Disabled,
            Resilience4jOverride::ForceClosed | Resilience4jOverride::Reset => Phase::Closed,
        };
        self.attempts = 0;
        self.forget();
        self.counts_probes = false;
    }

    /// The present state; reading it changes nothing.
    pub fn state(&self) -> Resilience4jState {
        match self.phase {
            Phase::Closed => Resilience4jState::Closed,
            Phase::Open { .. } => Resilience4jState::Open,
            Phase::HalfOpen { .. } => Resilience4jState::HalfOpen,
            Phase::Disabled => Resilience4jState::Disabled,
            Phase::ForcedOpen => Resilience4jState::ForcedOpen,
        }
    }

    /// The metrics of the present state.
    pub fn metrics(&mut self, now: SimTime) -> Resilience4jMetrics {
        let tally = self.counted().tally(now);
        let [failure_rate, slow_rate] = self.rates(tally).unwrap_or([-1.0, -1.0]);
        Resilience4jMetrics {
            buffered: tally.calls,
            failed: tally.failures,
            slow: tally.slow,
            failure_rate,
            slow_rate,
            not_permitted: self.not_permitted,
        }
    }

    fn counted(&mut self) -> &mut SlidingWindow {
        if self.counts_probes { &mut self.probes } else { &mut self.window }
    }

    fn release_permission(&mut self) {
        if let Phase::HalfOpen { permits, .. } = &mut self.phase {
            *permits += 1;
        }
    }

    /// Failure and slow-call rate in per cent, in the library's 32-bit arithmetic.
    fn rates(&self, tally: Tally) -> Option<[f32; 2]> {
        // A healthy breaker, whose parts are zero, is spared the divisions: half of its time.
        let rate =
            |part: u32| if part == 0 { 0.0 } else { part as f32 * 100.0 / tally.calls as f32 };
        (tally.calls >= self.minimum()).then(|| [rate(tally.failures), rate(tally.slow)])
    }

    fn minimum(&self) -> u32 {
        let minimum = self.settings.minimum_number_of_calls;
        let permitted = self.settings.permitted_number_of_calls_in_half_open_state;
        if self.counts_probes { minimum.min(permitted) } else { minimum }.max(1)
    }

    fn judge(&mut self, now: SimTime) {
        let tally = self.counted().tally(now);
        let Some([failure_rate, slow_rate]) = self.rates(tally) else { return };
        let share = |percent: f32| f64::from(percent) / 100.0;
        if failure_rate >= self.settings.failure_rate_threshold {
            self.open(now, Reason::FailureRate { rate: share(failure_rate), calls: tally.calls });
        } else if slow_rate >= self.settings.slow_call_rate_threshold {
            self.open(now, Reason::SlowCallRate { rate: share(slow_rate), calls: tally.calls });
        } else if let Phase::HalfOpen { .. } = self.phase {
            self.reason = Reason::probes_succeeded(tally);
            self.control(Resilience4jOverride::ForceClosed);
        }
    }

    fn open(&mut self, now: SimTime, reason: Reason) {
        self.reason = reason;
        self.attempts += 1;
        self.openings += 1;
        let wait = self.wait();
        self.phase = Phase::Open { until: now + wait, wait };
    }

    /// The wait of the present opening.
    fn wait(&self) -> SimDuration {
        let wait = self.settings.wait_in_open_state.after_opening(self.attempts, None);
        let factor = self.settings.randomized_wait_factor;
        if factor == 0.0 {
            return wait;
        }
        let draw = uniform(&mut self.key.child(self.openings).draw());
        wait.scaled(1.0 + factor * (2.0 * draw - 1.0))
    }

    fn half_open(&mut self, now: SimTime) {
        let stay = self.settings.max_wait_duration_in_half_open_state;
        if let Phase::Open { wait, .. } = self.phase {
            self.reason = Reason::WaitOver(wait);
        }
        self.phase = Phase::HalfOpen {
            permits: self.settings.permitted_number_of_calls_in_half_open_state,
            until: (!stay.is_zero()).then(|| now + stay),
        };
        self.forget();
        self.counts_probes = true;
    }

    fn forget(&mut self) {
        self.window.clear();
        self.probes.clear();
        self.not_permitted = 0;
    }
}

impl LibraryBreaker for Resilience4j {
    type Settings = Resilience4jSettings;

    fn build(settings: Resilience4jSettings, key: DrawKey, _now: SimTime) -> Self {
        Self { key, ..Self::new(settings) }
    }

    fn remembered(settings: &Resilience4jSettings) -> u64 {
        u64::from(settings.sliding_window.size())
    }

    fn admit(&mut self, now: SimTime) -> BreakerAnswer {
        BreakerAnswer::permitted_if(self.try_acquire(now))
    }

    fn record(&mut self, now: SimTime, _: Ticket, elapsed: SimDuration, verdict: CallVerdict) {
        self.complete(now, elapsed, verdict);
    }

    fn fire_timer(&mut self, now: SimTime) -> Option<SimTime> {
        let due = self.next_timer().filter(|due| *due <= now)?;
        self.advance_to(due);
        Some(due)
    }

    fn window(&self, now: SimTime) -> WindowGauges {
        let counted = if self.counts_probes { &self.probes } else { &self.window };
        WindowGauges::of(counted.tally_at(now), self.minimum())
    }

    /// An operator's overrides look like the states that they force.
    fn current_state(&self) -> BreakerState {
        match self.phase {
            Phase::Closed | Phase::Disabled => BreakerState::Closed,
            Phase::Open { .. } | Phase::ForcedOpen => BreakerState::Open,
            Phase::HalfOpen { .. } => BreakerState::HalfOpen,
        }
    }

    fn last_reason(&self) -> Reason {
        self.reason
    }
}

/// The multiplier of an exponential backoff that the library takes if none is set.
const MULTIPLIER: f64 = 1.5;
/// The factor of a randomized wait that it takes if none is set.
const RANDOMIZED_WAIT_FACTOR: f64 = 0.5;

section! {
    /// Resilience4j's `CircuitBreakerConfig`.
    pub(crate) struct Resilience4jSection {
        /// `COUNT_BASED` or `TIME_BASED`; `COUNT_BASED` if left out.
        "slidingWindowType" => sliding_window_type: Option<SlidingWindowType>,
        /// Calls or seconds; 100 if left out.
        "slidingWindowSize" => sliding_window_size: Option<Placed<u32>>,
        /// Calls before the rates are judged; 100 if left out.
        "minimumNumberOfCalls" => minimum_number_of_calls: Option<Placed<u32>>,
        /// Opens at this percentage of failures; 50 if left out.
        "failureRateThreshold" => failure_rate_threshold: Option<Placed<f32>>,
        /// Opens at this percentage of slow calls; 100 if left out.
        "slowCallRateThreshold" => slow_call_rate_threshold: Option<Placed<f32>>,
        /// A call that takes longer is slow; 60s if left out.
        "slowCallDurationThreshold" => slow_call_duration_threshold: Option<Duration>,
        /// Calls let through while half-open; 10 if left out.
        "permittedNumberOfCallsInHalfOpenState" => permitted_number_of_calls: Option<Placed<u32>>,
        /// The time that it stays open; 60s if left out.
        "waitDurationInOpenState" => wait_duration_in_open_state: Option<Duration>,
        /// True if the wait grows with every opening; false if left out.
        "enableExponentialBackoff" => enable_exponential_backoff: Option<bool>,
        /// The factor on the wait with each opening; 1.5 if left out.
        "exponentialBackoffMultiplier" => exponential_backoff_multiplier: Option<Placed<f64>>,
        /// The longest wait; no limit if left out.
        "exponentialMaxWaitDurationInOpenState" => exponential_max_wait: Option<Duration>,
        /// True if chance spreads the wait to either side; false if left out.
        "enableRandomizedWait" => enable_randomized_wait: Option<Placed<bool>>,
        /// The part of the wait by which it does, from 0 to below 1; 0.5 if left out.
        "randomizedWaitFactor" => randomized_wait_factor: Option<Placed<f64>>,
        /// Half-open no longer than this; no limit if left out.
        "maxWaitDurationInHalfOpenState" => max_wait_in_half_open_state: Option<Duration>,
        /// True if a timer ends the open state, and not the next call; false if left out.
        "automaticTransitionFromOpenToHalfOpenEnabled" => automatic_transition: Option<bool>,
        .. => service: ServiceSection,
    }
}

words! {
    /// The two windows of Resilience4j.
    pub(crate) enum SlidingWindowType {
        /// The last so many calls.
        "COUNT_BASED" => CountBased,
        /// The last so many seconds.
        "TIME_BASED" => TimeBased,
    }
}

impl MachineSection for Resilience4jSection {
    /// Every exception counts, also that of a guard further in that has rejected the call
    /// (`CircuitBreakerConfig.DEFAULT_RECORD_EXCEPTION_PREDICATE`).
    fn counts(&self) -> OutcomeSet {
        OutcomeSet::failures()
    }

    fn service(&self) -> &ServiceSection {
        &self.service
    }

    fn settings(&self, problems: &mut Problems) -> BreakerSettings {
        let library = Resilience4jSettings::default();
        let size = problems.at_least_one(self.sliding_window_size.as_ref(), 100, "this");
        let span = |written: Option<Duration>, default| written.map_or(default, |span| span.0);
        BreakerSettings::Resilience4j(Resilience4jSettings {
            sliding_window: match self.sliding_window_type {
                None | Some(SlidingWindowType::CountBased) => WindowLength::Calls(size),
                Some(SlidingWindowType::TimeBased) => WindowLength::Seconds(size),
            },
            minimum_number_of_calls: problems.at_least_one(
                self.minimum_number_of_calls.as_ref(),
                library.minimum_number_of_calls,
                "this",
            ),
            failure_rate_threshold: percentage(
                self.failure_rate_threshold.as_ref(),
                library.failure_rate_threshold,
                problems,
            ),
            slow_call_rate_threshold: percentage(
                self.slow_call_rate_threshold.as_ref(),
                library.slow_call_rate_threshold,
                problems,
            ),
            slow_call_duration_threshold: span(
                self.slow_call_duration_threshold,
                library.slow_call_duration_threshold,
            ),
            permitted_number_of_calls_in_half_open_state: problems.at_least_one(
                self.permitted_number_of_calls.as_ref(),
                library.permitted_number_of_calls_in_half_open_state,
                "this",
            ),
            wait_in_open_state: self.wait(problems),
            randomized_wait_factor: self.randomized_wait_factor(problems),
            max_wait_duration_in_half_open_state: span(
                self.max_wait_in_half_open_state,
                SimDuration::ZERO,
            ),
            automatic_transition_from_open_to_half_open: self.automatic_transition.unwrap_or(false),
        })
    }
}

impl Resilience4jSection {
    /// The factor by which the wait varies. The library does not start if it grows as well
    /// (`CommonCircuitBreakerConfigurationProperties`).
    fn randomized_wait_factor(&self, problems: &mut Problems) -> f64 {
        let is_randomized = self.enable_randomized_wait.filter(|is_randomized| **is_randomized);
        if let Some(is_randomized) = is_randomized
            && self.enable_exponential_backoff == Some(true)
        {
            let message = "a wait that grows cannot be randomized";
            let help = "keep one of `enableExponentialBackoff` and `enableRandomizedWait`";
            problems.error(is_randomized.key(), message, help);
        }
        let factor = self.randomized_wait_factor.as_ref();
        let factor = problems.within(factor, RANDOMIZED_WAIT_FACTOR, 0.0..=0.999_999);
        if is_randomized.is_some() { factor } else { 0.0 }
    }

    fn wait(&self, problems: &mut Problems) -> Wait {
        let wait = self.wait_duration_in_open_state.map_or(SimDuration::from_secs(60), |it| it.0);
        if self.enable_exponential_backoff != Some(true) {
            return Wait::Fixed(wait);
        }
        let multiplier = self.exponential_backoff_multiplier.as_ref();
        Wait::Exponential {
            base: wait,
            multiplier: problems.within(multiplier, MULTIPLIER, 1.0..=1_000.0),
            max: self.exponential_max_wait.map_or(SimDuration::MAX, |max| max.0),
        }
    }
}

/// A percentage above 0 and up to 100, as the library demands.
fn percentage(written: Option<&Placed<f32>>, default: f32, problems: &mut Problems) -> f32 {
    let Some(percentage) = written else { return default };
    if **percentage > 0.0 && **percentage <= 100.0 {
        return **percentage;
    }
    let message = format!("`{}` is not a percentage above 0 and up to 100", **percentage);
    problems.error(percentage.at(), message, "write a number such as `50`");
    default
}

#[cfg(test)]
mod tests {
    use sim_core::random::Streams;

    use super::*;

    #[test]
    fn a_randomized_wait_is_drawn_anew_with_every_opening() {
        let settings = Resilience4jSettings {
            sliding_window: WindowLength::Calls(1),
            permitted_number_of_calls_in_half_open_state: 1,
            wait_in_open_state: Wait::Fixed(SimDuration::from_secs(10)),
            randomized_wait_factor: 0.3,
            automatic_transition_from_open_to_half_open: true,
            ..Resilience4jSettings::default()
        };
        let key = DrawKey::root(&mut Streams::new(1, 0).stream("breaker"));
        let mut breaker = Resilience4j::build(settings, key, SimTime::ZERO);
        let (mut now, mut waits) = (SimTime::ZERO, Vec::new());
        for _ in 0..200 {
            assert!(breaker.try_acquire(now));
            breaker.complete(now, SimDuration::ZERO, CallVerdict::Failure);
            let until = breaker.next_timer().expect("it is open");
            waits.push(until.since(now).as_secs_f64());
            now = until;
            breaker.advance_to(now);
        }
        let (least, most) = waits
            .iter()
            .fold((f64::MAX, 0.0_f64), |(least, most), wait| (least.min(*wait), most.max(*wait)));
        assert!((7.0..7.2).contains(&least) && (12.8..=13.0).contains(&most), "{least} {most}");
        let mean = waits.iter().sum::<f64>() / 200.0;
        assert!((mean - 10.0).abs() < 0.4, "{mean}");
    }
}

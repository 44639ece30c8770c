//! Polly v8's circuit breaker strategy (.NET), the one that samples.

use std::collections::VecDeque;
use std::fmt;

use sim_core::random::DrawKey;
use sim_core::{SimDuration, SimTime};

use super::LibraryBreaker;
use crate::guards::breaker::MachineSection;
use crate::guards::breaker::ServiceSection;
use crate::language::quantity::Duration;
use crate::language::{Placed, Problems, section};
use crate::resilience::circuit_breaker::BreakerSettings;
use crate::resilience::circuit_breaker::{
    BreakerAnswer, BreakerState, CallVerdict, Reason, Ticket, WindowGauges,
};

/// The settings, under the names of `CircuitBreakerStrategyOptions`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PollySettings {
    /// `FailureRatio`: opens at this share of failures, 0 to 1; 0.1 by default.
    pub failure_ratio: f64,
    /// `MinimumThroughput`: results before the ratio is judged; 100 by default.
    pub minimum_throughput: u32,
    /// `SamplingDuration`: the span whose results are judged; 30 s by default.
    pub sampling_duration: SimDuration,
    /// `BreakDuration`: the time that it stays open; 5 s by default.
    pub break_duration: SimDuration,
}

impl Default for PollySettings {
    fn default() -> Self {
        Self {
            failure_ratio: 0.1,
            minimum_throughput: 100,
            sampling_duration: SimDuration::from_secs(30),
            break_duration: SimDuration::from_secs(5),
        }
    }
}

impl fmt::Display for PollySettings {
    /// The settings as a scenario writes them, under the library's names.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "FailureRatio: {}, MinimumThroughput: {}, SamplingDuration: {}, BreakDuration: {}",
            self.failure_ratio,
            self.minimum_throughput,
            self.sampling_duration,
            self.break_duration,
        )
    }
}

/// Windows into which the sampling duration is divided.
const WINDOWS: u64 = 10;
/// The most windows kept at one time: the one being filled and the one about to expire come on top.
const MOST_WINDOWS: usize = WINDOWS as usize + 2;
/// A sampling duration too short for windows of this length is not divided.
const SHORTEST_WINDOW: SimDuration = SimDuration::from_millis(20);
/// The library's clock ticks every 100 ns.
const TICK: u64 = 100;

/// Results since `started`.
#[derive(Clone, Copy, Debug)]
struct HealthWindow {
    started: SimTime,
    successes: u32,
    failures: u32,
}

/// A breaker of Polly v8.
///
/// Only a failure makes it judge its results. Windows begin with the first result in them, not with
/// the clock. One call probes, and the first result while half-open decides. Results in the open
/// state are counted, although closing forgets them. Every result that is not a handled failure is
/// a success.
#[derive(Clone, Debug)]
pub struct Polly {
    settings: PollySettings,
    state: BreakerState,
    blocked_until: SimTime,
    windows: VecDeque<HealthWindow>,
    successes: u32,
    failures: u32,
    reason: Reason,
}

impl Polly {
    /// A closed breaker, built at the beginning of time.
    pub fn new(settings: PollySettings) -> Self {
        let mut breaker = Self {
            settings,
            state: BreakerState::Closed,
            blocked_until: SimTime::ZERO,
            windows: VecDeque::with_capacity(MOST_WINDOWS),
            successes: 0,
            failures: 0,
            reason: Reason::WaitOver(SimDuration::ZERO),
        };
        breaker.forget(SimTime::ZERO);
        breaker
    }

    /// Answers a call that asks to pass.
    pub fn try_acquire(&mut self, now: SimTime) -> bool {
        match self.state {
            BreakerState::Closed => true,
            BreakerState::HalfOpen => false,
            BreakerState::Open => {
                let may_probe = now >= self.blocked_until;
                if may_probe {
                    self.state = BreakerState::HalfOpen;
                    self.reason = Reason::WaitOver(self.settings.break_duration);
                }
                may_probe
            }
        }
    }

    /// Counts the result of a call that was let through, however long ago.
    pub fn complete(&mut self, now: SimTime, verdict: CallVerdict) {
        if !verdict.is_failure() {
            self.count(now, false);
            if self.state == BreakerState::HalfOpen {
                self.state = BreakerState::Closed;
                self.reason = Reason::all_probes_succeeded(1);
                self.forget(now);
            }
            return;
        }
        match self.state {
            BreakerState::HalfOpen => self.open(now, Reason::ProbeFailed),
            BreakerState::Open => self.count(now, true),
            BreakerState::Closed => {
                self.count(now, true);
                let calls = self.successes + self.failures;
                let rate = f64::from(self.failures) / f64::from(calls);
                if calls >= self.settings.minimum_throughput && rate >= self.settings.failure_ratio
                {
                    self.open(now, Reason::FailureRate { rate, calls });
                }
            }
        }
    }

    /// The present state.
    pub fn state(&self) -> BreakerState {
        self.state
    }

    fn open(&mut self, now: SimTime, reason: Reason) {
        self.state = BreakerState::Open;
        self.blocked_until = now + self.settings.break_duration;
        self.reason = reason;
    }

    fn count(&mut self, now: SimTime, is_failure: bool) {
        self.slide(now);
        let (successes, failures) = (u32::from(!is_failure), u32::from(is_failure));
        self.successes += successes;
        self.failures += failures;
        if let Some(window) = self.windows.back_mut() {
            window.successes += successes;
            window.failures += failures;
        }
    }

    /// Begins a window if the last is full, and drops those that began a sampling duration ago.
    fn slide(&mut self, now: SimTime) {
        let is_divided = self.is_divided();
        let length =
            if is_divided { self.window_length() } else { self.settings.sampling_duration };
        if self.windows.back().is_none_or(|window| now.since(window.started) >= length) {
            self.windows.push_back(HealthWindow { started: now, successes: 0, failures: 0 });
        }
        while let Some(window) = self.windows.front()
            && now.since(window.started) >= self.settings.sampling_duration
        {
            self.successes -= window.successes;
            self.failures -= window.failures;
            self.windows.pop_front();
        }
    }

    /// A sampling duration that is not divided has one window, which begins at once.
    fn forget(&mut self, now: SimTime) {
        self.windows.clear();
        (self.successes, self.failures) = (0, 0);
        if !self.is_divided() {
            self.windows.push_back(HealthWindow { started: now, successes: 0, failures: 0 });
        }
    }

    fn is_divided(&self) -> bool {
        self.settings.sampling_duration >= SHORTEST_WINDOW * WINDOWS
    }

    fn window_length(&self) -> SimDuration {
        SimDuration::from_nanos(self.settings.sampling_duration.as_nanos() / TICK / WINDOWS * TICK)
    }
}

impl LibraryBreaker for Polly {
    type Settings = PollySettings;

    fn build(settings: PollySettings, _key: DrawKey, now: SimTime) -> Self {
        let mut breaker = Self::new(settings);
        breaker.forget(now);
        breaker
    }

    fn remembered(_settings: &PollySettings) -> u64 {
        MOST_WINDOWS as u64
    }

    fn admit(&mut self, now: SimTime) -> BreakerAnswer {
        BreakerAnswer::permitted_if(self.try_acquire(now))
    }

    fn record(&mut self, now: SimTime, _: Ticket, _: SimDuration, verdict: CallVerdict) {
        self.complete(now, verdict);
    }

    /// Leaves out the part of the window that began a sampling duration ago, although the library drops it only with
    /// the next result.
    fn window(&self, now: SimTime) -> WindowGauges {
        let sampled = self.settings.sampling_duration;
        let counted = self.windows.iter().filter(|it| now.since(it.started) < sampled);
        let (calls, failures) = counted.fold((0, 0), |(calls, failures), it| {
            (calls + it.successes + it.failures, failures + it.failures)
        });
        WindowGauges::of_failures(failures, calls, self.settings.minimum_throughput)
    }

    fn current_state(&self) -> BreakerState {
        self.state
    }

    fn last_reason(&self) -> Reason {
        self.reason
    }
}

/// The shortest span that Polly takes.
const HALF_A_SECOND: SimDuration = SimDuration::from_millis(500);

section! {
    /// Polly's `CircuitBreakerStrategyOptions`.
    pub(crate) struct PollySection {
        /// Opens at this share of failures, 0 to 1; 0.1 if left out.
        "FailureRatio" => failure_ratio: Option<Placed<f64>>,
        /// Results before the ratio is judged; 100 if left out.
        "MinimumThroughput" => minimum_throughput: Option<Placed<u32>>,
        /// The time that it looks back; 30s if left out.
        "SamplingDuration" => sampling_duration: Option<Placed<Duration>>,
        /// The time that it stays open; 5s if left out.
        "BreakDuration" => break_duration: Option<Placed<Duration>>,
        .. => service: ServiceSection,
    }
}

impl MachineSection for PollySection {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> SimTime {
        SimTime::from_nanos(millis * 1_000_000)
    }

    fn settings() -> PollySettings {
        PollySettings {
            failure_ratio: 0.5,
            minimum_throughput: 4,
            sampling_duration: SimDuration::from_secs(10),
            ..PollySettings::default()
        }
    }

    #[test]
    fn only_a_failure_trips_and_one_probe_decides() {
        use CallVerdict::{Failure, Success};
        let mut breaker = Polly::new(settings());
        for verdict in [Failure, Failure, Failure, Success] {
            assert!(breaker.try_acquire(at(0)));
            breaker.complete(at(0), verdict);
        }
        assert_eq!(
            breaker.state(),
            BreakerState::Closed,
            "three of four have failed, but the last was a success"
        );
        breaker.complete(at(1), Failure);
        assert_eq!(breaker.state(), BreakerState::Open);
        assert!(!breaker.try_acquire(at(5_000)));
        assert!(
            breaker.try_acquire(at(5_001)) && !breaker.try_acquire(at(5_001)),
            "one probe, at exactly the break duration"
        );
        breaker.complete(at(6_000), Failure);
        assert!(!breaker.try_acquire(at(10_999)) && breaker.try_acquire(at(11_000)));
        breaker.complete(at(12_000), Success);
        assert_eq!(breaker.state(), BreakerState::Closed);
        (0..3).for_each(|_| breaker.complete(at(12_000), Failure));
        assert_eq!(breaker.state(), BreakerState::Closed, "what was before is forgotten");
    }

    #[test]
    fn windows_begin_with_their_first_result() {
        let mut breaker = Polly::new(settings());
        for millis in [900, 1_850, 1_900] {
            breaker.complete(at(millis), CallVerdict::Failure);
        }
        // The first window began at 0.9 s and holds the second result too; at 10.9 s it is dropped
        // whole.
        breaker.complete(at(10_899), CallVerdict::Failure);
        assert_eq!(breaker.state(), BreakerState::Open);
        let mut breaker = Polly::new(settings());
        for millis in [900, 1_850, 1_900, 10_900] {
            breaker.complete(at(millis), CallVerdict::Failure);
        }
        assert_eq!(breaker.state(), BreakerState::Closed);
    }

    #[test]
    fn a_short_sampling_duration_is_one_window_from_the_beginning() {
        let mut breaker = Polly::new(PollySettings {
            sampling_duration: SimDuration::from_millis(150),
            ..settings()
        });
        for millis in [100, 110, 120, 150] {
            breaker.complete(at(millis), CallVerdict::Failure);
        }
        assert_eq!(
            breaker.state(),
            BreakerState::Closed,
            "the window that began at zero is over at 150 ms"
        );
    }
}

//! The state machine itself.

use sim_core::{SimDuration, SimTime};

use super::{Tally, Wait, Window, WindowKind};

/// How a finished call counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It succeeded.
    Success,
    /// It failed.
    Failure,
    /// It failed, by taking too long; some libraries count that apart.
    TimedOut,
    /// It says nothing; the permission is given back.
    Ignored,
}

/// When a closed breaker opens: as soon as any of the rules is met.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TripRule {
    /// Share of failures in the window at which it opens, 0 to 1.
    pub failure_rate: Option<f64>,
    /// Share of slow calls in the window at which it opens, 0 to 1.
    pub slow_call_rate: Option<f64>,
    /// A call that takes longer is slow.
    pub slow_call: SimDuration,
    /// Rates are judged from this many results on; capped at the size of a count window.
    pub minimum_calls: u32,
    /// Failures in a row at which it opens.
    pub consecutive_failures: Option<u32>,
}

/// What a half-open breaker makes of its probes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HalfOpenPolicy {
    /// Calls admitted in all while half-open.
    pub permitted_calls: u32,
    /// With a threshold, so many successes close the breaker and the first failure reopens it. Without one, the rates of
    /// the [`TripRule`] decide once as many results are in as calls are permitted (or the minimum, if that is fewer).
    pub success_threshold: Option<u32>,
}

/// Everything that can be set on a breaker.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// How far it looks back.
    pub window: WindowKind,
    /// When it opens.
    pub trip: TripRule,
    /// How long it stays open.
    pub wait: Wait,
    /// How it closes again.
    pub half_open: HalfOpenPolicy,
}

/// Which of its three states a breaker is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Calls pass and are counted.
    Closed,
    /// Calls are rejected.
    Open,
    /// A few probes pass.
    HalfOpen,
}

/// Why a breaker changed state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reason {
    /// The share of failures reached its threshold.
    FailureRate {
        /// The share, 0 to 1.
        rate: f64,
        /// Results it was judged on.
        calls: u32,
    },
    /// The share of slow calls reached its threshold.
    SlowCallRate {
        /// The share, 0 to 1.
        rate: f64,
        /// Results it was judged on.
        calls: u32,
    },
    /// So many failures came in a row.
    ConsecutiveFailures(u32),
    /// So many failures were in the window.
    Failures(u32),
    /// The longest stay in the half-open state is over.
    StayOver(SimDuration),
    /// The wait of the open state is over.
    WaitOver(SimDuration),
    /// The probes went well.
    ProbesSucceeded(u32),
    /// A probe failed.
    ProbeFailed,
}

/// A change of state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transition {
    /// The state left.
    pub from: State,
    /// The state entered.
    pub to: State,
    /// Why.
    pub reason: Reason,
}

/// The answer to a call that asks to pass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decision {
    /// Whether the call may go on.
    pub is_permitted: bool,
    /// The change of state that asking brought about.
    pub transition: Option<Transition>,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    Closed,
    Open { since: SimTime, wait: SimDuration },
    HalfOpen { admitted: u32, tally: Tally },
}

/// A circuit breaker.
///
/// ```
/// use sim_core::{SimDuration, SimTime};
/// use sim_models::resilience::circuit_breaker::*;
/// let mut breaker = CircuitBreaker::new(Settings {
///     window: WindowKind::Calls(10),
///     trip: TripRule {
///         failure_rate: Some(0.5),
///         slow_call_rate: None,
///         slow_call: SimDuration::MAX,
///         minimum_calls: 2,
///         consecutive_failures: None,
///     },
///     wait: Wait::Fixed(SimDuration::from_secs(30)),
///     half_open: HalfOpenPolicy { permitted_calls: 3, success_threshold: None },
/// });
/// for _ in 0..2 {
///     assert!(breaker.try_acquire(SimTime::ZERO).is_permitted);
///     breaker.complete(SimTime::ZERO, SimDuration::ZERO, Verdict::Failure);
/// }
/// assert_eq!(breaker.state(), State::Open);
/// assert!(!breaker.try_acquire(SimTime::from_secs(29)).is_permitted);
/// assert!(breaker.try_acquire(SimTime::from_secs(30)).is_permitted, "the first probe");
/// ```
#[derive(Clone, Debug)]
pub struct CircuitBreaker {
    settings: Settings,
    phase: Phase,
    window: Window,
    failures_in_a_row: u32,
    openings_in_a_row: u32,
}

impl CircuitBreaker {
    /// A closed breaker.
    pub fn new(settings: Settings) -> Self {
        let window = Window::new(settings.window);
        Self { settings, phase: Phase::Closed, window, failures_in_a_row: 0, openings_in_a_row: 0 }
    }

    /// A call asks to pass at `now`. Whoever is permitted must be [completed](Self::complete) later.
    #[inline]
    pub fn try_acquire(&mut self, now: SimTime) -> Decision {
        match &mut self.phase {
            Phase::Closed => Decision { is_permitted: true, transition: None },
            Phase::Open { since, wait } if now.since(*since) >= *wait => {
                let reason = Reason::WaitOver(*wait);
                self.phase = Phase::HalfOpen { admitted: 1, tally: Tally::default() };
                Decision { is_permitted: true, transition: Some(Transition { from: State::Open, to: State::HalfOpen, reason }) }
            }
            Phase::Open { .. } => Decision { is_permitted: false, transition: None },
            Phase::HalfOpen { admitted, .. } => {
                let is_permitted = *admitted < self.settings.half_open.permitted_calls;
                *admitted += u32::from(is_permitted);
                Decision { is_permitted, transition: None }
            }
        }
    }

    /// An admitted call has ended at `now` after `elapsed`.
    #[inline]
    pub fn complete(&mut self, now: SimTime, elapsed: SimDuration, verdict: Verdict) -> Option<Transition> {
        let is_failure = match verdict {
            Verdict::Success => false,
            Verdict::Failure | Verdict::TimedOut => true,
            Verdict::Ignored => {
                self.give_back();
                return None;
            }
        };
        let is_slow = elapsed > self.settings.trip.slow_call;
        match &mut self.phase {
            Phase::Closed => self.count_closed(now, is_failure, is_slow),
            Phase::Open { .. } => None,
            Phase::HalfOpen { tally, .. } => {
                tally.calls += 1;
                tally.failures += u32::from(is_failure);
                tally.slow += u32::from(is_slow);
                let tally = *tally;
                self.judge_probes(now, tally)
            }
        }
    }

    /// The present state.
    pub fn state(&self) -> State {
        match self.phase {
            Phase::Closed => State::Closed,
            Phase::Open { .. } => State::Open,
            Phase::HalfOpen { .. } => State::HalfOpen,
        }
    }

    fn give_back(&mut self) {
        if let Phase::HalfOpen { admitted, .. } = &mut self.phase {
            *admitted = admitted.saturating_sub(1);
        }
    }

    fn count_closed(&mut self, now: SimTime, is_failure: bool, is_slow: bool) -> Option<Transition> {
        self.window.record(now, is_failure, is_slow);
        self.failures_in_a_row = if is_failure { self.failures_in_a_row + 1 } else { 0 };
        let consecutive = self.settings.trip.consecutive_failures.filter(|threshold| self.failures_in_a_row >= *threshold);
        let reason = if consecutive.is_some() {
            Some(Reason::ConsecutiveFailures(self.failures_in_a_row))
        } else {
            let minimum = self
                .window
                .capacity()
                .map_or(self.settings.trip.minimum_calls, |size| size.min(self.settings.trip.minimum_calls));
            let tally = self.window.tally(now);
            self.exceeded_rate(tally, minimum)
        };
        reason.map(|reason| self.open(now, reason))
    }

    fn exceeded_rate(&self, tally: Tally, minimum: u32) -> Option<Reason> {
        if tally.calls == 0 || tally.calls < minimum {
            return None;
        }
        // A healthy breaker, whose parts are zero, is spared the divisions.
        let share = |part: u32| if part == 0 { 0.0 } else { f64::from(part) / f64::from(tally.calls) };
        let reaches = |part: u32, threshold: Option<f64>| threshold.is_some_and(|threshold| share(part) >= threshold);
        let TripRule { failure_rate, slow_call_rate, .. } = self.settings.trip;
        if reaches(tally.failures, failure_rate) {
            return Some(Reason::FailureRate { rate: share(tally.failures), calls: tally.calls });
        }
        reaches(tally.slow, slow_call_rate).then(|| Reason::SlowCallRate { rate: share(tally.slow), calls: tally.calls })
    }

    fn judge_probes(&mut self, now: SimTime, tally: Tally) -> Option<Transition> {
        let HalfOpenPolicy { permitted_calls, success_threshold } = self.settings.half_open;
        if let Some(threshold) = success_threshold {
            if tally.failures > 0 {
                return Some(self.open(now, Reason::ProbeFailed));
            }
            return (tally.calls >= threshold).then(|| self.close(Reason::ProbesSucceeded(tally.calls)));
        }
        let decisive = permitted_calls.min(self.settings.trip.minimum_calls).max(1);
        if tally.calls < decisive {
            return None;
        }
        let by_rate = self.exceeded_rate(tally, decisive);
        let has_no_rate = self.settings.trip.failure_rate.is_none() && self.settings.trip.slow_call_rate.is_none();
        let verdict = by_rate.or_else(|| (has_no_rate && tally.failures > 0).then_some(Reason::ProbeFailed));
        Some(match verdict {
            Some(reason) => self.open(now, reason),
            None => self.close(Reason::ProbesSucceeded(tally.calls)),
        })
    }

    fn open(&mut self, now: SimTime, reason: Reason) -> Transition {
        let from = self.state();
        self.openings_in_a_row += 1;
        self.phase = Phase::Open { since: now, wait: self.settings.wait.after_opening(self.openings_in_a_row) };
        Transition { from, to: State::Open, reason }
    }

    fn close(&mut self, reason: Reason) -> Transition {
        let from = self.state();
        self.phase = Phase::Closed;
        self.window.clear();
        (self.failures_in_a_row, self.openings_in_a_row) = (0, 0);
        Transition { from, to: State::Closed, reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: SimDuration = SimDuration::from_secs(1);

    fn settings() -> Settings {
        Settings {
            window: WindowKind::Calls(10),
            trip: TripRule {
                failure_rate: Some(0.5),
                slow_call_rate: Some(1.0),
                slow_call: SECOND * 2,
                minimum_calls: 4,
                consecutive_failures: None,
            },
            wait: Wait::Fixed(SECOND * 10),
            half_open: HalfOpenPolicy { permitted_calls: 2, success_threshold: None },
        }
    }

    fn at(seconds: u64) -> SimTime {
        SimTime::from_secs(seconds)
    }

    fn feed(breaker: &mut CircuitBreaker, verdicts: &[Verdict]) {
        for verdict in verdicts {
            assert!(breaker.try_acquire(at(0)).is_permitted);
            breaker.complete(at(0), SimDuration::ZERO, *verdict);
        }
    }

    #[test]
    fn trips_at_the_threshold_and_not_one_failure_before() {
        use Verdict::{Failure, Success};
        let mut breaker = CircuitBreaker::new(settings());
        feed(&mut breaker, &[Failure, Success, Success, Failure]);
        assert_eq!(breaker.state(), State::Open, "2 of 4 is the threshold");
        let mut breaker = CircuitBreaker::new(settings());
        feed(&mut breaker, &[Success, Success, Success, Failure, Failure]);
        assert_eq!(breaker.state(), State::Closed, "2 of 5 is below it");
        feed(&mut breaker, &[Failure]);
        assert_eq!(breaker.state(), State::Open, "3 of 6 reaches it");
    }

    #[test]
    fn the_first_calls_before_the_minimum_never_trip() {
        let mut breaker = CircuitBreaker::new(settings());
        feed(&mut breaker, &[Verdict::Failure; 3]);
        assert_eq!(breaker.state(), State::Closed);
    }

    #[test]
    fn slow_calls_trip_although_they_succeed() {
        let mut breaker = CircuitBreaker::new(settings());
        for _ in 0..4 {
            breaker.try_acquire(at(0));
            breaker.complete(at(3), SECOND * 3, Verdict::Success);
        }
        assert_eq!(breaker.state(), State::Open);
    }

    #[test]
    fn probes_are_limited_and_decide_together() {
        let mut breaker = CircuitBreaker::new(settings());
        feed(&mut breaker, &[Verdict::Failure; 4]);
        assert!(!breaker.try_acquire(at(9)).is_permitted);
        let first = breaker.try_acquire(at(10));
        assert_eq!(first.transition.map(|t| t.to), Some(State::HalfOpen));
        assert!(breaker.try_acquire(at(10)).is_permitted && !breaker.try_acquire(at(10)).is_permitted);
        assert_eq!(breaker.complete(at(11), SECOND, Verdict::Success), None, "one of two results is in");
        let closing = breaker.complete(at(11), SECOND, Verdict::Success);
        assert_eq!(closing.map(|t| t.to), Some(State::Closed));
    }

    #[test]
    fn an_ignored_probe_gives_its_permission_back() {
        let mut breaker = CircuitBreaker::new(settings());
        feed(&mut breaker, &[Verdict::Failure; 4]);
        breaker.try_acquire(at(10));
        breaker.try_acquire(at(10));
        breaker.complete(at(11), SECOND, Verdict::Ignored);
        assert!(breaker.try_acquire(at(11)).is_permitted);
    }

    #[test]
    fn with_a_success_threshold_the_first_failure_reopens() {
        let mut breaker = CircuitBreaker::new(Settings {
            half_open: HalfOpenPolicy { permitted_calls: 5, success_threshold: Some(3) },
            ..settings()
        });
        feed(&mut breaker, &[Verdict::Failure; 4]);
        for _ in 0..3 {
            breaker.try_acquire(at(10));
        }
        assert_eq!(breaker.complete(at(10), SECOND, Verdict::Success), None);
        assert_eq!(breaker.complete(at(10), SECOND, Verdict::Failure).map(|t| t.reason), Some(Reason::ProbeFailed));
        assert_eq!(breaker.complete(at(10), SECOND, Verdict::Failure), None, "many results at one instant trip once");
    }

    #[test]
    fn consecutive_failures_need_to_be_in_a_row() {
        use Verdict::{Failure, Success};
        let trip = TripRule { failure_rate: None, slow_call_rate: None, consecutive_failures: Some(3), ..settings().trip };
        let mut breaker = CircuitBreaker::new(Settings { trip, ..settings() });
        feed(&mut breaker, &[Failure, Failure, Success, Failure, Failure]);
        assert_eq!(breaker.state(), State::Closed);
        feed(&mut breaker, &[Failure]);
        assert_eq!(breaker.state(), State::Open);
    }
}

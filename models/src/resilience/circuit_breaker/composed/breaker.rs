//! The state machine of the breaker composed of parts.

use sim_core::random::{DrawKey, uniform};
use sim_core::{SimDuration, SimTime};

use super::{ComposedSettings, HalfOpenPolicy, HalfOpens, LateResults, PermitCounting, WaitFrom};
use crate::Outcome;
use crate::resilience::circuit_breaker::wait::smoothed;
use crate::resilience::circuit_breaker::{
    BreakerAnswer, BreakerState, CallVerdict, Reason, SlidingWindow, Tally, Ticket, Transition,
    WindowGauges,
};

/// A circuit breaker composed of parts.
///
/// ```
/// use sim_core::random::DrawKey;
/// use sim_core::{SimDuration, SimTime};
/// use sim_models::resilience::circuit_breaker::*;
/// let settings = ComposedSettings {
///     window: WindowLength::Calls(10),
///     trip: TripRule { failure_rate: Some(0.5), minimum_calls: 2, ..TripRule::never() },
///     ..ComposedSettings::default()
/// };
/// let mut breaker = ComposedBreaker::new(settings, DrawKey::default());
/// for _ in 0..2 {
///     let decision = breaker.try_acquire(SimTime::ZERO);
///     assert!(decision.is_permitted);
///     breaker.complete(SimTime::ZERO, decision.ticket, SimDuration::ZERO, CallVerdict::Failure);
/// }
/// assert_eq!(breaker.state(), BreakerState::Open);
/// assert!(!breaker.try_acquire(SimTime::from_secs(29)).is_permitted);
/// assert!(breaker.try_acquire(SimTime::from_secs(30)).is_permitted, "the first probe");
/// ```
#[derive(Clone, Debug)]
pub struct ComposedBreaker {
    settings: ComposedSettings,
    phase: Phase,
    window: SlidingWindow,
    failures_in_a_row: u32,
    openings_in_a_row: u32,
    /// The number of changes of state so far.
    generation: u32,
    outage_began: SimTime,
    /// The smoothed length of the outages so far.
    outage: Option<SimDuration>,
    key: DrawKey,
}

/// The answer to a call that asks to pass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decision {
    /// True if the call may go on.
    pub is_permitted: bool,
    /// The token that the caller hands back with the result.
    pub ticket: Ticket,
    /// The change of state that the question brought about.
    pub transition: Option<Transition>,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    Closed,
    Open { until: SimTime, wait: SimDuration },
    HalfOpen { since: SimTime, admitted: u32, under_way: u32, tally: Tally },
}

impl Decision {
    /// The same answer, as that of a breaker of any kind.
    #[inline]
    pub(in super::super) fn answer(self) -> BreakerAnswer {
        if self.is_permitted {
            BreakerAnswer::Permitted(self.ticket)
        } else {
            BreakerAnswer::Rejected(Outcome::RejectedByBreaker)
        }
    }
}

impl ComposedBreaker {
    /// A closed breaker. The jitter of its waits is drawn with `key`.
    pub fn new(settings: ComposedSettings, key: DrawKey) -> Self {
        Self {
            settings,
            phase: Phase::Closed,
            window: SlidingWindow::new(settings.window),
            failures_in_a_row: 0,
            openings_in_a_row: 0,
            generation: 0,
            outage_began: SimTime::ZERO,
            outage: None,
            key,
        }
    }

    /// The time at which a timer will change the state, if one will.
    #[inline]
    pub fn next_timer(&self) -> Option<SimTime> {
        match self.phase {
            Phase::Closed => None,
            Phase::Open { until, .. } => {
                (self.settings.half_opens == HalfOpens::ByTimer).then_some(until)
            }
            Phase::HalfOpen { since, .. } => {
                self.settings.half_open.max_stay.map(|stay| since + stay)
            }
        }
    }

    /// Lets the timer that is due by `now` change the state; returns the change and its time.
    #[inline]
    pub fn due_transition(&mut self, now: SimTime) -> Option<(SimTime, Transition)> {
        let due = self.next_timer().filter(|due| *due <= now)?;
        Some((due, self.timer_fires(due)?))
    }

    /// Lets the timer that is due at `now` change the state.
    #[cold]
    pub fn timer_fires(&mut self, now: SimTime) -> Option<Transition> {
        match self.phase {
            Phase::Closed => None,
            Phase::Open { wait, .. } => Some(self.begin_probing(now, wait)),
            Phase::HalfOpen { since, .. } => {
                Some(self.open(now, Reason::StayOver(now.since(since))))
            }
        }
    }

    /// The ticket of a call that a closed breaker lets pass, which changes nothing; `None` if the
    /// breaker is not closed.
    #[inline]
    pub fn pass_if_closed(&self) -> Option<Ticket> {
        matches!(self.phase, Phase::Closed).then(|| self.ticket())
    }

    /// Counts a success if that cannot change the state: the breaker is closed, and its window
    /// holds nothing bad. Returns true if it has been counted; if not, call
    /// [`complete`](Self::complete).
    #[inline]
    pub fn count_if_harmless(
        &mut self,
        now: SimTime,
        ticket: Ticket,
        elapsed: SimDuration,
    ) -> bool {
        let is_harmless = matches!(self.phase, Phase::Closed)
            && ticket.generation == self.generation
            && elapsed <= self.settings.trip.slow_call
            && self.window.is_spotless();
        if is_harmless {
            self.window.record(now, false, false);
            self.failures_in_a_row = 0;
        }
        is_harmless
    }

    /// Answers a call that asks to pass at `now`. A call that is permitted must be
    /// [completed](Self::complete) later.
    #[inline]
    pub fn try_acquire(&mut self, now: SimTime) -> Decision {
        if matches!(self.phase, Phase::Closed) {
            return Decision { is_permitted: true, ticket: self.ticket(), transition: None };
        }
        self.try_acquire_unclosed(now)
    }

    fn try_acquire_unclosed(&mut self, now: SimTime) -> Decision {
        let transition = match self.phase {
            Phase::Open { until, wait } if now >= until => Some(self.begin_probing(now, wait)),
            _ => None,
        };
        let HalfOpenPolicy { permitted_calls, permits, .. } = self.settings.half_open;
        let is_permitted = match &mut self.phase {
            Phase::Closed => true,
            Phase::Open { .. } => false,
            Phase::HalfOpen { admitted, under_way, .. } => {
                let taken =
                    if permits == PermitCounting::Cumulative { *admitted } else { *under_way };
                let is_permitted = taken < permitted_calls;
                *admitted += u32::from(is_permitted);
                *under_way += u32::from(is_permitted);
                is_permitted
            }
        };
        Decision { is_permitted, ticket: self.ticket(), transition }
    }

    /// Counts the result of an admitted call, which has ended at `now` after `elapsed`.
    #[inline]
    pub fn complete(
        &mut self,
        now: SimTime,
        ticket: Ticket,
        elapsed: SimDuration,
        verdict: CallVerdict,
    ) -> Option<Transition> {
        let is_late = ticket.generation != self.generation;
        if is_late && self.settings.late_results == LateResults::Dropped {
            return None;
        }
        let is_failure = match verdict {
            CallVerdict::Success => false,
            CallVerdict::Failure | CallVerdict::TimedOut => true,
            CallVerdict::Ignored => {
                self.give_back(is_late);
                return None;
            }
        };
        let is_slow = elapsed > self.settings.trip.slow_call;
        match &mut self.phase {
            Phase::Closed => self.count_closed(now, is_failure, is_slow),
            Phase::Open { until, wait } => {
                if is_failure && self.settings.wait_from == WaitFrom::LastFailure {
                    *until = now + *wait;
                }
                None
            }
            Phase::HalfOpen { under_way, tally, .. } => {
                *under_way -= u32::from(!is_late);
                tally.calls += 1;
                tally.failures += u32::from(is_failure);
                tally.slow += u32::from(is_slow);
                let tally = *tally;
                self.judge_probes(now, tally)
            }
        }
    }

    /// The present state.
    pub fn state(&self) -> BreakerState {
        match self.phase {
            Phase::Closed => BreakerState::Closed,
            Phase::Open { .. } => BreakerState::Open,
            Phase::HalfOpen { .. } => BreakerState::HalfOpen,
        }
    }

    /// The shares that decide in its present state: of its window, or of its probes.
    pub fn window(&self, now: SimTime) -> WindowGauges {
        let trip = &self.settings.trip;
        let (tally, most) = match self.phase {
            Phase::HalfOpen { tally, .. } => (tally, self.settings.half_open.permitted_calls),
            Phase::Closed | Phase::Open { .. } => {
                (self.window.tally_at(now), self.window.capacity().unwrap_or(u32::MAX))
            }
        };
        let minimum = trip.minimum_calls.min(most);
        if trip.slow_call == SimDuration::MAX {
            return WindowGauges::of_failures(tally.failures, tally.calls, minimum);
        }
        WindowGauges::of(tally, minimum)
    }

    #[inline]
    fn ticket(&self) -> Ticket {
        Ticket { generation: self.generation, ..Ticket::default() }
    }

    fn give_back(&mut self, is_late: bool) {
        if let Phase::HalfOpen { admitted, under_way, .. } = &mut self.phase
            && !is_late
        {
            *admitted -= 1;
            *under_way -= 1;
        }
    }

    fn count_closed(
        &mut self,
        now: SimTime,
        is_failure: bool,
        is_slow: bool,
    ) -> Option<Transition> {
        self.window.record(now, is_failure, is_slow);
        self.failures_in_a_row = if is_failure { self.failures_in_a_row + 1 } else { 0 };
        let trip = &self.settings.trip;
        let capacity = self.window.capacity().unwrap_or(u32::MAX);
        let reason = trip.reason_to_open(
            self.failures_in_a_row,
            self.window.tally(now),
            trip.minimum_calls.min(capacity),
        )?;
        Some(self.open(now, reason))
    }

    fn judge_probes(&mut self, now: SimTime, tally: Tally) -> Option<Transition> {
        let HalfOpenPolicy { permitted_calls, success_threshold, .. } = self.settings.half_open;
        if let Some(threshold) = success_threshold {
            if tally.failures > 0 {
                return Some(self.open(now, Reason::ProbeFailed));
            }
            return (tally.calls >= threshold)
                .then(|| self.close(now, Reason::probes_succeeded(tally)));
        }
        let trip = &self.settings.trip;
        if trip.has_no_rate() && tally.failures > 0 {
            return Some(self.open(now, Reason::ProbeFailed));
        }
        let decisive = permitted_calls.min(trip.minimum_calls).max(1);
        if tally.calls < decisive {
            return None;
        }
        Some(match trip.exceeded_rate(tally, decisive) {
            Some(reason) => self.open(now, reason),
            None => self.close(now, Reason::probes_succeeded(tally)),
        })
    }

    fn begin_probing(&mut self, now: SimTime, wait: SimDuration) -> Transition {
        self.generation += 1;
        self.phase =
            Phase::HalfOpen { since: now, admitted: 0, under_way: 0, tally: Tally::default() };
        Transition {
            from: BreakerState::Open,
            to: BreakerState::HalfOpen,
            reason: Reason::WaitOver(wait),
        }
    }

    fn open(&mut self, now: SimTime, reason: Reason) -> Transition {
        let from = self.state();
        self.generation += 1;
        self.openings_in_a_row += 1;
        if from == BreakerState::Closed {
            self.outage_began = now;
        }
        let wait =
            self.jittered(self.settings.wait.after_opening(self.openings_in_a_row, self.outage));
        self.phase = Phase::Open { until: now + wait, wait };
        Transition { from, to: BreakerState::Open, reason }
    }

    fn close(&mut self, now: SimTime, reason: Reason) -> Transition {
        let from = self.state();
        self.generation += 1;
        self.phase = Phase::Closed;
        self.window.clear();
        (self.failures_in_a_row, self.openings_in_a_row) = (0, 0);
        self.outage = Some(smoothed(self.outage, now.since(self.outage_began)));
        Transition { from, to: BreakerState::Closed, reason }
    }

    fn jittered(&self, wait: SimDuration) -> SimDuration {
        if self.settings.jitter == 0.0 {
            return wait;
        }
        let draw = uniform(&mut self.key.child(u64::from(self.generation)).draw());
        wait.scaled(1.0 + self.settings.jitter * (2.0 * draw - 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::super::TripRule;
    use super::*;
    use crate::resilience::circuit_breaker::{Wait, WindowLength};

    const SECOND: SimDuration = SimDuration::from_secs(1);

    fn settings() -> ComposedSettings {
        ComposedSettings {
            window: WindowLength::Calls(10),
            trip: TripRule {
                failure_rate: Some(0.5),
                slow_call_rate: Some(1.0),
                slow_call: SECOND * 2,
                minimum_calls: 4,
                ..TripRule::never()
            },
            wait: Wait::Fixed(SECOND * 10),
            half_open: HalfOpenPolicy { permitted_calls: 2, ..HalfOpenPolicy::default() },
            ..ComposedSettings::default()
        }
    }

    fn made(settings: ComposedSettings) -> ComposedBreaker {
        ComposedBreaker::new(settings, DrawKey::default())
    }

    fn at(seconds: u64) -> SimTime {
        SimTime::from_secs(seconds)
    }

    fn asks(breaker: &mut ComposedBreaker, seconds: u64) -> Option<Ticket> {
        let decision = breaker.try_acquire(at(seconds));
        decision.is_permitted.then_some(decision.ticket)
    }

    fn feed(breaker: &mut ComposedBreaker, seconds: u64, verdicts: &[CallVerdict]) {
        for verdict in verdicts {
            let ticket = asks(breaker, seconds).expect("the breaker is not open");
            breaker.complete(at(seconds), ticket, SimDuration::ZERO, *verdict);
        }
    }

    fn opened() -> ComposedBreaker {
        let mut breaker = made(settings());
        feed(&mut breaker, 0, &[CallVerdict::Failure; 4]);
        breaker
    }

    #[test]
    fn slow_calls_trip_although_they_succeed() {
        let mut breaker = made(settings());
        for _ in 0..4 {
            let ticket = asks(&mut breaker, 0).unwrap_or_default();
            breaker.complete(at(3), ticket, SECOND * 3, CallVerdict::Success);
        }
        assert_eq!(breaker.state(), BreakerState::Open);
    }

    #[test]
    fn probes_are_limited_and_decide_together() {
        let mut breaker = opened();
        assert_eq!(asks(&mut breaker, 9), None);
        let first = breaker.try_acquire(at(10));
        assert_eq!(first.transition.map(|t| t.to), Some(BreakerState::HalfOpen));
        let second = asks(&mut breaker, 10).expect("two probes are permitted");
        assert_eq!(asks(&mut breaker, 10), None);
        assert_eq!(
            breaker.complete(at(11), first.ticket, SECOND, CallVerdict::Success),
            None,
            "one of two results is in"
        );
        let closing = breaker.complete(at(11), second, SECOND, CallVerdict::Success);
        assert_eq!(closing.map(|t| t.to), Some(BreakerState::Closed));
    }

    #[test]
    fn without_a_rate_the_first_probe_that_fails_decides() {
        for trip in [
            TripRule { failures: Some(2), ..TripRule::never() },
            TripRule { consecutive_failures: Some(2), ..TripRule::never() },
        ] {
            let mut breaker = made(ComposedSettings { trip, ..settings() });
            feed(&mut breaker, 0, &[CallVerdict::Failure; 2]);
            let first = asks(&mut breaker, 10).expect("two probes are permitted");
            assert!(asks(&mut breaker, 10).is_some());
            let opening = breaker.complete(at(11), first, SECOND, CallVerdict::Failure);
            assert_eq!(opening.map(|t| t.reason), Some(Reason::ProbeFailed));
        }
    }

    #[test]
    fn an_ignored_probe_gives_its_permission_back() {
        let mut breaker = opened();
        let first = asks(&mut breaker, 10).unwrap_or_default();
        assert!(asks(&mut breaker, 10).is_some() && asks(&mut breaker, 10).is_none());
        breaker.complete(at(11), first, SECOND, CallVerdict::Ignored);
        assert!(asks(&mut breaker, 11).is_some());
    }

    #[test]
    fn concurrent_permits_come_back_with_the_results_and_cumulative_ones_do_not() {
        for (permits, is_admitted) in
            [(PermitCounting::Cumulative, false), (PermitCounting::Concurrent, true)]
        {
            let half_open = HalfOpenPolicy {
                permitted_calls: 1,
                permits,
                success_threshold: Some(3),
                max_stay: None,
            };
            let mut breaker = made(ComposedSettings { half_open, ..settings() });
            feed(&mut breaker, 0, &[CallVerdict::Failure; 4]);
            feed(&mut breaker, 10, &[CallVerdict::Success]);
            assert_eq!(asks(&mut breaker, 10).is_some(), is_admitted, "{permits:?}");
        }
    }

    #[test]
    fn a_longest_stay_ends_half_open_although_no_probe_returns() {
        let half_open = HalfOpenPolicy { max_stay: Some(SECOND * 5), ..settings().half_open };
        let mut breaker = made(ComposedSettings { half_open, ..settings() });
        feed(&mut breaker, 0, &[CallVerdict::Failure; 4]);
        assert!(asks(&mut breaker, 10).is_some());
        assert_eq!(breaker.next_timer(), Some(at(15)));
        assert_eq!(
            breaker.timer_fires(at(15)).map(|t| t.reason),
            Some(Reason::StayOver(SECOND * 5))
        );
        assert!(asks(&mut breaker, 24).is_none() && asks(&mut breaker, 25).is_some());
    }

    #[test]
    fn late_results_count_or_are_dropped() {
        for (late_results, state) in [
            (LateResults::Counted, BreakerState::Open),
            (LateResults::Dropped, BreakerState::HalfOpen),
        ] {
            let half_open = HalfOpenPolicy { success_threshold: Some(2), ..settings().half_open };
            let mut breaker = made(ComposedSettings { half_open, late_results, ..settings() });
            let late = asks(&mut breaker, 0).unwrap_or_default();
            feed(&mut breaker, 0, &[CallVerdict::Failure; 4]);
            assert!(asks(&mut breaker, 10).is_some());
            breaker.complete(at(11), late, SECOND * 11, CallVerdict::Failure);
            assert_eq!(breaker.state(), state, "{late_results:?}");
        }
    }

    #[test]
    fn the_wait_may_begin_with_the_last_failure() {
        for (wait_from, ends) in [(WaitFrom::Opening, 10), (WaitFrom::LastFailure, 17)] {
            let mut breaker = made(ComposedSettings { wait_from, ..settings() });
            let late = asks(&mut breaker, 0).unwrap_or_default();
            feed(&mut breaker, 0, &[CallVerdict::Failure; 4]);
            breaker.complete(at(7), late, SECOND * 7, CallVerdict::Failure);
            assert!(
                asks(&mut breaker, ends - 1).is_none() && asks(&mut breaker, ends).is_some(),
                "{wait_from:?}"
            );
        }
    }

    #[test]
    fn a_timer_may_end_the_open_state() {
        let mut breaker = made(ComposedSettings { half_opens: HalfOpens::ByTimer, ..settings() });
        feed(&mut breaker, 0, &[CallVerdict::Failure; 4]);
        assert_eq!(breaker.next_timer(), Some(at(10)));
        assert_eq!(breaker.timer_fires(at(10)).map(|t| t.to), Some(BreakerState::HalfOpen));
        assert_eq!(opened().next_timer(), None, "otherwise the first call does");
    }

    #[test]
    fn jitter_spreads_the_wait_to_either_side() {
        let streams = sim_core::random::Streams::new(1, 0);
        let waits: Vec<f64> = (0..500)
            .map(|number| {
                let key = DrawKey::root(&mut streams.stream(&format!("breaker {number}")));
                let settings =
                    ComposedSettings { jitter: 0.2, half_opens: HalfOpens::ByTimer, ..settings() };
                let mut breaker = ComposedBreaker::new(settings, key);
                feed(&mut breaker, 0, &[CallVerdict::Failure; 4]);
                breaker.next_timer().unwrap_or_default().since(at(0)).as_secs_f64()
            })
            .collect();
        let (least, most) = waits
            .iter()
            .fold((f64::MAX, 0.0_f64), |(least, most), wait| (least.min(*wait), most.max(*wait)));
        assert!((8.0..8.1).contains(&least) && (11.9..=12.0).contains(&most), "{least} to {most}");
        let mean = waits.iter().sum::<f64>() / 500.0;
        assert!((mean - 10.0).abs() < 0.15, "{mean}");
    }

    #[test]
    fn an_adaptive_wait_lasts_as_long_as_the_outage_before() {
        let wait = Wait::Adaptive { initial: SECOND * 10, min: SECOND * 5, max: SECOND * 60 };
        let half_open = HalfOpenPolicy { permitted_calls: 1, ..HalfOpenPolicy::default() };
        let mut breaker = made(ComposedSettings { wait, half_open, ..settings() });
        feed(&mut breaker, 0, &[CallVerdict::Failure; 4]);
        feed(&mut breaker, 10, &[CallVerdict::Failure]);
        feed(&mut breaker, 15, &[CallVerdict::Failure]);
        feed(&mut breaker, 20, &[CallVerdict::Success]);
        feed(&mut breaker, 100, &[CallVerdict::Failure; 4]);
        assert!(
            asks(&mut breaker, 119).is_none() && asks(&mut breaker, 120).is_some(),
            "the first outage lasted 20 s"
        );
    }
}

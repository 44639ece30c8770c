//! A breaker in service: a machine that may be under an operator's orders, broken, or shared
//! through a store.

use sim_core::random::DrawKey;
use sim_core::{SimDuration, SimTime};

use super::machine::Machine;
use super::{
    BreakerAnswer, BreakerSettings, BreakerState, CallVerdict, Reason, Tally, Ticket, Transition,
    WindowGauges,
};
use crate::Outcome;

/// An order of an operator to a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperatorOrder {
    /// Reject every call until the next order.
    ForceOpen,
    /// Let every call pass until the next order, and forget all results.
    ForceClosed,
    /// Let every call pass, uncounted, until enabled again.
    Disable,
    /// Carry on from where it was disabled, or begin anew if it was forced.
    Enable,
    /// Begin anew, closed.
    Reset,
}

/// The one who decides: the machine, or the operator instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Control {
    /// The machine.
    Automatic,
    /// The operator, who rejects every call.
    ForcedOpen,
    /// The operator, who lets every call pass.
    ForcedClosed,
    /// The operator, who lets every call pass until the machine carries on.
    Disabled,
}

/// A change of state, as the callers that share a breaker learn of it.
#[derive(Clone, Copy, Debug)]
struct News {
    at: SimTime,
    state: BreakerState,
    /// The caller instance that brought it about, which knows at once; [`NOBODY`] for a timer or an
    /// operator.
    by: u32,
}

/// The store through which callers share a breaker, and learn of its state.
#[derive(Clone, Debug)]
struct Store {
    delay: SimDuration,
    /// The newest last; the first is known to all.
    news: Vec<News>,
}

/// The ticket of calls that were let through without asking the machine; their results are dropped.
const UNCOUNTED: Ticket = Ticket { number: 0, generation: 0, life: u32::MAX };
/// No caller in particular.
const NOBODY: u32 = u32::MAX;

/// A circuit breaker in service.
///
/// At each instant, call [`due_transition`](Self::due_transition) until it returns `None` before
/// you call anything else. Keep the ticket of each admitted call and hand it back with the result.
#[derive(Clone, Debug)]
pub struct BreakerInService {
    machine: Machine,
    /// The number of machines that it has had before this one.
    life: u32,
    /// True if the machine alone decides: no order is in force, no fault, and no store.
    is_plain: bool,
    control: Control,
    /// The number of faults that keep its logic from working.
    faults: u32,
    fails_open: bool,
    store: Option<Store>,
    settings: BreakerSettings,
    key: DrawKey,
}

impl BreakerInService {
    /// A closed breaker, built at the beginning of time. Its jitter is drawn with `key`.
    pub fn new(settings: BreakerSettings, key: DrawKey) -> Self {
        Self {
            machine: Machine::new(settings, key, SimTime::ZERO),
            life: 0,
            is_plain: true,
            control: Control::Automatic,
            faults: 0,
            fails_open: true,
            store: None,
            settings,
            key,
        }
    }

    /// Sets whether calls pass or are rejected while a fault keeps the breaker's logic from
    /// working.
    #[must_use]
    pub fn failing(mut self, fails_open: bool) -> Self {
        self.fails_open = fails_open;
        self
    }

    /// Shares the breaker between callers that learn of its state with a delay. A call that passes
    /// on an outdated state is not counted.
    #[must_use]
    pub fn shared_through_store(mut self, delay: SimDuration) -> Self {
        self.store = Some(Store {
            delay,
            news: vec![News { at: SimTime::ZERO, state: BreakerState::Closed, by: NOBODY }],
        });
        self.note_plainness();
        self
    }

    /// The fast path of a call that asks to pass: the ticket from a breaker that is composed of
    /// parts and closed, with no order, fault or store in the way. Returns `None` for any other
    /// breaker; then run its [timers](Self::due_transition) and [ask](Self::try_acquire).
    #[inline]
    pub fn pass_if_closed(&self) -> Option<Ticket> {
        match &self.machine {
            Machine::Composed(breaker) if self.is_plain => {
                breaker.pass_if_closed().map(|ticket| Ticket { life: self.life, ..ticket })
            }
            _ => None,
        }
    }

    /// The fast path of a success: counts it if that cannot change the state. Returns true if it
    /// has been counted; if not, run the [timers](Self::due_transition) and
    /// [complete](Self::complete) the call.
    #[inline]
    pub fn count_if_harmless(
        &mut self,
        now: SimTime,
        ticket: Ticket,
        elapsed: SimDuration,
    ) -> bool {
        match &mut self.machine {
            Machine::Composed(breaker) if self.is_plain && ticket.life == self.life => {
                breaker.count_if_harmless(now, ticket, elapsed)
            }
            _ => false,
        }
    }

    /// Lets the next timer fire that is due by `now`; returns the change of state that it brings
    /// about, and its time.
    #[inline]
    pub fn due_transition(&mut self, now: SimTime) -> Option<(SimTime, Transition)> {
        if self.control != Control::Automatic {
            return None;
        }
        let due = self.machine.due_transition(now)?;
        self.spread(due.0, due.1, NOBODY);
        Some(due)
    }

    /// Answers a call of a caller's instance that asks to pass, which may change the state.
    #[inline]
    pub fn try_acquire(
        &mut self,
        now: SimTime,
        caller: u32,
    ) -> (BreakerAnswer, Option<Transition>) {
        if self.is_plain {
            return self.ask(now);
        }
        self.try_acquire_with_care(now, caller)
    }

    #[inline]
    fn ask(&mut self, now: SimTime) -> (BreakerAnswer, Option<Transition>) {
        let (mut answer, transition) = self.machine.try_acquire(now);
        if let BreakerAnswer::Permitted(ticket) = &mut answer {
            ticket.life = self.life;
        }
        (answer, transition)
    }

    #[cold]
    fn try_acquire_with_care(
        &mut self,
        now: SimTime,
        caller: u32,
    ) -> (BreakerAnswer, Option<Transition>) {
        let (permitted, rejected) = (
            BreakerAnswer::Permitted(UNCOUNTED),
            BreakerAnswer::Rejected(Outcome::RejectedByBreaker),
        );
        // An operator's order holds whatever has become of the logic: that is what it is for.
        match self.control {
            Control::ForcedOpen => return (rejected, None),
            Control::ForcedClosed | Control::Disabled => return (permitted, None),
            Control::Automatic => {}
        }
        if self.faults > 0 {
            return (if self.fails_open { permitted } else { rejected }, None);
        }
        let actual = self.machine.state();
        let known = self.store.as_mut().map_or(actual, |store| store.state_known_to(caller, now));
        match (known, actual) {
            (BreakerState::Closed, BreakerState::Open | BreakerState::HalfOpen) => {
                (permitted, None)
            }
            (BreakerState::Open, BreakerState::Closed | BreakerState::HalfOpen) => (rejected, None),
            _ => {
                let (answer, transition) = self.ask(now);
                if let Some(transition) = transition {
                    self.spread(now, transition, caller);
                }
                (answer, transition)
            }
        }
    }

    /// Counts the result of an admitted call of a caller's instance, which may change the state.
    #[inline]
    pub fn complete(
        &mut self,
        now: SimTime,
        caller: u32,
        ticket: Ticket,
        elapsed: SimDuration,
        verdict: CallVerdict,
    ) -> Option<Transition> {
        if ticket.life != self.life {
            return None;
        }
        if self.is_plain {
            return self.machine.complete(now, ticket, elapsed, verdict);
        }
        // An order or a fault keeps results from being counted, but the machine's permits still
        // come back.
        let is_counted = self.control == Control::Automatic && self.faults == 0;
        let transition = self.machine.complete(
            now,
            ticket,
            elapsed,
            if is_counted { verdict } else { CallVerdict::Ignored },
        )?;
        self.spread(now, transition, caller);
        (self.control == Control::Automatic).then_some(transition)
    }

    /// The number of the test that ended with the call of this ticket, if calls wait for its end;
    /// they must ask again now.
    #[inline]
    pub fn test_ended(&self, ticket: Ticket) -> Option<u64> {
        self.machine.test_ended(ticket)
    }

    /// Bytes that its window takes.
    pub fn bytes(&self) -> u64 {
        self.settings.remembered() * size_of::<Tally>() as u64 + self.machine.bytes()
    }

    /// The present state; reading it changes nothing. An operator's orders look like the states
    /// that they force.
    pub fn state(&self) -> BreakerState {
        match self.control {
            Control::Automatic => self.machine.state(),
            Control::ForcedOpen => BreakerState::Open,
            Control::ForcedClosed | Control::Disabled => BreakerState::Closed,
        }
    }

    /// The shares in its window; reading them changes nothing. Nothing is known of them while an
    /// operator's order is in force.
    pub fn window(&self, now: SimTime) -> WindowGauges {
        match self.control {
            Control::Automatic => self.machine.window(now),
            Control::ForcedOpen | Control::ForcedClosed | Control::Disabled => {
                WindowGauges::default()
            }
        }
    }

    /// Carries out an order of the operator; returns the change of state that it brings about.
    pub fn obey(&mut self, now: SimTime, order: OperatorOrder) -> Option<Transition> {
        let before = self.state();
        let begins_anew = match order {
            OperatorOrder::ForceOpen | OperatorOrder::Disable => false,
            OperatorOrder::Enable => {
                self.control != Control::Disabled && self.control != Control::Automatic
            }
            OperatorOrder::ForceClosed | OperatorOrder::Reset => true,
        };
        if begins_anew {
            self.life += 1;
            let key = self.key.child(u64::from(self.life));
            self.machine = Machine::new(self.settings, key, now);
        }
        // While another order was in force its timers stood still.
        while self.machine.due_transition(now).is_some() {}
        self.control = match order {
            OperatorOrder::ForceOpen => Control::ForcedOpen,
            OperatorOrder::ForceClosed => Control::ForcedClosed,
            OperatorOrder::Disable => Control::Disabled,
            OperatorOrder::Enable | OperatorOrder::Reset => Control::Automatic,
        };
        self.note_plainness();
        let after = self.state();
        let transition = (before != after).then_some(Transition {
            from: before,
            to: after,
            reason: Reason::Operator(order),
        })?;
        self.spread(now, transition, NOBODY);
        Some(transition)
    }

    /// Begins anew, closed and without orders, because its process has died; returns the change of
    /// state that this brings about.
    pub fn dies(&mut self, now: SimTime) -> Option<Transition> {
        let transition = self.obey(now, OperatorOrder::Reset)?;
        Some(Transition { reason: Reason::ProcessDied, ..transition })
    }

    /// Begins anew with other settings, closed and without orders; returns the change of state that
    /// this brings about.
    pub fn change(&mut self, now: SimTime, settings: BreakerSettings) -> Option<Transition> {
        self.settings = settings;
        self.obey(now, OperatorOrder::Reset)
    }

    /// Notes that a fault that keeps its logic from working begins, or ends.
    pub fn breaks(&mut self, begins: bool) {
        self.faults = if begins { self.faults + 1 } else { self.faults - 1 };
        self.note_plainness();
    }

    fn note_plainness(&mut self) {
        self.is_plain =
            self.control == Control::Automatic && self.faults == 0 && self.store.is_none();
    }

    fn spread(&mut self, at: SimTime, transition: Transition, by: u32) {
        if let Some(store) = &mut self.store {
            store.news.push(News { at, state: transition.to, by });
        }
    }
}

impl Store {
    fn state_known_to(&mut self, caller: u32, now: SimTime) -> BreakerState {
        let is_old = |news: &News| news.at + self.delay <= now;
        let first_needed = self.news.iter().rposition(is_old).unwrap_or(0);
        self.news.drain(..first_needed);
        let is_known = |news: &&News| is_old(news) || news.by == caller;
        self.news.iter().rfind(is_known).map_or(BreakerState::Closed, |news| news.state)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ComposedSettings, HalfOpenPolicy, TripRule};
    use super::*;

    fn at(millis: u64) -> SimTime {
        SimTime::from_nanos(millis * 1_000_000)
    }

    fn settings() -> BreakerSettings {
        BreakerSettings::Composed(ComposedSettings {
            trip: TripRule { consecutive_failures: Some(2), ..TripRule::never() },
            half_open: HalfOpenPolicy {
                permitted_calls: 1,
                success_threshold: Some(1),
                ..HalfOpenPolicy::default()
            },
            ..ComposedSettings::default()
        })
    }

    fn made() -> BreakerInService {
        BreakerInService::new(settings(), DrawKey::default())
    }

    /// Sends a call that fails at once; returns true if the breaker let it pass.
    fn fails(breaker: &mut BreakerInService, millis: u64, caller: u32) -> bool {
        let (BreakerAnswer::Permitted(ticket), _) = breaker.try_acquire(at(millis), caller) else {
            return false;
        };
        breaker.complete(at(millis), caller, ticket, SimDuration::ZERO, CallVerdict::Failure);
        true
    }

    #[test]
    fn orders_hold_until_they_are_taken_back() {
        let mut breaker = made();
        let forced = breaker.obey(at(0), OperatorOrder::ForceOpen);
        assert_eq!(
            forced.map(|t| (t.to, t.reason)),
            Some((BreakerState::Open, Reason::Operator(OperatorOrder::ForceOpen)))
        );
        assert!(!fails(&mut breaker, 60_000, 0), "no wait ends it");
        breaker.obey(at(60_000), OperatorOrder::ForceClosed);
        assert!((0..9).all(|_| fails(&mut breaker, 60_000, 0)), "nothing is counted");
        breaker.obey(at(61_000), OperatorOrder::Enable);
        assert_eq!((0..9).filter(|_| fails(&mut breaker, 61_000, 0)).count(), 2);
        breaker.obey(at(62_000), OperatorOrder::Disable);
        assert!(fails(&mut breaker, 62_000, 0));
        breaker.obey(at(63_000), OperatorOrder::Enable);
        assert!(!fails(&mut breaker, 63_000, 0), "it is still open");
        breaker.obey(at(64_000), OperatorOrder::Reset);
        assert!(fails(&mut breaker, 64_000, 0));
    }

    #[test]
    fn a_broken_breaker_lets_everything_pass_or_nothing() {
        for fails_open in [true, false] {
            let mut breaker = made().failing(fails_open);
            breaker.breaks(true);
            assert_eq!(
                (0..9).filter(|_| fails(&mut breaker, 0, 0)).count(),
                if fails_open { 9 } else { 0 }
            );
            breaker.breaks(false);
            assert_eq!((0..9).filter(|_| fails(&mut breaker, 0, 0)).count(), 2);
        }
    }

    #[test]
    fn a_broken_breaker_obeys_an_operator() {
        for fails_open in [true, false] {
            let mut breaker = made().failing(fails_open);
            breaker.breaks(true);
            breaker.obey(at(0), OperatorOrder::ForceClosed);
            assert!(fails(&mut breaker, 0, 0), "the way out of a fault that rejects all");
            breaker.obey(at(1), OperatorOrder::ForceOpen);
            assert!(!fails(&mut breaker, 1, 0));
            breaker.obey(at(2), OperatorOrder::Enable);
            assert_eq!(fails(&mut breaker, 2, 0), fails_open, "it is as broken as before");
        }
    }

    #[test]
    fn callers_who_share_a_store_learn_of_a_state_later() {
        let mut breaker = made().shared_through_store(SimDuration::from_millis(100));
        assert!(
            fails(&mut breaker, 0, 0) && fails(&mut breaker, 1, 1),
            "failures of both count together"
        );
        assert!(!fails(&mut breaker, 2, 1), "who opened it knows at once");
        assert!(fails(&mut breaker, 100, 0), "the other does not know yet");
        assert!(!fails(&mut breaker, 101, 0));
    }
}

//! A breaker in service: of any make, under an operator's orders, broken, or shared through a
//! store.

use sim_core::random::DrawKey;
use sim_core::{SimDuration, SimTime};

use super::make::Make;
use super::{
    BreakerAnswer, BreakerSettings, BreakerState, CallVerdict, Reason, Ticket, Transition,
};
use crate::Outcome;

/// What an operator can tell a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperatorOrder {
    /// Reject every call until told otherwise.
    ForceOpen,
    /// Let every call pass until told otherwise; what was counted is forgotten.
    ForceClosed,
    /// Let every call pass, uncounted, until enabled again.
    Disable,
    /// Go on where it was when it was disabled; begin anew if it was forced.
    Enable,
    /// Begin anew, closed.
    Reset,
}

/// What decides instead of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Control {
    /// Nothing.
    Automatic,
    /// The operator, against all calls.
    ForcedOpen,
    /// The operator, for all calls.
    ForcedClosed,
    /// The operator, for all calls, for a while.
    Disabled,
}

/// A state that a breaker has reached, as those who share it learn of it.
#[derive(Clone, Copy, Debug)]
struct News {
    at: SimTime,
    state: BreakerState,
    /// The caller instance that brought it about, which knows at once.
    by: u32,
}

/// How the callers that share a breaker through a store learn of its state.
#[derive(Clone, Debug)]
struct Store {
    delay: SimDuration,
    /// Newest last; the first is known to all.
    news: Vec<News>,
}

/// The ticket of calls that were let through without asking a machine; their results tell none
/// anything.
const UNCOUNTED: Ticket = Ticket { number: 0, generation: 0, life: u32::MAX };
/// Nobody in particular.
const NOBODY: u32 = u32::MAX;

/// A circuit breaker in service.
///
/// Whoever drives it asks for [`due_transition`](Self::due_transition) first, until there is none,
/// and keeps the ticket of each admitted call for its completion.
#[derive(Clone, Debug)]
pub struct Breaker {
    make: Make,
    /// How many machines it has had before this one.
    life: u32,
    /// Whether calls ask the machine and nothing else: no order is in force, nothing is broken or
    /// shared.
    is_plain: bool,
    control: Control,
    /// How many faults keep its own logic from working.
    faults: u32,
    fails_open: bool,
    store: Option<Store>,
    settings: BreakerSettings,
    key: DrawKey,
}

impl Breaker {
    /// A closed breaker, built at the beginning of time. `key` is what its jitter is drawn with.
    pub fn new(settings: BreakerSettings, key: DrawKey) -> Self {
        Self {
            make: Make::new(settings, key),
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

    /// The same breaker, whose calls pass (or are rejected) while its own logic fails.
    #[must_use]
    pub fn failing(mut self, fails_open: bool) -> Self {
        self.fails_open = fails_open;
        self
    }

    /// The same breaker, shared by callers who learn of its state with a delay. A call that passes
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

    /// The permission of a breaker that need not be asked with care: composed of parts, closed, and
    /// nobody interferes. `None` if it must be [asked](Self::try_acquire), after its
    /// [timers](Self::due_transition).
    #[inline]
    pub fn pass_if_closed(&self) -> Option<Ticket> {
        match &self.make {
            Make::Composed(breaker) if self.is_plain => {
                breaker.pass_if_closed().map(|ticket| Ticket { life: self.life, ..ticket })
            }
            _ => None,
        }
    }

    /// Counts a success, if that cannot change the state. Whether it has been counted; if not,
    /// [`complete`](Self::complete) must, after the [timers](Self::due_transition).
    #[inline]
    pub fn count_if_harmless(
        &mut self,
        now: SimTime,
        ticket: Ticket,
        elapsed: SimDuration,
    ) -> bool {
        match &mut self.make {
            Make::Composed(breaker) if self.is_plain && ticket.life == self.life => {
                breaker.count_if_harmless(now, ticket, elapsed)
            }
            _ => false,
        }
    }

    /// The next change of state that a timer brings about by `now`, and when.
    #[inline]
    pub fn due_transition(&mut self, now: SimTime) -> Option<(SimTime, Transition)> {
        if self.control != Control::Automatic {
            return None;
        }
        let due = self.make.due_transition(now)?;
        self.spread(due.0, due.1, NOBODY);
        Some(due)
    }

    /// A call of a caller's instance asks to pass; asking may change the state.
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
        let (mut admission, transition) = self.make.try_acquire(now);
        if let BreakerAnswer::Permitted(ticket) = &mut admission {
            ticket.life = self.life;
        }
        (admission, transition)
    }

    #[cold]
    fn try_acquire_with_care(
        &mut self,
        now: SimTime,
        caller: u32,
    ) -> (BreakerAnswer, Option<Transition>) {
        let (passes, is_rejected) = (
            BreakerAnswer::Permitted(UNCOUNTED),
            BreakerAnswer::Rejected(Outcome::RejectedByBreaker),
        );
        if self.faults > 0 {
            return (if self.fails_open { passes } else { is_rejected }, None);
        }
        match self.control {
            Control::ForcedOpen => return (is_rejected, None),
            Control::ForcedClosed | Control::Disabled => return (passes, None),
            Control::Automatic => {}
        }
        let actual = self.make.state();
        let known = self.store.as_mut().map_or(actual, |store| store.state_known_to(caller, now));
        match (known, actual) {
            (BreakerState::Closed, BreakerState::Open | BreakerState::HalfOpen) => (passes, None),
            (BreakerState::Open, BreakerState::Closed | BreakerState::HalfOpen) => {
                (is_rejected, None)
            }
            _ => {
                let (admission, transition) = self.ask(now);
                if let Some(transition) = transition {
                    self.spread(now, transition, caller);
                }
                (admission, transition)
            }
        }
    }

    /// An admitted call of a caller's instance has ended.
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
            return self.make.complete(now, ticket, elapsed, verdict);
        }
        // While orders are in force results are not counted; permits of the machine come back all
        // the same.
        let is_counted = self.control == Control::Automatic && self.faults == 0;
        let transition = self.make.complete(
            now,
            ticket,
            elapsed,
            if is_counted { verdict } else { CallVerdict::Ignored },
        )?;
        self.spread(now, transition, caller);
        (self.control == Control::Automatic).then_some(transition)
    }

    /// The test whose end is awaited by calls that must ask again, now that the call with this
    /// ticket has ended.
    #[inline]
    pub fn test_ended(&self, ticket: Ticket) -> Option<u64> {
        self.make.test_ended(ticket)
    }

    /// The present state, without asking in a way that would change it; an operator's orders look
    /// like the states they force.
    pub fn state(&self) -> BreakerState {
        match self.control {
            Control::Automatic => self.make.state(),
            Control::ForcedOpen => BreakerState::Open,
            Control::ForcedClosed | Control::Disabled => BreakerState::Closed,
        }
    }

    /// An operator gives an order.
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
            self.make = Make::new(self.settings, self.key.child(u64::from(self.life)));
        }
        // Its timers stood still while it was not asked.
        while self.make.due_transition(now).is_some() {}
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

    /// A fault begins (or ends) to keep its own logic from working.
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

    fn made() -> Breaker {
        Breaker::new(settings(), DrawKey::default())
    }

    /// Whether a call passes; it fails at once.
    fn fails(breaker: &mut Breaker, millis: u64, caller: u32) -> bool {
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

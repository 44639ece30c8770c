//! The breaker as a guard: what it does with calls.

use sim_core::{SimDuration, SimTime};

use super::{Breaker, BreakerSection, plan};
use crate::guards::{Call, Entry, Exit, Guards, Hold, Site};
use crate::language::Problems;
use crate::resilience::circuit_breaker::OperatorOrder;
use crate::resilience::circuit_breaker::{BreakerAnswer, CallVerdict, Ticket};
use crate::resources::Waiter;
use crate::scenario::{Names, Plan};
use crate::system::{Activity, EdgePlan, Engine, Id, Next, State, of};
use crate::{Outcome, OutcomeSet};

/// A permission of a breaker; packed, so that a [`Hold`] with the kind of its guard has 32 bytes.
#[derive(Clone, Copy, Debug)]
#[repr(Rust, packed(4))]
pub(crate) struct Permission {
    /// The time at which it was given.
    since: SimTime,
    /// The ticket that the breaker wants back with the result.
    ticket: Ticket,
    /// The breaker that gave it; the call may have moved on to another instance.
    breaker: Id<of::Breaker>,
}

impl Guards for Breaker {
    type Section = BreakerSection;

    fn compile(
        section: &BreakerSection,
        site: &Site,
        names: &Names<'_>,
        plan: &mut Plan,
        problems: &mut Problems,
    ) -> Option<Self> {
        plan::compile(section, site, names, plan, problems)
    }

    #[inline]
    fn enter(&self, call: Call<'_>, engine: &mut Engine<'_>) -> Entry {
        let Some(breaker) = call.scoped(self.first, self.scope, engine) else {
            return Entry::Rejected(Outcome::NoHealthyInstance);
        };
        if let Some(ticket) = engine.state.breakers[breaker].pass_if_closed() {
            let permission = Permission { since: engine.now, ticket, breaker };
            *engine.state.frames.hold(call.index, call.position) = Hold::Breaker(permission);
            return Entry::Passed;
        }
        ask_with_care(call, breaker, engine)
    }

    #[inline]
    fn leave(&self, call: Call<'_>, outcome: Outcome, engine: &mut Engine<'_>) -> Exit {
        let verdict = if self.ignores.contains(outcome) {
            CallVerdict::Ignored
        } else {
            verdict(self.counts, outcome)
        };
        complete(call, verdict, engine);
        Exit::Passed
    }

    fn abandon(&self, call: Call<'_>, engine: &mut Engine<'_>) {
        complete(call, CallVerdict::Ignored, engine);
    }

    fn forget(
        &self,
        edge: &EdgePlan,
        caller: u32,
        engine: &mut Engine<'_>,
    ) -> Option<&'static str> {
        let breakers = self.scope.in_memory_of(self.first, caller, edge);
        for breaker in breakers.iter() {
            engine.state.run_timers_of(breaker, engine.now);
            engine.state.test_waiters[breaker].clear();
            if let Some(transition) = engine.state.breakers[breaker].dies(engine.now) {
                engine.state.recorder.breaker_changes(engine.now, breaker, transition);
            }
        }
        (!breakers.is_empty()).then_some("breakers")
    }
}

/// The verdict of a breaker on an outcome.
#[inline]
fn verdict(counts: OutcomeSet, outcome: Outcome) -> CallVerdict {
    match outcome {
        Outcome::Timeout if counts.contains(outcome) => CallVerdict::TimedOut,
        _ if counts.contains(outcome) => CallVerdict::Failure,
        _ if OutcomeSet::rejections().contains(outcome) => CallVerdict::Ignored,
        _ => CallVerdict::Success,
    }
}

#[inline(never)]
fn ask_with_care(call: Call<'_>, breaker: Id<of::Breaker>, engine: &mut Engine<'_>) -> Entry {
    engine.state.run_timers_of(breaker, engine.now);
    let caller = engine.state.frames[call.index].place.number();
    let (admission, transition) = engine.state.breakers[breaker].try_acquire(engine.now, caller);
    if let Some(transition) = transition {
        engine.state.recorder.breaker_changes(engine.now, breaker, transition);
    }
    match admission {
        BreakerAnswer::Permitted(ticket) => {
            let permission = Permission { since: engine.now, ticket, breaker };
            *engine.state.frames.hold(call.index, call.position) = Hold::Breaker(permission);
            Entry::Passed
        }
        BreakerAnswer::Waits(test) => {
            let waiter = engine.state.frames.begin_wait(call.index, Activity::AwaitingPermit);
            engine.state.test_waiters[breaker].push((test, waiter));
            Entry::Waits
        }
        BreakerAnswer::Rejected(outcome) => {
            engine.state.recorder.breaker_rejects(breaker);
            Entry::Rejected(outcome)
        }
    }
}

#[inline]
fn complete(call: Call<'_>, verdict: CallVerdict, engine: &mut Engine<'_>) {
    let Hold::Breaker(Permission { since, ticket, breaker }) =
        engine.state.frames.held(call.index, call.position)
    else {
        unreachable!("only a call that was let through has a result")
    };
    let elapsed = engine.now.since(since);
    let is_success = verdict == CallVerdict::Success;
    if is_success && engine.state.breakers[breaker].count_if_harmless(engine.now, ticket, elapsed) {
        return;
    }
    engine.tell_breaker_with_care(call.index, breaker, (ticket, elapsed), verdict);
}

impl Engine<'_> {
    #[inline(never)]
    fn tell_breaker_with_care(
        &mut self,
        index: u32,
        breaker: Id<of::Breaker>,
        (ticket, elapsed): (Ticket, SimDuration),
        verdict: CallVerdict,
    ) {
        self.state.run_timers_of(breaker, self.now);
        let caller = self.state.frames[index].place.number();
        if let Some(transition) =
            self.state.breakers[breaker].complete(self.now, caller, ticket, elapsed, verdict)
        {
            self.state.recorder.breaker_changes(self.now, breaker, transition);
        }
        if let Some(test) = self.state.breakers[breaker].test_ended(ticket) {
            self.wake_those_waiting_for(breaker, test);
        }
    }

    /// Calls that wait for the end of a breaker's test ask again, in the order in which they came.
    #[cold]
    fn wake_those_waiting_for(&mut self, breaker: Id<of::Breaker>, test: u64) {
        let State { test_waiters, frames, ready, .. } = &mut *self.state;
        let waiters = &mut test_waiters[breaker];
        let is_woken =
            |(awaited, waiter): &&(u64, Waiter)| *awaited == test && frames.is_live(*waiter);
        ready.extend(
            waiters.iter().rev().filter(is_woken).map(|(_, waiter)| Next::Ask(waiter.frame)),
        );
        waiters.retain(|(awaited, _)| *awaited != test);
    }

    /// An operator gives an order to the breakers of an edge; returns true if one of them is in another state
    /// then. Whoever waits for the end of a test asks again.
    #[cold]
    pub fn order_breakers(&mut self, edge: Id<of::Edge>, order: OperatorOrder) -> bool {
        let plan = self.plan;
        let mut has_changed = false;
        for breaker in plan.breakers_of(edge) {
            self.state.run_timers_of(breaker, self.now);
            if let Some(transition) = self.state.breakers[breaker].obey(self.now, order) {
                self.state.recorder.breaker_changes(self.now, breaker, transition);
                has_changed = true;
            }
            let State { test_waiters, frames, ready, .. } = &mut *self.state;
            let live =
                test_waiters[breaker].drain(..).filter(|(_, waiter)| frames.is_live(*waiter));
            ready.extend(live.map(|(_, waiter)| Next::Ask(waiter.frame)));
        }
        has_changed
    }
}

//! Guards between a handler and the attempts of its call.
//!
//! The guards of an edge are nested like the layers of an onion. A call enters them in order
//! ([`Turn::enter_guards`]); its outcome leaves them in the opposite order
//! ([`Turn::is_sent_in_again`]), and each sees it: the bulkhead takes its permit back, the breaker
//! counts, the retry may send the call in again. `guards_passed` says how far in a call is, and a
//! [`Hold`](super::frame::Hold) what each guard that it has passed keeps about it.

use sim_core::SimDuration;

use super::blueprint::{BacklogAbove, EdgePlan, Guard, NONE, Scope};
use super::frame::{Activity, Hedged, Hold};
use super::state::{Next, Parked, State};
use super::turn::{Turn, draw_tag};
use crate::resilience::circuit_breaker::{Admission, Ticket, Verdict};
use crate::resilience::{Pass, RetryPolicy};
use crate::resources::Waiter;
use crate::{Outcome, OutcomeSet};

/// The answer of a guard to a call that comes in.
enum Entry {
    /// It has passed.
    Passed,
    /// It waits, and something will wake it.
    Waits,
    /// It is turned away.
    Rejected(Outcome),
}

impl Turn<'_> {
    /// Goes on through the guards that the call has not passed yet; after the last, an attempt is
    /// made.
    #[inline(never)]
    pub fn enter_guards(&mut self, index: u32) -> Next {
        let edge = self.edge_of(index);
        let passed = self.state.frames[index].guards_passed;
        for (position, guard) in (passed..).zip(&edge.guards[usize::from(passed)..]) {
            match self.enter(index, edge, guard, position) {
                Entry::Passed => {}
                Entry::Waits => {
                    self.state.frames[index].guards_passed = position;
                    self.watch_deadline(index);
                    return Next::Nothing;
                }
                Entry::Rejected(outcome) => {
                    self.state.frames[index].guards_passed = position;
                    return self.leave_guards(index, outcome);
                }
            }
        }
        self.state.frames[index].guards_passed = edge.guards.len() as u8;
        self.attempt(index)
    }

    /// A call is sent in again after a pause; if each attempt may go elsewhere, to an instance
    /// chosen anew, so that guards for each instance see the new one.
    pub fn send_in_again(&mut self, index: u32) -> Next {
        if self.edge_of(index).is_balanced_per_attempt {
            let edge = self.state.frames[index].called_edge;
            self.state.frames[index].target = self.choose_target(index, edge);
        }
        self.enter_guards(index)
    }

    /// A call that has waited at a guard has passed it.
    pub fn guard_passed(&mut self, index: u32) -> Next {
        self.state.frames[index].guards_passed += 1;
        self.enter_guards(index)
    }

    #[inline]
    fn enter(&mut self, index: u32, edge: &EdgePlan, guard: &Guard, position: u8) -> Entry {
        match guard {
            Guard::Bulkhead { first_pool } => {
                self.request_permit(index, edge, *first_pool, position)
            }
            Guard::Breaker { first, scope, .. } => {
                let breaker = self.scoped(index, edge, *first, *scope);
                self.ask_breaker(index, breaker, position)
            }
            Guard::Retry { first_budget, .. } => {
                *self.state.frames.hold(index, position) =
                    Hold::Tries { tries: 1, pause: SimDuration::ZERO };
                if *first_budget != NONE {
                    let budget = self.of_caller(index, edge, *first_budget);
                    self.state.retry_budgets[budget].call_begins(self.now);
                }
                Entry::Passed
            }
            Guard::Timeout { deadline } => {
                let frame = &mut self.state.frames[index];
                frame.timeouts_set = frame.timeouts_set.wrapping_add(1).max(1);
                let number = frame.timeouts_set;
                *self.state.frames.hold(index, position) =
                    Hold::Timeout { number, since: self.now };
                self.set_deadline(*deadline, Waiter { frame: index, epoch: number });
                Entry::Passed
            }
            Guard::Hedge(_) => {
                *self.state.frames.hold(index, position) = Hold::Hedge(Hedged::none());
                Entry::Passed
            }
            Guard::RateLimit { condition: Some(condition), .. } if !self.holds(*condition) => {
                Entry::Passed
            }
            Guard::RateLimit { first, scope, .. } => {
                let limiter = self.scoped(index, edge, *first, *scope);
                match self.state.rate_limiters[limiter as usize].try_acquire(self.now) {
                    Pass::Now => Entry::Passed,
                    Pass::After(wait) => {
                        self.wait(index, Activity::AwaitingTurn, wait);
                        Entry::Waits
                    }
                    Pass::Never(SimDuration::ZERO) => Entry::Rejected(Outcome::RejectedByRateLimit),
                    Pass::Never(wait) => {
                        self.wait(index, Activity::WaitingInVain, wait);
                        Entry::Waits
                    }
                }
            }
        }
    }

    fn holds(&self, condition: BacklogAbove) -> bool {
        self.state.queues[condition.queue as usize].messages.depth() > condition.messages
    }

    /// Tells the guards that the call has passed its outcome, the innermost first, until one sends
    /// it in again.
    #[inline(never)]
    pub fn is_sent_in_again(&mut self, index: u32, edge: &EdgePlan, outcome: Outcome) -> bool {
        let passed = self.state.frames[index].guards_passed;
        for (position, guard) in (0..passed).zip(&edge.guards).rev() {
            match guard {
                Guard::Bulkhead { first_pool } => {
                    self.release_permit(index, edge, *first_pool, position)
                }
                Guard::Breaker { counts, ignores, .. } => {
                    let verdict = if ignores.contains(outcome) {
                        Verdict::Ignored
                    } else {
                        verdict(*counts, outcome)
                    };
                    self.complete_at_breaker(index, position, verdict);
                }
                // What is not worth another attempt needs no pause, and without a budget nobody
                // needs to know.
                Guard::Retry { policy, first_budget: NONE } if !policy.on.contains(outcome) => {}
                Guard::Retry { policy, first_budget } => {
                    if self.tries_again(index, edge, policy, *first_budget, position, outcome) {
                        self.state.frames[index].guards_passed = position + 1;
                        return true;
                    }
                }
                Guard::Timeout { .. } => self.take_off_timeout(index, position),
                Guard::Hedge(plan) => {
                    if !self.is_decided(index, *plan, position, outcome.is_good()) {
                        return true;
                    }
                }
                Guard::RateLimit { .. } => {}
            }
        }
        self.state.frames[index].guards_passed = 0;
        false
    }

    /// Gives back what a frame that is about to disappear holds in the guards of its call.
    #[cold]
    pub fn abandon_call(&mut self, index: u32) {
        let frame = &self.state.frames[index];
        if frame.is_counted {
            self.state.recorder.call_abandoned(frame.called_edge);
            if frame.is_alternative
                && let Hold::Failed { site, .. } = *self.state.frames.failed_call(index)
            {
                self.state.recorder.call_abandoned(self.plan.sites[site as usize].edge);
            }
        }
        let edge = self.edge_of(index);
        while let Some(position) = self.state.frames[index].guards_passed.checked_sub(1) {
            match &edge.guards[usize::from(position)] {
                Guard::Bulkhead { first_pool } => {
                    self.release_permit(index, edge, *first_pool, position)
                }
                Guard::Breaker { .. } => {
                    self.complete_at_breaker(index, position, Verdict::Ignored)
                }
                Guard::Retry { first_budget, .. } => {
                    self.end_tries(index, edge, *first_budget, position)
                }
                Guard::Timeout { .. } => self.take_off_timeout(index, position),
                Guard::RateLimit { .. } | Guard::Hedge(_) => {}
            }
            self.state.frames[index].guards_passed = position;
        }
    }

    /// The time for everything inside the guard at `position` is up: whatever the call waits for in
    /// there is given up.
    #[cold]
    pub fn time_is_up(&mut self, index: u32, position: u8) -> Next {
        let frame = &mut self.state.frames[index];
        frame.given_up_from = frame.given_up_from.min(position + 1);
        self.give_up_waiting(index)
    }

    /// A call gives up whatever it waits for, and leaves its guards with a timeout.
    #[cold]
    pub fn give_up_waiting(&mut self, index: u32) -> Next {
        match self.state.frames[index].activity {
            Activity::AwaitingReply => {
                let edge = self.edge_of(index);
                if edge.observes_attempts {
                    self.note_attempt(index, edge, Outcome::Timeout);
                }
                self.withdraw_attempt(index);
            }
            Activity::AwaitingPermit => {
                if let Some(pool) = self.awaited_permits(index) {
                    self.state.pools[pool].leave_queue(self.now, true);
                }
            }
            _ => {}
        }
        let waiter = self.state.frames.begin_wait(index, Activity::AwaitingReply);
        if self.is_paused(index) {
            return self.park(index, Parked::Reply { to: waiter, outcome: Outcome::Timeout });
        }
        self.leave_guards(index, Outcome::Timeout)
    }

    /// A bulkhead has had no permit within the longest wait.
    #[cold]
    pub fn permit_wait_exceeded(&mut self, index: u32) -> Next {
        if let Some(pool) = self.awaited_permits(index) {
            self.state.pools[pool].leave_queue(self.now, true);
        }
        self.leave_guards(index, Outcome::RejectedByBulkhead)
    }

    /// The first in the queue for a permit gets it.
    pub fn permit_granted(&mut self, index: u32) -> Next {
        let position = self.state.frames[index].guards_passed;
        if let (Some(pool), Hold::Permit { since }) =
            (self.awaited_permits(index), self.state.frames.held(index, position))
        {
            self.state.pools[pool].note_wait(self.now.since(since));
        }
        *self.state.frames.hold(index, position) = Hold::Permit { since: self.now };
        self.guard_passed(index)
    }

    /// The pool of permits that a frame waits for, if it does.
    pub fn awaited_permits(&self, index: u32) -> Option<usize> {
        let frame = &self.state.frames[index];
        let edge = self.edge_of(index);
        match edge.guards.get(usize::from(frame.guards_passed)) {
            Some(Guard::Bulkhead { first_pool }) if frame.activity == Activity::AwaitingPermit => {
                Some(self.of_caller(index, edge, *first_pool))
            }
            _ => None,
        }
    }

    #[inline]
    fn request_permit(
        &mut self,
        index: u32,
        edge: &EdgePlan,
        first_pool: u32,
        position: u8,
    ) -> Entry {
        let pool = self.of_caller(index, edge, first_pool);
        *self.state.frames.hold(index, position) = Hold::Permit { since: self.now };
        if self.state.pools[pool].try_acquire(self.now) {
            return Entry::Passed;
        }
        let waiter = self.state.frames.begin_wait(index, Activity::AwaitingPermit);
        if self.state.pools[pool].enqueue(self.now, waiter) {
            self.set_deadline(self.plan.pools[pool].wait_deadline, waiter);
            return Entry::Waits;
        }
        Entry::Rejected(Outcome::RejectedByBulkhead)
    }

    #[inline]
    fn release_permit(&mut self, index: u32, edge: &EdgePlan, first_pool: u32, position: u8) {
        let pool = self.of_caller(index, edge, first_pool);
        let Hold::Permit { since } = self.state.frames.held(index, position) else {
            unreachable!("only a permit is given back")
        };
        let held = self.now.since(since);
        let frames = &self.state.frames;
        if let Some(waiter) =
            self.state.pools[pool].release(self.now, held, |waiter| frames.is_live(waiter))
        {
            self.state.ready.push(Next::Permit(waiter.frame));
        }
    }

    /// The one that the calling instance has, of as many as the caller has instances.
    #[inline]
    fn of_caller(&self, index: u32, edge: &EdgePlan, first: u32) -> usize {
        (first + self.state.frames[index].instance - edge.caller_first_instance) as usize
    }

    /// The one among a guard's instances that a call has to do with.
    #[inline]
    fn scoped(&self, index: u32, edge: &EdgePlan, first: u32, scope: Scope) -> u32 {
        let frame = &self.state.frames[index];
        let caller = frame.instance - edge.caller_first_instance;
        match scope {
            Scope::Edge => first,
            Scope::CallerInstance => first + caller,
            Scope::CalleeInstance => {
                let callees = &edge.callee_instances;
                first + caller * callees.len() as u32 + frame.target - callees.start
            }
        }
    }

    #[inline]
    fn ask_breaker(&mut self, index: u32, breaker: u32, position: u8) -> Entry {
        if let Some(ticket) = self.state.breakers[breaker as usize].pass_if_closed() {
            *self.state.frames.hold(index, position) =
                Hold::Permission { since: self.now, ticket, breaker };
            return Entry::Passed;
        }
        self.ask_breaker_with_care(index, breaker, position)
    }

    #[inline(never)]
    fn ask_breaker_with_care(&mut self, index: u32, breaker: u32, position: u8) -> Entry {
        self.state.run_timers_of(breaker, self.now);
        let caller = self.state.frames[index].instance;
        let (admission, transition) =
            self.state.breakers[breaker as usize].try_acquire(self.now, caller);
        if let Some(transition) = transition {
            self.state.recorder.breaker_changes(self.now, breaker, transition);
        }
        match admission {
            Admission::Permitted(ticket) => {
                *self.state.frames.hold(index, position) =
                    Hold::Permission { since: self.now, ticket, breaker };
                Entry::Passed
            }
            Admission::Waits(test) => {
                let waiter = self.state.frames.begin_wait(index, Activity::AwaitingPermit);
                self.state.test_waiters[breaker as usize].push((test, waiter));
                Entry::Waits
            }
            Admission::Rejected(outcome) => {
                self.state.recorder.breaker_rejects(breaker);
                Entry::Rejected(outcome)
            }
        }
    }

    #[inline]
    fn complete_at_breaker(&mut self, index: u32, position: u8, verdict: Verdict) {
        let Hold::Permission { since, ticket, breaker } = self.state.frames.held(index, position)
        else {
            unreachable!("only a call that was let through has a result")
        };
        let elapsed = self.now.since(since);
        let is_success = verdict == Verdict::Success;
        if is_success
            && self.state.breakers[breaker as usize].count_if_harmless(self.now, ticket, elapsed)
        {
            return;
        }
        self.tell_breaker_with_care(index, breaker, (ticket, elapsed), verdict);
    }

    #[inline(never)]
    fn tell_breaker_with_care(
        &mut self,
        index: u32,
        breaker: u32,
        (ticket, elapsed): (Ticket, SimDuration),
        verdict: Verdict,
    ) {
        self.state.run_timers_of(breaker, self.now);
        let caller = self.state.frames[index].instance;
        if let Some(transition) = self.state.breakers[breaker as usize]
            .complete(self.now, caller, ticket, elapsed, verdict)
        {
            self.state.recorder.breaker_changes(self.now, breaker, transition);
        }
        if let Some(test) = self.state.breakers[breaker as usize].test_ended(ticket) {
            self.wake_those_waiting_for(breaker, test);
        }
    }

    /// Those who wait for the end of a breaker's test ask again, in the order in which they came.
    #[cold]
    fn wake_those_waiting_for(&mut self, breaker: u32, test: u64) {
        let State { test_waiters, frames, ready, .. } = &mut *self.state;
        let waiters = &mut test_waiters[breaker as usize];
        let is_woken =
            |(awaited, waiter): &&(u64, Waiter)| *awaited == test && frames.is_live(*waiter);
        ready.extend(
            waiters.iter().rev().filter(is_woken).map(|(_, waiter)| Next::Ask(waiter.frame)),
        );
        waiters.retain(|(awaited, _)| *awaited != test);
    }

    /// An operator gives an order to the breakers of an edge. Whoever waits for the end of a test
    /// asks again.
    #[cold]
    pub fn operator_acts(&mut self, order: u32) {
        let plan = self.plan;
        let order = &plan.orders[order as usize];
        for breaker in plan.breakers_of(order.edge) {
            self.state.run_timers_of(breaker, self.now);
            if let Some(transition) =
                self.state.breakers[breaker as usize].obey(self.now, order.order)
            {
                self.state.recorder.breaker_changes(self.now, breaker, transition);
            }
            let State { test_waiters, frames, ready, .. } = &mut *self.state;
            let live = test_waiters[breaker as usize]
                .drain(..)
                .rev()
                .filter(|(_, waiter)| frames.is_live(*waiter));
            ready.extend(live.map(|(_, waiter)| Next::Ask(waiter.frame)));
        }
    }

    /// Sends the call in again after a pause, if its policy says so and its budget allows it.
    fn tries_again(
        &mut self,
        index: u32,
        edge: &EdgePlan,
        policy: &RetryPolicy,
        first_budget: u32,
        position: u8,
        outcome: Outcome,
    ) -> bool {
        let Hold::Tries { tries, pause } = self.state.frames.held(index, position) else {
            unreachable!("only a call that was sent in is sent in again")
        };
        let is_failure = policy.on.contains(outcome);
        if first_budget != NONE {
            let budget = self.of_caller(index, edge, first_budget);
            if is_failure {
                self.state.retry_budgets[budget].attempt_fails();
            } else if outcome.is_good() {
                self.state.retry_budgets[budget].attempt_succeeds();
            }
        }
        let pause = if policy.is_worth_another(tries, outcome) {
            self.pause_before_retry(index, policy, tries, pause)
        } else {
            None
        };
        let Some(pause) = pause.filter(|_| position < self.state.frames[index].given_up_from)
        else {
            self.end_tries(index, edge, first_budget, position);
            return false;
        };
        if first_budget != NONE {
            let budget = self.of_caller(index, edge, first_budget);
            if !self.state.retry_budgets[budget].try_withdraw(self.now, tries == 1) {
                self.state.retry_budgets[budget].call_ends(false);
                return false;
            }
        }
        let frame = &mut self.state.frames[index];
        frame.rounds = frame.rounds.saturating_add(1);
        *self.state.frames.hold(index, position) = Hold::Tries { tries: tries + 1, pause };
        self.wait(index, Activity::BackingOff, pause);
        true
    }

    /// How long to wait before the call is sent in again; `None` if the frame's own time would be
    /// up by then.
    fn pause_before_retry(
        &self,
        index: u32,
        policy: &RetryPolicy,
        tries: u32,
        previous: SimDuration,
    ) -> Option<SimDuration> {
        let frame = &self.state.frames[index];
        let tag = draw_tag::BACKOFF | u64::from(frame.rounds) << draw_tag::SIBLING_SHIFT;
        let mut draw = frame.key.child(frame.step_number() | tag).draw();
        let mut pause = policy.backoff.wait(tries, previous, &mut draw);
        if policy.honours_retry_after {
            pause = pause.max(SimDuration::from_millis(u64::from(frame.told_to_stay_away)));
        }
        (self.now + pause < frame.deadline).then_some(pause)
    }

    /// The budget learns that a call will not be tried again.
    #[inline]
    fn end_tries(&mut self, index: u32, edge: &EdgePlan, first_budget: u32, position: u8) {
        if first_budget != NONE {
            let is_retry = matches!(self.state.frames.held(index, position), Hold::Tries { tries, .. } if tries > 1);
            let budget = self.of_caller(index, edge, first_budget);
            self.state.retry_budgets[budget].call_ends(is_retry);
        }
    }

    /// The timeout of the guard at `position` is called off.
    fn take_off_timeout(&mut self, index: u32, position: u8) {
        *self.state.frames.hold(index, position) = Hold::Nothing;
        let frame = &mut self.state.frames[index];
        if frame.given_up_from == position + 1 {
            frame.given_up_from = u8::MAX;
        }
    }
}

/// How an outcome counts for a breaker.
#[inline]
fn verdict(counts: OutcomeSet, outcome: Outcome) -> Verdict {
    match outcome {
        Outcome::Timeout if counts.contains(outcome) => Verdict::TimedOut,
        _ if counts.contains(outcome) => Verdict::Failure,
        _ if OutcomeSet::rejections().contains(outcome) => Verdict::Ignored,
        _ => Verdict::Success,
    }
}

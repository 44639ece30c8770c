//! Calls: through the guards to the callee, and back out with the outcome.
//!
//! The guards of an edge are nested like the layers of an onion. A call enters them in order ([`Turn::enter_guards`]);
//! its outcome leaves them in the opposite order ([`Turn::leave_guards`]), and each sees it: the bulkhead takes its permit
//! back, the breaker counts, the retry may send the call in again. `guards_passed` says how far in a call is.

use sim_core::SimDuration;
use sim_core::random::DrawKey;

use super::blueprint::{CallSite, EdgePlan, Guard, NONE, OnFailure, Scope, Step};
use super::frame::{Activity, Role};
use super::state::{Next, Parked};
use super::turn::{Turn, draw_tag};
use crate::faults::Effect;
use crate::resilience::RetryPolicy;
use crate::resilience::circuit_breaker::Verdict;
use crate::resources::Waiter;
use crate::{Outcome, OutcomeSet};

/// What becomes of a frame whose call has moved on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// The call is over and the handler goes on with its next step.
    GoesOn,
    /// Something is awaited, or the handler is over.
    Waits,
}

/// The answer of a bulkhead.
enum Permit {
    Granted,
    Awaited,
    Refused,
}

impl<'a> Turn<'a> {
    /// Begins the call of a call site.
    #[inline]
    pub fn begin_call(&mut self, index: u32, site: u32) -> Then {
        let CallSite { edge, entry, .. } = self.plan.sites[site as usize];
        let frame = &mut self.state.frames[index];
        frame.called_edge = edge;
        frame.called_entry = entry;
        frame.call_began = self.now;
        frame.attempts = 0;
        frame.guards_passed = 0;
        frame.previous_backoff = SimDuration::ZERO;
        let (is_client, workload, is_counted) = (frame.role == Role::Client, frame.instance, frame.is_counted);
        if is_counted {
            self.state.recorder.call_begins(edge);
        }
        if is_client {
            self.state.recorder.request_begins(workload, is_counted);
        }
        let callees = &self.plan.edges[edge as usize].callee_instances;
        if callees.len() == 1 {
            self.state.frames[index].target = callees.start;
        } else {
            self.choose_target(index, edge);
        }
        self.enter_guards(index)
    }

    /// Goes on through the guards that the call has not passed yet; after the last, an attempt is made.
    #[inline]
    pub fn enter_guards(&mut self, index: u32) -> Then {
        let edge = self.edge_of(index);
        while let Some(guard) = edge.guards.get(usize::from(self.state.frames[index].guards_passed)) {
            match guard {
                Guard::Retry(_) => {}
                Guard::Bulkhead { first_pool } => match self.request_permit(index, edge, *first_pool) {
                    Permit::Granted => {}
                    Permit::Awaited => return Then::Waits,
                    Permit::Refused => return self.leave_guards(index, Outcome::RejectedByBulkhead),
                },
                Guard::Breaker { first, scope, .. } => {
                    let breaker = self.breaker_of(index, edge, *first, *scope);
                    let decision = self.state.breakers[breaker as usize].try_acquire(self.now);
                    if let Some(transition) = decision.transition {
                        self.state.recorder.breaker_changes(self.now, breaker, transition);
                    }
                    if !decision.is_permitted {
                        self.state.recorder.breaker_rejects(breaker);
                        return self.leave_guards(index, Outcome::RejectedByBreaker);
                    }
                    self.state.frames[index].permitted_at = self.now;
                }
            }
            self.state.frames[index].guards_passed += 1;
        }
        self.attempt(index)
    }

    /// Takes an outcome out through the guards that the call has passed.
    #[inline]
    fn leave_guards(&mut self, index: u32, outcome: Outcome) -> Then {
        let edge = self.edge_of(index);
        while let Some(position) = self.state.frames[index].guards_passed.checked_sub(1) {
            match &edge.guards[usize::from(position)] {
                Guard::Retry(policy) => {
                    if self.tries_again(index, policy, outcome) {
                        return Then::Waits;
                    }
                }
                Guard::Bulkhead { first_pool } => self.release_permit(index, edge, *first_pool),
                Guard::Breaker { first, scope, counts } => {
                    let breaker = self.breaker_of(index, edge, *first, *scope);
                    self.tell_breaker(index, breaker, *counts, outcome);
                }
            }
            self.state.frames[index].guards_passed = position;
        }
        self.fall_back_or_end(index, edge, outcome)
    }

    /// An attempt has had no answer within its timeout.
    #[cold]
    pub fn attempt_timed_out(&mut self, index: u32) {
        if self.is_paused(index) {
            let waiter = self.state.frames.begin_wait(index, Activity::AwaitingReply);
            self.park(index, Parked::Reply { to: waiter, outcome: Outcome::Timeout });
            return;
        }
        let then = self.leave_guards(index, Outcome::Timeout);
        self.go_on(index, then);
    }

    /// A frame is answered, if it still waits.
    #[inline]
    pub fn reply(&mut self, to: Waiter, outcome: Outcome) {
        if !self.is_live(to) {
            return;
        }
        if self.is_paused(to.frame) {
            self.park(to.frame, Parked::Reply { to, outcome });
            return;
        }
        let then = self.leave_guards(to.frame, outcome);
        self.go_on(to.frame, then);
    }

    /// A bulkhead has had no permit within the longest wait.
    #[cold]
    pub fn permit_wait_exceeded(&mut self, index: u32) {
        let edge = self.edge_of(index);
        if let Some(Guard::Bulkhead { first_pool }) = edge.guards.get(usize::from(self.state.frames[index].guards_passed)) {
            let pool = self.permits_of(index, edge, *first_pool);
            self.state.pools[pool].leave_queue(self.now, true);
        }
        let then = self.leave_guards(index, Outcome::RejectedByBulkhead);
        self.go_on(index, then);
    }

    /// The first in the queue for a permit gets it.
    pub fn permit_granted(&mut self, index: u32) {
        let edge = self.edge_of(index);
        if let Some(Guard::Bulkhead { first_pool }) = edge.guards.get(usize::from(self.state.frames[index].guards_passed)) {
            let pool = self.permits_of(index, edge, *first_pool);
            let waited = self.now.since(self.state.frames[index].since);
            self.state.pools[pool].note_wait(waited);
        }
        let frame = &mut self.state.frames[index];
        frame.since = self.now;
        frame.guards_passed += 1;
        let then = self.enter_guards(index);
        self.go_on(index, then);
    }

    /// Runs the next steps of a frame whose call is over.
    #[inline]
    pub fn go_on(&mut self, index: u32, then: Then) {
        if then == Then::GoesOn {
            self.run(index);
        }
    }

    /// The call has ended for good: the handler goes on, or fails.
    #[inline]
    pub fn end_call(&mut self, index: u32, outcome: Outcome) -> Then {
        let Step::Call(site) = self.plan.program[self.state.frames[index].step as usize] else {
            unreachable!("only a call can end")
        };
        let site = self.plan.sites[site as usize];
        let frame = &mut self.state.frames[index];
        let elapsed = self.now.since(frame.call_began);
        frame.has_failed_call = !outcome.is_good();
        if frame.is_counted {
            self.state.recorder.call_ends(site.edge, elapsed, outcome);
        }
        if frame.role == Role::Client {
            self.state.recorder.request_ends(frame.instance, frame.is_counted, elapsed, outcome);
            frame.step += 1;
            return Then::GoesOn;
        }
        match (outcome, site.on_failure) {
            (Outcome::Ok, _) | (_, OnFailure::Ignore) => {}
            (Outcome::Degraded, _) | (_, OnFailure::Degrade) => frame.outcome = frame.outcome.max(Outcome::Degraded),
            (failure, OnFailure::FailLater) => frame.outcome = frame.outcome.max(failure.passed_on()),
            (failure, OnFailure::Fail) => {
                self.finish(index, failure.passed_on());
                return Then::Waits;
            }
        }
        frame.step += 1;
        Then::GoesOn
    }

    /// Whether messages over an edge take any time.
    #[inline]
    pub fn has_network_latency(&self, edge: u32) -> bool {
        self.plan.edges[edge as usize].latency != NONE || !self.state.edges[edge as usize].slowed_by.is_empty()
    }

    /// Network latency of one message over an edge.
    pub fn network_latency(&self, edge: u32, key: DrawKey) -> SimDuration {
        let plan = &self.plan.edges[edge as usize];
        let slowed_by = &self.state.edges[edge as usize].slowed_by;
        let base =
            if plan.latency == NONE { 0.0 } else { self.plan.distributions[plan.latency as usize].sample(&mut key.draw()) };
        let nanos = slowed_by.iter().fold(base, |nanos, &id| {
            let fault = &self.plan.faults[id as usize];
            let intensity = fault.intensity(self.now);
            match &fault.effect {
                Effect::SlowEdge { factor, added, .. } => {
                    let added = added.as_ref().map_or(0.0, |added| added.sample(&mut key.child(u64::from(id)).draw()));
                    nanos * (1.0 + (factor - 1.0) * intensity) + added * intensity
                }
                _ => nanos,
            }
        });
        SimDuration::from_nanos_f64(nanos)
    }

    /// Gives back what a frame that is about to disappear holds in the guards of its call.
    #[cold]
    pub fn abandon_call(&mut self, index: u32) {
        let frame = &self.state.frames[index];
        if frame.is_counted {
            self.state.recorder.call_abandoned(frame.called_edge);
        }
        let edge = self.edge_of(index);
        while let Some(position) = self.state.frames[index].guards_passed.checked_sub(1) {
            match &edge.guards[usize::from(position)] {
                Guard::Retry(_) => {}
                Guard::Bulkhead { first_pool } => self.release_permit(index, edge, *first_pool),
                Guard::Breaker { first, scope, .. } => {
                    let breaker = self.breaker_of(index, edge, *first, *scope);
                    self.state.breakers[breaker as usize].complete(self.now, SimDuration::ZERO, Verdict::Ignored);
                }
            }
            self.state.frames[index].guards_passed = position;
        }
    }

    /// The pool of permits that a frame waits for, if it does.
    pub fn awaited_permits(&self, index: u32) -> Option<usize> {
        let edge = self.edge_of(index);
        match edge.guards.get(usize::from(self.state.frames[index].guards_passed)) {
            Some(Guard::Bulkhead { first_pool }) => Some(self.permits_of(index, edge, *first_pool)),
            _ => None,
        }
    }

    #[inline]
    fn edge_of(&self, index: u32) -> &'a EdgePlan {
        &self.plan.edges[self.state.frames[index].called_edge as usize]
    }

    #[inline]
    fn choose_target(&mut self, index: u32, edge: u32) {
        let first = self.plan.edges[edge as usize].callee_instances.start;
        let step = self.step_number(index);
        let frame = &mut self.state.frames[index];
        let key = frame.key.child(step | draw_tag::BALANCE | u64::from(frame.attempts) << draw_tag::SIBLING_SHIFT);
        let (pools, plan) = (&self.state.pools, self.plan);
        let outstanding = |instance: u32| {
            let pool = &pools[plan.instances[(first + instance) as usize].slots as usize];
            pool.in_use() + pool.queue_length()
        };
        frame.target = first + self.state.edges[edge as usize].balancer.choose(|| key.draw(), outstanding);
    }

    #[inline]
    fn attempt(&mut self, index: u32) -> Then {
        let frame = &self.state.frames[index];
        let (edge_id, entry) = (frame.called_edge, frame.called_entry);
        let edge = &self.plan.edges[edge_id as usize];
        if edge.is_balanced_per_attempt && frame.attempts > 0 {
            self.choose_target(index, edge_id);
        }
        let frame = &mut self.state.frames[index];
        frame.attempts += 1;
        let (target, is_counted) = (frame.target, frame.is_counted);
        let step = u64::from(frame.step - frame.entry);
        let key = frame.key.child(step | u64::from(frame.attempts) << draw_tag::SIBLING_SHIFT);
        if is_counted {
            self.state.recorder.attempt_begins(edge_id);
        }
        let condition = &self.state.edges[edge_id as usize];
        let is_swallowed = condition.black_holes > 0;
        if condition.refusals > 0 || self.state.instances[target as usize].refusals > 0 {
            return self.leave_guards(index, Outcome::Refused);
        }
        let caller = self.state.frames.begin_wait(index, Activity::AwaitingReply);
        if is_swallowed {
            self.set_deadline(if edge.connect_timeout == NONE { edge.timeout } else { edge.connect_timeout }, caller);
            return Then::Waits;
        }
        self.set_deadline(edge.timeout, caller);
        let callee = self.allocate(key, Role::Handler, target, entry, is_counted);
        let frame = &mut self.state.frames[callee];
        frame.caller = caller;
        frame.edge = edge_id;
        if self.has_network_latency(edge_id) {
            let latency = self.network_latency(edge_id, key.child(draw_tag::REQUEST_LATENCY));
            self.wait(callee, Activity::InTransit, latency);
        } else if let Step::Work(_) = self.plan.program[entry as usize] {
            self.arrive(callee);
        } else {
            // Only a handler that waits at its first step is entered from here: calls that call at once would nest without end.
            self.state.ready.push(Next::Arrive(callee));
        }
        Then::Waits
    }

    fn request_permit(&mut self, index: u32, edge: &EdgePlan, first_pool: u32) -> Permit {
        let pool = self.permits_of(index, edge, first_pool);
        self.state.frames[index].since = self.now;
        if self.state.pools[pool].try_acquire(self.now) {
            return Permit::Granted;
        }
        let waiter = self.state.frames.begin_wait(index, Activity::AwaitingPermit);
        if self.state.pools[pool].enqueue(self.now, waiter) {
            self.set_deadline(self.plan.pools[pool].wait_deadline, waiter);
            return Permit::Awaited;
        }
        Permit::Refused
    }

    fn release_permit(&mut self, index: u32, edge: &EdgePlan, first_pool: u32) {
        let pool = self.permits_of(index, edge, first_pool);
        let held = self.now.since(self.state.frames[index].since);
        let frames = &self.state.frames;
        if let Some(waiter) = self.state.pools[pool].release(self.now, held, |waiter| frames.is_live(waiter)) {
            self.state.ready.push(Next::Permit(waiter.frame));
        }
    }

    fn permits_of(&self, index: u32, edge: &EdgePlan, first_pool: u32) -> usize {
        (first_pool + self.state.frames[index].instance - edge.caller_first_instance) as usize
    }

    fn breaker_of(&self, index: u32, edge: &EdgePlan, first: u32, scope: Scope) -> u32 {
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

    fn tell_breaker(&mut self, index: u32, breaker: u32, counts: OutcomeSet, outcome: Outcome) {
        let verdict = match outcome {
            _ if counts.contains(outcome) => Verdict::Failure,
            Outcome::RejectedByBreaker | Outcome::RejectedByBulkhead => Verdict::Ignored,
            _ => Verdict::Success,
        };
        let elapsed = self.now.since(self.state.frames[index].permitted_at);
        if let Some(transition) = self.state.breakers[breaker as usize].complete(self.now, elapsed, verdict) {
            self.state.recorder.breaker_changes(self.now, breaker, transition);
        }
    }

    /// Sends the call in again after a pause, if its policy says so.
    fn tries_again(&mut self, index: u32, policy: &RetryPolicy, outcome: Outcome) -> bool {
        let step = self.step_number(index);
        let frame = &mut self.state.frames[index];
        let attempts = u32::from(frame.attempts);
        if !policy.is_worth_another(attempts, outcome) {
            return false;
        }
        let key = frame.key.child(step | draw_tag::BACKOFF | u64::from(attempts) << draw_tag::SIBLING_SHIFT);
        let pause = policy.backoff.wait(attempts, frame.previous_backoff, &mut key.draw());
        frame.previous_backoff = pause;
        self.wait(index, Activity::BackingOff, pause);
        true
    }

    #[inline]
    fn fall_back_or_end(&mut self, index: u32, edge: &EdgePlan, outcome: Outcome) -> Then {
        let substitute = match &edge.fallback {
            Some(fallback) if !outcome.is_good() => {
                let step = self.step_number(index);
                fallback.attempt(&mut self.state.frames[index].key.child(step | draw_tag::FALLBACK).draw())
            }
            _ => None,
        };
        match substitute {
            None => self.end_call(index, outcome),
            Some(nanos) if nanos <= 0.0 => self.end_call(index, Outcome::Degraded),
            Some(nanos) => {
                self.wait(index, Activity::FallingBack, SimDuration::from_nanos_f64(nanos));
                Then::Waits
            }
        }
    }
}

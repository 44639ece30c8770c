//! Calls: through the guards to the callee, and back out with the outcome.
//!
//! The guards of an edge are nested like the layers of an onion. A call enters them in order ([`Turn::enter_guards`]);
//! its outcome leaves them in the opposite order ([`Turn::leave_guards`]), and each sees it: the bulkhead takes its permit
//! back, the breaker counts, the retry may send the call in again. `guards_passed` says how far in a call is.

use sim_core::SimDuration;
use sim_core::random::DrawKey;

use super::blueprint::{EdgePlan, Guard, NONE, OnFailure, Scope, Step};
use super::frame::{Activity, Role};
use super::state::{Next, Parked};
use super::turn::{Turn, draw_tag};
use crate::faults::Effect;
use crate::resilience::RetryPolicy;
use crate::resilience::circuit_breaker::Verdict;
use crate::resources::{Admission, Waiter};
use crate::{Outcome, OutcomeSet};

impl<'a> Turn<'a> {
    /// Begins the call of a call site.
    pub fn begin_call(&mut self, index: u32, site: u32) {
        let edge = self.plan.sites[site as usize].edge;
        let frame = &mut self.state.frames[index];
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
        self.choose_target(index, edge);
        self.enter_guards(index);
    }

    /// Goes on through the guards that the call has not passed yet; after the last, an attempt is made.
    pub fn enter_guards(&mut self, index: u32) {
        let edge = self.edge_of(index);
        while let Some(guard) = edge.guards.get(usize::from(self.state.frames[index].guards_passed)) {
            match guard {
                Guard::Retry(_) => {}
                Guard::Bulkhead { first_pool } => match self.request_permit(index, edge, *first_pool) {
                    Admission::Granted => {}
                    Admission::Queued => return,
                    Admission::Full => return self.leave_guards(index, Outcome::RejectedByBulkhead),
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
        self.attempt(index);
    }

    /// Takes an outcome out through the guards that the call has passed.
    pub fn leave_guards(&mut self, index: u32, outcome: Outcome) {
        let edge = self.edge_of(index);
        while let Some(position) = self.state.frames[index].guards_passed.checked_sub(1) {
            match &edge.guards[usize::from(position)] {
                Guard::Retry(policy) => {
                    if self.tries_again(index, policy, outcome) {
                        return;
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
        self.fall_back_or_end(index, edge, outcome);
    }

    /// An attempt has had no answer within its timeout.
    pub fn attempt_timed_out(&mut self, index: u32) {
        if self.is_paused(index) {
            let waiter = self.state.frames.begin_wait(index, Activity::AwaitingReply);
            self.park(index, Parked::Reply { to: waiter, outcome: Outcome::Timeout });
            return;
        }
        self.state.frames.end_wait(index);
        self.leave_guards(index, Outcome::Timeout);
    }

    /// A frame is answered, if it still waits.
    pub fn reply(&mut self, to: Waiter, outcome: Outcome) {
        if !self.is_live(to) {
            return;
        }
        if self.is_paused(to.frame) {
            self.park(to.frame, Parked::Reply { to, outcome });
            return;
        }
        self.state.frames.end_wait(to.frame);
        self.leave_guards(to.frame, outcome);
    }

    /// A bulkhead has had no permit within the longest wait.
    pub fn permit_wait_exceeded(&mut self, index: u32) {
        let edge = self.edge_of(index);
        if let Some(Guard::Bulkhead { first_pool }) = edge.guards.get(usize::from(self.state.frames[index].guards_passed)) {
            let pool = self.permits_of(index, edge, *first_pool);
            self.state.pools[pool].leave_queue(self.now, true);
        }
        self.state.frames.end_wait(index);
        self.leave_guards(index, Outcome::RejectedByBulkhead);
    }

    /// The first in the queue for a permit gets it.
    pub fn permit_granted(&mut self, index: u32) {
        let edge = self.edge_of(index);
        if let Some(Guard::Bulkhead { first_pool }) = edge.guards.get(usize::from(self.state.frames[index].guards_passed)) {
            let pool = self.permits_of(index, edge, *first_pool);
            let waited = self.now.since(self.state.frames[index].since);
            self.state.pools[pool].note_wait(waited);
        }
        self.state.frames.end_wait(index);
        let frame = &mut self.state.frames[index];
        frame.since = self.now;
        frame.guards_passed += 1;
        self.enter_guards(index);
    }

    /// The call has ended for good: the handler goes on, or fails.
    pub fn end_call(&mut self, index: u32, outcome: Outcome) {
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
            self.state.ready.push(Next::Run(index));
            return;
        }
        match (outcome, site.on_failure) {
            (Outcome::Ok, _) | (_, OnFailure::Ignore) => {}
            (Outcome::Degraded, _) | (_, OnFailure::Degrade) => frame.outcome = frame.outcome.max(Outcome::Degraded),
            (failure, OnFailure::FailLater) => frame.outcome = frame.outcome.max(failure.passed_on()),
            (failure, OnFailure::Fail) => return self.finish(index, failure.passed_on()),
        }
        frame.step += 1;
        self.state.ready.push(Next::Run(index));
    }

    /// Network latency of one message over an edge.
    #[inline]
    pub fn network_latency(&self, edge: u32, key: DrawKey) -> SimDuration {
        let plan = &self.plan.edges[edge as usize];
        let slowed_by = &self.state.edges[edge as usize].slowed_by;
        if plan.latency == NONE && slowed_by.is_empty() {
            return SimDuration::ZERO;
        }
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
    pub fn abandon_call(&mut self, index: u32) {
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

    fn edge_of(&self, index: u32) -> &'a EdgePlan {
        let Step::Call(site) = self.plan.program[self.state.frames[index].step as usize] else {
            unreachable!("a frame in a call stands at the step of that call")
        };
        &self.plan.edges[self.plan.sites[site as usize].edge as usize]
    }

    fn choose_target(&mut self, index: u32, edge: u32) {
        let callee = &self.plan.stations[self.plan.edges[edge as usize].callee as usize];
        let first = callee.instances.start;
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

    fn attempt(&mut self, index: u32) {
        let Step::Call(site_id) = self.plan.program[self.state.frames[index].step as usize] else {
            unreachable!("an attempt belongs to a call")
        };
        let site = self.plan.sites[site_id as usize];
        let edge = &self.plan.edges[site.edge as usize];
        let step = self.step_number(index);
        let frame = &mut self.state.frames[index];
        if edge.is_balanced_per_attempt && frame.attempts > 0 {
            self.choose_target(index, site.edge);
        }
        let frame = &mut self.state.frames[index];
        frame.attempts += 1;
        let (target, is_counted) = (frame.target, frame.is_counted);
        let key = frame.key.child(step | u64::from(frame.attempts) << draw_tag::SIBLING_SHIFT);
        if is_counted {
            self.state.recorder.attempt_begins(site.edge);
        }
        let condition = &self.state.edges[site.edge as usize];
        if condition.refusals > 0 || self.state.instances[target as usize].refusals > 0 {
            return self.leave_guards(index, Outcome::Refused);
        }
        let is_swallowed = condition.black_holes > 0;
        let caller = self.state.frames.begin_wait(index, Activity::AwaitingReply);
        if is_swallowed {
            self.set_deadline(if edge.connect_timeout == NONE { edge.timeout } else { edge.connect_timeout }, caller);
            return;
        }
        self.set_deadline(edge.timeout, caller);
        let callee = self.state.frames.allocate(key, Role::Handler, target, site.entry, is_counted);
        let frame = &mut self.state.frames[callee];
        frame.caller = caller;
        frame.edge = site.edge;
        let latency = self.network_latency(site.edge, key.child(draw_tag::REQUEST_LATENCY));
        if latency.is_zero() {
            self.state.ready.push(Next::Arrive(callee));
        } else {
            self.wait(callee, Activity::InTransit, latency);
        }
    }

    fn request_permit(&mut self, index: u32, edge: &EdgePlan, first_pool: u32) -> Admission {
        let pool = self.permits_of(index, edge, first_pool);
        self.state.frames[index].since = self.now;
        let waiter = self.state.frames.begin_wait(index, Activity::AwaitingPermit);
        let admission = self.state.pools[pool].acquire(self.now, waiter);
        match admission {
            Admission::Queued => self.set_deadline(self.plan.pools[pool].wait_deadline, waiter),
            Admission::Granted | Admission::Full => self.state.frames.end_wait(index),
        }
        admission
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
                let callees = &self.plan.stations[edge.callee as usize].instances;
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

    fn fall_back_or_end(&mut self, index: u32, edge: &EdgePlan, outcome: Outcome) {
        let step = self.step_number(index);
        let substitute = match &edge.fallback {
            Some(fallback) if !outcome.is_good() => {
                fallback.attempt(&mut self.state.frames[index].key.child(step | draw_tag::FALLBACK).draw())
            }
            _ => None,
        };
        match substitute {
            None => self.end_call(index, outcome),
            Some(nanos) if nanos <= 0.0 => self.end_call(index, Outcome::Degraded),
            Some(nanos) => self.wait(index, Activity::FallingBack, SimDuration::from_nanos_f64(nanos)),
        }
    }
}

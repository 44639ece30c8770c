//! Calls, from the handler to the callee and back out with the outcome. The guards on the way are
//! in `guards`.

use sim_core::random::DrawKey;
use sim_core::{SimDuration, SimTime};

use super::activity::Activity;
use super::blueprint::{EdgePlan, OnFailure};
use super::draw::{Draw, sibling};
use super::engine::Engine;
use super::frame::{NO_FRAME, Stage};
use super::id::{Id, of};
use super::instance::Parked;
use super::program::CallSite;
use super::reach::Way;
use super::role::Role;
use super::state::Next;
use crate::Outcome;
use crate::resources::Waiter;

impl<'a> Engine<'a> {
    /// Starts the call of a call site.
    #[inline]
    pub fn begin_call(&mut self, index: u32, site: Id<of::CallSite>) -> Next {
        let CallSite { edge, entry, on_failure } = self.plan.sites[site];
        let frame = &mut self.state.frames[index];
        frame.on_failure = on_failure;
        frame.attempts = 0;
        frame.rounds = 1;
        if frame.role == Role::Client {
            frame.is_counted = self.state.has_warmed_up;
            let (workload, is_counted) = (frame.workload(), frame.is_counted);
            self.state.recorder.request_begins(workload, is_counted);
        }
        self.send_in(index, edge, entry)
    }

    /// Sends a call over an edge, through its guards to its callee.
    #[inline]
    pub fn send_in(&mut self, index: u32, edge: Id<of::Edge>, entry: Id<of::Step>) -> Next {
        self.send_to(index, edge, entry, self.plan.edges[edge].only_instance)
    }

    /// Like [`send_in`](Self::send_in), but to one instance of the callee, if it is known.
    #[inline]
    pub fn send_to(
        &mut self,
        index: u32,
        edge: Id<of::Edge>,
        entry: Id<of::Step>,
        target: Option<Id<of::Instance>>,
    ) -> Next {
        let plan = &self.plan.edges[edge];
        let frame = &mut self.state.frames[index];
        frame.called_edge = edge;
        frame.called_entry = entry;
        frame.call_began = self.now;
        frame.guards_passed = 0;
        frame.given_up_from = u8::MAX;
        if frame.is_counted {
            self.state.recorder.call_begins(edge);
        }
        frame.target = target;
        if plan.guards.is_empty() { self.attempt(index) } else { self.enter_guards(index) }
    }

    /// Takes an outcome back out through the guards that the call has passed.
    #[allow(
        clippy::inline_always,
        reason = "left alone, 4 % more instructions in the reference bench"
    )]
    #[inline(always)]
    pub fn leave_guards(&mut self, index: u32, outcome: Outcome) -> Next {
        let frame = &self.state.frames[index];
        let edge = &self.plan.edges[frame.called_edge];
        let is_inside = frame.guards_passed > frame.first_guard;
        if is_inside && self.is_sent_in_again(index, edge, outcome) {
            return Next::Nothing;
        }
        if matches!(self.state.frames[index].role, Role::Task(_)) {
            return self.task_ended(index, outcome);
        }
        if edge.fallbacks.is_empty() {
            return self.end_call(index, outcome);
        }
        self.fall_back(index, edge, outcome)
    }

    /// Handles an attempt that got no answer within its timeout.
    #[cold]
    pub fn attempt_timed_out(&mut self, index: u32) -> Next {
        self.withdraw_attempt(index);
        if self.is_paused(index) {
            let waiter = self.state.frames.begin_wait(index, Activity::AwaitingReply);
            return self.park(index, Parked::Reply { to: waiter, outcome: Outcome::Timeout });
        }
        self.attempt_ended(index, Outcome::Timeout)
    }

    /// Handles the end of an attempt, whether it was answered or given up.
    #[allow(clippy::inline_always, reason = "as `leave_guards`")]
    #[inline(always)]
    fn attempt_ended(&mut self, index: u32, outcome: Outcome) -> Next {
        let edge = self.edge_of(index);
        if edge.observes_attempts && !self.others_may_answer(index, edge, outcome) {
            self.note_attempt(index, edge, outcome);
        }
        if outcome.is_good() {
            self.forget_lost(index, edge);
        }
        self.leave_guards(index, outcome)
    }

    /// Ends a frame: releases it and passes its outcome to its caller.
    #[inline]
    pub fn reply(&mut self, index: u32) -> Next {
        let frame = &self.state.frames[index];
        let (to, outcome, retry_after) = (frame.caller, frame.outcome, frame.retry_after);
        if !self.state.frames.is_live(to) {
            return self.reply_to_nobody(index);
        }
        if outcome != Outcome::Ok {
            self.answer_with_origin(index, to);
        }
        self.state.frames.release(index);
        if retry_after > 0 {
            self.state.frames[to.frame].retry_after_received = retry_after;
        }
        self.hand_over(to, outcome)
    }

    /// Ends a frame whose caller has gone, and notes what was done for it.
    #[cold]
    fn reply_to_nobody(&mut self, index: u32) -> Next {
        let frame = &self.state.frames[index];
        if frame.stage == Stage::Done && frame.is_counted {
            self.state.recorder.worked_for_nobody(frame.edge);
        }
        self.state.frames.release(index);
        Next::Nothing
    }

    /// Delivers an answer to a frame, if it is still waiting.
    #[inline]
    pub fn take_reply(&mut self, to: Waiter, outcome: Outcome) -> Next {
        if self.state.frames.is_live(to) { self.hand_over(to, outcome) } else { Next::Nothing }
    }

    /// Delivers an answer to a frame that is waiting for it.
    #[inline]
    fn hand_over(&mut self, to: Waiter, outcome: Outcome) -> Next {
        if self.is_paused(to.frame) {
            return self.park(to.frame, Parked::Reply { to, outcome });
        }
        self.attempt_ended(to.frame, outcome)
    }

    /// Ends a call for good: the handler continues or fails.
    #[inline]
    pub fn end_call(&mut self, index: u32, outcome: Outcome) -> Next {
        let frame = &mut self.state.frames[index];
        if frame.stage == Stage::Alternative {
            return self.alternative_ended(index, outcome);
        }
        let elapsed = self.now.since(frame.call_began);
        frame.has_failed_call = !outcome.is_good();
        if frame.is_counted {
            self.state.recorder.call_ends(frame.called_edge, elapsed, outcome);
        }
        if frame.role == Role::Client {
            let (workload, is_counted) = (frame.workload(), frame.is_counted);
            if self.plan.is_elaborate {
                self.note_whose_request_ended(index, outcome);
            }
            self.state.recorder.request_ends(self.now, workload, is_counted, elapsed, outcome);
            if is_counted && outcome != Outcome::Ok {
                let origin = self.origin_of_call(index, outcome);
                self.state.recorder.request_began_to_fail(workload, outcome, origin);
            }
            self.state.frames.begin_next_request(index);
            if !outcome.is_good()
                && let Some(next) = self.session_ends(index, outcome)
            {
                return next;
            }
            return self.go_to_next(index);
        }
        match frame.role {
            Role::Deferred => return self.deferred_call_ended(index, outcome),
            Role::Consumer => return self.delivery_ended(index, outcome),
            Role::Operator(purpose) => return self.errand_ended(index, purpose, outcome),
            Role::Compensation => return self.compensation_ended(index, outcome),
            Role::Probe => return self.probe_ended(index, outcome),
            Role::Task(_) => unreachable!("a task ends with the guard of its pool"),
            Role::Client | Role::Handler | Role::Branch | Role::Start => {}
        }
        let (worse, fails_at_once) = match (outcome, frame.on_failure) {
            (Outcome::Ok, _) | (_, OnFailure::Ignore) => return self.go_to_next(index),
            (Outcome::Degraded, _) | (_, OnFailure::Degrade) => (Outcome::Degraded, false),
            (failure, on_failure) => (failure.passed_on(), on_failure == OnFailure::Fail),
        };
        let is_worse = worse > frame.outcome;
        frame.outcome = frame.outcome.max(worse);
        if is_worse {
            self.note_origin(index, outcome);
        }
        if fails_at_once { self.finish(index, worse) } else { self.go_to_next(index) }
    }

    /// True if messages over an edge take time.
    #[inline]
    pub fn has_network_latency(&self, edge: Id<of::Edge>) -> bool {
        self.plan.edges[edge].latency.is_some() || self.is_slowed(edge)
    }

    #[inline]
    fn is_slowed(&self, edge: Id<of::Edge>) -> bool {
        self.state.faults_in_force > 0 && !self.state.edges[edge].slowed_by.is_empty()
    }

    /// Draws the network latency of one message over an edge.
    pub fn network_latency(&self, edge: Id<of::Edge>, key: DrawKey) -> SimDuration {
        let plan = &self.plan.edges[edge];
        let slowed_by = &self.state.edges[edge].slowed_by;
        let base = plan
            .latency
            .map_or(0.0, |latency| self.plan.distributions[latency].sample(&mut key.draw()));
        let key_of = |id: Id<of::Fault>| key.child(u64::from(id.number()));
        let nanos = self.slowed(slowed_by, base, key_of) + self.added(slowed_by, key_of);
        SimDuration::from_nanos_f64(nanos)
    }

    #[inline]
    pub fn edge_of(&self, index: u32) -> &'a EdgePlan {
        &self.plan.edges[self.state.frames[index].called_edge]
    }

    #[inline]
    pub fn attempt(&mut self, index: u32) -> Next {
        let frame = &mut self.state.frames[index];
        let edge_id = frame.called_edge;
        let edge = &self.plan.edges[edge_id];
        if frame.deadline <= self.now {
            return self.leave_guards(index, Outcome::Timeout);
        }
        let Some(target) = self.target(index, edge) else {
            return self.leave_guards(index, Outcome::NoHealthyInstance);
        };
        let frame = &mut self.state.frames[index];
        frame.attempts += 1;
        frame.retry_after_received = 0;
        frame.callee = NO_FRAME;
        frame.since = self.now;
        if frame.is_counted {
            let is_a_further_one = frame.attempts > 1;
            self.state.recorder.attempt_begins(edge_id);
            if is_a_further_one && self.is_made_again(index) {
                self.state.recorder.attempt_is_made_again(edge_id);
            }
        }
        let way = self.way_of_request(index, target);
        if way == Way::Refused {
            return self.attempt_ended(index, Outcome::Refused);
        }
        let connects = way == Way::Open || edge.connect_timeout.is_none();
        let timeout = if connects { edge.timeout } else { edge.connect_timeout };
        let caller = self.state.frames.begin_wait(index, Activity::AwaitingReply);
        self.set_deadline(timeout, caller);
        self.send(index, edge, target, caller, way)
    }

    /// Sends a request for the current attempt to an instance; it disappears if the way is not open.
    #[inline]
    pub fn send(
        &mut self,
        index: u32,
        edge: &EdgePlan,
        target: Id<of::Instance>,
        caller: Waiter,
        way: Way,
    ) -> Next {
        let frame = &self.state.frames[index];
        let (edge_id, entry, is_counted, priority) =
            (frame.called_edge, frame.called_entry, frame.is_counted, frame.priority);
        let key = frame.key.child(frame.step_number() | sibling(frame.attempts));
        let is_elaborate = edge.is_elaborate || frame.deadline < SimTime::MAX;
        let callee = self.allocate(key, Role::Handler, Id::at(target), entry, is_counted);
        let frame = &mut self.state.frames[callee];
        (frame.caller, frame.edge, frame.priority) = (caller, edge_id, priority);
        self.state.frames[index].callee = callee;
        if is_elaborate {
            self.elaborate(index, edge, callee, caller);
        }
        if way != Way::Open {
            return self.swallow(callee);
        }
        if self.plan.is_elaborate
            && let Some(next) = self.send_far(index, callee, key)
        {
            return next;
        }
        if edge.latency.is_some() || self.is_slowed(edge_id) {
            if edge.link.is_some() {
                return self.send_over_link(callee, Activity::InTransit);
            }
            let latency = self.network_latency(edge_id, key.child(Draw::RequestLatency.tag()));
            return self.wait(callee, Activity::InTransit, latency);
        }
        Next::Arrive(callee)
    }
}

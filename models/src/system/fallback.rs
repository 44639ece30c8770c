//! Fallbacks: substitutes for calls that have finally failed.

use sim_core::growth::Growing;
use sim_core::{SimDuration, SimTime};

use super::activity::Activity;
use super::blueprint::EdgePlan;
use super::draw::Draw;
use super::engine::Engine;
use super::event::Event;
use super::frame::{FailedCall, Stage};
use super::id::{Id, of};
use super::program::CallSite;
use super::role::Role;
use super::state::{Deferred, Next};
use crate::Outcome;
use crate::guards::{Breaker, Guard, Hold};
use crate::resilience::Fallback;
use crate::resilience::circuit_breaker::BreakerState;
use crate::resilience::fallback::fetch;
use crate::steps::Op;

impl Engine<'_> {
    /// Handles the result of a call over an edge with fallbacks once it has left its guards:
    /// remembers a good answer, tries the fallbacks on a failure.
    pub fn fall_back(&mut self, index: u32, edge: &EdgePlan, outcome: Outcome) -> Next {
        if outcome.is_good() {
            *self.last_answer(index, edge) = Some(self.now);
            return self.end_call(index, outcome);
        }
        self.note_origin_of_call(index, outcome);
        let frame = &self.state.frames[index];
        if frame.is_counted {
            self.state.recorder.call_falls_back(frame.called_edge, outcome);
        }
        // A deferred call is not deferred again by a fallback; it keeps its place.
        if self.state.frames[index].role == Role::Deferred {
            return self.end_call(index, outcome);
        }
        self.try_fallbacks(index, edge, outcome, 0)
    }

    /// The time of the last good answer that the instance of a call has seen.
    fn last_answer(&mut self, index: u32, edge: &EdgePlan) -> &mut Option<SimTime> {
        let frame = &self.state.frames[index];
        let caller = edge.number_of_caller(frame.place);
        &mut self.state.edges[frame.called_edge].last_answers[caller as usize]
    }

    /// Tries the fallbacks of an edge, starting with number `tried`.
    fn try_fallbacks(&mut self, index: u32, edge: &EdgePlan, outcome: Outcome, tried: u8) -> Next {
        for (position, fallback) in edge.fallbacks.iter().enumerate().skip(usize::from(tried)) {
            if !edge.fallbacks_on[position].contains(outcome) {
                continue;
            }
            match fallback {
                Fallback::Default => return self.end_call(index, Outcome::Degraded),
                Fallback::Cached { hit_rate, latency, max_age } => {
                    let age = self.last_answer(index, edge).map(|at| self.now.since(at));
                    let frame = &self.state.frames[index];
                    let key = frame.key.child(frame.step_number() | Draw::Fallback.tag());
                    let key = if position == 0 { key } else { key.child(position as u64) };
                    match fetch(*hit_rate, latency, *max_age, age, &mut key.draw()) {
                        None => {}
                        Some(nanos) if nanos <= 0.0 => {
                            return self.end_call(index, Outcome::Degraded);
                        }
                        Some(nanos) => {
                            return self.wait(
                                index,
                                Activity::FallingBack,
                                SimDuration::from_nanos_f64(nanos),
                            );
                        }
                    }
                }
                Fallback::Alternative { site } => {
                    return self.call_alternative(index, *site, position as u8 + 1);
                }
                Fallback::Send { queue } => {
                    if self.enqueue(index, *queue) {
                        return self.end_call(index, Outcome::Degraded);
                    }
                }
                Fallback::Later { capacity, .. } => {
                    if self.put_off(index, *capacity) {
                        return self.end_call(index, Outcome::Degraded);
                    }
                }
            }
        }
        self.end_call(index, outcome)
    }

    /// Calls another service in place of the one that failed, and keeps the details of the failed
    /// call meanwhile.
    fn call_alternative(&mut self, index: u32, alternative: Id<of::CallSite>, tried: u8) -> Next {
        let frame = &mut self.state.frames[index];
        frame.stage = Stage::Alternative;
        let (since, attempts) = (frame.call_began, frame.attempts);
        let Op::Call(site) = self.plan.program[frame.step] else {
            unreachable!("only a call has fallbacks")
        };
        *self.state.frames.failed_call(index) =
            Hold::Failed(FailedCall { site, since, tried, attempts });
        let CallSite { edge, entry, .. } = self.plan.sites[alternative];
        self.send_in(index, edge, entry)
    }

    /// True if the present attempt is not the first over its edge: those over the edges that fallbacks stand in for are
    /// none of it.
    #[cold]
    pub fn is_made_again(&mut self, index: u32) -> bool {
        let frame = &self.state.frames[index];
        let attempts = frame.attempts;
        let is_task =
            matches!(frame.role, Role::Task(_)) && self.state.frames.is_live(frame.caller);
        let caller = if is_task { frame.caller.frame } else { index };
        let is_alternative = self.state.frames[caller].stage == Stage::Alternative;
        let before = match *self.state.frames.failed_call(caller) {
            Hold::Failed(failed) if is_alternative => failed.attempts,
            _ => 0,
        };
        attempts - before > 1
    }

    /// Handles the end of a call to an alternative service: returns its answer, or tries the next
    /// fallback.
    #[cold]
    pub fn alternative_ended(&mut self, index: u32, outcome: Outcome) -> Next {
        let Hold::Failed(FailedCall { site, since, tried, .. }) =
            *self.state.frames.failed_call(index)
        else {
            unreachable!("an alternative takes the place of a failed call")
        };
        if !outcome.is_good() {
            let origin = self.origin_of_call(index, outcome);
            self.state.frames.origins(index).of_call = Some(origin);
        }
        let frame = &mut self.state.frames[index];
        frame.stage = Stage::Handling;
        let elapsed = self.now.since(frame.call_began);
        if frame.is_counted {
            self.state.recorder.call_ends(frame.called_edge, elapsed, outcome);
        }
        // From here on the frame is back on the failed call, which has already left all its guards.
        let CallSite { edge, entry, .. } = self.plan.sites[site];
        (frame.called_edge, frame.called_entry) = (edge, entry);
        frame.call_began = since;
        frame.guards_passed = 0;
        if outcome.is_good() {
            return self.end_call(index, Outcome::Degraded);
        }
        self.try_fallbacks(index, self.edge_of(index), outcome, tried)
    }

    /// Defers a call until later, if there is room; returns true if it did.
    fn put_off(&mut self, index: u32, capacity: u32) -> bool {
        let frame = &self.state.frames[index];
        let (edge, key) =
            (frame.called_edge, frame.key.child(frame.step_number() | Draw::Deferred.tag()));
        let deferred = Deferred {
            key,
            request: self.state.frames.request(index),
            entry: frame.called_entry,
            place: frame.place,
            priority: frame.priority,
            is_counted: frame.is_counted,
        };
        let waiting = &mut self.state.edges[edge].deferred;
        if waiting.len() >= capacity as usize {
            self.state.recorder.deferral_refused(edge);
            return false;
        }
        waiting.make_room();
        waiting.push_back(deferred);
        let is_first = waiting.len() == 1;
        self.state.deferred += 1;
        self.state.recorder.call_deferred(edge);
        if is_first {
            self.schedule_making_up(edge);
        }
        true
    }

    /// Makes the oldest deferred call over an edge, if the breakers on its way are closed.
    #[cold]
    pub fn make_up(&mut self, edge_id: Id<of::Edge>) -> Next {
        let edge = &self.plan.edges[edge_id];
        let Some(Deferred { place, .. }) = self.state.edges[edge_id].deferred.front().copied()
        else {
            return Next::Nothing;
        };
        let is_closed = edge.guards.iter().all(|guard| self.lets_pass(edge, guard, place));
        let next = if is_closed { self.begin_deferred_call(edge_id) } else { Next::Nothing };
        if !self.state.edges[edge_id].deferred.is_empty() {
            self.schedule_making_up(edge_id);
        }
        next
    }

    fn schedule_making_up(&mut self, edge: Id<of::Edge>) {
        let interval = self.plan.edges[edge].fallbacks.iter().find_map(|fallback| match fallback {
            Fallback::Later { interval, .. } => Some(*interval),
            _ => None,
        });
        self.schedule.after(
            interval.expect("only an edge with a deferring fallback defers calls"),
            Event::MakeUp { edge },
        );
    }

    fn lets_pass(&mut self, edge: &EdgePlan, guard: &Guard, place: Id<of::Place>) -> bool {
        let Guard::Breaker(Breaker { first, scope, .. }) = guard else { return true };
        let caller = edge.number_of_caller(place);
        scope.of_caller(*first, caller, edge).iter().all(|breaker| {
            self.state.run_timers_of(breaker, self.now);
            // Once all other traffic has stopped, the deferred call itself must be the probe.
            self.state.breakers[breaker].state() == BreakerState::Closed
                || self.state.have_arrivals_ended
        })
    }

    fn begin_deferred_call(&mut self, edge: Id<of::Edge>) -> Next {
        let Some(deferred) = self.state.edges[edge].deferred.pop_front() else {
            return Next::Nothing;
        };
        let Deferred { key, request, entry, place, priority, is_counted } = deferred;
        let index = self.allocate(key, Role::Deferred, place, Id::FIRST, is_counted);
        let frame = &mut self.state.frames[index];
        (frame.priority, frame.attempts, frame.rounds) = (priority, 0, 1);
        self.state.frames.set_request(index, request);
        self.send_in(index, edge, entry)
    }

    /// Handles the end of a deferred call: if it has failed again, it goes back to the front of the
    /// queue.
    pub fn deferred_call_ended(&mut self, index: u32, outcome: Outcome) -> Next {
        let frame = &self.state.frames[index];
        let edge = frame.called_edge;
        let deferred = Deferred {
            key: frame.key.child(1),
            request: self.state.frames.request(index),
            entry: frame.called_entry,
            place: frame.place,
            priority: frame.priority,
            is_counted: frame.is_counted,
        };
        self.state.frames.release(index);
        if outcome.is_good() {
            self.state.deferred -= 1;
            self.state.recorder.call_made_up(edge);
            return Next::Nothing;
        }
        let waiting = &mut self.state.edges[edge].deferred;
        waiting.make_room();
        waiting.push_front(deferred);
        if waiting.len() == 1 {
            self.schedule_making_up(edge);
        }
        Next::Nothing
    }
}

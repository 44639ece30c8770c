//! Tasks: parts of calls that a pool of threads carries out, and that go on when nobody waits for
//! them any more.
//!
//! A call that reaches such a pool hands everything further in to a frame of its own and waits for
//! its end. A timeout outside ends the wait and not the task, as in a real pool: the thread that
//! waits for a future is another than the one that works.

use super::activity::Activity;
use super::draw::Draw;
use super::engine::Engine;
use super::frame::NO_FRAME;
use super::state::Next;
use crate::Outcome;
use crate::guards::Call;

impl Engine<'_> {
    /// Hands the part of a call from a guard inwards to a task, for whose end it waits.
    pub fn submit(&mut self, call: Call<'_>) {
        let Call { index, position, .. } = call;
        let deadline = self.deadline_of_task(call);
        let waiter = self.state.frames.begin_wait(index, Activity::AwaitingTask);
        let frame = &self.state.frames[index];
        let (role, place, entry, is_counted) =
            (frame.role.task(), frame.place, frame.entry, frame.is_counted);
        let task = self.allocate(frame.key, role, place, entry, is_counted);
        self.state.frames[index].callee = task;
        let caller = self.state.frames[index].clone();
        let frame = &mut self.state.frames[task];
        (frame.caller, frame.first_guard, frame.guards_passed) = (waiter, position, position);
        (frame.step, frame.priority, frame.deadline) = (caller.step, caller.priority, deadline);
        frame.called_edge = caller.called_edge;
        frame.called_entry = caller.called_entry;
        frame.call_began = caller.call_began;
        (frame.target, frame.attempts, frame.rounds) =
            (caller.target, caller.attempts, caller.rounds);
        frame.given_up_from = u8::MAX;
        self.state.frames.set_request(task, self.state.frames.request(index));
        self.state.ready.push(Next::Ask(task));
    }

    /// Ends a task; its caller, if it still waits, goes on with the outcome.
    pub fn task_ended(&mut self, index: u32, outcome: Outcome) -> Next {
        let task = self.state.frames[index].clone();
        let origins = *self.state.frames.origins(index);
        self.state.frames.release(index);
        if !self.state.frames.is_live(task.caller) {
            if outcome.is_good() && task.is_counted {
                self.state.recorder.worked_for_nobody(task.called_edge);
            }
            return Next::Nothing;
        }
        let caller = task.caller.frame;
        self.state.frames.origins(caller).of_call = origins.of_call;
        let frame = &mut self.state.frames[caller];
        (frame.target, frame.attempts, frame.rounds) = (task.target, task.attempts, task.rounds);
        frame.retry_after_received = task.retry_after_received;
        self.leave_guards(caller, outcome)
    }

    /// Leaves the task of a call to itself: from now on it draws numbers of its own, and no longer
    /// those that the next try of the call will draw.
    #[cold]
    pub fn leave_task(&mut self, index: u32) {
        let task = std::mem::replace(&mut self.state.frames[index].callee, NO_FRAME);
        let frame = &mut self.state.frames[task];
        frame.key = frame.key.child(Draw::Task.tag());
        let (attempts, rounds) = (frame.attempts, frame.rounds);
        let frame = &mut self.state.frames[index];
        (frame.attempts, frame.rounds) = (attempts, rounds);
    }
}

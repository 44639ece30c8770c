//! The way through a handler: from step to step, and along parallel branches.

use sim_core::random::uniform;

use super::activity::Activity;
use super::draw::sibling;
use super::engine::Engine;
use super::id::{Id, of};
use super::role::Role;
use super::state::Next;
use crate::Outcome;

impl Engine<'_> {
    /// Continues with the step after the current one.
    #[inline]
    pub fn go_to_next(&mut self, index: u32) -> Next {
        let frame = &mut self.state.frames[index];
        frame.step = frame.step.offset(1);
        Next::Run(index)
    }

    pub fn go_to(&mut self, index: u32, step: Id<of::Step>) -> Next {
        self.state.frames[index].step = step;
        Next::Run(index)
    }

    pub fn chance(&self, index: u32, probability: f32) -> bool {
        let frame = &self.state.frames[index];
        uniform(&mut frame.key.child(frame.step_number()).draw()) < f64::from(probability)
    }

    pub fn fork(&mut self, index: u32, table: Id<of::Branches>) -> Next {
        let plan = self.plan;
        let table = &plan.tables[table];
        let step = self.state.frames[index].step_number();
        let caller = self.state.frames.begin_wait(index, Activity::AwaitingBranches);
        let parent = &mut self.state.frames[index];
        parent.branches = table.entries.len() as u16;
        parent.step = table.join.expect("a fork goes on after its branches");
        parent.has_failed_call = false;
        let (key, place, is_counted) = (parent.key, parent.place, parent.is_counted);
        let (deadline, priority) = (parent.deadline, parent.priority);
        let request = self.state.frames.request(index);
        for (number, entry) in table.entries.iter().enumerate().rev() {
            let key = key.child(step | sibling(number as u64 + 1));
            let branch = self.allocate(key, Role::Branch, place, *entry, is_counted);
            let frame = &mut self.state.frames[branch];
            (frame.caller, frame.deadline, frame.priority) = (caller, deadline, priority);
            self.state.frames.set_request(branch, request);
            self.state.ready.push(Next::Run(branch));
        }
        Next::Nothing
    }

    /// Ends a branch of a fork, at once or (`fails_at_once` is false) after its last step; the last
    /// branch to end lets the parent continue, or fail if any branch failed at once. A failure that
    /// a branch has put off is put off by the parent.
    pub fn branch_ends(&mut self, index: u32, outcome: Outcome, fails_at_once: bool) -> Next {
        let parent = self.state.frames[index].caller;
        if !self.state.caches.is_empty() {
            self.fetches_over(index, false);
        }
        let own = self.state.frames.origins(index).own;
        self.state.frames.release(index);
        if !self.state.frames.is_live(parent) {
            return Next::Nothing;
        }
        let frame = &mut self.state.frames[parent.frame];
        frame.branches -= 1;
        let is_worse = outcome > frame.outcome;
        frame.outcome = frame.outcome.max(outcome);
        frame.has_failed_call |= fails_at_once;
        if is_worse {
            self.state.frames.origins(parent.frame).own = own;
        }
        let frame = &self.state.frames[parent.frame];
        if frame.branches > 0 {
            return Next::Nothing;
        }
        if !frame.has_failed_call {
            return Next::Run(parent.frame);
        }
        let outcome = frame.outcome;
        self.finish(parent.frame, outcome)
    }
}

//! Steps of handlers.

use sim_core::random::uniform;

use super::blueprint::Step;
use super::call::Then;
use super::frame::{Activity, Role};
use super::state::Next;
use super::turn::{Turn, draw_tag};
use crate::Outcome;
use crate::resources::Waiter;

impl Turn<'_> {
    /// Runs steps until one has to wait.
    #[inline]
    pub fn run(&mut self, index: u32) {
        loop {
            let step = self.plan.program[self.state.frames[index].step as usize];
            match step {
                Step::Work(_) => return self.begin_work(index),
                Step::Call(site) => {
                    if self.begin_call(index, site) == Then::Waits {
                        return;
                    }
                }
                Step::Answer => {
                    let outcome = self.state.frames[index].outcome;
                    return self.finish(index, outcome);
                }
                Step::Pause(distribution) => {
                    let key = self.state.frames[index].key.child(self.step_number(index));
                    let span = self.plan.distributions[distribution as usize].sample_duration(&mut key.draw());
                    return self.wait(index, Activity::Pausing, span);
                }
                Step::Fork(table) => return self.fork(index, table),
                Step::Fail { probability, outcome } => {
                    if self.chance(index, probability) {
                        return self.finish(index, outcome);
                    }
                    self.state.frames[index].step += 1;
                }
                Step::Chance { probability, otherwise, needs_answer } => {
                    let is_missing_answer = needs_answer && self.state.frames[index].has_failed_call;
                    let goes_on = !is_missing_answer && self.chance(index, probability);
                    let frame = &mut self.state.frames[index];
                    frame.step = if goes_on { frame.step + 1 } else { otherwise };
                }
                Step::Choose(table) => {
                    let draw = uniform(&mut self.state.frames[index].key.child(self.step_number(index)).draw());
                    let table = &self.plan.tables[table as usize];
                    let branch = table.cumulative.partition_point(|cumulative| *cumulative <= draw).min(table.entries.len() - 1);
                    self.state.frames[index].step = table.entries[branch];
                }
                Step::Jump(to) => self.state.frames[index].step = to,
            }
        }
    }

    fn chance(&self, index: u32, probability: f32) -> bool {
        uniform(&mut self.state.frames[index].key.child(self.step_number(index)).draw()) < f64::from(probability)
    }

    fn fork(&mut self, index: u32, table: u32) {
        let plan = self.plan;
        let table = &plan.tables[table as usize];
        let step = self.step_number(index);
        let caller = self.state.frames.begin_wait(index, Activity::AwaitingBranches);
        let parent = &mut self.state.frames[index];
        parent.branches = table.entries.len() as u16;
        parent.step = table.join;
        let (key, instance, is_counted) = (parent.key, parent.instance, parent.is_counted);
        for (number, entry) in table.entries.iter().enumerate().rev() {
            let key = key.child(step | (number as u64 + 1) << draw_tag::SIBLING_SHIFT);
            let branch = self.allocate(key, Role::Branch, instance, *entry, is_counted);
            self.state.frames[branch].caller = caller;
            self.state.ready.push(Next::Run(branch));
        }
    }

    /// A branch of a fork has ended; the last one lets the parent go on, or fail if any has failed.
    pub fn branch_ends(&mut self, index: u32, outcome: Outcome) {
        let parent = self.state.frames[index].caller;
        self.state.frames.release(index);
        if self.state.frames.is_live(parent) {
            self.join_branch(parent, outcome);
        }
    }

    fn join_branch(&mut self, parent: Waiter, outcome: Outcome) {
        let frame = &mut self.state.frames[parent.frame];
        frame.branches -= 1;
        frame.outcome = frame.outcome.max(outcome);
        if frame.branches > 0 {
            return;
        }
        let outcome = frame.outcome;
        if outcome.is_good() {
            self.state.ready.push(Next::Run(parent.frame));
        } else {
            self.finish(parent.frame, outcome);
        }
    }
}

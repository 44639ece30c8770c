//! Steps of handlers.

use sim_core::random::{DrawKey, uniform};

use super::frame::{Activity, Role};
use super::program::Step;
use super::state::Next;
use super::turn::{Turn, draw_tag};
use crate::Outcome;

impl Turn<'_> {
    /// Runs the present step.
    #[inline]
    pub fn run(&mut self, index: u32) -> Next {
        let frame = &self.state.frames[index];
        if frame.deadline <= self.now {
            return self.finish(index, Outcome::Expired);
        }
        match self.plan.program[frame.step as usize] {
            Step::Work(_) => self.begin_work(index),
            Step::Call(site) => self.begin_call(index, site),
            Step::Answer => self.finish(index, frame.outcome),
            Step::Fork(table) => self.fork(index, table),
            Step::Pause(distribution) => {
                let mut draw = frame.key.child(frame.step_number()).draw();
                let span =
                    self.plan.distributions[distribution as usize].sample_duration(&mut draw);
                self.wait(index, Activity::Pausing, span)
            }
            Step::Fail { probability, outcome, retry_after } => {
                if self.chance(index, probability) {
                    self.state.frames[index].retry_after = retry_after;
                    return self.finish(index, outcome);
                }
                self.go_to_next(index)
            }
            Step::Chance { probability, otherwise, needs_answer } => {
                let is_missing_answer = needs_answer && frame.has_failed_call;
                let goes_on = !is_missing_answer && self.chance(index, probability);
                self.go_to(index, if goes_on { frame.step + 1 } else { otherwise })
            }
            Step::Choose(table) => {
                let draw = uniform(&mut frame.key.child(frame.step_number()).draw());
                let table = &self.plan.tables[table as usize];
                let branch = table
                    .cumulative
                    .partition_point(|cumulative| *cumulative <= draw)
                    .min(table.entries.len() - 1);
                self.go_to(index, table.entries[branch])
            }
            Step::Poison { share, outcome } => {
                let key = DrawKey::default()
                    .child(self.state.frames.request(index))
                    .child(draw_tag::POISON);
                if uniform(&mut key.draw()) < f64::from(share) {
                    return self.finish(index, outcome);
                }
                self.go_to_next(index)
            }
            Step::Jump(to) => self.go_to(index, to),
            Step::LookUp { cache, miss } => self.look_up(index, cache, miss),
            Step::Fill(cache) => self.fill(index, cache),
            Step::Send(queue) => self.begin_sending(index, queue),
            Step::Effect(effect) => {
                self.state.recorder.effect(effect, self.state.frames.request(index));
                self.go_to_next(index)
            }
        }
    }

    /// Goes on with the step after the present one.
    #[inline]
    pub fn go_to_next(&mut self, index: u32) -> Next {
        self.state.frames[index].step += 1;
        Next::Run(index)
    }

    pub fn go_to(&mut self, index: u32, step: u32) -> Next {
        self.state.frames[index].step = step;
        Next::Run(index)
    }

    fn chance(&self, index: u32, probability: f32) -> bool {
        let frame = &self.state.frames[index];
        uniform(&mut frame.key.child(frame.step_number()).draw()) < f64::from(probability)
    }

    fn fork(&mut self, index: u32, table: u32) -> Next {
        let plan = self.plan;
        let table = &plan.tables[table as usize];
        let step = self.state.frames[index].step_number();
        let caller = self.state.frames.begin_wait(index, Activity::AwaitingBranches);
        let parent = &mut self.state.frames[index];
        parent.branches = table.entries.len() as u16;
        parent.step = table.join;
        let (key, instance, is_counted) = (parent.key, parent.instance, parent.is_counted);
        let (deadline, priority) = (parent.deadline, parent.priority);
        let request = self.state.frames.request(index);
        for (number, entry) in table.entries.iter().enumerate().rev() {
            let key = key.child(step | (number as u64 + 1) << draw_tag::SIBLING_SHIFT);
            let branch = self.allocate(key, Role::Branch, instance, *entry, is_counted);
            let frame = &mut self.state.frames[branch];
            (frame.caller, frame.deadline, frame.priority) = (caller, deadline, priority);
            self.state.frames.set_request(branch, request);
            self.state.ready.push(Next::Run(branch));
        }
        Next::Nothing
    }

    /// A branch of a fork has ended; the last one lets the parent go on, or fail if any has failed.
    pub fn branch_ends(&mut self, index: u32, outcome: Outcome) -> Next {
        let parent = self.state.frames[index].caller;
        if !self.state.caches.is_empty() {
            self.fetches_over(index, false);
        }
        self.state.frames.release(index);
        if !self.state.frames.is_live(parent) {
            return Next::Nothing;
        }
        let frame = &mut self.state.frames[parent.frame];
        frame.branches -= 1;
        frame.outcome = frame.outcome.max(outcome);
        match frame.outcome {
            _ if frame.branches > 0 => Next::Nothing,
            outcome if outcome.is_good() => Next::Run(parent.frame),
            failure => self.finish(parent.frame, failure),
        }
    }
}

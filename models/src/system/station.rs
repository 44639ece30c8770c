//! Requests at a station: its queue, its slots, its processors.

use sim_core::SimDuration;

use super::blueprint::NONE;
use super::frame::{Activity, Role};
use super::state::{Next, Parked};
use super::turn::{Turn, draw_tag};
use crate::Outcome;
use crate::faults::Effect;
use crate::resources::Waiter;

impl Turn<'_> {
    /// A request has reached its instance.
    #[inline]
    pub fn arrive(&mut self, index: u32) {
        let instance = self.state.frames[index].instance;
        if self.state.instances[instance as usize].is_disturbed && self.is_held_up(index, instance) {
            return;
        }
        self.state.frames[index].entered_at = self.now;
        let slots = self.plan.instances[instance as usize].slots as usize;
        if self.state.pools[slots].try_acquire(self.now) {
            self.start(index);
            return;
        }
        let waiter = self.state.frames.begin_wait(index, Activity::Queued);
        if self.state.pools[slots].enqueue(self.now, waiter) {
            self.set_deadline(self.plan.pools[slots].wait_deadline, waiter);
        } else {
            self.answer(index, Outcome::QueueFull);
        }
    }

    /// Whether a fault keeps an arriving request out: a crashed instance refuses it, a paused one leaves it waiting.
    #[cold]
    fn is_held_up(&mut self, index: u32, instance: u32) -> bool {
        let condition = &self.state.instances[instance as usize];
        if condition.crashes > 0 {
            self.answer(index, Outcome::Refused);
            return true;
        }
        if condition.pauses > 0 {
            let waiter = self.state.frames.begin_wait(index, Activity::InTransit);
            self.park(index, Parked::Resume(waiter));
            return true;
        }
        false
    }

    /// A request that waited is handed a slot.
    pub fn slot_granted(&mut self, index: u32) {
        let frame = &self.state.frames[index];
        let waited = self.now.since(frame.entered_at);
        let slots = self.plan.instances[frame.instance as usize].slots as usize;
        self.state.pools[slots].note_wait(waited);
        self.start(index);
    }

    /// A request has a slot and starts its handler.
    #[inline]
    fn start(&mut self, index: u32) {
        let frame = &mut self.state.frames[index];
        frame.started_at = self.now;
        let instance = frame.instance as usize;
        if self.state.instances[instance].is_disturbed
            && let Some(outcome) = self.injected_error(index, instance)
        {
            return self.finish(index, outcome);
        }
        self.run(index);
    }

    /// The wait limit of a queue has run out.
    #[cold]
    pub fn wait_exceeded(&mut self, index: u32) {
        let slots = self.plan.instances[self.state.frames[index].instance as usize].slots;
        self.state.pools[slots as usize].leave_queue(self.now, true);
        self.answer(index, Outcome::WaitExceeded);
    }

    /// A handler has ended: its slot goes to the next in the queue, its answer to the caller.
    #[inline]
    pub fn finish(&mut self, index: u32, outcome: Outcome) {
        match self.state.frames[index].role {
            Role::Client => self.iteration_ends(index),
            Role::Branch => self.branch_ends(index, outcome),
            Role::Handler => {
                self.release_slot(index);
                self.answer(index, outcome);
            }
        }
    }

    /// Gives the slot back; the first in the queue starts after everything else of this instant that is already due.
    #[inline]
    pub fn release_slot(&mut self, index: u32) {
        let frame = &self.state.frames[index];
        let held = self.now.since(frame.started_at);
        let slots = self.plan.instances[frame.instance as usize].slots as usize;
        let frames = &self.state.frames;
        if let Some(waiter) = self.state.pools[slots].release(self.now, held, |waiter| frames.is_live(waiter)) {
            self.state.ready.push(Next::Start(waiter.frame));
        }
    }

    /// Begins a work step: first waits out what faults add to it, then computes.
    #[inline]
    pub fn begin_work(&mut self, index: u32) {
        let instance = self.state.frames[index].instance as usize;
        if self.state.instances[instance].is_disturbed {
            let added = self.added_by_faults(index, instance);
            if !added.is_zero() {
                return self.wait(index, Activity::Delayed, added);
            }
        }
        self.request_processor(index);
    }

    /// Takes a processor for the present step, or queues for one.
    #[inline]
    pub fn request_processor(&mut self, index: u32) {
        let processors = self.plan.instances[self.state.frames[index].instance as usize].processors;
        self.state.frames[index].since = self.now;
        if processors == NONE {
            self.compute(index);
            return;
        }
        if self.state.pools[processors as usize].try_acquire(self.now) {
            self.compute(index);
            return;
        }
        let waiter = self.state.frames.begin_wait(index, Activity::AwaitingProcessor);
        let is_queued = self.state.pools[processors as usize].enqueue(self.now, waiter);
        debug_assert!(is_queued, "the queue for processors has no limit");
    }

    /// The first in the queue for a processor gets it.
    pub fn processor_granted(&mut self, index: u32) {
        let frame = &mut self.state.frames[index];
        let waited = self.now.since(frame.since);
        frame.since = self.now;
        let processors = self.plan.instances[frame.instance as usize].processors as usize;
        self.state.pools[processors].note_wait(waited);
        self.compute(index);
    }

    /// The present step needs its processor no longer.
    #[inline]
    pub fn release_processor(&mut self, index: u32) {
        let frame = &self.state.frames[index];
        let processors = self.plan.instances[frame.instance as usize].processors;
        if processors == NONE {
            return;
        }
        let held = self.now.since(frame.since);
        let frames = &self.state.frames;
        if let Some(waiter) = self.state.pools[processors as usize].release(self.now, held, |waiter| frames.is_live(waiter)) {
            self.state.ready.push(Next::Work(waiter.frame));
        }
    }

    #[inline]
    fn compute(&mut self, index: u32) {
        let super::Step::Work(distribution) = self.plan.program[self.state.frames[index].step as usize] else {
            unreachable!("only work needs a processor")
        };
        let key = self.state.frames[index].key.child(self.step_number(index));
        let drawn = self.plan.distributions[distribution as usize].sample(&mut key.draw());
        let instance = self.state.frames[index].instance as usize;
        let nanos = if self.state.instances[instance].is_disturbed { drawn * self.slowness(instance) } else { drawn };
        self.wait(index, Activity::Working, SimDuration::from_nanos_f64(nanos));
    }

    /// What faults multiply the service times of an instance by.
    #[inline]
    fn slowness(&self, instance: usize) -> f64 {
        let factor_of = |&id: &u32| {
            let fault = &self.plan.faults[id as usize];
            let Effect::Slow { factor, .. } = fault.effect else { return 1.0 };
            1.0 + (factor - 1.0) * fault.intensity(self.now)
        };
        self.state.instances[instance].slowed_by.iter().map(factor_of).product()
    }

    /// What faults add to the present work step.
    #[cold]
    fn added_by_faults(&self, index: u32, instance: usize) -> SimDuration {
        let key = self.state.frames[index].key.child(self.step_number(index) | draw_tag::FAULT);
        let addition_of = |&id: &u32| {
            let fault = &self.plan.faults[id as usize];
            let Effect::Slow { added: Some(added), .. } = &fault.effect else { return 0.0 };
            added.sample(&mut key.child(u64::from(id)).draw()) * fault.intensity(self.now)
        };
        SimDuration::from_nanos_f64(self.state.instances[instance].slowed_by.iter().map(addition_of).sum())
    }

    #[cold]
    fn injected_error(&self, index: u32, instance: usize) -> Option<Outcome> {
        let faults = &self.state.instances[instance].failing_by;
        let key = self.state.frames[index].key.child(draw_tag::ERROR);
        faults.iter().find_map(|&id| {
            let fault = &self.plan.faults[id as usize];
            let Effect::Errors { rate, outcome } = fault.effect else { return None };
            let chance = rate * fault.intensity(self.now);
            (sim_core::random::uniform(&mut key.child(u64::from(id)).draw()) < chance).then_some(outcome)
        })
    }

    /// Sends the answer of a request at a station to its caller and gives the frame up.
    #[inline]
    pub fn answer(&mut self, index: u32, outcome: Outcome) {
        let frame = &self.state.frames[index];
        let (edge, to) = (frame.edge, frame.caller);
        if !self.has_network_latency(edge) {
            self.state.frames.release(index);
            self.state.ready.push(Next::Reply { to, outcome });
            return;
        }
        let latency = self.network_latency(edge, frame.key.child(draw_tag::REPLY_LATENCY));
        self.state.frames[index].outcome = outcome;
        self.wait(index, Activity::ReplyInTransit, latency);
    }

    /// An answer has arrived at the caller's side.
    #[cold]
    pub fn deliver_reply(&mut self, index: u32) {
        let frame = &self.state.frames[index];
        let (to, outcome) = (frame.caller, frame.outcome);
        self.state.frames.release(index);
        self.reply(to, outcome);
    }

    /// Whether the instance that a frame runs on stands still.
    #[inline]
    pub fn is_paused(&self, index: u32) -> bool {
        let frame = &self.state.frames[index];
        frame.role != Role::Client && self.state.instances[frame.instance as usize].pauses > 0
    }

    /// Keeps what a frame on a paused instance would notice until the instance goes on.
    #[cold]
    pub fn park(&mut self, index: u32, parked: Parked) {
        self.state.instances[self.state.frames[index].instance as usize].parked.push(parked);
    }

    /// Brings about, in order, what a paused instance has missed.
    #[cold]
    pub fn unpark(&mut self, instance: u32) {
        for parked in std::mem::take(&mut self.state.instances[instance as usize].parked).into_iter().rev() {
            self.state.ready.push(match parked {
                Parked::Resume(waiter) => Next::Unpark(waiter),
                Parked::Reply { to, outcome } => Next::Reply { to, outcome },
            });
        }
    }

    /// Whether a reference still means what it meant.
    pub fn is_live(&self, waiter: Waiter) -> bool {
        self.state.frames.is_live(waiter)
    }
}

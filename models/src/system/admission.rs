//! Gates: instances that reject requests before or after they queue, or serve them by class.

use sim_core::SimDuration;
use sim_core::random::uniform;

use super::activity::Activity;
use super::draw::Draw;
use super::engine::Engine;
use super::id::{Id, of};
use super::state::Next;
use crate::Outcome;
use crate::resources::Waiter;

impl Engine<'_> {
    /// Handles a request that arrives at an instance with admission control.
    pub fn ask_for_admission(&mut self, index: u32, admission: Id<of::Admission>) -> Next {
        let frame = &self.state.frames[index];
        let (instance, class) = (frame.instance(), frame.priority);
        let draw = uniform(&mut frame.key.child(Draw::Admission.tag()).draw());
        let slots = self.plan.instances[instance].slots;
        let size = self.size_to_admit(index, admission);
        let pool = &self.state.pools[slots];
        let in_use = f64::from(pool.in_use()) / f64::from(pool.capacity());
        let queue = pool.queue_length();
        let admission_state = &mut self.state.admissions[admission];
        let Some(admitted_as) = admission_state.admit(self.now, in_use, queue, draw, size) else {
            return self.turn_away(index, admission);
        };
        self.state.frames[index].admitted_as = admitted_as;
        if self.state.admissions[admission].is_out_of_memory(admitted_as) {
            self.run_out_of_memory(instance);
        }
        if self.state.pools[slots].try_acquire_for(self.now, class) {
            return self.start(index);
        }
        let waiter = self.state.frames.begin_wait(index, Activity::Queued);
        let frames = &self.state.frames;
        let (is_queued, evicted) =
            self.state.pools[slots]
                .enqueue_for(self.now, waiter, class, |waiter| frames.is_live(waiter));
        if let Some(Waiter { frame: evicted, .. }) = evicted {
            self.leave_admission(evicted, Outcome::Shed);
            let next = self.turn_away(evicted, admission);
            self.state.ready.push(next);
        }
        if !is_queued {
            self.leave_admission(index, Outcome::QueueFull);
            return self.answer(index, Outcome::QueueFull);
        }
        self.set_deadline(self.plan.pools[slots].wait_deadline, waiter);
        Next::Nothing
    }

    /// True if a request that has queued is dropped even though it now has a slot.
    pub fn is_dropped_by_admission(&mut self, index: u32) -> bool {
        let frame = &self.state.frames[index];
        let plan = self.plan.instances[frame.instance()];
        let Some(admission) = plan.admission else { return false };
        let waited = self.now.since(frame.entered_at);
        let has_more = self.state.pools[plan.slots].queue_length() > 0;
        let is_dropped = self.state.admissions[admission].drops(self.now, waited, has_more);
        if is_dropped {
            self.state.frames[index].retry_after = self.plan.admissions[admission].retry_after;
        }
        is_dropped
    }

    /// Gives back the slot of a request that leaves an instance with admission control.
    pub fn release_admitted_slot(&mut self, index: u32, held: SimDuration, outcome: Outcome) {
        let frame = &self.state.frames[index];
        let slots = self.plan.instances[frame.instance()].slots;
        let frames = &self.state.frames;
        let next = self.state.pools[slots]
            .release_for(self.now, held, frame.priority, |waiter| frames.is_live(waiter));
        if let Some(waiter) = next {
            self.state.ready.push(Next::Start(waiter.frame));
        }
        self.leave_admission(index, outcome);
    }

    /// Notes that a request leaves an instance or its queue, and with which outcome.
    #[inline]
    pub fn leave_admission(&mut self, index: u32, outcome: Outcome) {
        let frame = &self.state.frames[index];
        if let Some(admission) = self.plan.instances[frame.instance()].admission {
            let elapsed = self.now.since(frame.entered_at);
            let (admitted_as, size) = (frame.admitted_as, self.size_to_admit(index, admission));
            self.state.admissions[admission].leave(elapsed, admitted_as, size, outcome);
        }
    }

    /// The bytes that a request takes, if requests differ; the same whenever it is asked.
    fn size_to_admit(&self, index: u32, admission: Id<of::Admission>) -> u64 {
        let memory = self.plan.admissions[admission].memory;
        let Some(sizes) = memory.and_then(|memory| memory.sizes) else { return 0 };
        let key = self.state.frames[index].key.child(Draw::Memory.tag());
        self.plan.distributions[sizes.each].sample(&mut key.draw()) as u64
    }

    fn turn_away(&mut self, index: u32, admission: Id<of::Admission>) -> Next {
        self.state.frames[index].retry_after = self.plan.admissions[admission].retry_after;
        self.answer(index, Outcome::Shed)
    }
}

//! Requests at a station: its queue, its slots and its processors.

use sim_core::SimDuration;
use sim_core::growth::Growing;
use sim_core::random::DrawKey;

use super::activity::Activity;
use super::draw::Draw;
use super::engine::Engine;
use super::frame::Stage;
use super::id::{Id, of};
use super::instance::Parked;
use super::role::Role;
use super::state::Next;
use crate::Outcome;
use crate::faults::InForce;
use crate::resources::Repetition;

impl Engine<'_> {
    /// Handles a request that arrives at its instance.
    #[inline]
    pub fn arrive(&mut self, index: u32) -> Next {
        let frame = &mut self.state.frames[index];
        frame.entered_at = self.now;
        let instance = frame.instance();
        if self.is_disturbed(instance)
            && let Some(next) = self.is_held_up(index, instance)
        {
            return next;
        }
        let plan = self.plan.instances[instance];
        if let Some(admission) = plan.admission {
            return self.ask_for_admission(index, admission);
        }
        let slots = plan.slots;
        if self.state.pools[slots].try_acquire(self.now) {
            return self.start(index);
        }
        let waiter = self.state.frames.begin_wait(index, Activity::Queued);
        if !self.state.pools[slots].enqueue(self.now, waiter) {
            return self.answer(index, Outcome::QueueFull);
        }
        self.set_deadline(self.plan.pools[slots].wait_deadline, waiter);
        Next::Nothing
    }

    /// Handles a request that does not get in: an instance that has crashed or starts refuses it, a
    /// paused one leaves it waiting. Returns `None` if it gets in.
    #[cold]
    fn is_held_up(&mut self, index: u32, instance: Id<of::Instance>) -> Option<Next> {
        let condition = &self.state.instances[instance];
        if condition.crashes > 0 || condition.is_starting {
            return Some(self.answer(index, Outcome::Refused));
        }
        if condition.pauses > 0 {
            let waiter = self.state.frames.begin_wait(index, Activity::InTransit);
            self.state.instances[instance].held_up += 1;
            return Some(self.park(index, Parked::Arrival(waiter)));
        }
        None
    }

    /// Handles a request that waited and now gets a slot: drops it, or starts its handler.
    pub fn slot_granted(&mut self, index: u32) -> Next {
        let frame = &self.state.frames[index];
        let waited = self.now.since(frame.entered_at);
        let slots = self.plan.instances[frame.instance()].slots;
        self.state.pools[slots].note_wait(waited);
        if self.is_dropped_by_admission(index) {
            self.state.frames[index].started_at = self.now;
            return self.finish(index, Outcome::Shed);
        }
        self.start(index)
    }

    /// Starts the handler of a request that has a slot.
    #[inline]
    pub fn start(&mut self, index: u32) -> Next {
        let frame = &mut self.state.frames[index];
        frame.started_at = self.now;
        let instance = frame.instance();
        if self.plan.is_elaborate {
            self.note_wait_for_slot(index);
        }
        if self.is_disturbed(instance)
            && let Some((outcome, retry_after)) = self.injected_error(index, instance)
        {
            self.state.frames[index].retry_after = retry_after;
            return self.finish(index, outcome);
        }
        if self.plan.is_elaborate
            && let Some(outcome) = self.answer_to_repetition(index, instance)
        {
            return self.finish(index, outcome);
        }
        Next::Run(index)
    }

    /// Records how long a counted request waited for its slot, if somebody asks.
    #[cold]
    fn note_wait_for_slot(&mut self, index: u32) {
        let frame = &self.state.frames[index];
        let slots = self.plan.instances[frame.instance()].slots;
        if frame.is_counted && self.plan.watched.waits.contains(&slots) {
            let waited = self.now.since(frame.entered_at);
            self.state.recorder.slot_taken(slots, frame.priority, waited);
        }
    }

    /// Returns the answer of a service with idempotency keys to a request that it has already done
    /// or is doing right now.
    #[cold]
    fn answer_to_repetition(&mut self, index: u32, instance: Id<of::Instance>) -> Option<Outcome> {
        let keys = self.plan.instances[instance].keys?;
        let key = self.idempotency_key(index);
        match self.state.keys[keys].begin(self.now, key, index) {
            Repetition::First => None,
            Repetition::Replayed => Some(Outcome::Ok),
            Repetition::Conflict => Some(Outcome::ClientError),
        }
    }

    /// Returns the key of a request, one per request and operation.
    fn idempotency_key(&self, index: u32) -> u64 {
        let entry = self.state.frames[index].entry.number();
        self.state.frames.request(index).wrapping_add(u64::from(entry))
    }

    /// Handles a request that reached the wait limit of a queue.
    #[cold]
    pub fn wait_exceeded(&mut self, index: u32) -> Next {
        let slots = self.plan.instances[self.state.frames[index].instance()].slots;
        self.state.pools[slots].leave_queue(self.now, true);
        self.leave_admission(index, Outcome::WaitExceeded);
        self.answer(index, Outcome::WaitExceeded)
    }

    /// Ends a handler after its last step, with what has become of it so far.
    #[inline]
    pub fn handler_ends(&mut self, index: u32) -> Next {
        let frame = &self.state.frames[index];
        match frame.role {
            Role::Branch => self.branch_ends(index, frame.outcome, false),
            _ => self.finish(index, frame.outcome),
        }
    }

    /// Ends a handler: its slot goes to the next request in the queue, its answer to the caller.
    #[inline]
    pub fn finish(&mut self, index: u32, outcome: Outcome) -> Next {
        self.give_all_back(index);
        match self.state.frames[index].role {
            Role::Client => self.iteration_ends(index),
            Role::Branch => self.branch_ends(index, outcome, true),
            Role::Start => self.start_ended(index, outcome),
            Role::Deferred
            | Role::Consumer
            | Role::Compensation
            | Role::Operator(_)
            | Role::Probe
            | Role::Task(_) => {
                unreachable!("messages, deferred calls, probes and tasks end when their call ends")
            }
            Role::Handler => {
                self.state.frames[index].stage = Stage::Done;
                self.release_slot(index, outcome);
                self.answer(index, outcome)
            }
        }
    }

    /// Gives the slot back; the first request in the queue starts after everything else already due
    /// in this instant.
    #[inline]
    pub fn release_slot(&mut self, index: u32, outcome: Outcome) {
        let frame = &self.state.frames[index];
        let held = self.now.since(frame.started_at);
        let plan = self.plan.instances[frame.instance()];
        if self.plan.is_elaborate {
            self.end_of_request(index, outcome);
        }
        if plan.admission.is_some() {
            return self.release_admitted_slot(index, held, outcome);
        }
        let frames = &self.state.frames;
        let pool = &mut self.state.pools[plan.slots];
        if let Some(waiter) = pool.release(self.now, held, |waiter| frames.is_live(waiter)) {
            self.state.ready.push(Next::Start(waiter.frame));
        }
    }

    /// Ends whatever others may have waited for: a fetch, or a request in progress with the same
    /// key.
    #[cold]
    fn end_of_request(&mut self, index: u32, outcome: Outcome) {
        self.fetches_over(index, false);
        let keys = self.plan.instances[self.state.frames[index].instance()].keys;
        let key = self.idempotency_key(index);
        if let Some(keys) = keys {
            self.state.keys[keys].end(self.now, key, index, outcome.is_good());
        }
    }

    /// Starts a work step: first waits out the time that faults add to it, then computes.
    #[inline]
    pub fn begin_work(&mut self, index: u32) -> Next {
        if self.state.faults_in_force > 0 {
            let added = self.added_by_faults(index);
            if !added.is_zero() {
                return self.wait(index, Activity::Delayed, added);
            }
        }
        self.request_processor(index)
    }

    /// Takes a processor for the current step, or queues for one.
    #[inline]
    pub fn request_processor(&mut self, index: u32) -> Next {
        let frame = &mut self.state.frames[index];
        frame.since = self.now;
        let processors = self.plan.instances[frame.instance()].processors;
        let is_full = |id: &Id<of::Pool>| !self.state.pools[*id].try_acquire(self.now);
        let Some(processors) = processors.filter(is_full) else { return self.compute(index) };
        let waiter = self.state.frames.begin_wait(index, Activity::AwaitingProcessor);
        let is_queued = self.state.pools[processors].enqueue(self.now, waiter);
        debug_assert!(is_queued, "the queue for processors has no limit");
        Next::Nothing
    }

    /// Gives the processor to the first frame in the queue.
    pub fn processor_granted(&mut self, index: u32) -> Next {
        let frame = &mut self.state.frames[index];
        let waited = self.now.since(frame.since);
        frame.since = self.now;
        if let Some(processors) = self.plan.instances[frame.instance()].processors {
            self.state.pools[processors].note_wait(waited);
        }
        self.compute(index)
    }

    /// Gives back the processor once the current step no longer needs it.
    #[inline]
    pub fn release_processor(&mut self, index: u32) {
        let frame = &self.state.frames[index];
        let Some(processors) = self.plan.instances[frame.instance()].processors else { return };
        let held = self.now.since(frame.since);
        let frames = &self.state.frames;
        if let Some(waiter) =
            self.state.pools[processors].release(self.now, held, |waiter| frames.is_live(waiter))
        {
            self.state.ready.push(Next::Work(waiter.frame));
        }
    }

    #[inline]
    fn compute(&mut self, index: u32) -> Next {
        let frame = &self.state.frames[index];
        let crate::steps::Op::Work(distribution) = self.plan.program[frame.step] else {
            unreachable!("only work needs a processor")
        };
        let key = frame.key.child(frame.step_number());
        let mut nanos = self.plan.distributions[distribution].sample(&mut key.draw());
        if self.is_disturbed(frame.instance()) {
            nanos = self.contended_work(frame.instance(), nanos);
            nanos = self.slowed_work(frame.instance(), nanos, key);
        }
        self.wait(index, Activity::Working, SimDuration::from_nanos_f64(nanos))
    }

    /// Returns the service time of an instance that would be `nanos` without faults: some replace
    /// it, drawing from the same random numbers, and others multiply it.
    #[cold]
    fn slowed_work(&self, instance: Id<of::Instance>, nanos: f64, key: DrawKey) -> f64 {
        self.slowed(&self.state.instances[instance].slowed_by, nanos, |_| key)
    }

    /// A time that these faults make longer, without what they add; each draws with its own key.
    pub fn slowed(
        &self,
        faults: &[Id<of::Fault>],
        nanos: f64,
        key_of: impl Fn(Id<of::Fault>) -> DrawKey,
    ) -> f64 {
        let (mut nanos, mut slowness) = (nanos, 1.0);
        for &id in faults {
            let fault = &self.plan.faults[id];
            let clock = self.clock_of(fault);
            slowness *= fault.effect.work_factor(fault, clock);
            if let Some(instead) = fault.effect.work_instead() {
                let intensity = fault.intensity(clock);
                let drawn = instead.sample(&mut key_of(id).draw());
                nanos = nanos * (1.0 - intensity) + drawn * intensity;
            }
        }
        nanos * slowness
    }

    /// The nanoseconds that these faults add; each draws with its own key.
    pub fn added(
        &self,
        faults: &[Id<of::Fault>],
        key_of: impl Fn(Id<of::Fault>) -> DrawKey,
    ) -> f64 {
        let addition_of = |&id: &Id<of::Fault>| {
            let fault = &self.plan.faults[id];
            let Some(added) = fault.effect.added_work() else { return 0.0 };
            added.sample(&mut key_of(id).draw()) * fault.intensity(self.clock_of(fault))
        };
        faults.iter().map(addition_of).sum()
    }

    /// Returns the time that faults add to the current work step.
    #[cold]
    fn added_by_faults(&self, index: u32) -> SimDuration {
        let frame = &self.state.frames[index];
        let key = frame.key.child(frame.step_number() | Draw::Fault.tag());
        let slowed_by = &self.state.instances[frame.instance()].slowed_by;
        SimDuration::from_nanos_f64(self.added(slowed_by, |id| key.child(u64::from(id.number()))))
    }

    /// The time that a pause of `nanos` takes while faults slow its instance: what it waits for is
    /// slow.
    #[inline]
    pub fn slowed_pause(&self, index: u32, nanos: f64, key: DrawKey) -> f64 {
        let frame = &self.state.frames[index];
        if !frame.is_on_an_instance() || !self.is_disturbed(frame.instance()) {
            return nanos;
        }
        let added = self.added_by_faults(index);
        self.slowed_work(frame.instance(), nanos, key) + added.as_nanos() as f64
    }

    #[cold]
    fn injected_error(&self, index: u32, instance: Id<of::Instance>) -> Option<(Outcome, u32)> {
        let faults = &self.state.instances[instance].failing_by;
        let key = self.state.frames[index].key.child(Draw::Error.tag());
        faults.iter().find_map(|&id| {
            let fault = &self.plan.faults[id];
            let errors = fault.effect.errors()?;
            let chance = errors.rate * fault.intensity(self.clock_of(fault));
            (sim_core::random::uniform(&mut key.child(u64::from(id.number())).draw()) < chance)
                .then_some((errors.outcome, errors.retry_after))
        })
    }

    /// Sends the answer of a request at a station to its caller.
    #[inline]
    pub fn answer(&mut self, index: u32, outcome: Outcome) -> Next {
        let frame = &mut self.state.frames[index];
        frame.outcome = outcome;
        if !outcome.is_good() && frame.deadline <= self.now {
            frame.outcome = Outcome::Timeout;
        }
        let edge = frame.edge;
        if self.has_network_latency(edge)
            || self.plan.is_elaborate
            || self.state.faults_in_force > 0
        {
            return self.send_reply(index, edge);
        }
        Next::Reply(index)
    }

    /// Sends an answer over a network that may take time, or lose it.
    #[inline(never)]
    fn send_reply(&mut self, index: u32, edge: Id<of::Edge>) -> Next {
        if self.is_swallowed(index) {
            return self.swallow(index);
        }
        if self.goes_over_link(index) {
            return self.send_over_link(index, Activity::ReplyInTransit);
        }
        let key = self.state.frames[index].key.child(Draw::ReplyLatency.tag());
        let caller = self.state.frames[index].caller;
        let latency = if self.state.frames.is_live(caller) {
            self.latency_between(index, caller.frame, key)
        } else {
            self.network_latency(edge, key)
        };
        if latency.is_zero() {
            return Next::Reply(index);
        }
        self.wait(index, Activity::ReplyInTransit, latency)
    }

    /// True if the instance that a frame runs on is paused.
    #[inline]
    pub fn is_paused(&self, index: u32) -> bool {
        if self.state.faults_in_force == 0 {
            return false;
        }
        let frame = &self.state.frames[index];
        frame.is_on_an_instance() && self.state.instances[frame.instance()].pauses > 0
    }

    /// True if any fault is in force at an instance, or its work takes longer under load.
    #[inline]
    fn is_disturbed(&self, instance: Id<of::Instance>) -> bool {
        self.state.faults_in_force > 0 && self.state.instances[instance].is_disturbed
    }

    /// Stores something that a frame on a paused instance would notice until the instance resumes.
    #[cold]
    pub fn park(&mut self, index: u32, parked: Parked) -> Next {
        let instance = self.state.frames[index].instance();
        let missed = &mut self.state.instances[instance].parked;
        missed.make_room();
        missed.push_back(parked);
        Next::Nothing
    }

    /// Handles the first thing that a paused instance missed; the others follow after everything
    /// that results from it.
    #[cold]
    pub fn catch_up(&mut self, instance: Id<of::Instance>) -> Next {
        let Some(parked) = self.state.instances[instance].parked.pop_front() else {
            return Next::Nothing;
        };
        self.state.ready.push(Next::CatchUp(instance));
        if let Parked::Arrival(_) = parked {
            self.state.instances[instance].held_up -= 1;
        }
        match parked {
            Parked::Arrival(waiter) | Parked::Resume(waiter)
                if self.state.frames.is_live(waiter) =>
            {
                self.resume_unpaused(waiter.frame, self.state.frames[waiter.frame].activity)
            }
            Parked::Deadline(waiter) if self.state.frames.is_live(waiter) => {
                self.deadline_passed(waiter.frame)
            }
            Parked::Hedge(waiter) if self.state.frames.is_live(waiter) => self.hedge(waiter),
            Parked::Arrival(_) | Parked::Resume(_) | Parked::Deadline(_) | Parked::Hedge(_) => {
                Next::Nothing
            }
            Parked::Cancel { callee, caller } => {
                self.cancel(callee, caller);
                Next::Nothing
            }
            Parked::Reply { to, outcome } => self.take_reply(to, outcome),
        }
    }
}

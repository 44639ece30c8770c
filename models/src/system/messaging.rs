//! Message queues: sending, delivering, retrying and giving up.

use sim_core::SimTime;

use super::blueprint::{NONE, PartitionBy, QueuePlan};
use super::event::Event;
use super::frame::{Activity, Role};
use super::state::Next;
use super::turn::{Turn, draw_tag};
use crate::Outcome;
use crate::resilience::retry::PausesSoFar;
use crate::resources::{Message, Waiter};

impl Turn<'_> {
    /// Sends a message from a handler, either at once or after the time that the queue takes to
    /// accept it.
    pub fn begin_sending(&mut self, index: u32, queue: u32) -> Next {
        let latency = self.plan.queues[queue as usize].latency;
        if latency == NONE {
            return self.send_message(index, queue);
        }
        let frame = &self.state.frames[index];
        let mut draw = frame.key.child(frame.step_number()).draw();
        let span = self.plan.distributions[latency as usize].sample_duration(&mut draw);
        self.wait(index, Activity::Sending, span)
    }

    /// Ends a handler's sending: the queue has accepted the message, or is full.
    pub fn sending_ended(&mut self, index: u32) -> Next {
        let crate::steps::Op::Send(queue) =
            self.plan.program[self.state.frames[index].step as usize]
        else {
            unreachable!("only a step that sends waits for a queue")
        };
        self.send_message(index, queue)
    }

    fn send_message(&mut self, index: u32, queue: u32) -> Next {
        if self.enqueue(index, queue) {
            return self.go_to_next(index);
        }
        self.finish(index, Outcome::QueueFull)
    }

    /// Puts a message about a frame's request into a queue if there is room; returns true if it
    /// did.
    pub fn enqueue(&mut self, index: u32, queue: u32) -> bool {
        let frame = &self.state.frames[index];
        let message = Message {
            key: frame.key.child(frame.step_number() | draw_tag::MESSAGE),
            request: self.state.frames.request(index),
            sent_at: self.now,
            class: frame.priority,
            attempts: 0,
            is_counted: frame.is_counted,
        };
        self.accept(queue, message)
    }

    fn accept(&mut self, queue: u32, message: Message) -> bool {
        let plan = &self.plan.queues[queue as usize];
        let partition = match plan.partition_by {
            PartitionBy::Request => {
                (message.key.child(0).bits() % u64::from(plan.partitions)) as u32
            }
            PartitionBy::Priority => u32::from(message.class).min(plan.partitions - 1),
        };
        let is_accepted = self.state.queues[queue as usize].messages.try_send(partition, message);
        self.state.recorder.message_sent(queue, is_accepted);
        if is_accepted {
            self.state.messages += u64::from(plan.entry != NONE);
            self.watch_expiry(queue);
            self.deliver(queue);
        }
        is_accepted
    }

    /// Checks whether something that a queue waits for has happened: an expiry, the end of a pause,
    /// or the next turn of its rate.
    #[cold]
    pub fn queue_tick(&mut self, queue: u32) {
        let state = &mut self.state.queues[queue as usize];
        if state.tick_at != Some(self.now) {
            return;
        }
        state.tick_at = None;
        self.expire(queue);
        self.watch_expiry(queue);
        self.deliver(queue);
    }

    fn tick_at(&mut self, queue: u32, at: SimTime) {
        let state = &mut self.state.queues[queue as usize];
        if state.tick_at.is_none_or(|planned| at < planned) {
            state.tick_at = Some(at);
            self.schedule.at(at, Event::QueueTick { queue });
        }
    }

    fn watch_expiry(&mut self, queue: u32) {
        let Some(lifetime) = self.plan.queues[queue as usize].lifetime else { return };
        if let Some(oldest) = self.state.queues[queue as usize].messages.oldest() {
            self.tick_at(queue, (oldest + lifetime).max(self.now));
        }
    }

    /// Drops messages that are too old; a compensating call may follow for each.
    fn expire(&mut self, queue: u32) {
        let plan = &self.plan.queues[queue as usize];
        let Some(lifetime) = plan.lifetime else { return };
        if self.now < SimTime::ZERO + lifetime {
            return;
        }
        let limit = SimTime::from_nanos(self.now.as_nanos() - lifetime.as_nanos());
        while let Some(message) = self.state.queues[queue as usize].messages.take_expired(limit) {
            self.state.messages -= u64::from(plan.entry != NONE);
            self.state.recorder.message_expired(queue);
            if plan.on_expiry != NONE {
                let entry = plan.on_expiry;
                let frame = self.begin_delivery(queue, 0, message, Role::Compensation, entry);
                self.state.ready.push(Next::Run(frame));
            }
        }
    }

    /// Delivers as many messages as are allowed now.
    fn deliver(&mut self, queue: u32) {
        let plan = &self.plan.queues[queue as usize];
        if plan.entry == NONE {
            return;
        }
        for partition in 0..plan.partitions {
            while self.may_deliver(queue, partition, plan) {
                let Some(message) = self.state.queues[queue as usize].messages.take(partition)
                else {
                    break;
                };
                let state = &mut self.state.queues[queue as usize];
                state.in_flight[partition as usize] += 1;
                state.next_delivery = self.now + plan.interval;
                let frame =
                    self.begin_delivery(queue, partition, message, Role::Consumer, plan.entry);
                self.state.ready.push(Next::Run(frame));
            }
        }
    }

    /// True if a partition has room for another delivery and is held up by neither a pause nor the
    /// rate; if it is held up, the queue checks again later.
    fn may_deliver(&mut self, queue: u32, partition: u32, plan: &QueuePlan) -> bool {
        let state = &self.state.queues[queue as usize];
        if state.in_flight[partition as usize] >= plan.concurrency || state.messages.depth() == 0 {
            return false;
        }
        let ready_at = state.paused_until[partition as usize].max(state.next_delivery);
        if ready_at > self.now {
            self.tick_at(queue, ready_at);
        }
        ready_at <= self.now
    }

    fn begin_delivery(
        &mut self,
        queue: u32,
        partition: u32,
        message: Message,
        role: Role,
        entry: u32,
    ) -> u32 {
        let index = self.allocate(message.key, role, queue, entry, message.is_counted);
        self.state.frames.set_request(index, message.request);
        let frame = &mut self.state.frames[index];
        (frame.entered_at, frame.priority) = (message.sent_at, message.class);
        (frame.caller, frame.admitted_as) =
            (Waiter { frame: partition, epoch: 0 }, message.attempts + 1);
        index
    }

    /// Handles the end of a delivery: the message is done, retried after a pause, or moved to the
    /// dead letters. The messages behind it in its partition wait until then. A delivery rejected
    /// by the consumer's own breaker does not count: the message goes back, and its partition
    /// pauses.
    pub fn delivery_ended(&mut self, index: u32, outcome: Outcome) -> Next {
        let frame = &self.state.frames[index];
        let (queue, partition, attempts) = (frame.instance, frame.caller.frame, frame.admitted_as);
        let plan = &self.plan.queues[queue as usize];
        let elapsed = self.now.since(frame.entered_at);
        if outcome.is_good() {
            self.state.recorder.message_delivered(queue, elapsed);
            return self.delivery_over(index);
        }
        if outcome == Outcome::RejectedByBreaker {
            let message = self.message_of(index);
            let state = &mut self.state.queues[queue as usize];
            state.messages.put_back(partition, message);
            state.paused_until[partition as usize] = self.now + plan.pause;
            self.state.messages += 1;
            self.watch_expiry(queue);
            return self.delivery_over(index);
        }
        self.state.recorder.delivery_failed(queue);
        if attempts >= plan.attempts {
            let message = self.message_of(index);
            self.state.recorder.message_dead(queue);
            let next = self.delivery_over(index);
            if plan.dead_letters != NONE {
                self.accept(plan.dead_letters, Message { attempts: 0, ..message });
            }
            return next;
        }
        let tag = draw_tag::BACKOFF | u64::from(attempts) << draw_tag::SIBLING_SHIFT;
        let mut draw = frame.key.child(tag).draw();
        let pause = self.plan.pause(plan.pauses, attempts, &mut PausesSoFar::default(), &mut draw);
        let frame = &mut self.state.frames[index];
        frame.admitted_as += 1;
        frame.key = frame.key.child(u64::from(attempts));
        frame.step = frame.entry;
        self.wait(index, Activity::Pausing, pause)
    }

    fn message_of(&self, index: u32) -> Message {
        let frame = &self.state.frames[index];
        Message {
            key: frame.key.child(draw_tag::MESSAGE),
            request: self.state.frames.request(index),
            sent_at: frame.entered_at,
            class: frame.priority,
            attempts: frame.admitted_as - 1,
            is_counted: frame.is_counted,
        }
    }

    /// Frees the place of a delivery.
    fn delivery_over(&mut self, index: u32) -> Next {
        let frame = &self.state.frames[index];
        let (queue, partition) = (frame.instance, frame.caller.frame);
        self.state.frames.release(index);
        self.state.messages -= 1;
        self.state.queues[queue as usize].in_flight[partition as usize] -= 1;
        self.deliver(queue);
        Next::Nothing
    }

    /// Handles the end of a call that compensates for an expired message.
    pub fn compensation_ended(&mut self, index: u32, outcome: Outcome) -> Next {
        let queue = self.state.frames[index].instance;
        self.state.frames.release(index);
        self.state.recorder.message_compensated(queue, outcome.is_good());
        Next::Nothing
    }
}

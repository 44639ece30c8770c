//! Message queues: sending, delivering, retrying and giving up.

use sim_core::SimTime;
use sim_core::random::DrawKey;

use super::activity::Activity;
use super::blueprint::PartitionBy;
use super::draw::Draw;
use super::engine::Engine;
use super::event::Event;
use super::frame::NO_FRAME;
use super::id::{Id, of};
use super::role::Role;
use super::state::Next;
use crate::Outcome;
use crate::resilience::retry::PausesSoFar;
use crate::resources::{Message, Waiter};

impl Engine<'_> {
    /// Sends a message from a handler, either at once or after the time that the queue takes to
    /// accept it.
    pub fn begin_sending(&mut self, index: u32, queue: Id<of::Queue>) -> Next {
        let Some(latency) = self.plan.queues[queue].latency else {
            return self.send_message(index, queue);
        };
        let frame = &self.state.frames[index];
        let mut draw = frame.key.child(frame.step_number()).draw();
        let span = self.plan.distributions[latency].sample_duration(&mut draw);
        self.wait(index, Activity::Sending, span)
    }

    /// Ends a handler's sending: the queue has accepted the message, or is full.
    pub fn sending_ended(&mut self, index: u32) -> Next {
        let crate::steps::Op::Send(queue) = self.plan.program[self.state.frames[index].step] else {
            unreachable!("only a step that sends waits for a queue")
        };
        self.send_message(index, queue)
    }

    fn send_message(&mut self, index: u32, queue: Id<of::Queue>) -> Next {
        if self.enqueue(index, queue) {
            return self.go_to_next(index);
        }
        self.finish(index, Outcome::QueueFull)
    }

    /// Puts a message about a frame's request into a queue if there is room; returns true if it
    /// did.
    pub fn enqueue(&mut self, index: u32, queue: Id<of::Queue>) -> bool {
        let frame = &self.state.frames[index];
        let message = Message {
            key: frame.key.child(frame.step_number() | Draw::Message.tag()),
            request: self.state.frames.request(index),
            sent_at: self.now,
            class: frame.priority,
            attempts: 0,
            is_counted: frame.is_counted,
        };
        self.accept(queue, message)
    }

    fn accept(&mut self, queue: Id<of::Queue>, message: Message) -> bool {
        let plan = &self.plan.queues[queue];
        let partitions = plan.messages.partitions;
        let partition = match plan.partition_by {
            PartitionBy::Request => {
                let key = DrawKey::default().child(message.request).child(Draw::Message.tag());
                (key.bits() % u64::from(partitions)) as u32
            }
            PartitionBy::Priority => u32::from(message.class).min(partitions - 1),
        };
        let is_accepted = self.state.queues[queue].messages.try_send(partition, message);
        self.state.recorder.message_sent(queue, is_accepted);
        if is_accepted {
            self.state.messages += u64::from(plan.entry.is_some());
            self.watch_expiry(queue);
            self.deliver(queue);
        }
        is_accepted
    }

    /// Checks whether something that a queue waits for has happened: an expiry, the end of a pause
    /// or of a rest between two attempts, or the next turn of its rate.
    #[cold]
    pub fn queue_tick(&mut self, queue: Id<of::Queue>) {
        let state = &mut self.state.queues[queue];
        if state.tick_at != Some(self.now) {
            return;
        }
        state.tick_at = None;
        state.messages.wake(self.now);
        if let Some(at) = state.messages.next_to_wake() {
            self.tick_at(queue, at);
        }
        self.expire(queue);
        self.watch_expiry(queue);
        self.deliver(queue);
    }

    fn tick_at(&mut self, queue: Id<of::Queue>, at: SimTime) {
        let state = &mut self.state.queues[queue];
        if state.tick_at.is_none_or(|planned| at < planned) {
            state.tick_at = Some(at);
            self.schedule.at(at, Event::QueueTick { queue });
        }
    }

    fn watch_expiry(&mut self, queue: Id<of::Queue>) {
        let Some(lifetime) = self.plan.queues[queue].lifetime else { return };
        if let Some(oldest) = self.state.queues[queue].messages.oldest_awake() {
            self.tick_at(queue, (oldest + lifetime).max(self.now));
        }
    }

    /// Drops messages that are too old; a compensating call may follow for each.
    fn expire(&mut self, queue: Id<of::Queue>) {
        let plan = &self.plan.queues[queue];
        let Some(lifetime) = plan.lifetime else { return };
        if self.now < SimTime::ZERO + lifetime {
            return;
        }
        let limit = SimTime::from_nanos(self.now.as_nanos() - lifetime.as_nanos());
        while let Some(message) = self.state.queues[queue].messages.take_expired(limit) {
            self.state.messages -= u64::from(plan.entry.is_some());
            self.state.recorder.message_expired(queue);
            if let Some(first_step) = plan.on_expiry {
                self.begin_delivery(queue, None, message, Role::Compensation, first_step);
            }
        }
    }

    /// Looks at a queue whose settings have changed.
    pub fn queue_changed(&mut self, queue: Id<of::Queue>) {
        self.watch_expiry(queue);
        self.deliver(queue);
    }

    /// Drops all messages of a queue that are neither being delivered nor between two attempts.
    #[cold]
    pub fn purge(&mut self, queue: Id<of::Queue>) {
        let purged = self.state.queues[queue].messages.purge();
        if self.plan.queues[queue].entry.is_some() {
            self.state.messages -= purged;
        }
        self.state.recorder.messages_purged(queue, purged);
    }

    /// Delivers as many messages as are allowed now. Partitions take turns, a message at a time, so
    /// that none of them waits for longer than a turn of every other.
    fn deliver(&mut self, queue: Id<of::Queue>) {
        let plan = &self.plan.queues[queue];
        let Some(first_step) = plan.entry else { return };
        let mut partition = self.state.queues[queue].next_partition;
        let mut passed_over = 0;
        while passed_over < plan.messages.partitions {
            let next = (partition + 1) % plan.messages.partitions;
            if let Some((delivery, message)) = self.take_message(queue, partition) {
                let state = &mut self.state.queues[queue];
                state.next_delivery = self.now + plan.interval;
                state.next_partition = next;
                self.begin_delivery(queue, Some(delivery), message, Role::Consumer, first_step);
                passed_over = 0;
            } else {
                passed_over += 1;
            }
            partition = next;
        }
    }

    /// Takes the next message of a partition unless a pause or the rate holds it up; then the queue
    /// checks again later.
    fn take_message(&mut self, queue: Id<of::Queue>, partition: u32) -> Option<(u32, Message)> {
        let state = &mut self.state.queues[queue];
        if !state.messages.may_take(partition) {
            return None;
        }
        let ready_at = state.paused_until[partition as usize].max(state.next_delivery);
        if ready_at > self.now {
            self.tick_at(queue, ready_at);
            return None;
        }
        state.messages.take(partition)
    }

    /// Begins a call for a message. Those of one instant are made in the order in which they begin,
    /// and the next only once everything that follows from the one before has happened.
    fn begin_delivery(
        &mut self,
        queue: Id<of::Queue>,
        delivery: Option<u32>,
        message: Message,
        role: Role,
        entry: Id<of::Step>,
    ) {
        let index = self.allocate(message.key, role, Id::at(queue), entry, message.is_counted);
        self.state.frames.set_request(index, message.request);
        let frame = &mut self.state.frames[index];
        (frame.entered_at, frame.priority) = (message.sent_at, message.class);
        (frame.caller, frame.admitted_as) =
            (Waiter { frame: delivery.unwrap_or(NO_FRAME), epoch: 0 }, message.attempts + 1);
        self.state.queues[queue].begun.push_back(index);
        self.state.ready.push(Next::Deliver(queue));
    }

    /// Makes the next call that a queue has begun.
    #[cold]
    pub fn run_delivery(&mut self, queue: Id<of::Queue>) -> Next {
        let begun = self.state.queues[queue].begun.pop_front();
        begun.map_or(Next::Nothing, Next::Run)
    }

    /// Handles the end of a delivery: the message is done, rests until its next attempt, or is moved
    /// to the dead letters. A message that rests keeps its place in its partition. A delivery
    /// rejected by the consumer's own breaker does not count: the message goes back, and its
    /// partition pauses.
    pub fn delivery_ended(&mut self, index: u32, outcome: Outcome) -> Next {
        let frame = &self.state.frames[index];
        let (queue, delivery, attempts) = (frame.queue(), frame.caller.frame, frame.admitted_as);
        let (key, elapsed) = (frame.key, self.now.since(frame.entered_at));
        self.state.frames.release(index);
        if outcome == Outcome::RejectedByBreaker {
            self.put_back(queue, delivery, key);
        } else if outcome.is_good() {
            self.state.recorder.message_delivered(queue, elapsed);
            self.finish_message(queue, delivery);
        } else {
            self.state.recorder.delivery_failed(queue);
            if attempts < self.plan.queues[queue].attempts {
                self.rest(queue, delivery, key, attempts);
            } else {
                self.bury(queue, delivery, key);
            }
        }
        Next::Nothing
    }

    fn put_back(&mut self, queue: Id<of::Queue>, delivery: u32, key: DrawKey) {
        let state = &mut self.state.queues[queue];
        let partition = state.messages.put_back(delivery, key.child(Draw::Message.tag()));
        state.paused_until[partition as usize] = self.now + self.plan.queues[queue].pause;
        self.watch_expiry(queue);
        self.deliver(queue);
    }

    fn finish_message(&mut self, queue: Id<of::Queue>, delivery: u32) -> Message {
        let message = self.state.queues[queue].messages.finish(delivery);
        self.state.messages -= 1;
        self.deliver(queue);
        message
    }

    /// Lets a message rest after a failed delivery, until its next one or until it is too old.
    fn rest(&mut self, queue: Id<of::Queue>, delivery: u32, key: DrawKey, attempts: u32) {
        let plan = &self.plan.queues[queue];
        let tag = Draw::Backoff.of_attempt(attempts);
        let mut draw = key.child(tag).draw();
        let pause = self.plan.pause(plan.pauses, attempts, &mut PausesSoFar::default(), &mut draw);
        let state = &mut self.state.queues[queue];
        let sent_at = state.messages.held(delivery).sent_at;
        let too_old = plan.lifetime.map_or(SimTime::MAX, |lifetime| sent_at + lifetime);
        let until = (self.now + pause).min(too_old).max(self.now);
        state.messages.rest(delivery, key.child(u64::from(attempts)), until);
        self.tick_at(queue, until);
    }

    /// Gives a message up whose last delivery has failed.
    fn bury(&mut self, queue: Id<of::Queue>, delivery: u32, key: DrawKey) {
        self.state.recorder.message_dead(queue);
        let message = self.finish_message(queue, delivery);
        if let Some(dead_letters) = self.plan.queues[queue].dead_letters {
            let key = key.child(Draw::Message.tag());
            self.accept(dead_letters, Message { key, attempts: 0, ..message });
        }
    }

    /// Handles the end of a call that compensates for an expired message.
    pub fn compensation_ended(&mut self, index: u32, outcome: Outcome) -> Next {
        let queue = self.state.frames[index].queue();
        self.state.frames.release(index);
        self.state.recorder.message_compensated(queue, outcome.is_good());
        Next::Nothing
    }
}

//! Messages waiting for delivery: a durable queue, or a partitioned log.

use std::collections::VecDeque;

use sim_core::SimTime;
use sim_core::random::DrawKey;

/// A message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Message {
    /// Key for the random draws of its deliveries.
    pub key: DrawKey,
    /// The workload request that it comes from.
    pub request: u64,
    /// Time at which it was sent.
    pub sent_at: SimTime,
    /// Its class; 0 is the highest.
    pub class: u8,
    /// Number of failed deliveries.
    pub attempts: u32,
    /// True if its request started after the warm-up.
    pub is_counted: bool,
}

/// Messages in partitions. Each partition has either one lane or one lane per class.
///
/// A partition is served in order: highest class first, and oldest first within a class.
///
/// ```
/// use sim_core::{SimTime, random::DrawKey};
/// use sim_models::resources::{Message, MessageQueue};
/// let mut queue = MessageQueue::new(1, 2, 10);
/// let message = |class| Message { key: DrawKey::default(), request: 0, sent_at: SimTime::ZERO, class, attempts: 0, is_counted: true };
/// assert!(queue.try_send(0, message(1)) && queue.try_send(0, message(0)));
/// assert_eq!(queue.take(0).map(|message| message.class), Some(0));
/// ```
#[derive(Clone, Debug)]
pub struct MessageQueue {
    /// All lanes, partition by partition.
    lanes: Vec<VecDeque<Message>>,
    lanes_each: usize,
    capacity: u64,
    waiting: u64,
}

impl MessageQueue {
    /// Creates an empty queue with `lanes_each` lanes in each of `partitions`, for at most
    /// `capacity` messages in total.
    pub fn new(partitions: u32, lanes_each: u32, capacity: u64) -> Self {
        let lanes = vec![VecDeque::new(); partitions as usize * lanes_each as usize];
        Self { lanes, lanes_each: lanes_each as usize, capacity, waiting: 0 }
    }

    /// Appends a message to a partition; returns false if the queue is full.
    pub fn try_send(&mut self, partition: u32, message: Message) -> bool {
        if self.waiting >= self.capacity {
            return false;
        }
        self.waiting += 1;
        self.lane_of(partition, message.class).push_back(message);
        true
    }

    /// Puts a message back at the front of its lane.
    pub fn put_back(&mut self, partition: u32, message: Message) {
        self.waiting += 1;
        self.lane_of(partition, message.class).push_front(message);
    }

    /// Takes the next message of a partition.
    pub fn take(&mut self, partition: u32) -> Option<Message> {
        let first = partition as usize * self.lanes_each;
        let message =
            self.lanes[first..first + self.lanes_each].iter_mut().find_map(VecDeque::pop_front)?;
        self.waiting -= 1;
        Some(message)
    }

    /// Takes a message that was sent at or before `limit`, if there is one.
    pub fn take_expired(&mut self, limit: SimTime) -> Option<Message> {
        let is_expired = |lane: &&mut VecDeque<Message>| {
            lane.front().is_some_and(|message| message.sent_at <= limit)
        };
        let message = self.lanes.iter_mut().find(is_expired)?.pop_front()?;
        self.waiting -= 1;
        Some(message)
    }

    /// Number of messages waiting.
    pub fn depth(&self) -> u64 {
        self.waiting
    }

    /// Time at which the oldest waiting message was sent.
    pub fn oldest(&self) -> Option<SimTime> {
        self.lanes.iter().filter_map(|lane| Some(lane.front()?.sent_at)).min()
    }

    fn lane_of(&mut self, partition: u32, class: u8) -> &mut VecDeque<Message> {
        &mut self.lanes
            [partition as usize * self.lanes_each + usize::from(class).min(self.lanes_each - 1)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(second: u64, class: u8) -> Message {
        Message {
            key: DrawKey::default(),
            request: second,
            sent_at: SimTime::from_secs(second),
            class,
            attempts: 0,
            is_counted: true,
        }
    }

    #[test]
    fn partitions_keep_their_order_and_share_the_capacity() {
        let mut queue = MessageQueue::new(2, 1, 3);
        assert_eq!(
            [(0, 1), (1, 2), (0, 3), (1, 4)]
                .map(|(lane, second)| queue.try_send(lane, message(second, 0))),
            [true, true, true, false]
        );
        assert_eq!(queue.oldest(), Some(SimTime::from_secs(1)));
        let first = queue.take(0).expect("a message");
        queue.put_back(0, first);
        assert_eq!(
            [0, 0, 0, 1].map(|lane| queue.take(lane).map(|message| message.request)),
            [Some(1), Some(3), None, Some(2)]
        );
        assert_eq!(queue.depth(), 0);
    }

    #[test]
    fn what_is_too_old_is_found_behind_a_higher_class() {
        let mut queue = MessageQueue::new(1, 2, 9);
        queue.try_send(0, message(5, 0));
        queue.try_send(0, message(1, 1));
        assert_eq!(
            queue.take_expired(SimTime::from_secs(3)).map(|message| message.request),
            Some(1)
        );
        assert_eq!(queue.take_expired(SimTime::from_secs(3)), None);
    }
}

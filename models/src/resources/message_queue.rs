//! Messages from their acceptance to the end of their last delivery: a durable queue, or a
//! partitioned log.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use sim_core::SimTime;
use sim_core::growth::Growing;
use sim_core::random::DrawKey;

/// A message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Message {
    /// Key for the random draws of its next delivery.
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

/// The limits of a queue of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageLimits {
    /// Number of partitions, at least 1.
    pub partitions: u32,
    /// Lanes of each partition, at least 1: either one, or one per class.
    pub lanes: u32,
    /// Maximum number of messages that wait without a place: `RabbitMQ`'s `max-length` counts
    /// messages that no consumer holds.
    pub capacity: u64,
    /// Places of each partition: maximum number of messages that are being delivered or rest
    /// between two attempts.
    pub concurrency: u32,
}

/// A message with what the queue knows of it.
#[derive(Clone, Copy, Debug)]
struct Entry {
    message: Message,
    /// Number of messages accepted before it.
    number: u64,
    partition: u32,
}

/// Messages in partitions.
///
/// A partition is served in order: highest class first, and within a class in the order in which
/// the messages were accepted. A delivery takes a place of its partition. A message that rests
/// between two attempts keeps its place, and goes before those that have none.
///
/// ```
/// use sim_core::{SimTime, random::DrawKey};
/// use sim_models::resources::{Message, MessageLimits, MessageQueue};
/// let limits = MessageLimits { partitions: 1, lanes: 2, capacity: 10, concurrency: 1 };
/// let mut queue = MessageQueue::new(limits);
/// let message = |class| Message { key: DrawKey::default(), request: 0, sent_at: SimTime::ZERO, class, attempts: 0, is_counted: true };
/// assert!(queue.try_send(0, message(1)) && queue.try_send(0, message(0)));
/// let (delivery, first) = queue.take(0).expect("a message and a place");
/// assert_eq!((first.class, queue.take(0)), (0, None));
/// queue.finish(delivery);
/// assert!(queue.may_take(0));
/// ```
#[derive(Clone, Debug)]
pub struct MessageQueue {
    limits: MessageLimits,
    /// All lanes, partition by partition: first those of messages that have a place and whose rest
    /// is over, then those of messages without a place.
    lanes: Vec<VecDeque<Entry>>,
    /// Messages in the lanes of those without a place.
    without_place: u64,
    /// Messages in all lanes.
    in_lanes: u64,
    /// Places taken in each partition.
    places: Vec<u32>,
    /// Messages that are being delivered or rest; those whose numbers are free are leftovers.
    held: Vec<Entry>,
    free: Vec<u32>,
    /// Messages that rest: the end of the rest, the number of the message, its place in `held`.
    resting: BinaryHeap<Reverse<(SimTime, u64, u32)>>,
    accepted: u64,
}

impl MessageQueue {
    /// Creates an empty queue.
    pub fn new(limits: MessageLimits) -> Self {
        let lanes = 2 * limits.partitions as usize * limits.lanes as usize;
        Self {
            limits,
            lanes: vec![VecDeque::new(); lanes],
            without_place: 0,
            in_lanes: 0,
            places: vec![0; limits.partitions as usize],
            held: Vec::new(),
            free: Vec::new(),
            resting: BinaryHeap::new(),
            accepted: 0,
        }
    }

    /// Appends a message to a partition; returns false if the queue is full.
    pub fn try_send(&mut self, partition: u32, message: Message) -> bool {
        if self.without_place >= self.limits.capacity {
            return false;
        }
        self.accepted += 1;
        self.enter_lane(Entry { message, number: self.accepted, partition }, false);
        true
    }

    /// True if a partition has a message to deliver and a place for it.
    pub fn may_take(&self, partition: u32) -> bool {
        self.in_lanes > 0 && self.next_lane(partition).is_some()
    }

    /// Takes the next message of a partition to deliver it; returns the number of the delivery too,
    /// which ends with [`finish`](Self::finish), [`put_back`](Self::put_back) or
    /// [`rest`](Self::rest).
    pub fn take(&mut self, partition: u32) -> Option<(u32, Message)> {
        let lane = self.next_lane(partition)?;
        let entry = self.leave_lane(lane)?;
        self.places[partition as usize] += u32::from(!self.has_place(lane));
        let delivery = self.free.pop().unwrap_or(self.held.len() as u32);
        if delivery as usize == self.held.len() {
            self.held.make_room();
            self.held.push(entry);
        } else {
            self.held[delivery as usize] = entry;
        }
        Some((delivery, entry.message))
    }

    /// The message of a delivery under way.
    pub fn held(&self, delivery: u32) -> &Message {
        &self.held[delivery as usize].message
    }

    /// Ends the last delivery of a message, and returns the message.
    pub fn finish(&mut self, delivery: u32) -> Message {
        let entry = self.let_go(delivery);
        self.places[entry.partition as usize] -= 1;
        entry.message
    }

    /// Ends a delivery that does not count: the message goes back to where it was, and needs a
    /// place again. Returns its partition.
    pub fn put_back(&mut self, delivery: u32, key: DrawKey) -> u32 {
        let mut entry = self.let_go(delivery);
        self.places[entry.partition as usize] -= 1;
        entry.message.key = key;
        self.enter_lane(entry, false);
        entry.partition
    }

    /// Ends a delivery that has failed: the message rests until an instant, and keeps its place.
    pub fn rest(&mut self, delivery: u32, key: DrawKey, until: SimTime) {
        let entry = &mut self.held[delivery as usize];
        entry.message.key = key;
        entry.message.attempts += 1;
        self.resting.make_room();
        self.resting.push(Reverse((until, entry.number, delivery)));
    }

    /// Ends the rests that are over.
    pub fn wake(&mut self, now: SimTime) {
        while let Some(Reverse((until, _, delivery))) = self.resting.peek().copied()
            && until <= now
        {
            self.resting.pop();
            let entry = self.let_go(delivery);
            self.enter_lane(entry, true);
        }
    }

    /// Takes a message that was sent at or before `limit` and neither is being delivered nor rests,
    /// if there is one.
    pub fn take_expired(&mut self, limit: SimTime) -> Option<Message> {
        let is_expired = |lane: &VecDeque<Entry>| {
            lane.front().is_some_and(|entry| entry.message.sent_at <= limit)
        };
        let lane = self.lanes.iter().position(is_expired)?;
        let entry = self.leave_lane(lane)?;
        self.places[entry.partition as usize] -= u32::from(self.has_place(lane));
        Some(entry.message)
    }

    /// Takes other limits for as many partitions and lanes as before.
    pub fn change(&mut self, limits: MessageLimits) {
        self.limits = limits;
    }

    /// Drops all messages that have no place: those that are neither being delivered nor between two
    /// attempts. Returns their number.
    pub fn purge(&mut self) -> u64 {
        let purged = self.without_place;
        for lane in 0..self.lanes.len() {
            if !self.has_place(lane) {
                self.lanes[lane].clear();
            }
        }
        self.in_lanes -= purged;
        self.without_place = 0;
        purged
    }

    /// Number of messages waiting: all that are not being delivered.
    pub fn depth(&self) -> u64 {
        self.in_lanes + self.resting.len() as u64
    }

    /// Number of deliveries under way.
    pub fn deliveries(&self) -> u64 {
        (self.held.len() - self.free.len() - self.resting.len()) as u64
    }

    /// Time at which the oldest waiting message was sent. Looks at every message that rests.
    pub fn oldest(&self) -> Option<SimTime> {
        let resting = self.resting.iter().map(|Reverse((_, _, held))| {
            let entry: &Entry = &self.held[*held as usize];
            entry.message.sent_at
        });
        resting.chain(self.oldest_awake()).min()
    }

    /// Time at which the oldest message was sent of those that neither rest nor are being delivered.
    pub fn oldest_awake(&self) -> Option<SimTime> {
        self.lanes.iter().filter_map(|lane| Some(lane.front()?.message.sent_at)).min()
    }

    /// The next instant at which a rest is over.
    pub fn next_to_wake(&self) -> Option<SimTime> {
        self.resting.peek().map(|Reverse((until, ..))| *until)
    }

    /// The lane whose first message is the next of a partition, if there is a place for it.
    fn next_lane(&self, partition: u32) -> Option<usize> {
        let lanes = self.limits.lanes as usize;
        let first = partition as usize * 2 * lanes;
        let is_free = self.places[partition as usize] < self.limits.concurrency;
        let end = first + if is_free { 2 * lanes } else { lanes };
        (first..end).find(|lane| !self.lanes[*lane].is_empty())
    }

    /// Bytes that the messages take.
    pub fn bytes(&self) -> u64 {
        let lanes: u64 = self.lanes.iter().map(Growing::bytes).sum();
        lanes + self.held.bytes() + self.free.bytes() + self.resting.bytes()
    }

    /// True if the messages of a lane have a place.
    fn has_place(&self, lane: usize) -> bool {
        let lanes = self.limits.lanes as usize;
        lane % (2 * lanes) < lanes
    }

    /// Puts a message into its lane, behind those accepted before it.
    fn enter_lane(&mut self, entry: Entry, has_place: bool) {
        let lanes = self.limits.lanes as usize;
        let of_partition = entry.partition as usize * 2 * lanes;
        let of_kind = of_partition + if has_place { 0 } else { lanes };
        let lane = &mut self.lanes[of_kind + usize::from(entry.message.class).min(lanes - 1)];
        lane.make_room();
        let place = lane.partition_point(|other| other.number < entry.number);
        lane.insert(place, entry);
        self.in_lanes += 1;
        self.without_place += u64::from(!has_place);
    }

    fn leave_lane(&mut self, lane: usize) -> Option<Entry> {
        let entry = self.lanes[lane].pop_front()?;
        self.in_lanes -= 1;
        self.without_place -= u64::from(!self.has_place(lane));
        Some(entry)
    }

    fn let_go(&mut self, delivery: u32) -> Entry {
        self.free.push(delivery);
        self.held[delivery as usize]
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

    fn queue(partitions: u32, lanes: u32, capacity: u64, concurrency: u32) -> MessageQueue {
        MessageQueue::new(MessageLimits { partitions, lanes, capacity, concurrency })
    }

    /// The requests of the messages that can be taken, and the numbers of their deliveries.
    fn taken(queue: &mut MessageQueue, partition: u32) -> Vec<(u64, u32)> {
        std::iter::from_fn(|| queue.take(partition))
            .map(|(delivery, message)| (message.request, delivery))
            .collect()
    }

    #[test]
    fn partitions_keep_their_order_and_share_the_capacity() {
        let mut queue = queue(2, 1, 3, 9);
        assert_eq!(
            [(0, 1), (1, 2), (0, 3), (1, 4)]
                .map(|(lane, second)| queue.try_send(lane, message(second, 0))),
            [true, true, true, false]
        );
        assert_eq!(queue.oldest(), Some(SimTime::from_secs(1)));
        assert_eq!(taken(&mut queue, 0), [(1, 0), (3, 1)]);
        assert_eq!(taken(&mut queue, 1), [(2, 2)]);
        assert_eq!((queue.depth(), queue.deliveries()), (0, 3));
    }

    #[test]
    fn messages_put_back_in_any_order_are_as_they_were() {
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            let mut queue = queue(1, 1, 9, 3);
            for second in 1..=4 {
                queue.try_send(0, message(second, 0));
            }
            let requests =
                |taken: Vec<(u64, u32)>| taken.iter().map(|one| one.0).collect::<Vec<_>>();
            assert_eq!(requests(taken(&mut queue, 0)), [1, 2, 3]);
            for delivery in order {
                queue.put_back(delivery, DrawKey::default());
            }
            assert_eq!(requests(taken(&mut queue, 0)), [1, 2, 3]);
        }
    }

    #[test]
    fn a_message_at_rest_waits_keeps_its_place_and_goes_first() {
        let mut queue = queue(1, 2, 9, 1);
        queue.try_send(0, message(1, 1));
        queue.try_send(0, message(2, 0));
        queue.try_send(0, message(3, 0));
        let (delivery, first) = queue.take(0).expect("a message and a place");
        assert_eq!(first.request, 2);
        queue.rest(delivery, DrawKey::default(), SimTime::from_secs(9));
        assert_eq!((queue.depth(), queue.deliveries(), queue.may_take(0)), (3, 0, false));
        queue.wake(SimTime::from_secs(8));
        assert_eq!((queue.may_take(0), queue.next_to_wake()), (false, Some(SimTime::from_secs(9))));
        queue.wake(SimTime::from_secs(9));
        let (delivery, again) = queue.take(0).expect("it has its place");
        assert_eq!((again.request, again.attempts), (2, 1));
        assert_eq!(queue.take(0), None);
        queue.finish(delivery);
        assert_eq!(queue.take(0).map(|(_, message)| message.request), Some(3));
    }

    #[test]
    fn the_capacity_is_for_messages_without_a_place() {
        let mut queue = queue(1, 1, 1, 1);
        assert!(queue.try_send(0, message(1, 0)));
        let (delivery, _) = queue.take(0).expect("a message and a place");
        queue.rest(delivery, DrawKey::default(), SimTime::from_secs(9));
        assert!(queue.try_send(0, message(2, 0)));
        assert!(!queue.try_send(0, message(3, 0)));
        assert_eq!((queue.depth(), queue.oldest()), (2, Some(SimTime::from_secs(1))));
    }

    #[test]
    fn what_is_too_old_is_found_behind_a_higher_class_and_gives_its_place_back() {
        let mut queue = queue(1, 2, 9, 1);
        queue.try_send(0, message(1, 1));
        let (delivery, _) = queue.take(0).expect("a message and a place");
        queue.try_send(0, message(5, 0));
        queue.try_send(0, message(2, 1));
        queue.rest(delivery, DrawKey::default(), SimTime::from_secs(6));
        queue.wake(SimTime::from_secs(6));
        let mut expired =
            || queue.take_expired(SimTime::from_secs(3)).map(|message| message.request);
        assert_eq!([expired(), expired(), expired()], [Some(1), Some(2), None]);
        assert_eq!(queue.take(0).map(|(_, message)| message.request), Some(5));
    }
}

//! A 4-ary heap of events, ordered by time, then by rank, then by the order of scheduling.

use std::collections::HashSet;

use crate::SimTime;
use crate::growth::Growing;

/// Children per node: four keys share a cache line, which makes the heap half as deep as a binary
/// heap.
const ARITY: usize = 4;

/// The bit above which an order within an instant has its rank; 2⁵⁶ events are more than any run has.
const RANK_SHIFT: u32 = 56;

/// Identifies a scheduled event so that it can be cancelled.
///
/// ```
/// use sim_core::{EventList, SimTime};
/// let mut list = EventList::new();
/// let id = list.schedule(SimTime::from_secs(1), "alarm");
/// assert!(list.cancel(id));
/// assert!(!list.cancel(id), "an event is cancelled once");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventId(u128);

impl EventId {
    fn new(at: SimTime, rank: u8, sequence: u64) -> Self {
        let order = u64::from(rank) << RANK_SHIFT | sequence;
        Self((u128::from(at.as_nanos()) << 64) | u128::from(order))
    }

    fn time(self) -> SimTime {
        SimTime::from_nanos((self.0 >> 64) as u64)
    }
}

#[derive(Clone, Copy, Debug)]
struct Entry<E> {
    id: EventId,
    event: E,
}

/// The future-event list: events come out in order of time, those at the same instant in order of
/// rank, and those of the same rank in the order in which they were scheduled.
///
/// Scheduling an event and taking the next one cost O(log n) and allocate only when the list
/// outgrows its largest size so far. Cancelling is O(1): the entry stays in the list until it comes
/// up.
///
/// ```
/// use sim_core::{EventList, SimTime};
/// let mut list = EventList::new();
/// list.schedule(SimTime::from_secs(2), "second");
/// list.schedule(SimTime::from_secs(1), "first");
/// list.schedule(SimTime::from_secs(2), "third");
/// let order: Vec<_> = std::iter::from_fn(|| list.pop()).map(|(_, event)| event).collect();
/// assert_eq!(order, ["first", "second", "third"]);
/// ```
#[derive(Clone, Debug)]
pub struct EventList<E> {
    heap: Vec<Entry<E>>,
    /// True if the event at the top has been taken. Handling an event usually schedules another,
    /// which then takes the vacant place: one pass down the heap instead of one down and one up.
    is_top_vacant: bool,
    sequence: u64,
    last_popped: Option<EventId>,
    /// Cancelled events that have come up but are later than the last event taken; they also stay
    /// in `cancelled`, so that none can be cancelled twice.
    spent: Vec<EventId>,
    /// Used for membership tests only and never iterated, so its order cannot affect a result.
    cancelled: HashSet<EventId, std::hash::BuildHasherDefault<std::hash::DefaultHasher>>,
}

impl<E> Default for EventList<E> {
    fn default() -> Self {
        Self {
            heap: Vec::new(),
            is_top_vacant: false,
            sequence: 0,
            last_popped: None,
            spent: Vec::new(),
            cancelled: HashSet::default(),
        }
    }
}

impl std::hash::Hash for EventId {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        state.write_u64(self.0 as u64);
    }
}

impl<E: Copy> EventList<E> {
    /// An empty list.
    ///
    /// ```
    /// assert!(sim_core::EventList::<u8>::new().is_empty());
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Schedules `event` at `at`, with rank 0, and returns the id for cancelling it.
    ///
    /// `at` may be earlier than the last event taken; such an event comes out next and can no
    /// longer be cancelled.
    ///
    /// ```
    /// # use sim_core::{EventList, SimTime};
    /// let mut list = EventList::new();
    /// list.schedule(SimTime::from_secs(3), 'x');
    /// assert_eq!(list.pop(), Some((SimTime::from_secs(3), 'x')));
    /// ```
    pub fn schedule(&mut self, at: SimTime, event: E) -> EventId {
        self.schedule_ranked(at, 0, event)
    }

    /// Schedules `event` at `at` with a rank: of events at the same instant, those with a lower rank
    /// come first.
    ///
    /// ```
    /// # use sim_core::{EventList, SimTime};
    /// let mut list = EventList::new();
    /// list.schedule_ranked(SimTime::from_secs(3), 1, "an arrival");
    /// list.schedule_ranked(SimTime::from_secs(3), 0, "a departure");
    /// assert_eq!(list.pop(), Some((SimTime::from_secs(3), "a departure")));
    /// ```
    #[inline]
    pub fn schedule_ranked(&mut self, at: SimTime, rank: u8, event: E) -> EventId {
        let place = self.reserve();
        self.schedule_reserved(at, rank, place, event)
    }

    /// Takes a place in the order of scheduling, for an event that may be scheduled later.
    ///
    /// ```
    /// # use sim_core::{EventList, SimTime};
    /// let mut list = EventList::new();
    /// let place = list.reserve();
    /// list.schedule(SimTime::from_secs(3), "planned second");
    /// list.schedule_reserved(SimTime::from_secs(3), 0, place, "planned first");
    /// assert_eq!(list.pop(), Some((SimTime::from_secs(3), "planned first")));
    /// ```
    #[inline]
    pub fn reserve(&mut self) -> u64 {
        let place = self.sequence;
        self.sequence += 1;
        place
    }

    /// Schedules `event` at `at` with a rank, as if it had been scheduled when `place` was
    /// [reserved](Self::reserve). Each place is good for one event.
    #[inline]
    pub fn schedule_reserved(&mut self, at: SimTime, rank: u8, place: u64, event: E) -> EventId {
        let id = EventId::new(at, rank, place);
        if std::mem::take(&mut self.is_top_vacant) {
            self.sift_down(Entry { id, event });
        } else {
            self.sift_up(Entry { id, event });
        }
        id
    }

    /// Takes the next event that has not been cancelled.
    ///
    /// ```
    /// # use sim_core::{EventList, SimTime};
    /// let mut list: EventList<char> = EventList::new();
    /// assert_eq!(list.pop(), None);
    /// ```
    pub fn pop(&mut self) -> Option<(SimTime, E)> {
        self.pop_until(SimTime::MAX)
    }

    /// Takes the next event that has not been cancelled, if it is due at or before `horizon`.
    ///
    /// ```
    /// # use sim_core::{EventList, SimTime};
    /// let mut list = EventList::new();
    /// list.schedule(SimTime::from_secs(5), 'x');
    /// assert_eq!(list.pop_until(SimTime::from_secs(4)), None);
    /// assert_eq!(list.pop_until(SimTime::from_secs(5)), Some((SimTime::from_secs(5), 'x')));
    /// ```
    #[inline]
    pub fn pop_until(&mut self, horizon: SimTime) -> Option<(SimTime, E)> {
        loop {
            let entry = self.first()?;
            if entry.id.time() > horizon {
                return None;
            }
            self.is_top_vacant = true;
            if self.cancelled.is_empty() {
                self.last_popped = Some(entry.id);
                return Some((entry.id.time(), entry.event));
            }
            if self.cancelled.contains(&entry.id) {
                self.spent.push(entry.id);
            } else {
                self.forget_spent(entry.id);
                self.last_popped = Some(entry.id);
                return Some((entry.id.time(), entry.event));
            }
        }
    }

    /// Cancels an event; returns false if it has already happened or been cancelled.
    ///
    /// ```
    /// # use sim_core::{EventList, SimTime};
    /// let mut list = EventList::new();
    /// let id = list.schedule(SimTime::from_secs(1), ());
    /// list.pop();
    /// assert!(!list.cancel(id), "it has happened");
    /// ```
    pub fn cancel(&mut self, id: EventId) -> bool {
        self.last_popped.is_none_or(|last| id > last) && self.cancelled.insert(id)
    }

    /// Number of events still to come.
    ///
    /// ```
    /// # use sim_core::{EventList, SimTime};
    /// let mut list = EventList::new();
    /// let id = list.schedule(SimTime::from_secs(1), ());
    /// list.cancel(id);
    /// assert_eq!(list.len(), 0);
    /// ```
    pub fn len(&self) -> usize {
        self.heap.len() - usize::from(self.is_top_vacant) + self.spent.len() - self.cancelled.len()
    }

    /// True if no events are left.
    ///
    /// ```
    /// assert!(sim_core::EventList::<()>::new().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes that the events take, with the room for further ones.
    ///
    /// ```
    /// assert_eq!(sim_core::EventList::<u8>::new().bytes(), 0);
    /// ```
    pub fn bytes(&self) -> u64 {
        let cancelled = self.cancelled.capacity() * 2 * size_of::<EventId>();
        self.heap.bytes() + self.spent.bytes() + cancelled as u64
    }

    /// Returns the next entry, cancelled or not.
    #[inline]
    fn first(&mut self) -> Option<Entry<E>> {
        if self.is_top_vacant {
            self.is_top_vacant = false;
            let last = self.heap.pop()?;
            if !self.heap.is_empty() {
                self.sift_down(last);
            }
        }
        self.heap.first().copied()
    }

    /// Inserts `entry` at the bottom of the heap and moves it up into place.
    #[inline]
    fn sift_up(&mut self, entry: Entry<E>) {
        let mut position = self.heap.len();
        self.heap.make_room();
        self.heap.push(entry);
        while position > 0 {
            let parent = (position - 1) / ARITY;
            let above = self.heap[parent];
            if above.id <= entry.id {
                break;
            }
            self.heap[position] = above;
            position = parent;
        }
        self.heap[position] = entry;
    }

    /// Replaces the top of the heap by `entry` and moves it down into place.
    #[inline]
    fn sift_down(&mut self, entry: Entry<E>) {
        let mut position = 0;
        while let Some(least) = self.least_child(position * ARITY + 1) {
            let child = self.heap[least];
            if child.id >= entry.id {
                break;
            }
            self.heap[position] = child;
            position = least;
        }
        self.heap[position] = entry;
    }

    /// Returns the smallest of the children that begin at `first`. Which one it is cannot be
    /// predicted, so the choice is made without a branch: a misprediction costs more than the
    /// comparisons.
    #[inline]
    fn least_child(&self, first: usize) -> Option<usize> {
        let lesser = |a: (usize, EventId), b: (usize, EventId)| if b.1 < a.1 { b } else { a };
        let (offset, _) = match self.heap.get(first..)? {
            [a, b, c, d, ..] => lesser(lesser((0, a.id), (1, b.id)), lesser((2, c.id), (3, d.id))),
            [a, b, c] => lesser(lesser((0, a.id), (1, b.id)), (2, c.id)),
            [a, b] => lesser((0, a.id), (1, b.id)),
            [a] => (0, a.id),
            [] => return None,
        };
        Some(first + offset)
    }

    /// Forgets cancelled events that are earlier than `taken`; from here on `last_popped` answers
    /// for them.
    fn forget_spent(&mut self, taken: EventId) {
        let cancelled = &mut self.cancelled;
        self.spent.retain(|id| *id > taken || !cancelled.remove(id));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Operation {
        Schedule(u64),
        PopUntil(u64),
        Cancel(usize),
    }

    fn operation() -> impl Strategy<Value = Operation> {
        prop_oneof![
            3 => (0u64..50).prop_map(Operation::Schedule),
            2 => (0u64..50).prop_map(Operation::PopUntil),
            1 => (0usize..64).prop_map(Operation::Cancel),
        ]
    }

    proptest! {
        #[test]
        fn behaves_like_a_sorted_list(operations in proptest::collection::vec(operation(), 0..400)) {
            let mut list = EventList::new();
            let mut sorted: Vec<(u64, usize)> = Vec::new();
            let mut ids = Vec::new();
            let mut now = 0;
            for operation in operations {
                match operation {
                    Operation::Schedule(delay) => {
                        ids.push((list.schedule(SimTime::from_nanos(now + delay), ids.len()), now + delay));
                        sorted.push((now + delay, ids.len() - 1));
                        sorted.sort_unstable();
                    }
                    Operation::PopUntil(delay) => {
                        let is_due = sorted.first().is_some_and(|(at, _)| *at <= now + delay);
                        let expected = is_due.then(|| sorted.remove(0));
                        let got = list.pop_until(SimTime::from_nanos(now + delay)).map(|(at, event)| (at.as_nanos(), event));
                        prop_assert_eq!(got, expected);
                        now = got.map_or(now, |(at, _)| at);
                    }
                    Operation::Cancel(pick) if !ids.is_empty() => {
                        let index = pick % ids.len();
                        let position = sorted.iter().position(|(_, event)| *event == index);
                        prop_assert_eq!(list.cancel(ids[index].0), position.is_some());
                        position.map(|found| sorted.remove(found));
                    }
                    Operation::Cancel(_) => {}
                }
                prop_assert_eq!(list.len(), sorted.len());
            }
        }
    }
}

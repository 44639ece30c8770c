//! A 4-ary heap of events, ordered by time, then by rank, then by the order of scheduling.

use crate::SimTime;
use crate::growth::Growing;

/// Children per node: four keys share a cache line, which makes the heap half as deep as a binary
/// heap.
const ARITY: usize = 4;

/// The bit above which an order within an instant has its rank; 2⁵⁶ events are more than any run has.
const RANK_SHIFT: u32 = 56;

/// The order of an event: its time, then its rank, then its place in the order of scheduling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Order(u128);

impl Order {
    fn new(at: SimTime, rank: u8, place: u64) -> Self {
        let within_an_instant = u64::from(rank) << RANK_SHIFT | place;
        Self((u128::from(at.as_nanos()) << 64) | u128::from(within_an_instant))
    }

    fn time(self) -> SimTime {
        SimTime::from_nanos((self.0 >> 64) as u64)
    }
}

#[derive(Clone, Copy, Debug)]
struct Entry<E> {
    order: Order,
    event: E,
}

/// The future-event list: events come out in order of time, those at the same instant in order of
/// rank, and those of the same rank in the order in which they were scheduled.
///
/// Scheduling an event and taking the next one cost O(log n) and allocate only when the list
/// outgrows its largest size so far. Events are not cancelled: a model knows by an epoch that one
/// is no longer wanted, and deadlines that are mostly called off have a
/// [`DeadlineRing`](crate::DeadlineRing).
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
    /// The next place in the order of scheduling.
    next_place: u64,
}

impl<E> Default for EventList<E> {
    fn default() -> Self {
        Self { heap: Vec::new(), is_top_vacant: false, next_place: 0 }
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

    /// Schedules `event` at `at`, with rank 0. `at` may be earlier than the last event taken; such
    /// an event comes out next.
    ///
    /// ```
    /// # use sim_core::{EventList, SimTime};
    /// EventList::new().schedule(SimTime::from_secs(1), "event");
    /// ```
    pub fn schedule(&mut self, at: SimTime, event: E) {
        self.schedule_ranked(at, 0, event);
    }

    /// Like [`schedule`](Self::schedule), with a rank: of the events of one instant, those of the
    /// lowest rank come first, whenever they were scheduled.
    ///
    /// ```
    /// # use sim_core::{EventList, SimTime};
    /// let mut list = EventList::new();
    /// list.schedule_ranked(SimTime::from_secs(1), 4, "later");
    /// list.schedule_ranked(SimTime::from_secs(1), 2, "first");
    /// assert_eq!(list.pop(), Some((SimTime::from_secs(1), "first")));
    /// ```
    #[inline]
    pub fn schedule_ranked(&mut self, at: SimTime, rank: u8, event: E) {
        let place = self.reserve();
        self.schedule_reserved(at, rank, place, event);
    }

    /// Takes a place in the order of scheduling, for an event that may be scheduled later.
    ///
    /// ```
    /// # use sim_core::{EventList, SimTime};
    /// let mut list = EventList::new();
    /// let place = list.reserve();
    /// list.schedule(SimTime::from_secs(1), "second");
    /// list.schedule_reserved(SimTime::from_secs(1), 0, place, "first");
    /// assert_eq!(list.pop(), Some((SimTime::from_secs(1), "first")));
    /// ```
    #[inline]
    pub fn reserve(&mut self) -> u64 {
        let place = self.next_place;
        self.next_place += 1;
        place
    }

    /// Schedules `event` at `at` with a rank, in a place that was [reserved](Self::reserve) before.
    /// A place is for one event.
    ///
    /// ```
    /// # use sim_core::{EventList, SimTime};
    /// let mut list = EventList::new();
    /// let place = list.reserve();
    /// list.schedule_reserved(SimTime::from_secs(1), 0, place, "event");
    /// ```
    #[inline]
    pub fn schedule_reserved(&mut self, at: SimTime, rank: u8, place: u64, event: E) {
        let entry = Entry { order: Order::new(at, rank, place), event };
        if std::mem::take(&mut self.is_top_vacant) {
            self.sift_down(entry);
        } else {
            self.sift_up(entry);
        }
    }

    /// Takes the next event.
    ///
    /// ```
    /// # use sim_core::{EventList, SimTime};
    /// let mut list = EventList::new();
    /// list.schedule(SimTime::from_secs(1), "event");
    /// assert_eq!(list.pop(), Some((SimTime::from_secs(1), "event")));
    /// assert_eq!(list.pop(), None);
    /// ```
    pub fn pop(&mut self) -> Option<(SimTime, E)> {
        self.pop_until(SimTime::MAX)
    }

    /// Takes the next event, if it is due at or before `horizon`.
    ///
    /// ```
    /// # use sim_core::{EventList, SimTime};
    /// let mut list = EventList::new();
    /// list.schedule(SimTime::from_secs(5), "event");
    /// assert_eq!(list.pop_until(SimTime::from_secs(4)), None);
    /// ```
    #[inline]
    pub fn pop_until(&mut self, horizon: SimTime) -> Option<(SimTime, E)> {
        if self.is_top_vacant {
            self.fill_top();
        }
        let entry = self.heap.first()?;
        let at = entry.order.time();
        if at > horizon {
            return None;
        }
        self.is_top_vacant = true;
        Some((at, entry.event))
    }

    /// Number of events still to come.
    ///
    /// ```
    /// # use sim_core::{EventList, SimTime};
    /// let mut list = EventList::new();
    /// list.schedule(SimTime::from_secs(1), ());
    /// assert_eq!(list.len(), 1);
    /// ```
    pub fn len(&self) -> usize {
        self.heap.len() - usize::from(self.is_top_vacant)
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
        self.heap.bytes()
    }

    /// Moves the last entry into the vacant place at the top, and down to where it belongs.
    #[inline]
    fn fill_top(&mut self) {
        self.is_top_vacant = false;
        if let Some(last) = self.heap.pop()
            && !self.heap.is_empty()
        {
            self.sift_down(last);
        }
    }

    #[inline]
    fn sift_up(&mut self, entry: Entry<E>) {
        let mut position = self.heap.len();
        self.heap.make_room();
        self.heap.push(entry);
        while position > 0 {
            let parent = (position - 1) / ARITY;
            let above = self.heap[parent];
            if above.order <= entry.order {
                break;
            }
            self.heap[position] = above;
            position = parent;
        }
        self.heap[position] = entry;
    }

    /// Places an entry at the top, and from there down to where it belongs.
    #[inline]
    fn sift_down(&mut self, entry: Entry<E>) {
        let mut position = 0;
        while let Some(least) = least_child(&self.heap, position * ARITY + 1) {
            let child = self.heap[least];
            if child.order >= entry.order {
                break;
            }
            self.heap[position] = child;
            position = least;
        }
        self.heap[position] = entry;
    }
}

/// The place of the least of up to four children, of which the first is at `first`.
#[inline]
fn least_child<E>(heap: &[Entry<E>], first: usize) -> Option<usize> {
    let lesser = |a: (usize, Order), b: (usize, Order)| if b.1 < a.1 { b } else { a };
    let (offset, _) = match heap.get(first..)? {
        [a, b, c, d, ..] => {
            lesser(lesser((0, a.order), (1, b.order)), lesser((2, c.order), (3, d.order)))
        }
        [a, b, c] => lesser(lesser((0, a.order), (1, b.order)), (2, c.order)),
        [a, b] => lesser((0, a.order), (1, b.order)),
        [a] => (0, a.order),
        [] => return None,
    };
    Some(first + offset)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Operation {
        Schedule(u64, u8),
        PopUntil(u64),
    }

    fn operation() -> impl Strategy<Value = Operation> {
        prop_oneof![
            3 => (0u64..50, 0u8..3).prop_map(|(delay, rank)| Operation::Schedule(delay, rank)),
            2 => (0u64..50).prop_map(Operation::PopUntil),
        ]
    }

    proptest! {
        #[test]
        fn behaves_like_a_sorted_list(operations in proptest::collection::vec(operation(), 0..400)) {
            let mut list = EventList::new();
            let mut sorted: Vec<(u64, u8, usize)> = Vec::new();
            let mut now = 0;
            for (number, operation) in operations.into_iter().enumerate() {
                match operation {
                    Operation::Schedule(delay, rank) => {
                        list.schedule_ranked(SimTime::from_nanos(now + delay), rank, number);
                        sorted.push((now + delay, rank, number));
                        sorted.sort_unstable();
                    }
                    Operation::PopUntil(delay) => {
                        let is_due = sorted.first().is_some_and(|(at, ..)| *at <= now + delay);
                        let expected = is_due.then(|| sorted.remove(0)).map(|(at, _, event)| (at, event));
                        let got = list.pop_until(SimTime::from_nanos(now + delay)).map(|(at, event)| (at.as_nanos(), event));
                        prop_assert_eq!(got, expected);
                        now = got.map_or(now, |(at, _)| at);
                    }
                }
                prop_assert_eq!(list.len(), sorted.len());
            }
        }
    }
}

//! Deadlines that all share one delay.

use std::collections::VecDeque;

use crate::growth::Growing;
use crate::{SimDuration, SimTime};

/// Deadlines with one constant delay, kept in the order they were set, which is also the order in
/// which they fall due.
///
/// A timeout that is nearly always cancelled costs one push and one pop here, instead of an entry
/// in the heap of the [`EventList`](crate::EventList): only the first live deadline needs an event,
/// with the place in the order of scheduling that was [reserved](crate::EventList::reserve) for it.
/// Cancelled deadlines are not searched for; [`next_live`](Self::next_live) drops them when they
/// reach the front.
///
/// ```
/// use sim_core::{DeadlineRing, SimDuration, SimTime};
/// let mut timeouts = DeadlineRing::new(SimDuration::from_secs(1));
/// timeouts.push(SimTime::ZERO, 0, "answered in time");
/// timeouts.push(SimTime::from_nanos(5), 1, "late");
/// let live = timeouts.next_live(|call| *call == "late");
/// assert_eq!(live, Some((SimTime::from_nanos(1_000_000_005), 1)));
/// assert_eq!(timeouts.pop_due(SimTime::from_secs(2)), Some("late"));
/// ```
#[derive(Clone, Debug)]
pub struct DeadlineRing<T> {
    delay: SimDuration,
    entries: VecDeque<Deadline<T>>,
    is_armed: bool,
}

#[derive(Clone, Debug)]
struct Deadline<T> {
    due: SimTime,
    place: u64,
    item: T,
}

impl<T> DeadlineRing<T> {
    /// Creates a ring whose deadlines fall due `delay` after they are set.
    ///
    /// ```
    /// # use sim_core::{DeadlineRing, SimDuration};
    /// let ring: DeadlineRing<u32> = DeadlineRing::new(SimDuration::from_secs(1));
    /// assert_eq!(ring.delay(), SimDuration::from_secs(1));
    /// ```
    pub fn new(delay: SimDuration) -> Self {
        Self { delay, entries: VecDeque::new(), is_armed: false }
    }

    /// The time from setting a deadline until it falls due.
    ///
    /// ```
    /// # use sim_core::{DeadlineRing, SimDuration};
    /// assert_eq!(DeadlineRing::<()>::new(SimDuration::from_secs(3)).delay(), SimDuration::from_secs(3));
    /// ```
    pub fn delay(&self) -> SimDuration {
        self.delay
    }

    /// Sets a deadline for `item`, with its place in the order of scheduling. Returns the instant at
    /// which the owner must be woken, or `None` if a wake-up is already armed.
    ///
    /// ```
    /// # use sim_core::{DeadlineRing, SimDuration, SimTime};
    /// let mut ring = DeadlineRing::new(SimDuration::from_secs(1));
    /// assert_eq!(ring.push(SimTime::ZERO, 0, 'a'), Some(SimTime::from_secs(1)));
    /// assert_eq!(ring.push(SimTime::ZERO, 1, 'b'), None, "the first wake-up serves both");
    /// ```
    pub fn push(&mut self, now: SimTime, place: u64, item: T) -> Option<SimTime> {
        let due = now + self.delay;
        self.entries.make_room();
        self.entries.push_back(Deadline { due, place, item });
        let must_arm = !self.is_armed;
        self.is_armed = true;
        must_arm.then_some(due)
    }

    /// Bytes that the deadlines take, with the room for further ones.
    ///
    /// ```
    /// # use sim_core::{DeadlineRing, SimDuration};
    /// assert_eq!(DeadlineRing::<()>::new(SimDuration::from_secs(3)).bytes(), 0);
    /// ```
    pub fn bytes(&self) -> u64 {
        self.entries.bytes()
    }

    /// Takes the first deadline if it is due by `now`.
    ///
    /// ```
    /// # use sim_core::{DeadlineRing, SimDuration, SimTime};
    /// let mut ring = DeadlineRing::new(SimDuration::from_secs(1));
    /// ring.push(SimTime::ZERO, 0, 'a');
    /// assert_eq!(ring.pop_due(SimTime::ZERO), None);
    /// assert_eq!(ring.pop_due(SimTime::from_secs(1)), Some('a'));
    /// ```
    pub fn pop_due(&mut self, now: SimTime) -> Option<T> {
        if self.entries.front()?.due > now {
            return None;
        }
        self.entries.pop_front().map(|deadline| deadline.item)
    }

    /// Drops deadlines at the front that are no longer live and returns when the first live one
    /// falls due, and its place in the order of scheduling; the caller arms its wake-up for then.
    /// `None` disarms the ring.
    ///
    /// ```
    /// # use sim_core::{DeadlineRing, SimDuration, SimTime};
    /// let mut ring = DeadlineRing::new(SimDuration::from_secs(1));
    /// ring.push(SimTime::ZERO, 0, 'a');
    /// assert_eq!(ring.next_live(|_| false), None);
    /// assert!(ring.push(SimTime::ZERO, 1, 'b').is_some(), "disarmed, so the next push arms it again");
    /// ```
    pub fn next_live(&mut self, is_live: impl Fn(&T) -> bool) -> Option<(SimTime, u64)> {
        while let Some(Deadline { due, place, item }) = self.entries.front() {
            if is_live(item) {
                return Some((*due, *place));
            }
            self.entries.pop_front();
        }
        self.is_armed = false;
        None
    }
}

//! Deadlines that all share one delay.

use std::collections::VecDeque;

use crate::{SimDuration, SimTime};

/// Deadlines with one constant delay, kept in the order they were set, which is also the order in
/// which they fall due.
///
/// A timeout that is nearly always cancelled costs one push and one pop here, instead of an entry
/// in the heap of the [`EventList`](crate::EventList): only the first live deadline needs an event.
/// Cancelled deadlines are not searched for; [`next_live`](Self::next_live) drops them when they
/// reach the front.
///
/// ```
/// use sim_core::{DeadlineRing, SimDuration, SimTime};
/// let mut timeouts = DeadlineRing::new(SimDuration::from_secs(1));
/// timeouts.push(SimTime::ZERO, "answered in time");
/// timeouts.push(SimTime::from_nanos(5), "late");
/// let live = timeouts.next_live(|call| *call == "late");
/// assert_eq!(live, Some(SimTime::from_nanos(1_000_000_005)));
/// assert_eq!(timeouts.pop_due(SimTime::from_secs(2)), Some("late"));
/// ```
#[derive(Clone, Debug)]
pub struct DeadlineRing<T> {
    delay: SimDuration,
    entries: VecDeque<(SimTime, T)>,
    is_armed: bool,
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

    /// Sets a deadline for `item`. Returns the instant at which the owner must be woken, or `None`
    /// if a wake-up is already armed.
    ///
    /// ```
    /// # use sim_core::{DeadlineRing, SimDuration, SimTime};
    /// let mut ring = DeadlineRing::new(SimDuration::from_secs(1));
    /// assert_eq!(ring.push(SimTime::ZERO, 'a'), Some(SimTime::from_secs(1)));
    /// assert_eq!(ring.push(SimTime::ZERO, 'b'), None, "the first wake-up serves both");
    /// ```
    pub fn push(&mut self, now: SimTime, item: T) -> Option<SimTime> {
        let due = now + self.delay;
        self.entries.push_back((due, item));
        let must_arm = !self.is_armed;
        self.is_armed = true;
        must_arm.then_some(due)
    }

    /// Takes the first deadline if it is due by `now`.
    ///
    /// ```
    /// # use sim_core::{DeadlineRing, SimDuration, SimTime};
    /// let mut ring = DeadlineRing::new(SimDuration::from_secs(1));
    /// ring.push(SimTime::ZERO, 'a');
    /// assert_eq!(ring.pop_due(SimTime::ZERO), None);
    /// assert_eq!(ring.pop_due(SimTime::from_secs(1)), Some('a'));
    /// ```
    pub fn pop_due(&mut self, now: SimTime) -> Option<T> {
        if self.entries.front()?.0 > now {
            return None;
        }
        self.entries.pop_front().map(|(_, item)| item)
    }

    /// Drops deadlines at the front that are no longer live and returns when the first live one
    /// falls due; the caller arms its wake-up for then. `None` disarms the ring.
    ///
    /// ```
    /// # use sim_core::{DeadlineRing, SimDuration, SimTime};
    /// let mut ring = DeadlineRing::new(SimDuration::from_secs(1));
    /// ring.push(SimTime::ZERO, 1);
    /// assert_eq!(ring.next_live(|_| false), None);
    /// assert!(ring.push(SimTime::ZERO, 2).is_some(), "disarmed, so the next push arms it again");
    /// ```
    pub fn next_live(&mut self, is_live: impl Fn(&T) -> bool) -> Option<SimTime> {
        while let Some((due, item)) = self.entries.front() {
            if is_live(item) {
                return Some(*due);
            }
            self.entries.pop_front();
        }
        self.is_armed = false;
        None
    }
}

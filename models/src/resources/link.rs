//! A link in one direction: messages take turns at it, in order, and may be lost.

use sim_core::{SimDuration, SimTime};

use super::Episodes;

/// A link counts as saturated once it has sent without a pause for this long.
const SATURATED_AFTER: SimDuration = SimDuration::from_secs(1);
/// Saturated spans with a shorter gap between them count as one.
const SATURATION_GAP: SimDuration = SimDuration::from_secs(2);

/// One direction of a link.
///
/// Each message takes the same time, so the time at which the last of them will have been sent
/// tells how many wait: no message is stored.
///
/// ```
/// use sim_core::{SimDuration, SimTime};
/// use sim_models::resources::Link;
/// let mut link = Link::new(SimDuration::from_millis(10), 1);
/// let now = SimTime::from_secs(1);
/// assert_eq!(link.send(now), Some(SimDuration::from_millis(10)), "it is sent at once");
/// assert_eq!(link.send(now), Some(SimDuration::from_millis(20)), "it waits");
/// assert_eq!(link.send(now), None, "the queue has no place");
/// ```
#[derive(Clone, Debug)]
pub struct Link {
    /// The time that a message takes.
    interval: SimDuration,
    /// Most messages that wait.
    queue: u32,
    /// The time at which all messages so far will have been sent.
    free_at: SimTime,
    /// The time that all messages so far take together, in nanoseconds.
    taken: u128,
    saturation: Episodes,
    /// Messages that came.
    pub sent: u64,
    /// Messages that found no place in the queue.
    pub dropped: u64,
    /// Messages that were lost on the way.
    pub lost: u64,
    /// Most messages waiting since the last interval ended.
    pub most_waiting: u32,
}

impl Link {
    /// A link on which a message takes `interval`, with a queue of at most `queue`; `u32::MAX` means
    /// no limit.
    pub fn new(interval: SimDuration, queue: u32) -> Self {
        Self {
            interval,
            queue,
            free_at: SimTime::ZERO,
            taken: 0,
            saturation: Episodes::new(SATURATED_AFTER, SATURATION_GAP),
            sent: 0,
            dropped: 0,
            lost: 0,
            most_waiting: 0,
        }
    }

    /// Sends a message; returns the time until it has been sent, or `None` if the queue is full.
    pub fn send(&mut self, now: SimTime) -> Option<SimDuration> {
        self.sent += 1;
        if self.interval.is_zero() {
            return Some(SimDuration::ZERO);
        }
        let waiting = self.waiting(now);
        let is_free = self.free_at <= now;
        if !is_free && waiting >= self.queue {
            self.dropped += 1;
            return None;
        }
        if is_free {
            self.saturation.end(self.free_at);
            self.saturation.begin(now);
            self.free_at = now;
        } else {
            self.most_waiting = self.most_waiting.max(waiting + 1);
        }
        self.free_at = self.free_at + self.interval;
        self.taken += u128::from(self.interval.as_nanos());
        Some(self.free_at.since(now))
    }

    /// The number of messages that wait; the one that is being sent is not among them.
    pub fn waiting(&self, now: SimTime) -> u32 {
        if self.free_at <= now {
            return 0;
        }
        let left = self.free_at.since(now).as_nanos().div_ceil(self.interval.as_nanos());
        u32::try_from(left - 1).unwrap_or(u32::MAX)
    }

    /// The time for which it has been sending, in nanoseconds.
    pub fn busy(&self, now: SimTime) -> u128 {
        let ahead = if self.free_at > now { self.free_at.since(now).as_nanos() } else { 0 };
        self.taken - u128::from(ahead)
    }

    /// The times at which it sent without a pause for a second or more.
    pub fn saturation(&self, now: SimTime) -> Vec<super::Episode> {
        let mut saturation = self.saturation.clone();
        if self.free_at <= now {
            saturation.end(self.free_at);
        }
        saturation.finish(now)
    }
}

//! The leaky bucket as a queue.

use sim_core::{SimDuration, SimTime};

use super::Pass;

/// Calls leave one every `interval`, in the order in which they came; at most `queue` of them wait
/// (Turner, "New directions in communications", 1986). Unlike a token bucket it lets no burst
/// through.
#[derive(Clone, Debug)]
pub struct LeakyBucket {
    interval: SimDuration,
    longest_wait: u128,
    /// The instant at which the next call may leave.
    next: SimTime,
}

impl LeakyBucket {
    /// An empty bucket.
    pub fn new(interval: SimDuration, queue: u32) -> Self {
        Self {
            interval,
            longest_wait: u128::from(interval.as_nanos()) * u128::from(queue),
            next: SimTime::ZERO,
        }
    }

    /// Takes a call that asks to pass.
    pub fn try_acquire(&mut self, now: SimTime) -> Pass {
        let leaves = self.next.max(now);
        let wait = leaves.since(now);
        if u128::from(wait.as_nanos()) > self.longest_wait {
            return Pass::Never(SimDuration::ZERO);
        }
        self.next = leaves + self.interval;
        Pass::after(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_leave_evenly_and_the_queue_is_limited() {
        let mut bucket = LeakyBucket::new(SimDuration::from_millis(100), 2);
        let after = |millis| Pass::After(SimDuration::from_millis(millis));
        let answers = [0; 4].map(|_| bucket.try_acquire(SimTime::ZERO));
        assert_eq!(answers, [Pass::Now, after(100), after(200), Pass::Never(SimDuration::ZERO)]);
        assert_eq!(bucket.try_acquire(SimTime::from_nanos(150_000_000)), after(150));
        assert_eq!(bucket.try_acquire(SimTime::from_secs(9)), Pass::Now);
        assert_eq!(
            bucket.try_acquire(SimTime::from_secs(9)),
            after(100),
            "idle time is not saved up"
        );
    }
}

//! The token bucket.

use sim_core::{SimDuration, SimTime};

use super::Pass;

/// A bucket into which a token drips every `interval`, as long as it holds fewer than `burst`; a
/// call takes one (RFC 2697 without the colours). A call that finds none may reserve the next if
/// its wait is short enough, so the bucket can be in debt.
///
/// Counted in nanoseconds of dripping, so that nothing is rounded.
#[derive(Clone, Debug)]
pub struct TokenBucket {
    interval: i128,
    capacity: i128,
    max_wait: i128,
    /// Nanoseconds' worth of tokens at `updated`; a token is worth `interval`.
    credit: i128,
    updated: SimTime,
}

impl TokenBucket {
    /// A full bucket. An interval of zero limits nothing.
    pub fn new(interval: SimDuration, burst: u32, max_wait: SimDuration) -> Self {
        let interval = i128::from(interval.as_nanos());
        let capacity = interval * i128::from(burst);
        Self {
            interval,
            capacity,
            max_wait: i128::from(max_wait.as_nanos()),
            credit: capacity,
            updated: SimTime::ZERO,
        }
    }

    /// Takes a call that asks to pass.
    pub fn try_acquire(&mut self, now: SimTime) -> Pass {
        let dripped = i128::from(now.since(self.updated).as_nanos());
        self.credit = (self.credit + dripped).min(self.capacity);
        self.updated = now;
        let missing = (self.interval - self.credit).max(0);
        if missing > self.max_wait {
            return Pass::Never(SimDuration::ZERO);
        }
        self.credit -= self.interval;
        Pass::after(SimDuration::from_nanos(missing as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_gives_a_burst_then_the_rate_and_reserves_what_is_not_too_far_off() {
        let mut bucket =
            TokenBucket::new(SimDuration::from_millis(100), 2, SimDuration::from_millis(150));
        let at = |millis: u64| SimTime::from_nanos(millis * 1_000_000);
        let waits = [0, 0, 0, 0].map(|millis| bucket.try_acquire(at(millis)));
        let reserved = Pass::After(SimDuration::from_millis(100));
        assert_eq!(waits, [Pass::Now, Pass::Now, reserved, Pass::Never(SimDuration::ZERO)]);
        assert_eq!(
            bucket.try_acquire(at(200)),
            Pass::Now,
            "the first token after the reserved one"
        );
        assert_eq!(bucket.try_acquire(at(10_000)), Pass::Now);
        assert_eq!(bucket.try_acquire(at(10_000)), Pass::Now, "no more than the burst is saved");
        assert_eq!(bucket.try_acquire(at(10_000)), reserved);
    }
}

//! The generic cell rate algorithm.

use sim_core::{SimDuration, SimTime};

use super::Pass;

/// A call conforms if it comes no more than the tolerance before its theoretical arrival time,
/// which then moves on by one interval: virtual scheduling after ITU-T I.371. With a tolerance of
/// `burst - 1` intervals it passes what a token bucket passes, and keeps one number. A call that
/// comes too early may wait until it conforms.
#[derive(Clone, Debug)]
pub struct Gcra {
    interval: SimDuration,
    tolerance: SimDuration,
    max_wait: SimDuration,
    theoretical_arrival: SimTime,
}

impl Gcra {
    /// A limiter that has seen no call; a burst of zero is taken as one.
    pub fn new(interval: SimDuration, burst: u32, max_wait: SimDuration) -> Self {
        let tolerance = interval * u64::from(burst.saturating_sub(1));
        Self { interval, tolerance, max_wait, theoretical_arrival: SimTime::ZERO }
    }

    /// Takes a call that asks to pass.
    pub fn try_acquire(&mut self, now: SimTime) -> Pass {
        let arrival = self.theoretical_arrival.max(now);
        let early = arrival.since(now);
        let wait = if early > self.tolerance { early - self.tolerance } else { SimDuration::ZERO };
        if wait > self.max_wait {
            return Pass::Never(SimDuration::ZERO);
        }
        self.theoretical_arrival = arrival + self.interval;
        Pass::after(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_may_come_early_by_the_tolerance() {
        let mut limiter = Gcra::new(SimDuration::from_millis(100), 3, SimDuration::ZERO);
        let millis = [0, 0, 0, 99, 100, 100, 350, 350, 350];
        let passed = millis.map(|millis| {
            limiter.try_acquire(SimTime::from_nanos(millis * 1_000_000)) == Pass::Now
        });
        assert_eq!(passed, [true, true, true, false, true, false, true, true, false]);
    }
}

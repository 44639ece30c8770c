//! Resilience4j's rate limiter.

use sim_core::{SimDuration, SimTime};

use super::Pass;

/// Time is divided into cycles of `limitRefreshPeriod`; each brings `limitForPeriod` permits, and
/// permits left over are not saved. A call without a permit reserves one of a later cycle if that
/// begins within `timeoutDuration`, so the permits can become negative; otherwise it waits for
/// `timeoutDuration` and is then rejected (Resilience4j, `AtomicRateLimiter`).
#[derive(Clone, Debug)]
pub struct CyclicPermits {
    period: u64,
    permits: i64,
    timeout: SimDuration,
    cycle: u64,
    available: i64,
}

impl CyclicPermits {
    /// A limiter at the beginning of its first cycle. A period of zero is taken as a nanosecond, no
    /// permits as one.
    pub fn new(period: SimDuration, permits: u32, timeout: SimDuration) -> Self {
        let permits = i64::from(permits.max(1));
        Self { period: period.as_nanos().max(1), permits, timeout, cycle: 0, available: permits }
    }

    /// Takes a call that asks to pass.
    pub fn try_acquire(&mut self, now: SimTime) -> Pass {
        let cycle = now.as_nanos() / self.period;
        if cycle > self.cycle {
            let renewed = i128::from(cycle - self.cycle) * i128::from(self.permits);
            self.available =
                (i128::from(self.available) + renewed).min(i128::from(self.permits)) as i64;
            self.cycle = cycle;
        }
        let wait = self.wait_for_permit(now);
        if wait > self.timeout {
            return Pass::Never(self.timeout);
        }
        self.available -= 1;
        Pass::after(wait)
    }

    fn wait_for_permit(&self, now: SimTime) -> SimDuration {
        if self.available > 0 {
            return SimDuration::ZERO;
        }
        let to_next_cycle = self.period - now.as_nanos() % self.period;
        let missing_then = (1 - self.available - self.permits).max(0) as u64;
        let further_cycles = missing_then.div_ceil(self.permits as u64);
        SimDuration::from_nanos(
            further_cycles.saturating_mul(self.period).saturating_add(to_next_cycle),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permits_are_reserved_of_later_cycles_up_to_the_timeout() {
        let millis = SimDuration::from_millis;
        let mut limiter = CyclicPermits::new(millis(1_000), 2, millis(1_500));
        let at = SimTime::from_nanos(600_000_000);
        let answers = [0; 7].map(|_| limiter.try_acquire(at));
        let (next, after_next) = (Pass::After(millis(400)), Pass::After(millis(1_400)));
        assert_eq!(
            answers,
            [Pass::Now, Pass::Now, next, next, after_next, after_next, Pass::Never(millis(1_500))]
        );
        let at = SimTime::from_nanos(2_100_000_000);
        assert_eq!(
            limiter.try_acquire(at),
            Pass::After(millis(900)),
            "the permits of this cycle were reserved"
        );
        assert_eq!(limiter.try_acquire(SimTime::from_secs(60)), Pass::Now);
        assert_eq!(limiter.try_acquire(SimTime::from_secs(60)), Pass::Now);
        assert_eq!(
            limiter.try_acquire(SimTime::from_secs(60)),
            Pass::After(millis(1_000)),
            "nothing is saved"
        );
    }
}

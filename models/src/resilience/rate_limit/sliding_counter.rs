//! Counting in a span, estimated from two windows of the clock.

use sim_core::{SimDuration, SimTime};

use super::Pass;

/// The calls of the last span are estimated as those of the running window of the clock, plus those
/// of the window before in proportion to how much of it lies in the span. A call passes if the
/// estimate, with itself, is no more than `calls` (Cloudflare, "How we built rate limiting capable
/// of scaling to millions of domains", 2017).
#[derive(Clone, Debug)]
pub struct SlidingCounter {
    length: u64,
    calls: u32,
    window: u64,
    counted: u32,
    counted_before: u32,
}

impl SlidingCounter {
    /// A limiter whose windows are `window` long; at least a nanosecond.
    pub fn new(window: SimDuration, calls: u32) -> Self {
        Self { length: window.as_nanos().max(1), calls, window: 0, counted: 0, counted_before: 0 }
    }

    /// Takes a call that asks to pass.
    pub fn try_acquire(&mut self, now: SimTime) -> Pass {
        let window = now.as_nanos() / self.length;
        if window > self.window {
            self.counted_before = if window == self.window + 1 { self.counted } else { 0 };
            (self.window, self.counted) = (window, 0);
        }
        // Multiplied by the length of a window, so that all numbers are whole.
        let length = u128::from(self.length);
        let left_of_before = length - u128::from(now.as_nanos() % self.length);
        let estimate = u128::from(self.counted_before) * left_of_before
            + (u128::from(self.counted) + 1) * length;
        let may_pass = estimate <= u128::from(self.calls) * length;
        self.counted += u32::from(may_pass);
        Pass::now_if(may_pass)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the source: a limit of 50 a minute, 42 in the minute before, 18 in the first
    /// 15 s of this one make 49.5.
    #[test]
    fn the_example_of_the_source_comes_out() {
        let mut limiter = SlidingCounter::new(SimDuration::from_secs(60), 50);
        let passed = |limiter: &mut SlidingCounter, calls: u32, second: u64| {
            (0..calls)
                .filter(|_| limiter.try_acquire(SimTime::from_secs(second)) == Pass::Now)
                .count()
        };
        assert_eq!(passed(&mut limiter, 42, 30), 42);
        assert_eq!(passed(&mut limiter, 18, 75), 18, "42 x 45/60 + 18 = 49.5");
        assert_eq!(passed(&mut limiter, 1, 75), 0, "50.5 is too many");
        assert_eq!(passed(&mut limiter, 60, 300), 50, "two windows later nothing is left");
    }
}

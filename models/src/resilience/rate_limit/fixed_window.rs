//! Counting by windows of the clock.

use sim_core::{SimDuration, SimTime};

use super::Pass;

/// A limit on calls in each window of the clock; windows begin at multiples of their length. Around
/// the end of a window twice as many can pass in a short time, which the sliding kinds avoid.
#[derive(Clone, Debug)]
pub struct FixedWindow {
    length: u64,
    calls: u32,
    window: u64,
    counted: u32,
}

impl FixedWindow {
    /// A limiter whose windows are `window` long; at least a nanosecond.
    pub fn new(window: SimDuration, calls: u32) -> Self {
        Self { length: window.as_nanos().max(1), calls, window: 0, counted: 0 }
    }

    /// Takes a call that asks to pass.
    pub fn try_acquire(&mut self, now: SimTime) -> Pass {
        let window = now.as_nanos() / self.length;
        if window > self.window {
            (self.window, self.counted) = (window, 0);
        }
        let may_pass = self.counted < self.calls;
        self.counted += u32::from(may_pass);
        Pass::now_if(may_pass)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twice_as_many_pass_around_the_end_of_a_window() {
        let mut limiter = FixedWindow::new(SimDuration::from_secs(1), 2);
        let millis = [900, 901, 902, 1_000, 1_001, 1_002];
        let passed = millis.map(|millis| {
            limiter.try_acquire(SimTime::from_nanos(millis * 1_000_000)) == Pass::Now
        });
        assert_eq!(passed, [true, true, false, true, true, false]);
    }
}

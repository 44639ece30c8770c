//! Counting in any span, exactly.

use std::collections::VecDeque;

use sim_core::growth::Growing;
use sim_core::{SimDuration, SimTime};

use super::Pass;

/// A limit on calls in any span of the window's length, which keeps the instants of the last ones.
/// A call exactly one window old no longer counts.
#[derive(Clone, Debug)]
pub struct SlidingLog {
    window: SimDuration,
    calls: usize,
    passed: VecDeque<SimTime>,
}

impl SlidingLog {
    /// An empty log; its memory is that of `calls` instants, from the beginning.
    pub fn new(window: SimDuration, calls: u32) -> Self {
        Self { window, calls: calls as usize, passed: VecDeque::with_capacity(calls as usize) }
    }

    /// Bytes that the instants take.
    pub fn bytes(&self) -> u64 {
        self.passed.bytes()
    }

    /// Takes a call that asks to pass.
    pub fn try_acquire(&mut self, now: SimTime) -> Pass {
        while self.passed.front().is_some_and(|at| now.since(*at) >= self.window) {
            self.passed.pop_front();
        }
        let may_pass = self.passed.len() < self.calls;
        if may_pass {
            self.passed.push_back(now);
        }
        Pass::now_if(may_pass)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_counts_for_one_window_and_not_longer() {
        let mut limiter = SlidingLog::new(SimDuration::from_secs(1), 2);
        let millis = [0, 600, 999, 1_000, 1_001, 1_600];
        let passed = millis.map(|millis| {
            limiter.try_acquire(SimTime::from_nanos(millis * 1_000_000)) == Pass::Now
        });
        assert_eq!(passed, [true, true, false, true, false, true]);
    }
}

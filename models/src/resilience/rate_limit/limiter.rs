//! A rate limiter of any algorithm.

use std::fmt;

use sim_core::{SimDuration, SimTime};

use super::{
    CyclicPermits, FixedWindow, Gcra, LeakyBucket, SlidingCounter, SlidingLog, TokenBucket,
};
use crate::language::quantity::Rate;

/// The kind of a limit, and its settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RateLimitPolicy {
    /// Tokens drip into a bucket; a call takes one.
    TokenBucket {
        /// Time between two tokens.
        interval: SimDuration,
        /// Tokens that the bucket holds; it begins full.
        burst: u32,
        /// Longest wait for a token.
        max_wait: SimDuration,
    },
    /// Calls leave one by one, evenly spaced.
    LeakyBucket {
        /// Time between two calls.
        interval: SimDuration,
        /// The most calls that may wait.
        queue: u32,
    },
    /// At most `calls` calls in each window of the clock.
    FixedWindow {
        /// Length of a window.
        window: SimDuration,
        /// Calls in each.
        calls: u32,
    },
    /// At most `calls` calls in any span of this length.
    SlidingLog {
        /// Length of the span.
        window: SimDuration,
        /// Calls in each.
        calls: u32,
    },
    /// The same, estimated from two windows of the clock.
    SlidingCounter {
        /// Length of the span.
        window: SimDuration,
        /// Calls in each.
        calls: u32,
    },
    /// The generic cell rate algorithm.
    Gcra {
        /// Time between two calls at the rate.
        interval: SimDuration,
        /// Calls that may come at once.
        burst: u32,
        /// Longest wait until a call conforms.
        max_wait: SimDuration,
    },
    /// Resilience4j's permits, renewed every cycle.
    CyclicPermits {
        /// `limitRefreshPeriod`.
        period: SimDuration,
        /// `limitForPeriod`.
        permits: u32,
        /// `timeoutDuration`.
        timeout: SimDuration,
    },
}

impl fmt::Display for RateLimitPolicy {
    /// The limit as a scenario writes it: `token bucket: 40/s, burst: 5, max wait: 1s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rate = |interval: &SimDuration| Rate(1.0 / interval.as_secs_f64());
        match self {
            Self::TokenBucket { interval, burst, max_wait } => {
                write!(f, "token bucket: {}, burst: {burst}, max wait: {max_wait}", rate(interval))
            }
            Self::LeakyBucket { interval, queue } => {
                write!(f, "leaky bucket: {}, queue: {queue}", rate(interval))
            }
            Self::FixedWindow { window, calls } => {
                write!(f, "fixed window: {window}, calls: {calls}")
            }
            Self::SlidingLog { window, calls } => {
                write!(f, "sliding log: {window}, calls: {calls}")
            }
            Self::SlidingCounter { window, calls } => {
                write!(f, "sliding counter: {window}, calls: {calls}")
            }
            Self::Gcra { interval, burst, max_wait } => {
                write!(f, "gcra: {}, burst: {burst}, max wait: {max_wait}", rate(interval))
            }
            Self::CyclicPermits { period, permits, timeout } => write!(
                f,
                "preset: resilience4j, limitForPeriod: {permits}, limitRefreshPeriod: {period}, \
                 timeoutDuration: {timeout}"
            ),
        }
    }
}

/// The answer to a call that asks to pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// At once.
    Now,
    /// After a wait; its place is reserved.
    After(SimDuration),
    /// Not at all, which the call learns after a wait.
    Never(SimDuration),
}

/// A rate limiter of any algorithm.
#[derive(Clone, Debug)]
pub enum RateLimiter {
    /// See [`TokenBucket`].
    TokenBucket(TokenBucket),
    /// See [`LeakyBucket`].
    LeakyBucket(LeakyBucket),
    /// See [`FixedWindow`].
    FixedWindow(FixedWindow),
    /// See [`SlidingLog`].
    SlidingLog(SlidingLog),
    /// See [`SlidingCounter`].
    SlidingCounter(SlidingCounter),
    /// See [`Gcra`].
    Gcra(Gcra),
    /// See [`CyclicPermits`].
    CyclicPermits(CyclicPermits),
}

impl RateLimiter {
    /// Bytes that the calls it remembers take.
    pub fn bytes(&self) -> u64 {
        if let Self::SlidingLog(log) = self { log.bytes() } else { 0 }
    }

    /// A limiter that has seen no call.
    pub fn new(limit: RateLimitPolicy) -> Self {
        match limit {
            RateLimitPolicy::TokenBucket { interval, burst, max_wait } => {
                Self::TokenBucket(TokenBucket::new(interval, burst, max_wait))
            }
            RateLimitPolicy::LeakyBucket { interval, queue } => {
                Self::LeakyBucket(LeakyBucket::new(interval, queue))
            }
            RateLimitPolicy::FixedWindow { window, calls } => {
                Self::FixedWindow(FixedWindow::new(window, calls))
            }
            RateLimitPolicy::SlidingLog { window, calls } => {
                Self::SlidingLog(SlidingLog::new(window, calls))
            }
            RateLimitPolicy::SlidingCounter { window, calls } => {
                Self::SlidingCounter(SlidingCounter::new(window, calls))
            }
            RateLimitPolicy::Gcra { interval, burst, max_wait } => {
                Self::Gcra(Gcra::new(interval, burst, max_wait))
            }
            RateLimitPolicy::CyclicPermits { period, permits, timeout } => {
                Self::CyclicPermits(CyclicPermits::new(period, permits, timeout))
            }
        }
    }

    /// Takes a call that asks to pass.
    pub fn try_acquire(&mut self, now: SimTime) -> Pass {
        match self {
            Self::TokenBucket(limiter) => limiter.try_acquire(now),
            Self::LeakyBucket(limiter) => limiter.try_acquire(now),
            Self::FixedWindow(limiter) => limiter.try_acquire(now),
            Self::SlidingLog(limiter) => limiter.try_acquire(now),
            Self::SlidingCounter(limiter) => limiter.try_acquire(now),
            Self::Gcra(limiter) => limiter.try_acquire(now),
            Self::CyclicPermits(limiter) => limiter.try_acquire(now),
        }
    }
}

impl Pass {
    /// At once, or after a wait that is not zero.
    pub(super) fn after(wait: SimDuration) -> Self {
        if wait.is_zero() { Self::Now } else { Self::After(wait) }
    }

    /// At once or not at all.
    pub(super) fn now_if(may_pass: bool) -> Self {
        if may_pass { Self::Now } else { Self::Never(SimDuration::ZERO) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The instants at which calls that ask after these gaps (in milliseconds) are let through at
    /// once.
    fn passed(limit: RateLimitPolicy, gaps: &[u64]) -> Vec<u64> {
        let mut limiter = RateLimiter::new(limit);
        let mut now = 0;
        let mut passed = Vec::new();
        for gap in gaps {
            now += gap;
            if limiter.try_acquire(SimTime::from_nanos(now * 1_000_000)) == Pass::Now {
                passed.push(now);
            }
        }
        passed
    }

    fn most_in_any_span(times: &[u64], span: u64) -> usize {
        times
            .iter()
            .map(|from| times.iter().filter(|at| **at >= *from && **at < from + span).count())
            .max()
            .unwrap_or(0)
    }

    proptest! {
        #[test]
        fn a_token_bucket_and_gcra_are_the_same_thing(gaps in proptest::collection::vec(0u64..300, 1..200), burst in 1u32..10) {
            let interval = SimDuration::from_millis(100);
            let max_wait = SimDuration::ZERO;
            prop_assert_eq!(
                passed(RateLimitPolicy::TokenBucket { interval, burst, max_wait }, &gaps),
                passed(RateLimitPolicy::Gcra { interval, burst, max_wait }, &gaps)
            );
        }

        #[test]
        fn a_sliding_log_never_passes_more_and_a_fixed_window_at_most_twice_as_many(
            gaps in proptest::collection::vec(0u64..50, 1..300), calls in 1u32..10
        ) {
            let window = SimDuration::from_millis(1_000);
            let log = passed(RateLimitPolicy::SlidingLog { window, calls }, &gaps);
            prop_assert!(most_in_any_span(&log, 1_000) <= calls as usize);
            let fixed = passed(RateLimitPolicy::FixedWindow { window, calls }, &gaps);
            prop_assert!(most_in_any_span(&fixed, 1_000) <= 2 * calls as usize);
            let within_one = |at: &u64| fixed.iter().filter(|other| *other / 1_000 == at / 1_000).count();
            prop_assert!(fixed.iter().all(|at| within_one(at) <= calls as usize));
        }
    }

    #[test]
    fn at_twice_the_rate_every_limiter_passes_half() {
        let window = SimDuration::from_secs(1);
        let interval = SimDuration::from_millis(10);
        let max_wait = SimDuration::ZERO;
        let limits = [
            RateLimitPolicy::TokenBucket { interval, burst: 5, max_wait },
            RateLimitPolicy::Gcra { interval, burst: 5, max_wait },
            RateLimitPolicy::LeakyBucket { interval, queue: 0 },
            RateLimitPolicy::FixedWindow { window, calls: 100 },
            RateLimitPolicy::SlidingLog { window, calls: 100 },
            RateLimitPolicy::SlidingCounter { window, calls: 100 },
            RateLimitPolicy::CyclicPermits {
                period: window,
                permits: 100,
                timeout: SimDuration::ZERO,
            },
        ];
        let gaps = vec![5; 200 * 60];
        for limit in limits {
            let passed = passed(limit, &gaps).len();
            assert!(
                (5_900..=6_100).contains(&passed),
                "{limit:?}: {passed} of 12000 in a minute at 100 a second"
            );
        }
    }
}

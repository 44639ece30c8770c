//! Retries, and the waits before them.

use sim_core::SimDuration;
use sim_core::random::{Rng, uniform};

use crate::{Outcome, OutcomeSet};

/// The spread of a wait over time, after "Exponential backoff and jitter" (AWS Architecture Blog,
/// 2015).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jitter {
    /// Not at all.
    None,
    /// Uniform between zero and the wait.
    Full,
    /// Half of the wait, plus uniform up to the other half.
    Equal,
    /// Uniform between the base and three times the wait before, whatever the growth.
    Decorrelated,
}

/// The growth of waits from one attempt to the next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Growth {
    /// Each is the one before times this; 1 keeps them fixed.
    Exponential(f64),
    /// Like the Fibonacci numbers: 1, 1, 2, 3, 5 times the first.
    Fibonacci,
}

impl Growth {
    /// The factor on the base after the `attempts`-th attempt, counted from 1.
    fn factor(self, attempts: u32) -> f64 {
        match self {
            Self::Exponential(multiplier) => {
                libm::pow(multiplier, f64::from(attempts.saturating_sub(1)))
            }
            Self::Fibonacci => {
                (1..attempts).fold((0.0, 1.0), |(before, last), _| (last, before + last)).1
            }
        }
    }
}

/// The wait before each further attempt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backoff {
    /// The wait before the second attempt.
    pub base: SimDuration,
    /// The growth of the wait.
    pub growth: Growth,
    /// The longest wait.
    pub max: SimDuration,
    /// The spread of the wait.
    pub jitter: Jitter,
}

impl Backoff {
    /// The same wait each time.
    pub fn fixed(wait: SimDuration) -> Self {
        let (growth, max, jitter) = (Growth::Exponential(1.0), SimDuration::MAX, Jitter::None);
        Self { base: wait, growth, max, jitter }
    }

    /// The wait after the `attempts`-th attempt failed, counted from 1; `previous` is the wait
    /// before that attempt.
    pub fn wait(&self, attempts: u32, previous: SimDuration, random: &mut impl Rng) -> SimDuration {
        let grown = self.base.scaled(self.growth.factor(attempts)).min(self.max);
        match self.jitter {
            Jitter::None => grown,
            Jitter::Full => grown.scaled(uniform(random)),
            Jitter::Equal => grown.scaled(0.5 + 0.5 * uniform(random)),
            Jitter::Decorrelated => {
                let upper = (previous.max(self.base) * 3).max(self.base);
                (self.base + (upper - self.base).scaled(uniform(random))).min(self.max)
            }
        }
    }
}

/// The rule that decides which calls are tried again, and how often.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryPolicy {
    /// Attempts in all, the first included; at least 1.
    pub attempts: u32,
    /// The wait between them.
    pub backoff: Backoff,
    /// Outcomes that are worth another attempt.
    pub on: OutcomeSet,
    /// True if a callee that says how long to stay away (`Retry-After`, RFC 9110 10.2.3) is left
    /// alone for at least that long.
    pub honours_retry_after: bool,
}

impl RetryPolicy {
    /// True if the `attempts`-th attempt (from 1), which ended with `outcome`, is worth another.
    pub fn is_worth_another(&self, attempts: u32, outcome: Outcome) -> bool {
        attempts < self.attempts && self.on.contains(outcome)
    }
}

#[cfg(test)]
mod tests {
    use sim_core::random::Streams;

    use super::*;

    fn waits(jitter: Jitter, attempts: u32) -> Vec<f64> {
        let growth = Growth::Exponential(2.0);
        let backoff = Backoff {
            base: SimDuration::from_millis(50),
            growth,
            max: SimDuration::from_secs(1),
            jitter,
        };
        let mut stream = Streams::new(1, 0).stream("retry");
        (0..2_000)
            .map(|_| {
                backoff.wait(attempts, SimDuration::from_millis(50), &mut stream).as_secs_f64()
            })
            .collect()
    }

    #[test]
    fn each_jitter_fills_its_interval() {
        let cases = [
            (Jitter::None, 0.2, 0.2),
            (Jitter::Full, 0.0, 0.2),
            (Jitter::Equal, 0.1, 0.2),
            (Jitter::Decorrelated, 0.05, 0.15),
        ];
        for (jitter, low, high) in cases {
            let waits = waits(jitter, 3);
            let (least, most) = waits.iter().fold((f64::MAX, 0.0_f64), |(least, most), wait| {
                (least.min(*wait), most.max(*wait))
            });
            assert!(
                least >= low && least <= low + 0.002 && most <= high && most >= high - 0.002,
                "{jitter:?}: {least}..{most}"
            );
        }
    }

    #[test]
    fn fibonacci_adds_the_two_waits_before() {
        let factors: Vec<f64> =
            (1..=7).map(|attempts| Growth::Fibonacci.factor(attempts)).collect();
        assert_eq!(factors, [1.0, 1.0, 2.0, 3.0, 5.0, 8.0, 13.0]);
    }

    #[test]
    fn growth_stops_at_the_longest_wait() {
        assert_eq!(waits(Jitter::None, 9)[0], 1.0);
    }

    #[test]
    fn attempts_are_counted_in_all() {
        let growth = Growth::Exponential(1.0);
        let backoff = Backoff {
            base: SimDuration::ZERO,
            growth,
            max: SimDuration::MAX,
            jitter: Jitter::None,
        };
        let policy = RetryPolicy {
            attempts: 3,
            backoff,
            on: OutcomeSet::callee_failures(),
            honours_retry_after: false,
        };
        assert!(
            policy.is_worth_another(2, Outcome::Timeout)
                && !policy.is_worth_another(3, Outcome::Timeout)
        );
        assert!(!policy.is_worth_another(1, Outcome::ClientError));
    }
}

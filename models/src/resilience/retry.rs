//! Retries, and the waits before them.

use std::fmt;

use sim_core::SimDuration;
use sim_core::random::{Rng, uniform};

use crate::language::quantity::Share;
use crate::{Outcome, OutcomeSet};

/// The spread of a wait over time, after "Exponential backoff and jitter" (AWS Architecture Blog,
/// 2015).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Jitter {
    /// Not at all.
    None,
    /// Uniform between zero and the wait.
    Full,
    /// Half of the wait, plus uniform up to the other half.
    Equal,
    /// Uniform between the base and three times the wait before, whatever the growth.
    Decorrelated,
    /// Uniform to either side, by this part of the wait; the longest wait applies afterwards
    /// (Resilience4j, `IntervalFunction.randomize`, without its rounding to milliseconds).
    Around(f64),
    /// Decorrelated jitter of Polly (`RetryHelper.DecorrelatedJitterBackoffV2`) and cockatiel
    /// (`decorrelatedJitterGenerator`): the sum of the waits grows with m^t tanh(sqrt(4 t)), where t
    /// is the number of the attempt and a random part of one, and m the multiplier of an exponential
    /// growth, or 2. The longest wait cuts each wait by itself, not the sum.
    PollyDecorrelated,
}

/// The growth of waits from one attempt to the next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Growth {
    /// Each is the one before times this; 1 keeps them fixed.
    Exponential(f64),
    /// Like the Fibonacci numbers: 1, 1, 2, 3, 5 times the first.
    Fibonacci,
    /// 1, 2, 3 times the first.
    Linear,
}

impl Growth {
    /// The factor on the base after the `attempts`-th attempt, counted from 1.
    fn factor(self, attempts: u32) -> f64 {
        match self {
            Self::Exponential(multiplier) => {
                libm::pow(multiplier, f64::from(attempts.saturating_sub(1)))
            }
            Self::Linear => f64::from(attempts),
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

    /// The wait after the `attempts`-th attempt failed, counted from 1. A jitter with a memory
    /// leaves it in `so_far`.
    pub fn wait(
        &self,
        attempts: u32,
        so_far: &mut PausesSoFar,
        random: &mut impl Rng,
    ) -> SimDuration {
        let unlimited = self.base.scaled(self.growth.factor(attempts));
        let grown = unlimited.min(self.max);
        match self.jitter {
            Jitter::Around(part) => {
                unlimited.scaled(1.0 + part * (2.0 * uniform(random) - 1.0)).min(self.max)
            }
            Jitter::PollyDecorrelated => {
                let t = f64::from(attempts) - 1.0 + uniform(random);
                let multiplier = match self.growth {
                    Growth::Exponential(multiplier) => multiplier,
                    Growth::Fibonacci | Growth::Linear => 2.0,
                };
                let sum = libm::pow(multiplier, t) * libm::tanh(libm::sqrt(4.0 * t));
                let before = std::mem::replace(&mut so_far.sum, sum);
                let difference = if sum.is_finite() { (sum - before).max(0.0) } else { f64::MAX };
                self.base.scaled(difference / 1.4).min(self.max)
            }
            Jitter::None => grown,
            Jitter::Full => grown.scaled(uniform(random)),
            Jitter::Equal => grown.scaled(0.5 + 0.5 * uniform(random)),
            Jitter::Decorrelated => {
                let upper = (so_far.last.max(self.base) * 3).max(self.base);
                (self.base + (upper - self.base).scaled(uniform(random))).min(self.max)
            }
        }
    }
}

impl fmt::Display for Backoff {
    /// The backoff as a scenario writes it: `exponential 50ms x2 max 1s full jitter`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { base, growth, max, jitter } = self;
        if base.is_zero() && *growth == Growth::Exponential(1.0) {
            return f.write_str("none");
        }
        match growth {
            Growth::Exponential(1.0) => write!(f, "fixed {base}")?,
            Growth::Exponential(multiplier) => write!(f, "exponential {base} x{multiplier}")?,
            Growth::Fibonacci => write!(f, "fibonacci {base}")?,
            Growth::Linear => write!(f, "linear {base}")?,
        }
        if *max != SimDuration::MAX {
            write!(f, " max {max}")?;
        }
        match jitter {
            Jitter::None => Ok(()),
            Jitter::Full => f.write_str(" full jitter"),
            Jitter::Equal => f.write_str(" equal jitter"),
            Jitter::Decorrelated => f.write_str(" decorrelated jitter"),
            Jitter::Around(part) => write!(f, " jitter {}", Share(*part)),
            Jitter::PollyDecorrelated => f.write_str(" with the jitter of Polly"),
        }
    }
}

/// The waits before an attempt.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PausesSoFar {
    /// The last of them.
    pub last: SimDuration,
    /// All of them together under a decorrelated jitter, before any limit, in 1.4ths of the base.
    sum: f64,
}

impl PausesSoFar {
    /// The same and one more.
    #[must_use]
    pub fn and(self, pause: SimDuration) -> Self {
        Self { last: pause, ..self }
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

impl fmt::Display for RetryPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { attempts, backoff, on, honours_retry_after } = self;
        write!(f, "attempts: {attempts}, backoff: {backoff}, on: [{on}]")?;
        if *honours_retry_after { f.write_str(", honour retry after: true") } else { Ok(()) }
    }
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
                let mut so_far = PausesSoFar::default().and(SimDuration::from_millis(50));
                backoff.wait(attempts, &mut so_far, &mut stream).as_secs_f64()
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
            (Jitter::Around(0.5), 0.1, 0.3),
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

    /// The sum of the first n waits is base / 1.4 times 2^t tanh(sqrt(4 t)) with t from n - 1 to n.
    #[test]
    fn the_sum_of_pollys_waits_follows_its_curve() {
        let backoff = Backoff {
            growth: Growth::Exponential(2.0),
            jitter: Jitter::PollyDecorrelated,
            ..Backoff::fixed(SimDuration::from_secs(1))
        };
        let curve = |t: f64| libm::pow(2.0, t) * libm::tanh(libm::sqrt(4.0 * t)) / 1.4;
        let mut stream = Streams::new(1, 0).stream("retry");
        for _ in 0..500 {
            let (mut so_far, mut sum) = (PausesSoFar::default(), 0.0);
            for attempts in 1..=6 {
                sum += backoff.wait(attempts, &mut so_far, &mut stream).as_secs_f64();
                let n = f64::from(attempts);
                assert!((curve(n - 1.0) - 1e-6..=curve(n) + 1e-6).contains(&sum), "{n}: {sum}");
            }
        }
    }

    /// A wait is cut by itself: the waits after it are what they would have been without the limit.
    #[test]
    fn the_longest_wait_leaves_the_curve_of_polly_alone() {
        let unlimited = Backoff {
            growth: Growth::Exponential(2.0),
            jitter: Jitter::PollyDecorrelated,
            ..Backoff::fixed(SimDuration::from_secs(1))
        };
        let limited = Backoff { max: SimDuration::from_secs(3), ..unlimited };
        let waits = |backoff: Backoff| -> Vec<SimDuration> {
            let mut stream = Streams::new(1, 0).stream("retry");
            let mut so_far = PausesSoFar::default();
            (1..=2_000).map(|n| backoff.wait(n, &mut so_far, &mut stream)).collect()
        };
        let capped = waits(unlimited).into_iter().map(|wait| wait.min(limited.max));
        assert_eq!(waits(limited), capped.collect::<Vec<_>>());
        assert_eq!(waits(limited).last(), Some(&limited.max), "however many there were");
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

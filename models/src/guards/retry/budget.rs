//! Budgets of retries: of parts, or as in libraries and under their names.

use sim_core::SimDuration;

use crate::language::quantity::{Duration, Share};
use crate::language::{Placed, Problems, one_of, section};
use crate::resilience::RetryBudgetPolicy;

one_of! {
    /// A limit on the retries of all calls together.
    pub(crate) enum BudgetSection("budget") {
        /// A bucket of tokens that calls fill and retries empty.
        "token bucket" => TokenBucket(TokenBucket),
        /// Retries while few attempts fail.
        "failure rate" => FailureRate(FailureRate),
        /// A library's budget.
        "preset" => Preset(BudgetPreset),
    }
}

one_of! {
    /// A limit on the retries of all calls together, as in a library and under its names.
    pub(crate) enum BudgetPreset("budget") by "preset" {
        /// Finagle (Scala).
        "finagle" => Finagle(Finagle),
        /// Envoy's `retry_budget`.
        "envoy" => Envoy(EnvoyBudget),
        /// gRPC's `retryThrottling`.
        "grpc" => Grpc(Grpc),
        /// The standard retry mode of the AWS SDKs.
        "aws" => Aws(Aws),
    }
}

section! {
    /// A bucket of tokens ("Fixing retries with token buckets and circuit breakers", Brooker 2022).
    pub(crate) struct TokenBucket {
        /// The most tokens, which are there at the beginning, such as `5`.
        "token bucket" => capacity: Placed<f64>,
        /// Tokens that a call adds when it begins, such as `0.1`.
        "per call" => per_call: Placed<f64>,
        /// Tokens that a retry takes, if there are more than these; 1 if left out.
        "per retry" => per_retry: Option<Placed<f64>>,
    }
}

section! {
    /// Retries while few attempts fail (the same article).
    pub(crate) struct FailureRate {
        /// Failed attempts per call, up to which there are retries, such as `10%`.
        "failure rate" => most: Share,
        /// The time over which both are counted; since the beginning if left out.
        "window" => window: Option<Placed<Duration>>,
    }
}

/// The AWS SDKs' own settings (`RetryQuota` and `RetryQuotaChecker` in botocore at 0719e79, the same
/// in `token_bucket.rs` of smithy-rs); the most that the latter allows.
mod aws {
    pub const CAPACITY: u32 = 500;
    pub const RETRY_COST: u32 = 5;
    pub const TIMEOUT_RETRY_COST: u32 = 10;
    pub const NO_RETRY_INCREMENT: u32 = 1;
    pub const MOST: u32 = 500_000_000;
}

/// Finagle's own settings of a retry budget.
mod finagle {
    pub const TTL_SECONDS: f64 = 10.0;
    pub const MINIMUM_PER_SECOND: u32 = 10;
    pub const RATIO: f64 = 0.2;
}

/// Envoy's own settings of a retry budget.
mod envoy {
    pub const PERCENT: f64 = 20.0;
    pub const MINIMUM: u32 = 3;
}

section! {
    /// Finagle's `RetryBudget`.
    pub(crate) struct Finagle {
        /// The time for which a call adds to the budget; 10s if left out.
        "ttl" => ttl: Option<Placed<Duration>>,
        /// Retries a second that are always allowed; 10 if left out.
        "minRetriesPerSec" => min_retries_per_second: Option<u32>,
        /// Retries per call; 0.2 if left out.
        "percentCanRetry" => ratio: Option<Placed<f64>>,
    }
}

section! {
    /// Envoy's `retry_budget`.
    pub(crate) struct EnvoyBudget {
        /// Retries under way, as a percentage of the calls under way; 20 if left out.
        "budget_percent" => budget_percent: Option<Placed<f64>>,
        /// Retries under way that are always allowed; 3 if left out.
        "min_retry_concurrency" => min_retry_concurrency: Option<u32>,
    }
}

section! {
    /// gRPC's `retryThrottling`.
    pub(crate) struct Grpc {
        /// The most tokens, such as `10`; a failure takes one, and half of them must be left.
        "maxTokens" => max_tokens: Placed<u32>,
        /// The part of a token that a success gives back, such as `0.1`.
        "tokenRatio" => token_ratio: Placed<f64>,
    }
}

section! {
    /// The token bucket of the AWS SDKs' standard retry mode.
    pub(crate) struct Aws {
        /// The most tokens, which are there at the beginning; 500 if left out.
        "capacity" => capacity: Option<Placed<u32>>,
        /// Tokens that a retry takes; 5 if left out.
        "retry_cost" => retry_cost: Option<Placed<u32>>,
        /// Tokens that a retry after a timeout takes; 10 if left out.
        "timeout_retry_cost" => timeout_retry_cost: Option<Placed<u32>>,
        /// Tokens that a success without retries gives back; 1 if left out. One after retries gives
        /// back those of the last.
        "no_retry_increment" => no_retry_increment: Option<Placed<u32>>,
    }
}

impl BudgetSection {
    /// The policy that it stands for.
    pub fn compile(&self, problems: &mut Problems) -> RetryBudgetPolicy {
        match self {
            Self::TokenBucket(bucket) => bucket.compile(problems),
            Self::FailureRate(FailureRate { most, window }) => RetryBudgetPolicy::FailureRate {
                most: most.0,
                window: window.as_ref().map(|window| problems.above_zero(window)),
            },
            Self::Preset(preset) => preset.compile(problems),
        }
    }
}

impl TokenBucket {
    fn compile(&self, problems: &mut Problems) -> RetryBudgetPolicy {
        let per_retry = problems.within(self.per_retry.as_ref(), 1.0, 0.001..=1e9);
        if *self.capacity <= per_retry {
            let help = format!("a retry takes {per_retry}, and needs more than that to be there");
            problems.error(self.capacity.at(), "this bucket never allows a retry", help);
        }
        RetryBudgetPolicy::TokenBucket {
            capacity: problems.within(Some(&self.capacity), 1.0, 0.0..=1e9),
            per_call: problems.within(Some(&self.per_call), 0.0, 0.0..=1e9),
            per_retry,
        }
    }
}

impl BudgetPreset {
    fn compile(&self, problems: &mut Problems) -> RetryBudgetPolicy {
        match self {
            Self::Finagle(budget) => {
                let seconds = budget.ttl.as_ref().map(|ttl| ttl.with(ttl.0.as_secs_f64()));
                let ttl = problems.within(seconds.as_ref(), finagle::TTL_SECONDS, 1.0..=60.0);
                let minimum = budget.min_retries_per_second;
                RetryBudgetPolicy::Finagle {
                    ttl: SimDuration::from_secs_f64(ttl),
                    minimum_per_second: minimum.unwrap_or(finagle::MINIMUM_PER_SECOND),
                    ratio: problems.within(budget.ratio.as_ref(), finagle::RATIO, 0.0..=1_000.0),
                }
            }
            Self::Envoy(budget) => budget.compile(problems),
            Self::Grpc(budget) => RetryBudgetPolicy::Grpc {
                max_tokens: problems.within(Some(&budget.max_tokens), 1, 1..=1_000),
                token_ratio: problems.within(Some(&budget.token_ratio), 1.0, 0.001..=1_000.0),
            },
            Self::Aws(budget) => {
                let mut tokens = |written: &Option<Placed<u32>>, default| {
                    problems.within(written.as_ref(), default, 0..=aws::MOST)
                };
                RetryBudgetPolicy::Aws {
                    capacity: tokens(&budget.capacity, aws::CAPACITY),
                    retry_cost: tokens(&budget.retry_cost, aws::RETRY_COST),
                    timeout_retry_cost: tokens(&budget.timeout_retry_cost, aws::TIMEOUT_RETRY_COST),
                    no_retry_increment: tokens(&budget.no_retry_increment, aws::NO_RETRY_INCREMENT),
                }
            }
        }
    }
}

impl EnvoyBudget {
    /// The policy that it stands for.
    pub fn compile(&self, problems: &mut Problems) -> RetryBudgetPolicy {
        let percent = self.budget_percent.as_ref();
        RetryBudgetPolicy::Envoy {
            ratio: problems.within(percent, envoy::PERCENT, 0.0..=100.0) / 100.0,
            minimum: self.min_retry_concurrency.unwrap_or(envoy::MINIMUM),
        }
    }
}

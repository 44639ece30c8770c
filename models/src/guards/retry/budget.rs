//! Budgets of retries, as in libraries and under their names.

use sim_core::SimDuration;

use crate::language::quantity::Duration;
use crate::language::{Placed, Problems, one_of, section};
use crate::resilience::RetryBudgetPolicy;

one_of! {
    /// A limit on the retries of all calls together, as in a library and under its names.
    pub(crate) enum BudgetSection("budget") by "preset" {
        /// Finagle (Scala).
        "finagle" => Finagle(Finagle),
        /// Envoy's `retry_budget`.
        "envoy" => Envoy(EnvoyBudget),
        /// gRPC's `retryThrottling`.
        "grpc" => Grpc(Grpc),
    }
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

impl BudgetSection {
    /// The policy that it stands for.
    pub fn compile(&self, problems: &mut Problems) -> RetryBudgetPolicy {
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

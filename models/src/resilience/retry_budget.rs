//! Budgets: limits on the retries of all calls together.

use std::fmt;

use sim_core::{SimDuration, SimTime};

use crate::language::quantity::Rounded;

/// The kind of a budget, and its settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RetryBudgetPolicy {
    /// Finagle's `RetryBudget`: a share of the calls of the last `ttl`, and a minimum a second.
    Finagle {
        /// The time for which a call adds to the budget; 1 s to 60 s.
        ttl: SimDuration,
        /// Retries a second that are always allowed.
        minimum_per_second: u32,
        /// Retries per call; 0 to 1000.
        ratio: f64,
    },
    /// Envoy's `retry_budget`: a share of the calls under way, and a minimum. With a share of zero
    /// it is `max_retries`.
    Envoy {
        /// Retries under way per call under way.
        ratio: f64,
        /// Retries under way that are always allowed.
        minimum: u32,
    },
    /// gRPC's `retryThrottling`: a failure takes a token, a success gives back a part of one, and
    /// half of them must be left.
    Grpc {
        /// `maxTokens`.
        max_tokens: u32,
        /// `tokenRatio`; three decimals count.
        token_ratio: f64,
    },
}

impl fmt::Display for RetryBudgetPolicy {
    /// The budget as a scenario writes it, under the library's names.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Finagle { ttl, minimum_per_second, ratio } => write!(
                f,
                "preset: finagle, ttl: {ttl}, minRetriesPerSec: {minimum_per_second}, \
                 percentCanRetry: {ratio}"
            ),
            Self::Envoy { ratio, minimum } => write!(
                f,
                "preset: envoy, budget_percent: {}, min_retry_concurrency: {minimum}",
                Rounded(*ratio * 100.0)
            ),
            Self::Grpc { max_tokens, token_ratio } => {
                write!(f, "preset: grpc, maxTokens: {max_tokens}, tokenRatio: {token_ratio}")
            }
        }
    }
}

/// Slices of the time over which Finagle's deposits expire.
const SLICES: u64 = 10;
/// The deposit of a call in Finagle's budget; a retry costs this divided by the ratio.
const DEPOSIT: i64 = 1_000;
/// Parts of a token, in which gRPC counts.
const TOKEN: i64 = 1_000;

/// A budget of retries.
///
/// Its driver tells it when a call begins and ends and how each attempt ended, and asks before each
/// retry.
#[derive(Clone, Debug)]
pub enum RetryBudget {
    /// Finagle's.
    Finagle(Box<FinagleBudget>),
    /// Envoy's.
    Envoy {
        /// As set.
        ratio: f64,
        /// As set.
        minimum: u32,
        /// Calls under way.
        calls: u32,
        /// The number of them that are retries.
        retries: u32,
    },
    /// gRPC's, in thousandths of a token.
    Grpc {
        /// Tokens left.
        tokens: i64,
        /// Tokens at most.
        max_tokens: i64,
        /// The part of a token that a success gives back.
        refund: i64,
    },
}

/// Finagle's budget: deposits in slices of time that expire one by one, a reserve, and the price of
/// a retry.
#[derive(Clone, Debug)]
pub struct FinagleBudget {
    slices: [i64; SLICES as usize],
    slice_length: u64,
    slice: u64,
    reserve: i64,
    deposit: i64,
    price: i64,
}

impl RetryBudget {
    /// A budget of which nothing has been used.
    pub fn new(policy: RetryBudgetPolicy) -> Self {
        match policy {
            RetryBudgetPolicy::Finagle { ttl, minimum_per_second, ratio } => {
                Self::Finagle(Box::new(FinagleBudget::new(ttl, minimum_per_second, ratio)))
            }
            RetryBudgetPolicy::Envoy { ratio, minimum } => {
                Self::Envoy { ratio, minimum, calls: 0, retries: 0 }
            }
            RetryBudgetPolicy::Grpc { max_tokens, token_ratio } => {
                let max_tokens = i64::from(max_tokens) * TOKEN;
                Self::Grpc {
                    tokens: max_tokens,
                    max_tokens,
                    refund: libm::trunc(token_ratio * TOKEN as f64) as i64,
                }
            }
        }
    }

    /// A call begins.
    pub fn call_begins(&mut self, now: SimTime) {
        match self {
            Self::Finagle(budget) => budget.add(now, budget.deposit),
            Self::Envoy { calls, .. } => *calls += 1,
            Self::Grpc { .. } => {}
        }
    }

    /// An attempt has failed in a way that is worth another.
    pub fn attempt_fails(&mut self) {
        if let Self::Grpc { tokens, .. } = self {
            *tokens = (*tokens - TOKEN).max(0);
        }
    }

    /// An attempt has succeeded.
    pub fn attempt_succeeds(&mut self) {
        if let Self::Grpc { tokens, max_tokens, refund } = self {
            *tokens = (*tokens + *refund).min(*max_tokens);
        }
    }

    /// True if a call may be tried again; `is_first` if it has not been tried again before.
    pub fn try_withdraw(&mut self, now: SimTime, is_first: bool) -> bool {
        match self {
            Self::Finagle(budget) => {
                let is_affordable = budget.balance(now) >= budget.price;
                if is_affordable {
                    budget.add(now, -budget.price);
                }
                is_affordable
            }
            Self::Envoy { ratio, minimum, calls, retries } => {
                // The retry that has just failed makes room for the next.
                *retries = retries.saturating_sub(u32::from(!is_first));
                let most = ((*ratio * f64::from(*calls)) as u32).max(*minimum);
                let is_allowed = *retries < most;
                *retries += u32::from(is_allowed);
                is_allowed
            }
            Self::Grpc { tokens, max_tokens, .. } => 2 * *tokens > *max_tokens,
        }
    }

    /// A call has ended for good; `is_retry` if its last attempt was a retry that the budget had
    /// allowed.
    pub fn call_ends(&mut self, is_retry: bool) {
        if let Self::Envoy { calls, retries, .. } = self {
            // A budget whose settings have changed has not seen the calls begin.
            *calls = calls.saturating_sub(1);
            *retries = retries.saturating_sub(u32::from(is_retry));
        }
    }
}

impl FinagleBudget {
    fn new(ttl: SimDuration, minimum_per_second: u32, ratio: f64) -> Self {
        let (deposit, price) =
            if ratio == 0.0 { (0, 1) } else { (DEPOSIT, (DEPOSIT as f64 / ratio) as i64) };
        let seconds = (ttl.as_nanos() / 1_000_000_000) as i64;
        Self {
            slices: [0; SLICES as usize],
            slice_length: (ttl.as_nanos() / SLICES).max(1),
            slice: 0,
            reserve: i64::from(minimum_per_second) * seconds * price,
            deposit,
            price,
        }
    }

    fn balance(&mut self, now: SimTime) -> i64 {
        self.slide(now);
        self.slices.iter().sum::<i64>() + self.reserve
    }

    fn add(&mut self, now: SimTime, amount: i64) {
        self.slide(now);
        self.slices[(self.slice % SLICES) as usize] += amount;
    }

    fn slide(&mut self, now: SimTime) {
        let slice = now.as_nanos() / self.slice_length;
        for expired in self.slice + 1..=slice.min(self.slice + SLICES) {
            self.slices[(expired % SLICES) as usize] = 0;
        }
        self.slice = self.slice.max(slice);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finagle_allows_a_share_of_recent_calls_and_a_minimum() {
        let ttl = SimDuration::from_secs(10);
        let mut budget =
            RetryBudget::new(RetryBudgetPolicy::Finagle { ttl, minimum_per_second: 1, ratio: 0.2 });
        (0..50).for_each(|_| budget.call_begins(SimTime::from_secs(1)));
        let allowed = |budget: &mut RetryBudget, second| {
            (0..100).filter(|_| budget.try_withdraw(SimTime::from_secs(second), true)).count()
        };
        assert_eq!(
            allowed(&mut budget, 2),
            20,
            "a fifth of 50 calls, and one a second over ten seconds"
        );
        assert_eq!(allowed(&mut budget, 3), 0);
        assert_eq!(
            allowed(&mut budget, 30),
            10,
            "deposits and withdrawals have expired, the reserve is back"
        );
    }

    #[test]
    fn envoy_allows_a_share_of_the_calls_under_way_and_a_minimum() {
        let mut budget = RetryBudget::new(RetryBudgetPolicy::Envoy { ratio: 0.2, minimum: 3 });
        let now = SimTime::ZERO;
        (0..10).for_each(|_| budget.call_begins(now));
        assert_eq!((0..5).filter(|_| budget.try_withdraw(now, true)).count(), 3, "the minimum");
        (0..15).for_each(|_| budget.call_begins(now));
        assert_eq!((0..5).filter(|_| budget.try_withdraw(now, true)).count(), 2, "a fifth of 25");
        assert!(budget.try_withdraw(now, false), "a failed retry makes room for its next");
        budget.call_ends(true);
        assert!(!budget.try_withdraw(now, true), "a fifth of 24 is four");
        budget.call_ends(true);
        assert!(budget.try_withdraw(now, true));
    }

    /// gRFC A6: with `maxTokens` 10 and `tokenRatio` 0.1, retries stop once five tokens are gone.
    #[test]
    fn grpc_stops_when_half_of_the_tokens_are_gone() {
        let mut budget =
            RetryBudget::new(RetryBudgetPolicy::Grpc { max_tokens: 10, token_ratio: 0.1 });
        let mut fails_and_retries = || {
            budget.attempt_fails();
            budget.try_withdraw(SimTime::ZERO, true)
        };
        assert_eq!(
            (0..7).map(|_| fails_and_retries()).collect::<Vec<_>>(),
            [true, true, true, true, false, false, false]
        );
        for successes in 1..=30 {
            budget.attempt_succeeds();
            assert_eq!(
                budget.try_withdraw(SimTime::ZERO, true),
                successes > 20,
                "{successes} successes give a tenth each"
            );
        }
    }
}

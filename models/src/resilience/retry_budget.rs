//! Budgets: limits on the retries of all calls together.

use std::fmt;

use sim_core::{SimDuration, SimTime};

use crate::Outcome;
use crate::language::quantity::{Rounded, Share};

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
    /// The quota of the AWS SDKs' standard retry mode: a retry takes tokens, and more of them after a
    /// timeout; a call that succeeds gives back those of its last retry, or a few if it had none.
    Aws {
        /// Tokens at most, and at the beginning.
        capacity: u32,
        /// Tokens that a retry takes.
        retry_cost: u32,
        /// Tokens that a retry after a timeout takes.
        timeout_retry_cost: u32,
        /// Tokens that a success without retries gives back.
        no_retry_increment: u32,
    },
    /// A bucket of tokens: a call adds some, a retry takes some if there are more than those.
    TokenBucket {
        /// Tokens at most, and at the beginning.
        capacity: f64,
        /// Tokens that a call adds when it begins.
        per_call: f64,
        /// Tokens that a retry takes.
        per_retry: f64,
    },
    /// Retries while few attempts fail.
    FailureRate {
        /// Failed attempts per call, up to which there are retries.
        most: f64,
        /// The time over which both are counted; since the beginning if `None`.
        window: Option<SimDuration>,
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
            Self::Aws { capacity, retry_cost, timeout_retry_cost, no_retry_increment } => write!(
                f,
                "preset: aws, capacity: {capacity}, retry_cost: {retry_cost}, \
                 timeout_retry_cost: {timeout_retry_cost}, no_retry_increment: {no_retry_increment}"
            ),
            Self::TokenBucket { capacity, per_call, per_retry } => {
                write!(f, "token bucket: {capacity}, per call: {per_call}, per retry: {per_retry}")
            }
            Self::FailureRate { most, window } => {
                write!(f, "failure rate: {}", Share(*most))?;
                window.map_or(Ok(()), |window| write!(f, ", window: {window}"))
            }
        }
    }
}

/// Slices of the time after which what is counted expires, as in Finagle.
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
    /// That of the AWS SDKs.
    Aws(AwsQuota),
    /// A bucket of tokens.
    TokenBucket {
        /// Tokens left.
        tokens: f64,
        /// As set.
        capacity: f64,
        /// As set.
        per_call: f64,
        /// As set.
        per_retry: f64,
    },
    /// By the share of failures.
    FailureRate(Box<FailureRate>),
}

/// Finagle's budget: deposits that expire, a reserve, and the price of a retry.
#[derive(Clone, Debug)]
pub struct FinagleBudget {
    deposits: RecentSum,
    reserve: i64,
    deposit: i64,
    price: i64,
}

/// The quota of the AWS SDKs' standard retry mode, after `RetryQuota` and `RetryQuotaChecker` of
/// botocore (`retries/quota.py` at 40454ea and `retries/standard.py` at 0719e79, mode 2.0).
#[derive(Clone, Copy, Debug)]
pub struct AwsQuota {
    tokens: u32,
    capacity: u32,
    retry_cost: u32,
    timeout_retry_cost: u32,
    no_retry_increment: u32,
}

/// Calls begun and attempts failed, and how many failures a call allows retries.
#[derive(Clone, Debug)]
pub struct FailureRate {
    calls: RecentSum,
    failures: RecentSum,
    most: f64,
}

/// A sum over a span of time, whose slices expire one by one.
#[derive(Clone, Debug)]
struct RecentSum {
    slices: [i64; SLICES as usize],
    slice_length: u64,
    slice: u64,
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
            RetryBudgetPolicy::Aws {
                capacity,
                retry_cost,
                timeout_retry_cost,
                no_retry_increment,
            } => Self::Aws(AwsQuota {
                tokens: capacity,
                capacity,
                retry_cost,
                timeout_retry_cost,
                no_retry_increment,
            }),
            RetryBudgetPolicy::TokenBucket { capacity, per_call, per_retry } => {
                Self::TokenBucket { tokens: capacity, capacity, per_call, per_retry }
            }
            RetryBudgetPolicy::FailureRate { most, window } => {
                let recent = RecentSum::over(window.unwrap_or(SimDuration::MAX));
                let (calls, failures) = (recent.clone(), recent);
                Self::FailureRate(Box::new(FailureRate { calls, failures, most }))
            }
        }
    }

    /// A call begins.
    pub fn call_begins(&mut self, now: SimTime) {
        match self {
            Self::Finagle(budget) => budget.deposits.add(now, budget.deposit),
            Self::Envoy { calls, .. } => *calls += 1,
            Self::TokenBucket { tokens, capacity, per_call, .. } => {
                *tokens = (*tokens + *per_call).min(*capacity);
            }
            Self::FailureRate(rate) => rate.calls.add(now, 1),
            Self::Grpc { .. } | Self::Aws(_) => {}
        }
    }

    /// An attempt has failed in a way that is worth another.
    pub fn attempt_fails(&mut self, now: SimTime) {
        match self {
            Self::Grpc { tokens, .. } => *tokens = (*tokens - TOKEN).max(0),
            Self::FailureRate(rate) => rate.failures.add(now, 1),
            _ => {}
        }
    }

    /// An attempt has succeeded; `retried_after` is the failure that made it a retry.
    pub fn attempt_succeeds(&mut self, retried_after: Option<Outcome>) {
        match self {
            Self::Grpc { tokens, max_tokens, refund } => {
                *tokens = (*tokens + *refund).min(*max_tokens);
            }
            Self::Aws(quota) => quota.release(retried_after),
            _ => {}
        }
    }

    /// True if a call may be tried again after a failure; `is_first` if it has not been tried again
    /// before.
    pub fn try_withdraw(&mut self, now: SimTime, failure: Outcome, is_first: bool) -> bool {
        match self {
            Self::Finagle(budget) => {
                let is_affordable = budget.balance(now) >= budget.price;
                if is_affordable {
                    budget.deposits.add(now, -budget.price);
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
            Self::Aws(quota) => quota.acquire(failure),
            Self::TokenBucket { tokens, per_retry, .. } => {
                let is_affordable = *tokens > *per_retry;
                if is_affordable {
                    *tokens -= *per_retry;
                }
                is_affordable
            }
            Self::FailureRate(rate) => {
                rate.failures.total(now) as f64 / rate.calls.total(now) as f64 <= rate.most
            }
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
        let reserve = i64::from(minimum_per_second) * seconds * price;
        Self { deposits: RecentSum::over(ttl), reserve, deposit, price }
    }

    fn balance(&mut self, now: SimTime) -> i64 {
        self.deposits.total(now) + self.reserve
    }
}

impl AwsQuota {
    fn cost_after(&self, failure: Outcome) -> u32 {
        if failure == Outcome::Timeout { self.timeout_retry_cost } else { self.retry_cost }
    }

    fn acquire(&mut self, failure: Outcome) -> bool {
        let left = self.tokens.checked_sub(self.cost_after(failure));
        self.tokens = left.unwrap_or(self.tokens);
        left.is_some()
    }

    fn release(&mut self, retried_after: Option<Outcome>) {
        let tokens =
            retried_after.map_or(self.no_retry_increment, |failure| self.cost_after(failure));
        self.tokens = self.tokens.saturating_add(tokens).min(self.capacity);
    }
}

impl RecentSum {
    fn over(span: SimDuration) -> Self {
        let slice_length = (span.as_nanos() / SLICES).max(1);
        Self { slices: [0; SLICES as usize], slice_length, slice: 0 }
    }

    fn total(&mut self, now: SimTime) -> i64 {
        self.slide(now);
        self.slices.iter().sum()
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
    use Outcome::{ServerError, Timeout};

    #[test]
    fn finagle_allows_a_share_of_recent_calls_and_a_minimum() {
        let ttl = SimDuration::from_secs(10);
        let mut budget =
            RetryBudget::new(RetryBudgetPolicy::Finagle { ttl, minimum_per_second: 1, ratio: 0.2 });
        (0..50).for_each(|_| budget.call_begins(SimTime::from_secs(1)));
        let allowed = |budget: &mut RetryBudget, second| {
            (0..100)
                .filter(|_| budget.try_withdraw(SimTime::from_secs(second), ServerError, true))
                .count()
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
        assert_eq!(
            (0..5).filter(|_| budget.try_withdraw(now, ServerError, true)).count(),
            3,
            "the minimum"
        );
        (0..15).for_each(|_| budget.call_begins(now));
        assert_eq!(
            (0..5).filter(|_| budget.try_withdraw(now, ServerError, true)).count(),
            2,
            "a fifth of 25"
        );
        assert!(
            budget.try_withdraw(now, ServerError, false),
            "a failed retry makes room for its next"
        );
        budget.call_ends(true);
        assert!(!budget.try_withdraw(now, ServerError, true), "a fifth of 24 is four");
        budget.call_ends(true);
        assert!(budget.try_withdraw(now, ServerError, true));
    }

    /// gRFC A6: with `maxTokens` 10 and `tokenRatio` 0.1, retries stop once five tokens are gone.
    #[test]
    fn grpc_stops_when_half_of_the_tokens_are_gone() {
        let mut budget =
            RetryBudget::new(RetryBudgetPolicy::Grpc { max_tokens: 10, token_ratio: 0.1 });
        let mut fails_and_retries = || {
            budget.attempt_fails(SimTime::ZERO);
            budget.try_withdraw(SimTime::ZERO, ServerError, true)
        };
        assert_eq!(
            (0..7).map(|_| fails_and_retries()).collect::<Vec<_>>(),
            [true, true, true, true, false, false, false]
        );
        for successes in 1..=30 {
            budget.attempt_succeeds(None);
            assert_eq!(
                budget.try_withdraw(SimTime::ZERO, ServerError, true),
                successes > 20,
                "{successes} successes give a tenth each"
            );
        }
    }

    /// botocore's `RetryQuotaChecker` on a `RetryQuota(initial_capacity=20)`, replayed by hand: the
    /// amount that is left after each step of its `acquire_retry_quota` and `release_retry_quota`.
    #[test]
    fn aws_takes_more_after_timeouts_and_gives_back_what_the_last_retry_took() {
        let mut quota = AwsQuota {
            tokens: 20,
            capacity: 20,
            retry_cost: 5,
            timeout_retry_cost: 10,
            no_retry_increment: 1,
        };
        let acquire = |quota: &mut AwsQuota, failure| (quota.acquire(failure), quota.tokens);
        let release = |quota: &mut AwsQuota, retried_after| {
            quota.release(retried_after);
            quota.tokens
        };
        assert_eq!(release(&mut quota, None), 20, "never above its capacity");
        assert_eq!(acquire(&mut quota, ServerError), (true, 15));
        assert_eq!(acquire(&mut quota, Timeout), (true, 5));
        assert_eq!(acquire(&mut quota, Timeout), (false, 5), "ten are more than five");
        assert_eq!(acquire(&mut quota, ServerError), (true, 0), "five are not more than five");
        assert_eq!(acquire(&mut quota, ServerError), (false, 0));
        assert_eq!(release(&mut quota, None), 1);
        assert_eq!(release(&mut quota, Some(ServerError)), 6);
        assert_eq!(release(&mut quota, Some(Timeout)), 16);
        assert_eq!(release(&mut quota, Some(ServerError)), 20);
    }

    /// Brooker's `AdaptiveRetryStrategy(0.1, 5)`: `start` adds 0.1 up to 5, and `should_retry` takes 1
    /// if there is more than 1.
    #[test]
    fn a_token_bucket_takes_only_if_more_is_there() {
        let policy =
            RetryBudgetPolicy::TokenBucket { capacity: 5.0, per_call: 0.1, per_retry: 1.0 };
        let mut budget = RetryBudget::new(policy);
        let mut retries = |calls| {
            (0..calls).for_each(|_| budget.call_begins(SimTime::ZERO));
            (0..10).filter(|_| budget.try_withdraw(SimTime::ZERO, ServerError, true)).count()
        };
        assert_eq!(retries(1), 4, "5, 4, 3, 2; the last token stays");
        assert_eq!(retries(1), 1, "1.1");
        assert_eq!(retries(8), 0, "0.9");
        assert_eq!(retries(2), 1, "1.1");
        assert_eq!(retries(1_000), 4, "no more than 5");
    }

    /// Brooker's `CircuitBreakerRetryCall`: `start` counts a call, `should_retry` a failure, and there
    /// is a retry unless `failures / calls > max_rate`.
    #[test]
    fn the_failure_rate_counts_failed_attempts_per_call() {
        let fails_and_retries = |budget: &mut RetryBudget, second| {
            budget.attempt_fails(SimTime::from_secs(second));
            budget.try_withdraw(SimTime::from_secs(second), ServerError, true)
        };
        let calls = |budget: &mut RetryBudget, second, count| {
            (0..count).for_each(|_| budget.call_begins(SimTime::from_secs(second)));
        };
        let mut budget =
            RetryBudget::new(RetryBudgetPolicy::FailureRate { most: 0.1, window: None });
        calls(&mut budget, 0, 9);
        assert!(!fails_and_retries(&mut budget, 0), "1 of 9");
        calls(&mut budget, 1, 11);
        assert!(fails_and_retries(&mut budget, 1_000_000), "2 of 20 are a tenth");
        assert!(!fails_and_retries(&mut budget, 1_000_000), "3 of 20");

        let window = Some(SimDuration::from_secs(10));
        let mut budget = RetryBudget::new(RetryBudgetPolicy::FailureRate { most: 0.1, window });
        calls(&mut budget, 0, 100);
        calls(&mut budget, 9, 10);
        assert!(fails_and_retries(&mut budget, 9), "1 of 110");
        assert!(!fails_and_retries(&mut budget, 10), "2 of 10: the first second has expired");
        assert!(!fails_and_retries(&mut budget, 19), "2 of none");
    }
}

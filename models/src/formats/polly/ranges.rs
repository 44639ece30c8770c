//! The ranges of Polly's options, which .NET checks when an application starts.
//!
//! They are the `[Range]` attributes in `src/Polly.Core` of App-vNext/Polly at 173d6d1, whose places are named below. The
//! options of dotnet/extensions (`HttpRetryStrategyOptions` and its like) inherit them and add none.

use std::ops::RangeInclusive;

use sim_core::SimDuration;

/// .NET's `int.MaxValue`.
pub(super) const INT_MAX: u32 = i32::MAX as u32;

const DAY: SimDuration = SimDuration::from_secs(86_400);
const HALF_A_SECOND: SimDuration = SimDuration::from_millis(500);

/// `Timeout` (`Timeout/TimeoutStrategyOptions.cs:22`); before Polly 8.3 it began at one second.
pub(super) const TIMEOUT: RangeInclusive<SimDuration> = SimDuration::from_millis(10)..=DAY;
/// `Delay` and `MaxDelay` of a retry (`Retry/RetryStrategyOptions.TResult.cs:75` and `:89`).
pub(super) const DELAY: RangeInclusive<SimDuration> = SimDuration::ZERO..=DAY;
/// `SamplingDuration` and `BreakDuration` (`CircuitBreaker/CircuitBreakerStrategyOptions.TResult.cs:58` and `:68`).
pub(super) const BREAKER_SPAN: RangeInclusive<SimDuration> = HALF_A_SECOND..=DAY;
/// `MaxRetryAttempts` (`Retry/RetryStrategyOptions.TResult.cs:28`, `Retry/RetryConstants.cs:13`).
pub(super) const MAX_RETRY_ATTEMPTS: RangeInclusive<u32> = 1..=INT_MAX;
/// `MinimumThroughput` (`CircuitBreaker/CircuitBreakerStrategyOptions.TResult.cs:49`,
/// `CircuitBreaker/CircuitBreakerConstants.cs:17`).
pub(super) const MINIMUM_THROUGHPUT: RangeInclusive<u32> = 2..=INT_MAX;
/// `MaxHedgedAttempts` (`Hedging/HedgingStrategyOptions.TResult.cs:35`, `Hedging/HedgingConstants.cs:11` and `:13`).
pub(super) const MAX_HEDGED_ATTEMPTS: RangeInclusive<u32> = 1..=10;
/// `PermitLimit` and `QueueLimit`, which .NET's `ConcurrencyLimiter` checks in its constructor.
pub(super) const PERMIT_LIMIT: RangeInclusive<u32> = 1..=INT_MAX;
pub(super) const QUEUE_LIMIT: RangeInclusive<u32> = 0..=INT_MAX;

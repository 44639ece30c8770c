//! The ranges of Polly's options, which .NET checks when an application starts.
//!
//! They are the `[Range]` attributes in Polly's `src/Polly.Core`: `Timeout/TimeoutStrategyOptions.cs`,
//! `Retry/RetryStrategyOptions.TResult.cs`, `CircuitBreaker/CircuitBreakerStrategyOptions.TResult.cs` and
//! `Hedging/HedgingStrategyOptions.TResult.cs`; and the conditions of `ConcurrencyLimiterOptions` in .NET.

use std::ops::RangeInclusive;

use sim_core::SimDuration;

/// .NET's `int.MaxValue`.
pub(super) const INT_MAX: u32 = i32::MAX as u32;

const DAY: SimDuration = SimDuration::from_secs(86_400);
const HALF_A_SECOND: SimDuration = SimDuration::from_millis(500);

/// `Timeout`; before Polly 8.3 it began at one second.
pub(super) const TIMEOUT: RangeInclusive<SimDuration> = SimDuration::from_millis(10)..=DAY;
/// `Delay` and `MaxDelay` of a retry.
pub(super) const DELAY: RangeInclusive<SimDuration> = SimDuration::ZERO..=DAY;
/// `SamplingDuration` and `BreakDuration`.
pub(super) const BREAKER_SPAN: RangeInclusive<SimDuration> = HALF_A_SECOND..=DAY;
pub(super) const MAX_RETRY_ATTEMPTS: RangeInclusive<u32> = 1..=INT_MAX;
pub(super) const MINIMUM_THROUGHPUT: RangeInclusive<u32> = 2..=INT_MAX;
pub(super) const MAX_HEDGED_ATTEMPTS: RangeInclusive<u32> = 1..=10;
pub(super) const PERMIT_LIMIT: RangeInclusive<u32> = 1..=INT_MAX;
pub(super) const QUEUE_LIMIT: RangeInclusive<u32> = 0..=INT_MAX;

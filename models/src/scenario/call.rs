//! The section of a call: timeouts, latency, and the guards between a caller and a callee.

use schemars::JsonSchema;
use serde::Deserialize;

use super::balance::Balance;
use super::breaker::{Breaker, Scope};
use super::phrases::{BackoffPhrase, DurationPhrase};
use super::quantity::{Duration, Rate, Share};
use crate::Outcome;

/// The way from a caller to a callee. Guards apply in this order: rate limit, call timeout,
/// bulkhead, breaker, retry, timeout of each attempt, hedge; `guards` says otherwise.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Call {
    /// How long the caller waits for the answer to each attempt; for ever if left out.
    pub timeout: Option<Duration>,
    /// How long it waits for a connection; as long as for the answer if left out.
    #[serde(rename = "connect timeout")]
    pub connect_timeout: Option<Duration>,
    /// How long the whole call may take, with all that it waits for and all attempts; for ever if
    /// left out.
    #[serde(rename = "call timeout")]
    pub whole_timeout: Option<Duration>,
    /// Network latency in each direction.
    pub latency: Option<DurationPhrase>,
    /// How instances of the callee are chosen; round robin if left out.
    pub balance: Option<Balance>,
    /// Whether each attempt of a retry may go to another instance; false if left out.
    #[serde(rename = "new instance per attempt")]
    pub new_instance_per_attempt: Option<bool>,
    /// Limits calls over time.
    #[serde(rename = "rate limit")]
    pub rate_limit: Option<RateLimit>,
    /// Limits calls in flight.
    pub bulkhead: Option<Bulkhead>,
    /// Stops calling what keeps failing.
    pub breaker: Option<Breaker>,
    /// Tries again.
    pub retry: Option<Retry>,
    /// Sends another request when an attempt takes long, and takes the first good answer.
    pub hedge: Option<Hedge>,
    /// Whether the callee learns when the caller has given up, and stops; false if left out: it
    /// works on for nobody.
    pub cancellation: Option<bool>,
    /// Whether the callee learns how much time is left, stops when it is up, and passes it on;
    /// false if left out.
    #[serde(rename = "propagate deadline")]
    pub propagate_deadline: Option<bool>,
    /// The guards in another order, the outermost first, any of them more than once.
    pub guards: Option<Vec<Guard>>,
    /// What to turn to when the call has failed for good: `default`, one fallback, or a list that
    /// is tried in order.
    pub fallback: Option<Fallbacks>,
}

/// The keys of a call that `guards` takes the place of.
pub(super) const GUARD_KEYS: [&str; 7] =
    ["rate limit", "call timeout", "bulkhead", "breaker", "retry", "timeout", "hedge"];

/// One guard in a list: exactly one of rate limit, bulkhead, breaker, retry, timeout and hedge.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Guard {
    /// Limits calls over time.
    #[serde(rename = "rate limit")]
    pub rate_limit: Option<RateLimit>,
    /// Limits calls in flight.
    pub bulkhead: Option<Bulkhead>,
    /// Stops calling what keeps failing.
    pub breaker: Option<Breaker>,
    /// Tries again.
    pub retry: Option<Retry>,
    /// Limits the time for everything inside it.
    pub timeout: Option<Duration>,
    /// Sends another request when an attempt takes long; the innermost guard.
    pub hedge: Option<Hedge>,
}

/// Hedged requests: the first good answer counts.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Hedge {
    /// How long an attempt waits for an answer before another request is sent.
    pub delay: Duration,
    /// Requests in all, the first included, up to 4; 2 if left out.
    pub max: Option<u8>,
    /// Whether the others are cancelled once one is answered; true if left out.
    #[serde(rename = "cancel losers")]
    pub cancel_losers: Option<bool>,
}

/// A limit on calls over time: exactly one of the algorithms, or a preset.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RateLimit {
    /// The library whose limiter this is.
    pub preset: Option<RateLimitPreset>,
    /// Tokens drip into a bucket at this rate; a call takes one.
    #[serde(rename = "token bucket")]
    pub token_bucket: Option<Rate>,
    /// Calls leave evenly at this rate.
    #[serde(rename = "leaky bucket")]
    pub leaky_bucket: Option<Rate>,
    /// The generic cell rate algorithm at this rate.
    pub gcra: Option<Rate>,
    /// So many `calls` in each window of the clock of this length.
    #[serde(rename = "fixed window")]
    pub fixed_window: Option<Duration>,
    /// So many `calls` in any span of this length.
    #[serde(rename = "sliding log")]
    pub sliding_log: Option<Duration>,
    /// So many `calls` in any span of this length, estimated from two windows of the clock.
    #[serde(rename = "sliding counter")]
    pub sliding_counter: Option<Duration>,
    /// With a window: how many calls.
    pub calls: Option<u32>,
    /// With `token bucket`, `gcra`: calls that may come at once; 1 if left out.
    pub burst: Option<u32>,
    /// With `leaky bucket`: calls that may wait for their turn; none if left out.
    pub queue: Option<u32>,
    /// Applies only while so many messages wait in a queue: backpressure.
    #[serde(rename = "while")]
    pub condition: Option<Backlog>,
    /// With `token bucket`, `gcra`: how long a call may wait for its turn; not at all if left out.
    #[serde(rename = "max wait")]
    pub max_wait: Option<Duration>,
    /// Whom it belongs to; each instance of the caller has its own if left out.
    pub scope: Option<Scope>,
    /// resilience4j: permits of each cycle; 50 if left out.
    #[serde(rename = "limitForPeriod")]
    pub limit_for_period: Option<u32>,
    /// resilience4j: length of a cycle; 500ns if left out.
    #[serde(rename = "limitRefreshPeriod")]
    pub limit_refresh_period: Option<Duration>,
    /// resilience4j: how long a call waits for a permit; 5s if left out.
    #[serde(rename = "timeoutDuration")]
    pub timeout_duration: Option<Duration>,
}

/// Messages that wait in a queue.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Backlog {
    /// Which queue.
    pub queue: String,
    /// More than so many.
    pub above: u64,
}

/// A library whose rate limiter is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub(super) enum RateLimitPreset {
    /// Resilience4j (Java).
    #[serde(rename = "resilience4j")]
    Resilience4j,
}

/// A limit on calls in flight: a semaphore with a longest wait, threads with a queue, or
/// connections that are waited for.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Bulkhead {
    /// Permits of a semaphore.
    pub semaphore: Option<u32>,
    /// Threads of a pool of its own.
    pub threads: Option<u32>,
    /// With `threads`: how many of them work before calls queue; the others begin when the queue is
    /// full. All if left out.
    pub core: Option<u32>,
    /// Connections of a pool of its own.
    pub connections: Option<u32>,
    /// With `threads`, `connections`: how many calls may wait for one; none for threads, all for
    /// connections, if left out.
    pub queue: Option<u32>,
    /// How long a call may wait; not at all for a semaphore, for ever for threads and connections,
    /// if left out.
    #[serde(rename = "max wait")]
    pub max_wait: Option<Duration>,
}

/// Trying again.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Retry {
    /// Attempts in all, the first included.
    pub attempts: u32,
    /// The pause between them: `fixed 500ms`, `exponential 50ms x2 max 1s full jitter`, `none`.
    pub backoff: BackoffPhrase,
    /// Outcomes that are tried again; server errors, timeouts, refusals and full queues if left
    /// out.
    pub on: Option<Vec<Outcome>>,
    /// Whether a callee that asks callers to stay away (`retry after`) is given at least that long;
    /// false if left out.
    #[serde(rename = "honour retry after")]
    pub honour_retry_after: Option<bool>,
    /// How many retries all calls of an instance together may have; no limit if left out.
    pub budget: Option<RetryBudget>,
}

/// A limit on the retries of all calls together, of a library and under its own names.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RetryBudget {
    /// The library whose budget this is.
    pub preset: RetryBudgetPreset,
    /// finagle: how long a call adds to the budget; 10s if left out.
    pub ttl: Option<Duration>,
    /// finagle: retries a second that are always allowed; 10 if left out.
    #[serde(rename = "minRetriesPerSec")]
    pub min_retries_per_second: Option<u32>,
    /// finagle: retries per call; 0.2 if left out.
    #[serde(rename = "percentCanRetry")]
    pub ratio: Option<f64>,
    /// envoy: retries under way, as a percentage of the calls under way; 20 if left out.
    pub budget_percent: Option<f64>,
    /// envoy: retries under way that are always allowed; 3 if left out.
    pub min_retry_concurrency: Option<u32>,
    /// grpc: tokens at most; a failure takes one, and half of them must be left.
    #[serde(rename = "maxTokens")]
    pub max_tokens: Option<u32>,
    /// grpc: what a success gives back.
    #[serde(rename = "tokenRatio")]
    pub token_ratio: Option<f64>,
}

/// A library whose retry budget is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub(super) enum RetryBudgetPreset {
    /// Finagle (Scala).
    #[serde(rename = "finagle")]
    Finagle,
    /// Envoy's `retry_budget`.
    #[serde(rename = "envoy")]
    Envoy,
    /// gRPC's `retryThrottling`.
    #[serde(rename = "grpc")]
    Grpc,
}

/// What to turn to instead: `default`, one fallback, or a list that is tried in order.
#[derive(Clone, Debug)]
pub(super) struct Fallbacks(pub Vec<Fallback>);

/// What to turn to when a call has failed for good: exactly one of default, cached, call, send and
/// later.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Fallback {
    /// Failures that it is for; all if left out.
    pub on: Option<Vec<Outcome>>,
    /// A value that is always at hand; written as `default`.
    #[serde(skip)]
    pub default: bool,
    /// The last good answer, if it is cached.
    pub cached: Option<CachedFallback>,
    /// Another service, or one of its operations, with guards of its own.
    pub call: Option<String>,
    /// A queue to which a message about the request is sent; the request is accepted.
    pub send: Option<String>,
    /// The request is accepted, and done when the breakers of the call are closed.
    pub later: Option<LaterFallback>,
}

/// The last good answer, if it is cached.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CachedFallback {
    /// Share of requests for which it is.
    #[serde(rename = "hit rate")]
    pub hit_rate: Share,
    /// How long it takes to fetch.
    pub latency: Option<DurationPhrase>,
    /// It is of no use any more when the call has not succeeded for so long; always of use if left
    /// out.
    #[serde(rename = "max age")]
    pub max_age: Option<Duration>,
}

/// Requests that are put off.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LaterFallback {
    /// At which rate they are made up for.
    pub rate: Rate,
    /// How many can be put off at one time; no limit if left out.
    pub capacity: Option<u32>,
}

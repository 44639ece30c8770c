//! The section of what a service turns away.

use schemars::JsonSchema;
use serde::Deserialize;

use super::quantity::{Duration, Share};

/// What an instance turns away, and in which order it serves its queue.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Admission {
    /// The order in which the queue is served; `fifo` if left out.
    pub order: Option<Order>,
    /// With `adaptive lifo`: the newest first as long as more than so many wait.
    pub above: Option<u32>,
    /// With `weighted`: the weight of each class, the highest first.
    pub weights: Option<Vec<u32>>,
    /// With `reserved`: the slots kept for each class, the highest first.
    pub reserved: Option<Vec<u32>>,
    /// Drops requests that have waited too long for too long.
    pub codel: Option<Codel>,
    /// Drops arrivals early, by chance, when the queue is long on average.
    pub red: Option<Red>,
    /// Turns arrivals away when too many slots are in use.
    pub utilization: Option<Utilization>,
    /// Limits requests in flight by how long they take.
    pub concurrency: Option<Concurrency>,
    /// How long callers who are turned away are asked to stay away; not at all if left out.
    #[serde(rename = "retry after")]
    pub retry_after: Option<Duration>,
}

/// The order in which a queue is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub(super) enum Order {
    /// First come, first served.
    #[serde(rename = "fifo")]
    Fifo,
    /// The last to come first.
    #[serde(rename = "lifo")]
    Lifo,
    /// First come, first served, until too many wait; then the last to come first.
    #[serde(rename = "adaptive lifo")]
    AdaptiveLifo,
    /// By class; a lower one is served only when no higher one waits.
    #[serde(rename = "strict")]
    Strict,
    /// By class, in proportion to `weights`.
    #[serde(rename = "weighted")]
    Weighted,
    /// By class, the highest first, with slots kept for each.
    #[serde(rename = "reserved")]
    Reserved,
}

/// Controlled delay.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Codel {
    /// A wait up to this is no sign of overload; 5ms if left out.
    pub target: Option<Duration>,
    /// A wait above it for so long is; 100ms if left out.
    pub interval: Option<Duration>,
}

/// Random early detection.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Red {
    /// Below this average queue nothing is dropped.
    pub min: f64,
    /// At this average queue everything is.
    pub max: f64,
    /// The probability just below it; 10% if left out.
    pub probability: Option<Share>,
    /// The weight of each new length in the average; 0.002 if left out.
    pub weight: Option<f64>,
    /// How long a service takes on average, by which the average decays while nobody queues; 1ms if
    /// left out.
    #[serde(rename = "service time")]
    pub service_time: Option<Duration>,
}

/// Shedding by utilization.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Utilization {
    /// Arrivals are turned away above this share of slots in use.
    pub above: Share,
    /// The time constant of its average; the present moment alone if left out.
    pub over: Option<Duration>,
}

/// A limit that adapts itself: of Netflix's concurrency-limits, under the library's names.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Concurrency {
    /// Which algorithm.
    pub limit: ConcurrencyAlgorithm,
    /// Where it begins; 20 if left out.
    #[serde(rename = "initialLimit")]
    pub initial_limit: Option<u32>,
    /// aimd, gradient2: never below; 20 if left out.
    #[serde(rename = "minLimit")]
    pub min_limit: Option<u32>,
    /// aimd: never above; 200 if left out.
    #[serde(rename = "maxLimit")]
    pub max_limit: Option<u32>,
    /// gradient2, vegas: never above; 200 and 1000 if left out.
    #[serde(rename = "maxConcurrency")]
    pub at_most: Option<u32>,
    /// aimd: what a dropped call multiplies it by, from 0.5 to below 1; 0.9 if left out.
    #[serde(rename = "backoffRatio")]
    pub backoff_ratio: Option<f64>,
    /// aimd: a call that takes longer counts as dropped; 5s if left out.
    pub timeout: Option<Duration>,
    /// gradient2: by which factor the long average may be exceeded; 1.5 if left out.
    #[serde(rename = "rttTolerance")]
    pub rtt_tolerance: Option<f64>,
    /// gradient2, vegas: the weight of each new limit; 0.2 and 1 if left out.
    pub smoothing: Option<f64>,
    /// gradient2: by how much it grows while round trips stay short; 4 if left out.
    #[serde(rename = "queueSize")]
    pub queue_size: Option<u32>,
    /// gradient2: samples of the long average; 600 if left out.
    #[serde(rename = "longWindow")]
    pub long_window: Option<u32>,
    /// vegas: after about so many samples times the limit the shortest round trip is measured anew;
    /// 30 if left out.
    #[serde(rename = "probeMultiplier")]
    pub probe_multiplier: Option<u32>,
}

/// An algorithm of concurrency-limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub(super) enum ConcurrencyAlgorithm {
    /// Additive increase, multiplicative decrease.
    #[serde(rename = "aimd")]
    Aimd,
    /// The gradient of long against short round trips.
    #[serde(rename = "gradient2")]
    Gradient2,
    /// The queue that TCP Vegas estimates.
    #[serde(rename = "vegas")]
    Vegas,
}

//! The section of a load balancer.

use schemars::JsonSchema;
use serde::Deserialize;

use super::quantity::{Duration, Share};

/// How instances of a callee are chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub(super) enum Policy {
    /// One after the other.
    #[default]
    #[serde(rename = "round robin")]
    RoundRobin,
    /// By chance.
    #[serde(rename = "random")]
    Random,
    /// To the one with the fewest requests in flight.
    #[serde(rename = "least outstanding")]
    LeastOutstanding,
    /// To the one with fewer requests in flight among two taken by chance.
    #[serde(rename = "power of two")]
    PowerOfTwo,
    /// One after the other, by `weights`.
    #[serde(rename = "weighted")]
    Weighted,
    /// To the one that was faster lately, and has fewer requests in flight, among two taken by
    /// chance.
    #[serde(rename = "peak ewma")]
    PeakEwma,
    /// By the key of the request, on a ring.
    #[serde(rename = "consistent hash")]
    ConsistentHash,
}

/// How instances are chosen: a policy, or a map with a policy and what keeps instances out for a
/// while.
#[derive(Clone, Debug)]
pub(super) struct Balance(pub BalanceForm);

/// The map form of a balancer.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct BalanceForm {
    /// How instances are chosen; round robin if left out.
    pub policy: Option<Policy>,
    /// With `weighted`: the weight of each instance.
    pub weights: Option<Vec<u32>>,
    /// With `peak ewma`: the time constant of the average; 10s if left out.
    pub decay: Option<Duration>,
    /// With `consistent hash`: so many different keys; as many as requests if left out.
    pub keys: Option<u64>,
    /// With `consistent hash`: at most this times the average load, such as 1.25; no limit if left
    /// out.
    pub bound: Option<f64>,
    /// Zones that the instances of caller and callee are dealt out to in turn; the caller's own
    /// comes first. One if left out.
    pub zones: Option<u32>,
    /// With `zones`: how much more than its share a zone can take; 1.4 if left out.
    pub overprovisioning: Option<f64>,
    /// Spares instances that have come back.
    #[serde(rename = "slow start")]
    pub slow_start: Option<SlowStart>,
    /// Checks instances, and leaves out those that are down.
    #[serde(rename = "health check")]
    pub health_check: Option<HealthCheck>,
    /// Ejects instances that fail more than the others; under Envoy's names.
    #[serde(rename = "outlier detection")]
    pub outlier_detection: Option<OutlierDetection>,
    /// With fewer than this share of the instances in order, all are used; 50% if left out, as in
    /// Envoy.
    #[serde(rename = "panic threshold")]
    pub panic_threshold: Option<Share>,
}

/// Traffic that grows for an instance that has come back.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SlowStart {
    /// How long it takes.
    pub window: Duration,
    /// The shape: 1 grows evenly, more grows faster at first; 1 if left out.
    pub aggression: Option<f64>,
    /// The least weight; 10% if left out.
    #[serde(rename = "least weight")]
    pub least: Option<Share>,
}

/// Checks whether instances are there.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HealthCheck {
    /// Time between two checks.
    pub interval: Duration,
    /// Failed checks in a row after which an instance is down; 3 if left out.
    #[serde(rename = "unhealthy threshold")]
    pub unhealthy_threshold: Option<u32>,
    /// Good checks in a row after which it is up again; 2 if left out.
    #[serde(rename = "healthy threshold")]
    pub healthy_threshold: Option<u32>,
}

/// Envoy's `outlier_detection`.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct OutlierDetection {
    /// Failures in a row that eject an instance; 5 if left out, 0 for never.
    pub consecutive_5xx: Option<u32>,
    /// Time between two sweeps; 10s if left out.
    pub interval: Option<Duration>,
    /// How long an ejection lasts, times how often the instance was ejected; 30s if left out.
    pub base_ejection_time: Option<Duration>,
    /// How long it lasts at most; 300s if left out.
    pub max_ejection_time: Option<Duration>,
    /// Nothing is ejected any more once so many per cent are; 10 if left out.
    pub max_ejection_percent: Option<u32>,
    /// Instances with enough requests before success rates are compared; 5 if left out.
    pub success_rate_minimum_hosts: Option<u32>,
    /// Requests in an interval before an instance's rate counts; 100 if left out.
    pub success_rate_request_volume: Option<u32>,
    /// Thousandths of a standard deviation below the mean at which an instance is ejected; 1900 if
    /// left out, 0 for never.
    pub success_rate_stdev_factor: Option<u32>,
}

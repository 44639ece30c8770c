//! The settings of a balancer.

use std::fmt;

use sim_core::SimDuration;

use super::{HealthCheck, Locality, OutlierSettings, SlowStart};

/// The way in which a caller spreads its calls over the instances of a callee.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Balance {
    /// One after the other.
    #[default]
    RoundRobin,
    /// By chance.
    Random,
    /// To the instance with the fewest requests in flight, by chance if there are several.
    LeastOutstanding,
    /// To the one with fewer requests in flight among two taken by chance (Mitzenmacher, "The power
    /// of two choices in randomized load balancing", 2001).
    PowerOfTwo,
    /// One after the other, by weight.
    Weighted(Vec<u32>),
    /// To the cheaper by [`PeakEwma`](super::PeakEwma) among two taken by chance.
    PeakEwma {
        /// The time constant of the average.
        decay: SimDuration,
    },
    /// By the key of a request, on a [ring](super::ConsistentHash).
    ConsistentHash {
        /// The number of different keys; as many as requests if there is none.
        keys: Option<u64>,
        /// The most load of an instance, as a multiple of the average.
        bound: Option<f64>,
    },
}

impl fmt::Display for Balance {
    /// The policy as a scenario writes it: `peak ewma, decay: 10s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RoundRobin => f.write_str("round robin"),
            Self::Random => f.write_str("random"),
            Self::LeastOutstanding => f.write_str("least outstanding"),
            Self::PowerOfTwo => f.write_str("power of two"),
            Self::Weighted(weights) => {
                let weights: Vec<String> = weights.iter().map(u32::to_string).collect();
                write!(f, "weighted, weights: [{}]", weights.join(", "))
            }
            Self::PeakEwma { decay } => write!(f, "peak ewma, decay: {decay}"),
            Self::ConsistentHash { keys, bound } => {
                f.write_str("consistent hash")?;
                keys.map_or(Ok(()), |keys| write!(f, ", keys: {keys}"))?;
                bound.map_or(Ok(()), |bound| write!(f, ", bound: {bound}"))
            }
        }
    }
}

/// All settings of a balancer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Balancing {
    /// The policy.
    pub balance: Balance,
    /// The preference for instances in the caller's zone, if any.
    pub locality: Option<Locality>,
    /// The checks of instances, if any.
    pub health_check: Option<HealthCheck>,
    /// The ejection of instances that fail more than others, if any.
    pub outlier_detection: Option<OutlierSettings>,
    /// The lower weight at first of an instance that has come back, if any.
    pub slow_start: Option<SlowStart>,
    /// The share of instances in order below which all are used (Envoy's panic threshold), 0 to 1.
    pub panic_threshold: f64,
    /// The time for which instances that go out or come back wait for others, if it is not longer
    /// since the last change; zero if every change takes effect at once. Envoy's
    /// `update_merge_window` (`ClusterManagerImpl::scheduleUpdate` in
    /// `source/common/upstream/cluster_manager_impl.cc`).
    pub update_merge_window: SimDuration,
}

impl Balancing {
    /// True if the balancer needs to see how each attempt ends.
    pub fn observes_attempts(&self) -> bool {
        self.outlier_detection.is_some() || matches!(self.balance, Balance::PeakEwma { .. })
    }

    /// True if it can take instances out of the choice.
    pub fn takes_instances_out(&self) -> bool {
        self.outlier_detection.is_some() || self.health_check.is_some()
    }
}

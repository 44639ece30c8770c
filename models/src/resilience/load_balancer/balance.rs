//! The settings of a balancer as they are written.

use sim_core::SimDuration;

use super::{Balance, Balancing, HealthCheckSection, Locality, OutlierSection, SlowStartSection};
use crate::language::quantity::{Duration, Share};
use crate::language::{HasShortForm, Placed, Problems, Short, one_of, section};
use crate::system::StationPlan;

/// Settings that apply when the file says nothing; Finagle's and Envoy's own.
const DECAY: SimDuration = SimDuration::from_secs(10);
const OVERPROVISIONING: f64 = 1.4;
const PANIC_THRESHOLD: f64 = 0.5;

section! {
    /// The way to choose instances of a callee, and mechanisms that keep some out for a while.
    pub(crate) struct BalanceSection {
        .. => policy: Policy,
        /// Zones over which the instances of caller and callee are spread in turn; the caller's own
        /// comes first. If the callee's instances have regions, these are the zones, and this is
        /// their number. One if left out.
        "zones" => zones: Option<Placed<u32>>,
        /// With `zones`: the factor by which a zone can take more than its share; 1.4 if left out.
        "overprovisioning" => overprovisioning: Option<Placed<f64>>,
        /// Sends less traffic to instances that have come back; with every policy but `consistent
        /// hash`.
        "slow start" => slow_start: Option<Placed<SlowStartSection>>,
        /// Checks instances, and leaves out those that are down.
        "health check" => health_check: Option<HealthCheckSection>,
        /// Ejects instances that fail more than the others; under Envoy's names.
        "outlier detection" => outlier_detection: Option<OutlierSection>,
        /// The share of the instances in order below which all are used; 50% if left out, as in
        /// Envoy.
        "panic threshold" => panic_threshold: Option<Share>,
        /// The time for which instances that go out or come back wait for others, if the last change
        /// is not longer ago, as in Envoy, which has 1s; 0s if left out.
        "update merge window" => update_merge_window: Option<Duration>,
    }
}

impl HasShortForm for BalanceSection {
    const KEY: &'static str = "policy";
    type Value = String;
}

one_of! {
    /// The way to choose instances of a callee.
    pub(crate) enum Policy("balancer") by "policy" or "round robin" {
        /// One after the other.
        "round robin" => RoundRobin(Plain),
        /// By chance.
        "random" => Random(Plain),
        /// To the one with the fewest requests in flight.
        "least outstanding" => LeastOutstanding(Plain),
        /// To the one with fewer requests in flight among two taken by chance.
        "power of two" => PowerOfTwo(Plain),
        /// One after the other, by `weights`.
        "weighted" => Weighted(Weighted),
        /// To the one that was faster lately and has fewer requests in flight, of two taken by
        /// chance.
        "peak ewma" => PeakEwma(WithDecay),
        /// By the key of the request, on a ring.
        "consistent hash" => ConsistentHash(Hashed),
    }
}

section! {
    /// A policy without settings.
    pub(crate) struct Plain {}
}

section! {
    /// One after the other, by weight.
    pub(crate) struct Weighted {
        /// The weight of each instance, such as `[1, 1, 2]`.
        "weights" => weights: Placed<Vec<u32>>,
    }
}

section! {
    /// By an average that decays.
    pub(crate) struct WithDecay {
        /// The time constant of the average; 10s if left out.
        "decay" => decay: Option<Duration>,
    }
}

section! {
    /// By the key of the request, on a ring.
    pub(crate) struct Hashed {
        /// The number of different keys; as many as requests if left out.
        "keys" => keys: Option<u64>,
        /// The most load of an instance as a multiple of the average, such as 1.25; no limit if
        /// left out.
        "bound" => bound: Option<Placed<f64>>,
    }
}

/// Compiles the balancer of the calls of a station.
pub(crate) fn compile_balance(
    written: Option<&Placed<Short<BalanceSection>>>,
    callee: &StationPlan,
    problems: &mut Problems,
) -> Balancing {
    let Some(section) = written else {
        return Balancing { panic_threshold: PANIC_THRESHOLD, ..Balancing::default() };
    };
    if let (Some(factor), None) = (&section.overprovisioning, &section.zones) {
        let message = "`overprovisioning` has no effect on this balancer";
        problems.error(factor.key(), message, "write `zones`, or leave it out");
    }
    if let (Some(slow_start), Policy::ConsistentHash(_)) = (&section.slow_start, &section.policy) {
        let message = "`consistent hash` has no slow start: a key belongs to one instance";
        let help = "leave `slow start` out, or take another policy; Envoy has it in round robin and \
                    least request only";
        problems.error(slow_start.key(), message, help);
    }
    Balancing {
        balance: section.policy.compile(callee, problems),
        locality: section.zones.as_ref().map(|zones| Locality {
            zones: problems.at_least_one(Some(zones), 1, "zones"),
            overprovisioning: problems.within(
                section.overprovisioning.as_ref(),
                OVERPROVISIONING,
                1.0..=100.0,
            ),
        }),
        health_check: section.health_check.as_ref().map(|check| check.compile(problems)),
        outlier_detection: section.outlier_detection.as_ref().map(|it| it.compile(problems)),
        slow_start: section.slow_start.as_ref().map(|start| start.compile(problems)),
        update_merge_window: section
            .update_merge_window
            .map_or(SimDuration::ZERO, |window| window.0),
        panic_threshold: section.panic_threshold.map_or(PANIC_THRESHOLD, |share| share.0),
    }
}

impl Policy {
    fn compile(&self, callee: &StationPlan, problems: &mut Problems) -> Balance {
        match self {
            Self::RoundRobin(_) => Balance::RoundRobin,
            Self::Random(_) => Balance::Random,
            Self::LeastOutstanding(_) => Balance::LeastOutstanding,
            Self::PowerOfTwo(_) => Balance::PowerOfTwo,
            Self::Weighted(Weighted { weights }) => {
                Balance::Weighted(one_for_each(weights, callee, problems))
            }
            Self::PeakEwma(WithDecay { decay }) => {
                Balance::PeakEwma { decay: decay.map_or(DECAY, |decay| decay.0) }
            }
            Self::ConsistentHash(Hashed { keys, bound }) => Balance::ConsistentHash {
                keys: keys.map(|keys| keys.max(1)),
                bound: bound
                    .as_ref()
                    .map(|bound| problems.within(Some(bound), 1.25, 1.0..=1_000.0)),
            },
        }
    }
}

/// One weight for each instance of a callee.
fn one_for_each(
    weights: &Placed<Vec<u32>>,
    callee: &StationPlan,
    problems: &mut Problems,
) -> Vec<u32> {
    let instances = callee.instances.len() as usize;
    let message = if weights.len() != instances {
        let (name, given) = (&callee.name, weights.len());
        format!("`{name}` has {instances} instances, but there are {given} weights")
    } else if weights.iter().all(|weight| *weight == 0) {
        "all weights are zero".to_owned()
    } else {
        return (**weights).clone();
    };
    let help = "write one weight for each instance, such as `weights: [1, 1, 2]`";
    problems.error(weights.at(), message, help);
    vec![1; instances]
}

//! The uncertainty of a mean that one run has measured.

use sim_core::Distribution;

use super::Latency;
use crate::observe::WorkloadRecord;
use crate::system::{Blueprint, Source, System, UNLIMITED, WorkloadPlan};
use crate::workload::ArrivalProcess;

/// The confidence of every interval printed.
const CONFIDENCE: f64 = 0.95;
/// The number of answers that an interval needs, as a multiple of the time in which a queue forgets (below).
const ENOUGH: f64 = 2_500.0;
/// The most that the 99.9th percentile may be, as a multiple of the mean; 6.9 of an exponential distribution.
const TAIL: f64 = 10.0;
/// A rounding error of a squared coefficient of variation.
const HAIR: f64 = 1e-9;

/// The half-width in nanoseconds of the 95 % confidence interval of a mean latency. `None` if one run cannot
/// tell: an interval from batches of one run is right only if nothing changes in the course of it, and only
/// if it is long against the time in which its queues forget, which grows with (1 − utilization)⁻² (Whitt,
/// "Planning queueing simulations", Management Science 35, 1989). Rare long work needs more than any run has.
pub(super) fn half_width(
    system: &System,
    record: &WorkloadRecord,
    latency: &Latency,
    utilization: f64,
) -> Option<f64> {
    let answers = record.mean_latency.count() as f64;
    let free = 1.0 - utilization.min(1.0);
    let is_long = answers * free * free >= ENOUGH;
    let has_light_tail = latency.p999 <= TAIL * latency.mean;
    let is_known = is_long && has_light_tail && is_steady(system);
    is_known.then(|| record.mean_latency.interval(CONFIDENCE).half_width)
}

/// The utilization of the pool or link that is busiest, averaged over the time after the warm-up.
pub(super) fn greatest_utilization(system: &System, now: sim_core::SimTime) -> f64 {
    let blueprint = system.blueprint();
    let limited =
        system.pools().iter().zip(&blueprint.pools).filter(|(_, plan)| plan.capacity != UNLIMITED);
    let of_pools =
        limited.map(|(pool, plan)| pool.usage().busy.mean(now) / f64::from(plan.capacity.max(1)));
    let of_links = system.links().iter().flat_map(|link| &link.directions);
    let of_links = of_links.map(|link| link.busy(now) as f64 / 1e9 / now.as_secs_f64());
    of_pools.chain(of_links).filter(|share| share.is_finite()).fold(0.0, f64::max)
}

/// True if nothing changes in the course of a run but by chance, and quickly.
fn is_steady(system: &System) -> bool {
    let blueprint = system.blueprint();
    let is_left_alone = blueprint.faults.is_empty()
        && blueprint.triggers.is_empty()
        && blueprint.orders.is_empty()
        && blueprint.autoscalers.is_empty();
    // What they remember lasts longer than a request.
    let forgets = blueprint.caches.is_empty() && blueprint.queues.is_empty();
    let no_transition =
        || system.recorder().breakers().iter().all(|breaker| breaker.transition_count == 0);
    is_left_alone
        && forgets
        && blueprint.workloads.iter().all(|plan| arrives_steadily(plan, blueprint))
        && blueprint.distributions.iter().all(varies_little)
        && no_transition()
}

/// True if the arrivals of a workload do not change over time.
fn arrives_steadily(plan: &WorkloadPlan, blueprint: &Blueprint) -> bool {
    match &plan.source {
        Source::Open(ArrivalProcess::Constant(rate) | ArrivalProcess::Poisson(rate)) => {
            let rates = || rate.knots().iter().map(|knot| knot.rate);
            rates().all(|other| Some(other) == rates().next())
        }
        Source::Open(ArrivalProcess::Replay(_)) => false,
        Source::Closed { users, .. } => {
            users.stages.iter().all(|stage| stage.to == users.start) && blueprint.customers == 0
        }
    }
}

/// True if values vary no more than exponential ones.
fn varies_little(distribution: &Distribution) -> bool {
    let mean = distribution.mean();
    distribution.variance() <= mean * mean * (1.0 + HAIR)
}

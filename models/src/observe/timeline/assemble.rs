//! The moments of a run in order of time.

use sim_core::SimTime;

use super::Moment;
use super::availability::availability_moments;
use super::breakers::breaker_moments;
use super::faults::{abort_moment, fault_moments};
use super::instances::{instance_moments, not_told, scale_moments};
use super::limits::limit_moments;
use super::links::link_moments;
use super::operators::{held_up_moments, operator_moments};
use super::pools::pool_moments;
use super::queues::queue_moments;
use super::recovery::recovery_moments;
use super::retries::retry_moments;
use super::spells::Instants;
use crate::observe::alerts::alert_moments;
use crate::system::System;

/// Everything that changed in a run up to `now`, in order of time. At one instant causes come before
/// effects: operators, faults, pools, breakers, availability.
pub fn timeline(system: &System, now: SimTime) -> Vec<Moment> {
    let (blueprint, recorder) = (system.blueprint(), system.recorder());
    let faults = fault_moments(system, now);
    let arrivals_end = SimTime::ZERO + blueprint.run.duration;
    let instants = Instants { recorder, arrivals_end, faults: &faults };
    let mut moments = operator_moments(blueprint, recorder);
    moments.extend(faults.clone());
    moments.extend(pool_moments(system, now));
    moments.extend(link_moments(system, now));
    moments.extend(breaker_moments(blueprint, recorder));
    moments.extend(instance_moments(blueprint, recorder));
    moments.extend(alert_moments(blueprint, recorder));
    moments.extend(held_up_moments(blueprint, recorder));
    moments.extend(abort_moment(system));
    moments.extend(scale_moments(blueprint, recorder));
    moments.extend(not_told(blueprint, recorder));
    moments.extend(queue_moments(blueprint, recorder));
    moments.extend(limit_moments(blueprint, &instants));
    moments.extend(retry_moments(blueprint, &instants));
    moments.extend(availability_moments(blueprint, &instants));
    moments.extend(recovery_moments(system, &instants));
    moments.sort_by_key(|moment| moment.at);
    moments
}

//! Names of behaviours, loads and triggers.

use sim_experiments::stability::{Behaviour, Stability};
use sim_models::study::{Level, Values};

/// The safe load lies this share below the highest at which the system recovers from every trigger.
pub(super) const MARGIN: f64 = 0.1;

/// A behaviour in one word.
pub(super) fn name(behaviour: Behaviour) -> &'static str {
    match behaviour {
        Behaviour::Stable => "stable",
        Behaviour::Recovers => "recovers",
        Behaviour::Degraded => "degraded",
        Behaviour::Metastable => "metastable",
        Behaviour::Overloaded => "overloaded",
    }
}

/// A load as the scenario would write it.
pub(super) fn load(stability: &Stability, number: f64) -> String {
    match &stability.plan.load.values {
        Values::Range(range) => range.level(number).shown,
        Values::Listed(_) => format!("{number}"),
    }
}

/// The settings of a trigger: `faults[0].for = 20s`.
pub(super) fn trigger(stability: &Stability, level: &Level, also: Option<&Level>) -> String {
    let first = format!("{} = {}", stability.plan.trigger.path, level.shown);
    match (&stability.plan.also, also) {
        (Some(second), Some(level)) => format!("{first}, {} = {}", second.path, level.shown),
        _ => first,
    }
}

//! Names of behaviours, loads, triggers and boundaries: the same in text, pictures and JSON.

use sim_experiments::stability::{Behaviour, Boundary, Cell, Stability};
use sim_models::scenario::StabilityPlan;
use sim_models::study::{Level, Range, Values};

use crate::units::UNKNOWN;

/// The safe load lies this share below the highest at which the system recovers from every trigger.
pub(super) const MARGIN: f64 = 0.1;

/// All behaviours, from the best to the worst.
pub(super) const BEHAVIOURS: [Behaviour; 5] = [
    Behaviour::Stable,
    Behaviour::Recovers,
    Behaviour::Degraded,
    Behaviour::Metastable,
    Behaviour::Overloaded,
];

/// The mark of a cell without runs.
pub(super) const NOT_RUN: &str = UNKNOWN;

/// The mark of a cell that an interruption left out.
pub(super) const NOT_KNOWN: &str = ".";

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

/// The letter of a behaviour: small if the system is well at the end or nearly so, a capital if not.
pub(super) fn letter(behaviour: Behaviour) -> &'static str {
    match behaviour {
        Behaviour::Stable => "s",
        Behaviour::Recovers => "r",
        Behaviour::Degraded => "d",
        Behaviour::Metastable => "M",
        Behaviour::Overloaded => "O",
    }
}

/// The letter of the usual behaviour in a cell, with a question mark if some run behaves
/// differently.
pub(super) fn mark(cell: &Cell) -> String {
    let Some(behaviour) = cell.usual() else { return NOT_RUN.to_owned() };
    let is_mixed = cell.runs.iter().any(|(other, _)| *other != behaviour);
    format!("{}{}", letter(behaviour), if is_mixed { "?" } else { "" })
}

/// The number of a load with its unit, without the words around it: `325/s`.
pub(super) fn load(stability: &Stability, number: f64) -> String {
    match &stability.plan.load.values {
        Values::Range(range) => {
            let (before, after) = (String::new(), String::new());
            // A safe load may lie below the range, and a difference anywhere.
            let (from, to) = (number.min(range.from), number.max(range.to));
            Range { before, after, from, to, ..range.clone() }.level(number).shown
        }
        Values::Listed(_) => format!("{number}"),
    }
}

/// Several loads of the map by their places: `100/s, 300/s to 500/s`.
pub(super) fn loads(stability: &Stability, places: &[usize]) -> String {
    let shown = |place: usize| load(stability, stability.loads[place].number);
    let neighbours = places.chunk_by(|one, next| one + 1 == *next);
    let spans = neighbours.map(|span| match span {
        [first, .., last] => format!("{} to {}", shown(*first), shown(*last)),
        only => shown(only[0]),
    });
    spans.collect::<Vec<_>>().join(", ")
}

/// The settings of a trigger: `faults[0].for = 20s`.
pub(super) fn trigger(plan: &StabilityPlan, level: &Level, also: Option<&Level>) -> String {
    let first = format!("{} = {}", plan.trigger.path, level.shown);
    match (&plan.also, also) {
        (Some(second), Some(level)) => format!("{first}, {} = {}", second.path, level.shown),
        _ => first,
    }
}

/// The load at the end of the range: the last that was tried.
pub(super) fn at_end(stability: &Stability, number: f64) -> String {
    let is_end = stability.loads.last().is_some_and(|last| last.number == number);
    let reason = if is_end { "where the range ended" } else { "the last that was run" };
    format!("{}, {reason}", load(stability, number))
}

/// The load at the beginning of the range: the first that was tried.
pub(super) fn at_beginning(stability: &Stability, number: f64) -> String {
    let is_beginning = stability.loads.first().is_some_and(|first| first.number == number);
    let reason = if is_beginning { "where the range began" } else { "the first that was run" };
    format!("{}, {reason}", load(stability, number))
}

/// A boundary, after "it heals" or "it is well".
pub(super) fn up_to(stability: &Stability, boundary: Boundary) -> String {
    let load = |number| load(stability, number);
    match boundary {
        Boundary::Between { heals, .. } => format!("up to {}", load(heals)),
        Boundary::AtLeast(heals) => format!("at least {}", at_end(stability, heals)),
        Boundary::AtMost(fails) => format!("at most {}", at_beginning(stability, fails)),
        Boundary::Unknown => "not run".to_owned(),
    }
}

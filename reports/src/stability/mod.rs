//! What a map of stability shows: text, JSON and pictures.

mod plots;
mod records;
mod text;

use std::path::Path;

use sim_experiments::stability::{Behaviour, Stability};
use sim_models::study::Level;

pub use records::json;
pub use text::report;

use crate::files::{self, WriteError};

/// The safe load is what heals from every trigger, less this share.
const MARGIN: f64 = 0.1;

/// Writes `stability.json` and the pictures into `folder`.
///
/// # Errors
/// If a file cannot be drawn or written; files already written stay.
pub fn write_all(stability: &Stability, scenario: &str, folder: &Path) -> Result<(), WriteError> {
    files::make_folder(folder)?;
    files::write(&folder.join("stability.json"), json(stability, scenario).as_bytes())?;
    files::write_drawings(&plots::drawings(stability, scenario), folder)
}

/// What a system does, in one word.
fn name(behaviour: Behaviour) -> &'static str {
    match behaviour {
        Behaviour::Stable => "stable",
        Behaviour::Recovers => "recovers",
        Behaviour::Degraded => "degraded",
        Behaviour::Metastable => "metastable",
        Behaviour::Overloaded => "overloaded",
    }
}

/// A load as it is written.
fn load(stability: &Stability, number: f64) -> String {
    match &stability.plan.load.values {
        sim_models::study::Values::Range(range) => range.level(number).shown,
        sim_models::study::Values::Listed(_) => format!("{number}"),
    }
}

/// The settings of a trigger: `faults[0].for = 20s`.
fn trigger(stability: &Stability, level: &Level, also: Option<&Level>) -> String {
    let first = format!("{} = {}", stability.plan.trigger.path, level.shown);
    match (&stability.plan.also, also) {
        (Some(second), Some(level)) => format!("{first}, {} = {}", second.path, level.shown),
        _ => first,
    }
}

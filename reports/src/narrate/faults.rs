//! Faults, and experiments that are called off.

use sim_core::SimDuration;
use sim_models::observe::FigureUnit;

use super::Line;
use crate::palette::Tone;
use crate::units::figure;

pub(super) fn begins(target: &str, effect: &str, lasts: Option<SimDuration>) -> Line {
    let span = lasts.map_or_else(|| "to the end".to_owned(), |lasts| format!("for {lasts}"));
    Line::new(Tone::Fault, "fault", target, format!("{effect}, {span}"))
}

pub(super) fn ends(target: &str, effect: &str) -> Line {
    Line::new(Tone::Fault, "fault", target, format!("{effect}: over"))
}

pub(super) fn aborted(condition: &str, value: f64, unit: FigureUnit) -> Line {
    let measured = figure(value, unit);
    let text = format!("called off and rolled back: {condition}; measured {measured}");
    Line::worse("chaos", "experiment", text)
}

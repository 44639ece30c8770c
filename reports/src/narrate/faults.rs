//! Faults, and experiments that are called off.

use sim_core::SimDuration;
use sim_models::observe::FigureUnit;

use super::Line;
use crate::palette::Tone;
use crate::units::figure;

pub(super) fn begins(target: &str, effect: &str, lasts: Option<SimDuration>) -> Line {
    let text = match lasts {
        None => format!("{effect}, to the end"),
        Some(SimDuration::ZERO) => effect.to_owned(),
        Some(lasts) => format!("{effect}, for {lasts}"),
    };
    Line::new(Tone::Fault, "fault", target, text)
}

pub(super) fn grows(target: &str, effect: &str, so_far: Option<&str>) -> Line {
    let text = match so_far {
        Some(so_far) => format!("{so_far} so far"),
        None => format!("{effect}: fully grown"),
    };
    Line::new(Tone::Fault, "fault", target, text)
}

pub(super) fn ends(target: &str, effect: &str) -> Line {
    Line::new(Tone::Fault, "fault", target, format!("{effect}: over"))
}

pub(super) fn aborted(condition: &str, value: f64, unit: FigureUnit) -> Line {
    let measured = figure(value, unit);
    let text = format!("called off and rolled back: {condition}; measured {measured}");
    Line::worse("chaos", "experiment", text)
}

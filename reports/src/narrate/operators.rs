//! Operators and automation.

use sim_models::observe::Dependent;

use super::Line;
use crate::palette::Tone;

pub(super) fn did(what: &str, waits_for: Option<&str>) -> Line {
    match waits_for {
        None => Line::new(Tone::Fault, "operator", "", what),
        Some(service) => {
            let text = format!("waits, because {service} does not answer: {what}");
            Line::new(Tone::Worse, "operator", "", text)
        }
    }
}

pub(super) fn held_up(what: &Dependent, service: &str, is_over: bool) -> Line {
    let (kind, done, not_done) = match what {
        Dependent::Instances(_) => ("scale", "gets new instances", "gets no new instance"),
        Dependent::Deployment(_) => ("deploy", "goes on", "waits"),
        Dependent::Alert(_) => ("alert", "delivered", "not delivered"),
    };
    if is_over {
        return Line::better(kind, what.name(), format!("{done}: {service} answers"));
    }
    Line::worse(kind, what.name(), format!("{not_done}: {service} does not answer"))
}

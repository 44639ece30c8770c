//! Operators.

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

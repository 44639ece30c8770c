//! The report of a stability map: text for a terminal, JSON and plots.

mod folder;
mod json;
mod plots;
mod sentences;
mod text;
mod words;

pub use folder::write_all;
pub(crate) use json::StabilityRecord;
pub use json::{json, json_of_part};
pub use text::{report, report_of_part};

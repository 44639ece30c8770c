//! The report of a recommendation: text for a terminal, JSON and plots.

mod folder;
mod journal;
mod json;
mod limits;
mod plots;
mod recheck;
mod recorded;
mod set_line;
mod settings;
mod standing;
mod text;
mod words;

pub use folder::write_all;
pub use journal::{RUNS, RunJournal};
pub(crate) use json::RecommendationRecord;
pub use json::json;
pub(crate) use recheck::RecheckRecord;
pub use recheck::{recheck_json, recheck_report};
pub use recorded::{Recorded, read};
pub use set_line::{set_line, values};
pub use text::report;
pub use words::best_so_far;

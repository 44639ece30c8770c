//! The report of a run: text for a terminal, JSON, CSV tables and the overview; and of several replications of it.

mod csv;
mod folder;
mod json;
mod overview;
mod replications;
mod sections;
mod text;

pub use folder::write_all;
pub use json::json;
pub use overview::Overview;
pub use replications::{replications, replications_json};
pub use text::report;

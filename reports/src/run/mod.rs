//! The report of a single run: text for a terminal, JSON, CSV tables and the overview.

mod csv;
mod folder;
mod json;
mod overview;
mod sections;
mod text;

pub use folder::write_all;
pub use json::json;
pub use overview::Overview;
pub use text::report;

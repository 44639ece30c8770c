//! The report of a run: text for a terminal, JSON, CSV tables and the overview; of several replications of it, and of
//! the variants of a scenario side by side.

mod comparison;
mod csv;
mod folder;
mod invocation;
mod json;
mod overview;
mod replications;
mod sections;
mod text;

pub(crate) use comparison::ComparisonRecord;
pub use comparison::{Asked, comparison, comparison_json};
pub use folder::{held_by_another, write_all};
pub use invocation::Invocation;
pub(crate) use invocation::quoted;
pub(crate) use json::RunRecord;
pub use json::json;
pub use overview::Overview;
pub(crate) use replications::ReplicationsRecord;
pub use replications::{replications, replications_json};
pub use text::report;

//! The report of a single run.

mod overview;

pub use overview::Overview;

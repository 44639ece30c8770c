//! The report of a sweep: a journal while it runs, then text for a terminal, CSV, JSON, Parquet and
//! plots.

mod csv;
mod effects;
mod folder;
mod header;
mod heat_map;
mod journal;
mod json;
mod parquet;
mod plots;
mod point;
mod ranking;
mod sensitivity;
mod text;

pub use csv::{csv, csv_of_part};
pub use folder::{JOURNAL, findings, write_all};
pub use header::Header;
pub use journal::{Journal, in_order};
pub(crate) use json::SweepRecord;
pub use json::{json, json_of_part};
pub use text::{report, report_of_part};

//! Everything about a run in one folder.

use std::path::Path;

use sim_experiments::Finished;

use super::{Overview, csv, json};
use crate::files::{Folder, WriteError};

/// Writes everything about a run into `folder`: `summary.json`, `timeline.csv`, `series.csv`,
/// `latency.csv`, `overview.svg` and `overview.png`. The folder is made if it is missing.
///
/// # Errors
/// If a file cannot be encoded or written; files already written stay.
pub fn write_all(finished: &Finished, folder: &Path) -> Result<(), WriteError> {
    let folder = Folder::make(folder)?;
    folder.write("summary.json", json(finished).as_bytes())?;
    folder.write("timeline.csv", &csv::timeline(finished)?)?;
    folder.write("series.csv", &csv::series(finished)?)?;
    folder.write("latency.csv", &csv::latency(finished)?)?;
    folder.draw(&Overview::new(finished))
}

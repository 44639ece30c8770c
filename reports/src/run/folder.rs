//! Everything about a run in one folder.

use std::path::Path;

use serde_json::Value;
use sim_experiments::Finished;

use super::{Invocation, Overview, csv, json};
use crate::files::{Folder, WriteError};

/// The file with the summary.
const SUMMARY: &str = "summary.json";

/// Writes everything about a run into `folder`: `summary.json`, `timeline.csv`, `series.csv`,
/// `latency.csv`, `overview.svg` and `overview.png`. The folder is made if it is missing.
///
/// # Errors
/// If a file cannot be encoded or written; files already written stay.
pub fn write_all(
    finished: &Finished,
    invocation: &Invocation,
    folder: &Path,
) -> Result<(), WriteError> {
    let folder = Folder::make(folder)?;
    folder.write(SUMMARY, json(finished, invocation).as_bytes())?;
    folder.write("timeline.csv", &csv::timeline(finished)?)?;
    folder.write("series.csv", &csv::series(finished)?)?;
    folder.write("latency.csv", &csv::latency(finished)?)?;
    folder.draw(&Overview::new(finished).named(invocation))
}

/// The command of the run whose results a folder holds, if that is another one than this of a scenario with a
/// seed; or the name of the summary, if it tells of no run.
pub fn held_by_another(
    folder: &Path,
    invocation: &Invocation,
    scenario: &str,
    seed: u64,
) -> Option<String> {
    let path = folder.join(SUMMARY);
    let bytes = std::fs::read(&path).ok()?;
    let Ok(held) = serde_json::from_slice::<Value>(&bytes) else {
        return Some(SUMMARY.to_owned());
    };
    let is_same = held["scenario"] == scenario
        && held["seed"] == seed
        && without_file(&held["invocation"]) == without_file(&serde_json::json!(invocation));
    let command = held["command"].as_str().unwrap_or(SUMMARY);
    (!is_same).then(|| command.to_owned())
}

/// The request without the path of its file.
fn without_file(invocation: &Value) -> Value {
    let mut invocation = invocation.clone();
    if let Some(asked) = invocation.as_object_mut() {
        asked.remove("file");
    }
    invocation
}

//! What a sweep shows: a journal while it runs, then tables, text and plots.

mod heat_map;
mod journal;
mod plots;
mod records;
mod text;

use std::path::Path;

use serde::{Deserialize, Serialize};
use sim_experiments::sweep::analysis::{Analysis, Findings};
use sim_experiments::sweep::{Chooser, Shard, Sweep};
use sim_models::study::SweepPlan;

pub use journal::{Journal, JournalError, in_order};
pub use records::{csv, json};
pub use text::report;

use crate::files;

/// The file in a results folder to which each point is added as soon as it is done.
pub const JOURNAL: &str = "journal.jsonl";

/// What a sweep is of: the first line of its journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// The version of Fusebox; journals of different versions do not go together.
    pub fusebox: String,
    /// The scenario.
    pub scenario: String,
    /// A hash over the system that was swept.
    pub identity: String,
    /// Its seed.
    pub seed: u64,
    /// How long each run is.
    pub simulated_seconds: f64,
    /// Which part of the sweep this is, counted from 1.
    pub part: u64,
    /// Of how many.
    pub parts: u64,
    /// What varies, and what is measured.
    pub plan: SweepPlan,
}

impl Header {
    /// Of a part of a sweep.
    pub fn of(sweep: &Sweep, shard: Shard) -> Self {
        let run = sweep.blueprint().run;
        Self {
            fusebox: env!("CARGO_PKG_VERSION").to_owned(),
            scenario: sweep.blueprint().name.clone(),
            identity: sweep.identity(),
            seed: run.seed,
            simulated_seconds: (run.duration + run.drain).as_secs_f64(),
            part: shard.part,
            parts: shard.parts,
            plan: sweep.plan().clone(),
        }
    }

    /// The same for the whole sweep.
    pub fn whole(&self) -> Self {
        Self { part: 1, parts: 1, ..self.clone() }
    }

    /// Which values each point has.
    pub fn chooser(&self) -> Chooser {
        Chooser::new(&self.plan, self.seed)
    }
}

/// What the journals of a sweep tell, read in the order of the points.
///
/// # Errors
/// If a journal cannot be read, or a point is missing.
pub fn findings(header: &Header, journals: &[Journal]) -> Result<Findings, JournalError> {
    let mut analysis = Analysis::new(&header.plan, header.chooser());
    in_order(journals, header.plan.points(), &mut |point| {
        analysis.add(&point);
        Ok(())
    })?;
    Ok(analysis.finish())
}

/// Writes everything about a finished sweep into `folder`: the points as `points.csv`,
/// `points.parquet` and `sweep.json`, the plots, and the journal in the order of the points.
///
/// # Errors
/// If a journal cannot be read or a file cannot be written; files already written stay.
pub fn write_all(
    header: &Header,
    journals: &[Journal],
    findings: &Findings,
    folder: &Path,
) -> Result<(), JournalError> {
    let header = header.whole();
    let points = header.plan.points();
    files::write_with(&folder.join("points.csv"), |out| records::csv(&header, journals, out))?;
    records::parquet(&header, journals, &folder.join("points.parquet"))?;
    files::write_with(&folder.join("sweep.json"), |out| records::json(&header, journals, out))?;
    files::write_with(&folder.join(JOURNAL), |out| -> Result<(), JournalError> {
        journal::write_line(out, &header)?;
        in_order(journals, points, &mut |point| journal::write_line(out, &point))
    })?;
    Ok(files::write_drawings(&plots::drawings(&header, findings), folder)?)
}

//! Everything about a sweep in one folder.

use std::path::Path;

use sim_experiments::sweep::analysis::{Analysis, Findings};

use super::journal::{check_complete, in_order};
use super::{Header, Journal, csv, json, parquet, plots};
use crate::files::{Folder, WriteError};
use crate::journal::{JournalError, write_record};

/// The file in a folder of results to which each point is added as soon as it is done.
pub const JOURNAL: &str = "journal.jsonl";

/// The results of a sweep, from the points of its journals in their order.
///
/// # Errors
/// If a journal cannot be read, two records contradict each other, or a point is missing.
pub fn findings(header: &Header, journals: &[Journal]) -> Result<Findings, JournalError> {
    check_complete(journals)?;
    let mut analysis = Analysis::new(&header.plan, header.chooser());
    in_order(journals, header.plan.points(), &mut |point| {
        analysis.add(&point);
        Ok(())
    })?;
    Ok(analysis.finish())
}

/// Writes everything about a finished sweep into `folder`: the points as `points.csv`,
/// `points.parquet` and `sweep.json`, the plots, and the journal in the order of the points. The
/// folder is made if it is missing.
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
    let folder = Folder::make(folder)?;
    folder.write_with("points.csv", |out| csv(&header, journals, out))?;
    folder.write_with("points.parquet", |out| parquet::write(&header, journals, out))?;
    folder.write_with("sweep.json", |out| json(&header, journals, out))?;
    folder.write_with(JOURNAL, |out| {
        let failed = |cause| WriteError::File { path: JOURNAL.into(), cause };
        write_record(out, &header).map_err(failed)?;
        in_order(journals, header.plan.points(), &mut |point| {
            Ok(write_record(out, &point).map_err(failed)?)
        })
    })?;
    Ok(folder.draw_all(&plots::drawings(&header, findings))?)
}

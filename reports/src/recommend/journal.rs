//! The journal of a search: runs are written as soon as they are done, so that none is lost.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use sim_experiments::recommend::{Memory, RunOfSystem};

use crate::files::WriteError;
use crate::journal::{Head, JournalError, LineOfFile, Lines, Writer};

/// The name of the runs' journal in a folder.
pub const RUNS: &str = "runs.jsonl";

/// A file with a JSON record on each line: the version that made it, then the runs in the order in which
/// they were done. A run is known by a hash over its system, so that runs of another scenario do no harm.
#[derive(Debug)]
pub struct RunJournal {
    known: Mutex<BTreeMap<RunOfSystem, Vec<Option<f64>>>>,
    writer: Writer,
    failure: Mutex<Option<JournalError>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    fusebox: String,
}

#[derive(PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    system: String,
    replication: u64,
    values: Vec<Option<f64>>,
}

impl RunJournal {
    /// A new journal in a folder.
    ///
    /// # Errors
    /// If there is one already, or it cannot be made.
    pub fn create(folder: &Path) -> Result<Self, JournalError> {
        Self::begin(Writer::create(&folder.join(RUNS))?)
    }

    /// The journal in a folder, to be continued, or a new one if there is none or its header was cut off.
    /// A last line that was cut off is removed.
    ///
    /// # Errors
    /// If another process writes it, it cannot be read or written, another version made it, a line is
    /// damaged, or two lines contradict each other.
    pub fn resume(folder: &Path) -> Result<Self, JournalError> {
        let path = folder.join(RUNS);
        let writer = Writer::open(&path)?;
        let mut lines = Lines::open(&path)?;
        let Head::Whole { has_end, .. } = lines.head::<Header>()? else {
            writer.cut(0)?;
            return Self::begin(writer);
        };
        if has_end {
            let known = runs(&mut lines)?;
            writer.cut(lines.end())?;
            Ok(Self::of(writer, known))
        } else {
            writer.end_line()?;
            Ok(Self::of(writer, BTreeMap::new()))
        }
    }

    fn begin(writer: Writer) -> Result<Self, JournalError> {
        writer.append(&Header { fusebox: env!("CARGO_PKG_VERSION").to_owned() })?;
        Ok(Self::of(writer, BTreeMap::new()))
    }

    fn of(writer: Writer, known: BTreeMap<RunOfSystem, Vec<Option<f64>>>) -> Self {
        Self { known: Mutex::new(known), writer, failure: Mutex::default() }
    }

    /// Removes the file, because the search has its answer.
    ///
    /// # Errors
    /// If a run could not be written, or the file cannot be removed.
    pub fn finish(&self) -> Result<(), JournalError> {
        self.check()?;
        let path = self.writer.path();
        let failed = |cause| WriteError::File { path: path.to_owned(), cause };
        Ok(std::fs::remove_file(path).map_err(failed)?)
    }

    /// Fails if a run could not be written.
    ///
    /// # Errors
    /// The first failure.
    pub fn check(&self) -> Result<(), JournalError> {
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner).take();
        failure.map_or(Ok(()), Err)
    }
}

/// Reads all runs of a journal.
fn runs(lines: &mut Lines) -> Result<BTreeMap<RunOfSystem, Vec<Option<f64>>>, JournalError> {
    let mut known: BTreeMap<RunOfSystem, (Vec<Option<f64>>, LineOfFile)> = BTreeMap::new();
    while let Some(record) = lines.record()? {
        let Record { system, replication, values } =
            serde_json::from_slice(&record.json).map_err(|error| lines.refused(&error))?;
        match known.entry(RunOfSystem { system, replication }) {
            Entry::Vacant(place) => {
                place.insert((values, lines.place()));
            }
            Entry::Occupied(place) if place.get().0 == values => {}
            Entry::Occupied(place) => {
                let (first, second) = (place.get().1.clone(), lines.place());
                let about = format!("replication {replication} of a system");
                return Err(JournalError::Contradiction { first, second, about });
            }
        }
    }
    Ok(known.into_iter().map(|(run, (values, _))| (run, values)).collect())
}

impl Memory for RunJournal {
    fn recall(&self, run: &RunOfSystem) -> Option<Vec<Option<f64>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(run).cloned()
    }

    fn keep(&self, run: RunOfSystem, values: &[Option<f64>]) {
        let RunOfSystem { system, replication } = run.clone();
        let values = values.to_vec();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let before = known.insert(run, values.clone());
        drop(known);
        if before.is_none()
            && let Err(failure) = self.writer.append(&Record { system, replication, values })
        {
            self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(failure);
        }
    }
}

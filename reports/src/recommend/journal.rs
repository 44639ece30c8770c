//! The journal of a search: runs are written as soon as they are done, so that none is lost.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde::{Deserialize, Serialize};
use sim_experiments::recommend::{Memory, RunOfSystem};

use crate::files::WriteError;
use crate::sweep::JournalError;

/// The name of the runs' journal in a folder.
pub const RUNS: &str = "runs.jsonl";

/// A file with a JSON record on each line: the version that made it, then the runs in the order in which
/// they were done. A run is known by a hash over its system, so that runs of another scenario do no harm.
#[derive(Debug)]
pub struct RunJournal {
    path: PathBuf,
    known: Mutex<BTreeMap<RunOfSystem, Vec<Option<f64>>>>,
    file: Mutex<File>,
    failure: Mutex<Option<WriteError>>,
}

#[derive(Serialize, Deserialize)]
struct Header {
    fusebox: String,
}

#[derive(Serialize, Deserialize)]
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
        let path = folder.join(RUNS);
        let file = match OpenOptions::new().write(true).create_new(true).open(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                return Err(JournalError::Exists(path));
            }
            other => other.map_err(|cause| WriteError::File { path: path.clone(), cause })?,
        };
        let journal = Self::of(path, BTreeMap::new(), file);
        journal.append(&Header { fusebox: env!("CARGO_PKG_VERSION").to_owned() })?;
        Ok(journal)
    }

    /// The journal in a folder, to be continued, or a new one if there is none. A last line that was cut
    /// off is removed.
    ///
    /// # Errors
    /// If it cannot be read or written, another version made it, or a line is damaged.
    pub fn resume(folder: &Path) -> Result<Self, JournalError> {
        let path = folder.join(RUNS);
        if !path.exists() {
            return Self::create(folder);
        }
        let text = std::fs::read_to_string(&path)
            .map_err(|cause| JournalError::Read { path: path.clone(), cause })?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let mut lines = text[..whole].lines().enumerate();
        let refused = |line: usize, cause: String| JournalError::Record {
            path: path.clone(),
            line: line + 1,
            cause,
        };
        let header = lines.next().map_or("", |(_, line)| line);
        let Header { fusebox } =
            serde_json::from_str(header).map_err(|error| refused(0, error.to_string()))?;
        if fusebox != env!("CARGO_PKG_VERSION") {
            let this = env!("CARGO_PKG_VERSION");
            return Err(refused(0, format!("it was made by version {fusebox}, not {this}")));
        }
        let mut known = BTreeMap::new();
        for (number, line) in lines {
            let Record { system, replication, values } =
                serde_json::from_str(line).map_err(|error| refused(number, error.to_string()))?;
            known.insert(RunOfSystem { system, replication }, values);
        }
        let failed = |cause| WriteError::File { path: path.clone(), cause };
        let mut file = OpenOptions::new().write(true).open(&path).map_err(failed)?;
        file.set_len(whole as u64).and_then(|()| file.seek(SeekFrom::End(0))).map_err(failed)?;
        Ok(Self::of(path, known, file))
    }

    fn of(path: PathBuf, known: BTreeMap<RunOfSystem, Vec<Option<f64>>>, file: File) -> Self {
        Self { path, known: Mutex::new(known), file: Mutex::new(file), failure: Mutex::new(None) }
    }

    /// Removes the file, because the search has its answer.
    ///
    /// # Errors
    /// If a run could not be written, or the file cannot be removed.
    ///
    /// # Panics
    /// If another thread panicked while writing.
    pub fn finish(&self) -> Result<(), JournalError> {
        self.check()?;
        let failed = |cause| WriteError::File { path: self.path.clone(), cause };
        Ok(std::fs::remove_file(&self.path).map_err(failed)?)
    }

    /// Fails if a run could not be written.
    ///
    /// # Errors
    /// The first failure.
    ///
    /// # Panics
    /// If another thread panicked while writing.
    pub fn check(&self) -> Result<(), JournalError> {
        let failure = self.failure.lock().expect("no thread has panicked").take();
        failure.map_or(Ok(()), |failure| Err(failure.into()))
    }

    /// Adds a record, whole or not at all.
    fn append(&self, record: &impl Serialize) -> Result<(), WriteError> {
        let failed = |cause| WriteError::File { path: self.path.clone(), cause };
        let mut line = serde_json::to_vec(record).map_err(std::io::Error::from).map_err(failed)?;
        line.push(b'\n');
        self.file.lock().expect("no thread has panicked").write_all(&line).map_err(failed)
    }
}

impl Memory for RunJournal {
    fn recall(&self, run: &RunOfSystem) -> Option<Vec<Option<f64>>> {
        self.known.lock().expect("no thread has panicked").get(run).cloned()
    }

    fn keep(&self, run: RunOfSystem, values: &[Option<f64>]) {
        let RunOfSystem { system, replication } = run.clone();
        let values = values.to_vec();
        let before = self.known.lock().expect("no thread has panicked").insert(run, values.clone());
        if before.is_none()
            && let Err(failure) = self.append(&Record { system, replication, values })
        {
            self.failure.lock().expect("no thread has panicked").get_or_insert(failure);
        }
    }
}

//! The reasons for which a journal cannot be used.

use std::path::PathBuf;

use thiserror::Error;

use crate::files::WriteError;

/// A failure to use a journal.
#[derive(Debug, Error)]
pub enum JournalError {
    /// A journal cannot be read.
    #[error("cannot read {path}: {cause}")]
    Read {
        /// The journal.
        path: PathBuf,
        /// The reason.
        cause: std::io::Error,
    },
    /// A line of the file is not part of a journal.
    #[error("{path}, line {line}: not a record of a journal: {cause}")]
    Record {
        /// The file.
        path: PathBuf,
        /// The number of the line, from 1.
        line: usize,
        /// The reason.
        cause: String,
    },
    /// It is the journal of another sweep.
    #[error("{path} belongs to another sweep: {difference}")]
    Other {
        /// The journal.
        path: PathBuf,
        /// The first difference that was found.
        difference: String,
    },
    /// A new journal cannot take the place of an old one.
    #[error("{0} already exists: continue it with --resume, or choose another folder")]
    Exists(PathBuf),
    /// Points are missing.
    #[error("{missing} of {points} points are missing; the first is number {first}")]
    Incomplete {
        /// The number of missing points.
        missing: u64,
        /// The number of points of the sweep.
        points: u64,
        /// The first missing point.
        first: u64,
    },
    /// A file cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

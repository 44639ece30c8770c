//! The reasons for which a journal cannot be used, each with what to do.

use std::fmt;
use std::io;
use std::path::PathBuf;

use sim_models::printable::line;
use thiserror::Error;

use crate::files::WriteError;
use crate::printable;

/// A failure to use a journal. A path, and what a journal says, is shown on one line, whatever is in it.
#[derive(Debug, Error)]
pub enum JournalError {
    /// A folder has no journal.
    #[error(
        "there is no {}: name folders that `fusebox sweep --out` has written",
        printable::path(_0)
    )]
    Missing(PathBuf),
    /// A journal holds nothing.
    #[error("{} holds nothing yet: run its part with --resume", printable::path(_0))]
    Unbegun(PathBuf),
    /// A journal cannot be read.
    #[error("cannot read {}: {cause}", printable::path(path))]
    Read {
        /// The journal.
        path: PathBuf,
        /// The reason.
        cause: io::Error,
    },
    /// A record cannot be added.
    #[error(
        "cannot write {}: {cause}; once that is put right, --resume continues with what it holds",
        printable::path(path)
    )]
    Append {
        /// The journal.
        path: PathBuf,
        /// The reason.
        cause: io::Error,
    },
    /// Another process writes the journal.
    #[error(
        "another process is writing {}: wait until it has ended, or choose another folder",
        printable::path(_0)
    )]
    InUse(PathBuf),
    /// The first line of the file is not the header of a journal.
    #[error(
        "{}, line 1: {}; nothing can be continued from this file: begin anew in another folder",
        printable::path(path),
        line(cause)
    )]
    Header {
        /// The file.
        path: PathBuf,
        /// The reason.
        cause: String,
    },
    /// Another version of Fusebox made the journal.
    #[error(
        "{}, line 1: it was made by version {} of fusebox, and this is {this}: use that version, or begin anew in another folder",
        printable::path(path),
        line(made),
        this = env!("CARGO_PKG_VERSION")
    )]
    Version {
        /// The journal.
        path: PathBuf,
        /// The version that made it.
        made: String,
    },
    /// A line of the file is not a record of this journal.
    #[error(
        "{at}: {}; delete this line, and --resume simulates again what it recorded",
        line(cause)
    )]
    Record {
        /// The line.
        at: LineOfFile,
        /// The reason.
        cause: String,
    },
    /// Two records say different things about the same simulation.
    #[error(
        "{first} and {second} contradict each other about {}: delete both lines, and --resume simulates it again",
        line(about)
    )]
    Contradiction {
        /// The line that was read first.
        first: LineOfFile,
        /// The line that was read later.
        second: LineOfFile,
        /// The thing that both are about.
        about: String,
    },
    /// It is the journal of another sweep.
    #[error(
        "{} belongs to another sweep: {}; give the scenario and the arguments that it was begun with, or another folder",
        printable::path(path),
        line(difference)
    )]
    Other {
        /// The journal.
        path: PathBuf,
        /// The first difference that was found.
        difference: String,
    },
    /// Two journals are not parts of one sweep.
    #[error(
        "{} and {} are of different sweeps: in the first, {}; name only folders of one sweep",
        printable::path(path),
        printable::path(other),
        line(difference)
    )]
    Apart {
        /// A journal.
        path: PathBuf,
        /// The journal that it was compared with.
        other: PathBuf,
        /// The first difference that was found.
        difference: String,
    },
    /// A new journal cannot take the place of an old one.
    #[error(
        "{} already exists: continue it with --resume, or choose another folder",
        printable::path(_0)
    )]
    Exists(PathBuf),
    /// Points are missing.
    #[error(
        "{missing} of {points} points are missing from {}: {}; finish every part with --resume, and name the folders of all parts",
        some_of(journals.len(), journals.iter().map(|path| printable::path(path))),
        some_of(*missing as usize, first.iter().map(u64::to_string))
    )]
    Incomplete {
        /// The number of missing points.
        missing: u64,
        /// The number of points of the sweep.
        points: u64,
        /// The numbers of the first missing points.
        first: Vec<u64>,
        /// The journals that were read.
        journals: Vec<PathBuf>,
    },
    /// A file cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// The most things that a message lists.
pub(crate) const MOST_LISTED: usize = 5;

/// The first of `count` things, and that there are more.
fn some_of(count: usize, things: impl Iterator<Item = String>) -> String {
    let shown = things.take(MOST_LISTED).collect::<Vec<_>>().join(", ");
    if count > MOST_LISTED { format!("{shown} and {} more", count - MOST_LISTED) } else { shown }
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineOfFile {
    /// The file.
    pub path: PathBuf,
    /// The number of the line, from 1.
    pub line: usize,
}

impl fmt::Display for LineOfFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, line {}", printable::path(&self.path), self.line)
    }
}

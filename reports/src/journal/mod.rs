//! Journals: files with a record on each line, to which results are added as soon as they are there,
//! so that no finished simulation is lost.
//!
//! A journal outlives what happens to it. A line that was being written when the machine stopped is
//! dropped, and its simulation is repeated; a line that says something else than was written is found by
//! its checksum and refused; only one process at a time writes. The records themselves belong to the
//! analyses: [`sweep`](crate::sweep) and [`recommend`](crate::recommend).
//!
//! - `record`: a record as a line, with the checksum that its end carries;
//! - `lines`: reading them back;
//! - `writer`: the file, its lock, and adding lines to it.

mod error;
mod lines;
mod record;
mod writer;

pub(crate) use error::MOST_LISTED;
pub use error::{JournalError, LineOfFile};
pub(crate) use lines::{Head, Lines};
pub(crate) use record::write_record;
pub(crate) use writer::Writer;
pub use writer::check_not_being_written;

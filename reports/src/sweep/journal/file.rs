//! The file of a journal.

use std::io;
use std::path::{Path, PathBuf};

use sim_experiments::sweep::Point;

use super::points::{Points, held};
use crate::files::WriteError;
use crate::journal::{Head, JournalError, Lines, Writer};
use crate::sweep::Header;

/// A file with a JSON record on each line: the header, then the points in the order in which they
/// were done.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    header: Header,
    /// `None` if it was opened to read it.
    writer: Option<Writer>,
    /// Removes the file together with the journal.
    _temporary: Option<tempfile::NamedTempFile>,
}

impl Journal {
    /// A journal that is removed with this value, for a sweep whose results are only shown.
    ///
    /// # Errors
    /// If the file cannot be made.
    pub fn temporary(header: &Header) -> Result<Self, JournalError> {
        let failed = |cause| WriteError::File { path: std::env::temp_dir(), cause };
        let temporary = tempfile::NamedTempFile::new().map_err(failed)?;
        let file = temporary.reopen().map_err(failed)?;
        let journal = Self::begin(Writer::unshared(temporary.path(), file), header)?;
        Ok(Self { _temporary: Some(temporary), ..journal })
    }

    /// A new journal.
    ///
    /// # Errors
    /// If there is one already, or it cannot be made.
    pub fn create(path: &Path, header: &Header) -> Result<Self, JournalError> {
        Self::begin(Writer::create(path)?, header)
    }

    /// Opens a journal to continue it, and tells for each point whether the journal holds it. A last
    /// line that was cut off is removed. If there is no journal, or its header was cut off, so that it
    /// holds no point, a new one begins.
    ///
    /// # Errors
    /// If another process writes it, it belongs to another sweep, it is damaged, or it cannot be read.
    pub fn resume(path: &Path, header: &Header) -> Result<(Self, Vec<bool>), JournalError> {
        let writer = Writer::open(path)?;
        let Head::Whole { header: found, has_end } = Lines::open(path)?.head::<Header>()? else {
            writer.cut(0)?;
            let is_done = vec![false; header.plan.points() as usize];
            return Ok((Self::begin(writer, header)?, is_done));
        };
        if let Some(difference) = found.difference(header).or_else(|| found.other_part(header)) {
            return Err(JournalError::Other { path: path.to_owned(), difference });
        }
        if !has_end {
            writer.end_line()?;
        }
        let mut journal = Self::read_only(path, found);
        let is_done = held(std::slice::from_ref(&journal))?;
        writer.cut(Points::new(&journal)?.end()?)?;
        journal.writer = Some(writer);
        Ok((journal, is_done))
    }

    /// Opens an existing journal to read it.
    ///
    /// # Errors
    /// If there is no file, or its first line is not the header of a sweep that a scenario can ask for.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let Head::Whole { header, .. } = Lines::open(path)?.head::<Header>()? else {
            return Err(JournalError::Unbegun(path.to_owned()));
        };
        header.check().map_err(|cause| JournalError::Header { path: path.to_owned(), cause })?;
        Ok(Self::read_only(path, header))
    }

    fn begin(writer: Writer, header: &Header) -> Result<Self, JournalError> {
        writer.append(header)?;
        let journal = Self::read_only(writer.path(), header.clone());
        Ok(Self { writer: Some(writer), ..journal })
    }

    fn read_only(path: &Path, header: Header) -> Self {
        Self { path: path.to_owned(), header, writer: None, _temporary: None }
    }

    /// The identity of its sweep.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The path of its file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Checks that it belongs to the same sweep as another journal; the part may differ.
    ///
    /// # Errors
    /// If it belongs to another sweep.
    pub fn check_goes_with(&self, other: &Self) -> Result<(), JournalError> {
        let Some(difference) = self.header.difference(&other.header) else { return Ok(()) };
        let (path, other) = (self.path.clone(), other.path.clone());
        Err(JournalError::Apart { path, other, difference })
    }

    /// Adds a point, whole or not at all.
    ///
    /// # Errors
    /// If the file cannot be written, or was opened to read it.
    pub fn append(&self, point: &Point) -> Result<(), JournalError> {
        let Some(writer) = &self.writer else {
            let cause = io::Error::new(io::ErrorKind::PermissionDenied, "it was opened to read it");
            return Err(JournalError::Append { path: self.path.clone(), cause });
        };
        writer.append(point)
    }
}

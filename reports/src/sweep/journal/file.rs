//! The file of a journal.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde::Serialize;

use super::JournalError;
use super::points::Points;
use crate::files::WriteError;
use crate::sweep::{Header, JOURNAL};

/// A file with a JSON record on each line: the header, then the points in the order in which they
/// were done.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    header: Header,
    file: Mutex<File>,
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
        let file = Mutex::new(temporary.reopen().map_err(failed)?);
        let journal = Self {
            path: temporary.path().to_owned(),
            header: header.clone(),
            file,
            _temporary: Some(temporary),
        };
        journal.append(header)?;
        Ok(journal)
    }

    /// A new journal.
    ///
    /// # Errors
    /// If there is one already, or it cannot be made.
    pub fn create(path: &Path, header: &Header) -> Result<Self, JournalError> {
        let failed = |cause| WriteError::File { path: path.to_owned(), cause };
        let file = match OpenOptions::new().write(true).create_new(true).open(path) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                return Err(JournalError::Exists(path.to_owned()));
            }
            other => other.map_err(failed)?,
        };
        let journal = Self {
            path: path.to_owned(),
            header: header.clone(),
            file: Mutex::new(file),
            _temporary: None,
        };
        journal.append(header)?;
        Ok(journal)
    }

    /// Opens an existing journal to continue it, and tells for each point whether the
    /// journal holds it. A last line that was cut off is removed.
    ///
    /// # Errors
    /// If there is no journal, it belongs to another sweep, or it cannot be read.
    pub fn resume(path: &Path, header: &Header) -> Result<(Self, Vec<bool>), JournalError> {
        let mut journal = Self::open(path)?;
        journal.check(
            journal.header.difference(header).or_else(|| journal.header.other_part(header)),
        )?;
        let mut is_done = vec![false; header.plan.points() as usize];
        let mut points = Points::new(&journal)?;
        for point in points.by_ref() {
            is_done[point?.point as usize] = true;
        }
        let failed = |cause| WriteError::File { path: path.to_owned(), cause };
        let mut file = OpenOptions::new().write(true).open(path).map_err(failed)?;
        file.set_len(points.end).and_then(|()| file.seek(SeekFrom::End(0))).map_err(failed)?;
        journal.file = Mutex::new(file);
        Ok((journal, is_done))
    }

    /// Opens an existing journal to read it.
    ///
    /// # Errors
    /// If there is no file, or its first line is not the header of a journal.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let failed = |cause| JournalError::Read { path: path.to_owned(), cause };
        let file = File::open(path).map_err(failed)?;
        let mut first = String::new();
        BufReader::new(&file).read_line(&mut first).map_err(failed)?;
        let header = serde_json::from_str(&first).map_err(|error| JournalError::Record {
            path: path.to_owned(),
            line: 1,
            cause: error.to_string(),
        })?;
        Ok(Self { path: path.to_owned(), header, file: Mutex::new(file), _temporary: None })
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
        self.check(self.header.difference(&other.header))
    }

    fn check(&self, difference: Option<String>) -> Result<(), JournalError> {
        match difference {
            Some(difference) => Err(JournalError::Other { path: self.path.clone(), difference }),
            None => Ok(()),
        }
    }

    /// Adds a record, whole or not at all.
    ///
    /// # Errors
    /// If the file cannot be written.
    ///
    /// # Panics
    /// If another thread panicked while writing.
    pub fn append(&self, record: &impl Serialize) -> Result<(), JournalError> {
        let mut file = self.file.lock().expect("no thread has panicked");
        let mut line = Vec::new();
        write_line(&mut line, record)?;
        Ok(file
            .write_all(&line)
            .map_err(|cause| WriteError::File { path: self.path.clone(), cause })?)
    }
}

/// Writes a record and ends its line.
pub(in crate::sweep) fn write_line(
    out: &mut dyn Write,
    record: &impl Serialize,
) -> Result<(), JournalError> {
    let written = serde_json::to_writer(&mut *out, record)
        .map_err(std::io::Error::from)
        .and_then(|()| out.write_all(b"\n"));
    Ok(written.map_err(|cause| WriteError::File { path: PathBuf::from(JOURNAL), cause })?)
}

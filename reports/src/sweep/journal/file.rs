//! Points are written down as soon as they are done, so that nothing that was simulated is lost.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde::Serialize;
use sim_experiments::sweep::Point;
use thiserror::Error;

use super::Header;
use crate::files::WriteError;

/// A file with one JSON record a line: the header, then points in the order in which they were
/// done.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    header: Header,
    file: Mutex<File>,
    /// Held so that the file goes with the journal.
    _temporary: Option<tempfile::NamedTempFile>,
}

/// Why a journal is of no use.
#[derive(Debug, Error)]
pub enum JournalError {
    /// It cannot be read.
    #[error("cannot read {path}: {cause}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// It holds something else.
    #[error("{path}, line {line}: not a record of a sweep: {cause}")]
    Record {
        /// Which.
        path: PathBuf,
        /// Where.
        line: usize,
        /// Why.
        cause: String,
    },
    /// It is the journal of another sweep.
    #[error("{path} belongs to another sweep: {difference}")]
    Other {
        /// Which.
        path: PathBuf,
        /// How they differ.
        difference: String,
    },
    /// There is a journal already.
    #[error("{0} is there already: go on with --resume, or choose another folder")]
    Exists(PathBuf),
    /// Points are missing.
    #[error("{missing} of {points} points are missing, the first of them number {first}")]
    Incomplete {
        /// How many.
        missing: u64,
        /// Of how many.
        points: u64,
        /// The first.
        first: u64,
    },
    /// A file cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl Journal {
    /// A journal that is gone with its value, for a sweep whose results are only shown.
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

    /// A journal that is there, to be gone on with, and which points it holds. What was being
    /// written when it was cut off is taken away.
    ///
    /// # Errors
    /// If there is none, it is of another sweep, or it cannot be read.
    pub fn resume(path: &Path, header: &Header) -> Result<(Self, Vec<bool>), JournalError> {
        let mut journal = Self::open(path)?;
        if let Some(difference) = difference(header, &journal.header, true) {
            return Err(JournalError::Other { path: path.to_owned(), difference });
        }
        let mut is_done = vec![false; header.plan.points() as usize];
        let end = journal.each(&mut |point: Point| {
            is_done[point.point as usize] = true;
            Ok(())
        })?;
        let failed = |cause| WriteError::File { path: path.to_owned(), cause };
        let mut file = OpenOptions::new().write(true).open(path).map_err(failed)?;
        file.set_len(end).and_then(|()| file.seek(SeekFrom::End(0))).map_err(failed)?;
        journal.file = Mutex::new(file);
        Ok((journal, is_done))
    }

    /// A journal that is there, to be read.
    ///
    /// # Errors
    /// If there is none, or it does not begin as one.
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

    /// What it is of.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is of the same sweep as another, be it of another part.
    ///
    /// # Errors
    /// How they differ.
    pub fn check_goes_with(&self, other: &Self) -> Result<(), JournalError> {
        match difference(&other.header, &self.header, false) {
            Some(difference) => Err(JournalError::Other { path: self.path.clone(), difference }),
            None => Ok(()),
        }
    }

    /// Adds a record, whole or not at all.
    ///
    /// # Errors
    /// If it cannot be written.
    ///
    /// # Panics
    /// If another thread has panicked while writing.
    pub fn append(&self, record: &impl Serialize) -> Result<(), JournalError> {
        let mut file = self.file.lock().expect("no thread has panicked");
        let mut line = Vec::new();
        write_line(&mut line, record)?;
        Ok(file
            .write_all(&line)
            .map_err(|cause| WriteError::File { path: self.path.clone(), cause })?)
    }

    /// Reads every point and returns where the last whole line ends.
    fn each(
        &self,
        read: &mut dyn FnMut(Point) -> Result<(), JournalError>,
    ) -> Result<u64, JournalError> {
        let mut points = self.points()?;
        for point in points.by_ref() {
            read(point?)?;
        }
        Ok(points.end)
    }

    fn points(&self) -> Result<Points, JournalError> {
        let failed = |cause| JournalError::Read { path: self.path.clone(), cause };
        let mut reader = BufReader::new(File::open(&self.path).map_err(failed)?);
        let mut line = String::new();
        let end = reader.read_line(&mut line).map_err(failed)? as u64;
        let points = self.header.plan.points();
        Ok(Points { path: self.path.clone(), reader, line: 1, end, of: points })
    }
}

/// The points of a journal, one after the other.
struct Points {
    path: PathBuf,
    reader: BufReader<File>,
    line: usize,
    /// Where the last whole line ended.
    end: u64,
    /// How many points the sweep has.
    of: u64,
}

impl Iterator for Points {
    type Item = Result<Point, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut line = String::new();
        let length = match self.reader.read_line(&mut line) {
            Err(cause) => return Some(Err(JournalError::Read { path: self.path.clone(), cause })),
            Ok(0) => return None,
            Ok(length) => length,
        };
        // A line without an end was being written when the sweep was killed.
        if !line.ends_with('\n') {
            return None;
        }
        (self.line, self.end) = (self.line + 1, self.end + length as u64);
        let refused = |cause: String| JournalError::Record {
            path: self.path.clone(),
            line: self.line,
            cause,
        };
        Some(match serde_json::from_str::<Point>(&line) {
            Ok(point) if point.point < self.of => Ok(point),
            Ok(point) => Err(refused(format!("there is no point {}", point.point))),
            Err(error) => Err(refused(error.to_string())),
        })
    }
}

/// One record and the end of its line.
pub(super) fn write_line(out: &mut dyn Write, record: &impl Serialize) -> Result<(), JournalError> {
    let written = serde_json::to_writer(&mut *out, record)
        .map_err(std::io::Error::from)
        .and_then(|()| out.write_all(b"\n"));
    Ok(written.map_err(|cause| WriteError::File { path: PathBuf::from(super::JOURNAL), cause })?)
}

/// How what a journal is of differs from what it should be; `None` if it does not.
fn difference(wanted: &Header, found: &Header, is_same_part: bool) -> Option<String> {
    if wanted.fusebox != found.fusebox {
        return Some(format!("it was made by version {}, not {}", found.fusebox, wanted.fusebox));
    }
    if wanted.scenario != found.scenario {
        return Some(format!("it is of `{}`, not of `{}`", found.scenario, wanted.scenario));
    }
    if wanted.plan != found.plan {
        return Some("other values vary, or other figures are measured".to_owned());
    }
    if wanted.identity != found.identity || wanted.seed != found.seed {
        return Some("the scenario has been changed since, or has another seed".to_owned());
    }
    let parts = |header: &Header| (header.part, header.parts);
    let is_other_part = is_same_part && parts(wanted) != parts(found);
    is_other_part.then(|| format!("it is part {}/{} of it", found.part, found.parts))
}

/// Reads the points of several journals in the order of their indices. Journals are nearly in
/// order, so that few points are held at a time.
///
/// # Errors
/// If a journal cannot be read, a point is missing, or `read` fails.
pub fn in_order(
    journals: &[Journal],
    points: u64,
    read: &mut dyn FnMut(Point) -> Result<(), JournalError>,
) -> Result<(), JournalError> {
    let mut readers = journals.iter().map(Journal::points).collect::<Result<Vec<_>, _>>()?;
    let mut ahead: BTreeMap<u64, Point> = BTreeMap::new();
    for wanted in 0..points {
        // Each journal is read on until it is past the point wanted or has given it.
        while !ahead.contains_key(&wanted) {
            let mut is_any = false;
            for reader in &mut readers {
                if let Some(point) = reader.next() {
                    let point = point?;
                    is_any = true;
                    if point.point >= wanted {
                        ahead.insert(point.point, point);
                    }
                }
            }
            if !is_any {
                return Err(incomplete(journals, points)?);
            }
        }
        if let Some(point) = ahead.remove(&wanted) {
            read(point)?;
        }
    }
    Ok(())
}

fn incomplete(journals: &[Journal], points: u64) -> Result<JournalError, JournalError> {
    let mut is_done = vec![false; points as usize];
    for journal in journals {
        journal.each(&mut |point| {
            is_done[point.point as usize] = true;
            Ok(())
        })?;
    }
    let missing = is_done.iter().filter(|is_done| !**is_done).count() as u64;
    let first = is_done.iter().position(|is_done| !is_done).unwrap_or(0) as u64;
    Ok(JournalError::Incomplete { missing, points, first })
}

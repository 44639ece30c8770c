//! The points of one or several journals.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;

use sim_experiments::sweep::Point;

use super::{Journal, JournalError};

/// The points of a journal, in the order in which they were written.
pub(super) struct Points {
    path: PathBuf,
    reader: BufReader<File>,
    /// The number of the last line that was read, from 1.
    line: usize,
    /// The end of the last whole line, in bytes.
    pub end: u64,
    /// The number of points of the sweep.
    of: u64,
}

impl Points {
    pub fn new(journal: &Journal) -> Result<Self, JournalError> {
        let failed = |cause| JournalError::Read { path: journal.path().to_owned(), cause };
        let mut reader = BufReader::new(File::open(journal.path()).map_err(failed)?);
        let mut header = String::new();
        let end = reader.read_line(&mut header).map_err(failed)? as u64;
        let of = journal.header().plan.points();
        Ok(Self { path: journal.path().to_owned(), reader, line: 1, end, of })
    }

    fn parsed(&self, line: &str) -> Result<Point, JournalError> {
        let refused =
            |cause| JournalError::Record { path: self.path.clone(), line: self.line, cause };
        match serde_json::from_str::<Point>(line) {
            Ok(point) if point.point < self.of => Ok(point),
            Ok(point) => Err(refused(format!("the sweep has no point {}", point.point))),
            Err(error) => Err(refused(error.to_string())),
        }
    }
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
        Some(self.parsed(&line))
    }
}

/// Reads the points of several journals in the order of their numbers.
///
/// Journals are nearly in order, so that few points are held at a time.
///
/// # Errors
/// If a journal cannot be read, a point is missing, or `read` fails.
pub fn in_order(
    journals: &[Journal],
    points: u64,
    read: &mut dyn FnMut(Point) -> Result<(), JournalError>,
) -> Result<(), JournalError> {
    let mut readers = journals.iter().map(Points::new).collect::<Result<Vec<_>, _>>()?;
    let mut ahead: BTreeMap<u64, Point> = BTreeMap::new();
    for wanted in 0..points {
        while !ahead.contains_key(&wanted) {
            if !read_one_each(&mut readers, wanted, &mut ahead)? {
                return Err(incomplete(journals, points)?);
            }
        }
        if let Some(point) = ahead.remove(&wanted) {
            read(point)?;
        }
    }
    Ok(())
}

/// Reads the next point of each journal and keeps those from `wanted` on. False if all journals are
/// at their ends.
fn read_one_each(
    readers: &mut [Points],
    wanted: u64,
    ahead: &mut BTreeMap<u64, Point>,
) -> Result<bool, JournalError> {
    let mut is_any = false;
    for point in readers.iter_mut().filter_map(Iterator::next) {
        let point = point?;
        is_any = true;
        if point.point >= wanted {
            ahead.insert(point.point, point);
        }
    }
    Ok(is_any)
}

/// Counts the points that are missing.
fn incomplete(journals: &[Journal], points: u64) -> Result<JournalError, JournalError> {
    let mut is_done = vec![false; points as usize];
    for journal in journals {
        for point in Points::new(journal)? {
            is_done[point?.point as usize] = true;
        }
    }
    let missing = is_done.iter().filter(|is_done| !**is_done).count() as u64;
    let first = is_done.iter().position(|is_done| !is_done).unwrap_or(0) as u64;
    Ok(JournalError::Incomplete { missing, points, first })
}

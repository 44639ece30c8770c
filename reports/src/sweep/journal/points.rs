//! The points of one or several journals.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::IgnoredAny;
use sim_experiments::sweep::Point;
use sim_models::scenario::SweepPlan;

use super::Journal;
use crate::journal::{JournalError, LineOfFile, Lines, MOST_LISTED};

/// The points of a journal, in the order in which they were written.
pub(super) struct Points<'a> {
    plan: &'a SweepPlan,
    /// The number of points of the sweep.
    of: u64,
    lines: Lines,
}

/// A point of a journal.
pub(super) struct Recorded {
    point: Point,
    /// The checksum of its record.
    checksum: u32,
}

impl<'a> Points<'a> {
    pub fn new(journal: &'a Journal) -> Result<Self, JournalError> {
        let mut lines = Lines::open(journal.path())?;
        lines.head::<IgnoredAny>()?;
        let plan = &journal.header().plan;
        Ok(Self { plan, of: plan.points(), lines })
    }

    /// The end of the last whole line, in bytes.
    pub fn end(mut self) -> Result<u64, JournalError> {
        while self.lines.record()?.is_some() {}
        Ok(self.lines.end())
    }

    fn read(&mut self) -> Result<Option<Recorded>, JournalError> {
        let Some(record) = self.lines.record()? else { return Ok(None) };
        let point: Point =
            serde_json::from_slice(&record.json).map_err(|error| self.lines.refused(&error))?;
        point.check(self.plan, self.of).map_err(|flaw| self.lines.refused(&flaw))?;
        Ok(Some(Recorded { point, checksum: record.checksum }))
    }
}

impl Iterator for Points<'_> {
    type Item = Result<Recorded, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

/// Tells for each point whether one of the journals holds it. Journals may hold a point more than once if
/// they say the same about it.
pub(super) fn held(journals: &[Journal]) -> Result<Vec<bool>, JournalError> {
    let points = journals.first().map_or(0, |journal| journal.header().plan.points());
    let mut is_held = vec![false; points as usize];
    let mut repeated = BTreeSet::new();
    for journal in journals {
        for recorded in Points::new(journal)? {
            let number = recorded?.point.point;
            if std::mem::replace(&mut is_held[number as usize], true) {
                repeated.insert(number);
            }
        }
    }
    if !repeated.is_empty() {
        check_agreement(journals, &repeated)?;
    }
    Ok(is_held)
}

/// Checks that all records of the same point are the same.
fn check_agreement(journals: &[Journal], repeated: &BTreeSet<u64>) -> Result<(), JournalError> {
    let mut known: BTreeMap<u64, (u32, LineOfFile)> = BTreeMap::new();
    for journal in journals {
        let mut points = Points::new(journal)?;
        while let Some(Recorded { point, checksum }) = points.read()? {
            if !repeated.contains(&point.point) {
                continue;
            }
            let second = points.lines.place();
            let (expected, first) =
                known.entry(point.point).or_insert_with(|| (checksum, second.clone()));
            if *expected != checksum {
                let (first, about) = (first.clone(), format!("point {}", point.point));
                return Err(JournalError::Contradiction { first, second, about });
            }
        }
    }
    Ok(())
}

/// Checks that journals hold every point, and do not contradict each other.
///
/// # Errors
/// If they do, a point is missing, or a journal cannot be read.
pub(in crate::sweep) fn check_complete(journals: &[Journal]) -> Result<(), JournalError> {
    let is_held = held(journals)?;
    let missing =
        || (0..).zip(&is_held).filter(|(_, is_held)| !**is_held).map(|(number, _)| number);
    if missing().next().is_none() {
        return Ok(());
    }
    let first = missing().take(MOST_LISTED).collect();
    Err(incomplete(journals, missing().count() as u64, is_held.len() as u64, first))
}

fn incomplete(journals: &[Journal], missing: u64, points: u64, first: Vec<u64>) -> JournalError {
    let journals = journals.iter().map(|journal| journal.path().to_owned()).collect();
    JournalError::Incomplete { missing, points, first, journals }
}

/// A consumer of the points of a journal.
type ReadPoint<'a> = &'a mut dyn FnMut(Point) -> Result<(), JournalError>;

/// Calls what it is given for each of some points, in the order of their numbers.
pub(in crate::sweep) type EachPoint<'a> =
    &'a mut dyn FnMut(ReadPoint<'_>) -> Result<(), JournalError>;

/// Reads the points that there are in a journal of an unfinished sweep, in the order of their numbers.
///
/// # Errors
/// If the journal cannot be read, or `read` fails.
pub(in crate::sweep) fn finished_in_order(
    journal: &Journal,
    read: ReadPoint<'_>,
) -> Result<(), JournalError> {
    let journals = std::slice::from_ref(journal);
    let is_held = held(journals)?;
    let numbers = (0..).zip(is_held).filter_map(|(number, is_held)| is_held.then_some(number));
    read_in_order(journals, numbers, read)
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
    read: ReadPoint<'_>,
) -> Result<(), JournalError> {
    read_in_order(journals, 0..points, read)
}

fn read_in_order(
    journals: &[Journal],
    numbers: impl Iterator<Item = u64>,
    read: ReadPoint<'_>,
) -> Result<(), JournalError> {
    let mut readers = journals.iter().map(Points::new).collect::<Result<Vec<_>, _>>()?;
    let mut ahead: BTreeMap<u64, Point> = BTreeMap::new();
    for wanted in numbers {
        while !ahead.contains_key(&wanted) {
            if !read_one_each(&mut readers, wanted, &mut ahead)? {
                check_complete(journals)?;
                return Err(incomplete(journals, 1, wanted + 1, vec![wanted]));
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
    readers: &mut [Points<'_>],
    wanted: u64,
    ahead: &mut BTreeMap<u64, Point>,
) -> Result<bool, JournalError> {
    let mut is_any = false;
    for recorded in readers.iter_mut().filter_map(Iterator::next) {
        let point = recorded?.point;
        is_any = true;
        if point.point >= wanted {
            ahead.insert(point.point, point);
        }
    }
    Ok(is_any)
}

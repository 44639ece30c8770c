//! A sweep as JSON, written point by point.

use std::io::{self, Write};

use indexmap::IndexMap;
use serde::Serialize;
use sim_experiments::sweep::{Chooser, Estimate, Point};

use super::journal::{EachPoint, finished_in_order, in_order};
use super::point::state;
use super::{Header, Journal};
use crate::files::WriteError;
use crate::journal::JournalError;
use crate::json::compact;

/// Everything about a point by its name.
#[derive(Serialize)]
struct PointRecord<'a> {
    point: u64,
    state: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
    replications: u32,
    values: IndexMap<&'a str, String>,
    figures: IndexMap<&'a str, &'a Option<Estimate>>,
}

impl<'a> PointRecord<'a> {
    fn new(header: &'a Header, chooser: &Chooser, point: &'a Point) -> Self {
        let (state, reason) = state(point);
        let parameters = header.plan.parameters.iter().map(|parameter| parameter.path.as_str());
        let levels = chooser.levels(point.point).into_iter().map(|level| level.shown);
        let figures = header.plan.figures.iter().map(|figure| figure.text.as_str());
        Self {
            point: point.point,
            state,
            reason,
            replications: point.replications,
            values: parameters.zip(levels).collect(),
            figures: figures.zip(&point.figures).collect(),
        }
    }
}

/// Writes a self-describing document: the header, and an object for each point.
///
/// # Errors
/// If a journal cannot be read, a point is missing, or nothing can be written.
pub fn json(
    header: &Header,
    journals: &[Journal],
    out: &mut dyn Write,
) -> Result<(), JournalError> {
    document(header, None, out, &mut |write| in_order(journals, header.plan.points(), write))
}

/// Writes the finished points of a sweep that was interrupted, with `partial`: how many of how many.
///
/// # Errors
/// If the journal cannot be read, or nothing can be written.
pub fn json_of_part(
    header: &Header,
    journal: &Journal,
    out: &mut dyn Write,
) -> Result<(), JournalError> {
    let mut points = 0;
    finished_in_order(journal, &mut |_| {
        points += 1;
        Ok(())
    })?;
    let part = Part { points, of: header.plan.points() };
    document(header, Some(&part), out, &mut |write| finished_in_order(journal, write))
}

/// The number of finished points, and of all.
#[derive(Serialize)]
struct Part {
    points: u64,
    of: u64,
}

/// Writes the points that `each` hands to what it is called with.
fn document(
    header: &Header,
    part: Option<&Part>,
    out: &mut dyn Write,
    each: EachPoint<'_>,
) -> Result<(), JournalError> {
    let failed = |cause: io::Error| WriteError::File { path: "sweep.json".into(), cause };
    let encoded = |error: serde_json::Error| failed(error.into());
    let chooser = header.chooser();
    let sweep = compact(header).map_err(encoded)?;
    writeln!(out, "{{\n\"sweep\": {sweep},").map_err(failed)?;
    if let Some(part) = part {
        let part = compact(part).map_err(encoded)?;
        writeln!(out, "\"partial\": {part},").map_err(failed)?;
    }
    out.write_all(b"\"points\": [").map_err(failed)?;
    let mut separator = "\n";
    each(&mut |point| {
        let record = PointRecord::new(header, &chooser, &point);
        let record = compact(&record).map_err(encoded)?;
        write!(out, "{separator}{record}").map_err(failed)?;
        separator = ",\n";
        Ok(())
    })?;
    Ok(out.write_all(b"\n]\n}\n").map_err(failed)?)
}

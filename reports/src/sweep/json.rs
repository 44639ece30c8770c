//! A sweep as JSON, written point by point.

use std::io::{self, Write};

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;
use sim_experiments::sweep::{Chooser, Estimate, Point};

use super::journal::{EachPoint, finished_in_order, in_order};
use super::point::state;
use super::{Header, Journal};
use crate::files::WriteError;
use crate::journal::JournalError;
use crate::json::{Document, Labelled, compact};

/// A sweep.
#[derive(Serialize, JsonSchema)]
pub(crate) struct SweepRecord<'a> {
    /// The scenario and the plan of the sweep.
    sweep: &'a Header,
    /// The number of points, if the sweep was interrupted; absent if it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    partial: Option<Part>,
    /// The points, in order.
    points: Vec<PointRecord<'a>>,
}

impl Document for SweepRecord<'_> {
    const NAME: &'static str = "sweep";
    const VERSION: u32 = 1;
    const MADE_BY: &'static str = "`sweep`, and `sweep.json`";
}

/// Everything about a point by its name.
#[derive(Serialize, JsonSchema)]
struct PointRecord<'a> {
    /// The index of the point, from 0.
    point: u64,
    /// `measured` as often as planned; or given up: `abandoned` because another point is clearly better, `unsound`
    /// because its settings do not go together, `stopped` at a limit of the scenario.
    state: &'static str,
    /// The reason why it was given up, in words; absent if it was not.
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
    /// The number of replications that were simulated.
    replications: u32,
    /// The value of each setting that varies, by its path.
    values: IndexMap<&'a str, String>,
    /// The mean of each figure, by the figure as it is written: in seconds, per second, or a share from 0 to 1; `null` where
    /// a replication had nothing to read.
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
    document(header, Some(part), out, &mut |write| finished_in_order(journal, write))
}

/// The number of finished points.
#[derive(Serialize, JsonSchema)]
struct Part {
    /// Finished points.
    points: u64,
    /// All points.
    of: u64,
}

/// The end of a document, behind its last point.
const POINTS_END: &str = "]}";

/// Writes a document with the points that `each` hands to what it is called with. They are written one by one, as there
/// may be more than fit into memory.
fn document(
    header: &Header,
    partial: Option<Part>,
    out: &mut dyn Write,
    each: EachPoint<'_>,
) -> Result<(), JournalError> {
    let failed = |cause: io::Error| WriteError::File { path: "sweep.json".into(), cause };
    let encoded = |error: serde_json::Error| failed(error.into());
    let chooser = header.chooser();
    let without_points = SweepRecord { sweep: header, partial, points: Vec::new() };
    let whole = compact(&Labelled::new(without_points)).map_err(encoded)?;
    let head = whole.strip_suffix(POINTS_END).expect("a document ends with its points");
    out.write_all(head.as_bytes()).map_err(failed)?;
    let mut separator = "\n";
    each(&mut |point| {
        let record = PointRecord::new(header, &chooser, &point);
        let record = compact(&record).map_err(encoded)?;
        write!(out, "{separator}{record}").map_err(failed)?;
        separator = ",\n";
        Ok(())
    })?;
    Ok(writeln!(out, "\n{POINTS_END}").map_err(failed)?)
}

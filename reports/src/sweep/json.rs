//! A sweep as JSON, written point by point.

use std::io::{self, Write};

use indexmap::IndexMap;
use serde::Serialize;
use sim_experiments::sweep::{Chooser, Estimate, Point};

use super::journal::in_order;
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
    let failed = |cause: io::Error| WriteError::File { path: "sweep.json".into(), cause };
    let encoded = |error: serde_json::Error| failed(error.into());
    let chooser = header.chooser();
    let sweep = compact(header).map_err(encoded)?;
    write!(out, "{{\n\"sweep\": {sweep},\n\"points\": [").map_err(failed)?;
    in_order(journals, header.plan.points(), &mut |point| {
        let record = PointRecord::new(header, &chooser, &point);
        let record = compact(&record).map_err(encoded)?;
        let separator = if point.point == 0 { "\n" } else { ",\n" };
        Ok(write!(out, "{separator}{record}").map_err(failed)?)
    })?;
    Ok(out.write_all(b"\n]\n}\n").map_err(failed)?)
}

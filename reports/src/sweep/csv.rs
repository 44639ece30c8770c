//! The points of a sweep as CSV.

use std::io::Write;

use sim_experiments::sweep::{Chooser, Point};

use super::journal::{EachPoint, finished_in_order, in_order};
use super::point::state;
use super::{Header, Journal};
use crate::files::WriteError;
use crate::journal::JournalError;
use crate::printable::csv_cell;

/// Writes a row for each point: the values of the settings, then each figure and half the width of
/// its 95 % confidence interval.
///
/// # Errors
/// If a journal cannot be read, a point is missing, or nothing can be written.
pub fn csv(header: &Header, journals: &[Journal], out: &mut dyn Write) -> Result<(), JournalError> {
    table(header, out, &mut |write| in_order(journals, header.plan.points(), write))
}

/// Writes a row for each finished point of a sweep that was interrupted.
///
/// # Errors
/// If the journal cannot be read, or nothing can be written.
pub fn csv_of_part(
    header: &Header,
    journal: &Journal,
    out: &mut dyn Write,
) -> Result<(), JournalError> {
    table(header, out, &mut |write| finished_in_order(journal, write))
}

/// Writes the points that `each` hands to what it is called with.
fn table(header: &Header, out: &mut dyn Write, each: EachPoint<'_>) -> Result<(), JournalError> {
    let chooser = header.chooser();
    let mut writer = csv::Writer::from_writer(out);
    let mut write = |cells: Vec<String>| {
        let cells = cells.iter().map(|text| csv_cell(text).into_owned());
        writer.write_record(cells).map_err(WriteError::from)
    };
    write(columns(header))?;
    each(&mut |point| Ok(write(row(&chooser, &point))?))?;
    Ok(writer.flush().map_err(|cause| WriteError::File { path: "points.csv".into(), cause })?)
}

fn columns(header: &Header) -> Vec<String> {
    let fixed = ["point", "state", "replications"].map(str::to_owned);
    let parameters = header.plan.parameters.iter().map(|parameter| parameter.path.clone());
    let figures = header.plan.figures.iter();
    let figures = figures.flat_map(|figure| [figure.text.clone(), error_column(&figure.text)]);
    fixed.into_iter().chain(parameters).chain(figures).collect()
}

/// The column for half the width of a figure's confidence interval.
pub(super) fn error_column(figure: &str) -> String {
    format!("{figure} ±95%")
}

fn row(chooser: &Chooser, point: &Point) -> Vec<String> {
    let fixed =
        [point.point.to_string(), state(point).0.to_owned(), point.replications.to_string()];
    let values = chooser.levels(point.point).into_iter().map(|level| level.shown);
    let number = |number: Option<f64>| number.map_or_else(String::new, |number| number.to_string());
    let figures = point.figures.iter().flat_map(|figure| {
        let half_width = figure.and_then(|figure| figure.half_width);
        [number(figure.map(|figure| figure.mean)), number(half_width)]
    });
    fixed.into_iter().chain(values).chain(figures).collect()
}

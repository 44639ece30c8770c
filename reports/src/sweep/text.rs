//! A sweep as text for a terminal.

use std::fmt::Write;

use sim_experiments::sweep::analysis::Findings;
use sim_experiments::sweep::{Chooser, Estimate, Point, PointState};
use sim_models::scenario::SweepPlan;
use sim_models::study::{Direction, FigurePlan};

use super::effects::{by_one_setting, by_two_settings};
use super::journal::{finished_in_order, in_order};
use super::sensitivity::sensitivity;
use super::{Header, Journal};
use crate::Paper;
use crate::journal::JournalError;
use crate::layout::Page;
use crate::palette::Tone;
use crate::tables::Table;
use crate::units::{UNKNOWN, count, duration, figure, number_of, with_error};

/// Sweeps of up to this many points show each of them.
const MOST_POINTS: u64 = 30;
/// The front is shown up to this many points.
const MOST_OF_FRONT: usize = 12;

/// The results of a finished sweep.
///
/// # Errors
/// If a journal cannot be read.
pub fn report(
    header: &Header,
    journals: &[Journal],
    findings: &Findings,
    paper: impl Into<Paper>,
) -> Result<String, JournalError> {
    let (header, paper) = (&header.visible(), paper.into());
    let plan = &header.plan;
    let mut page = Page::new(paper, &header.scenario, &about(header, findings));
    remarks(&mut page, plan, findings);
    if plan.points() <= MOST_POINTS {
        page.table("Points", &points(header, journals)?);
    }
    if !findings.front.points.is_empty() {
        page.section(
            &front_title(plan),
            &front(header, &findings.front.points, page.within_section()),
        );
    }
    for (place, figure) in plan.figures.iter().enumerate() {
        let title = format!("{}, by one setting (mean over all others)", figure.text);
        page.section_as_it_is(&title, &by_one_setting(plan, findings, place, paper));
    }
    for (place, figure) in plan.figures.iter().enumerate() {
        if let Some(table) = by_two_settings(plan, findings, place) {
            page.table(&format!("{}, by two settings", figure.text), &table);
        }
    }
    if let Some(body) = sensitivity(plan, findings, page.within_section()) {
        page.section("Which settings matter", &body);
    }
    if !findings.failures.is_empty() {
        page.section("Points without results", &failures(findings));
    }
    Ok(page.finish())
}

/// The finished points of a sweep that was interrupted; there are no conclusions, which other points might refute.
///
/// # Errors
/// If the journal cannot be read.
pub fn report_of_part(
    header: &Header,
    journal: &Journal,
    paper: impl Into<Paper>,
) -> Result<String, JournalError> {
    let (header, paper) = (&header.visible(), paper.into());
    let (plan, mut finished, mut points) = (&header.plan, 0, Vec::new());
    finished_in_order(journal, &mut |point| {
        finished += 1;
        if finished <= MOST_POINTS {
            points.push(point);
        }
        Ok(())
    })?;
    let part = format!("{} of {}", count(finished), number_of(plan.points(), "point"));
    let mut page = Page::new(paper, &header.scenario, &format!("{part}, seed {}", header.seed));
    let partial = format!("PARTIAL: the sweep was interrupted; these are {part}");
    page.remark(Tone::Worse, &partial);
    let mut table = points_table(plan, &header.chooser(), &points).lines(page.within_section());
    if finished > MOST_POINTS {
        let _ = write!(table, "\nand {} more; --out DIR keeps all of them", finished - MOST_POINTS);
    }
    page.section("Points", &table);
    Ok(page.finish())
}

fn about(header: &Header, findings: &Findings) -> String {
    format!(
        "{} ({}), {} of {}, seed {}",
        number_of(header.plan.points(), "point"),
        header.plan.design.name(),
        number_of(findings.runs, "run"),
        duration(header.simulated_seconds),
        header.seed
    )
}

/// The settings that vary, the points that have no results, and the meaning of `±`.
fn remarks(page: &mut Page, plan: &SweepPlan, findings: &Findings) {
    for parameter in &plan.parameters {
        page.indented(&format!("{} = {}", parameter.path, parameter.values));
    }
    let lost = [
        (
            findings.abandoned,
            "given up, because another point was clearly better in every objective",
        ),
        (findings.failed, "without results"),
    ];
    for (number, reason) in lost.into_iter().filter(|(number, _)| *number > 0) {
        page.remark(Tone::Worse, &format!("{} {reason}", number_of(number, "point")));
    }
    let intervals = if plan.replications.most > 1 {
        "± is half the width of the 95% confidence interval over replications"
    } else {
        "one run for each point: no estimate of how much is chance"
    };
    page.remark(Tone::Faint, intervals);
}

fn points(header: &Header, journals: &[Journal]) -> Result<Table, JournalError> {
    let mut points = Vec::new();
    in_order(journals, header.plan.points(), &mut |point| {
        points.push(point);
        Ok(())
    })?;
    Ok(points_table(&header.plan, &header.chooser(), &points))
}

fn front_title(plan: &SweepPlan) -> String {
    let objectives: Vec<String> = plan
        .objectives()
        .map(|(place, direction)| {
            let extreme = if direction == Direction::Higher { "most" } else { "least" };
            format!("{extreme} {}", plan.figures[place].text)
        })
        .collect();
    match objectives.as_slice() {
        [one] => format!("Best: {one}"),
        several => format!("Pareto front: {}", several.join(", ")),
    }
}

fn front(header: &Header, front: &[Point], width: usize) -> String {
    let shown = &front[..front.len().min(MOST_OF_FRONT)];
    let mut text = points_table(&header.plan, &header.chooser(), shown).lines(width);
    if shown.len() < front.len() {
        let more = front.len() - shown.len();
        let _ =
            write!(text, "\nand {more} more; all are in sweep.json, points.csv and points.parquet");
    }
    text
}

fn points_table(plan: &SweepPlan, chooser: &Chooser, points: &[Point]) -> Table {
    let parameters = plan.parameters.iter().map(|parameter| parameter.path.as_str());
    let figures = plan.figures.iter().map(|figure| figure.text.as_str());
    let header: Vec<&str> =
        std::iter::once("point").chain(parameters).chain(figures).chain(["runs", ""]).collect();
    let rows = points.iter().map(|point| {
        let values = chooser.levels(point.point).into_iter().map(|level| level.shown);
        let figures =
            point.figures.iter().zip(&plan.figures).map(|(value, figure)| estimate(*value, figure));
        std::iter::once(point.point.to_string())
            .chain(values)
            .chain(figures)
            .chain([point.replications.to_string(), note(&point.state)])
            .collect::<Vec<String>>()
    });
    Table::new(&header, &[], rows)
}

/// A mean and its uncertainty.
fn estimate(estimate: Option<Estimate>, plan: &FigurePlan) -> String {
    estimate.map_or_else(
        || UNKNOWN.to_owned(),
        |Estimate { mean, half_width }| {
            with_error(mean, half_width, |value| figure(value, plan.unit))
        },
    )
}

fn note(state: &PointState) -> String {
    match state {
        PointState::Measured => String::new(),
        PointState::Abandoned(better) => format!("worse than {better}"),
        PointState::Unsound(_) => "unsound".to_owned(),
        PointState::Stopped(_) => "stopped".to_owned(),
    }
}

fn failures(findings: &Findings) -> String {
    let mut text = String::new();
    for (point, state) in &findings.failures {
        let reason = match state {
            PointState::Unsound(reason) => format!("its settings contradict each other: {reason}"),
            PointState::Stopped(limit) => format!("a run reached {limit}"),
            PointState::Measured | PointState::Abandoned(_) => continue,
        };
        let _ = writeln!(text, "point {point}: {reason}");
    }
    let more = findings.failed.saturating_sub(findings.failures.len() as u64);
    if more > 0 {
        let _ = writeln!(text, "and {} more", count(more));
    }
    text
}

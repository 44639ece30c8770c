//! A scenario and its variants side by side.

use schemars::JsonSchema;
use serde::Serialize;
use sim_experiments::Finished;
use sim_models::observe::{Phase, WorkloadSummary};

use super::Invocation;
use super::json::RunRecord;
use crate::Paper;
use crate::json::{Document, Labelled, pretty};
use crate::layout::Page;
use crate::palette::Tone;
use crate::tables::{Cell, Table, folded};
use crate::units::{UNKNOWN, number_of, percent};

/// A run and what was asked for it.
pub type Asked<'a> = (&'a Finished, &'a Invocation);

/// The runs of one scenario and its variants: for each workload a table with a row for each of them.
pub fn comparison(runs: &[Asked<'_>], paper: impl Into<Paper>) -> String {
    let Some((first, invocation)) = runs.first() else { return String::new() };
    let variants = number_of(runs.len() as u64 - 1, "variant");
    let mut page =
        Page::new(paper.into(), &first.summary.scenario, &format!("as written, and {variants}"));
    let changes = invocation.changes();
    if !changes.is_empty() {
        page.remark(Tone::Faint, &format!("with {changes}"));
    }
    for (finished, invocation) in runs {
        if let Some(stopped) = &finished.summary.partial {
            let name = name(invocation);
            page.remark(Tone::Worse, &format!("PARTIAL: {name}: {}", stopped.reason));
        }
    }
    for (workload, rows) in workloads(runs) {
        let table = Table::new(&HEADER, &[HEADER.len() - 1], rows);
        page.table(&format!("Workload {workload}"), &table);
    }
    page.plain("");
    let about = "before, during, after: availability by when a request ends, as to the faults; latencies with failures";
    page.remark(Tone::Faint, about);
    page.finish()
}

/// The same as an indented JSON document: the record of each run, in order.
pub fn comparison_json<'a>(runs: &[Asked<'a>]) -> String {
    let record =
        |(finished, invocation): &Asked<'a>| Labelled::new(RunRecord::new(finished, invocation));
    pretty(ComparisonRecord { runs: runs.iter().map(record).collect() })
}

/// The runs of one scenario and its variants.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ComparisonRecord<'a> {
    /// The scenario as it is written, and each of its variants.
    runs: Vec<Labelled<RunRecord<'a>>>,
}

impl Document for ComparisonRecord<'_> {
    const NAME: &'static str = "variants";
    const VERSION: u32 = 1;
    const MADE_BY: &'static str = "`run --variant all`";
}

const HEADER: [&str; 9] = [
    "",
    "availability",
    "before",
    "during",
    "after",
    "goodput",
    "p50",
    "p99",
    "most failures began at",
];

/// The names of the workloads of all runs, in order; a variant may add some.
fn names(runs: &[Asked<'_>]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for workload in runs.iter().flat_map(|(finished, _)| &finished.summary.workloads) {
        if !names.contains(&workload.name) {
            names.push(workload.name.clone());
        }
    }
    names
}

fn name(invocation: &Invocation) -> &str {
    invocation.variant.as_deref().unwrap_or("as written")
}

/// The name of each workload with its rows; workloads that are alike in all runs share them.
fn workloads(runs: &[Asked<'_>]) -> Vec<(String, Vec<Vec<String>>)> {
    let of_workload = |workload: String| {
        let rows = runs.iter().flat_map(|run| row(&workload, run));
        std::iter::once(Cell::text(&workload)).chain(rows).collect()
    };
    let all: Vec<Vec<Cell>> = names(runs).into_iter().map(of_workload).collect();
    let of_texts = |texts: Vec<String>| {
        let rows = texts[1..].chunks(HEADER.len()).filter(|row| !row[0].is_empty());
        (texts[0].clone(), rows.map(<[String]>::to_vec).collect())
    };
    folded(&all).into_iter().map(of_texts).collect()
}

/// The row of a run, which has no name if the run does not have the workload.
fn row(workload: &str, (finished, invocation): &Asked<'_>) -> Vec<Cell> {
    let Some(summary) = finished.summary.workloads.iter().find(|it| it.name == workload) else {
        return vec![Cell::text(""); HEADER.len()];
    };
    let phases = Phase::ALL.map(|phase| {
        let phase = summary.phases.iter().find(|it| it.phase == phase.name());
        Cell::share(phase.map_or(f64::NAN, |phase| phase.availability))
    });
    let latency = &summary.latency_with_failures;
    let figures = [
        Cell::rate(summary.goodput),
        Cell::time(latency.p50),
        Cell::time(latency.p99),
        Cell::Text(most_began(summary)),
    ];
    let texts = [Cell::text(name(invocation)), Cell::share(summary.availability)];
    texts.into_iter().chain(phases).chain(figures).collect()
}

/// The call at which the most failures of a workload began, with its share of them.
fn most_began(workload: &WorkloadSummary) -> String {
    let failed: u64 = workload.failed.values().sum();
    let most = workload.began.iter().max_by_key(|began| began.failed);
    match most.filter(|most| most.failed > 0) {
        Some(most) => {
            let share = percent(most.failed as f64 / failed as f64);
            format!("{}: {} ({share})", most.edge, most.kind)
        }
        None => UNKNOWN.to_owned(),
    }
}

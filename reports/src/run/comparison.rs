//! A scenario and its variants side by side.

use schemars::JsonSchema;
use serde::Serialize;
use sim_experiments::Finished;
use sim_models::observe::{FigureUnit, Phase, WorkloadSummary};

use super::Invocation;
use super::json::RunRecord;
use crate::Palette;
use crate::json::{Document, Labelled, pretty};
use crate::layout::{Page, table};
use crate::palette::Tone;
use crate::units::{UNKNOWN, duration, figure, number_of, percent};

/// A run and what was asked for it.
pub type Asked<'a> = (&'a Finished, &'a Invocation);

/// The runs of one scenario and its variants: for each workload a table with a row for each of them.
pub fn comparison(runs: &[Asked<'_>], palette: Palette) -> String {
    let Some((first, invocation)) = runs.first() else { return String::new() };
    let variants = number_of(runs.len() as u64 - 1, "variant");
    let mut page =
        Page::new(palette, &first.summary.scenario, &format!("as written, and {variants}"));
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
    for workload in names(runs) {
        let rows = runs.iter().filter_map(|run| row(&workload, run));
        let title = format!("Workload {workload}");
        page.section(&title, &table(&HEADER, &[HEADER.len() - 1], rows));
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

/// The row of a run, if it has the workload.
fn row(workload: &str, (finished, invocation): &Asked<'_>) -> Option<Vec<String>> {
    let summary = finished.summary.workloads.iter().find(|it| it.name == workload)?;
    let phases = Phase::ALL.map(|phase| {
        let phase = summary.phases.iter().find(|it| it.phase == phase.name());
        phase.map_or_else(|| UNKNOWN.to_owned(), |phase| percent(phase.availability))
    });
    let latency = &summary.latency_with_failures;
    let figures = [
        figure(summary.goodput, FigureUnit::Rate),
        duration(latency.p50),
        duration(latency.p99),
        most_began(summary),
    ];
    let texts = [name(invocation).to_owned(), percent(summary.availability)];
    Some(texts.into_iter().chain(phases).chain(figures).collect())
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

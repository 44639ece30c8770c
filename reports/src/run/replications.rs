//! The figures of several replications, each with the uncertainty of its mean.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::{Map, Value, json};
use sim_core::stats::Welford;
use sim_experiments::Replicated;
use sim_models::observe::{
    BreakerSummary, CallSummary, FigureUnit, PoolSummary, RunSummary, WorkloadSummary,
};

use super::Invocation;
use crate::Paper;
use crate::json::{Document, pretty};
use crate::layout::Page;
use crate::palette::Tone;
use crate::tables::{Cell, Table, folded};
use crate::units::{count, duration, number_of};

/// The confidence of every interval.
const CONFIDENCE: f64 = 0.95;

/// A figure of an entity of some kind: its title and name, its unit, and how to read it.
struct Reading<T> {
    title: &'static str,
    name: &'static str,
    unit: FigureUnit,
    of: fn(&T) -> f64,
}

/// A figure over all replications in which there is something to read.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
struct Replication {
    /// The mean; NaN, `null` in JSON, if it was never read.
    #[schemars(with = "Option<f64>")]
    mean: f64,
    /// Half the width of the 95 % confidence interval of the mean, by Student's t; absent if there is none,
    /// because the figure was the same each time, read less than twice, or is so skewed that the interval would reach values
    /// that cannot be, below zero or above 100 %.
    #[serde(skip_serializing_if = "Option::is_none")]
    half_width: Option<f64>,
    /// The least; NaN, `null` in JSON, if it was never read.
    #[schemars(with = "Option<f64>")]
    least: f64,
    /// The greatest; NaN, `null` in JSON, if it was never read.
    #[schemars(with = "Option<f64>")]
    greatest: f64,
    /// The number of replications in which it was read.
    replications: u64,
}

/// An entity with its figures.
#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    names: Names,
    #[serde(flatten)]
    figures: Map<String, Value>,
    #[serde(skip)]
    cells: Vec<Cell>,
}

/// The names of an entity: its own, and the kind of its slots if it is a pool.
#[derive(Debug, Serialize)]
struct Names {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
}

/// Several replications of a run. Times are in seconds, rates per second, shares from 0 to 1.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ReplicationsRecord<'a> {
    /// The scenario's name; empty if no replication came to its end.
    scenario: &'a str,
    /// The version that produced it.
    version: &'a str,
    /// The seed; 0 if no replication came to its end.
    seed: u64,
    /// The request that it answers.
    invocation: &'a Invocation,
    /// The command that does it again, for a POSIX shell.
    command: String,
    /// The number of replications that were asked for.
    wanted: u64,
    /// The number of replications that the figures are over.
    replications: u64,
    /// The reason why some are missing; absent if none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<&'a str>,
    /// The requests of each workload.
    #[schemars(schema_with = "workload_rows")]
    workloads: Vec<Row>,
    /// The calls over each edge.
    #[schemars(schema_with = "call_rows")]
    calls: Vec<Row>,
    /// The use of each pool.
    #[schemars(schema_with = "pool_rows")]
    pools: Vec<Row>,
    /// Each breaker.
    #[schemars(schema_with = "breaker_rows")]
    breakers: Vec<Row>,
}

impl Document for ReplicationsRecord<'_> {
    const NAME: &'static str = "replications";
    const VERSION: u32 = 1;
    const MADE_BY: &'static str = "`run --replications`";
}

const fn reading<T>(
    title: &'static str,
    name: &'static str,
    unit: FigureUnit,
    of: fn(&T) -> f64,
) -> Reading<T> {
    Reading { title, name, unit, of }
}

const REQUESTS: [Reading<WorkloadSummary>; 5] = [
    reading("offered", "offered", FigureUnit::Count, |it| it.offered as f64),
    reading("failed", "failed", FigureUnit::Count, |it| it.failed.values().sum::<u64>() as f64),
    reading("degraded", "degraded", FigureUnit::Count, |it| it.degraded as f64),
    reading("availability", "availability", FigureUnit::Share, |it| it.availability),
    reading("goodput", "goodput", FigureUnit::Rate, |it| it.goodput),
];

const LATENCIES: [Reading<WorkloadSummary>; 4] = [
    reading("mean", "mean_latency", FigureUnit::Time, |it| it.latency.mean),
    reading("p50", "p50_latency", FigureUnit::Time, |it| it.latency.p50),
    reading("p99", "p99_latency", FigureUnit::Time, |it| it.latency.p99),
    reading("max", "max_latency", FigureUnit::Time, |it| it.latency.max),
];

const CALLS: [Reading<CallSummary>; 4] = [
    reading("attempts each", "attempts_each", FigureUnit::Factor, |it| {
        it.attempts as f64 / it.calls as f64
    }),
    reading("not ok", "not_ok", FigureUnit::Share, |it| {
        let ok = it.ended.get("ok").copied().unwrap_or(0);
        1.0 - ok as f64 / it.ended.values().sum::<u64>() as f64
    }),
    reading("mean", "mean_latency", FigureUnit::Time, |it| it.latency.mean),
    reading("p99", "p99_latency", FigureUnit::Time, |it| it.latency.p99),
];

const POOLS: [Reading<PoolSummary>; 4] = [
    reading("utilization", "utilization", FigureUnit::Share, |it| {
        it.utilization.unwrap_or(f64::NAN)
    }),
    reading("queue", "queue_mean", FigureUnit::Count, |it| it.queue_mean),
    reading("longest", "queue_max", FigureUnit::Count, |it| it.queue_max as f64),
    reading("turned away", "turned_away", FigureUnit::Count, |it| {
        (it.rejected + it.expired) as f64
    }),
];

const BREAKERS: [Reading<BreakerSummary>; 3] = [
    reading("opened", "opened", FigureUnit::Count, |it| it.opened as f64),
    reading("open", "seconds_open", FigureUnit::Time, |it| it.seconds_in.open),
    reading("rejected", "rejected", FigureUnit::Count, |it| it.rejected as f64),
];

/// The mean of each figure over replications with a 95 % confidence interval, as text.
pub fn replications(
    replicated: &Replicated,
    invocation: &Invocation,
    paper: impl Into<Paper>,
) -> String {
    let Some(first) = replicated.summaries.first() else {
        let reason = replicated.stopped.as_deref().unwrap_or("none was wanted");
        return format!("no replication came to its end: {reason}\n");
    };
    let title = invocation.title(&first.scenario);
    let mut page = Page::new(paper.into(), &title, &about(replicated, first));
    let changes = invocation.changes();
    if !changes.is_empty() {
        page.remark(Tone::Faint, &format!("with {changes}"));
    }
    if let Some(reason) = &replicated.stopped {
        let of = replicated.summaries.len() as u64;
        let missing = number_of(replicated.wanted - of, "replication");
        page.remark(Tone::Worse, &format!("PARTIAL: {missing} left out: {reason}"));
    }
    let all = &replicated.summaries;
    page.table("Workloads", &table_of(&workloads(all, &REQUESTS), &REQUESTS));
    page.table("Latency of the answers", &table_of(&workloads(all, &LATENCIES), &LATENCIES));
    page.table("Pools", &table_of(&pools(all), &POOLS));
    page.table("Calls", &table_of(&calls(all), &CALLS));
    if !first.breakers.is_empty() {
        page.table("Breakers", &table_of(&breakers(all), &BREAKERS));
    }
    let last = all.last().map_or(0, |summary| summary.replication);
    page.plain("");
    page.remark(
        Tone::Faint,
        &format!(
            "means over replications 0 to {last} of seed {}; ± is half of the 95 % confidence interval of the \
             mean, and without it a figure was the same each time",
            first.seed
        ),
    );
    if !invocation.file.is_empty() {
        page.command(&format!("again: {}", command(replicated, invocation)));
    }
    page.finish()
}

/// The same as an indented JSON document. Times are in seconds, shares from 0 to 1.
pub fn replications_json(replicated: &Replicated, invocation: &Invocation) -> String {
    let all = &replicated.summaries;
    let first = all.first();
    pretty(ReplicationsRecord {
        scenario: first.map_or("", |first| &first.scenario),
        version: env!("CARGO_PKG_VERSION"),
        seed: first.map_or(0, |first| first.seed),
        invocation,
        command: command(replicated, invocation),
        wanted: replicated.wanted,
        replications: all.len() as u64,
        stopped: replicated.stopped.as_deref(),
        workloads: joined(workloads(all, &REQUESTS), workloads(all, &LATENCIES)),
        calls: calls(all),
        pools: pools(all),
        breakers: breakers(all),
    })
}

fn command(replicated: &Replicated, invocation: &Invocation) -> String {
    format!("{} --replications {}", invocation.command(), replicated.wanted)
}

fn about(replicated: &Replicated, first: &RunSummary) -> String {
    let warmup = if first.warmup_seconds > 0.0 {
        format!(", the first {} not counted", duration(first.warmup_seconds))
    } else {
        String::new()
    };
    let runs = number_of(replicated.summaries.len() as u64, "replication");
    format!("{runs} of {}{warmup}", duration(first.simulated_seconds))
}

fn workloads(all: &[RunSummary], readings: &[Reading<WorkloadSummary>]) -> Vec<Row> {
    rows(all, |summary| &summary.workloads, readings, |it| (it.name.clone(), None))
}

fn calls(all: &[RunSummary]) -> Vec<Row> {
    rows(all, |summary| &summary.calls, &CALLS, |it| (it.edge.clone(), None))
}

fn pools(all: &[RunSummary]) -> Vec<Row> {
    rows(all, |summary| &summary.pools, &POOLS, |it| (it.owner.clone(), Some(it.kind)))
}

fn breakers(all: &[RunSummary]) -> Vec<Row> {
    rows(all, |summary| &summary.breakers, &BREAKERS, |it| (it.edge.clone(), None))
}

/// A row for each entity of a kind. All replications have the same ones in the same order.
fn rows<T>(
    all: &[RunSummary],
    of: fn(&RunSummary) -> &[T],
    readings: &[Reading<T>],
    names: fn(&T) -> (String, Option<&'static str>),
) -> Vec<Row> {
    let entities = all.first().map_or(&[][..], of);
    let row = |(index, entity): (usize, &T)| {
        let (name, kind) = names(entity);
        let mut row = Row { names: Names { name, kind }, figures: Map::new(), cells: Vec::new() };
        for reading in readings {
            let values = all.iter().map(|summary| (reading.of)(&of(summary)[index]));
            let over_all = over(values, reading.unit);
            let value = serde_json::to_value(over_all).unwrap_or_default();
            row.figures.insert(reading.name.to_owned(), value);
            row.cells.push(cell(&over_all, reading.unit));
        }
        row
    };
    entities.iter().enumerate().map(row).collect()
}

fn workload_rows(generator: &mut SchemaGenerator) -> Schema {
    let figures = [named(&REQUESTS), named(&LATENCIES)].concat();
    rows_schema(generator, &[("name", "Its name.")], &figures)
}

fn call_rows(generator: &mut SchemaGenerator) -> Schema {
    rows_schema(generator, &[("name", "The edge, `caller -> callee`.")], &named(&CALLS))
}

fn pool_rows(generator: &mut SchemaGenerator) -> Schema {
    let names = [
        ("name", "A station, host or edge; with the number of the instance if there are several."),
        ("kind", "The kind of its slots."),
    ];
    rows_schema(generator, &names, &named(&POOLS))
}

fn breaker_rows(generator: &mut SchemaGenerator) -> Schema {
    rows_schema(generator, &[("name", "Its edge.")], &named(&BREAKERS))
}

/// The names of figures with their units.
fn named<T>(readings: &[Reading<T>]) -> Vec<(&'static str, FigureUnit)> {
    readings.iter().map(|reading| (reading.name, reading.unit)).collect()
}

/// The schema of a list of rows that have some names and figures.
fn rows_schema(
    generator: &mut SchemaGenerator,
    names: &[(&str, &str)],
    figures: &[(&'static str, FigureUnit)],
) -> Schema {
    let mut properties = Map::new();
    for (name, description) in names {
        let text = json!({ "description": description, "type": "string" });
        properties.insert((*name).to_owned(), text);
    }
    for (name, unit) in figures {
        let mut figure = generator.subschema_for::<Replication>();
        let unit = match unit {
            FigureUnit::Share => "A share from 0 to 1.",
            FigureUnit::Time => "In seconds.",
            FigureUnit::Rate => "Per second.",
            FigureUnit::Count => "A number of things.",
            FigureUnit::Factor => "A multiple.",
        };
        figure.insert("description".to_owned(), unit.into());
        properties.insert((*name).to_owned(), figure.to_value());
    }
    let required: Vec<&String> = properties.keys().collect();
    let row = json!({ "type": "object", "required": required, "properties": properties });
    schemars::json_schema!({ "type": "array", "items": row })
}

/// A figure over replications; those in which there is nothing to read are left out.
fn over(values: impl Iterator<Item = f64>, unit: FigureUnit) -> Replication {
    let mut known = Welford::default();
    let (mut least, mut greatest) = (f64::NAN, f64::NAN);
    for value in values.filter(|value| !value.is_nan()) {
        known.add(value);
        (least, greatest) = (value.min(least), value.max(greatest));
    }
    let mean = if known.count() > 0 { known.mean() } else { f64::NAN };
    let half_width = known.interval(CONFIDENCE).half_width;
    let is_possible = half_width <= mean && (unit != FigureUnit::Share || mean + half_width <= 1.0);
    Replication {
        mean,
        half_width: Some(half_width).filter(|_| is_possible && least < greatest),
        least,
        greatest,
        replications: known.count(),
    }
}

fn cell(over: &Replication, unit: FigureUnit) -> Cell {
    let alone = match over.half_width {
        Some(half_width) => with_half_width(over.mean, half_width, unit),
        None => (over.least < over.greatest).then(|| {
            let [mean, least, greatest] = [over.mean, over.least, over.greatest]
                .map(|value| Cell::in_unit(value, unit).shown());
            format!("{mean} ({least}–{greatest})")
        }),
    };
    Cell::in_unit(over.mean, unit).estimate(over.half_width, alone)
}

/// A mean and half the width of its interval with as many digits as that has; `None` if the unit decides.
fn with_half_width(mean: f64, half_width: f64, unit: FigureUnit) -> Option<String> {
    let digits = decimals(half_width);
    let unit = match unit {
        FigureUnit::Rate => "/s",
        FigureUnit::Factor => "x",
        FigureUnit::Count => "",
        FigureUnit::Share | FigureUnit::Time => return None,
    };
    let written = |value: f64| match digits {
        0 => count(value.round() as u64),
        _ => format!("{value:.digits$}"),
    };
    Some(format!("{}{unit} ± {}{unit}", written(mean), written(half_width)))
}

/// The decimals with which a half-width has two significant digits.
fn decimals(half_width: f64) -> usize {
    const MOST: f64 = 6.0;
    (1.0 - libm::floor(libm::log10(half_width))).clamp(0.0, MOST) as usize
}

fn table_of<T>(rows: &[Row], readings: &[Reading<T>]) -> Table {
    let has_kinds = rows.iter().any(|row| row.names.kind.is_some());
    let titles = readings.iter().map(|reading| reading.title);
    let kind = has_kinds.then_some("");
    let titles: Vec<&str> = [""].into_iter().chain(kind).chain(titles).collect();
    let left = if has_kinds { &[1][..] } else { &[] };
    let cells = rows.iter().map(|row| {
        let kind = has_kinds.then(|| Cell::text(row.names.kind.unwrap_or_default()));
        let names = [Cell::text(&row.names.name)].into_iter().chain(kind);
        names.chain(row.cells.iter().cloned()).collect()
    });
    Table::new(&titles, left, folded(&cells.collect::<Vec<_>>()))
}

/// The same entities with the figures of both.
fn joined(mut rows: Vec<Row>, others: Vec<Row>) -> Vec<Row> {
    for (row, other) in rows.iter_mut().zip(others) {
        row.figures.extend(other.figures);
    }
    rows
}

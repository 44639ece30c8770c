//! Tables of a run as CSV: one header line, with units in the names.

use csv::Error;
use sim_experiments::Finished;
use sim_models::Outcome;
use sim_models::observe::{Latency, LinkRecord, PoolSeries, WorkloadSeries};
use sim_models::system::{PoolPlan, UNLIMITED};

use crate::narrate::{line, state_name};
use crate::printable::csv_cell;

fn encoded(
    header: Vec<String>,
    rows: impl IntoIterator<Item = Vec<String>>,
) -> Result<Vec<u8>, Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in std::iter::once(header).chain(rows) {
        writer.write_record(row.iter().map(|text| csv_cell(text).into_owned()))?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

/// The timeline: a row for each moment.
pub(super) fn timeline(finished: &Finished) -> Result<Vec<u8>, Error> {
    let header = ["seconds", "kind", "subject", "change"].map(str::to_owned).to_vec();
    let rows = finished.timeline.iter().map(|moment| {
        let line = line(moment);
        let seconds = format!("{:.9}", moment.at.as_secs_f64());
        vec![seconds, line.kind.to_owned(), line.subject, line.text]
    });
    encoded(header, rows)
}

/// Latencies: a row for the answers of each workload, one for all its requests, and one for each
/// call.
pub(super) fn latency(finished: &Finished) -> Result<Vec<u8>, Error> {
    let header =
        ["of", "name", "count", "mean_s", "p50_s", "p90_s", "p95_s", "p99_s", "p99.9_s", "max_s"];
    let summary = &finished.summary;
    let workloads = summary.workloads.iter().flat_map(|workload| {
        let good = workload.ok + workload.degraded;
        let ended = good + workload.failed.values().sum::<u64>();
        [
            latency_row("answers", &workload.name, good, &workload.latency),
            latency_row("all requests", &workload.name, ended, &workload.latency_with_failures),
        ]
    });
    let calls = summary
        .calls
        .iter()
        .map(|call| latency_row("calls", &call.edge, call.calls - call.in_flight, &call.latency));
    encoded(header.map(str::to_owned).to_vec(), workloads.chain(calls))
}

fn latency_row(of: &str, name: &str, count: u64, latency: &Latency) -> Vec<String> {
    let seconds = [
        latency.mean,
        latency.p50,
        latency.p90,
        latency.p95,
        latency.p99,
        latency.p999,
        latency.max,
    ];
    let seconds = seconds.map(|seconds| cell(seconds, 9));
    [of.to_owned(), name.to_owned(), count.to_string()].into_iter().chain(seconds).collect()
}

/// A number with this many digits behind the point; an empty cell if it is not a number.
fn cell(value: f64, digits: usize) -> String {
    if value.is_nan() { String::new() } else { format!("{value:.digits$}") }
}

/// The run over time: a row for each interval, columns by workload, pool and breaker.
pub(super) fn series(finished: &Finished) -> Result<Vec<u8>, Error> {
    let recorder = finished.system.recorder();
    let intervals = recorder.intervals();
    encoded(series_header(finished), (0..intervals).map(|interval| series_row(finished, interval)))
}

fn series_header(finished: &Finished) -> Vec<String> {
    let blueprint = finished.system.blueprint();
    let mut header = vec!["seconds".to_owned()];
    for workload in &blueprint.workloads {
        let name = &workload.name;
        header.extend(["offered", "good"].map(|column| format!("{name}.{column}")));
        header.extend(Outcome::ALL.map(|outcome| format!("{name}.{}", outcome.name())));
        header.extend(["p50_s", "p99_s", "in_flight"].map(|column| format!("{name}.{column}")));
    }
    for pool in &blueprint.pools {
        header.extend(
            ["busy", "queue", "utilization"]
                .map(|column| format!("{}.{}.{column}", pool.label(), pool.kind.name())),
        );
    }
    for link in &blueprint.links {
        let columns = ["sent", "lost", "queue", "utilization"];
        header.extend(columns.map(|column| format!("{}.link.{column}", link.name)));
    }
    header.extend(blueprint.breakers.iter().map(|breaker| format!("{}.breaker", breaker.owner)));
    header
}

fn series_row(finished: &Finished, interval: usize) -> Vec<String> {
    let recorder = finished.system.recorder();
    let width = recorder.sample_width().as_secs_f64();
    let end = ((interval + 1) as f64 * width).min(finished.now.as_secs_f64());
    let workloads =
        recorder.workloads().iter().flat_map(|workload| workload_cells(&workload.series, interval));
    let pools = finished.system.blueprint().pools.iter().zip(recorder.pools());
    let pools = pools.flat_map(|(plan, series)| pool_cells(plan, series, interval));
    let links = recorder.links().iter().flat_map(|link| link_cells(link, interval));
    let breakers =
        recorder.breakers().iter().map(|breaker| state_name(breaker.series[interval]).to_owned());
    std::iter::once(format!("{end}"))
        .chain(workloads)
        .chain(pools)
        .chain(links)
        .chain(breakers)
        .collect()
}

fn link_cells(link: &LinkRecord, interval: usize) -> [String; 4] {
    let counts = [link.sent[interval], link.lost[interval], link.waiting[interval]];
    let [sent, lost, waiting] = counts.map(|count| count.to_string());
    [sent, lost, waiting, cell(link.utilization[interval].into(), 5)]
}

fn workload_cells(series: &WorkloadSeries, interval: usize) -> Vec<String> {
    let requests = [series.offered[interval], series.good(interval)];
    let is_known = series.ended(interval) > 0;
    let seconds = [series.p50[interval], series.p99[interval]]
        .map(|nanos| if is_known { cell(nanos as f64 / 1e9, 6) } else { String::new() });
    let counts = requests.into_iter().chain(series.ended[interval]).map(|count| count.to_string());
    counts.chain(seconds).chain([series.in_flight[interval].to_string()]).collect()
}

fn pool_cells(plan: &PoolPlan, series: &PoolSeries, interval: usize) -> [String; 3] {
    let (busy, waiting) = (series.busy[interval], series.waiting[interval]);
    let utilization = if plan.capacity == UNLIMITED {
        String::new()
    } else {
        cell(series.utilization(plan.capacity, interval..interval + 1), 5)
    };
    [format!("{busy:.4}"), format!("{waiting:.4}"), utilization]
}

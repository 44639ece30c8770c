//! Tables for other programs, as CSV: one header line, units in the names.

use sim_experiments::Finished;
use sim_models::Outcome;
use sim_models::observe::Latency;

use crate::narrate::{line, state_name};

type Written = Result<Vec<u8>, csv::Error>;

fn table(rows: impl IntoIterator<Item = Vec<String>>) -> Written {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row)?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

/// The timeline: one row a moment.
///
/// # Errors
/// If the rows cannot be encoded.
pub fn timeline(finished: &Finished) -> Written {
    let header = ["seconds", "kind", "subject", "change"].map(str::to_owned).to_vec();
    let rows = finished.timeline.iter().map(|moment| {
        let line = line(moment);
        vec![
            format!("{:.9}", moment.at.as_secs_f64()),
            line.kind.to_owned(),
            line.subject,
            line.text,
        ]
    });
    table(std::iter::once(header).chain(rows))
}

/// Latencies of workloads and calls: one row each.
///
/// # Errors
/// If the rows cannot be encoded.
pub fn latency(finished: &Finished) -> Written {
    let header =
        ["of", "name", "count", "mean_s", "p50_s", "p90_s", "p95_s", "p99_s", "p99.9_s", "max_s"]
            .map(str::to_owned)
            .to_vec();
    let row = |of: &str, name: &str, count: u64, latency: &Latency| {
        let figures = [
            latency.mean,
            latency.p50,
            latency.p90,
            latency.p95,
            latency.p99,
            latency.p999,
            latency.max,
        ];
        let figures = figures.map(|seconds| format!("{seconds:.9}"));
        [vec![of.to_owned(), name.to_owned(), count.to_string()], figures.to_vec()].concat()
    };
    let summary = &finished.summary;
    let workloads = summary.workloads.iter().flat_map(|workload| {
        let good = workload.ok + workload.degraded;
        let ended = good + workload.failed.values().sum::<u64>();
        [
            row("answers", &workload.name, good, &workload.latency),
            row("all requests", &workload.name, ended, &workload.latency_with_failures),
        ]
    });
    let calls = summary
        .calls
        .iter()
        .map(|call| row("calls", &call.edge, call.calls - call.in_flight, &call.latency));
    table(std::iter::once(header).chain(workloads).chain(calls))
}

/// What happened in each interval: one row an interval, columns by workload, pool and breaker.
///
/// # Errors
/// If the rows cannot be encoded.
pub fn series(finished: &Finished) -> Written {
    let blueprint = finished.system.blueprint();
    let recorder = finished.system.recorder();
    let mut header = vec!["seconds".to_owned()];
    for workload in &blueprint.workloads {
        let name = &workload.name;
        header.extend(["offered", "good"].map(|what| format!("{name}.{what}")));
        header.extend(Outcome::ALL.map(|outcome| format!("{name}.{}", outcome.name())));
        header.extend(["p50_s", "p99_s", "in_flight"].map(|what| format!("{name}.{what}")));
    }
    for pool in &blueprint.pools {
        header.extend(
            ["busy", "queue", "utilization"]
                .map(|what| format!("{}.{}.{what}", pool.label(), pool.kind.name())),
        );
    }
    header.extend(blueprint.breakers.iter().map(|breaker| format!("{}.breaker", breaker.owner)));
    let width = recorder.sample_width().as_secs_f64();
    let intervals =
        recorder.workloads().first().map_or(0, |workload| workload.series.offered.len());
    let rows = (0..intervals).map(|interval| {
        let end = ((interval + 1) as f64 * width).min(finished.now.as_secs_f64());
        let mut row = vec![format!("{end}")];
        for workload in recorder.workloads() {
            let series = &workload.series;
            row.extend(
                [series.offered[interval], series.good(interval)].map(|number| number.to_string()),
            );
            row.extend(series.ended[interval].map(|number| number.to_string()));
            row.extend(
                [series.p50[interval], series.p99[interval]]
                    .map(|nanos| format!("{:.6}", nanos as f64 / 1e9)),
            );
            row.push(series.in_flight[interval].to_string());
        }
        for (plan, series) in blueprint.pools.iter().zip(recorder.pools()) {
            let busy = f64::from(series.busy[interval]);
            row.push(format!("{busy:.4}"));
            row.push(format!("{:.4}", series.waiting[interval]));
            let is_limited = plan.capacity != sim_models::system::UNLIMITED;
            row.push(if is_limited {
                format!("{:.5}", busy / f64::from(plan.capacity))
            } else {
                String::new()
            });
        }
        row.extend(
            recorder
                .breakers()
                .iter()
                .map(|breaker| state_name(breaker.series[interval]).to_owned()),
        );
        row
    });
    table(std::iter::once(header).chain(rows))
}

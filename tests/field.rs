//! A published experiment, row by row: `scenarios/order-chain.yaml` against the figures measured on
//! the real system.

use sim_experiments::Finished;

use crate::running::run_scenario;
use sim_models::system::Id;

struct Row {
    ended: u64,
    succeeded: u64,
    median: f64,
    p95: f64,
    mean: f64,
    max: f64,
}

fn row(variant: &str) -> (Row, Finished) {
    let finished = run_scenario("order-chain", Some(variant), &[]);
    let workload = &finished.summary.workloads[0];
    assert_eq!(workload.in_flight, 0, "k6 waits for what is in flight");
    let latency = workload.latency_with_failures;
    let ended = workload.ok + workload.degraded + workload.failed.values().sum::<u64>();
    let row = Row {
        ended,
        succeeded: workload.ok,
        median: latency.p50,
        p95: latency.p95,
        mean: latency.mean,
        max: latency.max,
    };
    (row, finished)
}

fn assert_within_10_percent(what: &str, simulated: f64, measured: f64) {
    assert!(
        (simulated / measured - 1.0).abs() < 0.10,
        "{what}: {simulated} simulated, {measured} measured"
    );
}

#[test]
fn baseline_without_a_fault() {
    let (row, _) = row("baseline");
    assert!(
        row.ended.abs_diff(50) <= 2 && row.succeeded == row.ended,
        "{} ended, {} succeeded",
        row.ended,
        row.succeeded
    );
    assert_within_10_percent("mean", row.mean, 0.042);
    assert_within_10_percent("median", row.median, 0.027);
}

#[test]
fn three_seconds_of_latency_without_guards() {
    let (row, _) = row("latency");
    assert!(
        row.ended.abs_diff(400) <= 2 && row.succeeded == row.ended,
        "{} ended, {} succeeded",
        row.ended,
        row.succeeded
    );
    assert_within_10_percent("median", row.median, 3.01);
    assert_within_10_percent("p95", row.p95, 3.43);
}

#[test]
fn three_seconds_of_latency_behind_retry_and_breaker() {
    let (row, finished) = row("latency-protected");
    assert_eq!(
        row.succeeded, 54,
        "50 in flight when the breaker opens, and two probes in each of two half-open episodes"
    );
    assert_within_10_percent("requests", row.ended as f64, 1338.0);
    assert_within_10_percent("median", row.median, 0.0067);
    assert_within_10_percent("p95", row.p95, 0.067);
    assert_within_10_percent("maximum", row.max, 3.3);
    assert_eq!(finished.summary.breakers[0].opened, 3);
}

#[test]
fn stress_without_guards() {
    let (row, finished) = row("stress");
    assert_within_10_percent("requests", row.ended as f64, 4765.0);
    assert_eq!(row.succeeded, row.ended);
    assert_within_10_percent("median", row.median, 3.02);
    assert_within_10_percent("p90", finished.summary.workloads[0].latency.p90, 4.28);
    assert_within_10_percent("p95", row.p95, 4.42);
    assert_within_10_percent("maximum", row.max, 4.6);
}

#[test]
fn stress_completes_as_measured_over_time() {
    const MEASURED: [u32; 12] = [18, 92, 216, 424, 766, 1251, 1867, 2535, 3200, 3862, 4461, 4747];
    let (_, finished) = row("stress");
    let series = &finished.system.recorder().workloads()[Id::new(0)].series;
    let completed_by =
        |seconds: usize| (0..seconds).map(|interval| series.ended(interval)).sum::<u32>();
    for (index, measured) in MEASURED.into_iter().enumerate() {
        let (at, simulated) = ((index + 1) * 10, completed_by((index + 1) * 10));
        let is_close =
            f64::from(simulated.abs_diff(measured)) <= (0.10 * f64::from(measured)).max(3.0);
        assert!(is_close, "after {at} s: {simulated} simulated, {measured} measured");
    }
}

#[test]
fn stress_with_retry_only_changes_nothing() {
    let (row, _) = row("stress-retry");
    assert_within_10_percent("requests", row.ended as f64, 4769.0);
    assert_eq!(row.succeeded, row.ended);
    assert_within_10_percent("median", row.median, 3.02);
    assert_within_10_percent("p95", row.p95, 4.43);
}

#[test]
fn errors_at_once_are_limited_by_the_host() {
    let (row, _) = row("errors");
    assert_eq!(row.succeeded, 0);
    assert_within_10_percent("requests", row.ended as f64, 98_669.0);
    assert_within_10_percent("mean", row.mean, 0.030);
}

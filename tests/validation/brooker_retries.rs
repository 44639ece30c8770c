//! M. Brooker, "Fixing retries with token buckets and circuit breakers" (2022): four strategies of
//! retrying at seventeen failure rates, against the author's own simulator.

use serde::Deserialize;

use crate::simulate::{blueprint, replicate, rows};
use crate::study::{Basis, Limit, Row, Study};

/// Runs of each point, as many as of the author's simulator.
const RUNS: u64 = 10;
/// Clients of a run, who know nothing of each other.
const CLIENTS: f64 = 100.0;

/// The distance that any of 136 normal figures exceeds by chance at most once in twenty times: that of
/// 0.05 / 136, on two sides.
const MOST: f64 = 3.56;

/// A point of the author's simulator: `validation/brooker-retries/retries.csv`.
#[derive(Deserialize)]
struct Point {
    failure_rate: f64,
    strategy: String,
    clients: f64,
    calls: f64,
    success_share: f64,
    success_se: f64,
    attempts_per_call: f64,
    attempts_se: f64,
}

/// Runs the study.
pub fn study() -> Study {
    let points: Vec<Point> = rows("brooker-retries/retries.csv");
    let rows = points.iter().zip(1..).flat_map(|(point, seed)| compare(point, seed)).collect();
    Study { name: "brooker-retries", rows }
}

fn compare(point: &Point, seed: u32) -> [Row; 2] {
    let variant = Some(point.strategy.as_str()).filter(|strategy| *strategy != "none");
    let settings = [
        format!("services.server.handle.fail={}%", 100.0 * point.failure_rate),
        format!("run.seed={seed}"),
    ];
    let blueprint = blueprint("brooker-retries/retries.yaml", variant, &settings);
    let runs = replicate(&blueprint, RUNS, |run| {
        let calls = run.summary.calls.iter().find(|calls| calls.edge == "client -> server");
        let calls = calls.expect("clients call the server");
        [calls.calls, calls.attempts, calls.ended.get("ok").copied().unwrap_or(0)]
    });
    let sum = |of: usize| runs.iter().map(|run| run[of]).sum::<u64>() as f64;
    let row = |figure: &str, found, error: f64, simulated| Row {
        figure: format!("{figure} of {} at {}", point.strategy, point.failure_rate),
        basis: Basis::Predicted,
        found,
        simulated,
        limit: Limit::StandardErrors { error: of_difference(point, error), most: MOST },
    };
    [
        row("success share", point.success_share, point.success_se, sum(2) / sum(0)),
        row("attempts per call", point.attempts_per_call, point.attempts_se, sum(1) / sum(0)),
    ]
}

/// The standard error of the difference of two simulations of the same system: the variance of a
/// client is the same in both, and the reference has it from a thousand independent ones. It is at
/// least that of a single call, for points at which nearly every call ends alike.
fn of_difference(point: &Point, error: f64) -> f64 {
    let error = error.max(1.0 / point.calls);
    error * (1.0 + point.clients / (CLIENTS * RUNS as f64)).sqrt()
}

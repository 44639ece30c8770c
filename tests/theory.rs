//! Queues whose behaviour is known exactly, simulated from scenario files.
//!
//! `servers` has queues in order of arrival, `orders` other orders, `losses` requests that are turned away, lose patience
//! or come again, `networks` several queues, and `chains` what solves those that have no closed form. Each comparison
//! prints its deviation; docs/validation.md has the command and all of them.

mod chains;
mod losses;
mod networks;
mod orders;
mod servers;

use std::path::Path;

use sim_experiments::Finished;
use sim_models::observe::WorkloadSummary;

use crate::running::{blueprint, load_file, root, run};
use sim_models::system::Id;

/// Runs a file of `tests/theory/`, with some of its settings replaced.
fn simulate(name: &str, settings: &[&str]) -> Finished {
    simulate_file(&root().join("tests/theory").join(name).with_extension("yaml"), settings)
}

fn simulate_file(file: &Path, settings: &[&str]) -> Finished {
    run(&blueprint(&load_file(file, None, settings)))
}

fn assert_within_2_percent(what: &str, measured: f64, expected: f64) {
    let error = measured / expected - 1.0;
    let comparison =
        format!("{what}: {measured:.6} measured, {expected:.6} expected ({:+.2} %)", error * 100.0);
    println!("{comparison}");
    assert!(error.abs() < 0.02, "{comparison}");
}

/// Checks that the mean latency of a workload is within 2 % of theory, and theory within three standard
/// errors of it, which is one and a half times the 95 % interval: one correct run in 370 would miss it.
fn assert_mean_latency_of(
    finished: &Finished,
    workload: &WorkloadSummary,
    what: &str,
    expected_seconds: f64,
) {
    let names = finished.summary.workloads.iter().map(|it| &it.name);
    let place =
        names.into_iter().position(|name| *name == workload.name).expect("it is one of them");
    let known = &finished.system.recorder().workloads()[Id::new(place)].mean_latency;
    let interval = 1.5 * known.interval(0.95).half_width / 1e9;
    let mean = workload.latency.mean;
    assert_within_2_percent(what, mean, expected_seconds);
    assert!(
        (mean - expected_seconds).abs() <= interval,
        "{what}: {mean} ± {interval} does not cover {expected_seconds}"
    );
}

/// Runs a file and checks the mean latency of its only workload.
fn assert_mean_latency(name: &str, expected_seconds: f64) -> Finished {
    let finished = simulate(name, &[]);
    assert_mean_latency_of(&finished, &finished.summary.workloads[0], name, expected_seconds);
    finished
}

/// Erlang's C formula: the probability of having to wait with `servers` servers and `load` erlangs.
fn erlang_c(servers: u32, load: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 0.0;
    for busy in 0..servers {
        sum += term;
        term *= load / f64::from(busy + 1);
    }
    let waiting = term / (1.0 - load / f64::from(servers));
    waiting / (sum + waiting)
}

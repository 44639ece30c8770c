//! Intervals that are printed with a mean contain the truth about as often as they say.

use std::sync::Arc;

use sim_experiments::{Unattended, in_order, replicate, run as simulate};
use sim_models::observe::RunSummary;
use sim_models::system::Blueprint;
use sim_reports::run::{Invocation, replications_json};

use crate::running::{blueprint, load_text};

/// The number of intervals.
const INTERVALS: u64 = 400;
/// The numbers of them that may contain the truth: 93 to 97 %.
const COVERED: std::ops::RangeInclusive<usize> = 372..=388;

/// Servers with exponential service times of 10 ms at a utilization, for so many answers after a warm-up.
fn servers(servers: u32, utilization: f64, answers: f64) -> Arc<Blueprint> {
    let rate = 100.0 * f64::from(servers) * utilization;
    let counted = answers / rate;
    let text = format!(
        "run: {{ duration: {}s, warmup: {}s }}
workloads: {{ web: {{ to: api, arrivals: poisson {rate}/s }} }}
services: {{ api: {{ threads: {servers}, handle: [ {{ work: exponential 10ms }} ] }} }}",
        1.1 * counted,
        0.1 * counted
    );
    blueprint(&load_text(&text, &[]))
}

fn runs(blueprint: &Arc<Blueprint>, replications: u64) -> Vec<RunSummary> {
    let numbers: Vec<u64> = (0..replications).collect();
    in_order(&numbers, 2, &|_, number| {
        simulate(blueprint, *number, &Unattended { jobs: 1 }).summary
    })
}

/// The share of single runs whose interval contains the truth, of those that print one.
fn assert_single_runs_cover(what: &str, blueprint: &Arc<Blueprint>, mean: f64) {
    let all = runs(blueprint, INTERVALS);
    let printed = all.iter().filter_map(|run| {
        let workload = &run.workloads[0];
        Some((workload.latency.mean, workload.mean_latency_half_width?))
    });
    let printed: Vec<bool> = printed.map(|(at, width)| (at - mean).abs() <= width).collect();
    let covered = printed.iter().filter(|covers| **covers).count();
    let share = covered as f64 / printed.len() as f64;
    println!("{what}: {covered} of {} printed", printed.len());
    assert!(printed.len() > 320, "{what}: only {} printed", printed.len());
    assert!((0.93..=0.97).contains(&share), "{what}: {covered} of {}", printed.len());
}

#[test]
fn an_interval_of_one_run_contains_the_mean() {
    assert_single_runs_cover("M/M/1 at 50 %", &servers(1, 0.5, 11_500.0), 0.02);
    // Erlang C of 4 servers at a load of 2.4 is 0.2870.
    let wait = 0.287_0 * 0.01 / (4.0 - 2.4);
    assert_single_runs_cover("M/M/4 at 60 %", &servers(4, 0.6, 17_500.0), 0.01 + wait);
}

#[test]
fn a_run_that_is_too_short_prints_no_interval() {
    for answers in [200.0, 1_000.0, 10_000.0] {
        for run in runs(&servers(1, 0.8, answers), 40) {
            assert_eq!(run.workloads[0].mean_latency_half_width, None, "{answers} answers");
        }
    }
}

#[test]
fn an_interval_of_replications_contains_the_truth() {
    let blueprint = servers(1, 0.7, 2_000.0);
    let truths = [
        ("workloads", "mean_latency", 0.01 / 0.3),
        ("workloads", "p50_latency", 0.01 / 0.3 * std::f64::consts::LN_2),
        ("workloads", "goodput", 70.0),
        ("pools", "utilization", 0.7),
        ("pools", "queue_mean", 0.7 * 0.7 / 0.3),
        ("calls", "mean_latency", 0.01 / 0.3),
    ];
    let sets: Vec<u64> = (0..INTERVALS).collect();
    let covers = |_: usize, set: &u64| {
        let mut blueprint = Blueprint::clone(&blueprint);
        blueprint.run.seed = 1_000 + set;
        let replicated = replicate(&Arc::new(blueprint), 10, &Unattended { jobs: 1 });
        let record: serde_json::Value =
            serde_json::from_str(&replications_json(&replicated, &Invocation::default()))
                .expect("JSON");
        truths.map(|(kind, figure, truth)| {
            let of = |part: &str| record[kind][0][figure][part].as_f64().expect("a number");
            (of("mean") - truth).abs() <= of("half_width")
        })
    };
    let all = in_order(&sets, 2, &covers);
    for (place, (kind, figure, _)) in truths.into_iter().enumerate() {
        let covered = all.iter().filter(|covers| covers[place]).count();
        println!("{kind} {figure}: {covered} of {INTERVALS}");
        assert!(COVERED.contains(&covered), "{kind} {figure}: {covered} of {INTERVALS}");
    }
}

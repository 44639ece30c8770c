//! M. Brooker's `simple_collapse_sim` (2023): a spike of load that timeouts and retries make last,
//! against the author's own simulator.

use serde::Deserialize;
use sim_experiments::Finished;
use sim_models::system::Id;

use crate::simulate::{blueprint, mean, replicate, rows};
use crate::study::{Basis, Limit, Row, Study};

/// Runs with each strategy, as many as of the author's simulator.
const RUNS: u64 = 400;

/// The distance that any of 90 normal figures exceeds by chance at most once in twenty times: that of
/// 0.05 / 90, on two sides.
const MOST: f64 = 3.45;

/// Averages over a window of the author's simulator: `validation/brooker-retries/collapse.csv`.
#[derive(Deserialize)]
struct Window {
    strategy: String,
    from: usize,
    to: usize,
    runs: f64,
    successes_per_s: f64,
    successes_se: f64,
    retries_per_s: f64,
    retries_se: f64,
    up_share: f64,
    up_se: f64,
}

/// Successes and retries in each second of a run.
struct Seconds {
    successes: Vec<u32>,
    retries: Vec<u32>,
}

/// Runs the study.
pub fn study() -> Study {
    let windows: Vec<Window> = rows("brooker-retries/collapse.csv");
    let rows = windows
        .chunk_by(|one, other| one.strategy == other.strategy)
        .flat_map(|windows| {
            let variant = (windows[0].strategy != "no backoff").then_some("backoff");
            let blueprint = blueprint("brooker-retries/collapse.yaml", variant, &[]);
            let runs = replicate(&blueprint, RUNS, seconds);
            windows.iter().flat_map(move |window| compare(window, &runs)).collect::<Vec<_>>()
        })
        .collect();
    Study { name: "brooker-collapse", rows }
}

fn seconds(run: &Finished) -> Seconds {
    let recorder = run.system.recorder();
    let workload = &recorder.workloads()[Id::new(0)].series;
    let successes = (0..workload.ended.len()).map(|second| workload.good(second)).collect();
    Seconds { successes, retries: recorder.edges()[Id::new(0)].series.retries.clone() }
}

fn compare(window: &Window, runs: &[Seconds]) -> [Row; 3] {
    let Window { strategy, from, to, .. } = window;
    let length = (to - from) as f64;
    let count = |seconds: &[u32]| f64::from(seconds[*from..*to].iter().sum::<u32>());
    let row = |figure: &str, (found, found_error): (f64, f64), per_run: Vec<f64>| {
        let (simulated, error) = mean(&per_run);
        // At least that of a single event in all runs, for windows in which hardly anything happens.
        let least = 1.0 / (length * window.runs);
        let error = (found_error * found_error + error * error).sqrt().max(least);
        Row {
            figure: format!("{figure} of {strategy} from {from} s to {to} s"),
            basis: Basis::Predicted,
            found,
            simulated,
            limit: Limit::StandardErrors { error, most: MOST },
        }
    };
    let per_run = |of: &dyn Fn(&Seconds) -> f64| runs.iter().map(of).collect();
    [
        row(
            "successes/s",
            (window.successes_per_s, window.successes_se),
            per_run(&|run| count(&run.successes) / length),
        ),
        row(
            "retries/s",
            (window.retries_per_s, window.retries_se),
            per_run(&|run| count(&run.retries) / length),
        ),
        row(
            "share of runs with successes",
            (window.up_share, window.up_se),
            per_run(&|run| f64::from(u8::from(count(&run.successes) > 0.0))),
        ),
    ]
}

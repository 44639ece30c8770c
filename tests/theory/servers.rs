//! One queue, served in order of arrival.
//!
//! Formulas: Kleinrock, *Queueing Systems*, volume 1 (M/M/m, M/G/1, G/M/1), and where a test names another source.

use std::fmt::Write;

use sim_core::Distribution;
use sim_core::random::Streams;
use sim_models::observe::Latency;

use super::chains::{mean, steady_state};
use super::{
    assert_mean_latency, assert_mean_latency_of, assert_within_2_percent, erlang_c, simulate,
    simulate_file,
};
use crate::running::root;

/// Checks the percentiles of a latency that is exponential.
fn assert_exponential(name: &str, latency: &Latency, mean: f64) {
    for (share, measured) in [(0.5, latency.p50), (0.9, latency.p90), (0.99, latency.p99)] {
        let expected = -mean * libm::log(1.0 - share);
        assert_within_2_percent(&format!("{name}, p{}", share * 100.0), measured, expected);
    }
}

#[test]
fn mm1_sojourn_time() {
    let finished = assert_mean_latency("mm1", 1.0 / (100.0 - 80.0));
    assert_exponential("mm1", &finished.summary.workloads[0].latency, 0.050);
    let server = &finished.summary.pools[0];
    assert_within_2_percent("mm1, utilization", server.utilization.expect("limited"), 0.8);
    assert_within_2_percent("mm1, mean queue", server.queue_mean, 0.8 * 0.8 / 0.2);
}

#[test]
fn mm8_mean_sojourn_time() {
    let service = 0.016;
    let wait = erlang_c(8, 6.4) * service / (8.0 - 6.4);
    let finished = assert_mean_latency("mm8", service + wait);
    assert_within_2_percent("mm8, mean wait", finished.summary.pools[0].wait_mean, wait);
}

#[test]
fn md1_mean_sojourn_time() {
    assert_mean_latency("md1", 0.010 + 0.8 * 0.010 / (2.0 * 0.2));
}

#[test]
fn mg1_mean_sojourn_time_by_pollaczek_and_khinchine() {
    let second_moment = 0.010 * 0.010 * (1.0 + 1.5 * 1.5);
    assert_mean_latency("mg1", 0.010 + 60.0 * second_moment / (2.0 * 0.4));
}

/// Mean number that wait in M/D/c with a load in erlangs.
///
/// Those served now have left one service time later, and those who wait then have arrived since: of n in the system,
/// max(n - c, 0) and the arrivals of one service time remain. That holds at any time, so the steady state of this chain is
/// that of the queue (Crommelin, "Delay probability formulae when the holding times are constant", 1932).
fn mdc_mean_queue(servers: usize, load: f64) -> f64 {
    const MOST: usize = 80;
    let mut arrivals = vec![libm::exp(-load)];
    for number in 1..MOST {
        arrivals.push(arrivals[number - 1] * load / number as f64);
    }
    let ways = |present: usize| {
        let left = present.saturating_sub(servers);
        arrivals.iter().enumerate().map(move |(come, probability)| (left + come, *probability))
    };
    let states: Vec<usize> = (0..MOST).collect();
    mean(&steady_state(&states, ways), |present| present.saturating_sub(servers) as f64)
}

#[test]
fn mdc_mean_wait() {
    for servers in 2_u32..=4 {
        let arrivals = 80.0 * f64::from(servers);
        let finished = simulate(
            "mdc",
            &[
                &format!("services.server.threads={servers}"),
                &format!("workloads.clients.arrivals=poisson {arrivals}/s"),
            ],
        );
        let wait = mdc_mean_queue(servers as usize, arrivals * 0.010) / arrivals;
        let name = format!("mdc, {servers} servers");
        assert_mean_latency_of(&finished, &finished.summary.workloads[0], &name, 0.010 + wait);
        assert_within_2_percent(
            &format!("{name}, mean wait"),
            finished.summary.pools[0].wait_mean,
            wait,
        );
    }
}

/// Mean number that wait in M/H2/c.
///
/// The phase of a service is drawn when it begins, so the number in the system and the number of services in the first
/// phase make a Markov chain. `phases` has the probability and the rate of each phase.
fn mh2c_mean_queue(servers: u32, arrivals: f64, phases: [(f64, f64); 2]) -> f64 {
    const MOST: u32 = 300;
    let [(first, first_rate), (second, second_rate)] = phases;
    let ways = |(present, in_first): (u32, u32)| {
        let in_second = present.min(servers) - in_first;
        let ends_in_first = f64::from(in_first) * first_rate;
        let ends_in_second = f64::from(in_second) * second_rate;
        let less = present.wrapping_sub(1);
        let mut ways = if present < servers {
            vec![
                ((present + 1, in_first + 1), arrivals * first),
                ((present + 1, in_first), arrivals * second),
            ]
        } else {
            vec![((present + 1, in_first), arrivals)]
        };
        if present <= servers {
            ways.push(((less, in_first.wrapping_sub(1)), ends_in_first));
            ways.push(((less, in_first), ends_in_second));
        } else {
            ways.push(((less, in_first), ends_in_first * first + ends_in_second * second));
            ways.push(((less, in_first.wrapping_sub(1)), ends_in_first * second));
            ways.push(((less, in_first + 1), ends_in_second * first));
        }
        ways
    };
    let states: Vec<(u32, u32)> = (0..MOST)
        .flat_map(|present| (0..=present.min(servers)).map(move |in_first| (present, in_first)))
        .collect();
    mean(&steady_state(&states, ways), |(present, _)| f64::from(present.saturating_sub(servers)))
}

/// With one server the chain agrees with Pollaczek and Khinchine. The phases have balanced means: each contributes half
/// of the mean (Tijms, *A First Course in Stochastic Models*, 2003, appendix B).
#[test]
fn mh2c_mean_wait() {
    let (mean, cv, arrivals) = (0.010, 2.0, 140.0);
    let first = 0.5 * (1.0 + libm::sqrt((cv * cv - 1.0) / (cv * cv + 1.0)));
    let phases = [(first, 2.0 * first / mean), (1.0 - first, 2.0 * (1.0 - first) / mean)];
    let alone = mh2c_mean_queue(1, 60.0, phases);
    let by_pollaczek = 0.6 * 0.6 * (1.0 + cv * cv) / (2.0 * 0.4);
    assert!((alone / by_pollaczek - 1.0).abs() < 1e-6, "{alone}, {by_pollaczek}");

    let wait = mh2c_mean_queue(2, arrivals, phases) / arrivals;
    let finished = assert_mean_latency("mh2c", mean + wait);
    assert_within_2_percent("mh2c, mean wait", finished.summary.pools[0].wait_mean, wait);
}

/// Mean sojourn of G/M/1, which is exponential: 1 / (μ (1 - σ)), where σ is the root below 1 of σ = A*(μ - μσ) and A*
/// the Laplace transform of the time between arrivals (Kleinrock, volume 1, chapter 6).
fn gm1_mean_sojourn(service_rate: f64, transform: impl Fn(f64) -> f64) -> f64 {
    let mut sigma = 0.0;
    for _ in 0..300 {
        sigma = transform(service_rate * (1.0 - sigma));
    }
    1.0 / (service_rate * (1.0 - sigma))
}

#[test]
fn dm1_sojourn_time() {
    let sojourn = gm1_mean_sojourn(100.0, |s| libm::exp(-s / 80.0));
    let finished = assert_mean_latency("dm1", sojourn);
    assert_exponential("dm1", &finished.summary.workloads[0].latency, sojourn);
}

/// The recording has times in whole milliseconds between arrivals, some of which are none; A* is that of exactly these.
#[test]
fn gm1_sojourn_time_with_recorded_arrivals() {
    let gaps = Distribution::weibull(1000.0 / 60.0, 0.6).expect("a distribution");
    let mut stream = Streams::new(1, 0).stream("gaps");
    let mut counts = vec![0.0; 10_000];
    let (mut now, mut recording) = (0, String::new());
    while now < 8_000_000 {
        let gap = libm::round(gaps.sample(&mut stream)) as usize;
        now += gap;
        counts[gap] += 1.0;
        let _ = writeln!(recording, "{}.{:03}", now / 1000, now % 1000);
    }
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("arrivals.csv"), recording).expect("a file");
    let file = folder.path().join("gm1.yaml");
    std::fs::copy(root().join("tests/theory/gm1.yaml"), &file).expect("a file");
    let finished = simulate_file(&file, &[]);

    let total: f64 = counts.iter().sum();
    let transform = |s: f64| {
        let terms = (0..).zip(&counts).filter(|(_, count)| **count > 0.0);
        terms.map(|(gap, count)| count * libm::exp(-s * f64::from(gap) / 1000.0)).sum::<f64>()
            / total
    };
    let sojourn = gm1_mean_sojourn(100.0, transform);
    let web = &finished.summary.workloads[0];
    assert_mean_latency_of(&finished, web, "gm1", sojourn);
    assert_exponential("gm1", &web.latency, sojourn);
}

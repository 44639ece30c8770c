//! Queues whose behaviour is known in closed form, simulated from scenario files.
//!
//! Formulas: Kleinrock, *Queueing Systems*, volume 1 (M/M/m, M/M/m/K, M/G/1, finite population) and
//! volume 2 (Jackson); Palm, "Research on telephone traffic carried by full availability groups",
//! 1957 (impatience, "Erlang A"); Falin and Templeton, *Retrial Queues*, 1997.

use sim_experiments::Finished;

use crate::running::{blueprint, load_file, root, run};

fn simulate(name: &str) -> Finished {
    run(&blueprint(&load_file(
        &root().join("tests/theory").join(name).with_extension("yaml"),
        None,
        &[],
    )))
}

fn assert_within_2_percent(what: &str, measured: f64, expected: f64) {
    let error = measured / expected - 1.0;
    assert!(
        error.abs() < 0.02,
        "{what}: {measured} measured, {expected} expected ({:+.2} %)",
        error * 100.0
    );
}

/// Checks that the mean latency is within 2 % of theory, and theory within its 95 % interval.
fn assert_mean_latency(name: &str, expected_seconds: f64) -> Finished {
    let finished = simulate(name);
    let workload = &finished.summary.workloads[0];
    let half_width = workload.mean_latency_half_width.expect("enough requests for an interval");
    assert_within_2_percent(name, workload.latency.mean, expected_seconds);
    let distance = (workload.latency.mean - expected_seconds).abs();
    assert!(
        distance <= half_width,
        "{name}: {} ± {half_width} does not cover {expected_seconds}",
        workload.latency.mean
    );
    finished
}

/// Steady-state probabilities of a birth-death process from its ratios of birth to death rates.
fn birth_death(ratios: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut weights = vec![1.0];
    for ratio in ratios {
        weights.push(weights[weights.len() - 1] * ratio);
    }
    let total: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / total).collect()
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

#[test]
fn mm1_mean_sojourn_time() {
    let finished = assert_mean_latency("mm1", 1.0 / (100.0 - 80.0));
    assert_within_2_percent(
        "utilization",
        finished.summary.pools[0].utilization.expect("limited"),
        0.8,
    );
    assert_within_2_percent("mean queue", finished.summary.pools[0].queue_mean, 0.8 * 0.8 / 0.2);
}

#[test]
fn mm8_mean_sojourn_time() {
    let service = 0.016;
    let wait = erlang_c(8, 6.4) * service / (8.0 - 6.4);
    let finished = assert_mean_latency("mm8", service + wait);
    assert_within_2_percent("mean wait", finished.summary.pools[0].wait_mean, wait);
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

#[test]
fn mmck_loss_and_sojourn_time() {
    let probabilities = birth_death((0..10).map(|n| 4.0 / f64::from((n + 1).min(4))));
    let lost = probabilities[10];
    let in_system: f64 = probabilities.iter().enumerate().map(|(n, p)| n as f64 * p).sum();
    let finished = assert_mean_latency("mmck", in_system / (400.0 * (1.0 - lost)));
    let workload = &finished.summary.workloads[0];
    assert_within_2_percent("lost share", 1.0 - workload.availability, lost);
}

#[test]
fn erlang_b_loss() {
    let probabilities = birth_death((0..10).map(|n| 8.0 / f64::from(n + 1)));
    let finished = assert_mean_latency("erlang-b", 0.020);
    assert_within_2_percent(
        "lost share",
        1.0 - finished.summary.workloads[0].availability,
        probabilities[10],
    );
}

#[test]
fn jackson_network_mean_sojourn_time() {
    let visits_and_service = [(1.0, 0.010), (0.6, 0.020), (0.5, 0.020)];
    let sojourn =
        |(visits, service): (f64, f64)| visits * service / (1.0 - 60.0 * visits * service);
    assert_mean_latency("jackson", visits_and_service.into_iter().map(sojourn).sum());
}

#[test]
fn machine_repair_throughput_and_sojourn_time() {
    let (machines, think, service) = (10, 0.100, 0.015);
    let broken =
        birth_death((0..machines).map(|broken| f64::from(machines - broken) * service / think));
    let throughput = (1.0 - broken[0]) / service;
    let finished = assert_mean_latency("machine-repair", f64::from(machines) / throughput - think);
    assert_within_2_percent("throughput", finished.summary.workloads[0].goodput, throughput);
}

/// Customers who wait leave at their own rate, so the queue is a birth-death process as well.
#[test]
fn erlang_a_customers_lose_patience() {
    let (servers, arrivals, service, patience) = (4_u32, 100.0, 1.0 / 0.05, 1.0 / 0.1);
    let leaving = |state: u32| {
        f64::from(state.min(servers)) * service
            + f64::from(state.saturating_sub(servers)) * patience
    };
    let states = birth_death((1..200).map(|state| arrivals / leaving(state)));
    let queue: f64 = (0..)
        .zip(&states)
        .map(|(state, share)| f64::from(u32::saturating_sub(state, servers)) * share)
        .sum();
    let finished = simulate("erlang-a");
    let web = &finished.summary.workloads[0];
    assert_within_2_percent("mean queue", finished.summary.pools[0].queue_mean, queue);
    let abandoned = 1.0 - web.ok as f64 / web.offered as f64;
    assert_within_2_percent("share that gives up", abandoned, patience * queue / arrivals);
}

#[test]
fn retrial_queue_customers_come_again() {
    let (load, arrivals, retrials) = (0.6, 60.0, 20.0);
    let orbit = load * (arrivals + retrials * load) / (retrials * (1.0 - load));
    let finished = simulate("retrial");
    let web = &finished.summary.workloads[0];
    assert_within_2_percent("mean time in the system", web.latency.mean, (orbit + load) / arrivals);
    let attempts = finished.summary.calls[0].attempts as f64 / web.offered as f64;
    assert_within_2_percent("attempts each", attempts, 1.0 + orbit * retrials / arrivals);
}

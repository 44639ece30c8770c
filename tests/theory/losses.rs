//! Requests that are turned away, lose patience or come again.
//!
//! Formulas: Kleinrock, *Queueing Systems*, volume 1 (M/M/m/K), and where a test names another source.

use sim_experiments::Finished;

use super::chains::{birth_death, mean, steady_state};
use super::{assert_mean_latency, assert_mean_latency_of, assert_within_2_percent, simulate};

#[test]
fn mmck_loss_and_sojourn_time() {
    let probabilities = birth_death((0..10).map(|n| 4.0 / f64::from((n + 1).min(4))));
    let lost = probabilities[10];
    let in_system: f64 = probabilities.iter().enumerate().map(|(n, p)| n as f64 * p).sum();
    let finished = assert_mean_latency("mmck", in_system / (400.0 * (1.0 - lost)));
    assert_lost("mmck", &finished, lost);
}

fn assert_lost(name: &str, finished: &Finished, expected: f64) {
    let lost = 1.0 - finished.summary.workloads[0].availability;
    assert_within_2_percent(&format!("{name}, lost share"), lost, expected);
}

/// Erlang's B formula holds for every service with the same mean (Sevastyanov, "An ergodic theorem for Markov processes
/// and its application to telephone systems with refusals", 1957).
fn assert_erlang_b(work: &str) {
    let expected = birth_death((0..10).map(|n| 8.0 / f64::from(n + 1)))[10];
    let finished = simulate("erlang-b", &[&format!("services.server.handle[0].work={work}")]);
    let name = format!("erlang-b, {work}");
    assert_lost(&name, &finished, expected);
    assert_mean_latency_of(&finished, &finished.summary.workloads[0], &name, 0.020);
}

#[test]
fn erlang_b_loss() {
    assert_erlang_b("exponential 20ms");
}

#[test]
fn erlang_b_loss_with_constant_service() {
    assert_erlang_b("20ms");
}

#[test]
fn erlang_b_loss_with_lognormal_service() {
    assert_erlang_b("lognormal mean 20ms cv 2");
}

#[test]
fn erlang_b_loss_with_hyperexponential_service() {
    assert_erlang_b("hyperexponential mean 20ms cv 3");
}

#[test]
fn erlang_b_loss_with_pareto_service() {
    assert_erlang_b("pareto 1.5 from 7.4ms to 740ms");
}

/// Customers who wait leave at their own rate, so the queue is a birth-death process as well (Palm, "Research on
/// telephone traffic carried by full availability groups", 1957).
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
    let finished = simulate("erlang-a", &[]);
    assert_within_2_percent("erlang-a, mean queue", finished.summary.pools[0].queue_mean, queue);
    assert_lost("erlang-a", &finished, patience * queue / arrivals);
}

/// Share that gives up, and mean wait of those who do not, in M/M/c with a constant patience τ.
///
/// Below c the states are those of M/M/c. The wait offered to a customer, which is the work of those before it that are
/// served, has the density λ p(c - 1) exp(λ min(x, τ) - cμx) for x > 0 (Barrer, "Queuing with impatient customers and
/// ordered service", Operations Research 5, 1957; Boxma and de Waal, "Multiserver queues with impatient customers", ITC
/// 14, 1994). Its integrals are below.
fn mmc_with_constant_patience(
    servers: u32,
    arrivals: f64,
    service: f64,
    patience: f64,
) -> (f64, f64) {
    let load = arrivals / service;
    let mut below = vec![1.0];
    for busy in 1..servers {
        below.push(below[below.len() - 1] * load / f64::from(busy));
    }
    let density = arrivals * below[below.len() - 1];
    let all_servers = f64::from(servers) * service;
    let falls = all_servers - arrivals;
    let at_patience = libm::exp(-falls * patience);
    let served = density * (1.0 - at_patience) / falls;
    let waited = density * (1.0 - at_patience * (1.0 + falls * patience)) / (falls * falls);
    let gives_up = density * at_patience / all_servers;
    let at_once: f64 = below.iter().sum();
    (gives_up / (at_once + served + gives_up), waited / (at_once + served))
}

#[test]
fn customers_with_a_constant_patience_give_up() {
    let (gives_up, wait) = mmc_with_constant_patience(4, 100.0, 20.0, 0.050);
    let finished = simulate("constant-patience", &[]);
    assert_lost("constant-patience", &finished, gives_up);
    assert_within_2_percent(
        "constant-patience, mean wait",
        finished.summary.pools[0].wait_mean,
        wait,
    );
}

/// Closed form for one server: Falin and Templeton, *Retrial Queues*, 1997, chapter 1.
#[test]
fn retrial_queue_customers_come_again() {
    let (load, arrivals, retrials) = (0.6, 60.0, 20.0);
    let orbit = load * (arrivals + retrials * load) / (retrials * (1.0 - load));
    assert_retrials("retrial", arrivals, retrials, (orbit, load));
    let (chain_orbit, _) = mmc_retrials(1, arrivals, 100.0, retrials);
    assert!((chain_orbit / orbit - 1.0).abs() < 1e-6, "{chain_orbit}, {orbit}");
}

/// With several servers the number in orbit and the number of busy servers make a Markov chain (Falin and Templeton,
/// *Retrial Queues*, chapter 2).
#[test]
fn retrial_queue_with_two_servers() {
    let (arrivals, retrials) = (140.0, 50.0);
    assert_retrials("retrial-2", arrivals, retrials, mmc_retrials(2, arrivals, 100.0, retrials));
}

/// Mean number in orbit and mean number of busy servers.
fn mmc_retrials(servers: u32, arrivals: f64, service: f64, retrials: f64) -> (f64, f64) {
    const MOST: u32 = 250;
    let ways = |(orbit, busy): (u32, u32)| {
        let arrival = if busy < servers { (orbit, busy + 1) } else { (orbit + 1, busy) };
        let again = if busy < servers { f64::from(orbit) * retrials } else { 0.0 };
        [
            (arrival, arrivals),
            ((orbit.wrapping_sub(1), busy + 1), again),
            ((orbit, busy.wrapping_sub(1)), f64::from(busy) * service),
        ]
    };
    let states: Vec<(u32, u32)> =
        (0..MOST).flat_map(|orbit| (0..=servers).map(move |busy| (orbit, busy))).collect();
    let states = steady_state(&states, ways);
    (mean(&states, |(orbit, _)| f64::from(orbit)), mean(&states, |(_, busy)| f64::from(busy)))
}

/// Each customer in orbit comes again at its own rate, and everybody in the system is in orbit or served.
fn assert_retrials(name: &str, arrivals: f64, retrials: f64, (orbit, busy): (f64, f64)) {
    let finished = assert_mean_latency(name, (orbit + busy) / arrivals);
    let web = &finished.summary.workloads[0];
    let attempts = finished.summary.calls[0].attempts as f64 / web.offered as f64;
    let what = format!("{name}, attempts each");
    assert_within_2_percent(&what, attempts, 1.0 + orbit * retrials / arrivals);
}

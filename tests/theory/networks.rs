//! Several queues that requests visit one after the other, again and again, or side by side.

use super::chains::birth_death;
use super::{assert_mean_latency, assert_within_2_percent};

/// Kleinrock, *Queueing Systems*, volume 2 (Jackson's networks).
#[test]
fn jackson_network_mean_sojourn_time() {
    let visits_and_service = [(1.0, 0.010), (0.6, 0.020), (0.5, 0.020)];
    let sojourn =
        |(visits, service): (f64, f64)| visits * service / (1.0 - 60.0 * visits * service);
    assert_mean_latency("jackson", visits_and_service.into_iter().map(sojourn).sum());
}

/// Kleinrock, *Queueing Systems*, volume 1 (finite population).
#[test]
fn machine_repair_throughput_and_sojourn_time() {
    let (machines, think, service) = (10, 0.100, 0.015);
    let broken =
        birth_death((0..machines).map(|broken| f64::from(machines - broken) * service / think));
    let throughput = (1.0 - broken[0]) / service;
    let finished = assert_mean_latency("machine-repair", f64::from(machines) / throughput - think);
    let goodput = finished.summary.workloads[0].goodput;
    assert_within_2_percent("machine-repair, throughput", goodput, throughput);
}

/// Mean time until both parts of a request are done at two equal M/M/1 queues: (12 - ρ) / 8 of the mean sojourn in one of
/// them (Flatto and Hahn, "Two parallel queues created by arrivals with two demands", SIAM Journal on Applied Mathematics
/// 44, 1984; in this form in Nelson and Tantawi, "Approximate analysis of fork/join synchronization in parallel queues",
/// IEEE Transactions on Computers 37, 1988).
#[test]
fn fork_and_join_mean_sojourn_time() {
    let sojourn_in_one = 1.0 / (100.0 - 70.0);
    assert_mean_latency("fork-join", (12.0 - 0.7) / 8.0 * sojourn_in_one);
}

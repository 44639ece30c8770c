//! Queues that are not served in order of arrival.

use super::{
    assert_mean_latency, assert_mean_latency_of, assert_within_2_percent, erlang_c, simulate,
};

/// Mean wait of each class under non-preemptive priorities, the highest first: W₀ / ((1 - σ before it) (1 - σ with it)),
/// where W₀ is the mean time until a server is free for whoever is first, and σ adds up utilizations (Cobham, "Priority
/// assignment in waiting line problems", Operations Research 2, 1954).
fn cobham(until_free: f64, utilizations: &[f64]) -> Vec<f64> {
    let mut before = 0.0;
    let wait = |utilization: &f64| {
        let with = before + utilization;
        let wait = until_free / ((1.0 - before) * (1.0 - with));
        before = with;
        wait
    };
    utilizations.iter().map(wait).collect()
}

/// With one server W₀ is half of λE(S²), added up over the classes.
#[test]
fn waits_by_class_with_one_server() {
    // Arrivals per second, mean service and its squared coefficient of variation.
    let classes = [(40.0, 0.005, 0.0), (30.0, 0.010, 1.0), (5.0, 0.030, 4.0 / 27.0)];
    let until_free =
        classes.map(|(rate, mean, scv)| rate * mean * mean * (1.0 + scv) / 2.0).iter().sum();
    let waits = cobham(until_free, &classes.map(|(rate, mean, _)| rate * mean));
    let finished = simulate("priorities", &[]);
    for ((workload, (_, mean, _)), wait) in
        finished.summary.workloads.iter().zip(classes).zip(waits)
    {
        let name = format!("priorities, {}", workload.name);
        assert_mean_latency_of(&finished, workload, &name, mean + wait);
        assert_within_2_percent(&format!("{name}, mean wait"), workload.latency.mean - mean, wait);
    }
}

/// With c servers and the same exponential service S for all, W₀ is Erlang's probability of waiting times S / c (Cobham,
/// for several channels).
#[test]
fn waits_by_class_with_four_servers() {
    let waits = cobham(erlang_c(4, 3.2) * 0.020 / 4.0, &[0.3, 0.5]);
    let finished = simulate("priorities-4", &[]);
    for (workload, wait) in finished.summary.workloads.iter().zip(waits) {
        let name = format!("priorities-4, {}", workload.name);
        assert_mean_latency_of(&finished, workload, &name, 0.020 + wait);
        assert_within_2_percent(&format!("{name}, mean wait"), workload.latency.mean - 0.020, wait);
    }
}

/// Density of the busy period of M/M/1: exp(-(λ + μ) t) I₁(2t √(λμ)) / (t √ρ) (Kleinrock, *Queueing Systems*, volume 1,
/// section 5.8). The Bessel function is (1/π) ∫ exp(z cos θ) cos θ dθ from 0 to π, here by the midpoint rule, which is
/// exact but for rounding with so many points.
fn busy_period_density(arrivals: f64, service: f64, time: f64) -> f64 {
    const POINTS: u32 = 100;
    let peak = 2.0 * time * libm::sqrt(arrivals * service);
    let term = |point: u32| {
        let cosine = libm::cos(std::f64::consts::PI * (f64::from(point) + 0.5) / f64::from(POINTS));
        cosine * libm::exp(peak * cosine - (arrivals + service) * time)
    };
    let bessel = (0..POINTS).map(term).sum::<f64>() / f64::from(POINTS);
    bessel / (time * libm::sqrt(arrivals / service))
}

/// Percentiles of the sojourn in M/M/1 when the newest is served first.
///
/// A request that has to wait, waits for the rest of a service and for all who come meanwhile: a busy period. Then it is served:
/// the distribution F of wait and service grows by μ times the share of those who are being served.
fn lifo_percentiles(arrivals: f64, service: f64, shares: &[f64]) -> Vec<f64> {
    const STEP: f64 = 0.000_1;
    let load = arrivals / service;
    let (mut time, mut begun, mut ended) = (0.0, 1.0 - load, 0.0);
    let until = |share: &f64| {
        while ended < *share {
            // The middle of the step for what begins, and the mean of its ends for what is being served.
            let begins = load * busy_period_density(arrivals, service, time + STEP / 2.0) * STEP;
            let rate = service * STEP / 2.0;
            ended = (ended * (1.0 - rate) + rate * (2.0 * begun + begins)) / (1.0 + rate);
            begun += begins;
            time += STEP;
        }
        time
    };
    shares.iter().map(until).collect()
}

#[test]
fn percentiles_when_the_newest_is_served_first() {
    let finished = assert_mean_latency("lifo", 1.0 / (100.0 - 70.0));
    let latency = &finished.summary.workloads[0].latency;
    let measured = [("p50", latency.p50), ("p90", latency.p90), ("p99", latency.p99)];
    let expected = lifo_percentiles(70.0, 100.0, &[0.5, 0.9, 0.99]);
    for ((name, measured), expected) in measured.into_iter().zip(expected) {
        assert_within_2_percent(&format!("lifo, {name}"), measured, expected);
    }
}

/// Mean sojourns of requests that share a processor in turns of one quantum.
///
/// `arrivals[k - 1]` is the rate of requests that need k quanta. Whoever comes finds, in each round, those who were before
/// it and still need quanta, and those who have come in the round before. The expected numbers obey linear equations, and
/// Little's law gives those whom it finds (Sakata, Noguchi and Oizumi, "An analysis of the M/G/1 queue under round-robin
/// scheduling", Operations Research 19, 1971). The equations are solved by iteration.
fn round_robin_sojourns(arrivals: &[f64], quantum: f64) -> Vec<f64> {
    let most = arrivals.len();
    let needing_more_than = |quanta: usize| arrivals[quanta..].iter().sum::<f64>();
    let load: f64 = (0..most).map(|quanta| quantum * needing_more_than(quanta)).sum();
    let mut waits = vec![0.0; most];
    for _ in 0..500 {
        // Those who wait and need this quantum and `more` after it: their wait is the one before that quantum.
        let waiting = |more: usize| -> f64 {
            (more..most).map(|needed| arrivals[needed] * waits[needed - more]).sum()
        };
        // Those before it, by the quanta that they need after this round.
        let mut before: Vec<f64> = (0..most).map(waiting).collect();
        let mut next = vec![load * quantum / 2.0 + quantum * before.iter().sum::<f64>()];
        for round in 1..most {
            let since = next[round - 1] + quantum;
            before.remove(0);
            before.push(0.0);
            for (more, number) in before.iter_mut().enumerate() {
                *number += since * arrivals[more];
                // The one who was served when it came and needs more, which comes back after this quantum.
                if round == 1 && more + 1 < most {
                    *number += quantum * needing_more_than(more + 1);
                }
            }
            next.push(quantum * before.iter().sum::<f64>());
        }
        waits = next;
    }
    let sojourn = |quanta: usize| waits[..quanta].iter().sum::<f64>() + quanta as f64 * quantum;
    (1..=most).map(sojourn).collect()
}

/// The smaller the quantum, the nearer round robin comes to processor sharing, where a request of length x takes x / (1 -
/// ρ) whatever the distribution of lengths is (Kleinrock, *Queueing Systems*, volume 2, chapter 4).
#[test]
fn requests_that_share_a_processor_take_a_time_in_proportion_to_their_work() {
    let mut arrivals = [0.0; 40];
    (arrivals[4], arrivals[39]) = (40.0, 10.0);
    let sojourns = round_robin_sojourns(&arrivals, 0.001);
    let finished = simulate("round-robin", &[]);
    for (workload, quanta) in finished.summary.workloads.iter().zip([5, 40]) {
        let name = format!("round-robin, {}", workload.name);
        assert_mean_latency_of(&finished, workload, &name, sojourns[quanta - 1]);
        let shared = f64::from(quanta as u32) * 0.001 / (1.0 - 0.6);
        let error = workload.latency.mean / shared - 1.0;
        println!("{name}: {:+.2} % from processor sharing", error * 100.0);
        assert!(error.abs() < 0.06, "{name}: {error}");
    }
}

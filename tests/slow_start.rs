//! Slow start: the share of an instance that has just come back, with every policy that has it.

use sim_core::random::{DrawKey, Streams};
use sim_core::{SimDuration, SimTime};
use sim_experiments::Finished;
use sim_models::resilience::load_balancer::{
    Balance, BalancedCall, Balancing, HealthCheck, LoadBalancer, SlowStart,
};

use crate::running::run_sections;
use sim_models::system::Id;

const CHECK: HealthCheck = HealthCheck {
    interval: SimDuration::from_secs(1),
    unhealthy_threshold: 1,
    healthy_threshold: 1,
};

fn slow_start(seconds: u64) -> SlowStart {
    SlowStart { window: SimDuration::from_secs(seconds), aggression: 1.0, least: 0.1 }
}

/// The shares of three instances with these requests in flight; the first has been back for
/// `since` seconds of a window of 60 s.
fn shares(balance: Balance, in_flight: [u32; 3], since: u64) -> [f64; 3] {
    const CALLS: u64 = 60_000;
    let root = DrawKey::root(&mut Streams::new(1, 0).stream("slow start"));
    let settings = Balancing {
        balance,
        slow_start: Some(slow_start(60)),
        health_check: Some(CHECK),
        ..Balancing::default()
    };
    let mut balancer = LoadBalancer::new(settings, 3, root);
    balancer.note_check(SimTime::from_secs(20), 0, false);
    balancer.note_check(SimTime::from_secs(30), 0, true);
    let now = SimTime::from_secs(30 + since);
    let mut chosen = [0_u32; 3];
    for number in 0..CALLS {
        let draw = move || root.child(number).draw();
        let call = BalancedCall { now, draw, zone: None, key: None };
        let instance = balancer.choose(call, |instance| in_flight[instance as usize]);
        chosen[instance.expect("all are in order") as usize] += 1;
    }
    chosen.map(|calls| f64::from(calls) / CALLS as f64)
}

fn assert_near(balance: &Balance, got: [f64; 3], expected: [f64; 3]) {
    let is_near = got.iter().zip(expected).all(|(got, expected)| (got - expected).abs() < 0.008);
    assert!(is_near, "{balance}: {got:?}, expected {expected:?}");
}

/// In proportion to weights.
fn in_proportion(weights: [f64; 3]) -> [f64; 3] {
    weights.map(|weight| weight / weights.iter().sum::<f64>())
}

#[test]
fn the_weight_scales_the_chance_of_each_policy() {
    for (since, w) in [(0, 0.1), (3, 0.1), (15, 0.25), (30, 0.5), (60, 1.0), (600, 1.0)] {
        for balance in [Balance::RoundRobin, Balance::Random, Balance::Weighted(vec![1; 3])] {
            assert_near(
                &balance,
                shares(balance.clone(), [9, 0, 0], since),
                in_proportion([w, 1.0, 1.0]),
            );
        }
        let weighted = Balance::Weighted(vec![4, 2, 1]);
        assert_near(
            &weighted,
            shares(weighted.clone(), [0; 3], since),
            in_proportion([4.0 * w, 2.0, 1.0]),
        );
        if w == 1.0 {
            continue;
        }
        // Envoy's least request: weight / (active requests + 1).
        for balance in [Balance::LeastOutstanding, Balance::PowerOfTwo] {
            let expected = in_proportion([w / 2.0, 1.0 / 4.0, 1.0 / 5.0]);
            assert_near(&balance, shares(balance.clone(), [1, 3, 4], since), expected);
        }
        // The one that is back is the cheapest and wins whenever it is one of the two.
        let balance = Balance::PeakEwma { decay: SimDuration::from_secs(10) };
        let first = w / (2.0 + w);
        let second = (1.0 - first) * w / (1.0 + w);
        let got = shares(balance.clone(), [0, 1, 2], since);
        assert!((got[0] - first - second).abs() < 0.008, "{balance}: {got:?}");
    }
}

#[test]
fn a_run_begins_in_the_middle_of_operation() {
    for balance in [Balance::LeastOutstanding, Balance::RoundRobin, Balance::PowerOfTwo] {
        let choices = |slow_start| {
            let root = DrawKey::root(&mut Streams::new(1, 0).stream("slow start"));
            let settings =
                Balancing { balance: balance.clone(), slow_start, ..Balancing::default() };
            let mut balancer = LoadBalancer::new(settings, 3, root);
            let call = |number: u64| BalancedCall {
                now: SimTime::from_secs(1),
                draw: move || root.child(number).draw(),
                zone: None,
                key: None,
            };
            (0..100).map(|it| balancer.choose(call(it), |it| it)).collect::<Vec<_>>()
        };
        assert_eq!(choices(None), choices(Some(slow_start(60))), "{balance}");
        assert_eq!(choices(None), choices(Some(slow_start(100_000))), "{balance}");
    }
}

/// A thousand calls a second to three instances, the first of which is gone from 10 s to 30 s.
fn with_a_crash(policy: &str) -> Finished {
    run_sections(
        &format!(
            "run: {{ duration: 95s }}
             workloads: {{ web: {{ to: a, arrivals: poisson 1000/s }} }}
             services: {{ a: {{ instances: 3, threads: 1000, handle: [ {{ work: 20ms }} ] }} }}
             calls: {{ web -> a: {{ balance: {{ policy: {policy}, slow start: {{ window: 60s }}, health check: {{ interval: 1s, unhealthy threshold: 1, healthy threshold: 1 }} }} }} }}
             faults: [ {{ at: 10s, for: 20s, crash: a, instances: 1 }} ]"
        ),
        &[],
    )
}

#[test]
fn the_share_grows_with_the_weight_in_a_run() {
    for policy in [
        "round robin",
        "random",
        "weighted, weights: [1, 1, 1]",
        "least outstanding",
        "power of two",
        "peak ewma",
    ] {
        let finished = with_a_crash(policy);
        let pools = finished.system.recorder().pools();
        let share = |from: usize, to: usize| {
            let busy = |pool: usize| pools[Id::new(pool)].busy[from..to].iter().sum::<f32>();
            f64::from(busy(0) / (busy(0) + busy(1) + busy(2)))
        };
        assert!((share(0, 10) - 1.0 / 3.0).abs() < 0.01, "{policy}: {}", share(0, 10));
        for (from, to) in [(31, 35), (40, 50), (60, 70)] {
            let expected = |of: fn(f64) -> f64| {
                let weight = |second: usize| ((second as f64 - 29.5) / 60.0).max(0.1);
                (from..to).map(|it| of(weight(it))).sum::<f64>() / (to - from) as f64
            };
            let by_weight = expected(|w| w / (2.0 + w));
            let got = share(from, to);
            let expected = match policy {
                // Twenty requests are in flight, spread as they are chosen: s / (1 - s) is
                // w h(20 s) / (2 h(10 (1 - s))), and h the mean of 1 / (n + 1) if n is Poisson.
                "least outstanding" | "power of two" => expected(|w| {
                    let h = |mean: f64| (1.0 - libm::exp(-mean)) / mean;
                    (0..200).fold(0.3, |s, _| {
                        let odds = w * h(20.0 * s) / (2.0 * h(10.0 * (1.0 - s)));
                        f64::midpoint(s, odds / (1.0 + odds))
                    })
                }),
                "peak ewma" => {
                    // Between the chance to be one of two, and half of it.
                    let most = expected(|w| w / (2.0 + w) * (1.0 + 2.0 / (1.0 + w)));
                    assert!((0.5 * most..=most).contains(&got), "{policy}: {got}, at most {most}");
                    continue;
                }
                _ => by_weight,
            };
            assert!(
                (got - expected).abs() < 0.1 * expected + 0.003,
                "{policy} from {from}: {got}, expected {expected}"
            );
        }
    }
}

//! Admission: requests that a service turns away, and the order in which it serves the others. One
//! behaviour a test, each on the smallest system that shows it.

use sim_experiments::Finished;

use crate::running::{ended, pool, run_sections};

/// Runs `per_second` requests against a service whose ten threads can do a hundred a second.
fn at_a_hundred(per_second: u32, admission: &str, rest: &str) -> Finished {
    run_sections(
        &format!(
            "run: {{ duration: 120s, warmup: 20s, drain: 60s }}
             workloads: {{ web: {{ to: a, arrivals: poisson {per_second}/s }} }}
             services: {{ a: {{ threads: 10, handle: [ {{ work: 100ms }} ], admission: {admission} }} }}
             {rest}"
        ),
        &[],
    )
}

fn p99(finished: &Finished) -> f64 {
    finished.summary.workloads[0].latency.p99
}

#[test]
fn codel_keeps_waits_short_under_overload_and_stays_out_of_the_way_otherwise() {
    let unlimited = at_a_hundred(120, "{ order: fifo }", "");
    assert!(
        p99(&unlimited) > 15.0,
        "a queue that grows by twenty a second for two minutes: {}",
        p99(&unlimited)
    );
    let codel = at_a_hundred(120, "{ codel: { target: 20ms, interval: 200ms } }", "");
    assert!(p99(&codel) < 2.0, "{}", p99(&codel));
    assert!(
        (ended(&codel, "web -> a", "ok") as f64 / 10_000.0 - 1.0).abs() < 0.03,
        "and no capacity is lost"
    );
    let calm = at_a_hundred(60, "{ codel: { target: 20ms, interval: 200ms } }", "");
    assert_eq!(ended(&calm, "web -> a", "shed"), 0);
}

#[test]
fn early_drops_keep_the_average_queue_between_the_thresholds() {
    let red = at_a_hundred(130, "{ red: { min: 5, max: 30, probability: 50%, weight: 0.02 } }", "");
    let waiting = pool(&red, "a").queue_mean;
    assert!((5.0..30.0).contains(&waiting), "{waiting}");
    assert!(ended(&red, "web -> a", "shed") > 2_500);
}

#[test]
fn shedding_by_utilization_leaves_slots_free() {
    let shed = at_a_hundred(200, "{ utilization: { above: 75% } }", "");
    assert_eq!(pool(&shed, "a").busy_max, 8, "an eighth is let in while seven tenths are in use");
    assert!((p99(&shed) - 0.1).abs() < 0.001, "nobody waits");
}

#[test]
fn the_newest_first_serves_some_in_time_when_the_oldest_first_serves_none() {
    // Callers give up after a second; the queue holds five seconds' worth of requests.
    let in_time = |order: &str| {
        let finished = run_sections(
            &format!(
                "run: {{ duration: 120s, warmup: 20s, drain: 60s }}
                 workloads: {{ web: {{ to: a, arrivals: poisson 150/s }} }}
                 services: {{ a: {{ threads: {{ max: 10, queue: 500 }}, handle: [ {{ work: 100ms }} ], admission: {order} }} }}
                 calls: {{ web -> a: {{ timeout: 1s }} }}"
            ),
            &[],
        );
        assert!(finished.system.is_drained());
        finished.summary.workloads[0].availability
    };
    assert!(in_time("{ order: fifo }") < 0.01, "all wait for five seconds");
    assert!(in_time("{ order: lifo }") > 0.6);
    assert!(in_time("{ order: adaptive lifo, above: 20 }") > 0.6);
}

#[test]
fn classes_are_served_by_rank_by_weight_or_from_reserved_slots() {
    let served = |admission: &str, queue: &str| {
        let finished = run_sections(
            &format!(
                "run: {{ duration: 120s, warmup: 20s, drain: 600s }}
                 priorities: [ critical, normal, batch ]
                 workloads: {{ high: {{ to: front, arrivals: poisson 50/s, priority: critical }}, low: {{ to: front, arrivals: poisson 150/s, priority: batch }} }}
                 services: {{ front: {{ handle: [ {{ call: a }} ] }}, a: {{ threads: {{ max: 10{queue} }}, handle: [ {{ work: 100ms }} ], admission: {{ {admission} }} }} }}"
            ),
            &[],
        );
        assert!(finished.system.is_drained());
        let of = |name: &str| {
            finished
                .summary
                .workloads
                .iter()
                .find(|workload| workload.name == name)
                .map(|workload| (workload.latency.p99, workload.availability))
        };
        (of("high").unwrap_or_default(), of("low").unwrap_or_default())
    };
    let (fifo, _) = served("order: fifo", "");
    assert!(fifo.0 > 50.0, "everybody waits: {fifo:?}");
    let (high, low) = served("order: strict", "");
    assert!(high.0 < 0.3 && low.0 > 50.0, "the class goes with the call: {high:?} {low:?}");
    let (high, low) = served("order: strict", ", queue: 50");
    assert!(
        high.1 == 1.0 && (low.1 - 1.0 / 3.0).abs() < 0.03,
        "a full queue makes room for a higher class: {high:?} {low:?}"
    );
    // The classes share three to one while both wait: of a hundred a second the high class could
    // have seventy-five, and needs fifty.
    let (high, _) = served("order: weighted, weights: [3, 3, 1]", "");
    assert!(high.0 < 1.0, "{high:?}");
    let (high, low) = served("order: reserved, reserved: [7, 0, 0]", ", queue: 200");
    assert!(
        high.0 < 0.3 && (low.1 - 0.2).abs() < 0.05,
        "three of ten threads for what is not critical: {high:?} {low:?}"
    );
}

#[test]
fn adaptive_limits_settle_near_what_the_service_can_do() {
    // Ten threads without a queue limit: more than ten in flight only wait. AIMD sees its drops in
    // bursts and falls below ten each time, so it loses a third of what could be done.
    let limits = [
        ("limit: aimd, initialLimit: 20, minLimit: 1, timeout: 150ms", 60.0),
        ("limit: gradient2, minLimit: 1", 80.0),
        ("limit: vegas", 80.0),
    ];
    for (limit, least) in limits {
        let finished = at_a_hundred(200, &format!("{{ concurrency: {{ {limit} }} }}"), "");
        let latency = finished.summary.workloads[0].latency;
        assert!(latency.p50 < 0.5, "{limit}: {latency:?}");
        let goodput = finished.summary.workloads[0].goodput;
        assert!((least..=101.0).contains(&goodput), "{limit}: {goodput}");
    }
}

#[test]
fn whoever_is_turned_away_is_told_when_to_come_back() {
    let finished = at_a_hundred(
        200,
        "{ utilization: { above: 50% }, retry after: 3s }",
        "calls: { web -> a: { retry: { attempts: 2, backoff: fixed 10ms, honour retry after: true } } }",
    );
    let latency = finished.summary.workloads[0].latency_with_failures;
    assert!((3.0..3.2).contains(&latency.max), "{latency:?}");
}

//! Events of one instant: the order that docs/scenario-file.md states, with everything on whole
//! seconds.

use sim_experiments::Finished;

use crate::running::{call as call_over, ended, root, run_sections};
use sim_models::system::Id;

/// An experiment that is called off at any second, also at the border of two stages, leaves nothing
/// in force, and nothing of it begins later.
#[test]
fn an_experiment_that_is_called_off_is_over() {
    let stages = [
        "errors: a, rate: 100%",
        "crash: a",
        "pause: a",
        "refuse: a",
        "refuse: web -> a",
        "black hole: web -> a",
        "slow: a, by: 100x",
        "slow: web -> a, adding: 1s",
        "lose threads: a, count: 3",
    ];
    // The error rate over 10 s exceeds the threshold at 18 s, at 19 s, or at 20 s, the border.
    for (threshold, called_off_at) in [("75%", 18), ("85%", 19), ("95%", 20)] {
        for second in stages {
            let finished = run_sections(
                &format!(
                    "run: {{ duration: 60s, drain: 20s }}
                     workloads: {{ web: {{ to: a, arrivals: constant 50/s }} }}
                     services: {{ a: {{ threads: 4, handle: [ {{ work: 1ms }} ] }} }}
                     calls: {{ web -> a: {{ timeout: 1s }} }}
                     chaos: {{ at: 10s, stages: [ {{ for: 10s, errors: a, rate: 100% }}, {{ for: 10s, {second} }} ], abort when: [ error rate of web over 10s is above {threshold} ] }}"
                ),
                &[],
            );
            let aborted = finished.system.aborted().map(|it| it.at.as_nanos() / 1_000_000_000);
            assert_eq!(aborted, Some(called_off_at), "{second}");
            let failed: u64 = finished.summary.workloads[0].failed.values().sum();
            assert_eq!(
                failed,
                50 * (called_off_at - 10),
                "{second}, called off at {called_off_at}"
            );
        }
    }
}

/// Requests of 1 s that begin at each whole second, and one fault or guard on whole seconds.
fn by_the_second(service: &str, call: &str, more: &str) -> Finished {
    run_sections(
        &format!(
            "run: {{ duration: 21s, drain: 20s }}
             workloads: {{ web: {{ to: a, arrivals: constant 1/s }} }}
             services: {{ a: {{ {service}, handle: [ {{ work: 1s }} ] }} }}
             calls: {{ web -> a: {{ {call} }} }}
             {more}"
        ),
        &[],
    )
}

fn failed(finished: &Finished) -> u64 {
    finished.summary.workloads[0].failed.values().sum()
}

#[test]
fn faults_strike_before_work_ends_and_before_requests_arrive() {
    // Requests of 1 s to 20 s. A crash from 5 s to 8 s loses the one that would end at 5 s, and
    // refuses those of 5 s, 6 s and 7 s; at 8 s it is over.
    let crash = by_the_second("threads: 1", "", "faults: [ { at: 5s, for: 3s, crash: a } ]");
    assert_eq!((failed(&crash), ended(&crash, "web -> a", "ok")), (4, 16));
    for fault in ["refuse: a", "errors: a, rate: 100%", "black hole: web -> a"] {
        let faults = format!("faults: [ {{ at: 5s, for: 3s, {fault} }} ]");
        let finished = by_the_second("threads: 1", "timeout: 2s", &faults);
        // What swallows messages also swallows the answer that leaves at 5 s.
        let expected = if fault.starts_with("black") { 4 } else { 3 };
        assert_eq!(failed(&finished), expected, "{fault}");
    }
}

#[test]
fn a_fault_ends_before_the_next_begins() {
    let faults = "faults: [ { at: 8s, for: 3s, crash: a }, { at: 5s, for: 3s, crash: a } ]";
    let finished = by_the_second("threads: 1", "", faults);
    assert_eq!(failed(&finished), 7, "the one of 4 s, and those of 5 s to 10 s");
    let slow =
        "faults: [ { at: 8s, for: 3s, slow: a, by: 3x }, { at: 5s, for: 3s, slow: a, by: 3x } ]";
    let finished = by_the_second("threads: 10", "", slow);
    let max = finished.summary.workloads[0].latency.max;
    assert_eq!(max, 3.0, "at 8 s the work is slowed once and not twice");
}

#[test]
fn an_answer_in_the_instant_of_its_timeout_is_in_time() {
    assert_eq!(failed(&by_the_second("threads: 1", "timeout: 1s", "")), 0);
    assert_eq!(failed(&by_the_second("threads: 1", "call timeout: 1s", "")), 0);
    let passed_on = "timeout: 1s, propagate deadline: true, cancellation: true";
    assert_eq!(failed(&by_the_second("threads: 1", passed_on, "")), 0);
    // A request that waits gets its thread in the instant of its limit.
    let finished = by_the_second("threads: { max: 1, max wait: 1s }", "latency: 0ms", "");
    assert_eq!(failed(&finished), 0);
}

#[test]
fn a_request_finds_what_becomes_free_in_the_instant_of_its_arrival() {
    assert_eq!(failed(&by_the_second("threads: { max: 1, queue: 0 }", "", "")), 0);
    assert_eq!(failed(&by_the_second("threads: 9", "bulkhead: { semaphore: 1 }", "")), 0);
}

#[test]
fn an_interval_closes_with_what_was_before() {
    let finished = by_the_second("threads: 9", "", "faults: [ { at: 5s, for: 1s, crash: a } ]");
    let offered = &finished.system.recorder().workloads()[Id::new(0)].series.offered;
    assert_eq!(offered[..3], [0, 1, 1], "the request of 1 s belongs to the second interval");
}

/// Timeouts of one instant end in the order in which they were set, also if they are of different
/// settings and other requests of the same were answered in time.
#[test]
fn timeouts_of_different_calls_end_in_the_order_in_which_they_were_set() {
    for workloads in [
        "x: { to: a, arrivals: constant 10/s }, y: { to: b, arrivals: constant 1/s }",
        "y: { to: b, arrivals: constant 1/s }, x: { to: a, arrivals: constant 10/s }",
    ] {
        let finished = run_sections(
            &format!(
                "run: {{ duration: 20s, drain: 20s }}
                 workloads: {{ {workloads} }}
                 services: {{ a: {{ handle: [ {{ call: c, on failure: ignore }}, {{ call: d }} ] }}, b: {{ handle: [ {{ call: c, on failure: ignore }}, {{ call: d }} ] }}, c: {{ handle: [ {{ work: 1ms }} ] }}, d: {{ threads: {{ max: 1, queue: 0 }}, handle: [ {{ work: 10ms }} ] }} }}
                 calls: {{ a -> c: {{ timeout: 3s }}, b -> c: {{ timeout: 2s }} }}
                 faults: [ {{ at: 0s, for: 60s, pause: c }} ]"
            ),
            &[],
        );
        // Those of `a` were set a second earlier than those of `b` that end with them.
        assert_eq!(ended(&finished, "a -> d", "ok"), 199, "{workloads}");
        // The first of `b` ends at 3 s, when there is none of `a` yet.
        assert_eq!(ended(&finished, "b -> d", "ok"), 1, "{workloads}");
    }
}

/// Each of these calls is given up after half a second, and its callee is told.
const GIVEN_UP: &str = "timeout: 500ms, cancellation: true";

/// The branches of a handler whose caller has gone go together: one that waits for what another holds does not get it.
#[test]
fn branches_that_are_cancelled_at_once_make_no_room_for_each_other() {
    let call = "call: b";
    let hold = "hold: p, steps: [ { call: b } ]";
    for (branch, guard) in [(call, "bulkhead: { semaphore: 1, max wait: 20s }"), (hold, "")] {
        let finished = run_sections(
            &format!(
                "run: {{ duration: 5.9s, drain: 60s }}
                 workloads: {{ web: {{ to: a, arrivals: constant 1/s }} }}
                 services: {{ a: {{ pools: {{ p: 1 }}, handle: [ {{ parallel: [ [ {{ {branch} }} ], [ {{ {branch} }} ], [ {{ {branch} }} ] ] }} ] }}, b: {{ handle: [ {{ pause: 10s }} ] }} }}
                 calls: {{ web -> a: {{ {GIVEN_UP} }}, a -> b: {{ {guard} }} }}"
            ),
            &[],
        );
        assert_eq!(call_over(&finished, "a -> b").attempts, 5, "{branch}");
    }
}

/// One of three requests in one instant has the only thread and two wait. All are given up in one instant, and each gets the
/// thread before it is cancelled itself.
#[test]
fn requests_that_are_given_up_at_once_are_cancelled_in_the_order_in_which_they_came() {
    let finished = run_sections(
        &format!(
            "run: {{ duration: 5.9s, drain: 60s }}
             workloads: {{ x: {{ to: a, arrivals: constant 1/s }}, y: {{ to: a, arrivals: constant 1/s }}, z: {{ to: a, arrivals: constant 1/s }} }}
             services: {{ a: {{ threads: 1, handle: [ {{ call: b }} ] }}, b: {{ handle: [ {{ pause: 10s }} ] }} }}
             calls: {{ x -> a: {{ {GIVEN_UP} }}, y -> a: {{ {GIVEN_UP} }}, z -> a: {{ {GIVEN_UP} }} }}"
        ),
        &[],
    );
    assert_eq!(failed(&finished), 5);
    assert_eq!(call_over(&finished, "a -> b").attempts, 15);
}

/// A crash loses requests in the order in which they came, also those that have waited.
#[test]
fn a_crash_loses_what_came_first_before_what_came_later() {
    for threads in [1, 2, 9] {
        for (queue, served) in [(0, [1, 0, 0]), (1, [1, 1, 0]), (2, [1, 1, 1])] {
            let caller = "handle: [ { call: c, on failure: ignore }, { call: d } ]";
            let finished = run_sections(
                &format!(
                    "run: {{ duration: 2.4s, drain: 60s }}
                     workloads: {{ u: {{ to: u1, arrivals: constant 0.6/s }}, v: {{ to: v1, arrivals: constant 0.8/s }}, w: {{ to: w1, arrivals: constant 0.5/s }} }}
                     services: {{ u1: {{ {caller} }}, v1: {{ {caller} }}, w1: {{ {caller} }}, c: {{ threads: {threads}, handle: [ {{ work: 100s }} ] }}, d: {{ threads: {{ max: 1, queue: {queue} }}, handle: [ {{ work: 10s }} ] }} }}
                     faults: [ {{ at: 2.1s, for: 100s, crash: c }} ]"
                ),
                &[],
            );
            // They came at 1.25 s (v), 1.67 s (u) and 2 s (w).
            let found = ["v1", "u1", "w1"].map(|it| ended(&finished, &format!("{it} -> d"), "ok"));
            assert_eq!(found, served, "{threads} threads, a queue of {queue}");
        }
    }
}

/// Every kind of event has its place in the list that users read.
#[test]
fn the_documentation_lists_the_order_of_one_instant() {
    let text = std::fs::read_to_string(root().join("docs/scenario-file.md"));
    let text = text.expect("the documentation is there");
    let section = text.split("## What happens in one instant").nth(1).expect("a section");
    let order = [
        "an interval of the series ends",
        "experiment is called off",
        "faults end",
        "faults begin",
        "health checks",
        "what is under way ends",
        "timeouts",
        "cancellations",
        "requests arrive",
        "probes are sent",
        "new requests",
    ];
    let places = order.map(|it| section.find(it).unwrap_or_else(|| panic!("{it} is missing")));
    assert!(places.is_sorted(), "{places:?}");
}

//! Very many requests and users at once: limits that end a run within one instant, and plans of users.

use crate::running::{blueprint, load_text, run};
use sim_models::system::Id;

#[test]
fn calls_in_a_cycle_that_take_no_time_reach_a_limit() {
    const CYCLE: &str = "
workloads: { web: { to: api, arrivals: poisson 10/s } }
services: { api: { handle: [ { call: b }, { call: b } ] }, b: { handle: [ { call: api }, { call: api } ] } }";
    for (limit, reason) in [
        ("limits.in flight=50000", "more than 50000 requests and calls were in flight"),
        ("limits.memory=20MB", "needed more than 20 MB"),
    ] {
        let finished = run(&blueprint(&load_text(CYCLE, &[limit])));
        let stopped = finished.summary.partial.expect("it never ends");
        assert!(stopped.reason.contains(reason), "{limit}: {}", stopped.reason);
    }
}

#[test]
fn users_come_back_as_often_as_the_plan_includes_them() {
    let stages = "[ { to: 40, over: 10s }, { to: 5, over: 10s }, { to: 30, over: 5s }, { to: 0, over: 0s }, { to: 20, over: 0s } ]";
    let text = format!(
        "
run: {{ duration: 60s }}
workloads: {{ web: {{ to: api, users: {{ from: 3, stages: {stages} }}, think: 100ms }} }}
services: {{ api: {{ handle: [ {{ work: 1ms }} ] }} }}"
    );
    let finished = run(&blueprint(&load_text(&text, &[])));
    let begun = &finished.system.recorder().workloads()[Id::new(0)].series.offered;
    // Each user makes a request every 101 ms.
    let users = |second: usize| f64::from(begun[second]) * 0.101;
    for (second, planned) in [(5, 22.0), (9, 38.0), (15, 22.5), (19, 7.0), (24, 27.0), (40, 20.0)] {
        assert!((users(second) - planned).abs() < 2.0, "{} at {second} s", users(second));
    }
}

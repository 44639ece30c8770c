//! Instances that stand still, and faults that meet.

use crate::running::{blueprint, call, load_text, run};

/// The latencies of the answers of the only workload: their mean and their maximum, in seconds.
fn latencies(text: &str) -> (f64, f64) {
    let finished = run(&blueprint(&load_text(text, &[])));
    let latency = finished.summary.workloads[0].latency;
    (latency.mean, latency.max)
}

#[test]
fn work_that_waits_for_a_processor_of_a_paused_instance_begins_when_it_goes_on() {
    let (mean, max) = latencies(
        "run: { duration: 3.5s, drain: 1000s }
workloads: { w: { to: a, arrivals: constant 1/s } }
services: { a: { threads: 50, cpus: 1, handle: [ { work: 10s } ] } }
faults: [ { at: 5s, for: 100s, pause: a } ]",
    );
    // They came at 1, 2 and 3 s and end at 105, 115 and 125 s.
    assert_eq!((mean, max), ((104.0 + 113.0 + 122.0) / 3.0, 122.0));
}

#[test]
fn a_hedge_that_falls_due_while_its_caller_stands_still_is_sent_when_it_goes_on() {
    let text = "run: { duration: 1.5s, drain: 1000s }
workloads: { w: { to: a, arrivals: constant 1/s } }
services: { a: { threads: 1, handle: [ { call: b }, { work: 100ms } ] }, b: { threads: 5, handle: [ { work: 30s } ] } }
calls: { a -> b: { latency: 100ms, timeout: 100s, hedge: { delay: 5s, max: 2 } } }
faults: [ { at: 2s, for: 18s, pause: a } ]";
    let finished = run(&blueprint(&load_text(text, &[])));
    assert_eq!(call(&finished, "a -> b").attempts, 2);
}

#[test]
fn slow_messages_take_the_same_whichever_fault_began_first() {
    let of = |first: &str, second: &str| {
        latencies(&format!(
            "run: {{ duration: 1.5s, drain: 1000s }}
workloads: {{ w: {{ to: a, arrivals: constant 1/s }} }}
services: {{ a: {{ handle: [ {{ work: 1s }} ] }} }}
calls: {{ w -> a: {{ latency: 3s }} }}
faults: [ {{ at: 0.1s, for: 100s, slow: w -> a, {first} }}, {{ at: 0.2s, for: 100s, slow: w -> a, {second} }} ]"
        ))
    };
    let both = of("adding: 10s", "by: 3x");
    assert_eq!(both, of("by: 3x", "adding: 10s"));
    // Both messages take 3 x 3 s + 10 s, as work would.
    assert_eq!(both.0, 19.0 + 1.0 + 19.0);
}

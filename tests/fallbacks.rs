//! Fallbacks of calls that have failed. One behaviour a test, each on the smallest system that
//! shows it.

use sim_experiments::Finished;

use crate::running::{call, ended, run_sections};

/// Runs ten calls a second for a minute from `a` to `b`, which fails from 20 s to 40 s.
fn failing_for_twenty_seconds(edge: &str, rest: &str) -> Finished {
    run_sections(
        &format!(
            "run: {{ duration: 60050ms, drain: 10m }}
             workloads: {{ web: {{ to: a, arrivals: constant 10/s }} }}
             services: {{ a: {{ handle: [ {{ call: b }} ] }}, b: {{ handle: [ {{ work: 1ms }} ] }}, backup: {{ threads: 1, handle: [ {{ work: 50ms }} ] }} }}
             calls: {{ a -> b: {{ timeout: 1s, {edge} }}{rest} }}
             faults: [ {{ at: 20.05s, for: 20s, errors: b, rate: 100% }} ]"
        ),
        &[],
    )
}

fn degraded(finished: &Finished) -> u64 {
    finished.summary.workloads[0].degraded
}

#[test]
fn a_cached_answer_serves_as_long_as_it_is_fresh() {
    assert_eq!(
        degraded(&failing_for_twenty_seconds("fallback: { cached: { hit rate: 100% } }", "")),
        200
    );
    let stale =
        failing_for_twenty_seconds("fallback: { cached: { hit rate: 100%, max age: 5.02s } }", "");
    assert_eq!((degraded(&stale), ended(&stale, "a -> b", "server error")), (50, 150));
}

#[test]
fn an_alternative_service_answers_with_guards_of_its_own() {
    let finished = failing_for_twenty_seconds("fallback: { call: backup }", "");
    assert_eq!((degraded(&finished), ended(&finished, "a -> backup", "ok")), (200, 200));
    assert_eq!(ended(&finished, "a -> b", "degraded"), 200);
    let longest = finished.summary.workloads[0].latency.max;
    assert!((longest - 0.05).abs() < 0.001, "the latency is that of both: {longest}");
    // The backup takes longer than its own timeout, and its breaker opens after five; the chain
    // goes on.
    let guarded = ", a -> backup: { timeout: 20ms, breaker: { failures: 5, wait: 5m } }";
    let finished = failing_for_twenty_seconds(
        "fallback: [ { call: backup }, { cached: { hit rate: 50% } }, default ]",
        guarded,
    );
    assert_eq!(degraded(&finished), 200);
    assert_eq!(ended(&finished, "a -> backup", "timeout"), 5);
    assert_eq!(ended(&finished, "a -> backup", "rejected by breaker"), 195);
}

#[test]
fn what_is_put_off_is_made_up_for_when_the_breaker_closes() {
    let breaker = "breaker: { failures: 5, wait: 5s, half-open calls: 1, success threshold: 1 }";
    let finished = failing_for_twenty_seconds(
        &format!("{breaker}, fallback: {{ later: {{ rate: 20/s }} }}"),
        "",
    );
    let put_off = call(&finished, "a -> b").put_off.expect("calls can be put off");
    assert_eq!((put_off.made_up, put_off.waiting), (put_off.calls, 0), "nothing is lost");
    assert_eq!(put_off.calls, degraded(&finished));
    // The breaker opens at 20.5 s, and probes at about 25.5, 30.5, 35.5 and 40.5 s; the last one
    // closes it.
    assert!((200..=206).contains(&put_off.calls), "{put_off:?}");
    let limited = failing_for_twenty_seconds(
        &format!("{breaker}, fallback: {{ later: {{ rate: 20/s, capacity: 50 }} }}"),
        "",
    );
    let put_off = call(&limited, "a -> b").put_off.expect("calls can be put off");
    let failed: u64 = limited.summary.workloads[0].failed.values().sum();
    assert_eq!((put_off.calls, put_off.refused), (50, failed), "what there is no room for fails");
    let report = sim_reports::run::report(
        &limited,
        &sim_reports::run::Invocation::default(),
        sim_reports::Paper::new(sim_reports::Palette::Plain, 1_000),
    );
    assert!(
        report
            .contains(&format!("; put off 50, made up for 50, waiting 0, found no room {failed}")),
        "{report}"
    );
}

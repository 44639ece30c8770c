//! The calls at which failures began: the one furthest in that failed, unless because of a call of its callee.

use sim_experiments::Finished;

use crate::running::{blueprint, load_text, run};

/// The calls at which requests of the first workload began to fail: `edge: outcome`, failed, degraded.
fn began(finished: &Finished) -> Vec<(String, u64, u64)> {
    let all = finished.summary.workloads[0].began.iter();
    all.map(|began| (format!("{}: {}", began.edge, began.kind), began.failed, began.degraded))
        .collect()
}

/// A client that calls a, which handles requests like that; b fails each call of its database.
fn of_handler(handler: &str, more: &str) -> Vec<(String, u64, u64)> {
    let text = format!(
        "run: {{ duration: 10050ms, drain: 10s }}
workloads: {{ web: {{ to: a, arrivals: constant 10/s }} }}
services:
  a: {{ handle: {handler} }}
  b: {{ handle: [ {{ query: db }} ] }}
  c: {{ handle: [ {{ work: 1ms }} ] }}
databases: {{ db: {{ connections: 4, query: 1ms }} }}
faults: [ {{ at: 0s, for: 20s, errors: db, rate: 100% }} ]
{more}"
    );
    began(&run(&blueprint(&load_text(&text, &[]))))
}

fn only(at: &str, failed: u64, degraded: u64) -> Vec<(String, u64, u64)> {
    vec![(at.to_owned(), failed, degraded)]
}

#[test]
fn a_failure_that_is_passed_on_began_furthest_in() {
    assert_eq!(of_handler("[ { call: b } ]", ""), only("b -> db: server error", 100, 0));
}

#[test]
fn a_fallback_answers_for_the_call_that_failed() {
    let degraded = of_handler("[ { call: b } ]", "calls: { a -> b: { fallback: default } }");
    assert_eq!(degraded, only("b -> db: server error", 0, 100));
}

#[test]
fn a_failed_alternative_is_where_the_failure_began() {
    let calls = "calls:
  a -> b: { fallback: { call: c } }
  a -> c: { rate limit: { token bucket: 1/s, burst: 1 } }";
    let began = of_handler("[ { call: b } ]", calls);
    let at = |name: &str| began.iter().find(|(at, ..)| at == name).map(|(_, f, d)| (*f, *d));
    let (failed, 0) = at("a -> c: rejected by rate limit").expect("most are rejected") else {
        panic!("{began:?}")
    };
    assert_eq!(at("b -> db: server error"), Some((0, 100 - failed)), "{began:?}");
    assert!(failed > 80, "{began:?}");
}

#[test]
fn a_failure_of_its_own_is_not_that_of_an_ignored_call() {
    let failed = of_handler("[ { call: b, on failure: ignore }, { fail: 100% } ]", "");
    assert_eq!(failed, only("web -> a: server error", 100, 0));
}

#[test]
fn an_ignored_failure_after_a_degraded_one_is_not_the_reason() {
    let handler = "[ { call: c, on failure: degrade }, { call: b, on failure: ignore } ]";
    let calls = "calls: { a -> c: { rate limit: { token bucket: 1/s, burst: 1 } } }";
    let began = of_handler(handler, calls);
    assert_eq!(began.len(), 1, "{began:?}");
    assert_eq!(began[0].0, "a -> c: rejected by rate limit");
}

#[test]
fn a_fallback_does_not_answer_for_an_earlier_call() {
    let handler = "[ { call: b, on failure: ignore }, { call: c } ]";
    let calls =
        "calls: { a -> c: { rate limit: { token bucket: 1/s, burst: 1 }, fallback: default } }";
    let began = of_handler(handler, calls);
    assert_eq!(began.len(), 1, "{began:?}");
    assert_eq!(began[0].0, "a -> c: rejected by rate limit");
}

#[test]
fn an_alternative_with_a_fallback_of_its_own_answers_for_itself() {
    let calls = "calls:
  a -> b: { fallback: { call: c } }
  a -> c: { rate limit: { token bucket: 1/s, burst: 1 }, fallback: { cached: { hit rate: 0%, latency: 1ms } } }";
    let began = of_handler("[ { call: b } ]", calls);
    let failed = began.iter().find(|(_, failed, _)| *failed > 0).expect("most are rejected");
    assert_eq!(failed.0, "a -> c: rejected by rate limit", "{began:?}");
}

#[test]
fn the_branch_that_failed_is_the_reason() {
    let handler = "[ { parallel: [ [ { call: c } ], [ { call: b } ] ] } ]";
    assert_eq!(of_handler(handler, ""), only("b -> db: server error", 100, 0));
}

#[test]
fn a_timeout_further_out_began_there() {
    let calls = "calls: { web -> a: { timeout: 5ms } }";
    let began = of_handler("[ { pause: 10ms }, { call: b } ]", calls);
    assert_eq!(began, only("web -> a: timeout", 100, 0));
}

#[test]
fn a_call_that_is_tried_again_began_where_its_last_attempt_failed() {
    let calls = "calls: { a -> b: { retry: { attempts: 3, backoff: 1ms } } }";
    assert_eq!(of_handler("[ { call: b } ]", calls), only("b -> db: server error", 100, 0));
}

/// After a call that only degraded its answer, each request fails by itself in one of four ways: by chance, as poison, because
/// it gets nothing of a pool that the first holds, or because another could not fetch the value of a cache for it.
#[test]
fn a_failure_of_its_own_is_not_that_of_a_degraded_call() {
    for fails in ["fail: 100%", "poison: 100%"] {
        let failed =
            of_handler(&format!("[ {{ call: b, on failure: degrade }}, {{ {fails} }} ]"), "");
        assert_eq!(failed, only("web -> a: server error", 100, 0), "{fails}");
    }
    let held = |more: &str| {
        let hold = format!("{{ hold: p, steps: [ {{ pause: 100s }} ]{more} }}");
        let handler = format!(
            "[ {{ call: b, on failure: degrade }}, {hold} ], pools: {{ p: {{ max: 1, max wait: 10ms }} }}"
        );
        of_handler(&handler, "")
    };
    assert_eq!(held(""), only("web -> a: server error", 99, 0));
    assert_eq!(held(", on failure: degrade"), only("b -> db: server error", 0, 99));
    // One in ten fetches, for almost a second.
    let handler = "[ { call: b, on failure: degrade }, { cache: kept, miss: [ { pause: 950ms }, { query: db } ] } ]";
    let mut fetched = of_handler(handler, "caches: { kept: { keys: 1, ttl: 1m, coalesce: true } }");
    fetched.sort();
    let expected = [only("a -> db: server error", 10, 0), only("web -> a: server error", 90, 0)];
    assert_eq!(fetched, expected.concat());
}

//! The identity of requests: each call of a client is one, whoever makes it and however often.

use sim_experiments::Finished;

use crate::running::run_sections;
use sim_models::system::Id;

fn effect(finished: &Finished) -> (u64, u64) {
    let effect = &finished.summary.effects[0];
    (effect.count, effect.duplicates)
}

/// Without retries nothing is done twice, also for users who have left and come back.
#[test]
fn a_user_who_comes_back_makes_new_requests() {
    for seed in 1..=3 {
        let run = |idempotency: &str| {
            run_sections(
                &format!(
                    "run: {{ duration: 150s, drain: 10s, seed: {seed} }}
                     workloads: {{ web: {{ to: a, users: {{ from: 10, stages: [ {{ to: 10, over: 50s }}, {{ to: 0, over: 0s }}, {{ to: 0, over: 20s }}, {{ to: 10, over: 0s }}, {{ to: 10, over: 60s }} ] }}, think: exponential 1s }} }}
                     services: {{ a: {{ threads: 100, {idempotency} handle: [ {{ work: exponential 10ms }}, {{ effect: charge }} ] }} }}"
                ),
                &[],
            )
        };
        let plain = run("");
        let (count, duplicates) = effect(&plain);
        assert_eq!((count, duplicates), (plain.summary.workloads[0].ok, 0));
        let keyed = run("idempotency: { keys for: 24h },");
        assert_eq!(effect(&keyed), (count, 0), "the keys answer nobody");
    }
}

/// Calls of one iteration are requests of their own: each is done, and needs a key of its own.
#[test]
fn each_call_of_an_iteration_is_a_request() {
    let finished = run_sections(
        "run: { duration: 1000s, drain: 10s }
         workloads: { web: { arrivals: poisson 10/s, operations: { pay: { steps: [ { repeat: 5, steps: [ { call: a }, { pause: 100ms } ] } ] } } } }
         services: { a: { threads: 1000, handle: [ { work: 10ms }, { cache: c, miss: [ { query: db } ] }, { effect: charge } ], idempotency: { keys for: 1h } } }
         databases: { db: { query: 1ms } }
         caches: { c: { keys: 100000, ttl: 1s } }",
        &[],
    );
    let requests = finished.summary.workloads[0].ok;
    assert!(requests > 45_000, "{requests}");
    assert_eq!(effect(&finished), (requests, 0));
    // Of 50 look-ups a second over 100 000 keys kept for a second, one in 2000 finds its key.
    let queries = finished.summary.calls.iter().find(|call| call.edge == "a -> db");
    let queries = queries.map_or(0, |call| call.calls);
    assert!((0.998..=1.0).contains(&(queries as f64 / requests as f64)), "{queries}");
}

/// A retry is the same request, and all calls of an iteration belong to one customer.
#[test]
fn retries_are_the_same_request_and_an_iteration_has_one_customer() {
    let finished = run_sections(
        "run: { duration: 1000s, drain: 10s }
         customers: 1000000
         workloads: { web: { arrivals: poisson 1/s, operations: { pay: { steps: [ { repeat: 5, steps: [ { call: a } ] } ] } } } }
         services: { a: { handle: [ { effect: charge }, { fail: 100% } ] } }
         calls: { web -> a: { retry: { attempts: 2, backoff: none } } }",
        &[],
    );
    let workload = &finished.summary.workloads[0];
    assert_eq!(effect(&finished), (2 * workload.offered, workload.offered));
    let hit = finished.system.recorder().workloads()[Id::new(0)].customers_hit.len() as u64;
    let iterations = workload.offered / 5;
    assert!((iterations - 3..=iterations).contains(&hit), "{hit} customers of {iterations}");
}

/// A request counts by when it begins, not by when its session began.
#[test]
fn a_session_that_began_in_the_warm_up_counts_its_later_requests() {
    let finished = run_sections(
        "run: { duration: 100s, warmup: 50s, drain: 10s }
         workloads: { web: { users: 1, think: constant 1h, operations: { browse: { steps: [ { repeat: 90, steps: [ { call: a }, { pause: 900ms } ] } ] } } } }
         services: { a: { handle: [ { work: 100ms } ] } }",
        &[],
    );
    // One call a second, of which those from second 50 to 89 are counted.
    assert_eq!(finished.summary.workloads[0].ok, 40);
}

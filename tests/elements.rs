//! Queues, caches, autoscalers, regions, memory and cells, compared with theory or with results
//! worked out by hand.

use sim_models::observe::Change;

use crate::running::{self, ended, pool, run, run_sections, run_text};
use sim_models::system::Id;

/// Erlang C: a queue consumed by c deliveries at a time is an M/M/c queue.
#[test]
fn a_queue_with_several_consumers_waits_as_erlang_says() {
    let finished = run_sections(
        "run: { duration: 4h, warmup: 5m, seed: 3 }
         workloads: { web: { to: api, arrivals: poisson 70/s } }
         services: { api: { handle: [ { send: mail } ] }, post: { handle: [ { work: exponential 100ms } ] } }
         queues: { mail: { deliver to: post, concurrency: 8 } }",
        &[],
    );
    // Offered load 7 erlang on 8 servers: P(wait) = 0.7077 by Erlang C, mean wait = P / (8 × 10 -
    // 70) = 70.8 ms.
    let offered: f64 = 7.0;
    let term = |k: u32| (1..=k).fold(1.0, |product, i| product * offered / f64::from(i));
    let waiting = term(8) * 8.0 / (8.0 - offered);
    let probability = waiting / ((0..8).map(term).sum::<f64>() + waiting);
    let expected = 0.1 + probability / 10.0;
    let measured = finished.summary.queues[0].latency.mean;
    assert!(
        (measured / expected - 1.0).abs() < 0.03,
        "{measured} s in the queue and at work, where {expected} s are expected"
    );
}

/// A key that is looked up at rate r and kept for T after each miss is found with probability rT /
/// (1 + rT) (renewal theory).
#[test]
fn a_cache_with_a_lifetime_hits_as_renewal_theory_says() {
    let finished = run_sections(
        "run: { duration: 1h, warmup: 5m, seed: 3 }
         workloads: { web: { to: api, arrivals: poisson 100/s } }
         services: { api: { handle: [ { cache: memory, miss: [ { query: db } ] } ] } }
         caches: { memory: { keys: 200, ttl: 10s } }
         databases: { db: { query: 0.01ms } }",
        &[],
    );
    let calls = |callee: &str| {
        finished
            .summary
            .calls
            .iter()
            .find(|call| call.edge.ends_with(callee))
            .map_or(0, |call| call.calls)
    };
    let hit_rate = 1.0 - calls("db") as f64 / calls("memory") as f64;
    let expected = (100.0 / 200.0 * 10.0) / (1.0 + 100.0 / 200.0 * 10.0);
    assert!((hit_rate - expected).abs() < 0.005, "{hit_rate} where {expected} is expected");
}

#[test]
fn only_one_of_those_who_miss_the_same_key_fetches_it() {
    let text = "run: { duration: 60s, drain: 10s }
         workloads: { web: { to: api, arrivals: constant 100/s } }
         services: { api: { handle: [ { cache: memory, miss: [ { query: db } ] } ] } }
         caches: { memory: { keys: 1, ttl: 10s, coalesce: true } }
         databases: { db: { query: 1s } }
         calls: { api -> db: { timeout: 5s } }";
    let queries = |settings: &[&str]| {
        run_sections(text, settings)
            .summary
            .calls
            .iter()
            .find(|call| call.edge == "api -> db")
            .expect("queried")
            .calls
    };
    // Every eleven seconds: ten while it is kept, one while it is fetched.
    assert_eq!(queries(&[]), 6);
    // Without coalescing, every request within that second fetches it; the last of them stores it
    // a second later, so every twelve seconds.
    let uncoalesced = queries(&["caches.memory.coalesce=false"]);
    assert!((500..=505).contains(&uncoalesced), "{uncoalesced}");
    let failing = run_sections(text, &["calls.api -> db.timeout=500ms"]);
    assert_eq!(failing.summary.workloads[0].ok, 0, "whoever waits for a fetch shares its failure");
    assert_eq!(failing.summary.workloads[0].in_flight, 0);
}

#[test]
fn distances_between_regions_are_travelled_both_ways() {
    let finished = run_sections(
        "run: { duration: 60s, drain: 10s }
         regions: { east: { west: 35ms }, west: {} }
         workloads: { near: { to: api, arrivals: constant 10/s, region: east }, far: { to: api, arrivals: constant 10/s, region: west } }
         services: { api: { region: east, handle: [ { work: 10ms }, { call: store } ] }, store: { region: west, handle: [ { work: 10ms } ] } }",
        &[],
    );
    let mean = |workload: usize| finished.summary.workloads[workload].latency.mean;
    assert!((mean(0) - 0.090).abs() < 1e-9, "10 + 35 + 10 + 35 ms: {}", mean(0));
    assert!((mean(1) - 0.160).abs() < 1e-9, "and 70 ms more: {}", mean(1));
}

#[test]
fn a_cut_between_regions_and_a_region_that_is_gone() {
    let text = "run: { duration: 60s, drain: 10s }
         regions: { east: { west: 5ms }, west: {} }
         workloads: { near: { to: api, arrivals: constant 10/s, region: east }, far: { to: api, arrivals: constant 10/s, region: west } }
         services: { api: { region: east, handle: [ { work: 10ms } ] } }
         calls: { near -> api: { timeout: 1s }, far -> api: { timeout: 1s } }";
    let failed = |fault: &str| {
        let finished =
            run_sections(text, &[&format!("faults=[ {{ at: 20s, for: 10s, {fault} }} ]")]);
        [0, 1].map(|workload| finished.summary.workloads[workload].failed.values().sum::<u64>())
    };
    assert_eq!(failed("black hole: east -> west"), [0, 100]);
    assert_eq!(failed("crash: east"), [100, 100]);
    assert_eq!(failed("crash: west"), [0, 0], "nothing is there");
}

#[test]
fn an_autoscaler_brings_as_many_instances_as_its_target_takes() {
    let finished = run_sections(
        "run: { duration: 30m, seed: 2 }
         workloads: { web: { to: api, arrivals: { steps: [ { at: 0s, rate: 100/s }, { at: 10m, rate: 280/s } ] } } }
         services: { api: { instances: 20, autoscale: { min: 2, from: 2, target: 50%, start-up: 1m }, threads: 10, handle: [ { work: exponential 50ms } ] } }",
        &[],
    );
    let scalings: Vec<(f64, u32)> = finished
        .timeline
        .iter()
        .filter_map(|moment| match &moment.change {
            Change::Scaled { to, .. } => Some((moment.at.as_secs_f64(), *to)),
            _ => None,
        })
        .collect();
    // 280/s × 50 ms = 14 slots busy: three instances of ten slots, about half in use.
    assert_eq!(scalings.iter().map(|(_, to)| *to).max(), Some(3), "{scalings:?}");
    assert!(
        scalings[0].0 > 660.0,
        "the rate has trebled, and an instance takes a minute: {scalings:?}"
    );
}

#[test]
fn a_process_is_killed_by_the_first_request_that_does_not_fit() {
    let text = "run: { duration: 20s, drain: 1m }
         workloads: { web: { to: api, arrivals: constant 10/s } }
         services: { api: { memory: { limit: 100MB, each: 10MB, restart: 5s }, handle: [ { call: slow } ] }, slow: { handle: [ { work: 1h } ] } }
         calls: { api -> slow: { timeout: 30s } }";
    let killed = |settings: &[&str]| {
        let finished = run_text(&running::one_section_a_line(text), settings);
        let kills = finished
            .timeline
            .iter()
            .filter(|moment| matches!(moment.change, Change::OutOfMemory { .. }));
        kills.map(|moment| (moment.at.as_secs_f64() * 1e3).round() / 1e3).collect::<Vec<_>>()
    };
    // The eleventh request, at 1.1 s, is one too many; five seconds later the service starts again.
    assert_eq!(killed(&[]), [1.1, 7.1, 13.1, 19.1]);
    assert!(killed(&["services.api.memory.shed above=90MB"]).is_empty());
}

#[test]
fn a_request_that_comes_again_is_not_done_again_as_long_as_its_key_is_known() {
    let text = "run: { duration: 10s, drain: 1m }
         workloads: { web: { to: api, arrivals: constant 10/s } }
         services: { api: { handle: [ { call: bank } ] }, bank: { idempotency: { keys for: 1h }, handle: [ { work: 500ms }, { effect: charge } ] } }
         calls: { api -> bank: { timeout: 400ms, retry: { attempts: 3, backoff: fixed 200ms, on: [ timeout, client error ] } } }";
    let duplicates = |settings: &[&str]| run_sections(text, settings).summary.effects[0].duplicates;
    assert_eq!(duplicates(&[]), 0);
    assert_eq!(duplicates(&["services.bank.idempotency=null"]), 99 * 2, "three charges for each");
    assert_eq!(
        run_sections(text, &[]).summary.workloads[0].ok,
        99,
        "the second attempt finds it done"
    );
}

#[test]
fn a_poison_message_is_the_same_one_every_time_and_ends_among_the_dead_letters() {
    let finished = run_sections(
        "run: { duration: 100s, drain: 5m, seed: 4 }
         workloads: { web: { to: api, arrivals: constant 100/s } }
         services: { api: { handle: [ { send: mail } ] }, post: { handle: [ { work: 1ms }, { poison: 1% } ] } }
         queues: { mail: { deliver to: post, concurrency: 50, attempts: 3, backoff: fixed 1s, dead letters: dead }, dead: {} }",
        &[],
    );
    let mail = &finished.summary.queues[0];
    assert!((70..=135).contains(&mail.dead), "{} of ten thousand", mail.dead);
    assert_eq!(mail.failed_deliveries, 3 * mail.dead, "none that failed once went well later");
    assert_eq!(finished.summary.queues[1].waiting, mail.dead);
    assert_eq!(mail.sent, mail.delivered + mail.dead);
}

#[test]
fn a_customer_belongs_to_one_cell() {
    let finished = run_sections(
        "run: { duration: 10m }
         customers: 1000
         workloads: { web: { to: cell, arrivals: poisson 100/s } }
         services: { cell: { instances: 4, handle: [ { work: 1ms } ] } }
         calls: { web -> cell: { balance: consistent hash } }
         faults: [ { errors: cell, rate: 100%, instances: 1 } ]",
        &[],
    );
    let hit =
        finished.system.recorder().workloads()[Id::new(0)].customers_hit.len() as f64 / 1_000.0;
    let failed = 1.0 - finished.summary.workloads[0].availability;
    assert!(
        (hit - failed).abs() < 0.02,
        "{hit} of the customers, and {failed} of the requests, which are theirs"
    );
    assert!(
        (0.1..0.45).contains(&hit),
        "about a quarter of a ring with 160 points an instance: {hit}"
    );
}

#[test]
fn the_same_seed_gives_the_same_run_with_all_of_it() {
    let again = || {
        run(&running::blueprint(&running::load_file(
            &running::root().join("scenarios/payments.yaml"),
            None,
            &[],
        )))
    };
    assert_eq!(again().summary.fingerprint, again().summary.fingerprint);
}

/// Runs `orders`, whose handler holds one of two connections over a query and a call.
fn holding(pool: &str, on_failure: &str, rest: &str) -> sim_experiments::Finished {
    run_sections(
        &format!(
            "run: {{ duration: 20s, drain: 1m }}
             workloads: {{ web: {{ to: orders, arrivals: constant 10/s }} }}
             services: {{ orders: {{ pools: {{ hikari: {pool} }}, handle: [ {{ hold: hikari, steps: [ {{ query: db }}, {{ call: pay }} ]{on_failure} }}, {{ call: mail }} ] }}, pay: {{ handle: [ {{ pause: 300ms }} ] }}, mail: {{ handle: [ {{ work: 1ms }} ] }} }}
             databases: {{ db: {{ connections: 50, query: 100ms }} }}
             {rest}"
        ),
        &[],
    )
}

#[test]
fn a_resource_is_held_over_several_steps_and_waited_for() {
    // Two connections for 400 ms each serve five a second of the ten that come.
    let finished = holding("{ max: 2, max wait: 1s }", "", "");
    let pool = pool(&finished, "orders.hikari");
    assert!((pool.busy_mean - 2.0).abs() < 0.05 && pool.busy_max == 2);
    assert_eq!(pool.granted + pool.expired, 199);
    assert_eq!(ended(&finished, "orders -> pay", "ok"), pool.granted);
    assert_eq!(ended(&finished, "web -> orders", "server error"), pool.expired);
    assert_eq!(ended(&finished, "orders -> mail", "ok"), pool.granted, "the others have failed");
    assert!(finished.system.is_drained());
    let full = holding("{ max: 2, queue: 0 }", "", "");
    assert_eq!(pool_of(&full).expired, 0);
    assert_eq!(pool_of(&full).rejected, ended(&full, "web -> orders", "server error"));
}

fn pool_of(finished: &sim_experiments::Finished) -> &sim_models::observe::PoolSummary {
    pool(finished, "orders.hikari")
}

#[test]
fn a_handler_that_gets_no_resource_reacts_as_it_says() {
    for (word, outcome) in
        [("fail later", "server error"), ("degrade", "degraded"), ("ignore", "ok")]
    {
        let finished = holding("{ max: 2, queue: 0 }", &format!(", on failure: {word}"), "");
        let without = pool_of(&finished).rejected;
        assert!(without > 90, "{without}");
        assert_eq!(ended(&finished, "orders -> mail", "ok"), 199, "{word}: all go on");
        let ended = ended(&finished, "web -> orders", outcome);
        let ok = if outcome == "ok" { pool_of(&finished).granted } else { 0 };
        assert_eq!(ended - ok, without, "{word}");
    }
}

#[test]
fn whatever_ends_a_handler_gives_its_resources_back() {
    for rest in [
        "faults: [ { at: 5s, for: 2s, crash: orders } ]",
        "faults: [ { at: 5s, for: 2s, errors: pay, rate: 100% } ]",
        "faults: [ { at: 5s, for: 2s, crash: pay }, { at: 8s, for: 1s, pause: orders } ]",
        "calls: { web -> orders: { timeout: 350ms, cancellation: true } }",
        "calls: { web -> orders: { timeout: 150ms, cancellation: true, propagate deadline: true } }",
        "calls: { orders -> pay: { timeout: 100ms } }",
    ] {
        for pool in ["{ max: 2, max wait: 1s }", "{ max: 3, queue: 1 }", "{ max: 100 }"] {
            let finished = holding(pool, "", rest);
            assert!(finished.system.is_drained(), "{rest} with {pool}");
        }
    }
}

#[test]
fn resources_are_held_inside_each_other_and_by_branches() {
    let finished = run_sections(
        "run: { duration: 20s, drain: 1m }
         workloads: { web: { to: a, arrivals: constant 10/s } }
         services: { a: { instances: 2, pools: { outer: 1, inner: 2 }, handle: [ { hold: outer, steps: [ { parallel: [ [ { hold: inner, steps: [ { pause: 50ms } ] } ], [ { hold: inner, steps: [ { pause: 80ms } ] } ] ] }, { pause: 20ms } ] } ] } }",
        &[],
    );
    for number in [1, 2] {
        let outer = pool(&finished, &format!("a.outer#{number}"));
        let inner = pool(&finished, &format!("a.inner#{number}"));
        assert_eq!(2 * outer.granted, inner.granted);
        assert!((outer.busy_mean / inner.busy_mean - 100.0 / 130.0).abs() < 1e-6);
    }
    assert!(finished.system.is_drained());
}

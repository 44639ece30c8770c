//! Pools of connections that callers keep, and the limit of a database on all of them.

use sim_experiments::Finished;
use sim_models::observe::PoolSummary;

use crate::running::{call, ended, load_text, one_section_a_line, run_sections};

/// One service that queries a database, ten times a second unless `rate` says otherwise.
fn api(instances: u32, rate: &str, pool: &str, db: &str, rest: &str) -> Finished {
    run_sections(&text(instances, rate, pool, db, rest), &[])
}

fn text(instances: u32, rate: &str, pool: &str, db: &str, rest: &str) -> String {
    format!(
        "run: {{ duration: 60s, drain: 30s }}
         workloads: {{ web: {{ to: api, {rate} }} }}
         services: {{ api: {{ instances: {instances}, handle: [ {{ query: db }} ] }} }}
         databases: {{ db: {{ {db} }} }}
         calls: {{ api -> db: {{ {pool} }} }}
         {rest}"
    )
}

const TEN: &str = "arrivals: constant 10/s";

fn kind<'a>(finished: &'a Finished, owner: &str, kind: &str) -> &'a PoolSummary {
    let is_it = |pool: &&PoolSummary| pool.owner == owner && pool.kind == kind;
    finished.summary.pools.iter().find(is_it).expect("the pool")
}

fn busy_at_end(finished: &Finished, name: &str) -> Vec<u32> {
    let plans = finished.system.blueprint().pools.iter().zip(finished.system.pools());
    let own = plans.filter(|(plan, _)| plan.kind.name() == name);
    own.map(|(_, pool)| pool.in_use()).collect()
}

fn latency(finished: &Finished) -> f64 {
    call(finished, "api -> db").latency.mean
}

/// A call pays for a handshake if no connection is idle, and for nothing else if one is.
#[test]
fn a_handshake_is_for_calls_that_find_no_idle_connection() {
    let mean = |pool: &str| {
        let finished = api(1, TEN, &format!("pool: {{ {pool} }}"), "query: 5ms", "");
        assert!(finished.system.is_drained());
        latency(&finished) * 1e3
    };
    let about = |pool: &str, expected: f64| {
        let found = mean(pool);
        assert!((found / expected - 1.0).abs() < 0.01, "{pool}: {found} instead of {expected}");
    };
    about("max: 5, handshake: 20ms", 5.0);
    about("max: 5, idle: 1, handshake: 20ms", 5.0);
    about("max: 5, idle: 0, handshake: 20ms", 25.0);
    about("max: 5, idle: 0", 5.0);
}

/// One connection that closes when nobody waits for it: who finds it in use takes it over, who does
/// not opens another. That is a queue M/G/1 whose service is another after an idle time (Welch
/// 1964).
#[test]
fn calls_wait_for_a_connection_as_in_a_queue() {
    let pool = "pool: { max: 1, idle: 0, handshake: 4ms }";
    let text = text(1, "arrivals: poisson 50/s", pool, "query: 6ms", "");
    let finished = run_sections(&text, &["run.duration=3000s"]);
    let (rate, usual, first) = (50.0, 0.006, 0.010);
    let (rho, rho_first) = (rate * usual, rate * first);
    let is_idle = (1.0 - rho) / (1.0 - rho + rho_first);
    let wait = rate * usual * usual / (2.0 * (1.0 - rho))
        + rate * (first * first - usual * usual) / (2.0 * (1.0 - rho + rho_first));
    let expected = wait + is_idle * first + (1.0 - is_idle) * usual;
    let found = latency(&finished);
    assert!((found / expected - 1.0).abs() < 0.01, "{found} s instead of {expected} s");
}

/// Fifty users without a pause and five connections: five query, forty-five wait.
#[test]
fn what_has_no_connection_waits() {
    let finished = api(
        1,
        "users: 50",
        "pool: { max: 5, handshake: 3ms }",
        "query: exponential 10ms, connections: 100",
        "",
    );
    let pool = kind(&finished, "api -> db", "connections");
    assert_eq!((pool.capacity, pool.busy_max, pool.queue_max), (Some(5), 5, 45));
    assert!((pool.queue_mean - 45.0).abs() < 1.0, "{}", pool.queue_mean);
    assert_eq!(kind(&finished, "db", "connections").queue_max, 0, "nothing waits at the database");
}

/// A call every 100 ms that takes 250 ms, two connections and 100 ms of patience. The first two get
/// one at once. From then on one is free every 125 ms on average, and who waits longer is turned
/// away: the calls that are answered fill the connections.
#[test]
fn waiting_is_limited_in_time_and_in_number() {
    let finished = api(1, TEN, "pool: { max: 2, max wait: 100ms }", "query: 250ms", "");
    let rejected = ended(&finished, "api -> db", "rejected by bulkhead");
    let ok = ended(&finished, "api -> db", "ok");
    assert_eq!(rejected, kind(&finished, "api -> db", "connections").expired);
    assert!((ok as f64 - 60.0 * 8.0).abs() < 60.0 && ok + rejected > 590, "{ok} and {rejected}");

    let finished = api(1, TEN, "pool: { max: 2, queue: 0 }", "query: 250ms", "");
    // Of three calls two find a free connection.
    let rejected = ended(&finished, "api -> db", "rejected by bulkhead");
    assert!((195..=205).contains(&rejected), "{rejected}");
}

/// A handshake that takes longer than a call waits is a timeout, and leaves no connection.
#[test]
fn the_longest_wait_is_for_the_handshake_too() {
    let pool = "pool: { max: 2, idle: 0, handshake: 50ms, max wait: 30ms }";
    let finished = api(1, TEN, pool, "query: 5ms, max connections: 9", "");
    assert_eq!(ended(&finished, "api -> db", "timeout"), call(&finished, "api -> db").calls);
    assert_eq!(busy_at_end(&finished, "clients"), [0]);
    assert_eq!(call(&finished, "api -> db").attempts, 0, "no query was ever sent");
}

/// Twenty instances with five connections each are a hundred; the twenty-first gets none, and a
/// twenty-first of all calls is refused.
#[test]
fn one_instance_too_many_gets_no_connections() {
    let db = "query: 5ms, max connections: 100";
    let of = |instances| api(instances, "arrivals: constant 210/s", "pool: { max: 5 }", db, "");
    let finished = of(20);
    assert_eq!(ended(&finished, "api -> db", "refused"), 0);
    assert_eq!(kind(&finished, "db", "clients").busy_max, 100);

    let finished = of(21);
    let begun = call(&finished, "api -> db").calls;
    assert_eq!(ended(&finished, "api -> db", "refused"), begun / 21);
    let clients = kind(&finished, "db", "clients");
    assert_eq!((clients.busy_max, clients.capacity), (100, Some(100)));
    assert_eq!(clients.rejected, begun / 21 + 5, "and five before the run began");
}

/// Idle connections count against the limit, so that a caller which does nothing keeps others out;
/// with fewer idle ones there is room for all.
#[test]
fn idle_connections_count() {
    let system = |idle: u32| {
        run_sections(
            &format!(
                "run: {{ duration: 60s, drain: 10s }}
                 workloads: {{ web: {{ to: api, arrivals: constant 100/s }}, cron: {{ to: batch, arrivals: constant 1/s }} }}
                 services: {{ batch: {{ instances: 9, handle: [ {{ query: db }} ] }}, api: {{ handle: [ {{ query: db }} ] }} }}
                 databases: {{ db: {{ query: 15ms, max connections: 91 }} }}
                 calls: {{ batch -> db: {{ pool: {{ max: 10, idle: {idle} }} }}, api -> db: {{ pool: {{ max: 10, idle: 0 }} }} }}"
            ),
            &[],
        )
    };
    assert!(ended(&system(10), "api -> db", "refused") > 2_000);
    assert_eq!(ended(&system(1), "api -> db", "refused"), 0);
}

/// A database that dies takes all connections with it; those that are needed are opened again.
#[test]
fn connections_close_when_the_database_dies() {
    let finished = api(
        4,
        "arrivals: constant 100/s",
        "pool: { max: 5, handshake: 1ms }",
        "query: 5ms, max connections: 20",
        "faults: [ { at: 20s, for: 1ms, crash: db } ]",
    );
    let open = busy_at_end(&finished, "clients");
    assert_eq!(open, [4], "one for each instance, which never needs a second");
    let clients = kind(&finished, "db", "clients");
    assert_eq!((clients.busy_max, clients.rejected), (20, 0));
}

/// A caller that dies takes its connections with it.
#[test]
fn connections_close_when_the_caller_dies() {
    let faults = "faults: [ { at: 20s, crash: api, instances: 1 } ]";
    let db = "query: 5ms, max connections: 20";
    let finished = api(4, "arrivals: constant 100/s", "pool: { max: 5 }", db, faults);
    assert_eq!(busy_at_end(&finished, "clients"), [15]);
}

/// The driver closes a connection whose answer did not come: each timeout costs a handshake.
#[test]
fn a_connection_whose_answer_did_not_come_is_closed() {
    let guards = "pool: { max: 5, idle: 5, handshake: 10ms }, timeout: 50ms";
    let slow = "faults: [ { at: 20s, for: 10s, slow: db, adding: 1s } ]";
    let finished = api(1, TEN, guards, "query: 5ms, max connections: 5", slow);
    let timeouts = ended(&finished, "api -> db", "timeout");
    assert!((99..=101).contains(&timeouts), "{timeouts}");
    let clients = kind(&finished, "db", "clients");
    // Every one that closed but the five of the beginning was opened for a call; one is in use
    // from then on.
    assert_eq!(clients.granted, 5 + (timeouts - 4));
    assert_eq!(busy_at_end(&finished, "clients"), [1]);
}

/// Each attempt of a retry takes a connection of its own, and has given the one before back.
#[test]
fn a_retry_gives_its_connection_back_before_it_waits() {
    let guards = "pool: { max: 1 }, retry: { attempts: 3, backoff: fixed 1s, on: [server error] }, timeout: 1s";
    let errors = "faults: [ { at: 0s, errors: db, rate: 100% } ]";
    let finished = api(1, "arrivals: constant 1/s", guards, "query: 10ms", errors);
    let pool = kind(&finished, "api -> db", "connections");
    assert_eq!(pool.granted, call(&finished, "api -> db").attempts);
    assert_eq!(pool.granted, 3 * call(&finished, "api -> db").calls);
    assert!(pool.busy_mean < 0.05, "{}", pool.busy_mean);
}

/// Handshakes that disappear end with the longest wait, and connections that nobody answers on are
/// closed; afterwards all is as before.
#[test]
fn a_black_hole_swallows_handshakes() {
    let guards = "pool: { max: 5, handshake: 10ms, max wait: 200ms }, timeout: 100ms";
    let fault = "faults: [ { at: 20s, for: 10s, black hole: api -> db } ]";
    let finished = api(1, TEN, guards, "query: 5ms, max connections: 5", fault);
    let timeouts = ended(&finished, "api -> db", "timeout");
    assert!((99..=102).contains(&timeouts), "{timeouts}");
    assert_eq!(timeouts + ended(&finished, "api -> db", "ok"), call(&finished, "api -> db").calls);
    assert_eq!(busy_at_end(&finished, "clients"), [1]);
    assert!(finished.system.is_drained());
}

/// Instances that an autoscaler adds open connections when they need them, and those that it takes
/// away close theirs.
#[test]
fn scaling_out_runs_into_the_limit_and_scaling_in_makes_room() {
    let text = "run: { duration: 300s, drain: 10s }
         workloads: { web: { to: api, arrivals: { ramp: [ { at: 0s, rate: 50/s }, { at: 100s, rate: 400/s } ] } } }
         services: { api: { instances: 8, threads: 10, autoscale: { min: 2, target: 20%, every: 5s, start-up: 5s }, handle: [ { query: db } ] } }
         databases: { db: { query: 50ms, max connections: 30 } }
         calls: { api -> db: { pool: { max: 10 } } }";
    let finished = run_sections(text, &[]);
    let clients = kind(&finished, "db", "clients");
    assert_eq!(clients.busy_max, 30);
    assert!(ended(&finished, "api -> db", "refused") > 100);
}

fn warnings(text: &str) -> Vec<String> {
    let loaded = load_text(&one_section_a_line(text), &[]);
    loaded.problems.into_iter().map(|problem| problem.message).collect()
}

#[test]
fn pools_larger_than_the_limit_have_a_warning() {
    let of = |instances, limit| {
        let db = format!("query: 5ms, max connections: {limit}");
        warnings(&text(instances, TEN, "pool: { max: 5 }", &db, ""))
    };
    assert_eq!(of(20, 100), Vec::<String>::new());
    assert_eq!(
        of(21, 100),
        ["the pools of `db` can open 105 connections, but it takes 100: 21 x 5 of `api`"]
    );
    let unkept = warnings(&text(1, TEN, "timeout: 1s", "query: 5ms, max connections: 9", ""));
    assert_eq!(
        unkept,
        [
            "`api -> db` keeps no connections: its calls do not count against `max connections` of `db`"
        ]
    );
}

#[test]
fn settings_that_do_not_fit_are_errors() {
    let pool = "pool: { max: 5 }";
    for (settings, db, message) in [
        ("pool: { max: 0 }", "", "`max` must be at least 1"),
        ("pool: { max: 5, idle: 6 }", "", "6 connections cannot be idle: there are at most 5"),
        ("pool: { idle: 6 }", "", "`max` is missing"),
        (pool, ", max connections: 0", "`max connections` must be at least 1"),
        ("pool: { max: 5 }, hedge: { delay: 5ms }", "", "a hedge inside a pool"),
        (
            "guards: [ { pool: { max: 5 } }, { retry: { attempts: 2, backoff: fixed 1s } } ]",
            "",
            "a retry inside a pool",
        ),
        ("guards: [ { pool: { max: 5 } }, { pool: { max: 2 } } ]", "", "this call has two pools"),
    ] {
        let db = format!("query: 5ms{db}");
        let found = warnings(&text(1, TEN, settings, &db, ""));
        assert!(found.iter().any(|it| it.contains(message)), "{settings}: {found:?}");
    }
}

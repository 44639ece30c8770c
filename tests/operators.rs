//! What operators do while the system runs: settings that change, restarts, purges, and actions that
//! go through a service.

use sim_experiments::Finished;
use sim_models::Outcome;
use sim_models::observe::Change;
use sim_models::system::{Id, PoolKind};

use crate::running::{call, ended, load_text, one_section_a_line, run_sections};

fn offered(finished: &Finished) -> Vec<u64> {
    let offered = &finished.system.recorder().workloads()[Id::new(0)].series.offered;
    offered.iter().map(|number| u64::from(*number)).collect()
}

fn base(operator: &str) -> Finished {
    run_sections(
        &format!(
            "run: {{ duration: 40s, drain: 20s }}
             workloads: {{ web: {{ to: a, arrivals: constant 100/s }} }}
             services: {{ a: {{ threads: 10, handle: [ {{ work: 50ms }} ] }} }}
             calls: {{ web -> a: {{ timeout: 1s }} }}
             operator: [ {operator} ]"
        ),
        &[],
    )
}

#[test]
fn a_rate_changes_at_its_instant_and_what_is_owed_stays() {
    for process in ["constant", "poisson"] {
        let finished = run_sections(
            &format!(
                "run: {{ duration: 40s }}
                 workloads: {{ web: {{ to: a, arrivals: {process} 1000/s }} }}
                 services: {{ a: {{ handle: [ {{ work: 1ms }} ] }} }}
                 operator: [ {{ at: 10s, set: {{ workloads.web.rate: 20% }} }}, {{ at: 20s, set: {{ workloads.web.rate: 0% }} }}, {{ at: 30s, set: {{ workloads.web.rate: 2x }} }} ]"
            ),
            &[],
        );
        let offered = offered(&finished);
        let sum = |from: usize, to: usize| offered[from..to].iter().sum::<u64>() as f64;
        for (from, to, expected) in
            [(0, 10, 10_000.0), (10, 20, 2_000.0), (20, 30, 0.0), (30, 40, 20_000.0)]
        {
            let found = sum(from, to);
            let error = if process == "constant" { 1.5 } else { 4.0 * f64::sqrt(expected) };
            assert!((found - expected).abs() <= error, "{process} {from}: {found}");
        }
    }
}

/// A change that is made at an instant gives the run that a file gives which has it from the
/// beginning, as far as they can be compared: the arrivals before it are the same.
#[test]
fn nothing_changes_before_the_instant_and_an_order_of_nothing_changes_nothing() {
    let text = |operator: &str| {
        format!(
            "run: {{ duration: 40s, drain: 10s }}
             workloads: {{ web: {{ to: a, arrivals: poisson 100/s }} }}
             services: {{ a: {{ threads: 10, handle: [ {{ work: exponential 50ms }}, {{ query: db }} ] }} }}
             databases: {{ db: {{ connections: 5, query: 2ms }} }}
             calls: {{ web -> a: {{ timeout: 1s, breaker: {{ consecutive failures: 50 }}, retry: {{ attempts: 2, backoff: fixed 10ms }} }} }}
             {operator}"
        )
    };
    let plain = run_sections(&text(""), &[]);
    for setting in [
        "services.a.threads: 10",
        "calls.web -> a.timeout: 1s",
        "databases.db.connections: 5",
        "workloads.web.rate: 100%",
        "calls.web -> a.retry.attempts: 2",
    ] {
        let same =
            run_sections(&text(&format!("operator: [ {{ at: 20s, set: {{ {setting} }} }} ]")), &[]);
        assert_eq!(
            (plain.summary.workloads[0].ok, plain.summary.workloads[0].latency.mean),
            (same.summary.workloads[0].ok, same.summary.workloads[0].latency.mean),
            "{setting}"
        );
    }
    let changed =
        run_sections(&text("operator: [ { at: 20s, set: { services.a.threads: 2 } } ]"), &[]);
    assert_eq!(offered(&plain)[..40], offered(&changed)[..40]);
    assert!(changed.summary.workloads[0].latency.p99 > plain.summary.workloads[0].latency.p99);
}

#[test]
fn pools_grow_and_shrink_and_their_utilization_is_of_what_is_there() {
    // 100/s × 50 ms keep 5 threads busy. With 4 threads the queue grows from 10 s on, until there
    // are 20 at 20 s.
    let finished = base(
        "{ at: 10s, set: { services.a.threads: 4 } }, { at: 20s, set: { services.a.threads: 20 } }",
    );
    let pool = &finished.system.recorder().pools()[Id::new(0)];
    let near = |found: f64, expected: f64| (found - expected).abs() < 1e-6;
    assert!(near(pool.utilization(10, 5..6), 0.5), "{}", pool.utilization(10, 5..6));
    assert!(near(pool.utilization(10, 15..16), 1.0), "{}", pool.utilization(10, 15..16));
    assert!(near(pool.utilization(10, 30..31), 0.25), "{}", pool.utilization(10, 30..31));
    assert!(finished.system.is_drained());
}

#[test]
fn instances_are_added_and_taken_away() {
    let finished = run_sections(
        "run: { duration: 40s, drain: 20s }
         workloads: { web: { to: a, arrivals: constant 100/s } }
         services: { a: { instances: 2, threads: 10, handle: [ { work: 50ms } ] } }
         operator: [ { at: 10s, set: { services.a.instances: 5 } }, { at: 20s, set: { services.a.instances: 1 } } ]",
        &[],
    );
    let granted = |instance: usize| finished.summary.pools[instance].granted;
    // 10 s of a half, 10 s of a fifth, and 20 s of everything for the first.
    assert_eq!((0..5).map(granted).sum::<u64>(), finished.summary.workloads[0].ok);
    for (instance, expected) in [(0, 500 + 200 + 2_000), (1, 500 + 200), (2, 200), (4, 200)] {
        assert!(granted(instance).abs_diff(expected) <= 2, "{instance}: {}", granted(instance));
    }
    let steps: Vec<(u32, u32)> = finished
        .timeline
        .iter()
        .filter_map(|moment| match moment.change {
            Change::Scaled { from, to, .. } => Some((from, to)),
            _ => None,
        })
        .collect();
    assert_eq!(steps, [(2, 5), (5, 1)]);
}

/// Every guard and every kind of thing takes its new values; what began before ends under the guard
/// that it has met.
#[test]
fn guards_take_their_new_values() {
    let failures = |calls: &str, set: &str| {
        let finished = run_sections(
            &format!(
                "run: {{ duration: 40s, drain: 20s }}
                 workloads: {{ web: {{ to: a, arrivals: constant 100/s }} }}
                 services: {{ a: {{ threads: 100, handle: [ {{ work: 50ms }} ] }} }}
                 calls: {{ web -> a: {{ {calls} }} }}
                 operator: [ {{ at: 20s, set: {{ {set} }} }} ]"
            ),
            &[],
        );
        assert!(finished.system.is_drained(), "{calls} {set}");
        let ended = &finished.system.recorder().workloads()[Id::new(0)].series.ended;
        let failed = |outcomes: &[u32]| outcomes[2..].iter().map(|it| u64::from(*it)).sum::<u64>();
        let sum = |range: std::ops::Range<usize>| -> u64 {
            ended[range].iter().map(|outcomes| failed(outcomes)).sum()
        };
        (sum(5..15), sum(25..35))
    };
    let cases = [
        ("timeout: 1s", "calls.web -> a.timeout: 10ms", (0, 1_000)),
        ("timeout: 10ms", "calls.web -> a.timeout: 1s", (1_000, 0)),
        ("call timeout: 1s", "calls.web -> a.call timeout: 10ms", (0, 1_000)),
        ("bulkhead: { semaphore: 100 }", "calls.web -> a.bulkhead.semaphore: 1", (0, 800)),
        (
            "rate limit: { token bucket: 1000/s, burst: 1000 }",
            "calls.web -> a.rate limit.token bucket: 50/s",
            (0, 0),
        ),
        (
            "timeout: 10ms, breaker: { consecutive failures: 5000, wait: 1h }",
            "calls.web -> a.breaker.consecutive failures: 1",
            (1_000, 1_000),
        ),
    ];
    for (calls, set, expected) in cases {
        let found = failures(calls, set);
        if set.contains("token bucket") {
            assert!(found.0 == 0 && found.1 <= 510, "{set}: {found:?}");
        } else {
            assert!(
                found.0.abs_diff(expected.0) <= 2 && found.1.abs_diff(expected.1) <= 2,
                "{set}: {found:?} instead of {expected:?}"
            );
        }
    }
}

#[test]
fn users_come_and_go_when_they_are_set() {
    let finished = run_sections(
        "run: { duration: 40s, drain: 10s }
         workloads: { web: { to: a, users: 10, think: 100ms } }
         services: { a: { threads: 100, handle: [ { work: 100ms } ] } }
         operator: [ { at: 10s, set: { workloads.web.users: 40 } }, { at: 30s, set: { workloads.web.rate: 10% } } ]",
        &[],
    );
    let offered = offered(&finished);
    assert_eq!((offered[5], offered[20]), (50, 200));
    // A tenth of the forty users is left.
    assert_eq!(offered[35], 20);
}

#[test]
fn a_restart_loses_what_is_in_flight_and_a_purge_drops_what_waits() {
    let finished = base("{ at: 10s, restart: a, for: 2s }");
    // At 10 s, 5 requests are at work; those of the next two seconds are refused.
    assert_eq!(ended(&finished, "web -> a", "refused"), 5 + 200);
    let finished = run_sections(
        "run: { duration: 20s, drain: 20s }
         workloads: { web: { to: a, arrivals: constant 10/s } }
         services: { a: { handle: [ { send: jobs } ] }, worker: { handle: [ { work: 200ms } ] } }
         queues: { jobs: { deliver to: worker } }
         operator: [ { at: 10s, purge: jobs } ]",
        &[],
    );
    let queue = &finished.summary.queues[0];
    // At 10 s, 99 have come (the hundredth arrives after the purge), 49 are done and one is under way.
    assert_eq!(queue.purged, 49);
    assert_eq!(queue.sent, queue.delivered + queue.purged + queue.waiting + queue.in_flight);
}

/// An action that goes through a service waits until that answers, and those behind it wait too.
#[test]
fn an_action_that_needs_a_service_which_is_down_waits_for_it() {
    let finished = run_sections(
        "run: { duration: 60s, drain: 10s }
         workloads: { web: { to: a, arrivals: constant 100/s } }
         services: { a: { handle: [ { work: 1ms } ] }, api: { handle: [ { work: 10ms } ] } }
         calls: { operator -> api: { timeout: 1s } }
         faults: [ { at: 5s, for: 24s, crash: api } ]
         operator: [ { at: 10s, through: api, again after: 5s, set: { workloads.web.rate: 50% } }, { at: 20s, set: { workloads.web.rate: 10% } } ]",
        &[],
    );
    // Asked at 10 s, 15 s, 20 s and 25 s in vain, and at 30 s for 10 ms.
    assert_eq!(
        (call(&finished, "operator -> api").calls, ended(&finished, "operator -> api", "ok")),
        (5, 1)
    );
    let offered = offered(&finished);
    assert_eq!((offered[15], offered[25], offered[29]), (100, 100, 100));
    assert_eq!((offered[40], offered[50]), (10, 10), "both at 30.01 s, the second last");
    let told: Vec<bool> = finished
        .timeline
        .iter()
        .filter_map(|moment| match &moment.change {
            Change::Operated { waits_for, .. } => Some(waits_for.is_some()),
            _ => None,
        })
        .collect();
    assert_eq!(told, [true, false, false]);
}

/// An order for breakers holds for its time from when it is carried out, be it late because it needs
/// a service that is down until 20 s, or because one before it does.
#[test]
fn an_order_for_breakers_lasts_as_long_as_it_says_whenever_it_is_carried_out() {
    let waits = "{ at: 8s, through: api, again after: 4s, set: { workloads.web.rate: 100% } }, ";
    for (before, through, rejected) in [
        ("", "", 9_000..14_000),
        ("", ", through: api, again after: 11s", 20_010..25_010),
        (waits, "", 20_010..25_010),
        // In time, and yet another action waits when it ends.
        ("{ at: 13s, through: api, again after: 4s, purge: jobs }, ", "", 9_000..14_000),
        // What ends in the instant in which it is ordered again goes on.
        ("{ at: 14s, for: 1s, force open: web -> a }, ", "", 9_000..15_000),
    ] {
        let finished = run_sections(
            &format!(
                "run: {{ duration: 40s }}
                 workloads: {{ web: {{ to: a, arrivals: constant 10/s }} }}
                 services: {{ a: {{ handle: [ {{ work: 1ms }}, {{ send: jobs }} ] }}, api: {{ handle: [ {{ work: 10ms }} ] }} }}
                 queues: {{ jobs: {{ deliver to: api }} }}
                 calls: {{ web -> a: {{ breaker: {{ consecutive failures: 5 }} }} }}
                 faults: [ {{ at: 5s, for: 15s, crash: api }} ]
                 operator: [ {before} {{ at: 9s, for: 5s, force open: web -> a {through} }} ]"
            ),
            &[],
        );
        let expected = (1..400).filter(|tenth| rejected.contains(&(tenth * 100))).count() as u64;
        let found = ended(&finished, "web -> a", "rejected by breaker");
        assert_eq!(found, expected, "{before}{through}");
        let waits_in_words = finished.timeline.iter().find_map(|moment| match &moment.change {
            Change::Operated { what, waits_for: Some(_) } => Some(what.as_str()),
            _ => None,
        });
        if !through.is_empty() {
            assert_eq!(waits_in_words, Some("forces open the breaker of web -> a"));
        }
    }
}

/// The service answers after two seconds. The first action sets the time that operators wait for it
/// to one second, so the second action never gets its answer.
#[test]
fn an_action_finds_the_settings_that_the_one_before_it_has_set() {
    for at in [5, 6, 7, 8] {
        let finished = run_sections(
            &format!(
                "run: {{ duration: 30s }}
                 workloads: {{ web: {{ to: a, arrivals: constant 10/s }} }}
                 services: {{ a: {{ handle: [ {{ work: 1ms }} ] }}, api: {{ handle: [ {{ work: 2s }} ] }} }}
                 calls: {{ operator -> api: {{ timeout: 3s }} }}
                 operator: [ {{ at: 5s, through: api, set: {{ calls.operator -> api.timeout: 1s }} }}, {{ at: {at}s, through: api, again after: 1m, set: {{ workloads.web.rate: 0% }} }} ]"
            ),
            &[],
        );
        assert_eq!(ended(&finished, "operator -> api", "ok"), 1, "at {at} s");
        assert_eq!(ended(&finished, "operator -> api", "timeout"), 1, "at {at} s");
        assert_eq!(offered(&finished).iter().sum::<u64>(), 299, "at {at} s");
    }
}

#[test]
fn what_cannot_change_is_an_error_at_its_place() {
    let problems = |set: &str| {
        let text = one_section_a_line(&format!(
            "regions: {{ r: {{}} }}
             hosts: {{ h: {{ cpus: 4 }} }}
             workloads: {{ web: {{ to: a, arrivals: constant 100/s }} }}
             services: {{ a: {{ threads: 10, handle: [ {{ work: 50ms }}, {{ send: jobs }} ] }}, c: {{ instances: 7, handle: [ {{ work: 1ms }} ] }} }}
             queues: {{ jobs: {{ partitions: 2 }} }}
             calls: {{ web -> a: {{ timeout: 1s }} }}
             operator: [ {{ at: 20s, set: {{ {set} }} }} ]"
        ));
        let loaded = load_text(&text, &[]);
        assert!(loaded.blueprint.is_none(), "{set}");
        loaded.problems.into_iter().map(|it| it.message).collect::<Vec<_>>()
    };
    for (set, message) in [
        ("run.duration: 5s", "`run.duration` cannot change while the system runs"),
        ("faults: []", "`faults` cannot change while the system runs"),
        ("services.b.threads: 5", "there is no `b` in `services`"),
        ("services.a.thraeds: 5", "`thraeds` means nothing here"),
        ("services.a.threads: many", "this is the text \"many\", expected"),
        (
            "calls.web -> a.breaker: { consecutive failures: 5 }",
            "which cannot change while the system runs",
        ),
        ("queues.jobs.partitions: 3", "which cannot change while the system runs"),
        ("services.a.handle: [ { work: 1ms } ]", "which cannot change while the system runs"),
        ("workloads.web.to: c", "which cannot change while the system runs"),
        ("services.a.host: h", "which cannot change while the system runs"),
        ("workloads.web.region: r", "which cannot change while the system runs"),
        ("", "this sets nothing"),
    ] {
        let found = problems(set);
        assert!(found.iter().any(|it| it.contains(message)), "{set}: {found:?}");
    }
}

#[test]
fn what_cannot_be_is_shown_where_it_is_written_with_what_would_be_right() {
    let shown = |rest: &str| {
        let text = one_section_a_line(&format!(
            "workloads: {{ web: {{ to: a, arrivals: constant 100/s }} }}
             services: {{ a: {{ handle: [ {{ work: 5ms }} ], readiness: {{ call: self }} }} }}
             {rest}"
        ));
        let problem = load_text(&text, &[]).problems.swap_remove(0);
        let at = problem.at.expect("a place");
        (text[at.start..at.end].to_owned(), problem.help.unwrap_or_default())
    };
    for (rest, at, help) in [
        (
            "operator: [ { at: 5s, set: { services.a.instances: 200000 } } ]",
            "200000",
            "a scenario may have at most 100000; make it smaller",
        ),
        (
            "calls: { operator -> a: { timeout: 1s } }",
            "operator -> a",
            "write `through: a` where something needs an answer of `a`",
        ),
        (
            "calls: { readiness -> a: { timeout: 1s } }",
            "readiness -> a",
            "probes pass no guards; `readiness` has a `timeout` of its own",
        ),
    ] {
        assert_eq!(shown(rest), (at.to_owned(), help.to_owned()));
    }
}

/// Whatever a setting of the system is changed to, the system goes on, and loses account of nothing;
/// or the file has an error.
#[test]
fn any_setting_changes_or_is_refused() {
    let text = one_section_a_line(
        "run: { duration: 12s, drain: 60s }
         regions: { us: { eu: 5ms }, eu: {} }
         hosts: { h: { cpus: 4 } }
         workloads: { web: { to: api, region: us, arrivals: poisson 60/s }, people: { to: api, users: 20, think: 500ms } }
         services: { api: { instances: 3, regions: [us, eu], threads: { max: 6, queue: 20, max wait: 2s }, cpus: 2, handle: [ { work: exponential 20ms }, { call: pay, on failure: degrade }, { cache: c, miss: [ { query: db } ] }, { send: jobs } ], idempotency: { keys for: 1m } }, pay: { instances: 2, threads: 5, host: h, handle: [ { work: exponential 15ms } ], admission: { codel: {} } }, bill: { handle: [ { work: 20ms } ], autoscale: { min: 1, target: 50%, start-up: 1s }, instances: 4, threads: 2 } }
         databases: { db: { connections: 4, query: 8ms } }
         caches: { c: { keys: 50, ttl: 2s } }
         queues: { jobs: { deliver to: bill, concurrency: 3, attempts: 4, backoff: fixed 100ms, capacity: 500 } }
         calls: { web -> api: { timeout: 1s, retry: { attempts: 3, backoff: fixed 50ms, budget: { preset: envoy, budget_percent: 20 } } }, people -> api: { timeout: 1s, rate limit: { token bucket: 30/s, burst: 5 } }, api -> pay: { timeout: 200ms, bulkhead: { semaphore: 4, max wait: 100ms }, breaker: { window: 10 calls, failure rate: 50%, wait: 1s }, balance: { policy: least outstanding, health check: { interval: 1s } } }, jobs -> bill: { timeout: 500ms }, api -> db: { pool: { max: 3, idle: 1, handshake: 2ms, max wait: 1s } } }
         faults: [ { at: 3s, for: 2s, crash: pay, instances: 1 }, { at: 7s, for: 1s, slow: db, by: 20x } ]",
    );
    let settings = [
        "workloads.web.rate: 3x",
        "workloads.web.arrivals: constant 10/s",
        "workloads.web.arrivals: { ramp: [ { at: 0s, rate: 0/s }, { at: 12s, rate: 90/s } ] }",
        "workloads.people.users: 3",
        "workloads.people.think: 10ms",
        "services.api.instances: 1",
        "services.api.instances: 9",
        "services.api.threads.max: 1",
        "services.api.threads.queue: 0",
        "services.api.threads.max wait: 10ms",
        "services.api.cpus: 1",
        "services.api.idempotency.keys for: 1s",
        "services.api.regions: [eu, us]",
        "services.pay.threads: 1",
        "services.pay.admission: { in flight: 2 }",
        "services.pay.host: null",
        "services.bill.autoscale.target: 10%",
        "services.bill.autoscale: null",
        "services.bill.instances: 8",
        "hosts.h.cpus: 1",
        "databases.db.connections: 1",
        "databases.db.query: exponential 40ms",
        "caches.c.ttl: uniform 1s to 3s",
        "caches.c.keys: 60",
        "queues.jobs.concurrency: 1",
        "queues.jobs.capacity: 1",
        "queues.jobs.rate: 2/s",
        "queues.jobs.attempts: 1",
        "queues.jobs.expire after: 1s",
        "calls.web -> api.timeout: 20ms",
        "calls.web -> api.timeout: exponential 100ms",
        "calls.web -> api.retry.attempts: 9",
        "calls.web -> api.retry.budget.budget_percent: 90",
        "calls.web -> api.retry: null",
        "calls.people -> api.rate limit.token bucket: 1/s",
        "calls.api -> pay.bulkhead.semaphore: 1",
        "calls.api -> pay.breaker.failure rate: 5%",
        "calls.api -> pay.balance.policy: round robin",
        "calls.api -> pay.balance.outlier detection: { interval: 1s }",
        "calls.api -> pay.balance: random",
        "calls.api -> pay.hedge: { delay: 10ms }",
        "calls.api -> db.pool.max: 9",
        "calls.api -> db.pool.max: 1",
        "calls.api -> db.pool.idle: 0",
        "calls.api -> db.pool: { max: 9 }",
        "calls.api -> db.pool: { max: 2, handshake: 90ms }",
        "calls.api -> db.pool: null",
        "regions.us.eu: 50ms",
    ];
    crate::running::blueprint(&load_text(&text, &[]));
    let mut refused = Vec::new();
    for setting in settings {
        let order = format!(
            "operator: [ {{ at: 4s, set: {{ {setting} }} }}, {{ at: 8s, set: {{ {setting} }} }} ]"
        );
        let loaded = load_text(&format!("{text}\n{order}"), &[]);
        let Some(blueprint) = loaded.blueprint else {
            assert!(loaded.problems.iter().any(|it| it.at.is_some()), "{setting}");
            refused.push(setting);
            continue;
        };
        let finished = crate::running::run(&blueprint);
        assert!(finished.system.is_drained(), "{setting}");
        for workload in &finished.summary.workloads {
            let failed: u64 = workload.failed.values().sum();
            let ended = workload.ok + workload.degraded + failed + workload.in_flight;
            assert_eq!(workload.offered, ended, "{setting}");
        }
        for queue in &finished.summary.queues {
            let ended = queue.delivered + queue.dead + queue.expired + queue.purged;
            assert_eq!(queue.sent, ended + queue.waiting + queue.in_flight, "{setting}");
        }
    }
    let expected = [
        "services.api.regions: [eu, us]",
        "services.pay.admission: { in flight: 2 }",
        "services.pay.host: null",
        "services.bill.autoscale: null",
        "caches.c.keys: 60",
        "calls.web -> api.retry: null",
        "calls.api -> pay.hedge: { delay: 10ms }",
        "calls.api -> db.pool: null",
    ];
    assert_eq!(refused, expected);
}

/// A pool that may grow opens connections as they are needed; one that shrinks closes those that are
/// idle at once, and the others as they are given back.
#[test]
fn a_kept_pool_grows_and_shrinks() {
    let finished = run_sections(
        "run: { duration: 40s, drain: 20s }
         workloads: { web: { to: a, arrivals: constant 100/s } }
         services: { a: { handle: [ { query: db } ] } }
         databases: { db: { max connections: 20, query: 80ms } }
         calls: { a -> db: { pool: { max: 4, handshake: 1ms } } }
         operator: [ { at: 10s, set: { calls.a -> db.pool.max: 20 } }, { at: 20s, set: { calls.a -> db.pool: { max: 12, idle: 2, handshake: 1ms } } } ]",
        &[],
    );
    let recorder = finished.system.recorder();
    let ended = &recorder.workloads()[Id::new(0)].series.ended;
    let rate = |from: usize, to: usize| {
        let all: u32 = ended[from..to].iter().map(|kinds| kinds[Outcome::Ok as usize]).sum();
        f64::from(all) / (to - from) as f64
    };
    // Four connections answer 50/s; twenty more than come, with what has waited; eight are in use
    // afterwards.
    assert!((rate(2, 10) - 50.0).abs() < 1.0, "{}", rate(2, 10));
    assert!(rate(10, 14) > 190.0, "{}", rate(10, 14));
    assert!((rate(25, 40) - 100.0).abs() < 1.0, "{}", rate(25, 40));
    let pools = &finished.system.blueprint().pools;
    let clients = pools.position(|pool| pool.kind == PoolKind::Clients).expect("a limit");
    assert_eq!(finished.system.pools()[clients].in_use(), 2, "open and idle at the end");
}

#[test]
fn a_restart_is_told_once_for_all_and_may_go_from_one_instance_to_the_next() {
    let told = |restart: &str| -> Vec<String> {
        let finished = run_sections(
            &format!(
                "run: {{ duration: 40s, drain: 20s }}
                 workloads: {{ web: {{ to: a, arrivals: constant 100/s }} }}
                 services: {{ a: {{ instances: 6, handle: [ {{ work: 50ms }} ] }} }}
                 operator: [ {{ at: 10s, restart: a, {restart} }} ]"
            ),
            &[],
        );
        let begins = finished.timeline.iter().filter_map(|moment| match &moment.change {
            Change::FaultBegins { target, effect, .. } => Some(format!("{target} {effect}")),
            _ => None,
        });
        begins.collect()
    };
    assert_eq!(told("for: 1s"), ["a restarted"]);
    assert_eq!(told("instances: 3 to 4"), ["a#3–4 restarted"]);
    assert_eq!(
        told("for: 4s, begin: one every 5s, end: one every 5s"),
        ["a restarted, one every 5s"]
    );
}

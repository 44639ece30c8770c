//! Nothing is lost and nothing is kept: requests, threads, permits, connections.

use std::collections::BTreeMap;

use proptest::prelude::*;
use sim_experiments::Finished;
use sim_models::Outcome;
use sim_models::observe::BeganAt;

use crate::running::{blueprint, library_runs, load_file, load_text, run};

/// A drain that is longer than anything in the library takes to finish.
const DRAIN: [&str; 2] = ["run.drain=20m", "run.warmup=0s"];

fn assert_conserved(what: &str, finished: &Finished) {
    for (workload, counted) in
        finished.summary.workloads.iter().zip(finished.system.requests_in_flight())
    {
        let failed: u64 = workload.failed.values().sum();
        assert_eq!(
            workload.offered,
            workload.ok + workload.degraded + failed + counted,
            "{what}: requests of {}",
            workload.name
        );
        assert_eq!(workload.in_flight, counted, "{what}: {} counted one by one", workload.name);
    }
}

/// Every request that was not answered in full began to fail at some call, which ended like that.
fn assert_failures_began(what: &str, finished: &Finished) {
    let mut at: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for workload in &finished.summary.workloads {
        let sum = |figure: fn(&BeganAt) -> u64| workload.began.iter().map(figure).sum::<u64>();
        let failed: u64 = workload.failed.values().sum();
        assert_eq!(sum(|began| began.failed), failed, "{what}: failures of {}", workload.name);
        assert_eq!(sum(|began| began.degraded), workload.degraded, "{what}: {}", workload.name);
        for began in &workload.began {
            *at.entry((&began.edge, began.kind)).or_default() += began.failed + began.degraded;
        }
    }
    for (call, record) in finished.summary.calls.iter().zip(finished.system.recorder().edges()) {
        for outcome in Outcome::ALL {
            let ended = record.ended[outcome as usize] + record.fell_back[outcome as usize];
            let began = at.remove(&(&*call.edge, outcome.name())).unwrap_or(0);
            assert!(began <= ended, "{what}: {began} of {ended} calls {} {outcome:?}", call.edge);
        }
    }
    assert!(at.is_empty(), "{what}: no such calls: {at:?}");
}

fn assert_drained(what: &str, finished: &Finished) {
    assert!(
        finished.system.is_drained(),
        "{what}: {} frames in use, pools {:?}",
        finished.system.frames_in_use(),
        finished.summary.pools
    );
    for queue in &finished.summary.queues {
        let ended = queue.delivered + queue.dead + queue.expired + queue.purged;
        assert_eq!(
            queue.sent,
            ended + queue.waiting + queue.in_flight,
            "{what}: messages of {}",
            queue.name
        );
        assert_eq!(queue.in_flight, 0, "{what}: deliveries of {}", queue.name);
    }
    for call in &finished.summary.calls {
        assert_eq!(
            call.calls,
            call.ended.values().sum::<u64>() + call.abandoned,
            "{what}: calls over {}",
            call.edge
        );
    }
}

/// No pool has ever handed out more slots than it has.
fn assert_within_capacity(what: &str, finished: &Finished) {
    for pool in &finished.summary.pools {
        let slots = pool.capacity.map_or(u64::MAX, u64::from);
        assert!(pool.busy_max <= slots, "{what}: {} of {slots} in {pool:?}", pool.busy_max);
    }
}

/// Little's law without any tolerance: the time added up visit by visit equals the integral kept
/// over time. A connection that stays open has not given its place at the database back.
fn assert_littles_law(what: &str, finished: &Finished) {
    for (plan, pool) in finished.system.blueprint().pools.iter().zip(finished.system.pools()) {
        if plan.kind.name() == "clients" && pool.in_use() > 0 {
            continue;
        }
        let usage = pool.usage();
        assert_eq!(
            usage.held,
            usage.busy.integral(finished.now),
            "{what}: slots of {}",
            plan.label()
        );
        if usage.expired + usage.left + usage.displaced == 0 {
            assert_eq!(
                usage.waited,
                usage.waiting.integral(finished.now),
                "{what}: queue of {}",
                plan.label()
            );
        }
    }
}

#[test]
fn every_scenario_and_variant_is_accounted_for_and_drains() {
    for as_written in library_runs() {
        let what = as_written.title();
        assert_conserved(&what, &as_written.finished);
        assert_failures_began(&what, &as_written.finished);
        let (file, variant) = (&as_written.file, as_written.variant.as_deref());
        let drained = run(&blueprint(&load_file(file, variant, &DRAIN)));
        assert_conserved(&what, &drained);
        assert_failures_began(&what, &drained);
        // A poison message that is retried for ever keeps what it holds.
        if drained.summary.queues.iter().any(|queue| queue.in_flight > 0) {
            continue;
        }
        assert_drained(&what, &drained);
        assert_within_capacity(&what, &drained);
        assert_littles_law(&what, &drained);
    }
}

/// A random small system: a chain of services with random sizes, guards and faults.
fn random_system() -> impl Strategy<Value = String> {
    let pools = (1u32..6, 0u32..10, 1u32..4, any::<bool>());
    let guards = (
        proptest::option::of(5u32..80),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        0u32..3,
    );
    let faults = (0u32..11, 1u32..8, 1u32..8);
    (
        proptest::collection::vec((pools, guards, any::<u32>()), 1..4),
        proptest::collection::vec(faults, 0..3),
        10u32..120,
        any::<bool>(),
        1u64..1_000,
    )
        .prop_map(|(stages, faults, rate, is_open, seed)| {
            scenario_text(&stages, &faults, rate, is_open, seed)
        })
}

const EXTRAS: [&str; 7] = [
    "cancellation: true",
    "propagate deadline: true",
    "hedge: { delay: 8ms, max: 3 }",
    "call timeout: 60ms",
    "rate limit: { token bucket: 60/s, burst: 5, max wait: 30ms }",
    "new instance per attempt: true",
    "balance: { policy: peak ewma, slow start: { window: 2s }, health check: { interval: 1s }, outlier detection: { interval: 1s, base_ejection_time: 2s } }",
];

const FALLBACKS: [&str; 4] = [
    "fallback: { cached: { hit rate: 50%, latency: 1ms } }",
    "fallback: [ { call: spare.quickly }, default ]",
    "fallback: [ { cached: { hit rate: 50%, max age: 1s } }, { call: spare.slowly }, { later: { rate: 20/s, capacity: 5 } } ]",
    "fallback: { later: { rate: 50/s, capacity: 5 } }",
];

const RETRIES: [&str; 7] = [
    "retry: { attempts: 3, backoff: exponential 5ms x2 full jitter }",
    "retry: { attempts: 5, backoff: fibonacci 2ms, budget: { preset: envoy, min_retry_concurrency: 1 } }",
    "retry: { attempts: 3, backoff: none, honour retry after: true, budget: { preset: finagle } }",
    "retry: { attempts: 2, backoff: fixed 1ms, budget: { preset: grpc, maxTokens: 10, tokenRatio: 0.1 } }",
    "retry: { attempts: 3, backoff: fixed 1ms, budget: { preset: aws, capacity: 40 } }",
    "retry: { attempts: 4, backoff: none, budget: { token bucket: 5, per call: 0.1, per retry: 1 } }",
    "retry: { attempts: 4, backoff: none, budget: { failure rate: 10%, window: 5s } }",
];

const ADMISSIONS: [&str; 8] = [
    "",
    ", admission: { order: lifo }",
    ", admission: { codel: { target: 1ms, interval: 20ms }, retry after: 5ms }",
    ", admission: { concurrency: { limit: aimd, minLimit: 1 } }",
    ", admission: { order: strict, utilization: { above: 80% } }",
    ", admission: { order: weighted, weights: [2, 1] }",
    ", admission: { order: adaptive lifo, above: 2, concurrency: { limit: vegas } }",
    // Needs a slot that is not kept for the higher class.
    ", admission: { order: reserved, reserved: [1, 0], red: { min: 1, max: 5 } }",
];

/// Presets that bring pools of their own along, some with one for each instance of the callee.
const BREAKERS: [&str; 8] = [
    "breaker: { window: 10 calls, minimum calls: 5, wait: 500ms }",
    "breaker: { preset: envoy, max_connections: 1, max_pending_requests: 2, max_retries: 1 }",
    "breaker: { preset: envoy, max_connections: 2, max_pending_requests: 20, max_requests: 3 }",
    "breaker: { preset: envoy, max_requests: 2, http2_protocol_options: true, retry_budget: { budget_percent: 50 } }",
    "breaker: { preset: istio, connectionPool: { tcp: { maxConnections: 2 }, http: { http1MaxPendingRequests: 4 } } }",
    "breaker: { preset: hystrix, coreSize: 2, maxQueueSize: 3, executionTimeoutInMilliseconds: 40, executionIsolationThreadInterruptOnTimeout: false }",
    "breaker: { preset: opossum, capacity: 2, resetTimeout: 500ms }",
    "breaker: { preset: cockatiel, halfOpenAfter: 200ms, ConsecutiveBreaker: 2 }",
];

const BULKHEADS: [&str; 2] =
    ["bulkhead: { semaphore: 2, max wait: 20ms }", "bulkhead: { threads: 2, queue: 2 }"];

type Pools = (u32, u32, u32, bool);
type Guards = (Option<u32>, bool, bool, bool, bool, u32);

fn scenario_text(
    stages: &[(Pools, Guards, u32)],
    faults: &[(u32, u32, u32)],
    rate: u32,
    is_open: bool,
    seed: u64,
) -> String {
    use std::fmt::Write;
    let source = if is_open {
        format!("arrivals: poisson {rate}/s")
    } else {
        format!("users: {rate}, think: exponential 200ms")
    };
    let mut text = format!(
        "run: {{ duration: 20s, drain: 10m, seed: {seed} }}\npriorities: [high, low]\nworkloads: {{ load: {{ to: s0, {source} }}, urgent: {{ to: s0, arrivals: poisson 5/s, priority: high }} }}\nservices:\n"
    );
    let last = stages.len() - 1;
    for (stage, ((threads, queue, instances, has_cpus), _, extras)) in stages.iter().enumerate() {
        let cpus = if *has_cpus { ", cpus: 1" } else { "" };
        let scaling = if extras & 1 << 20 != 0 && *instances > 1 {
            ", autoscale: { min: 1, from: 1, target: 50%, every: 1s, start-up: 1s, scale down after: 2s }"
        } else {
            ""
        };
        // Some messages end as dead letters, some expire, and all of them end.
        let send = if extras & 1 << 7 != 0 { ", { send: mail }, { effect: mailed }" } else { "" };
        let next = if stage == last {
            "{ query: db }".to_owned()
        } else {
            format!(
                "{{ parallel: [ [ {{ call: s{} }} ], [ {{ pause: 1ms }}, {{ query: db }} ] ] }}",
                stage + 1
            )
        };
        let _ = writeln!(
            text,
            "  s{stage}: {{ instances: {instances}, threads: {{ max: {threads}, queue: {queue}, max wait: 300ms }}{cpus}, handle: [ {{ work: exponential 5ms }}, {next}{send} ]{scaling}{} }}",
            ADMISSIONS
                [(*extras >> 12 & 15) as usize % (ADMISSIONS.len() - usize::from(*threads == 1))]
        );
    }
    text.push_str(
        "  spare: { threads: 2, operations: { quickly: [ { work: 1ms } ], slowly: [ { work: 10ms }, { fail: 50% } ] } }\n",
    );
    text.push_str(
        "  post: { threads: 3, idempotency: { keys for: 2s }, handle: [ { work: exponential 20ms }, { poison: 5% }, { effect: posted } ] }\nqueues: { mail: { partitions: 2, order: priority, capacity: 50, deliver to: post, attempts: 2, backoff: fixed 100ms, expire after: 5s, dead letters: dead }, dead: { capacity: 10 } }\n",
    );
    text.push_str("databases: { db: { connections: 3, query: exponential 10ms } }\ncalls:\n  load -> s0: { timeout: 2s }\n");
    for (
        stage,
        (_, (timeout, has_breaker, has_bulkhead, has_retry, has_fallback, latency), extras),
    ) in stages.iter().enumerate()
    {
        let callee = if stage == last { "db".to_owned() } else { format!("s{}", stage + 1) };
        let _ = writeln!(text, "  s{stage} -> {callee}:\n    latency: {latency}ms");
        // A postponed request must be able to succeed one day, or the system never drains, so only
        // queries without a timeout are postponed.
        let fallbacks =
            if stage == last && timeout.is_none() { &FALLBACKS[..] } else { &FALLBACKS[..2] };
        if let Some(timeout) = timeout {
            let _ = writeln!(text, "    timeout: {timeout}ms");
        }
        let guards = [
            (has_breaker, BREAKERS[(*extras >> 16 & 7) as usize]),
            (has_bulkhead, BULKHEADS[(*extras >> 19 & 1) as usize]),
            (has_retry, RETRIES[(*extras >> 10 & 3) as usize]),
            (has_fallback, fallbacks[(*extras >> 8 & 3) as usize % fallbacks.len()]),
        ];
        for (_, guard) in guards.into_iter().filter(|(is_there, _)| **is_there) {
            let _ = writeln!(text, "    {guard}");
        }
        for (bit, setting) in EXTRAS.iter().enumerate().filter(|(bit, _)| extras & (1 << bit) != 0)
        {
            let _ = (bit, writeln!(text, "    {setting}"));
        }
    }
    if !faults.is_empty() {
        text.push_str("faults:\n");
    }
    for (kind, at, lasts) in faults {
        let kind = [
            "slow: db, by: 20x",
            "slow: s0, adding: 100ms",
            "errors: db, rate: 50%",
            "crash: s0",
            "pause: s0",
            "refuse: db",
            "lose threads: db, count: 2",
            "crash: db",
            &format!("crash: s{last}, instances: 1"),
            &format!("deploy: s{last}, each: 500ms"),
            &format!("refuse: s{last}, instances: 1"),
        ][*kind as usize]
            .to_owned();
        let lasts =
            if kind.contains("deploy") { String::new() } else { format!("for: {lasts}s, ") };
        let _ = writeln!(text, "  - {{ at: {at}s, {lasts}{kind} }}");
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn random_systems_are_accounted_for_and_drain(text in random_system()) {
        let finished = run(&blueprint(&load_text(&text, &[])));
        assert_conserved(&text, &finished);
        assert_failures_began(&text, &finished);
        assert_drained(&text, &finished);
        assert_within_capacity(&text, &finished);
        let has_crash = text.contains("crash") || text.contains("deploy");
        if !has_crash {
            assert_littles_law(&text, &finished);
        }
    }
}

//! Elements in company: small systems that together have every pair of settings, and what must be
//! true of each of them.

mod covering;

use sim_experiments::{Finished, Unattended, run_all};
use sim_models::scenario::Severity;

use crate::running::{blueprint, load_text, one_section_a_line, run};
use covering::covering;

/// What a system is made of: for each place in it, all that can be written there. A `|` divides
/// what belongs to several places of the same name.
const FACTORS: &[(&str, &[&str])] = &[
    (
        "regions",
        &[
            "|||",
            "regions: { x: { y: 3ms }, y: {} }|, region: x|, region: x|, regions: [ x, y ]",
            "regions: { x: { y: 3ms, z: 5ms }, y: { z: 7ms }, z: {} }|, region: y|, regions: [ x, z ]|, regions: [ x, y, z ]",
        ],
    ),
    ("cut", &["", "black hole: a -> b", "black hole: web -> a"]),
    (
        "policy",
        &[
            "round robin",
            "random",
            "least outstanding",
            "power of two",
            "weighted, weights: [1, 2, 3, 4]",
            "peak ewma",
            "consistent hash",
        ],
    ),
    (
        "hedge",
        &["", ", hedge: { delay: 40ms, max: 3 }", ", hedge: { delay: 15ms, cancel losers: false }"],
    ),
    (
        "retry",
        &[
            "",
            ", retry: { attempts: 3, backoff: exponential 10ms x2 full jitter }",
            ", retry: { attempts: 2, backoff: none, budget: { preset: finagle } }, new instance per attempt: true",
        ],
    ),
    (
        "health",
        &["", ", health check: { interval: 1s, unhealthy threshold: 2, healthy threshold: 1 }"],
    ),
    (
        "outlier",
        &[
            "",
            ", outlier detection: { consecutive_5xx: 3, interval: 1s, base_ejection_time: 2s, max_ejection_percent: 60 }",
        ],
    ),
    ("slow start", &["", ", slow start: { window: 3s }"]),
    (
        "scaling",
        &[
            "",
            ", autoscale: { min: 1, from: 2, target: 40%, every: 1s, start-up: 1s, scale down after: 3s<through> }",
        ],
    ),
    (
        "partitions",
        &[
            "",
            ", partitions: 3, concurrency: 2",
            ", order: priority, concurrency: 4",
            ", partitions: 2, partition by: priority",
        ],
    ),
    ("rate", &["", ", rate: 15/s"]),
    ("expiry", &["", ", expire after: 2s, on expiry: refund"]),
    (
        "dead",
        &[
            "",
            ", attempts: 2, backoff: fixed 300ms, dead letters: review",
            ", attempts: 3, backoff: fixed 100ms",
        ],
    ),
    ("keys", &["", ", idempotency: { keys for: 24h }"]),
    ("deploy", &["", "deploy: b, each: 1s, batch: 2, cold: 5x, warm-up: 3s<through>"]),
    (
        "users",
        &[
            "to: a, users: 8",
            "to: a, users: { from: 2, stages: [ { to: 12, over: 3s }, { to: 0, over: 1s }, { to: 9, over: 2s } ] }",
            "users: 8, begin: [ { call: c } ], operations: { buy: { steps: [ { call: a }, { call: c } ] } }, on failure: { begin again after: exponential 1s }",
            "to: a, arrivals: { process: poisson, spike: { base: 5/s, peak: 60/s, at: 4s, for: 3s } }",
        ],
    ),
    (
        "chaos",
        &[
            "",
            "chaos: { at: 2s, stages: [ { for: 2s, errors: b, rate: 30% }, { for: 4s, slow: c, by: 4x } ], abort when: [ error rate of web over 2s is above 5% ] }",
        ],
    ),
    (
        "fault",
        &[
            "",
            "crash: b",
            "pause: b",
            "refuse: b",
            "slow: b, adding: 100ms",
            "slow: b, by: 5x",
            "errors: b, rate: 50%",
            "lose threads: b, count: 2",
            "flush: k, share: 60%",
        ],
    ),
    (
        "shape",
        &[
            "at: 3s, for: 2s",
            "at: 2s, for: 1s, every: 3s",
            "when: p99 of web is above 30ms, for: 2s",
        ],
    ),
    (
        "struck",
        &["", ", instances: 2 to 3", ", instances: 50%, begin: one every 1s, end: one every 1s"],
    ),
    ("deadline", &["", ", propagate deadline: true"]),
    ("cancellation", &["", ", cancellation: true"]),
    (
        "admission",
        &[
            "",
            ", admission: { codel: { target: 5ms, interval: 50ms } }",
            ", admission: { concurrency: { limit: aimd, minLimit: 1 } }",
            ", admission: { order: strict, utilization: { above: 80% } }",
        ],
    ),
    (
        "cache",
        &[
            "hit rate: 60%",
            "keys: 100, zipf: 1.0, ttl: uniform 1s to 2s, starts: full",
            "keys: 50, ttl: 1s, coalesce: true",
        ],
    ),
    (
        "contention",
        &[
            "",
            ", contention: { serial: 3%, crosstalk: 0.1% }",
            ", contention: { per request: 1ms, per message: { queue: q, work: 1ms } }",
        ],
    ),
    ("out", &["", "crash: b, instances: [4]", "refuse: b, instances: [4]"]),
    (
        "pool",
        &[
            "",
            ", pool: { max: 4, handshake: 2ms }",
            ", pool: { max: 9, idle: 1, handshake: exponential 5ms, queue: 20, max wait: 200ms }",
        ],
    ),
    ("clients", &["", ", max connections: 12"]),
    ("link", &["", ", link: wan", ", link: slow"]),
    (
        "process",
        &[
            "",
            ", start: [ { query: db }, { work: 500ms } ], restart after: 1s",
            ", start: [ { work: 300ms } ], readiness: { call: self, every: 1s, failures: 2 }, liveness: { call: self, every: 2s }",
        ],
    ),
    (
        "operator",
        &[
            "",
            "operator: [ { at: 4s, restart: b, instances: 1 to 2, for: 1s }, { at: 6s, set: { workloads.web.rate: 50%, services.b.threads.max: 6 } } ]",
            "operator: [ { at: 3s, through: refund, again after: 1s, set: { databases.db.connections: 2, calls.a -> b.timeout: 90ms } }, { at: 5s, purge: q }, { at: 8s, restart: a } ]",
        ],
    ),
    ("through", &["", ", through: refund, again after: 1s"]),
];

const SYSTEM: &str = "run: { duration: 10s, drain: 30m }
    priorities: [ high, low ]
    <regions>
    workloads: { web: { to: a, arrivals: poisson 40/s, priority: high<region of web> }, desk: { <users>, <think><region of web> } }
    services: { a: { instances: 2, threads: { max: 10, queue: 20, max wait: 300ms }, handle: [ { work: exponential 3ms }, { call: b, on failure: ignore }, { cache: k, miss: [ { query: db } ] }, { send: q } ]<region of a> }, b: { instances: 4, threads: { max: 3, queue: 9 }, handle: [ { work: exponential 12ms }, { effect: done } ]<region of b><scaling><admission><contention><keys><process> }, c: { threads: 3, handle: [ { work: 20ms }, { fail: 5% }, { effect: delivered } ]<keys> }, refund: { handle: [ { work: 1ms } ] } }
    databases: { db: { connections: 4, query: exponential 5ms<clients> } }
    caches: { k: { <cache> } }
    queues: { q: { deliver to: c<partitions><rate><expiry><dead> }, review: { } }
    defaults: { calls: { timeout: 1s } }
    calls: { web -> a: { timeout: 800ms }, a -> b: { timeout: 150ms, balance: { policy: <policy><health><outlier><slow start> }<hedge><retry><deadline><cancellation><link> }, a -> db: { timeout: 500ms<pool> } }
    links: { wan: { rate: 400/s, queue: 20, loss: 2%, latency: 1ms }, slow: { rate: 120/s, loss: 1%, retransmit after: 100ms } }
    <chaos>
    <operator>
    faults: [ <faults> ]";

/// A value of each factor, by their numbers.
struct System {
    chosen: Vec<usize>,
}

impl System {
    fn has(&self, name: &str) -> &'static str {
        let factor = FACTORS.iter().position(|(factor, _)| *factor == name).expect("a factor");
        FACTORS[factor].1[self.chosen[factor]]
    }

    /// The faults; what some have no use for is left out.
    fn faults(&self) -> String {
        let (fault, shape) = (self.has("fault"), self.has("shape"));
        let mut all = Vec::new();
        let is_of_steps = self.has("struck").contains("every");
        if fault.starts_with("flush") {
            all.push(format!("{}, {fault}", shape.replace("for: 2s", "").replace("for: 1s, ", "")));
        } else if !fault.is_empty() {
            // With steps of its own a fault lasts longer than it takes to begin again.
            let shape =
                if is_of_steps { shape.replace("every: 3s", "every: 9s") } else { shape.into() };
            all.push(format!("{shape}, {fault}{}", self.has("struck")));
        }
        for (fault, shape) in [("cut", "at: 6s, for: 1s"), ("deploy", "at: 5s"), ("out", "at: 0s")]
        {
            if !self.has(fault).is_empty() {
                all.push(format!("{shape}, {}", self.has(fault)));
            }
        }
        let written = all.iter().map(|fault| format!("{{ {fault} }}").replace(", ,", ","));
        written.collect::<Vec<_>>().join(", ")
    }

    fn text(&self) -> String {
        let mut text = one_section_a_line(SYSTEM).replace("<faults>", &self.faults());
        let mut regions = self.has("regions").split('|');
        for place in ["regions", "region of web", "region of a", "region of b"] {
            text = text.replace(&format!("<{place}>"), regions.next().expect("four of them"));
        }
        let thinks = self.has("users").contains("users");
        text = text.replace(", <think>", if thinks { ", think: exponential 200ms" } else { "" });
        for (name, _) in FACTORS {
            text = text.replace(&format!("<{name}>"), self.has(name));
        }
        text
    }

    /// The number of things in it that mean nothing together.
    fn mistakes(&self) -> usize {
        let has_no_start = self.has("policy") == "consistent hash";
        let has_no_memory = self.has("cache").starts_with("hit rate");
        usize::from(has_no_start && !self.has("slow start").is_empty())
            + usize::from(has_no_memory && self.has("fault").starts_with("flush"))
    }
}

/// Everything that is offered ends, and everything that is accepted is given back.
fn assert_accounted_for(finished: &Finished, text: &str) {
    assert!(finished.system.is_drained(), "{text}");
    for workload in &finished.summary.workloads {
        let failed: u64 = workload.failed.values().sum();
        assert_eq!(workload.offered, workload.ok + workload.degraded + failed, "{text}");
        assert!(workload.offered > 30, "{text}");
    }
    for queue in &finished.summary.queues {
        let ended = queue.delivered + queue.dead + queue.expired + queue.purged;
        assert_eq!(queue.sent, ended + queue.waiting, "{}: {text}", queue.name);
        assert_eq!(queue.in_flight, 0, "{}: {text}", queue.name);
    }
    let [queue, review] = &finished.summary.queues[..] else { panic!("two queues") };
    assert_eq!(queue.waiting, 0, "{text}");
    if text.contains("dead letters") {
        assert_eq!(queue.dead, review.sent, "{text}");
    }
    if text.contains("on expiry") {
        assert_eq!(queue.expired, queue.compensated, "{text}");
    }
    for call in &finished.summary.calls {
        let ended: u64 = call.ended.values().sum();
        assert_eq!(call.calls, ended + call.abandoned, "{}: {text}", call.edge);
    }
    for pool in &finished.summary.pools {
        let is_enlarged =
            pool.owner.starts_with("b#") && text.contains("services.b.threads.max: 6");
        let slots = pool
            .capacity
            .map_or(u64::MAX, |slots| u64::from(if is_enlarged { slots.max(6) } else { slots }));
        assert!(pool.busy_max <= slots, "{pool:?}: {text}");
    }
}

/// What is done twice: nothing, if there are keys or if nobody asks twice.
fn assert_once(system: &System, finished: &Finished, text: &str) {
    let duplicates = |name: &str| {
        let effects = finished.summary.effects.iter();
        effects.filter(|effect| effect.name == name).map(|effect| effect.duplicates).sum::<u64>()
    };
    let has_keys = !system.has("keys").is_empty();
    let asks_twice = !system.has("hedge").is_empty() || !system.has("retry").is_empty();
    if has_keys || !asks_twice {
        assert_eq!(duplicates("done"), 0, "{text}");
    }
    // Messages are delivered again after a failure, without limit unless there is one.
    if has_keys {
        assert_eq!(duplicates("delivered"), 0, "{text}");
    }
}

/// An instance that is out for the whole run has no work.
fn assert_nothing_reaches_what_is_out(system: &System, finished: &Finished, text: &str) {
    if system.has("out").is_empty() {
        return;
    }
    let pools = finished.summary.pools.iter().filter(|pool| pool.owner == "b#4");
    assert_eq!(pools.map(|pool| pool.granted).sum::<u64>(), 0, "{text}");
}

fn systems() -> Vec<System> {
    let levels: Vec<usize> = FACTORS.iter().map(|(_, values)| values.len()).collect();
    covering(&levels).into_iter().map(|chosen| System { chosen }).collect()
}

#[test]
fn every_pair_of_elements_keeps_what_is_promised() {
    let (mut refused, mut plans, mut prints) = (0, Vec::new(), Vec::new());
    for system in systems() {
        let text = system.text();
        let loaded = load_text(&text, &[]);
        let problems = loaded.problems.iter();
        let errors: Vec<_> = problems.filter(|it| it.severity == Severity::Error).collect();
        assert_eq!(errors.len(), system.mistakes(), "{text}: {errors:?}");
        assert!(errors.iter().all(|error| error.at.is_some()), "{text}: {errors:?}");
        if !errors.is_empty() {
            refused += 1;
            continue;
        }
        let plan = blueprint(&loaded);
        let finished = run(&plan);
        assert_accounted_for(&finished, &text);
        assert_once(&system, &finished, &text);
        assert_nothing_reaches_what_is_out(&system, &finished, &text);
        prints.push(finished.summary.fingerprint);
        plans.push(plan);
    }
    assert!(refused > 0 && plans.len() > 50, "{refused} refused, {} run", plans.len());
    // The same again, side by side.
    let again = run_all(&plans, &Unattended { jobs: 3 });
    let again: Vec<String> = again.into_iter().map(|it| it.summary.fingerprint).collect();
    assert_eq!(prints, again);
}

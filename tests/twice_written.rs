//! Systems that are written in two ways and are the same: one run is like the other.

use std::fmt::Write;

use serde_json::Value;
use sim_experiments::Finished;

use crate::running::{blueprint, load_file, load_text, one_section_a_line, run};

/// A system with places for what is written in one way or another.
const SYSTEM: &str = "run: { duration: 20s, drain: 2m, seed: 3<run> }
    <top>
    workloads: { web: { to: a, arrivals: <arrivals><web> }, desk: { to: a, users: <users>, think: exponential 500ms<web> } }
    services: { a: { instances: 2, threads: 20, handle: [ { work: exponential 5ms }, { call: b<step> }, { send: q } ]<a> }, b: { instances: <instances>, threads: <threads>, handle: [ <work>, { query: db } ]<b> }, c: { threads: 3, handle: [ { work: exponential 9ms } ] } }
    databases: { db: { connections: 4, query: 9ms } }
    queues: { q: { deliver to: c<queue> } }
    calls: { web -> a: { timeout: 2s }, desk -> a: { timeout: 2s }, a -> b: { <limits><a to b> }, b -> db: { timeout: 2s }, q -> c: { timeout: 1s } }
    faults: [ { at: 7s, for: 2s, slow: db, by: 4x }<faults> ]";

/// What is written at a place unless a way of writing says something else.
const USUAL: [(&str, &str); 6] = [
    ("arrivals", "poisson 50/s"),
    ("users", "5"),
    ("instances", "2"),
    ("threads", "6"),
    ("work", "{ work: 20ms }"),
    ("limits", "timeout: 200ms"),
];

/// How much of two runs is the same.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Alike {
    /// Every event.
    Runs,
    /// All that the summary has, but the number of events.
    Summaries,
    /// All figures of workloads, calls and queues; there is something else to report on.
    Figures,
}
use Alike::{Figures, Runs, Summaries};

type Way = &'static [(&'static str, &'static str)];

const PAIRS: &[(Alike, Way, Way)] = &[
    (Runs, &[("threads", "6")], &[("threads", "{ max: 6 }")]),
    (Runs, &[], &[("run", ", warmup: 0s, availability: 99%")]),
    (Runs, &[("instances", "1")], &[("instances", "1"), ("a to b", ", balance: round robin")]),
    (Runs, &[], &[("b", ", idempotent: true"), ("step", ", on failure: fail")]),
    (Runs, &[("work", "{ work: 20ms }")], &[("work", "{ work: constant 0.02s }")]),
    (Runs, &[("arrivals", "poisson 50/s")], &[("arrivals", "poisson 3000/m")]),
    (Runs, &[("arrivals", "poisson 50/s")], &[("arrivals", "{ process: poisson, rate: 50/s }")]),
    (Runs, &[], &[("arrivals", "{ process: poisson, steps: [ { at: 0s, rate: 50/s } ] }")]),
    (
        Runs,
        &[("limits", "timeout: 200ms")],
        &[("limits", "timeout: { preset: polly, Timeout: 200ms }")],
    ),
    (Runs, &[("limits", "timeout: 200ms")], &[("limits", "guards: [ timeout: 200ms ]")]),
    (
        Runs,
        &[(
            "limits",
            "timeout: 200ms, call timeout: 300ms, retry: { attempts: 2, backoff: fixed 9ms }",
        )],
        &[(
            "limits",
            "guards: [ timeout: 300ms, retry: { attempts: 2, backoff: fixed 9ms }, timeout: 200ms ]",
        )],
    ),
    (
        Runs,
        &[(
            "limits",
            "timeout: 200ms, bulkhead: { semaphore: 3 }, rate limit: { gcra: 60/s, burst: 3 }, breaker: { consecutive failures: 5, wait: 1s }",
        )],
        &[(
            "limits",
            "guards: [ rate limit: { gcra: 60/s, burst: 3 }, bulkhead: { semaphore: 3 }, breaker: { consecutive failures: 5, wait: 1s }, timeout: 200ms ]",
        )],
    ),
    (
        Runs,
        &[("a to b", ", retry: { attempts: 3, backoff: 500ms }")],
        &[("a to b", ", retry: { attempts: 3, backoff: fixed 500ms }")],
    ),
    (
        Runs,
        &[("a to b", ", hedge: { delay: 50ms }")],
        &[("a to b", ", hedge: { delay: 50ms, max: 2, cancel losers: true }")],
    ),
    (
        Runs,
        &[("a to b", ", balance: round robin")],
        &[(
            "a to b",
            ", balance: { policy: round robin, panic threshold: 50%, update merge window: 0s }",
        )],
    ),
    (
        Runs,
        &[("a to b", ", breaker: { }")],
        &[(
            "a to b",
            ", breaker: { window: 100 calls, failure rate: 50%, minimum calls: 10, wait: 30s, half-open calls: 3, scope: caller instance, late results: counted }",
        )],
    ),
    (Runs, &[("a to b", ", fallback: default")], &[("a to b", ", fallback: [ default ]")]),
    (
        Runs,
        &[("queue", "")],
        &[(
            "queue",
            ", partitions: 1, partition by: request, concurrency: 1, order: fifo, backoff: fixed 1s, pause: 1s",
        )],
    ),
    (
        Runs,
        &[("top", "priorities: [one]"), ("queue", ", partition by: request")],
        &[("top", "priorities: [one]"), ("queue", ", partition by: priority, order: priority")],
    ),
    (Runs, &[], &[("b", ", admission: { order: fifo }")]),
    (Runs, &[], &[("top", "priorities: [one]"), ("web", ", priority: one")]),
    (Summaries, &[], &[("a to b", ", latency: 0ms")]),
    (Runs, &[], &[("top", "defaults: { services: { threads: 9 } }")]),
    (Runs, &[], &[("top", "defaults: { calls: { timeout: 3s } }")]),
    (
        Summaries,
        &[("limits", "timeout: 200ms")],
        &[
            ("top", "defaults: { calls: { timeout: 200ms }, services: { threads: 9 } }"),
            ("limits", "latency: 0ms"),
        ],
    ),
    (
        Runs,
        &[("faults", ", { at: 9s, for: 3s, crash: b }")],
        &[("faults", ", { at: 9s, for: 3s, crash: b, instances: 1 to 2 }")],
    ),
    (
        Runs,
        &[("faults", ", { at: 9s, for: 3s, refuse: b, instances: [1, 2] }")],
        &[("faults", ", { at: 9s, for: 3s, refuse: b, instances: 100% }")],
    ),
    (
        Runs,
        &[("faults", ", { at: 9s, for: 3s, pause: b, instances: 1 }")],
        &[("faults", ", { at: 9s, for: 3s, pause: b, instances: 1 to 1 }")],
    ),
    (
        Summaries,
        &[("faults", ", { at: 9s, for: 3s, refuse: b }")],
        &[(
            "faults",
            ", { at: 9s, for: 3s, refuse: b, instances: [1] }, { at: 9s, for: 3s, refuse: b, instances: [2] }",
        )],
    ),
    (
        Summaries,
        &[("faults", ", { at: 9s, for: 3s, crash: b }")],
        &[(
            "faults",
            ", { at: 9s, for: 3s, crash: b, instances: [1] }, { at: 9s, for: 3s, crash: b, instances: [2] }",
        )],
    ),
    (
        Summaries,
        &[("faults", ", { at: 6s, for: 10s, slow: b, by: 3x }")],
        &[(
            "faults",
            ", { at: 6s, for: 5s, slow: b, by: 3x }, { at: 11s, for: 5s, slow: b, by: 3x }",
        )],
    ),
    (
        Summaries,
        &[("faults", ", { at: 6s, for: 10s, crash: b }")],
        &[("faults", ", { at: 6s, for: 5s, crash: b }, { at: 11s, for: 5s, crash: b }")],
    ),
    (
        Summaries,
        &[("faults", ", { at: 6s, for: 10s, refuse: a -> b }")],
        &[(
            "faults",
            ", { at: 6s, for: 5s, refuse: a -> b }, { at: 11s, for: 5s, refuse: a -> b }",
        )],
    ),
    (
        Summaries,
        &[("faults", ", { at: 6s, for: 10s, black hole: a -> b }")],
        &[(
            "faults",
            ", { at: 6s, for: 5s, black hole: a -> b }, { at: 11s, for: 5s, black hole: a -> b }",
        )],
    ),
    (
        Figures,
        &[("faults", ", { at: 4s, for: 1s, every: 5s, refuse: b }")],
        &[(
            "faults",
            ", { at: 4s, for: 1s, refuse: b }, { at: 9s, for: 1s, refuse: b }, { at: 14s, for: 1s, refuse: b }, { at: 19s, for: 1s, refuse: b }",
        )],
    ),
    (
        Figures,
        &[("faults", ", { at: 9s, for: 4s, refuse: b }, { at: 13s, for: 4s, slow: b, by: 3x }")],
        &[(
            "top",
            "chaos: { at: 9s, stages: [ { for: 4s, refuse: b }, { for: 4s, slow: b, by: 3x } ], abort when: [ p99 of web is above 1h ] }",
        )],
    ),
    (
        Summaries,
        &[("faults", ", { at: 9s, for: 4s, crash: b, instances: 1 to 2, end: one every 3s }")],
        &[(
            "faults",
            ", { at: 9s, for: 4s, crash: b, instances: [1] }, { at: 9s, for: 7s, crash: b, instances: [2] }",
        )],
    ),
    (Summaries, &[], &[("faults", ", { at: 3s, for: 9s, slow: b, by: 1x }")]),
    (Summaries, &[], &[("faults", ", { at: 3s, for: 9s, surge: web, by: 1x }")]),
    (Summaries, &[], &[("a to b", ", retry: { attempts: 1, backoff: none }")]),
    (Summaries, &[], &[("a to b", ", hedge: { delay: 1h }")]),
    (Figures, &[], &[("a to b", ", breaker: { consecutive failures: 100000 }")]),
    (Figures, &[], &[("a to b", ", bulkhead: { semaphore: 1000 }")]),
    (Figures, &[], &[("a to b", ", rate limit: { token bucket: 100000/s, burst: 1000 }")]),
    (Figures, &[], &[("b", ", cpus: 1000")]),
    (Summaries, &[], &[("b", ", contention: { serial: 0%, crosstalk: 0% }")]),
    (Summaries, &[], &[("a to b", ", balance: { policy: round robin, zones: 1 }")]),
    (Summaries, &[], &[("a to b", ", balance: { policy: weighted, weights: [3, 3] }")]),
    (
        Summaries,
        &[],
        &[("a to b", ", balance: { policy: round robin, health check: { interval: 1s } }")],
    ),
    (Summaries, &[], &[("a to b", ", balance: { policy: round robin, outlier detection: { } }")]),
    (Figures, &[], &[("b", ", autoscale: { min: 2, target: 50%, start-up: 1s }")]),
    (
        Summaries,
        &[],
        &[
            ("top", "regions: { x: { y: 0ms }, y: {} }"),
            ("web", ", region: x"),
            ("a", ", region: x"),
            ("b", ", region: y"),
        ],
    ),
    (
        Summaries,
        &[("a to b", ", latency: 7ms")],
        &[
            ("top", "regions: { x: { y: 7ms }, y: {} }"),
            ("web", ", region: x"),
            ("a", ", region: x"),
            ("b", ", region: y"),
        ],
    ),
    (Summaries, &[], &[("users", "{ from: 5, stages: [ { to: 5, over: 9s } ] }")]),
    (Summaries, &[], &[("work", "{ branch: 100%, then: [ { work: 20ms } ] }")]),
    (
        Summaries,
        &[("work", "{ work: 9ms }, { work: 9ms }")],
        &[("work", "{ repeat: 2, steps: [ { work: 9ms } ] }")],
    ),
    (Summaries, &[], &[("work", "{ parallel: [ [ { work: 20ms } ] ] }")]),
    (Summaries, &[("work", "{ work: 20ms }")], &[("work", "{ pause: 20ms }")]),
    (
        Figures,
        &[],
        &[("b", ", pools: { p: 1000 }"), ("work", "{ hold: p, steps: [ { work: 20ms } ] }")],
    ),
];

fn written(way: Way) -> String {
    let mut text = one_section_a_line(SYSTEM);
    for (place, words) in way.iter().chain(&USUAL) {
        text = text.replace(&format!("<{place}>"), words);
    }
    for place in ["run", "top", "web", "a", "b", "step", "queue", "a to b", "faults"] {
        text = text.replace(&format!("<{place}>"), "");
    }
    text
}

/// The parts of a run that two ways of writing have in common, by name.
fn parts(finished: &Finished, alike: Alike) -> Vec<(String, Value)> {
    let summary = serde_json::to_value(&finished.summary).expect("it can be written");
    let Value::Object(mut all) = summary else { unreachable!("a summary is a map") };
    // A fault that does nothing is in force all the same.
    if alike != Runs {
        for workload in all["workloads"].as_array_mut().expect("a list") {
            workload.as_object_mut().expect("a map").remove("phases");
        }
    }
    let is_common = |name: &str| match alike {
        Runs => name != "scenario",
        Summaries => !["scenario", "fingerprint", "events"].contains(&name),
        Figures => ["workloads", "calls", "queues"].contains(&name),
    };
    all.into_iter().filter(|(name, _)| is_common(name)).collect()
}

/// What is different, or nothing.
fn difference(one: &Finished, other: &Finished, alike: Alike) -> String {
    let mut found = String::new();
    for (one, other) in parts(one, alike).into_iter().zip(parts(other, alike)) {
        if one != other {
            let _ = writeln!(found, "{}\n  {}\n  {}", one.0, one.1, other.1);
        }
    }
    found
}

#[test]
fn what_is_written_in_two_ways_is_one_system() {
    let mut differences = String::new();
    for (alike, one, other) in PAIRS {
        let [first, second] =
            [one, other].map(|way| run(&blueprint(&load_text(&written(way), &[]))));
        let found = difference(&first, &second, *alike);
        if !found.is_empty() {
            let _ = writeln!(differences, "{one:?}\n{other:?}\n{found}");
        }
    }
    assert!(differences.is_empty(), "{differences}");
}

/// A variant, a setting of the command line and an included file are the file with their values.
#[test]
fn values_are_the_same_wherever_they_come_from() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path
    };
    let plain = written(&[("threads", "3"), ("faults", ", { at: 9s, for: 3s, refuse: b }")]);
    let expected = run(&blueprint(&load_text(&plain, &[])));

    let usual = written(&[("faults", ", { at: 9s, for: 3s, refuse: b }")]);
    let settings = load_text(&usual, &["services.b.threads=3"]);
    let variant = write(
        "variant.yaml",
        &format!("{usual}\nvariants: {{ few: {{ services.b.threads: 3 }} }}\n"),
    );
    let (common, own): (Vec<&str>, Vec<&str>) =
        plain.lines().partition(|line| line.starts_with("services") || line.starts_with("calls"));
    write("common.yaml", &common.join("\n"));
    let including = write("main.yaml", &format!("include: [ common.yaml ]\n{}", own.join("\n")));
    for loaded in
        [settings, load_file(&variant, Some("few"), &[]), load_file(&including, None, &[])]
    {
        let found = difference(&expected, &run(&blueprint(&loaded)), Runs);
        assert!(found.is_empty(), "{found}");
    }
}

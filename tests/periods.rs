//! Everything that comes again and again has a shortest period.

use std::collections::BTreeSet;

use serde_json::Value;
use sim_models::scenario::json_schema;
use sim_reports::{Palette, diagnostics};

use crate::running::load_text;

/// The keys that say how often something comes, and what they are of. Those marked `false` may be as short as one likes:
/// nothing is done that often, since the span is only compared with the time of a call.
const KEYS: [(&str, &str, bool); 13] = [
    ("Autoscale", "every", true),
    ("CodelSection", "interval", false),
    ("Diurnal", "period", true),
    ("Flush", "every", true),
    ("GoBreakerSection", "BucketPeriod", false),
    ("GoBreakerSection", "Interval", false),
    ("HealthCheckSection", "interval", true),
    ("InForceSpan", "every", true),
    ("IstioOutlierDetection", "interval", true),
    ("OutlierSection", "interval", true),
    ("ProbeSection", "every", true),
    ("Resilience4jLimiter", "limitRefreshPeriod", false),
    ("ScaleUp", "every", true),
];

/// Finds every key of the file format whose name says that something comes again and again, with the type of its value.
fn recurring() -> BTreeSet<(String, bool)> {
    let schema: Value = serde_json::to_value(json_schema()).expect("a schema is JSON");
    let mut found = BTreeSet::new();
    let mut left = vec![&schema];
    while let Some(value) = left.pop() {
        for (key, of) in value["properties"].as_object().into_iter().flatten() {
            let name = key.to_lowercase();
            let is_recurring = ["every", "interval", "period"].iter().any(|it| name.ends_with(it));
            let text = of.to_string();
            let is_period = text.contains("#/$defs/Period");
            if (is_recurring && text.contains("#/$defs/Duration")) || is_period {
                found.insert((key.clone(), is_period));
            }
        }
        match value {
            Value::Object(fields) => left.extend(fields.values()),
            Value::Array(items) => left.extend(items),
            _ => {}
        }
    }
    found
}

#[test]
fn every_key_of_a_period_is_known_here() {
    let known: BTreeSet<(String, bool)> =
        KEYS.iter().map(|(_, key, is_bounded)| ((*key).to_owned(), *is_bounded)).collect();
    assert_eq!(recurring(), known);
}

/// Each key, written with a period that is too short, and with the shortest.
#[test]
fn a_period_is_a_millisecond_or_more() {
    const AROUND: &str = "workloads: { web: { to: a, arrivals: poisson 10/s } }
databases: { d: { connections: 3, query: 1ms } }
caches: { c: { keys: 10, ttl: 1m } }
";
    let service = |settings: &str| {
        format!(
            "{AROUND}services: {{ a: {{ threads: 4, {settings}, handle: [ {{ query: d }} ] }} }}\n"
        )
    };
    let call = |settings: &str| {
        format!("{}calls: {{ a -> d: {{ {settings} }} }}\n", service("instances: 2"))
    };
    let fault =
        |written: &str| format!("{}faults: [ {{ at: 1s, {written} }} ]\n", service("instances: 2"));
    let scaler = |rest: &str| {
        service(&format!(
            "instances: 4, autoscale: {{ min: 2, target: 60%, start-up: 1s, {rest} }}"
        ))
    };
    let places = [
        ("autoscaler", scaler("every: PERIOD")),
        ("scale up", scaler("scale up: { pods: 4, every: PERIOD }")),
        ("readiness", service("readiness: { call: self, every: PERIOD, timeout: 1us }")),
        ("liveness", service("liveness: { call: self, every: PERIOD, timeout: 1us }")),
        ("health check", call("balance: { policy: random, health check: { interval: PERIOD } }")),
        ("outliers", call("balance: { policy: random, outlier detection: { interval: PERIOD } }")),
        ("istio", call("breaker: { preset: istio, outlierDetection: { interval: PERIOD } }")),
        ("fault", fault("for: 1us, crash: a, every: PERIOD")),
        ("flush", fault("flush: c, every: PERIOD")),
        ("pace", fault("for: 1s, crash: a, begin: one every PERIOD")),
        (
            "diurnal",
            service("instances: 2")
                .replace("poisson 10/s", "{ diurnal: { mean: 10/s, swing: 10%, period: PERIOD } }"),
        ),
    ];
    for (place, text) in places {
        let told = |period: &str| {
            let loaded = load_text(&text.replace("PERIOD", period), &["run.duration=5s"]);
            diagnostics::render(&loaded.problems, &loaded.sources, Palette::Plain)
        };
        for short in ["0s", "1ns", "0.5ns", "999us"] {
            let told = told(short);
            assert!(
                told.contains("too short for something that comes again and again"),
                "{place}: {told}"
            );
            assert!(
                told.contains("test.yaml:") && told.contains("write at least `1ms`"),
                "{place}: {told}"
            );
        }
        for enough in ["1ms", "1s"] {
            assert!(!told(enough).contains("too short"), "{place}: {}", told(enough));
        }
    }
}

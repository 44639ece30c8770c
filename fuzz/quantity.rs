//! Quantities: one text wherever a value with a unit may be.

use sim_models::scenario::{load, utf_8};

use crate::system::{SYSTEM, input, limited, run_if_sound};

/// A setting of each kind of value.
const PLACES: [&str; 14] = [
    "run.duration",
    "run.seed",
    "workloads.web.arrivals",
    "services.a.threads",
    "services.b.cpus",
    "services.b.handle[0].work",
    "calls.a -> b.timeout",
    "calls.a -> b.latency",
    "calls.a -> b.retry.backoff",
    "calls.a -> b.breaker.window",
    "calls.a -> b.breaker.failure rate",
    "calls.a -> b.rate limit",
    "faults[0].by",
    "limits.memory",
];

/// Gives each setting this value, as a text and as whatever YAML makes of it.
pub fn target(bytes: &[u8]) {
    let Ok(text) = utf_8(bytes.to_vec()) else { return };
    let quoted = serde_json::to_string(&text).expect("a text");
    for place in PLACES {
        for value in [&text, &quoted] {
            let setting = format!("{place}={value}");
            run_if_sound(&load(&input(SYSTEM), &limited(&[&setting])));
        }
    }
}

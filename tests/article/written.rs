//! The guards of a scenario file as they are written, case by case.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

/// The kinds of guards that a call can have under their own keys.
const KINDS: [&str; 10] = [
    "timeout",
    "call timeout",
    "connect timeout",
    "bulkhead",
    "breaker",
    "retry",
    "rate limit",
    "throttle",
    "hedge",
    "fallback",
];

/// A guard, wherever cases of a file have it: the same settings on the same call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Guard {
    /// The call, such as `a -> b`, or the service whose requests it guards.
    pub place: String,
    /// Its kind and settings.
    pub settings: String,
}

/// A case that has a guard, and the path of the guard in it.
pub struct Occurrence {
    /// The variant; `None` for the scenario as it is written.
    pub variant: Option<String>,
    /// The path to remove.
    pub path: String,
}

/// All guards of a file with the cases that have them, the scenario as it is written first.
pub fn guards_of(file: &Path) -> BTreeMap<Guard, Vec<Occurrence>> {
    let text = std::fs::read_to_string(file).expect("readable");
    let written: Value = serde_saphyr::from_str(&text).expect("YAML");
    let variants = written["variants"].as_object().cloned().unwrap_or_default();
    let mut cases = vec![(None, written.clone())];
    for (name, overrides) in variants {
        let mut case = written.clone();
        for (path, value) in overrides.as_object().into_iter().flatten() {
            replace(&mut case, path, value);
        }
        cases.push((Some(name), case));
    }
    let mut guards = BTreeMap::<Guard, Vec<Occurrence>>::new();
    for (variant, case) in &cases {
        for (guard, path) in guards_in(case) {
            guards.entry(guard).or_default().push(Occurrence { variant: variant.clone(), path });
        }
    }
    guards
}

/// The guards of one case with their paths.
///
/// Clients decide for themselves how long to wait; only guards between services count.
fn guards_in(case: &Value) -> Vec<(Guard, String)> {
    let is_of_a_client = |edge: &str| {
        let caller = edge.split(" -> ").next().unwrap_or_default();
        !case["workloads"][caller].is_null()
    };
    let mut guards = Vec::new();
    let mut add = |place: &str, kind: &str, settings: &Value, path: String| {
        let settings = format!("{kind}: {settings}");
        guards.push((Guard { place: place.into(), settings }, path));
    };
    for (edge, call) in case["calls"].as_object().into_iter().flatten() {
        if is_of_a_client(edge) {
            continue;
        }
        for kind in KINDS {
            if !call[kind].is_null() {
                add(edge, kind, &call[kind], format!("calls.{edge}.{kind}"));
            }
        }
        let listed = call["guards"].as_array().into_iter().flatten();
        for (position, guard) in listed.filter(|guard| !guard.is_null()).enumerate() {
            add(edge, "guard", guard, format!("calls.{edge}.guards[{position}]"));
        }
    }
    for (service, settings) in case["services"].as_object().into_iter().flatten() {
        if !settings["admission"].is_null() {
            add(
                service,
                "admission",
                &settings["admission"],
                format!("services.{service}.admission"),
            );
        }
    }
    guards
}

/// Puts a value in the place that a path names; a place in a list that is removed stays as a null.
fn replace(case: &mut Value, path: &str, value: &Value) {
    let mut place = case;
    for key in path.split(['.', '[']).map(|key| key.trim_end_matches(']')) {
        if place.is_null() {
            *place = Value::Object(serde_json::Map::new());
        }
        place = match place {
            Value::Array(items) => {
                let item = items.iter_mut().enumerate().find(|(index, item)| {
                    key.parse() == Ok(*index) || item["name"] == key || !item[key].is_null()
                });
                match item {
                    Some((_, item)) => item,
                    None => return,
                }
            }
            Value::Object(map) => map.entry(key).or_insert(Value::Null),
            // Part of a short form, such as `threads: 50`, which stays as it is written.
            _ => return,
        };
    }
    *place = value.clone();
}

//! Numbers beyond what a setting can hold: an error at its place, or the value as it is; never cut.
//!
//! The settings are those of the JSON Schema, every one of them: each is written into a scenario with
//! the least that it needs beside it. If the scenario is sound with an ordinary number there, others
//! are tried.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use sim_models::scenario::{Loaded, json_schema};

use crate::running::load_text;

/// Stands where the number is written.
const MARK: &str = "«number»";

/// The scenario into which a setting is written.
const AROUND: &str = r#"{
  "run": { "duration": "60s" },
  "priorities": ["high", "low"],
  "regions": { "r1": { "r2": "1ms" }, "r2": {} },
  "hosts": { "h": { "cpus": 4 } },
  "workloads": { "web": { "to": "a", "arrivals": "poisson 10/s" } },
  "services": {
    "a": { "threads": 5, "handle": [ { "call": "b" }, { "query": "d" }, { "cache": "c", "miss": [] }, { "send": "q" } ] },
    "b": { "instances": 4, "threads": 7, "handle": [ { "work": "1ms" } ] }
  },
  "databases": { "d": { "connections": 3, "query": "1ms" } },
  "caches": { "c": { "keys": 10, "ttl": "1m" } },
  "queues": { "q": { "deliver to": "b" }, "q2": {} },
  "calls": { "a -> b": { "timeout": "1s", "breaker": {} } },
  "faults": [ { "at": "1s", "for": "5s", "slow": "b", "by": "2x" } ]
}"#;

/// What a text that has no form of its own says under a key.
fn name_for(key: &str) -> &'static str {
    match key {
        "to" => "a",
        "query" => "d",
        "cache" | "flush" => "c",
        "send" => "q",
        "dead letters" => "q2",
        "surge" => "web",
        "host" => "h",
        "region" => "r1",
        "priority" => "high",
        "when" | "abort when" => "error rate of web over 1s is above 10%",
        "force open" | "force closed" | "disable" | "enable" | "reset" | "break breaker"
        | "black hole" => "a -> b",
        "hold" => "p",
        "effect" => "charge",
        "figures" => "availability of web",
        _ => "b",
    }
}

struct Schema {
    root: Value,
}

impl Schema {
    fn resolved<'a>(&'a self, schema: &'a Value) -> (&'a Value, Option<&'a str>) {
        match schema["$ref"].as_str().and_then(|path| path.strip_prefix("#/$defs/")) {
            Some(name) => (&self.root["$defs"][name], Some(name)),
            None => (schema, None),
        }
    }

    /// The ways in which a value may be written.
    fn ways(schema: &Value) -> Vec<&Value> {
        let ways = schema["anyOf"].as_array().or(schema["oneOf"].as_array());
        ways.map_or_else(|| vec![schema], |ways| ways.iter().collect())
    }

    fn is(schema: &Value, kind: &str) -> bool {
        let written = &schema["type"];
        written == kind || written.as_array().is_some_and(|it| it.iter().any(|it| it == kind))
    }

    /// The least that a value can be.
    fn least(&self, schema: &Value, key: &str, depth: usize) -> Value {
        let (schema, _) = self.resolved(schema);
        if depth > 12 {
            return Value::Null;
        }
        let way = Self::ways(schema)[0];
        if way != schema {
            return self.least(way, key, depth + 1);
        }
        if !schema["const"].is_null() {
            return schema["const"].clone();
        }
        if let Some(first) = schema["examples"].as_array().and_then(|examples| examples.first()) {
            return first.clone();
        }
        let is = |kind| Self::is(schema, kind);
        if is("object") {
            let required = schema["required"].as_array().into_iter().flatten();
            let entry = |name: &Value| {
                let name = name.as_str().unwrap_or_default();
                (name.to_owned(), self.least(&schema["properties"][name], name, depth + 1))
            };
            return Value::Object(required.map(entry).collect());
        }
        match () {
            () if is("string") => name_for(key).into(),
            () if is("integer") => 2.into(),
            () if is("number") => json!(0.5),
            () if is("boolean") => true.into(),
            () if is("array") => json!([]),
            () => Value::Null,
        }
    }

    /// Every value that has one number somewhere in it, with a name for the setting, and a function
    /// that writes the number.
    fn with_a_number(&self, schema: &Value, key: &str, inside: &[&str]) -> Vec<(String, Value)> {
        let (schema, name) = self.resolved(schema);
        if name.is_some_and(|name| inside.contains(&name)) || inside.len() > 12 {
            return Vec::new();
        }
        let inside: Vec<&str> = inside.iter().copied().chain(name).collect();
        let ways = Self::ways(schema);
        if ways.len() > 1 || ways[0] != schema {
            return ways.iter().flat_map(|way| self.with_a_number(way, key, &inside)).collect();
        }
        let is = |kind| Self::is(schema, kind);
        if is("integer") || is("number") {
            return vec![(key.to_owned(), MARK.into())];
        }
        if is("string") {
            return quantity(schema).map(|it| (key.to_owned(), it.into())).into_iter().collect();
        }
        if is("array") {
            let items = self.with_a_number(&schema["items"], key, &inside);
            return items.into_iter().map(|(path, item)| (path, json!([item]))).collect();
        }
        let mut found = Vec::new();
        if schema["additionalProperties"].is_object() {
            let named = name_in(key);
            for (path, value) in self.with_a_number(&schema["additionalProperties"], key, &inside) {
                found.push((path, json!({ named: value })));
            }
        }
        for (property, of) in schema["properties"].as_object().into_iter().flatten() {
            for (path, value) in self.with_a_number(of, property, &inside) {
                let mut object =
                    self.least(schema, key, 0).as_object().cloned().unwrap_or_default();
                object.insert(property.clone(), value);
                let path = if path == *property { path } else { format!("{property}.{path}") };
                found.push((path, Value::Object(object)));
            }
        }
        found
    }
}

/// A quantity with a number at its beginning or after a word: `«number»ms`, `poisson «number»/s`.
fn quantity(schema: &Value) -> Option<String> {
    let example = schema["examples"].as_array()?.first()?.as_str()?;
    let start = example.find(|letter: char| letter.is_ascii_digit())?;
    let rest = &example[start..];
    let end = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.');
    Some(format!("{}{MARK}{}", &example[..start], end.map_or("", |end| &rest[end..])))
}

/// The name that an entry of a section of named things has.
fn name_in(section: &str) -> &'static str {
    match section {
        "workloads" => "web",
        "services" => "b",
        "databases" => "d",
        "caches" => "c",
        "hosts" => "h",
        "queues" => "q",
        "calls" => "a -> b",
        "regions" => "r2",
        "pools" => "p",
        _ => "thing",
    }
}

/// Writes a section into the scenario: settings of a thing that is there are set, others replaced.
fn written_into(around: &Value, section: &Value) -> Value {
    let mut scenario = around.clone();
    for (name, value) in section.as_object().into_iter().flatten() {
        match (scenario.get_mut(name), value) {
            (Some(Value::Object(there)), Value::Object(new)) => {
                for (thing, settings) in new {
                    let mut merged =
                        there.get(thing).and_then(Value::as_object).cloned().unwrap_or_default();
                    match settings {
                        Value::Object(settings) => {
                            merged.extend(settings.clone());
                            there.insert(thing.clone(), without_contradictions(merged).into());
                        }
                        other => drop(there.insert(thing.clone(), other.clone())),
                    }
                }
            }
            _ => drop(scenario.as_object_mut().map(|it| it.insert(name.clone(), value.clone()))),
        }
    }
    scenario
}

/// Leaves out of a thing what its new settings exclude.
fn without_contradictions(mut thing: Map<String, Value>) -> Map<String, Value> {
    for (new, old) in [
        ("slots", "threads"),
        ("users", "arrivals"),
        ("hit rate", "keys"),
        ("hit rate", "ttl"),
        ("guards", "breaker"),
        ("guards", "timeout"),
    ] {
        if thing.contains_key(new) {
            thing.remove(old);
        }
    }
    if thing.contains_key("users") {
        thing.entry("think").or_insert("1s".into());
    }
    thing
}

fn loaded(template: &str, number: &str) -> Loaded {
    let quoted = format!("\"{MARK}\"");
    load_text(&template.replace(&quoted, number).replace(MARK, number), &[])
}

/// Everything that a scenario was understood as.
fn understood(loaded: &Loaded) -> Option<String> {
    loaded.blueprint.as_ref().map(|blueprint| format!("{blueprint:?} {:?}", loaded.analyses))
}

#[test]
fn no_number_is_cut() {
    const ORDINARY: [&str; 6] = ["2", "3", "20", "30", "0.5", "0.25"];
    const HUGE: [&str; 7] = [
        "4294967296",
        "4294967297",
        "9223372036854775808",
        "9223372036854777857",
        "18446744073709551616",
        "1e30",
        "3e30",
    ];
    let schema = Schema { root: serde_json::to_value(json_schema()).expect("JSON") };
    let around: Value = serde_json::from_str(AROUND).expect("JSON");
    // Defaults are read like the sections that they are for.
    let mut settings = schema.with_a_number(&schema.root, "", &[]);
    settings.retain(|(path, _)| !path.starts_with("defaults."));
    let (mut all, mut seen, mut mistakes) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for (path, section) in &settings {
        let template = written_into(&around, section).to_string();
        all.insert(path.clone());
        let ordinary = ORDINARY.map(|number| understood(&loaded(&template, number)));
        let sound: Vec<&String> = ordinary.iter().flatten().collect();
        let makes_a_difference = sound.iter().any(|it| *it != sound[0]);
        let mut before: Vec<(&str, String)> = Vec::new();
        for number in HUGE.into_iter().chain(["-1", "-0.5", "nan"]) {
            let loaded = loaded(&template, number);
            let Some(now) = understood(&loaded) else {
                let errors = loaded.problems.iter().filter(|it| it.is_error());
                if errors.clone().all(|it| it.at.is_none()) {
                    mistakes.push(format!("{path}: {number}: no place"));
                }
                continue;
            };
            if !makes_a_difference {
                continue;
            }
            // A fault that begins again after the end of the run begins once, whenever that is.
            if path.ends_with("faults.every") {
                continue;
            }
            if let Some((other, _)) = before.iter().find(|(_, known)| *known == now) {
                mistakes.push(format!("{path}: {other} and {number} are the same: {template}"));
            }
            if sound.contains(&&now) {
                mistakes.push(format!("{path}: {number} is taken for an ordinary number"));
            }
            before.push((number, now));
        }
        if makes_a_difference {
            seen.insert(path.clone());
        }
    }
    assert!(mistakes.is_empty(), "{} mistakes:\n{}", mistakes.len(), mistakes.join("\n"));
    let unseen: Vec<&String> = all.difference(&seen).collect();
    assert!(
        all.len() > 300 && seen.len() * 10 > all.len() * 6,
        "{} of {} settings were tried; not these: {unseen:#?}",
        seen.len(),
        all.len()
    );
}

/// Whole numbers may be written with an exponent, and only whole ones are taken.
#[test]
fn whole_numbers_are_whole_however_they_are_written() {
    let instances = |number: &str| {
        let text = format!(
            "workloads: {{ web: {{ to: a, arrivals: poisson 1/s }} }}
services: {{ a: {{ instances: {number}, handle: [ {{ work: 1ms }} ] }} }}"
        );
        load_text(&text, &[]).blueprint.map(|it| it.instances.len())
    };
    assert_eq!(instances("1e2"), Some(100));
    assert_eq!(instances("100.0"), Some(100));
    for wrong in ["1.5", "1e-1", "-1", "1e20", ".inf", ".nan", "4294967296", "5000000000"] {
        assert_eq!(instances(wrong), None, "{wrong}");
    }
}

#[test]
fn attempts_are_made_as_often_as_is_written() {
    let text = "
run: { duration: 1500ms }
workloads: { web: { to: a, arrivals: constant 1/s } }
services: { a: { handle: [ { call: b } ] }, b: { handle: [ { work: 1ms } ] } }
calls: { a -> b: { retry: { attempts: 100000, backoff: none } } }
faults: [ { refuse: b } ]";
    let finished = crate::running::run_text(text, &[]);
    assert_eq!(crate::running::call(&finished, "a -> b").attempts, 100_000);
}

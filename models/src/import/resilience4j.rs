//! Resilience4j in Spring Boot: `resilience4j.circuitbreaker`, `retry`, `bulkhead`,
//! `thread-pool-bulkhead`, `ratelimiter` and `timelimiter`, each with `configs` and `instances`.

use serde_json::{Map, Value, json};

use super::section::map;
use super::{Imported, Section};

/// What guards an instance, from the outside in: the order of Spring's aspects.
const MODULES: [&str; 6] =
    ["retry", "circuitbreaker", "ratelimiter", "timelimiter", "bulkhead", "thread-pool-bulkhead"];

/// Keys of a circuit breaker that are there under the same name.
const BREAKER_KEYS: [(&str, Kind); 13] = [
    ("slidingWindowType", Kind::Text),
    ("slidingWindowSize", Kind::Number),
    ("minimumNumberOfCalls", Kind::Number),
    ("failureRateThreshold", Kind::Number),
    ("slowCallRateThreshold", Kind::Number),
    ("slowCallDurationThreshold", Kind::Duration),
    ("permittedNumberOfCallsInHalfOpenState", Kind::Number),
    ("waitDurationInOpenState", Kind::Duration),
    ("enableExponentialBackoff", Kind::Bool),
    ("exponentialBackoffMultiplier", Kind::Number),
    ("exponentialMaxWaitDurationInOpenState", Kind::Duration),
    ("maxWaitDurationInHalfOpenState", Kind::Duration),
    ("automaticTransitionFromOpenToHalfOpenEnabled", Kind::Bool),
];

/// What a value is.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Number,
    Duration,
    Bool,
}

pub(super) fn read(document: &Value, imported: &mut Imported) {
    let Some(root) = document.get("resilience4j") else { return };
    let root = Section::new(Some(root), "resilience4j");
    let mut unknown = Vec::new();
    for module in MODULES {
        let module_section = root.section(module);
        let configs = module_section.section("configs");
        let instances =
            if module_section.is_there() { module_section.section("instances") } else { continue };
        for (name, own) in instances.entries() {
            let merged = with_base(own, &configs);
            let section = Section::new(Some(&merged), &format!("{module}.{name}"));
            section.take("baseConfig");
            let guard = guard(module, &section);
            let call = imported.call(name);
            call.guards.push(guard);
            call.remark(section.remarks());
        }
        unknown.extend(module_section.remarks());
    }
    unknown.extend(root.remarks());
    if let Some(call) = imported.calls.last_mut() {
        call.remark(unknown);
    }
}

/// An instance with what its base configuration, or the default one, says beside it.
fn with_base(own: &Value, configs: &Section<'_>) -> Value {
    let base = ["baseConfig", "base-config"]
        .iter()
        .find_map(|key| own.get(*key)?.as_str())
        .unwrap_or("default");
    let mut merged: Map<String, Value> =
        configs.take(base).and_then(Value::as_object).cloned().unwrap_or_default();
    let simple = |key: &str| key.replace('-', "").to_lowercase();
    for (key, value) in own.as_object().into_iter().flatten() {
        merged.retain(|known, _| simple(known) != simple(key));
        merged.insert(key.clone(), value.clone());
    }
    Value::Object(merged)
}

fn guard(module: &str, section: &Section<'_>) -> (&'static str, Value) {
    match module {
        "retry" => ("retry", retry(section)),
        "circuitbreaker" => ("breaker", breaker(section)),
        "ratelimiter" => (
            "rate limit",
            Value::Object(map([
                ("preset", Some("resilience4j".into())),
                ("limitForPeriod", section.number("limitForPeriod")),
                ("limitRefreshPeriod", section.duration("limitRefreshPeriod")),
                ("timeoutDuration", section.duration("timeoutDuration")),
            ])),
        ),
        "timelimiter" => {
            ("timeout", section.duration("timeoutDuration").unwrap_or_else(|| "1s".into()))
        }
        "bulkhead" => {
            let max_wait = section.duration("maxWaitDuration").filter(|wait| wait != "0s");
            let semaphore = section.number("maxConcurrentCalls").unwrap_or_else(|| 25.into());
            (
                "bulkhead",
                Value::Object(map([("semaphore", Some(semaphore)), ("max wait", max_wait)])),
            )
        }
        _ => (
            "bulkhead",
            Value::Object(map([
                ("threads", section.number("maxThreadPoolSize").or_else(|| Some(4.into()))),
                ("core", section.number("coreThreadPoolSize")),
                ("queue", section.number("queueCapacity").or_else(|| Some(100.into()))),
            ])),
        ),
    }
}

fn breaker(section: &Section<'_>) -> Value {
    let mut entries = map([("preset", Some("resilience4j".into()))]);
    for (key, kind) in BREAKER_KEYS {
        let value = match kind {
            Kind::Text => section.text(key).map(|text| text.to_uppercase().into()),
            Kind::Number => section.number(key),
            Kind::Duration => section.duration(key).filter(|span| span != "0s"),
            Kind::Bool => section.is_set(key).map(Value::from),
        };
        entries.extend(value.map(|value| (key.to_owned(), value)));
    }
    Value::Object(entries)
}

fn retry(section: &Section<'_>) -> Value {
    let wait = section.duration("waitDuration").and_then(|wait| wait.as_str().map(str::to_owned));
    let wait = wait.unwrap_or_else(|| "500ms".to_owned());
    let is_exponential = section.is_set("enableExponentialBackoff") == Some(true);
    let multiplier = section.number("exponentialBackoffMultiplier").unwrap_or_else(|| json!(1.5));
    let max = section.duration("exponentialMaxWaitDuration");
    let backoff = if wait == "0s" {
        "none".to_owned()
    } else if is_exponential {
        let max = max
            .as_ref()
            .and_then(Value::as_str)
            .map_or_else(String::new, |max| format!(" max {max}"));
        format!("exponential {wait} x{multiplier}{max}")
    } else {
        format!("fixed {wait}")
    };
    Value::Object(map([
        ("attempts", section.number("maxAttempts").or_else(|| Some(3.into()))),
        ("backoff", Some(backoff.into())),
    ]))
}

/// `a.b.c=value` lines as the YAML that they stand for.
pub(super) fn properties_as_yaml(text: &str) -> String {
    let mut root = Value::Object(Map::new());
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with(['#', '!']) {
            continue;
        }
        let Some((key, value)) = line.split_once(['=', ':']) else { continue };
        let mut place = &mut root;
        for part in key.trim().split('.') {
            let is_map = place.is_object();
            if !is_map {
                *place = Value::Object(Map::new());
            }
            place = place
                .as_object_mut()
                .expect("it has just been made one")
                .entry(part)
                .or_insert(Value::Null);
        }
        *place = Value::String(value.trim().to_owned());
    }
    root.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_are_nested_by_their_dots() {
        let yaml = properties_as_yaml("# limits\na.b.c=1\na.b.d = x y\n\na.e: 2s\n");
        assert_eq!(yaml, r#"{"a":{"b":{"c":"1","d":"x y"},"e":"2s"}}"#);
    }
}

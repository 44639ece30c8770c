//! Instances of Resilience4j as guards.

use serde_json::{Map, Value, json};

use super::MODULES;
use crate::formats::Imported;
use crate::formats::configuration::Configuration;
use crate::formats::section::Section;
use crate::formats::values::map;

/// Keys of a circuit breaker that the preset has under the same name.
const BREAKER_KEYS: [(&str, Kind); 13] = [
    ("slidingWindowType", Kind::Text),
    ("slidingWindowSize", Kind::Number),
    ("minimumNumberOfCalls", Kind::Number),
    ("failureRateThreshold", Kind::Number),
    ("slowCallRateThreshold", Kind::Number),
    ("slowCallDurationThreshold", Kind::Duration),
    ("permittedNumberOfCallsInHalfOpenState", Kind::Number),
    ("waitDurationInOpenState", Kind::Duration),
    ("enableExponentialBackoff", Kind::Flag),
    ("exponentialBackoffMultiplier", Kind::Number),
    ("exponentialMaxWaitDurationInOpenState", Kind::Duration),
    ("maxWaitDurationInHalfOpenState", Kind::Duration),
    ("automaticTransitionFromOpenToHalfOpenEnabled", Kind::Flag),
];

/// The kind of a value.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Number,
    Duration,
    Flag,
}

pub(super) fn read(configuration: &Configuration<'_>, imported: &mut Imported) {
    let _ = (configuration, imported);
}

/// The guard for an instance of a module.
fn guard(module: &str, instance: &Section<'_>) -> (&'static str, Value) {
    match module {
        "retry" => ("retry", retry(instance)),
        "circuitbreaker" => ("breaker", breaker(instance)),
        "ratelimiter" => ("rate limit", rate_limit(instance)),
        "timelimiter" => {
            ("timeout", instance.duration("timeoutDuration").unwrap_or_else(|| "1s".into()))
        }
        "bulkhead" => ("bulkhead", semaphore(instance)),
        "thread-pool-bulkhead" => ("bulkhead", thread_pool(instance)),
        _ => unreachable!("`{module}` is not in the list"),
    }
}

fn retry(instance: &Section<'_>) -> Value {
    let span = |key: &str| instance.duration(key).and_then(|span| span.as_str().map(str::to_owned));
    let wait = span("waitDuration").unwrap_or_else(|| "500ms".to_owned());
    let is_exponential = instance.flag("enableExponentialBackoff") == Some(true);
    let multiplier = instance.number("exponentialBackoffMultiplier").unwrap_or_else(|| json!(1.5));
    let max = span("exponentialMaxWaitDuration");
    let backoff = if wait == "0s" {
        "none".to_owned()
    } else if is_exponential {
        let max = max.map_or_else(String::new, |max| format!(" max {max}"));
        format!("exponential {wait} x{multiplier}{max}")
    } else {
        format!("fixed {wait}")
    };
    Value::Object(map([
        ("attempts", instance.number("maxAttempts").or_else(|| Some(3.into()))),
        ("backoff", Some(backoff.into())),
    ]))
}

fn breaker(instance: &Section<'_>) -> Value {
    let mut entries = map([("preset", Some("resilience4j".into()))]);
    for (key, kind) in BREAKER_KEYS {
        let value = match kind {
            Kind::Text => instance.text(key).map(|text| text.to_uppercase().into()),
            Kind::Number => instance.number(key),
            Kind::Duration => instance.duration(key).filter(|span| span != "0s"),
            Kind::Flag => instance.flag(key).map(Value::from),
        };
        entries.extend(value.map(|value| (key.to_owned(), value)));
    }
    Value::Object(entries)
}

fn rate_limit(instance: &Section<'_>) -> Value {
    Value::Object(map([
        ("preset", Some("resilience4j".into())),
        ("limitForPeriod", instance.number("limitForPeriod")),
        ("limitRefreshPeriod", instance.duration("limitRefreshPeriod")),
        ("timeoutDuration", instance.duration("timeoutDuration")),
    ]))
}

fn semaphore(instance: &Section<'_>) -> Value {
    let permits = instance.number("maxConcurrentCalls").unwrap_or_else(|| 25.into());
    let max_wait = instance.duration("maxWaitDuration").filter(|wait| wait != "0s");
    Value::Object(map([("semaphore", Some(permits)), ("max wait", max_wait)]))
}

fn thread_pool(instance: &Section<'_>) -> Value {
    Value::Object(map([
        ("threads", instance.number("maxThreadPoolSize").or_else(|| Some(4.into()))),
        ("core", instance.number("coreThreadPoolSize")),
        ("queue", instance.number("queueCapacity").or_else(|| Some(100.into()))),
    ]))
}

//! Exports say everything: each setting of a call changes what each format is given, or its comments.

use sim_models::formats::FORMATS;

use crate::exports::{blueprint, export, proxied, written};

/// Settings of a call, each of which must show in an export.
const SETTINGS: [&str; 36] = [
    "{ connect timeout: 1s, timeout: 1s }",
    "{ timeout: 2s }",
    "{ call timeout: 2s, timeout: 1s }",
    "{ timeout: 1s, balance: random }",
    "{ timeout: 1s, balance: power of two }",
    "{ timeout: 1s, balance: least outstanding }",
    "{ timeout: 1s, balance: peak ewma }",
    "{ timeout: 1s, balance: { policy: peak ewma, decay: 3s } }",
    "{ timeout: 1s, balance: { policy: weighted, weights: [ 1, 2, 3 ] } }",
    "{ timeout: 1s, balance: consistent hash }",
    "{ timeout: 1s, balance: { policy: consistent hash, keys: 9 } }",
    "{ timeout: 1s, balance: { policy: consistent hash, bound: 1.5 } }",
    "{ timeout: 1s, balance: { zones: 2 } }",
    "{ timeout: 1s, balance: { zones: 2, overprovisioning: 2 } }",
    "{ timeout: 1s, balance: { slow start: { window: 30s } } }",
    "{ timeout: 1s, balance: { slow start: { window: 30s, aggression: 2, least weight: 20% } } }",
    "{ timeout: 1s, balance: { health check: { interval: 5s } } }",
    "{ timeout: 1s, balance: { health check: { interval: 5s, unhealthy threshold: 7 } } }",
    "{ timeout: 1s, balance: { outlier detection: { consecutive_5xx: 4 } } }",
    "{ timeout: 1s, balance: { outlier detection: { consecutive_5xx: 4, always_eject_one_host: true } } }",
    "{ timeout: 1s, balance: { outlier detection: { consecutive_5xx: 4, max_ejection_time: 900s } } }",
    "{ timeout: 1s, balance: { outlier detection: { consecutive_5xx: 4 }, panic threshold: 20% } }",
    "{ timeout: 1s, cancellation: true }",
    "{ timeout: 1s, propagate deadline: true }",
    "{ timeout: 1s, fallback: default }",
    "{ timeout: 1s, rate limit: { preset: resilience4j, limitForPeriod: 40 } }",
    "{ timeout: 1s, bulkhead: { connections: 5 } }",
    "{ timeout: 1s, bulkhead: { connections: 5, queue: 3 } }",
    "{ timeout: 1s, bulkhead: { connections: 5, queue: 3, max wait: 1s } }",
    "{ timeout: 1s, breaker: { failure rate: 50% } }",
    "{ timeout: 1s, retry: { attempts: 2, backoff: fixed 50ms } }",
    "{ timeout: 1s, retry: { attempts: 3, backoff: fixed 50ms } }",
    "{ timeout: 1s, retry: { attempts: 3, backoff: exponential 50ms x2 full jitter } }",
    "{ timeout: 1s, retry: { attempts: 3, backoff: fixed 50ms, on: [ refused ] } }",
    "{ timeout: 1s, retry: { attempts: 3, backoff: fixed 50ms, budget: { preset: envoy } } }",
    "{ timeout: 1s, hedge: { delay: 50ms } }",
];

/// Settings of a call that must show in an export to a library.
const IN_LIBRARIES: [&str; 9] = [
    "{ timeout: 1s, breaker: { failure rate: 50%, counts: [ timeout ] } }",
    "{ timeout: 1s, breaker: { failure rate: 50%, ignores: [ timeout ] } }",
    "{ timeout: 1s, breaker: { failure rate: 50%, scope: callee instance } }",
    "{ timeout: 1s, breaker: { failure rate: 50%, scope: shared } }",
    "{ timeout: 1s, new instance per attempt: true }",
    "{ timeout: 1s, throttle: {} }",
    "{ timeout: exponential 1s }",
    "{ timeout: 1s, retry: { attempts: 3, backoff: exponential mean 50ms } }",
    "{ timeout: 1s, retry: { attempts: 3, backoff: fixed 50ms, honour retry after: true } }",
];

/// Balancers with another figure than those of the first table.
const BALANCERS: [&str; 9] = [
    "{ timeout: 1s, balance: { policy: weighted, weights: [ 3, 2, 1 ] } }",
    "{ timeout: 1s, balance: { policy: consistent hash, keys: 7 } }",
    "{ timeout: 1s, balance: { policy: consistent hash, bound: 1.25 } }",
    "{ timeout: 1s, balance: { zones: 3 } }",
    "{ timeout: 1s, balance: { slow start: { window: 40s } } }",
    "{ timeout: 1s, balance: { slow start: { window: 30s, least weight: 30% } } }",
    "{ timeout: 1s, balance: { health check: { interval: 9s } } }",
    "{ timeout: 1s, balance: { health check: { interval: 5s, healthy threshold: 7 } } }",
    "{ timeout: 1s, balance: { health check: { interval: 5s }, panic threshold: 20% } }",
];

/// Breakers composed of parts, each with another setting than the first.
const BREAKERS: [&str; 49] = [
    "window: 60s",
    "window: 50s",
    "window: 60 calls",
    "window: 70 calls",
    "window: 60s in 10 buckets",
    "window: 60s in 20 buckets",
    "window: every 60s",
    "window: 60s, failure rate: 40%",
    "window: 60s, failure rate: 40%, minimum calls: 7",
    "window: 60s, failures: 9",
    "window: 60 calls, failures: 9",
    "window: 60s, consecutive failures: 8",
    "window: 60s, failures: 9, consecutive failures: 8",
    "window: 60s, failures: 9, consecutive failures: 7",
    "window: 60s, failure rate: 40%, failures: 9",
    "window: 60s, failure rate: 40%, failures: 8",
    "window: 60s, failure rate: 40%, consecutive failures: 8",
    "window: 60s, slow call: 1s",
    "window: 60s, slow call: 2s",
    "window: 60s, slow call: 2s, slow call rate: 40%",
    "window: 60s, slow call: 2s, slow call rate: 40%, minimum calls: 7",
    "window: 60s, slow call: 2s, failure rate: 40%",
    "window: 60s, slow call: 2s, failures: 9",
    "window: 60s, slow call: 2s, failures: 9, minimum calls: 7",
    "window: 60s, wait: 20s",
    "window: 60s, wait: exponential 30s x2 max 5m",
    "window: 60s, wait: exponential 30s x3 max 5m",
    "window: 60s, wait: exponential 30s x2 max 6m",
    "window: 60s, wait: adaptive 30s min 5s max 5m",
    "window: 60s, wait: adaptive 30s min 6s max 5m",
    "window: 60s, wait: adaptive 30s min 5s max 6m",
    "window: 60s, wait: 30s jitter 20%",
    "window: 60s, wait: 30s jitter 30%",
    "window: 60s, wait from: last failure",
    "window: 60s, half-opens by: timer",
    "window: 60s, half-open calls: 5",
    "window: 60s, half-open permits: concurrent",
    "window: 60s, half-open max stay: 20s",
    "window: 60s, half-open max stay: 30s",
    "window: 60s, success threshold: 2",
    "window: 60s, success threshold: 2, half-open calls: 4",
    "window: 60s, late results: dropped",
    "window: 60s, scope: callee instance",
    "window: 60s, scope: shared",
    "window: 60s, scope: store",
    "window: 60s, scope: store, propagation: 2s",
    "window: 60s, broken: fail closed",
    "window: 60s, counts: [ timeout ]",
    "window: 60s, ignores: [ timeout ]",
];

/// The keys of outlier detection, each with another value than Envoy's.
const OUTLIERS: [&str; 24] = [
    "consecutive_5xx: 4",
    "consecutive_gateway_failure: 4",
    "consecutive_local_origin_failure: 4",
    "split_external_local_origin_errors: true",
    "interval: 9s",
    "base_ejection_time: 9s",
    "max_ejection_time: 900s",
    "max_ejection_time_jitter: 9s",
    "max_ejection_percent: 9",
    "always_eject_one_host: true",
    "successful_active_health_check_uneject_host: false",
    "success_rate_minimum_hosts: 9",
    "success_rate_request_volume: 9",
    "success_rate_stdev_factor: 9",
    "failure_percentage_threshold: 9",
    "failure_percentage_minimum_hosts: 9",
    "failure_percentage_request_volume: 9",
    "enforcing_consecutive_5xx: 9",
    "enforcing_consecutive_gateway_failure: 9",
    "enforcing_consecutive_local_origin_failure: 9",
    "enforcing_success_rate: 9",
    "enforcing_local_origin_success_rate: 9",
    "enforcing_failure_percentage: 9",
    "enforcing_failure_percentage_local_origin: 9",
];

/// Calls with two guards of a kind, and with rules that the other tables do not have.
const UNUSUAL: [&str; 10] = [
    "{ guards: [ { timeout: 2s }, { timeout: 3s }, { retry: { attempts: 2, backoff: fibonacci 1s max 5s equal jitter } } ] }",
    "{ guards: [ { retry: { attempts: 2, backoff: none } }, { retry: { attempts: 3, backoff: fixed 1s, budget: { preset: grpc, maxTokens: 10, tokenRatio: 0.1 } } } ] }",
    "{ guards: [ { bulkhead: { threads: 5, core: 2, queue: 7 } }, { bulkhead: { semaphore: 4, max wait: 1s } } ] }",
    "{ timeout: 1s, retry: { attempts: 3, backoff: fixed 50ms, budget: { preset: finagle } } }",
    "{ timeout: 1s, retry: { attempts: 3, backoff: fixed 50ms, budget: { preset: aws, retry_cost: 7 } } }",
    "{ timeout: 1s, retry: { attempts: 3, backoff: fixed 50ms, budget: { token bucket: 5, per call: 0.1 } } }",
    "{ timeout: 1s, retry: { attempts: 3, backoff: fixed 50ms, budget: { failure rate: 10%, window: 30s } } }",
    "{ timeout: 1s, rate limit: { token bucket: 40/s, burst: 5 } }",
    "{ timeout: 1s, rate limit: { fixed window: 1s, calls: 9 }, breaker: { preset: cockatiel, halfOpenAfter: 10s, ConsecutiveBreaker: 5 } }",
    "{ timeout: 1s, balance: { policy: random, slow start: { window: 30s, aggression: 0.5 }, outlier detection: { enforcing_failure_percentage: 20, enforcing_consecutive_5xx: 50 } } }",
];

#[test]
fn every_setting_of_a_call_shows_in_what_proxies_are_given() {
    for format in ["envoy", "istio"] {
        each_is_exported_in_its_own_way(format, SETTINGS.iter().map(|it| (*it).to_owned()));
    }
}

#[test]
fn every_setting_of_a_call_shows_in_what_libraries_are_given() {
    for format in ["resilience4j", "polly", "gobreaker"] {
        let settings = SETTINGS.iter().chain(&IN_LIBRARIES).chain(&BALANCERS);
        each_is_exported_in_its_own_way(format, settings.map(|it| (*it).to_owned()));
    }
}

#[test]
fn every_part_of_a_breaker_shows_in_every_export() {
    for format in ["resilience4j", "polly", "gobreaker", "envoy", "istio"] {
        let calls = BREAKERS.iter().map(|it| format!("{{ timeout: 1s, breaker: {{ {it} }} }}"));
        each_is_exported_in_its_own_way(format, calls);
    }
}

#[test]
fn every_key_of_outlier_detection_shows_in_what_it_is_not_written_for() {
    for format in ["resilience4j", "polly", "gobreaker", "envoy"] {
        let settings = OUTLIERS
            .iter()
            .map(|key| format!("{{ timeout: 1s, balance: {{ outlier detection: {{ {key} }} }} }}"));
        each_is_exported_in_its_own_way(format, settings);
    }
}

/// Checks that calls with these settings are exported each in a way of its own, and none like a call without them.
fn each_is_exported_in_its_own_way(format: &str, settings: impl Iterator<Item = String>) {
    let mut known = std::collections::BTreeMap::new();
    for settings in std::iter::once("{ timeout: 1s }".to_owned()).chain(settings) {
        let exported = written(format, &blueprint(&proxied(&settings, "{}")));
        let before = known.insert(exported, settings.clone());
        assert_eq!(before, None, "{format}: {settings} is exported alike");
    }
}

#[test]
fn comments_are_written_as_a_scenario_would_write_them() {
    let traces = ["{", "}", "::", "Some(", "None", "SimDuration", "Settings"];
    for format in FORMATS.iter().filter(|format| format.export.is_some()) {
        let calls = BREAKERS.iter().map(|it| format!("{{ breaker: {{ {it} }} }}"));
        let settings = SETTINGS.iter().chain(&IN_LIBRARIES).chain(&BALANCERS).chain(&UNUSUAL);
        for settings in settings.map(|it| (*it).to_owned()).chain(calls) {
            for document in export(format.name, &blueprint(&proxied(&settings, "{}"))) {
                for remark in document.remarks {
                    let trace = traces.iter().find(|trace| remark.text.contains(**trace));
                    assert_eq!(trace, None, "{}, {settings}: {remark}", format.name);
                }
            }
        }
    }
}

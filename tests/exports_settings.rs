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

/// Calls with two guards of a kind, and with rules that the other tables do not have.
const UNUSUAL: [&str; 7] = [
    "{ guards: [ { timeout: 2s }, { timeout: 3s }, { retry: { attempts: 2, backoff: fibonacci 1s max 5s equal jitter } } ] }",
    "{ guards: [ { retry: { attempts: 2, backoff: none } }, { retry: { attempts: 3, backoff: fixed 1s, budget: { preset: grpc, maxTokens: 10, tokenRatio: 0.1 } } } ] }",
    "{ guards: [ { bulkhead: { threads: 5, core: 2, queue: 7 } }, { bulkhead: { semaphore: 4, max wait: 1s } } ] }",
    "{ timeout: 1s, retry: { attempts: 3, backoff: fixed 50ms, budget: { preset: finagle } } }",
    "{ timeout: 1s, rate limit: { token bucket: 40/s, burst: 5 } }",
    "{ timeout: 1s, rate limit: { fixed window: 1s, calls: 9 }, breaker: { preset: cockatiel, halfOpenAfter: 10s, ConsecutiveBreaker: 5 } }",
    "{ timeout: 1s, balance: { policy: random, slow start: { window: 30s, aggression: 0.5 }, outlier detection: { enforcing_failure_percentage: 20, enforcing_consecutive_5xx: 50 } } }",
];

#[test]
fn every_setting_of_a_call_shows_in_what_proxies_are_given() {
    for format in ["envoy", "istio"] {
        let mut known = std::collections::BTreeMap::new();
        for settings in std::iter::once("{ timeout: 1s }").chain(SETTINGS) {
            let exported = written(format, &blueprint(&proxied(settings, "{}")));
            let before = known.insert(exported, settings);
            assert_eq!(before, None, "{format}: {settings} is exported alike");
        }
    }
}

#[test]
fn every_setting_of_a_call_shows_in_what_libraries_are_given() {
    for format in ["resilience4j", "polly", "gobreaker"] {
        let plain = written(format, &blueprint(&proxied("{ timeout: 1s }", "{}")));
        let mut breakers = std::collections::BTreeSet::new();
        for settings in SETTINGS[2..].iter().chain(&IN_LIBRARIES) {
            let exported = written(format, &blueprint(&proxied(settings, "{}")));
            assert_ne!(exported, plain, "{format}: {settings} is silent");
            if settings.contains("breaker:") {
                assert!(breakers.insert(exported), "{format}: {settings} is exported alike");
            }
        }
    }
}

#[test]
fn comments_are_written_as_a_scenario_would_write_them() {
    let traces = ["{", "}", "::", "Some(", "None", "SimDuration", "Settings"];
    for format in FORMATS.iter().filter(|format| format.export.is_some()) {
        for settings in SETTINGS.iter().chain(&IN_LIBRARIES).chain(&UNUSUAL) {
            for document in export(format.name, &blueprint(&proxied(settings, "{}"))) {
                for remark in document.remarks {
                    let trace = traces.iter().find(|trace| remark.text.contains(**trace));
                    assert_eq!(trace, None, "{}, {settings}: {remark}", format.name);
                }
            }
        }
    }
}

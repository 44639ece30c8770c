//! Figures that can be worked out by hand: arrivals and times are constant.

use sim_experiments::Trial;

use crate::running::{blueprint, load_text};

/// Holds sentences against a run, and shows those that fail with what was measured.
fn holds(system: &str, sentences: &[&str]) {
    for (sentence, verdict) in sentences.iter().zip(verdicts(system, sentences)) {
        assert!(verdict.0, "{sentence}: {}", verdict.1);
    }
}

/// For each sentence, true if it holds, and what was measured.
fn verdicts(system: &str, sentences: &[&str]) -> Vec<(bool, String)> {
    let list: Vec<String> = sentences.iter().map(|it| format!("  - \"{it}\"\n")).collect();
    let loaded = load_text(&format!("{system}expect:\n{}", list.concat()), &[]);
    let trial = Trial::of(&blueprint(&loaded));
    trial.verdicts.iter().map(|it| (it.holds, format!("{:?}", it.measured))).collect()
}

/// A call is made in the middle of each tenth of a second, from 0.15 s on, and takes 10 ms.
fn breaker(settings: &str, faults: &str) -> String {
    format!(
        "
run: {{ duration: 40s }}
workloads: {{ web: {{ to: a, arrivals: constant 10/s }} }}
services:
  a: {{ handle: [ {{ work: 50ms }}, {{ call: b }} ] }}
  b: {{ handle: [ {{ work: 10ms }} ] }}
calls: {{ a -> b: {{ breaker: {{ {settings} }} }} }}
faults: [ {faults} ]
"
    )
}

const FAILING: &str =
    "{ at: 20s, for: 2s, errors: b, rate: 100% }, { at: 30s, for: 1s, slow: b, by: 10x }";

/// The window holds the last forty calls. Twenty fail in two seconds, and are among the last forty for
/// two more; nine slow calls have ended after a second, and the tenth follows.
#[test]
fn the_shares_of_a_window_are_those_of_the_breaker() {
    let composed = "window: 40 calls, minimum calls: 10, failure rate: 90%, slow call: 50ms, \
                    slow call rate: 90%";
    let resilience4j = "preset: resilience4j, slidingWindowSize: 40, minimumNumberOfCalls: 10, \
                        failureRateThreshold: 90, slowCallRateThreshold: 90, \
                        slowCallDurationThreshold: 50ms";
    for settings in [composed, resilience4j] {
        let alerts = "alerts: { Failing: { when: failure rate of a -> b is at least 50% } }\n";
        holds(
            &(breaker(settings, FAILING) + alerts),
            &[
                "failure rate of a -> b is exactly 0% from 1s to 20s",
                "failure rate of a -> b is exactly 25% from 20s to 21s",
                "failure rate of a -> b stays exactly 50% from 21s to 24s",
                "failure rate of a -> b is exactly 25% from 24s to 25s",
                "failure rate of a -> b is exactly 0% from 25s to 40s",
                "failure rate of a -> b is exactly 50%",
                "slow calls of a -> b is exactly 9 from 30s to 31s",
                "slow calls of a -> b is exactly 10",
                "slow call rate of a -> b is exactly 25%",
                "alert Failing fires once from 21900ms to 22100ms",
            ],
        );
    }
}

/// Nine results are in after the first second.
#[test]
fn a_share_is_not_known_before_there_are_enough_calls() {
    let composed = "window: 40 calls, minimum calls: 10, failure rate: 90%";
    let polly = "preset: polly, MinimumThroughput: 10, FailureRatio: 0.9";
    for settings in [composed, polly] {
        let sentences = [
            "failure rate of a -> b is below 100% from 0s to 1s",
            "failure rate of a -> b is below 100% from 0s to 2s",
            "slow calls of a -> b is below 1000",
        ];
        let known: Vec<bool> =
            verdicts(&breaker(settings, FAILING), &sentences).iter().map(|it| it.0).collect();
        assert_eq!(known, [false, true, false], "{settings}: it does not know slow calls");
    }
}

const TRIPPING: &str = "consecutive failures: 3, wait: 5s, half-open calls: 1";
const OUTAGE: &str = "{ at: 20s, for: 10s, errors: b, rate: 100% }";

/// It opens at 20.25 s, probes in vain at 25.25 s and with success at 30.25 s.
#[test]
fn changes_are_counted_by_pair() {
    holds(
        &breaker(TRIPPING, OUTAGE),
        &[
            "changes of a -> b is exactly 5",
            "changes from closed to open of a -> b is exactly 1",
            "changes from open to half-open of a -> b is exactly 2",
            "changes from half-open to open of a -> b is exactly 1",
            "changes from half-open to closed of a -> b is exactly 1",
            "changes from open to closed of a -> b is exactly 0",
            "changes from half-open to open of a -> b is exactly 1 from 25s to 26s",
            "changes from open to half-open of a -> b is exactly 1 from 26s to 40s",
        ],
    );
}

/// Five changes, of which two are from open to half-open: a monitoring system has a counter for each
/// pair, and none of them grows by three.
#[test]
fn an_alert_on_changes_looks_at_each_pair_by_itself() {
    let alerts = "alerts:
  Two: { when: changes of a -> b over 1m is at least 2 }
  Three: { when: changes of a -> b over 1m is at least 3 }
  Opens: { when: changes from closed to open of a -> b over 1m is at least 1 }
";
    holds(
        &(breaker(TRIPPING, OUTAGE) + alerts),
        &[
            "alert Two fires once from 30900ms to 31100ms",
            "alert Three never fires",
            "alert Opens fires once from 20900ms to 21100ms",
        ],
    );
}

/// For two seconds every call fails and is tried three times: twenty calls, forty retries.
#[test]
fn retries_are_counted_alone() {
    let system = breaker("consecutive failures: 1000000, wait: 5s", FAILING)
        .replace("a -> b: {", "a -> b: { retry: { attempts: 3, backoff: fixed 0ms },");
    holds(
        &system,
        &[
            "retries of a -> b is exactly 40",
            "retries of a -> b is exactly 20 from 20s to 21s",
            "retry rate of a -> b is exactly 20/s from 20s to 22s",
            "retried share of a -> b is above 66.6% from 20s to 22s",
            "retried share of a -> b is below 66.7% from 20s to 22s",
            "retries of a -> b is exactly 0 from 22s to 40s",
            "attempts of a -> b is exactly 60 from 20s to 22s",
        ],
    );
}

/// Ten calls take 100 ms, and a hedge follows each after 50 ms: ten attempts more, none of them a retry.
/// For two seconds twenty calls fail twice; their fallback fails once for a second more, and is tried again there.
#[test]
fn a_fallback_is_no_retry_of_the_call_that_it_stands_in_for() {
    for guards in ["", "bulkhead: { threads: 50 }, "] {
        let system = format!(
            "
run: {{ duration: 40s }}
workloads: {{ web: {{ to: a, arrivals: constant 10/s }} }}
services:
  a: {{ handle: [ {{ work: 50ms }}, {{ call: b }} ] }}
  b: {{ handle: [ {{ work: 10ms }} ] }}
  c: {{ handle: [ {{ work: 10ms }} ] }}
calls:
  a -> b: {{ retry: {{ attempts: 2, backoff: none }}, fallback: {{ call: c }} }}
  a -> c: {{ {guards}retry: {{ attempts: 2, backoff: none }} }}
faults: [ {{ at: 20s, for: 2s, errors: b, rate: 100% }}, {{ at: 20s, for: 1s, errors: c, rate: 100% }} ]
"
        );
        holds(
            &system,
            &[
                "retries of a -> b is exactly 20",
                "retries of a -> c is exactly 10",
                "attempts of a -> c is exactly 30",
            ],
        );
    }
}

#[test]
fn a_hedge_is_no_retry() {
    let system = breaker("consecutive failures: 1000000, wait: 5s", FAILING).replace(
        "a -> b: {",
        "a -> b: { hedge: { delay: 50ms }, retry: { attempts: 3, backoff: fixed 0ms },",
    );
    holds(
        &system,
        &[
            "retries of a -> b is exactly 40",
            "retries of a -> b is exactly 0 from 30s to 32s",
            "attempts of a -> b is exactly 30 from 30s to 32s",
        ],
    );
}

/// One thread and 100 ms of work for three requests that come together every second. The first, which is
/// large, waits for nobody, the third for the first, and the second, which is not large, for both.
#[test]
fn waits_are_told_by_priority() {
    let system = "
run: { duration: 60s }
priorities: [large, normal]
workloads:
  first: { to: api, arrivals: constant 1/s, priority: large }
  second: { to: api, arrivals: constant 1/s, priority: normal }
  third: { to: api, arrivals: constant 1/s, priority: large }
services:
  api: { threads: 1, admission: { order: strict }, handle: [ { work: 100ms } ] }
";
    holds(
        system,
        &[
            "mean wait of api.threads for priority normal is exactly 200ms",
            "p50 wait of api.threads for priority normal is above 199ms",
            "p99 wait of api.threads for priority large is below 101ms",
            "mean wait of api.threads for priority large is exactly 50ms",
            "mean wait of api.threads is exactly 100ms",
            "p99 wait of api.threads is above 199ms",
        ],
    );
}

/// Ten users send once a second, each a tenth of a second after the one before. The service fails for half
/// a second.
#[test]
fn users_are_hit_one_by_one() {
    let system = "
run: { duration: 60s }
workloads:
  web: { to: api, users: { from: 0, stages: [ { to: 10, over: 1s } ] }, think: 990ms }
services: { api: { handle: [ { work: 10ms } ] } }
faults: [ { at: 20050ms, for: 500ms, errors: api, rate: 100% } ]
";
    holds(system, &["users hit of web is exactly 50%", "failures of web is exactly 5"]);
}

#[test]
fn figures_of_users_and_priorities_need_users_and_priorities() {
    let system = "
run: { duration: 60s }
priorities: [large, normal]
workloads: { web: { to: api, arrivals: constant 1/s } }
services: { api: { threads: 1, cpus: 1, handle: [ { work: 100ms } ] } }
expect:
  - users hit of web is below 5%
  - p99 wait of api.threads for priority larg is below 5s
  - p99 wait of api.processors is below 5s
  - utilization of api.threads for priority large is below 5%
";
    let loaded = load_text(system, &[]);
    let messages: Vec<&str> = loaded.problems.iter().map(|it| it.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "`web` has arrivals and no users",
            "there is no priority `larg`",
            "`p99 wait` is known of the slots of a service, database or cache",
            "`utilization` is not kept by priority",
        ]
    );
}

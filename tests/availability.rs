//! Workloads that suffer: from which instant on, until when, and what is short when they do not recover.

use crate::causes::{assert_tells, guarded, lines};

/// A queue of a thousand is worked off at 100/s while 300 attempts a second come: the service never recovers.
#[test]
fn what_has_not_recovered_says_what_is_short() {
    let text = "run: { duration: 3m }
workloads: { web: { to: front, arrivals: constant 90/s } }
services:
  front: { handle: [ { query: db } ] }
databases: { db: { connections: 1, query: 10ms } }
calls: { front -> db: { timeout: 500ms, retry: { attempts: 3, backoff: fixed 0ms } } }
faults: [ { at: 10s, for: 10s, pause: db } ]";
    let lines = lines(text);
    let told = lines.iter().find(|line| line.contains("still below")).expect("it is told");
    let expected = "1:20.000 availability ! web still below 99.0% 1m after the fault: 0.0%; db: 270/s asked, 100/s possible, 66.7% retries";
    assert_eq!(told, expected, "{}", lines.join("\n"));
}

#[test]
fn what_recovers_in_time_is_not_told() {
    let lines = lines(&guarded("timeout: 100ms", 100));
    assert!(!lines.iter().any(|line| line.contains("still below")), "{}", lines.join("\n"));
    assert!(lines.iter().any(|line| line.contains("availability +")), "{}", lines.join("\n"));
}

/// A hundred calls a second fail from 10.5 s on, those first that arrive 10 ms before.
#[test]
fn an_outage_begins_in_the_middle_of_a_second() {
    let text = guarded("", 100).replace(
        "at: 10s, for: 10s, slow: a, to: 1s",
        "at: 10500ms, for: 10s, errors: a, rate: 100%",
    );
    assert_tells(
        &text,
        &[
            "0:10.500 outage ! web complete outage: nothing is answered",
            "0:20.510 outage + web first answers after 10.0 s of complete outage",
        ],
    );
}

/// Two services fail in the same second, for ten seconds each, and each has callers of its own.
#[test]
fn a_fault_elsewhere_moves_no_line() {
    let text = "run: { duration: 60s }
workloads: { buyers: { to: shop, arrivals: constant 20/s }, readers: { to: mail, arrivals: constant 20/s } }
services: { shop: { handle: [ { work: 5ms } ] }, mail: { handle: [ { work: 5ms } ] } }
faults: [ { at: 20100ms, for: 10s, crash: shop }, { at: 20900ms, for: 10s, crash: mail } ]";
    assert_tells(
        text,
        &[
            "0:20.100 availability ! buyers below 99.0%: 9.1%",
            "0:20.100 outage ! buyers complete outage: nothing is answered",
            "0:20.900 outage ! readers complete outage: nothing is answered",
            "0:30.105 outage + buyers first answers after 10.0 s of complete outage",
            "0:30.905 outage + readers first answers after 10.0 s of complete outage",
        ],
    );
}

/// Nothing ends for ten seconds, neither of a workload that sends on nor of users who wait.
#[test]
fn silence_is_an_outage_from_its_first_instant() {
    let open = "workloads: { web: { to: api, arrivals: constant 100/s } }";
    let users = "workloads: { web: { to: api, users: 50, think: 400ms } }";
    for workloads in [open, users] {
        let text = format!(
            "run: {{ duration: 60s }}
{workloads}
services: {{ api: {{ handle: [ {{ work: 50ms }} ] }} }}
faults: [ {{ at: 20350ms, for: 10s, pause: api }} ]"
        );
        let lines = lines(&text);
        let outage: Vec<&String> = lines.iter().filter(|line| line.contains("outage")).collect();
        assert!(outage[0].starts_with("0:20.350 outage !"), "{outage:?}");
        assert!(outage[1].starts_with("0:30.") && outage.len() == 2, "{outage:?}");
    }
}

/// Calls of one second are lost and given up 30 s later. Nobody asks from a minute on.
#[test]
fn an_outage_of_a_workload_that_asks_no_more_is_over() {
    let text = "run: { duration: 2m, drain: 40s }
workloads: { copies: { to: api, arrivals: { process: constant, steps: [ { at: 0s, rate: 100/s }, { at: 60s, rate: 0/s } ] } } }
services: { api: { handle: [ { pause: 20ms } ] } }
calls: { copies -> api: { timeout: 30s } }
faults: [ { at: 50s, for: 1s, black hole: copies -> api } ]";
    let mut lines = lines(text);
    lines.retain(|line| line.contains("availability"));
    assert_eq!(
        lines,
        [
            "1:00.010 availability ! copies below 99.0%: 0.0%",
            "1:20.990 availability ~ copies nobody asks any more, after 21.0 s below 99.0%",
        ]
    );
}

/// A request a second: one that fails alone is not a fall of the availability, three in a row are.
#[test]
fn a_single_failure_is_no_fall_of_the_availability() {
    let fails = |seconds: u32| {
        guarded("", 1).replace(
            "for: 10s, slow: a, to: 1s",
            &format!("for: {seconds}s, errors: a, rate: 100%"),
        )
    };
    assert!(!lines(&fails(2)).iter().any(|line| line.contains("availability")));
    assert_tells(
        &fails(3),
        &[
            "0:10.000 availability ! web below 99.0%: 0.0%",
            "0:13.010 availability + web 99.0% or more again after 3.01 s",
        ],
    );
}

/// Nothing is answered while the callers wait for two and a half seconds, and then everything fails.
#[test]
fn an_outage_begins_with_the_silence_before_the_failures() {
    let text = guarded("timeout: 2500ms", 100).replace("slow: a, to: 1s", "pause: a");
    assert_tells(
        &text,
        &[
            "0:10.000 availability ! web below 99.0%: 0.0%",
            "0:10.000 outage ! web complete outage: nothing is answered",
        ],
    );
}

/// Requests of four seconds are often under way while nothing ends.
#[test]
fn requests_that_take_long_are_no_outage() {
    let text = "run: { duration: 2m, drain: 10s }
workloads: { batch: { to: api, arrivals: constant 4/m }, web: { to: api, arrivals: constant 10/s } }
services: { api: { handle: [ { work: 4s } ] } }";
    assert_eq!(lines(text), ["nothing changed"]);
}

/// Nobody asks any more when the minute after the fault is over.
#[test]
fn a_workload_without_requests_does_not_suffer() {
    let text = "run: { duration: 40s, drain: 60s }
workloads: { web: { to: a, arrivals: constant 10/s } }
services: { a: { handle: [ { work: 10ms } ] } }
faults: [ { at: 20s, for: 10s, errors: a, rate: 100% }, { at: 31s, for: 9s, errors: a, rate: 100% } ]";
    assert!(!lines(text).iter().any(|line| line.contains("still below")));
}

//! Exports to Polly's options: values that the library accepts, and a remark on everything that it
//! cannot say.

use std::sync::Arc;

use sim_models::formats::{ConfigurationFile, ConfigurationFormat};
use sim_models::system::Blueprint;
use sim_reports::exported::render;
use sim_reports::imported;

use crate::exports::heading;
use crate::running::load_text;

/// A system with these settings of its only call between services.
fn blueprint(call: &str) -> Arc<Blueprint> {
    let text = format!("{SYSTEM}calls:\n  app -> payment: {call}\n");
    let loaded = load_text(&text, &[]);
    loaded.blueprint.unwrap_or_else(|| panic!("{:?}\n{text}", loaded.problems))
}

const SYSTEM: &str = "workloads: { web: { to: app, arrivals: poisson 10/s } }
services:
  app: { handle: [ { call: payment } ] }
  payment: { instances: 2, handle: [ { work: 1ms } ] }
";

fn written(format: &str, call: &str) -> String {
    let format = ConfigurationFormat::named(format).expect("a format of this name");
    let exporter = format.export.as_ref().expect("it can be exported");
    render(exporter, &heading(), &exporter.export(&blueprint(call)))
}

fn read_back(exported: &str) -> String {
    let importer = ConfigurationFormat::named("polly").and_then(|format| format.import.as_ref());
    let file = ConfigurationFile { name: "x.json".to_owned(), text: exported.to_owned() };
    let imported = importer.expect("it can be imported").import(&[file]);
    assert!(imported.problems.is_empty(), "{:?}\n{exported}", imported.problems);
    let section = imported::render(&imported, "app");
    let loaded = load_text(&format!("{SYSTEM}{section}"), &[]);
    assert!(loaded.blueprint.is_some(), "{:?}\n{section}", loaded.problems);
    section
}

/// The exports of several calls, and what comes back from them.
fn polly(calls: &[&str]) -> String {
    let show = |call: &&str| {
        let exported = written("polly", call);
        let back = read_back(&exported);
        format!("=== {call}\n{exported}--- read back\n{back}")
    };
    calls.iter().map(show).collect::<Vec<_>>().join("\n")
}

#[test]
fn values_stay_within_the_ranges_of_polly() {
    insta::assert_snapshot!(polly(&[
        "{ bulkhead: { connections: 20 } }",
        "{ bulkhead: { semaphore: 20, max wait: 1s } }",
        "{ bulkhead: { threads: 20, core: 5, queue: 7 } }",
        "{ timeout: 5ms }",
        "{ breaker: { window: 3s, failure rate: 40%, minimum calls: 1, wait: 100ms, half-open calls: 1 } }",
    ]));
}

#[test]
fn rules_of_a_breaker_become_a_share() {
    insta::assert_snapshot!(polly(&[
        "{ breaker: { window: 50 calls, failures: 9, wait: 10s, half-open calls: 1 } }",
        "{ breaker: { window: 20s, failures: 9, wait: 10s, half-open calls: 1 } }",
        "{ breaker: { consecutive failures: 5, wait: 10s, half-open calls: 1 } }",
        "{ breaker: { window: 30 calls, failure rate: 50%, minimum calls: 20, consecutive failures: 5, wait: 10s, half-open calls: 2 } }",
    ]));
}

#[test]
fn a_call_with_retries_and_a_timeout_is_the_standard_handler() {
    insta::assert_snapshot!(polly(&[
        "{ guards: [ { timeout: 3s }, { retry: { attempts: 3, backoff: fixed 100ms } }, { timeout: 700ms } ] }",
        "{ guards: [ { retry: { attempts: 2, backoff: exponential 100ms x3 max 1s full jitter, on: [ timeout ] } }, { timeout: 20s } ] }",
        "{ guards: [ { timeout: 3s }, { retry: { attempts: 1, backoff: none } } ] }",
        "{ connect timeout: 100ms, balance: random, timeout: 1s, hedge: { delay: 50ms, max: 3 } }",
    ]));
}

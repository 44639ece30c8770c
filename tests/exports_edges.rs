//! Exports at their edges: names that a cluster refuses, calls that are left out, and what comes back from Polly.

use sim_models::formats::{ConfigurationFile, ConfigurationFormat, Document};
use sim_reports::exported::{Heading, render};
use sim_reports::imported;

use sim_models::system::{Blueprint, Guard, Id};

use crate::exports::there_and_back;
use crate::running::{blueprint, load_text};

/// The documents of a format.
fn documents(format: &str, scenario: &str) -> Vec<Document> {
    let exporter = ConfigurationFormat::named(format).and_then(|format| format.export.as_ref());
    exporter.expect("it can be exported").export(&blueprint(&load_text(scenario, &[])))
}

fn exported(format: &str, scenario: &str) -> String {
    let exporter = ConfigurationFormat::named(format).and_then(|format| format.export.as_ref());
    let heading =
        Heading { scenario: "edges".to_owned(), seed: 1, warning: None, changes: Vec::new() };
    render(exporter.expect("it can be exported"), &heading, &documents(format, scenario))
}

/// A service that calls others, with these settings for all of them.
fn scenario(callees: &[&str], settings: &str) -> String {
    let calls: Vec<String> = callees.iter().map(|callee| format!("{{ call: {callee} }}")).collect();
    let services: Vec<String> = callees
        .iter()
        .map(|callee| format!("  {callee}: {{ instances: 3, handle: [ {{ work: 1ms }} ] }}"))
        .collect();
    let edges: Vec<String> =
        callees.iter().map(|callee| format!("  App -> {callee}: {settings}")).collect();
    format!(
        "workloads: {{ web: {{ to: App, arrivals: poisson 10/s }} }}
services:
  App: {{ handle: [ {} ] }}
{}
calls:
{}
",
        calls.join(", "),
        services.join("\n"),
        edges.join("\n"),
    )
}

#[test]
fn every_callee_is_a_host_of_its_own_that_a_cluster_accepts() {
    let callees = ["stock_1", "stock-1", "Stock-1", "stock", "größe", "stock-1-2"];
    let text = exported("istio", &scenario(&callees, "{ timeout: 1s }"));
    let names: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("  name: ")).collect();
    assert_eq!(
        names,
        [
            "stock-1-3",
            "stock-1-3",
            "stock-1",
            "stock-1",
            "stock-1-4",
            "stock-1-4",
            "stock",
            "stock",
            "gr--e",
            "gr--e",
            "stock-1-2",
            "stock-1-2"
        ]
    );
    for (callee, host) in [("stock_1", "stock-1-3"), ("Stock-1", "stock-1-4"), ("größe", "gr--e")]
    {
        let remark = format!(
            "# no equivalent: App -> {callee}: the host is {host}, for names in Kubernetes"
        );
        assert!(text.contains(&remark), "{text}");
        assert!(text.contains(&format!("host: {host}\n")), "{text}");
    }
    assert!(!text.contains("the host is stock,"), "{text}");
}

#[test]
fn settings_of_calls_without_guards_are_comments() {
    let scenario = "workloads: { web: { to: app, arrivals: poisson 10/s } }
services:
  app: { handle: [ { call: stock }, { call: ledger } ] }
  stock: { instances: 3, handle: [ { work: 1ms } ] }
  ledger: { handle: [ { work: 1ms } ] }
calls:
  app -> stock: { connect timeout: 3s, balance: random, cancellation: true }
  app -> ledger: { timeout: 1s, breaker: { preset: gobreaker } }
";
    for format in ["resilience4j", "polly", "gobreaker"] {
        let text = exported(format, scenario);
        for remark in ["connect timeout of 3s", "its balance", "the callee itself stops"] {
            let speaks = |line: &str| line.contains("app -> stock: ") && line.contains(remark);
            assert!(text.lines().any(speaks), "{format}: {remark}\n{text}");
        }
    }
}

#[test]
fn only_what_is_drawn_is_called_drawn() {
    let remark = "the pauses of the retry are drawn from a distribution";
    for (pause, is_drawn) in [("constant 50ms", false), ("exponential mean 50ms", true)] {
        let settings = format!("{{ retry: {{ attempts: 3, backoff: {pause} }}, timeout: 1s }}");
        for format in ["resilience4j", "istio", "envoy", "polly", "gobreaker"] {
            let text = exported(format, &scenario(&["stock"], &settings));
            assert_eq!(text.contains(remark), is_drawn, "{format}, {pause}: {text}");
        }
    }
}

/// The guards that come back from an export.
fn back(scenario: &str) -> (String, String) {
    let text = exported("polly", scenario);
    let importer = ConfigurationFormat::named("polly").and_then(|format| format.import.as_ref());
    let file = ConfigurationFile { name: "appsettings.json".to_owned(), text: text.clone() };
    let imported = importer.expect("it can be imported").import(&[file]);
    assert!(imported.problems.is_empty(), "{:?}\n{text}", imported.problems);
    (text, imported::render(&imported, "App"))
}

#[test]
fn a_retry_of_every_exception_comes_back_from_polly() {
    let on = "[server error, timeout, refused, no healthy instance, queue full, wait exceeded, rejected by breaker, \
              rejected by bulkhead, rejected by rate limit, rejected by throttle, expired, shed]";
    let retry = format!(
        "preset: polly, MaxRetryAttempts: 3, Delay: 2s, BackoffType: Constant, UseJitter: false, on: {on}"
    );
    let (text, section) =
        back(&scenario(&["stock"], &format!("{{ guards: [ {{ retry: {{ {retry} }} }} ] }}")));
    assert!(!text.contains("ShouldRetryAfterHeader") && !text.contains("ShouldHandle"), "{text}");
    assert!(section.contains("\"rejected by breaker\""), "{section}");
}

#[test]
fn a_hedge_beside_the_standard_handler_does_not_make_it_another_handler() {
    let settings = "{ retry: { attempts: 3, backoff: fixed 50ms }, timeout: 1s, hedge: { delay: 100ms, max: 3 } }";
    let (text, section) = back(&scenario(&["stock"], settings));
    assert!(
        text.contains(
            "the standard handler has no hedging; add it to the pipeline in code: {\"Delay\":"
        ),
        "{text}"
    );
    assert!(section.contains("- retry:") && section.contains("MaxRetryAttempts: 2"), "{section}");
}

/// Guards that are not nested as Spring nests its aspects come back in their own order.
#[test]
fn the_order_of_guards_goes_to_spring_and_comes_back() {
    let orders = [
        "breaker: { preset: resilience4j }, retry: { preset: resilience4j }, timeout: 1s",
        "guards: [ bulkhead: { preset: resilience4j }, timeout: 2s, retry: { preset: resilience4j }, rate limit: { preset: resilience4j } ]",
        "guards: [ bulkhead: { preset: resilience4j thread pool }, breaker: { preset: resilience4j } ]",
    ];
    for order in orders {
        let text = format!(
            "workloads: {{ web: {{ to: app, arrivals: poisson 10/s }} }}
services:
  app: {{ handle: [ {{ call: payment }} ] }}
  payment: {{ handle: [ {{ work: 1ms }} ] }}
calls:
  app -> payment: {{ {order} }}
"
        );
        let (before, after, exported) = there_and_back(&text, "resilience4j", "application.yml");
        let keys = |blueprint: &Blueprint| -> Vec<&'static str> {
            blueprint.edges[Id::new(1)].guards.iter().map(Guard::key).collect()
        };
        assert_eq!(keys(&before), keys(&after), "{exported}");
        assert!(exported.contains("AspectOrder: 1") && !exported.contains("ordered"), "{exported}");
    }
}

#[test]
fn orders_that_contradict_each_other_have_a_comment() {
    let exported = exported(
        "resilience4j",
        "workloads: { web: { to: app, arrivals: poisson 10/s } }
services:
  app: { handle: [ { call: payment }, { call: stock } ] }
  payment: { handle: [ { work: 1ms } ] }
  stock: { handle: [ { work: 1ms } ] }
calls:
  app -> payment: { guards: [ breaker: { preset: resilience4j }, retry: { preset: resilience4j } ] }
  app -> stock: { guards: [ retry: { preset: resilience4j }, breaker: { preset: resilience4j } ] }
",
    );
    let comment = "app -> stock: the guards are ordered retry around circuitbreaker, which the aspect orders of the application do not allow";
    assert!(exported.contains(comment), "{exported}");
}

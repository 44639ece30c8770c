//! Exports: calls become configurations that the real libraries and proxies accept, and come back
//! as the same calls.

use std::sync::Arc;

use sim_models::formats::{ConfigurationFile, ConfigurationFormat, Content, Document, FORMATS};
use sim_models::guards::{Guard, Retry};
use sim_models::scenario::{Input, Overrides, check};
use sim_models::system::{Blueprint, Deadline, Id};
use sim_reports::exported::{Heading, file, render};
use sim_reports::imported;

use crate::running::{ended, library, load_file, load_text, root, run, run_text};

/// A system with every guard of Resilience4j in the order of Spring's aspects, and with a breaker
/// composed of parts.
const RESILIENCE4J: &str = "workloads: { web: { to: app, arrivals: poisson 10/s } }
services:
  app: { handle: [ { call: payment }, { call: stock }, { call: reports } ] }
  payment: { handle: [ { work: 1ms } ] }
  stock: { handle: [ { work: 1ms } ] }
  reports: { handle: [ { work: 1ms } ] }
calls:
  app -> payment:
    guards:
      - retry: { attempts: 4, backoff: exponential 250ms x2 max 3s }
      - breaker:
          preset: resilience4j
          slidingWindowType: TIME_BASED
          slidingWindowSize: 30
          minimumNumberOfCalls: 15
          failureRateThreshold: 42.5
          slowCallRateThreshold: 80
          slowCallDurationThreshold: 1500ms
          permittedNumberOfCallsInHalfOpenState: 7
          waitDurationInOpenState: 12s
          enableExponentialBackoff: true
          exponentialBackoffMultiplier: 1.5
          exponentialMaxWaitDurationInOpenState: 90s
          maxWaitDurationInHalfOpenState: 20s
          automaticTransitionFromOpenToHalfOpenEnabled: true
      - rate limit: { preset: resilience4j, limitForPeriod: 40, limitRefreshPeriod: 1s, timeoutDuration: 250ms }
      - timeout: 900ms
      - bulkhead: { preset: resilience4j, maxConcurrentCalls: 12, maxWaitDuration: 80ms }
  app -> stock: { breaker: { window: 60 calls, failure rate: 35%, minimum calls: 12, wait: 9s, half-open calls: 4 }, timeout: 300ms }
  app -> reports: { bulkhead: { threads: 8, core: 3, queue: 25 } }
";

const PROXY: &str = "workloads: { web: { to: app, arrivals: poisson 10/s } }
services:
  app: { handle: [ { call: payment }, { call: stock } ] }
  payment: { instances: 4, handle: [ { work: 1ms } ] }
  stock: { instances: 3, handle: [ { work: 1ms } ] }
calls:
  app -> payment:
    connect timeout: 250ms
    call timeout: 2s
    timeout: 600ms
    retry:
      attempts: 3
      backoff: exponential 25ms x2 max 250ms full jitter
      on: [ server error, timeout, refused, queue full, wait exceeded, expired, shed ]
    new instance per attempt: true
    balance: power of two
    breaker: PRESET
  app -> stock: { bulkhead: { connections: 20, queue: 5 }, timeout: 400ms }
";

const ISTIO: &str = "
      preset: istio
      connectionPool: { tcp: { maxConnections: 30 }, http: { http1MaxPendingRequests: 10, maxRetries: 6 } }
      outlierDetection: { consecutive5xxErrors: 7, interval: 5s, baseEjectionTime: 15s, maxEjectionPercent: 50, minHealthPercent: 40 }";

const ENVOY: &str = "
      preset: envoy
      max_connections: 30
      max_pending_requests: 10
      max_retries: 6
      outlier_detection: { consecutive_5xx: 7, interval: 5s, base_ejection_time: 15s, max_ejection_percent: 50 }";

const POLLY: &str = "workloads: { web: { to: app, arrivals: poisson 10/s } }
services:
  app: { handle: [ { call: payment } ] }
  payment: { handle: [ { work: 1ms } ] }
calls:
  app -> payment:
    guards:
      - bulkhead: { threads: 50, queue: 20, interruptible: true }
      - timeout: 10s
      - retry: { preset: polly, MaxRetryAttempts: 3, Delay: 250ms, BackoffType: Linear, MaxDelay: 3s, UseJitter: true }
      - breaker: { preset: polly, FailureRatio: 0.25, MinimumThroughput: 40, SamplingDuration: 20s, BreakDuration: 7500ms }
      - timeout: 900ms
";

pub fn blueprint(text: &str) -> Arc<Blueprint> {
    let loaded = load_text(text, &[]);
    loaded.blueprint.unwrap_or_else(|| panic!("{:?}\n{text}", loaded.problems))
}

fn format(name: &str) -> &'static ConfigurationFormat {
    ConfigurationFormat::named(name).expect("a format of this name")
}

pub fn export(name: &str, blueprint: &Blueprint) -> Vec<Document> {
    format(name).export.as_ref().expect("it can be exported").export(blueprint)
}

/// The heading of an export in tests.
pub fn heading() -> Heading {
    Heading { scenario: "test".to_owned(), seed: 1, warning: None, changes: Vec::new() }
}

/// The calls of a system in a format.
pub fn written(name: &str, blueprint: &Blueprint) -> String {
    let exporter = format(name).export.as_ref().expect("it can be exported");
    render(exporter, &heading(), &export(name, blueprint))
}

/// The scenario before the export, the same with the calls that come back from it, and the export.
pub fn there_and_back(
    text: &str,
    name: &str,
    file: &str,
) -> (Arc<Blueprint>, Arc<Blueprint>, String) {
    let before = blueprint(text);
    let exported = written(name, &before);
    let importer = format(name).import.as_ref().expect("it can be imported");
    let file = ConfigurationFile { name: file.to_owned(), text: without_comments(&exported) };
    let read = importer.import(&[file]);
    assert!(read.problems.is_empty(), "{:?}\n{exported}", read.problems);
    let rest = text.split("calls:").next().expect("a beginning");
    let after = blueprint(&format!("{rest}{}", imported::render(&read, "app")));
    (before, after, exported)
}

/// A run in which the callee fails and then becomes slow, so that every guard has something to do.
const STRAIN: &str = "run: { duration: 2m }
faults:
  - { at: 20s, for: 20s, errors: payment, rate: 70% }
  - { at: 60s, for: 20s, slow: payment, by: 900x }
";

#[test]
fn what_comes_back_simulates_the_same() {
    let payment = "calls:
  app -> payment:
    guards:
      - retry: { preset: resilience4j, maxAttempts: 4, waitDuration: 250ms }
      - breaker: { preset: resilience4j, slidingWindowSize: 30, minimumNumberOfCalls: 15, waitDurationInOpenState: 5s }
      - rate limit: { preset: resilience4j, limitForPeriod: 40, limitRefreshPeriod: 1s, timeoutDuration: 250ms }
      - timeout: 900ms
      - bulkhead: { preset: resilience4j, maxConcurrentCalls: 12, maxWaitDuration: 80ms }
";
    let services = "workloads: { web: { to: app, arrivals: poisson 30/s } }
services:
  app: { handle: [ { call: payment } ] }
  payment: { instances: 4, handle: [ { work: 1ms } ] }
";
    let proxied = |preset: &str| {
        let call = PROXY.split("calls:").nth(1).expect("a section").replace("PRESET", preset);
        let call = call.split("  app -> stock").next().expect("a call");
        format!("{services}calls:{call}")
    };
    for (name, file, text) in [
        ("resilience4j", "application.yml", format!("{services}{payment}")),
        ("istio", "istio.yaml", proxied(ISTIO)),
        ("envoy", "envoy.yaml", proxied(ENVOY)),
        ("polly", "appsettings.json", POLLY.to_owned()),
    ] {
        let (before, after, exported) = there_and_back(&format!("{STRAIN}{text}"), name, file);
        assert_eq!(guards_of(&before, 1), guards_of(&after, 1), "{exported}");
        let (before, after) = (run(&before), run(&after));
        assert!(ended(&before, "app -> payment", "ok") > 0 && before.summary.calls.len() > 1);
        assert_eq!(before.summary.fingerprint, after.summary.fingerprint, "{exported}");
    }
}

/// True if all that a caller has stands in the file of another.
fn has_only_comments(text: &str) -> bool {
    text.lines().all(|line| line.is_empty() || line.starts_with('#'))
}

#[test]
fn every_export_of_the_library_is_read_back_as_a_part_that_has_no_errors() {
    let mut read = 0;
    for scenario in library() {
        let blueprint = crate::running::blueprint(&load_file(&scenario, None, &[]));
        for format in FORMATS {
            let (Some(exporter), Some(importer)) = (&format.export, &format.import) else {
                continue;
            };
            for document in exporter.export(&blueprint) {
                let name = format!("{}.{}", document.caller, exporter.extension());
                if is_of_comments(&document) {
                    continue;
                }
                let text = file(exporter, &heading(), &document);
                if has_only_comments(&text) {
                    continue;
                }
                let imported = importer.import(&[ConfigurationFile { name, text: text.clone() }]);
                assert!(imported.problems.is_empty(), "{:?}\n{text}", imported.problems);
                let section = imported::render(&imported, &document.caller);
                let input =
                    Input { name: "part.yaml".to_owned(), text: section, folder: ".".into() };
                let checked = check(&input, &Overrides::default());
                assert!(checked.blueprint.is_some(), "{:?}\n{}", checked.problems, input.text);
                read += 1;
            }
        }
    }
    assert!(read > 100, "{read}");
}

/// True if a document says only where its settings stand: in the file of another caller of the same
/// callee.
fn is_of_comments(document: &Document) -> bool {
    matches!(&document.content, Content::Yaml(values) if values.is_empty())
}

/// Removes comments, which .NET accepts in JSON and JSON itself does not have.
fn without_comments(text: &str) -> String {
    text.lines().filter(|line| !line.starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Everything that guards a call, with settings in place of ids.
fn guards_of(blueprint: &Blueprint, edge: usize) -> String {
    let edge = Id::new(edge);
    let plan = &blueprint.edges[edge];
    let breakers: Vec<_> =
        blueprint.breakers_of(edge).map(|id| blueprint.breakers[id].settings).collect();
    let permits: Vec<_> = blueprint
        .pools
        .iter()
        .filter(|pool| {
            pool.owner.starts_with(&format!(
                "{} -> {}",
                plan.caller, blueprint.stations[plan.callee].name
            ))
        })
        .map(|pool| {
            (
                pool.capacity,
                pool.core,
                pool.queue_limit,
                pool.wait_deadline.map(|deadline| blueprint.deadline(deadline)),
            )
        })
        .collect();
    let deadline = |it: Option<Deadline>| it.map(|it| blueprint.deadline(it).span);
    let guards: Vec<String> = plan
        .guards
        .iter()
        .map(|guard| format!("{guard:?}").split([' ', '(']).next().unwrap_or("").to_owned())
        .collect();
    let retries: Vec<_> = plan
        .guards
        .iter()
        .filter_map(|guard| {
            if let Guard::Retry(Retry { policy, .. }) = guard { Some(policy) } else { None }
        })
        .collect();
    format!(
        "{guards:?}\n{breakers:?}\n{permits:?}\n{retries:?}\n{:?} {:?}\n{:?} {:?}\nlimits {:?}\nbudgets {:?}",
        deadline(plan.timeout),
        deadline(plan.connect_timeout),
        plan.balance.outlier_detection,
        plan.balance.panic_threshold,
        blueprint.rate_limits,
        blueprint.retry_budgets,
    )
}

#[test]
fn resilience4j_comes_back_as_it_went() {
    let (before, after, exported) = there_and_back(RESILIENCE4J, "resilience4j", "application.yml");
    let payment = (1, guards_of(&before, 1), guards_of(&after, 1));
    assert_eq!(payment.1, payment.2);
    let reports = (guards_of(&before, 3), guards_of(&after, 3));
    assert_eq!(reports.0, reports.1);
    // A breaker composed of parts comes back as the library's, and is exported the same way again.
    assert_eq!(exported, written("resilience4j", &after));
    insta::assert_snapshot!(exported);
}

#[test]
fn istio_comes_back_as_it_went() {
    let text = PROXY.replace("PRESET", ISTIO);
    let (before, after, exported) = there_and_back(&text, "istio", "istio.yaml");
    assert_eq!(guards_of(&before, 1), guards_of(&after, 1));
    // What is only near has a comment the first time; then it is the proxy's own.
    let objects = |exported: &str| -> Vec<String> {
        exported.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
    };
    assert_eq!(objects(&exported), objects(&written("istio", &after)));
    insta::assert_snapshot!(exported);
}

#[test]
fn envoy_comes_back_as_it_went() {
    let text = PROXY.replace("PRESET", ENVOY);
    let (before, after, exported) = there_and_back(&text, "envoy", "envoy.yaml");
    assert_eq!(guards_of(&before, 1), guards_of(&after, 1));
    assert_eq!(before.edges[Id::new(1)].balance.balance, after.edges[Id::new(1)].balance.balance);
    let permits = |blueprint: &Blueprint| {
        blueprint
            .pools
            .iter()
            .filter(|pool| pool.owner.contains("->"))
            .map(|pool| (pool.capacity, pool.queue_limit))
            .collect::<Vec<_>>()
    };
    assert_eq!(permits(&before), permits(&after));
    insta::assert_snapshot!(exported);
}

/// A call of `app` to `stock` with these settings, beside another caller of `stock` and the workload's call.
pub fn proxied(settings: &str, other: &str) -> String {
    format!(
        "workloads: {{ web: {{ to: app, arrivals: poisson 10/s }}, night: {{ to: batch, arrivals: poisson 1/s }} }}
services:
  app: {{ handle: [ {{ call: stock }} ] }}
  batch: {{ handle: [ {{ call: stock }} ] }}
  stock: {{ instances: 3, handle: [ {{ work: 1ms }} ] }}
calls:
  web -> app: {{ timeout: 5s }}
  app -> stock: {settings}
  batch -> stock: {other}
"
    )
}

#[test]
fn a_bulkhead_without_a_queue_is_a_limit_of_requests_in_a_proxy() {
    // Nothing waits for a connection, because there is no limit on them (`validation/envoy`).
    let text = proxied("{ bulkhead: { semaphore: 7 } }", "{}");
    for (format, key, limit) in [
        ("envoy", "max_requests: 7\n", "max_connections: 4294967295\n"),
        ("istio", "http2MaxRequests: 7\n", "connectionPool:\n      http:\n"),
    ] {
        let exported = written(format, &blueprint(&text));
        assert!(exported.contains(key) && exported.contains(limit), "{exported}");
        assert!(exported.contains("web -> app: no service makes this call"), "{exported}");
    }
}

#[test]
fn an_envoy_without_pending_requests_rejects_every_call() {
    for limit in [
        "max_pending_requests: 0",
        "max_requests: 0",
        "max_requests: 0, http2_protocol_options: true",
    ] {
        let text = proxied(&format!("{{ breaker: {{ preset: envoy, {limit} }} }}"), "{}");
        let finished = run_text(&text, &[]);
        assert_eq!(ended(&finished, "app -> stock", "ok"), 0);
        assert!(ended(&finished, "app -> stock", "rejected by bulkhead") > 0);
    }
    let one = proxied("{ breaker: { preset: envoy, max_connections: 0 } }", "{}");
    assert!(ended(&run_text(&one, &[]), "app -> stock", "ok") > 0);
}

#[test]
fn two_callers_of_one_callee_share_the_objects_of_istio() {
    let objects = |other: &str| {
        let exported = written("istio", &blueprint(&proxied("{ timeout: 1s }", other)));
        assert_eq!(exported.matches("kind: DestinationRule").count(), 1, "{exported}");
        assert_eq!(exported.matches("kind: VirtualService").count(), 1, "{exported}");
        exported
    };
    assert!(objects("{ timeout: 1s }").contains("is the same as for `app`"));
    let differs = objects("{ timeout: 3s }");
    assert!(differs.contains("there can be only one") && differs.contains("3s"), "{differs}");
}

#[test]
fn polly_comes_back_as_it_went() {
    let (before, after, exported) = there_and_back(POLLY, "polly", "appsettings.json");
    assert_eq!(guards_of(&before, 1), guards_of(&after, 1));
    insta::assert_snapshot!(exported);
}

#[test]
fn gobreaker_is_written_as_go() {
    let text = RESILIENCE4J.replace(
        "app -> stock: { breaker: { window: 60 calls, failure rate: 35%, minimum calls: 12, wait: 9s, half-open calls: 4 }, timeout: 300ms }",
        "app -> stock: { breaker: { preset: gobreaker, MaxRequests: 3, Interval: 30s, Timeout: 1500ms } }",
    );
    insta::assert_snapshot!(written("gobreaker", &blueprint(&text)));
}

fn assert_valid(format: &str, schema_of: &dyn Fn(&serde_json::Value) -> String, text: &str) {
    for document in export(format, &blueprint(text)) {
        if is_of_comments(&document) {
            continue;
        }
        let Content::Yaml(values) = document.content else { panic!("YAML") };
        for value in values {
            let file = root().join("tests/exports").join(schema_of(&value));
            let schema = serde_json::from_str(&std::fs::read_to_string(&file).expect("a schema"))
                .expect("JSON");
            let validator = jsonschema::validator_for(&schema).expect("a sound schema");
            let errors: Vec<String> = validator
                .iter_errors(&value)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert!(errors.is_empty(), "{errors:#?}\n{value:#}");
            // The schema itself works: it refuses a name that the library does not have.
            let written = value.to_string();
            let misspelt = written.replacen("Threshold\"", "Treshold\"", 1).replacen(
                "attempts\"",
                "atempts\"",
                1,
            );
            let misspelt = misspelt.replacen("maxConnections\"", "maxConections\"", 1);
            if misspelt != written {
                assert!(
                    !validator.is_valid(&serde_json::from_str(&misspelt).expect("JSON")),
                    "{misspelt}"
                );
            }
        }
    }
}

#[test]
fn what_is_written_is_what_the_real_schemas_take() {
    let mut scenarios: Vec<String> = library()
        .into_iter()
        .map(|path| std::fs::read_to_string(path).expect("readable"))
        .filter(|text| !text.contains("\ninclude:"))
        .collect();
    scenarios.extend([RESILIENCE4J.to_owned(), PROXY.replace("PRESET", ISTIO), POLLY.to_owned()]);
    for text in &scenarios {
        assert_valid("resilience4j", &|_| "Resilience4j.schema.json".to_owned(), text);
        if load_text(text, &[])
            .blueprint
            .is_some_and(|blueprint| blueprint.edges.iter().any(|edge| !edge.guards.is_empty()))
        {
            let of_kind = |value: &serde_json::Value| {
                format!("{}.schema.json", value["kind"].as_str().unwrap_or("no kind"))
            };
            assert_valid("istio", &of_kind, text);
        }
    }
}

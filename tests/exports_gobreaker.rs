//! Exports to gobreaker: Go code for each rule, and a comment on everything that the library does
//! otherwise. `validation/gobreaker` compiles such code and runs it.

use std::collections::BTreeMap;

use sim_models::formats::ConfigurationFormat;
use sim_reports::exported::render;

use crate::exports::heading;
use crate::running::load_text;

/// The Go code for a call of `app` to `payment` with these settings.
fn written(call: &str) -> String {
    exported(&format!(
        "workloads: {{ web: {{ to: app, arrivals: poisson 10/s }} }}
services:
  app: {{ handle: [ {{ call: payment }} ] }}
  payment: {{ instances: 2, handle: [ {{ work: 1ms }} ] }}
calls:
  app -> payment: {call}
"
    ))
}

fn exported(scenario: &str) -> String {
    let loaded = load_text(scenario, &[]);
    let blueprint = loaded.blueprint.unwrap_or_else(|| panic!("{:?}\n{scenario}", loaded.problems));
    let format = ConfigurationFormat::named("gobreaker").expect("a format of this name");
    let exporter = format.export.as_ref().expect("it can be exported");
    render(exporter, &heading(), &exporter.export(&blueprint))
}

#[test]
fn every_rule_of_a_breaker_is_in_the_code() {
    let breakers = [
        "{ breaker: { window: 50 calls, failures: 9, wait: 10s } }",
        "{ breaker: { window: 20s, failures: 9, wait: 10s } }",
        "{ breaker: { window: every 20s, failures: 9, wait: 0s } }",
        "{ breaker: { window: 20s, consecutive failures: 5, wait: 10s } }",
        "{ breaker: { window: 20s, failure rate: 50%, minimum calls: 10, consecutive failures: 5, wait: 10s } }",
        "{ breaker: { preset: gobreaker } }",
        "{ breaker: { preset: gobreaker, Interval: 1m, BucketPeriod: 500ms, ReadyToTrip: { Requests: 20, FailureRatio: 35% } } }",
        "{ timeout: 1s }",
    ];
    let show = |call: &&str| format!("=== {call}\n{}", written(call));
    insta::assert_snapshot!(breakers.iter().map(show).collect::<Vec<_>>().join("\n"));
}

/// Settings of a breaker that gobreaker has, and changes to it.
const EXACT: &str = "consecutive failures: 5, wait: 10s, half-open calls: 2, success threshold: 2, late results: dropped";

#[test]
fn a_breaker_that_gobreaker_has_is_exported_without_a_comment() {
    let code = written(&format!("{{ breaker: {{ {EXACT} }} }}"));
    assert!(!code.contains("no equivalent"), "{code}");
    let code = written(
        "{ breaker: { consecutive failures: 5, half-open calls: 3, late results: dropped } }",
    );
    assert!(!code.contains("no equivalent"), "the first failed probe reopens both: {code}");
}

#[test]
fn every_setting_that_gobreaker_lacks_has_a_comment_of_its_own() {
    let changes = [
        ("late results: dropped", "late results: counted"),
        ("late results: dropped", "wait from: last failure"),
        ("late results: dropped", "late results: dropped, half-opens by: timer"),
        ("late results: dropped", "late results: dropped, half-open permits: concurrent"),
        ("late results: dropped", "late results: dropped, half-open max stay: 9s"),
        ("late results: dropped", "late results: dropped, failure rate: 50%"),
        ("late results: dropped", "late results: dropped, failures: 9"),
        ("late results: dropped", "late results: dropped, failures: 9, window: 10s"),
        ("late results: dropped", "late results: dropped, failures: 9, window: every 10s"),
        ("late results: dropped", "late results: dropped, slow call: 1s"),
        ("late results: dropped", "late results: dropped, counts: [ timeout ]"),
        ("late results: dropped", "late results: dropped, ignores: [ timeout ]"),
        ("late results: dropped", "late results: dropped, scope: shared"),
        ("wait: 10s", "wait: 10s jitter 10%"),
        ("wait: 10s", "wait: exponential 10s x2 max 1m"),
        ("wait: 10s", "wait: adaptive 10s min 5s max 1m"),
        ("half-open calls: 2", "half-open calls: 4"),
    ];
    let mut known = BTreeMap::new();
    for (of, becomes) in changes {
        let settings = EXACT.replace(of, becomes);
        let code = written(&format!("{{ breaker: {{ {settings} }} }}"));
        let comments: Vec<String> =
            code.lines().filter(|line| line.contains("no equivalent")).map(str::to_owned).collect();
        assert!(!comments.is_empty(), "{becomes} has no comment");
        assert_eq!(known.insert(comments, becomes), None, "{becomes} has the comments of another");
    }
}

#[test]
fn an_ignored_outcome_is_not_among_those_that_count() {
    let code = written("{ timeout: 1s, breaker: { preset: gobreaker, ignores: [ timeout ] } }");
    assert!(code.contains("counts server error, refused"), "{code}");
    assert!(code.contains("and ignores timeout"), "{code}");
}

#[test]
fn every_breaker_has_a_variable_with_a_name_that_go_accepts() {
    let code = exported(
        "workloads: { web: { to: 3d-maps, arrivals: poisson 10/s } }
services:
  3d-maps: { handle: [ { call: tile_store }, { call: tile-store } ] }
  tile_store: { handle: [ { work: 1ms } ] }
  tile-store: { handle: [ { work: 1ms } ] }
calls:
  3d-maps -> tile_store: { guards: [ breaker: { preset: gobreaker }, breaker: { consecutive failures: 2 }, timeout: 1s ] }
  3d-maps -> tile-store: { timeout: 1s, breaker: { preset: gobreaker } }
",
    );
    let variables: Vec<&str> = code
        .lines()
        .filter_map(|line| line.strip_prefix("var ")?.split_once(" = "))
        .map(|(variable, _)| variable)
        .collect();
    let expected = ["From3dMapsToTileStore", "From3dMapsToTileStore2", "From3dMapsToTileStore3"];
    assert_eq!(variables, expected);
    assert_eq!(code.matches("package breakers").count(), 1, "{code}");
}

//! The policy that Istio applies to a call: of the host, its subset, its port, or of a wildcard.

use serde_json::Value;
use sim_models::formats::ImportedCall;

use crate::import::import;

/// The calls of these documents.
fn calls(documents: &[&str]) -> Vec<ImportedCall> {
    let imported = import("istio", "x.yaml", &documents.join("\n---\n"));
    assert!(imported.problems.is_empty(), "{:?}", imported.problems);
    imported.calls
}

/// The connections of a call's breaker, its ejections and its balance; empty if it has none.
fn policy(call: &ImportedCall) -> [String; 3] {
    let setting =
        |key: &str| call.settings.iter().find(|(known, _)| *known == key).map(|(_, value)| value);
    let breaker = setting("breaker").cloned().unwrap_or(Value::Null);
    let shown = |value: &Value| if value.is_null() { String::new() } else { value.to_string() };
    let detection = &breaker["outlierDetection"]["consecutive5xxErrors"];
    let pool = &breaker["connectionPool"]["tcp"]["maxConnections"];
    [
        shown(pool),
        shown(detection),
        setting("balance").and_then(Value::as_str).unwrap_or_default().to_owned(),
    ]
}

/// A policy with each group of settings: connections, failures and a balancer.
fn groups(connections: u32, failures: u32, balancer: &str) -> String {
    format!(
        "connectionPool: {{ tcp: {{ maxConnections: {connections} }} }}, \
         outlierDetection: {{ consecutive5xxErrors: {failures} }}, loadBalancer: {{ simple: {balancer} }}"
    )
}

fn rule(host: &str, policy: &str, subsets: &str) -> String {
    format!(
        "kind: DestinationRule\nspec: {{ host: {host}, trafficPolicy: {{ {policy} }}, subsets: [ {subsets} ] }}"
    )
}

fn route(destination: &str) -> String {
    format!(
        "kind: VirtualService\nspec: {{ hosts: [a], http: [ {{ route: [ {{ destination: {{ {destination} }} }} ] }} ] }}"
    )
}

#[test]
fn each_part_of_a_host_has_the_policy_that_istio_gives_it() {
    let port = "port: { number: 80 }";
    let at_port = format!(
        "{}, portLevelSettings: [ {{ {port}, connectionPool: {{ tcp: {{ maxConnections: 8 }} }}, loadBalancer: {{ simple: RANDOM }} }} ]",
        groups(1, 1, "ROUND_ROBIN")
    );
    let subset = |policy: &str| format!("{{ name: v1, trafficPolicy: {{ {policy} }} }}");
    let own = "outlierDetection: { consecutive5xxErrors: 5 }";
    let own_port = format!(
        "{own}, portLevelSettings: [ {{ {port}, connectionPool: {{ tcp: {{ maxConnections: 9 }} }} }} ]"
    );
    let cases = [
        ("host: a", subset(own), ["1", "1", "round robin"]),
        ("host: a, subset: v1", subset(own), ["1", "5", "round robin"]),
        // Nothing of the host's policy applies to a port that has settings of its own.
        ("host: a, port: { number: 80 }", subset(own), ["8", "", "random"]),
        ("host: a, port: { number: 81 }", subset(own), ["1", "1", "round robin"]),
        ("host: a, subset: v1, port: { number: 80 }", subset(own), ["8", "5", "random"]),
        ("host: a, subset: v1, port: { number: 81 }", subset(own), ["1", "5", "round robin"]),
        // Nor does anything of the port's policy to the same port of a subset.
        ("host: a, subset: v1, port: { number: 80 }", subset(&own_port), ["9", "", "power of two"]),
        ("host: a, subset: v1, port: { number: 81 }", subset(&own_port), ["1", "5", "round robin"]),
    ];
    for (destination, subset, expected) in cases {
        let calls = calls(&[&rule("a", &at_port, &subset), &route(destination)]);
        assert_eq!(calls.len(), 1, "{destination}");
        assert_eq!(policy(&calls[0]), expected, "{destination}, {subset}");
    }
}

#[test]
fn what_no_route_takes_of_a_policy_is_a_comment() {
    let subset = format!("{{ name: v1, trafficPolicy: {{ {} }} }}", groups(2, 2, "RANDOM"));
    let calls =
        calls(&[&rule("a", &groups(1, 1, "ROUND_ROBIN"), &subset), &route("host: a, subset: v1")]);
    let remarks: Vec<String> = calls[0].remarks.iter().map(ToString::to_string).collect();
    for group in ["connectionPool", "outlierDetection", "loadBalancer"] {
        let about = format!("spec.trafficPolicy.{group}: no route takes it from there: {{");
        assert!(remarks.iter().any(|remark| remark.starts_with(&about)), "{group}: {remarks:?}");
    }
}

#[test]
fn rules_for_one_host_are_put_together() {
    let subset = |name: &str, failures: u32| {
        format!(
            "{{ name: {name}, trafficPolicy: {{ outlierDetection: {{ consecutive5xxErrors: {failures} }} }} }}"
        )
    };
    let first =
        format!("kind: DestinationRule\nspec: {{ host: a, subsets: [ {} ] }}", subset("v1", 1));
    let second = rule("a", "connectionPool: { tcp: { maxConnections: 7 } }", &subset("v2", 2));
    let third = rule("a", "connectionPool: { tcp: { maxConnections: 8 } }", &subset("v2", 3));
    for (destination, failures) in [("host: a, subset: v1", "1"), ("host: a, subset: v2", "2")] {
        let calls = calls(&[&first, &second, &third, &route(destination)]);
        assert_eq!(policy(&calls[0]), ["7", failures, "power of two"], "{destination}");
    }
}

#[test]
fn a_wildcard_applies_to_hosts_without_a_rule() {
    let wide =
        rule("\"*.svc.cluster.local\"", "connectionPool: { tcp: { maxConnections: 1 } }", "");
    let narrow =
        rule("\"*.shop.svc.cluster.local\"", "connectionPool: { tcp: { maxConnections: 2 } }", "");
    let own = rule("c.shop.svc.cluster.local", "loadBalancer: { simple: RANDOM }", "");
    let route = |host: &str| route(&format!("host: {host}.svc.cluster.local"));
    let calls =
        calls(&[&wide, &route("a.shop"), &narrow, &route("b.bank"), &own, &route("c.shop")]);
    let of = |name: &str| policy(calls.iter().find(|call| call.callee == name).expect(name));
    assert_eq!(of("a"), ["2", "", "power of two"]);
    assert_eq!(of("b"), ["1", "", "power of two"]);
    assert_eq!(of("c"), ["", "", "random"]);
}

#[test]
fn a_balancer_that_is_none_of_a_scenario_is_not_called_unset() {
    let calls = calls(&[&rule("a", "loadBalancer: { simple: PASSTHROUGH }", "")]);
    let assumptions: Vec<String> = calls[0].assumptions.iter().map(ToString::to_string).collect();
    let text =
        "spec.trafficPolicy.loadBalancer.simple: PASSTHROUGH, and `power of two` stands in for it";
    assert!(assumptions.contains(&text.to_owned()), "{assumptions:?}");
    assert!(!assumptions.iter().any(|it| it.starts_with("loadBalancer: not set")));
}

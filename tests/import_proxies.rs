//! Imports of Istio and Envoy: each case is a configuration that was once read wrongly.

use sim_models::formats::{Imported, ImportedCall};

use crate::import::{import, imported, sound, sound_section};
use crate::running::root;

/// The settings of each call, without the comments.
fn settings(section: &str) -> Vec<&str> {
    let lines = section.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    lines.skip_while(|line| *line == "calls:").collect()
}

fn callees(imported: &Imported) -> Vec<&str> {
    imported.calls.iter().map(|call| call.callee.as_str()).collect()
}

#[test]
fn a_host_is_its_full_name() {
    let imported = imported("istio", "cases/istio-namesakes.yaml");
    assert_eq!(
        callees(&imported),
        ["ledger-blue", "ledger-green", "api-cards", "api-mail", "any-db"]
    );
    let section = sound("namesakes", &imported);
    for limit in [20, 500, 11, 22, 33] {
        assert!(section.contains(&format!("maxConnections: {limit} ")), "{section}");
    }
    assert!(section.contains("*.db.svc.cluster.local is every host of this kind"), "{section}");
}

#[test]
fn a_short_host_lies_in_the_namespace_of_its_rule() {
    let rule = |namespace: &str| {
        format!(
            "kind: DestinationRule\nmetadata: {{ namespace: {namespace} }}\nspec: {{ host: ledger, trafficPolicy: {{ outlierDetection: {{ consecutive5xxErrors: 3 }} }} }}\n"
        )
    };
    let twice = import("istio", "x.yaml", &format!("{}---\n{}", rule("blue"), rule("green")));
    assert_eq!(callees(&twice), ["ledger-blue", "ledger-green"]);
    let again = import("istio", "x.yaml", &format!("{}---\n{}", rule("blue"), rule("blue")));
    assert_eq!(callees(&again), ["ledger"]);
    let remarks: Vec<String> = again.calls[0].remarks.iter().map(ToString::to_string).collect();
    assert!(
        remarks.iter().any(|remark| remark.contains("another rule for this host")),
        "{remarks:?}"
    );
}

#[test]
fn a_timeout_of_zero_is_none() {
    let section = sound_section("istio", "cases/istio-timeout-zero.yaml");
    assert!(
        !section.contains("call timeout:") && section.contains("0s, so a call has no timeout"),
        "{section}"
    );
}

#[test]
fn a_route_without_retries_has_two_and_zero_means_none() {
    let silent = sound_section("istio", "cases/istio-default-retries.yaml");
    let none = sound_section("istio", "cases/istio-no-retries.yaml");
    let on = "[\"refused\",\"queue full\",\"wait exceeded\",\"shed\"]";
    assert!(silent.contains("call timeout: 4s") && none.contains("call timeout: 4s"));
    assert!(
        silent.contains("retry:") && silent.contains("attempts: 3") && silent.contains(on),
        "{silent}"
    );
    assert!(!none.contains("retry:") && none.contains("there are no retries"), "{none}");
}

#[test]
fn the_settings_of_a_call_are_those_of_one_route() {
    let section = sound_section("istio", "cases/istio-two-routes.yaml");
    let expected = ["app -> ledger:", "call timeout: 9s", "balance: power of two"];
    assert_eq!(settings(&section), expected, "{section}");
    assert!(section.contains("perTryTimeout") && section.contains("400ms"), "{section}");
}

#[test]
fn consecutive_errors_are_those_of_gateways() {
    let section = sound_section("istio", "cases/istio-consecutive-errors.yaml");
    for count in ["consecutive5xxErrors: 0", "consecutiveGatewayErrors: 2", "interval: 4s"] {
        assert!(section.contains(count), "{count}\n{section}");
    }
}

#[test]
fn routes_of_envoy_are_read_with_its_clusters() {
    let section = sound_section("envoy", "cases/envoy-routes.yaml");
    for setting in [
        "    call timeout: 4s\n",
        "    timeout: 1s\n",
        "attempts: 3",
        "max_connections: 50",
        "consecutive_5xx: 3",
        "enforcing_consecutive_5xx: 0",
        "consecutive_gateway_failure: 2",
        "enforcing_consecutive_gateway_failure: 100",
        "per_host_thresholds: [{\"max_connections\":5}]",
        "thresholds[0]: {\"priority\":\"HIGH\",\"max_connections\":1}",
    ] {
        assert!(section.contains(setting), "{setting}\n{section}");
    }
}

#[test]
fn a_cluster_and_a_route_of_which_nothing_is_said_have_the_defaults() {
    let cluster = sound("x", &import("envoy", "x.yaml", "clusters: [ { name: ledger } ]"));
    let expected = ["app -> ledger:", "connect timeout: 5s", "breaker: { preset: envoy }"];
    assert_eq!(settings(&cluster), expected, "{cluster}");
    let route = "virtual_hosts: [ { name: x, routes: [ { match: { prefix: / }, route: { cluster: ledger } } ] } ]";
    let route = sound("x", &import("envoy", "x.yaml", route));
    let expected = [
        "app -> ledger:",
        "call timeout: 15s",
        "connect timeout: 5s",
        "breaker: { preset: envoy }",
    ];
    assert_eq!(settings(&route), expected, "{route}");
}

#[test]
fn the_order_of_resources_does_not_matter() {
    let path = root().join("tests/import/istio-shop.yaml");
    let text = std::fs::read_to_string(path).expect("readable");
    let mut documents: Vec<&str> = text.split("\n---\n").collect();
    let calls = |documents: &[&str]| {
        let imported = import("istio", "x.yaml", &documents.join("\n---\n"));
        let sorted = |call: &ImportedCall| {
            let mut settings: Vec<String> =
                call.settings.iter().map(|(key, value)| format!("{key}: {value}")).collect();
            settings.sort();
            (call.callee.clone(), settings)
        };
        let mut calls: Vec<_> = imported.calls.iter().map(sorted).collect();
        calls.sort();
        calls
    };
    let before = calls(&documents);
    documents.reverse();
    assert_eq!(calls(&documents), before);
}

#[test]
fn a_second_route_to_a_callee_in_another_file_is_a_remark() {
    let service = |timeout: &str| {
        format!(
            "kind: VirtualService\nspec: {{ hosts: [ledger], http: [ {{ route: [ {{ destination: {{ host: ledger }} }} ], timeout: {timeout} }} ] }}\n"
        )
    };
    let imported = import("istio", "x.yaml", &format!("{}---\n{}", service("1s"), service("7s")));
    let section = sound("x", &imported);
    assert!(section.contains("call timeout: 1s") && section.contains("7s"), "{section}");
    assert!(section.contains("another route leads here"), "{section}");
}

#[test]
fn a_dump_of_envoys_configuration_is_read() {
    let text = "configs:
  - dynamic_active_clusters: [ { version_info: '1', cluster: { name: ledger, connect_timeout: 2s } } ]
  - static_route_configs: [ { route_config: { virtual_hosts: [ { name: all, routes: [ { match: { prefix: / }, route: { cluster: ledger, timeout: 3s } } ] } ] } } ]
";
    let section = sound("x", &import("envoy", "x.yaml", text));
    let expected =
        ["app -> ledger:", "connect timeout: 2s", "breaker: { preset: envoy }", "call timeout: 3s"];
    assert_eq!(settings(&section), expected, "{section}");
}

#[test]
fn a_shop_of_istio() {
    insta::assert_snapshot!(sound_section("istio", "istio-shop.yaml"));
}

#[test]
fn a_front_proxy_of_envoy() {
    insta::assert_snapshot!(sound_section("envoy", "envoy-front.yaml"));
}

#[test]
fn a_discovery_response_of_envoy() {
    insta::assert_snapshot!(sound_section("envoy", "envoy-discovery.yaml"));
}

#[test]
fn a_dump_of_a_proxy_with_a_control_plane() {
    insta::assert_snapshot!(sound_section("envoy", "envoy-dump.yaml"));
}

/// The first extension that Envoy has is in the place of `lb_policy`, with its slow start.
#[test]
fn a_policy_that_is_an_extension_takes_the_place_of_the_old_one() {
    let imported = imported("envoy", "cases/envoy-extensions.yaml");
    let balance = imported.calls[0].settings.iter().find(|(key, _)| *key == "balance");
    let expected = serde_json::json!({
        "policy": "power of two",
        "slow start": { "window": "30s", "aggression": 2.0, "least weight": "20%" },
    });
    assert_eq!(balance.map(|(_, it)| it), Some(&expected));
    sound("extensions", &imported);
    for (kind, policy) in [
        ("round_robin.v3.RoundRobin", "round robin"),
        ("random.v3.Random", "random"),
        ("ring_hash.v3.RingHash", "consistent hash"),
        ("maglev.v3.Maglev", "consistent hash"),
    ] {
        let typed = format!(
            "{{ \"@type\": type.googleapis.com/envoy.extensions.load_balancing_policies.{kind} }}"
        );
        let text = format!(
            "clusters: [ {{ name: a, lb_policy: LEAST_REQUEST, load_balancing_policy: {{ policies: [ {{ typed_extension_config: {{ typed_config: {typed} }} }} ] }} }} ]"
        );
        let imported = import("envoy", "x.yaml", &text);
        let section = sound(kind, &imported);
        assert!(section.contains(&format!("balance: {policy}\n")), "{section}");
        let remarks: Vec<String> =
            imported.calls[0].remarks.iter().map(ToString::to_string).collect();
        assert!(remarks.iter().any(|it| it.contains("lb_policy: LEAST_REQUEST")), "{remarks:?}");
        assert_eq!(remarks.iter().any(|it| it.contains("Maglev")), kind.contains("Maglev"));
    }
}

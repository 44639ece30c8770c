//! Values with which the real library or proxy would not start are errors at their places.

use crate::import::import;

/// The errors of an import: the message, and what the file says at its place.
fn errors(format: &str, text: &str) -> Vec<(String, String)> {
    let name = if format == "resilience4j" { "application.yml" } else { "x.yaml" };
    let problems = import(format, name, text).problems;
    let shown = problems.into_iter().map(|problem| {
        let at = problem.at.expect("a place");
        (problem.message, text[at.start..at.end].to_owned())
    });
    shown.collect()
}

/// Checks that a file has one error with this message, at the value.
pub fn assert_error(format: &str, text: &str, value: &str, range: &str) {
    let errors = errors(format, text);
    let [(message, at)] = &errors[..] else { panic!("{text}: {errors:?}") };
    assert!(at == value && message.contains(range), "{text}: {errors:?}");
}

#[test]
fn resilience4j_starts_within_its_ranges() {
    let number = "it must be a whole number from 1 to 2147483647";
    let refused = [
        ("retry", "maxAttempts", "0", number),
        ("retry", "maxAttempts", "2.5", number),
        ("retry", "maxAttempts", "many", number),
        ("retry", "max-attempts", "-1", number),
        ("retry", "waitDuration", "-1s", "it must be at least 0s"),
        ("retry", "exponentialBackoffMultiplier", "0", "it must be above 0"),
        ("retry", "exponentialMaxWaitDuration", "-1s", "it must be at least 0s"),
        ("retry", "randomizedWaitFactor", "1.0", "it must be at least 0 and below 1"),
        ("circuitbreaker", "slidingWindowSize", "0", number),
        ("circuitbreaker", "slidingWindowType", "CALLS", "one of COUNT_BASED, TIME_BASED"),
        ("circuitbreaker", "minimumNumberOfCalls", "0", number),
        ("circuitbreaker", "permittedNumberOfCallsInHalfOpenState", "0", number),
        ("circuitbreaker", "failureRateThreshold", "0.5", "it must be from 1 to 100"),
        ("circuitbreaker", "slowCallRateThreshold", "101", "it must be from 1 to 100"),
        ("circuitbreaker", "slowCallDurationThreshold", "0s", "it must be at least 1ns"),
        ("circuitbreaker", "waitDurationInOpenState", "0s", "it must be at least 1ms"),
        ("circuitbreaker", "maxWaitDurationInHalfOpenState", "-1s", "it must be at least 0s"),
        ("ratelimiter", "limitForPeriod", "0", number),
        ("ratelimiter", "limitRefreshPeriod", "0s", "it must be at least 1ns"),
        ("ratelimiter", "timeoutDuration", "-1s", "it must be at least 0s"),
        ("timelimiter", "timeoutDuration", "-1s", "it must be at least 0s"),
        ("bulkhead", "maxConcurrentCalls", "0", number),
        ("bulkhead", "maxWaitDuration", "-1s", "it must be at least 0s"),
        ("thread-pool-bulkhead", "keepAliveDuration", "-1s", "it must be at least 0s"),
    ];
    for (module, key, value, range) in refused {
        for group in ["instances", "configs"] {
            let instance = format!("resilience4j.{module}.{group}.ledger: {{ {key}: {value} }}\n");
            let more = "resilience4j.timelimiter.instances.stock.timeoutDuration: 1s\n";
            assert_error("resilience4j", &format!("{instance}{more}"), value, range);
        }
    }
}

#[test]
fn what_resilience4j_refuses_together_is_an_error() {
    let threads = "resilience4j.thread-pool-bulkhead:
  configs: { default: { maxThreadPoolSize: 4 } }
  instances: { ledger: { coreThreadPoolSize: 5 } }
";
    assert_error("resilience4j", threads, "5", "5 core threads are more than 4 in all");
    let waits = "resilience4j.circuitbreaker.instances.ledger: { enableExponentialBackoff: true, enableRandomizedWait: true }";
    assert_error("resilience4j", waits, "true", "a wait that grows cannot be randomized");
}

#[test]
fn what_resilience4j_takes_and_a_scenario_does_not_is_a_comment() {
    for text in [
        "resilience4j.retry.instances.ledger: { enableExponentialBackoff: true, exponentialBackoffMultiplier: 0.5 }",
        "resilience4j.retry.instances.ledger: { maxAttempts: \"${ATTEMPTS}\" }",
        "resilience4j.thread-pool-bulkhead.instances.ledger: { maxThreadPoolSize: 0 }",
    ] {
        let imported = import("resilience4j", "application.yml", text);
        assert_eq!(imported.problems, [], "{text}");
        assert!(!imported.calls[0].remarks.is_empty(), "{text}");
    }
}

#[test]
fn envoy_loads_what_its_protos_take() {
    let percent = "it must be from 0 to 100";
    let whole = "it must be a whole number from 0 to 100";
    let count = "it must be a whole number from 0 to 4294967295";
    let refused = [
        ("connect_timeout: VALUE", "0s", "it must be above 0s"),
        ("connect_timeout: VALUE", "-1s", "it must be above 0s"),
        ("outlier_detection: { interval: VALUE }", "0s", "it must be above 0s"),
        ("outlier_detection: { base_ejection_time: VALUE }", "0s", "it must be above 0s"),
        (
            "outlier_detection: { max_ejection_time: VALUE }",
            "20s",
            "at least the base_ejection_time",
        ),
        ("outlier_detection: { max_ejection_percent: VALUE }", "101", whole),
        ("outlier_detection: { enforcing_success_rate: VALUE }", "200", whole),
        ("outlier_detection: { consecutive_5xx: VALUE }", "-1", count),
        (
            "load_balancing_policy: { policies: [ { typed_extension_config: { typed_config: { slow_start_config: { slow_start_window: VALUE } } } } ] }",
            "-1s",
            "it must be at least 0s",
        ),
        ("common_lb_config: { healthy_panic_threshold: { value: VALUE } }", "101", percent),
        ("circuit_breakers: { thresholds: [ { max_connections: VALUE } ] }", "-5", count),
        (
            "circuit_breakers: { thresholds: [ { retry_budget: { budget_percent: { value: VALUE } } } ] }",
            "120",
            percent,
        ),
        ("health_checks: [ { interval: VALUE } ]", "0s", "it must be above 0s"),
    ];
    for (settings, value, range) in refused {
        let settings = settings.replace("VALUE", value);
        let text = format!("clusters: [ {{ name: ledger, {settings} }} ]");
        assert_error("envoy", &text, value, range);
    }
    let policy = "retry_policy: { retry_on: 5xx, retry_back_off: { base_interval: 0s } }";
    let route = format!(
        "virtual_hosts: [ {{ name: x, {policy}, routes: [ {{ match: {{ prefix: / }}, route: {{ cluster: ledger }} }} ] }} ]"
    );
    assert_error("envoy", &route, "0s", "it must be above 0s");
}

#[test]
fn istio_accepts_what_its_webhook_takes() {
    let number = "it must be a whole number from 0 to 2147483647";
    let refused = [
        ("outlierDetection: { maxEjectionPercent: VALUE }", "101", "from 0 to 100"),
        ("outlierDetection: { minHealthPercent: VALUE }", "-1", "from 0 to 100"),
        ("outlierDetection: { interval: VALUE }", "-1s", "it must be 0s, or at least 1ms"),
        ("outlierDetection: { baseEjectionTime: VALUE }", "100us", "at least 1ms"),
        (
            "outlierDetection: { consecutiveLocalOriginFailures: VALUE }",
            "3",
            "without `splitExternalLocalOriginErrors`",
        ),
        ("connectionPool: { tcp: { maxConnections: VALUE } }", "-1", number),
        ("connectionPool: { tcp: { connectTimeout: VALUE } }", "999us", "at least 1ms"),
        ("connectionPool: { http: { maxRetries: VALUE } }", "-1", number),
        ("retryBudget: { percent: VALUE }", "101", "from 0 to 100"),
        ("loadBalancer: { warmup: { duration: VALUE } }", "-9s", "at least 1ms"),
        ("loadBalancer: { warmup: { duration: 9s, aggression: VALUE } }", "0", "above 0"),
    ];
    for (policy, value, range) in refused {
        let policy = policy.replace("VALUE", value);
        for spec in [
            format!("trafficPolicy: {{ {policy} }}"),
            format!(
                "trafficPolicy: {{ portLevelSettings: [ {{ port: {{ number: 80 }}, {policy} }} ] }}"
            ),
            format!("subsets: [ {{ name: v1, trafficPolicy: {{ {policy} }} }} ]"),
        ] {
            let text = format!("kind: DestinationRule\nspec: {{ host: ledger, {spec} }}\n");
            assert_error("istio", &text, value, range);
        }
    }
    let refused = [
        ("timeout: VALUE", "-1s", "it must be 0s, or at least 1ms"),
        ("retries: { attempts: VALUE }", "-1", number),
        ("retries: { attempts: 2, perTryTimeout: VALUE }", "1us", "at least 1ms"),
        ("retries: { attempts: 2, backoff: VALUE }", "-25ms", "at least 1ms"),
    ];
    for (route, value, range) in refused {
        let route = route.replace("VALUE", value);
        let text = format!(
            "kind: VirtualService\nspec: {{ hosts: [ledger], http: [ {{ route: [ {{ destination: {{ host: ledger }} }} ], {route} }} ] }}\n"
        );
        assert_error("istio", &text, value, range);
    }
}

#[test]
fn a_timeout_of_zero_is_none_where_it_is_taken() {
    let route = "kind: HTTPRoute\nspec: { rules: [ { timeouts: { request: 0s }, backendRefs: [ { name: ledger } ] } ] }";
    let imported = import("istio", "x.yaml", route);
    assert_eq!(imported.problems, []);
    let call = &imported.calls[0];
    assert!(call.settings.iter().all(|(key, _)| *key != "call timeout"));
    let says = |text: &str| call.assumptions.iter().any(|it| it.text.contains(text));
    assert!(says("0s, so a call has no timeout"));
}

#[test]
fn a_duration_in_a_form_that_the_reader_does_not_take_is_an_error() {
    let retry =
        |value: &str| format!("resilience4j.retry.instances.a: {{ waitDuration: {value} }}");
    for value in ["1m30s", "1.5s", "0.5", "5min", "soon"] {
        let message =
            "which is no duration: write `250ms`, `PT0.25S` or a whole number of milliseconds";
        assert_error("resilience4j", &retry(value), value, message);
    }
    let pool = "resilience4j.retry.instances.a.maxAttempts: 2\nspring.datasource.hikari.connection-timeout: 30s";
    assert_error("resilience4j", pool, "30s", "a whole number");
    for value in ["5", "250ms", "1m30s"] {
        let cluster = format!("clusters: [ {{ name: a, connect_timeout: {value} }} ]");
        assert_error(
            "envoy",
            &cluster,
            value,
            "which is no duration: write seconds, such as `0.25s`",
        );
        for key in ["timeout", "retry_policy: { per_try_timeout"] {
            let end = if key.contains('{') { " }" } else { "" };
            let route = format!(
                "virtual_hosts: [ {{ routes: [ {{ route: {{ cluster: a, {key}: {value}{end} }} }} ] }} ]"
            );
            assert_error("envoy", &route, value, "which is no duration");
        }
    }
    for value in ["5", "PT1S", "1d"] {
        let route = format!(
            "kind: VirtualService\nspec: {{ http: [ {{ route: [ {{ destination: {{ host: a }} }} ], timeout: {value} }} ] }}"
        );
        assert_error("istio", &route, value, "which is no duration: write `250ms` or `1m30s`");
        let rule = format!(
            "kind: HTTPRoute\nspec: {{ rules: [ {{ backendRefs: [ {{ name: a }} ], timeouts: {{ request: {value} }} }} ] }}"
        );
        assert_error("istio", &rule, value, "which is no duration");
    }
    let taken = [
        ("resilience4j", retry("P1DT1H"), "25h"),
        ("resilience4j", retry("+5s"), "5s"),
        ("istio", "kind: DestinationRule\nspec: { host: a, trafficPolicy: { connectionPool: { tcp: { connectTimeout: 1m30s } } } }".to_owned(), "90s"),
    ];
    for (format, text, span) in taken {
        let imported =
            import(format, if format == "istio" { "x.yaml" } else { "application.yml" }, &text);
        let call = &imported.calls[0];
        let shown = format!("{:?} {:?}", call.settings, call.guards);
        assert!(imported.problems.is_empty() && shown.contains(span), "{text}: {shown}");
    }
}

#[test]
fn the_words_of_spring_for_true_and_false_are_read() {
    for (word, value) in
        [("yes", "true"), ("\"on\"", "true"), ("\"1\"", "true"), ("no", "false"), ("OFF", "false")]
    {
        let text = format!("resilience4j.retry.instances.a: {{ enableRandomizedWait: {word} }}");
        let imported = import("resilience4j", "application.yml", &text);
        let call = &imported.calls[0];
        assert_eq!(call.guards[0].1["enableRandomizedWait"].to_string(), value, "{word}");
        assert_eq!(call.remarks, [], "{word}");
    }
}

#[test]
fn thresholds_of_the_default_priority_are_read_whole() {
    let text = "clusters: [ { name: a, connect_timeout: 1s, circuit_breakers: { thresholds: [ { priority: DEFAULT, max_retries: 1 }, { priority: HIGH } ] } } ]";
    let remarks: Vec<String> =
        import("envoy", "x.yaml", text).calls[0].remarks.iter().map(ToString::to_string).collect();
    assert_eq!(remarks, ["clusters[0].circuit_breakers.thresholds[1]: {\"priority\":\"HIGH\"}"]);
}

#[test]
fn clusters_in_a_list_of_their_own_are_read() {
    let imported = import(
        "envoy",
        "x.yaml",
        "- { name: a, connect_timeout: 1s }\n- { name: b, connect_timeout: 2s }\n",
    );
    let callees: Vec<&str> = imported.calls.iter().map(|call| call.callee.as_str()).collect();
    assert_eq!(callees, ["a", "b"]);
    assert!(imported.problems.is_empty(), "{:?}", imported.problems);
}

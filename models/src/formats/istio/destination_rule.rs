//! The policies of a `DestinationRule`: for a host, its subsets and its ports.

use serde_json::{Map, Value, json};

use super::{CONSEQUENCE, destination, ranges};
use crate::formats::configuration::in_one_line;
use crate::formats::destinations::Destination;
use crate::formats::section::Section;
use crate::formats::values::{map, unless_empty};
use crate::formats::{Imported, ImportedCall, Remark};
use crate::guards::ENVOYS_MERGE_WINDOW;
use crate::scenario::Problem;

pub(super) fn read(root: &Section<'_>, imported: &mut Imported) {
    let spec = root.section("spec");
    let Some(host) = spec.text("host") else { return };
    let whole = destination(&host, root);
    let number = imported.number_of_destination(whole.clone());
    root.belongs_to(number);
    let call = &mut imported.calls[number];
    if call.destination_mut().has_policy {
        call.remark(spec.path(), "another rule for this host; the settings are those of the first");
        return;
    }
    call.destination_mut().has_policy = true;
    let policy = spec.section("trafficPolicy");
    let subsets = spec.sections("subsets");
    let policies = subsets.iter().map(|subset| subset.section("trafficPolicy"));
    for policy in policies.chain([policy.clone()]) {
        refuse(&policy, &mut imported.problems);
    }
    let call = &mut imported.calls[number];
    read_policy(&[&policy], call);
    for port in policy.sections("portLevelSettings") {
        read_port(&port, &whole, imported);
    }
    for subset in &subsets {
        read_subset(subset, &policy, &whole, imported);
    }
}

/// Adds an error for each value of a policy and of its ports that Istio does not accept.
fn refuse(policy: &Section<'_>, problems: &mut Vec<Problem>) {
    for policy in policy.sections("portLevelSettings").iter().chain([policy]) {
        policy.refuse(&ranges::TRAFFIC_POLICY, CONSEQUENCE, problems);
        let outliers = policy.section("outlierDetection");
        let failures = outliers.peek("consecutiveLocalOriginFailures").and_then(Value::as_u64);
        let splits = outliers.peek("splitExternalLocalOriginErrors").and_then(Value::as_bool);
        if failures.is_some_and(|failures| failures > 0) && splits != Some(true) {
            let message =
                "`consecutiveLocalOriginFailures` without `splitExternalLocalOriginErrors`";
            let at = outliers.place("consecutiveLocalOriginFailures");
            problems.push(Problem::error(message, at).with_help(CONSEQUENCE));
        }
    }
}

/// Nothing of the host's policy applies to a port that has settings of its own.
fn read_port(port: &Section<'_>, whole: &Destination, imported: &mut Imported) {
    let Some(number) = port.section("port").text("number") else { return };
    let part = Destination { port: Some(number), ..whole.clone() };
    read_part(port, &[port], part, imported);
}

/// A subset takes from the host's policy what it does not have itself, group by group (`MergeTrafficPolicy` in
/// `pilot/pkg/networking/util`).
fn read_subset(
    subset: &Section<'_>,
    policy: &Section<'_>,
    whole: &Destination,
    imported: &mut Imported,
) {
    let Some(name) = subset.text("name") else { return };
    let own = subset.section("trafficPolicy");
    let part = Destination { subset: Some(name), ..whole.clone() };
    read_part(subset, &[&own, policy], part, imported);
}

fn read_part(
    part: &Section<'_>,
    policies: &[&Section<'_>],
    destination: Destination,
    imported: &mut Imported,
) {
    let number = imported.number_of_destination(destination);
    part.belongs_to(number);
    let call = &mut imported.calls[number];
    let written = part.written().as_ref().map(in_one_line).unwrap_or_default();
    let it = call.destination_mut();
    if it.has_policy {
        call.remark(
            part.path(),
            "another policy for this part; the settings are those of the first",
        );
        return;
    }
    it.has_policy = true;
    it.policy = Some(Remark::new(part.path(), format!("no route leads there: {written}")));
    read_policy(policies, call);
}

/// Reads each group of settings from the first policy that has it.
fn read_policy(policies: &[&Section<'_>], call: &mut ImportedCall) {
    let group = |key: &str| policies.iter().map(|it| it.section(key)).find(Section::is_there);
    let pool = group("connectionPool");
    let (connection_pool, connect_timeout) = pool
        .as_ref()
        .map_or((None, None), |pool| (read_pool(pool, call), read_connect_timeout(pool)));
    call.set("connect timeout", connect_timeout);
    let outliers = group("outlierDetection");
    let budget = group("retryBudget");
    let detection = outliers.map(|outliers| {
        let text = format!(
            "an ejection takes effect at once; Envoy lets it wait for up to {ENVOYS_MERGE_WINDOW} after another"
        );
        call.assume(outliers.path(), text);
        read_outliers(&outliers, call)
    });
    let budget = budget.map(|budget| read_budget(&budget));
    if connection_pool.is_some() || detection.is_some() || budget.is_some() {
        let breaker = map([
            ("preset", Some("istio".into())),
            ("connectionPool", connection_pool),
            ("retryBudget", budget),
            ("outlierDetection", detection),
        ]);
        call.set("breaker", Some(Value::Object(breaker)));
    }
    if let Some(balancer) = group("loadBalancer") {
        read_balance(&balancer, call);
    }
}

fn read_connect_timeout(pool: &Section<'_>) -> Option<Value> {
    pool.section("tcp").lasting("connectTimeout")
}

fn read_pool(pool: &Section<'_>, call: &mut ImportedCall) -> Option<Value> {
    let mut limits = |section: &Section<'_>, keys: &[&str]| {
        let limit = |key: &&str| {
            let limit = section.count(key)?;
            if limit == 0 {
                call.assume(format!("{}.{key}", section.path()), "0, which is no limit");
            }
            Some(((*key).to_owned(), limit.into()))
        };
        unless_empty(keys.iter().filter_map(limit).collect())
    };
    let tcp = limits(&pool.section("tcp"), &["maxConnections"]);
    let http = limits(
        &pool.section("http"),
        &["http1MaxPendingRequests", "http2MaxRequests", "maxRetries"],
    );
    unless_empty(map([("tcp", tcp), ("http", http)]))
}

fn read_budget(budget: &Section<'_>) -> Value {
    let percent = budget.section("percent").share("value").or_else(|| budget.share("percent"));
    let minimum = budget.count("minRetryConcurrency");
    Value::Object(map([("percent", percent), ("minRetryConcurrency", minimum.map(Value::from))]))
}

fn read_outliers(outliers: &Section<'_>, call: &mut ImportedCall) -> Value {
    let count = |key: &str| outliers.count(key).map(Value::from);
    let mut detection: Map<String, Value> = map([
        ("consecutive5xxErrors", count("consecutive5xxErrors")),
        ("consecutiveGatewayErrors", count("consecutiveGatewayErrors")),
        (
            "splitExternalLocalOriginErrors",
            outliers.flag("splitExternalLocalOriginErrors").map(Value::from),
        ),
        ("consecutiveLocalOriginFailures", count("consecutiveLocalOriginFailures")),
        ("interval", outliers.lasting("interval")),
        ("baseEjectionTime", outliers.lasting("baseEjectionTime")),
        ("maxEjectionPercent", outliers.percentage("maxEjectionPercent")),
        ("minHealthPercent", outliers.percentage("minHealthPercent")),
    ]);
    if !detection.contains_key("consecutiveGatewayErrors")
        && let Some(errors) = outliers.count("consecutiveErrors")
    {
        // As releases had it that still knew the key (`applyOutlierDetection`, istio/api#617): "only listen to gateway errors".
        detection.insert("consecutiveGatewayErrors".to_owned(), errors.into());
        detection.entry("consecutive5xxErrors").or_insert_with(|| 0.into());
        let about = format!("{}.consecutiveErrors", outliers.path());
        call.assume(about, "the old name of `consecutiveGatewayErrors`, with which no 500 counts");
    }
    Value::Object(detection)
}

fn read_balance(balancer: &Section<'_>, call: &mut ImportedCall) {
    let simple = balancer.take_as("simple", |written| {
        Some(match written.as_str()? {
            "ROUND_ROBIN" => "round robin",
            "RANDOM" => "random",
            // Envoy compares two hosts that it draws.
            "LEAST_REQUEST" | "LEAST_CONN" => "power of two",
            _ => return None,
        })
    });
    let is_hashed = balancer.section("consistentHash").is_there();
    let policy = simple.or(is_hashed.then_some("consistent hash"));
    let Some(slow_start) = read_warmup(balancer) else {
        call.set("balance", policy.map(Value::from));
        return;
    };
    let policy = policy.unwrap_or_else(|| {
        call.assume(
            format!("{}.simple", balancer.path()),
            "not set, and the default is `power of two`",
        );
        "power of two"
    });
    call.set("balance", Some(json!({ "policy": policy, "slow start": slow_start })));
}

fn read_warmup(balancer: &Section<'_>) -> Option<Value> {
    let warmup = balancer.section("warmup");
    if let Some(window) = warmup.lasting("duration") {
        let least = warmup.share("minimumPercent").map(|least| format!("{least}%").into());
        let is_steepness = |value: &Value| value.as_f64().is_some_and(|it| it >= 1.0);
        let aggression =
            warmup.take_as("aggression", |value| is_steepness(value).then(|| value.clone()));
        let entries =
            map([("window", Some(window)), ("aggression", aggression), ("least weight", least)]);
        return Some(Value::Object(entries));
    }
    balancer.lasting("warmupDurationSecs").map(|window| json!({ "window": window }))
}

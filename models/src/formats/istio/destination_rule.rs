//! The policies of a `DestinationRule`: for a host, its subsets and its ports.

use serde_json::Value;

use super::{CONSEQUENCE, DEFAULT_BALANCE, destination, ranges};
use crate::formats::carried::Carried;
use crate::formats::configuration::in_one_line;
use crate::formats::destinations::{Destination, GROUPS, PolicyGroup};
use crate::formats::section::Section;
use crate::formats::{Imported, ImportedCall, Remark};
use crate::guards::ENVOYS_MERGE_WINDOW;
use crate::scenario::Problem;

pub(super) fn read(root: &Section<'_>, imported: &mut Imported) {
    let spec = root.section("spec");
    let Some(host) = spec.text("host") else { return };
    let whole = destination(&host, root);
    let number = imported.number_of_destination(whole.clone());
    root.belongs_to(number);
    let policy = spec.section("trafficPolicy");
    let subsets = spec.sections("subsets");
    let policies = subsets.iter().map(|subset| subset.section("trafficPolicy"));
    for policy in policies.chain([policy.clone()]) {
        refuse(&policy, &mut imported.problems);
    }
    // Of several rules for a host, the first policy counts, and the first subset of each name (`mergeDestinationRule`
    // in `pilot/pkg/model/destination_rule.go`).
    let call = &mut imported.calls[number];
    if policy.is_there() && call.destination_mut().has_policy {
        call.remark(policy.path(), "another rule for this host has a policy; the first one counts");
    } else if policy.is_there() {
        call.destination_mut().has_policy = true;
        read_policy(&policy, call);
        for port in policy.sections("portLevelSettings") {
            read_port(&port, &whole, imported);
        }
    }
    for subset in &subsets {
        read_subset(subset, &whole, imported);
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
    if let Some(number) = number_of_part(port, part, imported) {
        read_policy(port, &mut imported.calls[number]);
    }
}

/// A subset takes from the host's policy what it does not have itself, group by group.
fn read_subset(subset: &Section<'_>, whole: &Destination, imported: &mut Imported) {
    let Some(name) = subset.text("name") else { return };
    let part = Destination { subset: Some(name), ..whole.clone() };
    let Some(number) = number_of_part(subset, part.clone(), imported) else { return };
    let policy = subset.section("trafficPolicy");
    read_policy(&policy, &mut imported.calls[number]);
    for port in policy.sections("portLevelSettings") {
        let Some(port_number) = port.section("port").text("number") else { continue };
        let part = Destination { port: Some(port_number), ..part.clone() };
        let Some(number) = number_of_part(&port, part, imported) else { continue };
        let call = &mut imported.calls[number];
        read_policy(&port, call);
        // All but the budget of a port of a subset are the defaults if it does not have them, and not the host's
        // (`MergeTrafficPolicy` in `pilot/pkg/model/destination_rule.go`).
        let groups = &mut call.destination_mut().groups;
        for name in GROUPS.into_iter().filter(|name| *name != "retryBudget") {
            if !groups.iter().any(|group| group.name == name) {
                groups.push(PolicyGroup {
                    name,
                    written: None,
                    settings: Vec::new(),
                    assumptions: Vec::new(),
                });
            }
        }
    }
}

/// The number of the call to a part of a host; none if it has a policy already.
fn number_of_part(
    part: &Section<'_>,
    destination: Destination,
    imported: &mut Imported,
) -> Option<usize> {
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
        return None;
    }
    it.has_policy = true;
    it.policy = Some(Remark::new(part.path(), format!("no route leads there: {written}")));
    Some(number)
}

/// Reads the groups of settings that a policy has.
fn read_policy(policy: &Section<'_>, call: &mut ImportedCall) {
    for name in GROUPS {
        let section = policy.section(name);
        if !section.is_there() {
            continue;
        }
        let mut assumptions = Vec::new();
        let in_breaker = |settings: Option<Carried>| {
            let breaker =
                |settings| Carried::map([("preset", Some("istio".into())), (name, Some(settings))]);
            ("breaker", settings.map(breaker))
        };
        let settings = match name {
            "connectionPool" => vec![
                ("connect timeout", section.section("tcp").lasting("connectTimeout")),
                in_breaker(read_pool(&section, &mut assumptions)),
            ],
            "retryBudget" => vec![in_breaker(Some(read_budget(&section)))],
            "outlierDetection" => {
                vec![in_breaker(Some(read_outliers(&section, &mut assumptions)))]
            }
            _ => vec![("balance", Some(read_balance(&section, &mut assumptions)))],
        };
        let written = section.written().as_ref().map(in_one_line).unwrap_or_default();
        let written =
            Remark::new(section.path(), format!("no route takes it from there: {written}"));
        let settings = settings.into_iter().filter_map(|(key, value)| Some((key, value?)));
        call.destination_mut().groups.push(PolicyGroup {
            name,
            written: Some(written),
            settings: settings.collect(),
            assumptions,
        });
    }
}

fn read_pool(pool: &Section<'_>, assumptions: &mut Vec<Remark>) -> Option<Carried> {
    let mut limits = |section: &Section<'_>, keys: &[&str]| {
        let limit = |key: &&str| {
            let limit = section.limit(key)?;
            if section.count(key) == Some(0) {
                let about = format!("{}.{key}", section.path());
                assumptions.push(Remark::new(about, "0, which is no limit"));
            }
            Some(((*key).to_owned(), limit))
        };
        keys.iter().filter_map(limit).collect::<Carried>().unless_empty()
    };
    let tcp = limits(&pool.section("tcp"), &["maxConnections"]);
    let http = limits(
        &pool.section("http"),
        &["http1MaxPendingRequests", "http2MaxRequests", "maxRetries"],
    );
    Carried::map([("tcp", tcp), ("http", http)]).unless_empty()
}

fn read_budget(budget: &Section<'_>) -> Carried {
    let percent = budget.section("percent").share("value").or_else(|| budget.share("percent"));
    let minimum = budget.limit("minRetryConcurrency");
    Carried::map([("percent", percent), ("minRetryConcurrency", minimum)])
}

fn read_outliers(outliers: &Section<'_>, assumptions: &mut Vec<Remark>) -> Carried {
    outliers.note_opened();
    let text = format!(
        "an ejection takes effect at once; Envoy lets it wait for up to {ENVOYS_MERGE_WINDOW} after another"
    );
    assumptions.push(Remark::new(outliers.path(), text));
    let count = |key: &str| outliers.limit(key);
    let mut detection = Carried::map([
        ("consecutive5xxErrors", count("consecutive5xxErrors")),
        ("consecutiveGatewayErrors", count("consecutiveGatewayErrors")),
        (
            "splitExternalLocalOriginErrors",
            outliers.flag("splitExternalLocalOriginErrors").map(Carried::from),
        ),
        ("consecutiveLocalOriginFailures", count("consecutiveLocalOriginFailures")),
        ("interval", outliers.lasting("interval")),
        ("baseEjectionTime", outliers.lasting("baseEjectionTime")),
        ("maxEjectionPercent", outliers.percentage("maxEjectionPercent")),
        ("minHealthPercent", outliers.percentage("minHealthPercent")),
    ]);
    if !detection.has("consecutiveGatewayErrors")
        && let Some(errors) = outliers.limit("consecutiveErrors")
    {
        // As releases had it that still knew the key (`applyOutlierDetection`, istio/api#617): "only listen to gateway errors".
        detection.insert("consecutiveGatewayErrors", errors);
        if !detection.has("consecutive5xxErrors") {
            detection.insert("consecutive5xxErrors", 0);
        }
        let about = format!("{}.consecutiveErrors", outliers.path());
        let text = "the old name of `consecutiveGatewayErrors`, with which no 500 counts";
        assumptions.push(Remark::new(about, text));
    }
    detection
}

fn read_balance(balancer: &Section<'_>, assumptions: &mut Vec<Remark>) -> Carried {
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
    let policy = simple.or(is_hashed.then_some("consistent hash")).unwrap_or_else(|| {
        let about = format!("{}.simple", balancer.path());
        let text = match balancer.peek("simple") {
            Some(written) => {
                format!("{}, and `{DEFAULT_BALANCE}` stands in for it", in_one_line(written))
            }
            None => format!("not set, and the default is `{DEFAULT_BALANCE}`"),
        };
        assumptions.push(Remark::new(about, text));
        DEFAULT_BALANCE
    });
    match read_warmup(balancer) {
        Some(slow_start) => {
            Carried::map([("policy", Some(policy.into())), ("slow start", Some(slow_start))])
        }
        None => policy.into(),
    }
}

fn read_warmup(balancer: &Section<'_>) -> Option<Carried> {
    let warmup = balancer.section("warmup");
    if let Some(window) = warmup.lasting("duration") {
        let least = warmup.share("minimumPercent");
        let least = least.map(|least| least.reworded(|least| format!("{least}%")));
        let is_steepness = |value: &Value| value.as_f64().is_some_and(|it| it >= 1.0);
        let aggression =
            warmup.carry("aggression", |value| is_steepness(value).then(|| value.clone()));
        return Some(Carried::map([
            ("window", Some(window)),
            ("aggression", aggression),
            ("least weight", least),
        ]));
    }
    let window = balancer.lasting("warmupDurationSecs")?;
    Some(Carried::map([("window", Some(window))]))
}

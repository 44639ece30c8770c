//! A cluster.

use serde_json::Value;

use super::{CONSEQUENCE, destination, outliers, ranges};
use crate::formats::carried::Carried;
use crate::formats::section::Section;
use crate::formats::{Imported, ImportedCall};
use crate::guards::ENVOYS_MERGE_WINDOW;
use crate::scenario::Problem;

/// The key of HTTP options among those of extensions.
pub(super) const HTTP_OPTIONS: &str = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

/// Envoy's own limits (`CircuitBreakers.Thresholds`).
const LIMITS: &str = "1024 connections, 1024 pending requests, 1024 requests, 3 retries";
/// The subject of the note on a cluster that only routes name.
const NO_CLUSTER: &str = "cluster";

pub(super) fn read(cluster: &Section<'_>, imported: &mut Imported) {
    let Some(name) = cluster.text("name") else { return };
    let number = imported.number_of_destination(destination(&name));
    cluster.belongs_to(number);
    let call = &mut imported.calls[number];
    if call.destination_mut().has_policy {
        call.remark(
            cluster.path(),
            "another cluster of this name; the settings are those of the first",
        );
        return;
    }
    call.destination_mut().has_policy = true;
    refuse(cluster, &mut imported.problems);
    let call = &mut imported.calls[number];
    call.assumptions.retain(|assumption| assumption.about != NO_CLUSTER);
    read_connect_timeout(cluster, call);
    read_breaker(cluster, call);
    read_balance(cluster, call);
}

/// Adds an error for each value that Envoy does not load.
fn refuse(cluster: &Section<'_>, problems: &mut Vec<Problem>) {
    cluster.refuse(&ranges::CLUSTER, CONSEQUENCE, problems);
    let breakers = cluster.section("circuit_breakers");
    let thresholds = ["thresholds", "per_host_thresholds"].map(|key| breakers.sections(key));
    for thresholds in thresholds.iter().flatten() {
        thresholds.refuse(&ranges::THRESHOLDS, CONSEQUENCE, problems);
    }
    for extension in cluster.section("load_balancing_policy").sections("policies") {
        let typed = extension.section("typed_extension_config").section("typed_config");
        typed.refuse(&ranges::SLOW_START, CONSEQUENCE, problems);
    }
    for check in cluster.sections("health_checks") {
        check.refuse(&ranges::HEALTH_CHECK, CONSEQUENCE, problems);
    }
    outliers::refuse(&cluster.section("outlier_detection"), problems);
}

/// The connect timeout of a cluster that has none (`connect_timeout` in `cluster.proto`).
const CONNECT_TIMEOUT: &str = "5s";

/// The breaker and connect timeout of a cluster that is not in the files, which are Envoy's own.
pub(super) fn assume_limits(call: &mut ImportedCall) {
    if call.setting("breaker").is_none() {
        let timeout = format!("a connect timeout of {CONNECT_TIMEOUT}");
        call.assume(NO_CLUSTER, format!("not in these files: {LIMITS}, {timeout}"));
        call.set("connect timeout", Some(CONNECT_TIMEOUT.into()));
        call.set("breaker", Some(Carried::map([("preset", Some("envoy".into()))])));
    }
}

fn read_connect_timeout(cluster: &Section<'_>, call: &mut ImportedCall) {
    let written = cluster.lasting("connect_timeout");
    if written.is_none() {
        call.assume("connect_timeout", format!("not set, and the default is {CONNECT_TIMEOUT}"));
    }
    call.set("connect timeout", written.or_else(|| Some(CONNECT_TIMEOUT.into())));
}

/// Sets the breaker.
fn read_breaker(cluster: &Section<'_>, call: &mut ImportedCall) {
    let thresholds = cluster.section("circuit_breakers").sections("thresholds");
    let limits = thresholds.iter().find(|entry| is_of_default_priority(entry));
    if let Some(limits) = limits {
        limits.text("priority");
    }
    let limit = |key: &str| limits.and_then(|limits| limits.limit(key));
    let detection = cluster.section("outlier_detection");
    detection.note_opened();
    let balancing = cluster.section("common_lb_config");
    let mut merge_window = balancing.duration("update_merge_window");
    let takes_out = detection.is_there() || cluster.has("health_checks");
    if merge_window.is_none() && takes_out {
        let assumption = format!("not set, and the default is {ENVOYS_MERGE_WINDOW}");
        call.assume("common_lb_config.update_merge_window", assumption);
        merge_window = Some(ENVOYS_MERGE_WINDOW.to_string().into());
    }
    let breaker = Carried::map([
        ("preset", Some("envoy".into())),
        ("max_connections", limit("max_connections")),
        ("max_pending_requests", limit("max_pending_requests")),
        ("max_requests", limit("max_requests")),
        ("max_retries", limit("max_retries")),
        (
            "retry_budget",
            limits.and_then(|limits| read_retry_budget(&limits.section("retry_budget"))),
        ),
        ("http2_protocol_options", is_http2(cluster).then_some(true.into())),
        ("update_merge_window", merge_window),
        ("outlier_detection", detection.is_there().then(|| outliers::read(&detection))),
    ]);
    if limits.is_none() {
        call.assume("circuit_breakers", format!("not set: {LIMITS}"));
    }
    call.set("breaker", Some(breaker));
}

/// True for the thresholds of ordinary requests.
fn is_of_default_priority(thresholds: &Section<'_>) -> bool {
    thresholds.peek("priority").is_none_or(|priority| priority == "DEFAULT")
}

fn read_retry_budget(budget: &Section<'_>) -> Option<Carried> {
    let percent = budget.section("budget_percent").share("value");
    let minimum = budget.limit("min_retry_concurrency");
    let entries = [("budget_percent", percent), ("min_retry_concurrency", minimum)];
    budget.is_there().then(|| Carried::map(entries))
}

/// True if requests share connections.
fn is_http2(cluster: &Section<'_>) -> bool {
    let extension = cluster.section("typed_extension_protocol_options");
    let explicit = extension.section(HTTP_OPTIONS).section("explicit_http_config");
    [cluster, &explicit].into_iter().any(has_http2_options)
}

/// True if a section has options of HTTP/2; those that it sets stay unread.
fn has_http2_options(section: &Section<'_>) -> bool {
    let key = "http2_protocol_options";
    let is_empty = |options: &Value| options.as_object()?.is_empty().then_some(());
    section.take_as(key, is_empty).is_some() || section.section(key).is_there()
}

fn read_balance(cluster: &Section<'_>, call: &mut ImportedCall) {
    // The first extension that Envoy supports is in the place of `lb_policy` (`cluster.proto:1221`).
    let list = cluster.section("load_balancing_policy").sections("policies");
    let mut extensions = list.iter().map(|it| it.section("typed_extension_config"));
    let extension = extensions.find_map(|it| {
        Some((it.section("typed_config"), read_extension(&it.section("typed_config"))?))
    });
    let (policy, is_maglev) = match &extension {
        Some((_, (policy, kind))) => (Some(*policy), *kind == "Maglev"),
        None => (read_policy(cluster), cluster.peek("lb_policy").is_some_and(|it| it == "MAGLEV")),
    };
    if is_maglev {
        call.remark("lb_policy", "MAGLEV; a ring stands in for Maglev's table");
    }
    let health_check = cluster.sections("health_checks").first().and_then(read_health_check);
    let panic = read_panic_threshold(&cluster.section("common_lb_config"));
    let slow_start = match &extension {
        Some((extension, _)) => read_slow_start(&extension.section("slow_start_config")),
        None => ["round_robin_lb_config", "least_request_lb_config"]
            .iter()
            .find_map(|key| read_slow_start(&cluster.section(key).section("slow_start_config"))),
    };
    let has_details = health_check.is_some() || panic.is_some() || slow_start.is_some();
    let policy = policy.map(Carried::from);
    let details = Carried::map([
        ("policy", policy.clone()),
        ("slow start", slow_start),
        ("health check", health_check),
        ("panic threshold", panic),
    ]);
    call.set("balance", if has_details { Some(details) } else { policy });
}

fn read_policy(cluster: &Section<'_>) -> Option<&'static str> {
    cluster.take_as("lb_policy", |written| {
        Some(match written.as_str()? {
            "ROUND_ROBIN" => "round robin",
            "LEAST_REQUEST" => "power of two",
            "RANDOM" => "random",
            "RING_HASH" | "MAGLEV" => "consistent hash",
            _ => return None,
        })
    })
}

/// The messages under `envoy.extensions.load_balancing_policies` that a scenario has a policy for.
const EXTENSIONS: [(&str, &str); 5] = [
    ("RoundRobin", "round robin"),
    ("LeastRequest", "power of two"),
    ("Random", "random"),
    ("RingHash", "consistent hash"),
    ("Maglev", "consistent hash"),
];

/// The policy of an extension, and the last part of its type.
fn read_extension(typed: &Section<'_>) -> Option<(&'static str, &'static str)> {
    typed.take_as("@type", |kind| {
        let kind = kind.as_str()?.rsplit('.').next()?;
        EXTENSIONS.iter().find(|(name, _)| *name == kind).map(|(name, policy)| (*policy, *name))
    })
}

fn read_health_check(check: &Section<'_>) -> Option<Carried> {
    let threshold = |key: &str| {
        let above_zero = |value: &Value| value.as_u64().filter(|it| (1..1 << 32).contains(it));
        check.carry(key, above_zero)
    };
    Some(Carried::map([
        ("interval", Some(check.lasting("interval")?)),
        ("unhealthy threshold", threshold("unhealthy_threshold")),
        ("healthy threshold", threshold("healthy_threshold")),
    ]))
}

fn read_panic_threshold(common: &Section<'_>) -> Option<Carried> {
    if common
        .take_as("healthy_panic_threshold", |it| it.as_object()?.is_empty().then_some(()))
        .is_some()
    {
        // A message without a value has the value zero.
        return Some("0%".into());
    }
    let percent = common.section("healthy_panic_threshold").share("value");
    percent.map(|percent| percent.reworded(|percent| format!("{percent}%")))
}

fn read_slow_start(written: &Section<'_>) -> Option<Carried> {
    let is_least = |value: &Value| value.as_f64().is_some_and(|it| it > 0.0 && it <= 1_000.0);
    let least = written.section("min_weight_percent");
    Some(Carried::map([
        ("window", Some(written.lasting("slow_start_window")?)),
        (
            "aggression",
            written
                .section("aggression")
                .carry("default_value", |value| is_least(value).then(|| value.clone())),
        ),
        (
            "least weight",
            least.share("value").map(|percent| percent.reworded(|percent| format!("{percent}%"))),
        ),
    ]))
}

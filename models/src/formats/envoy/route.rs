//! The routes of virtual hosts: timeouts, retries and hedges of the calls to clusters.

use serde_json::{Value, json};

use super::{CONSEQUENCE, cluster, destination, ranges};
use crate::formats::carried::Carried;
use crate::formats::destinations::Destination;
use crate::formats::retry_conditions;
use crate::formats::routes::{self, Route, RouteRetry, backoff, read_routes};
use crate::formats::section::Section;
use crate::formats::{Imported, ImportedCall};
use crate::guards::MOST_REQUESTS;

/// The timeout of a route that does not set one (`RouteAction.timeout`).
const TIMEOUT: &str = "15s";

pub(super) fn read(configuration: &Section<'_>, imported: &mut Imported) {
    let hosts = configuration.sections("virtual_hosts");
    for host in &hosts {
        host.refuse(&ranges::RETRY_POLICY, CONSEQUENCE, &mut imported.problems);
        for route in host.sections("routes") {
            let action = route.section("route");
            action.refuse(&ranges::RETRY_POLICY, CONSEQUENCE, &mut imported.problems);
            action.refuse(&ranges::ROUTE_TIMEOUT, CONSEQUENCE, &mut imported.problems);
        }
    }
    let routes: Vec<(Route<'_>, &Section<'_>)> = hosts
        .iter()
        .flat_map(|host| routes_of(host).into_iter().map(move |route| (route, host)))
        .collect();
    let (routes, hosts): (Vec<Route<'_>>, Vec<&Section<'_>>) = routes.into_iter().unzip();
    read_routes(&routes, imported, |route, destination, number, imported| {
        let place = routes.iter().position(|it| it.section.path() == route.path());
        let host = hosts[place.expect("the route is one of these")];
        let action = route.section("route");
        note_cluster(&action, destination, number);
        let call = &mut imported.calls[number];
        read_action(&action, host, call);
        cluster::assume_limits(call);
    });
}

fn routes_of<'a>(host: &Section<'a>) -> Vec<Route<'a>> {
    let route = |section: Section<'a>| Route {
        destinations: destinations_of(&section.section("route")),
        is_default: section.peek("match").is_some_and(|it| *it == json!({ "prefix": "/" })),
        section,
    };
    host.sections("routes").into_iter().map(route).collect()
}

/// The clusters that an action leads to; they stay unread.
fn destinations_of(action: &Section<'_>) -> Vec<Destination> {
    let weighted = action.section("weighted_clusters").sections("clusters");
    let names = weighted.iter().map(|it| it.peek("name")).chain([action.peek("cluster")]);
    names.flatten().filter_map(Value::as_str).map(destination).collect()
}

/// Notes that the name of the cluster has been read.
fn note_cluster(action: &Section<'_>, wanted: &Destination, number: usize) {
    let is_wanted = |name: &Value| (destination(name.as_str()?) == *wanted).then_some(());
    action.take_as("cluster", is_wanted);
    for item in action.section("weighted_clusters").sections("clusters") {
        if item.take_as("name", is_wanted).is_some() {
            item.belongs_to(number);
        }
    }
}

fn read_action(action: &Section<'_>, host: &Section<'_>, call: &mut ImportedCall) {
    call.set_call_timeout(action, "timeout");
    if !action.has("timeout") {
        call.assume(
            format!("{}.timeout", action.path()),
            format!("not set, and the default is {TIMEOUT}"),
        );
        call.set("call timeout", Some(TIMEOUT.into()));
    }
    // A policy of the route takes the place of the one that the virtual host has for all.
    let first =
        |key: &str| [action, host].into_iter().map(|it| it.section(key)).find(Section::is_there);
    if let Some(policy) = first("retry_policy") {
        read_retries(&policy, first("hedge_policy").as_ref(), call);
    }
}

fn read_retries(policy: &Section<'_>, hedge: Option<&Section<'_>>, call: &mut ImportedCall) {
    let about = policy.path();
    policy.note_opened();
    let Some(retry_on) = policy.text("retry_on").filter(|retry_on| !retry_on.is_empty()) else {
        call.assume(format!("{about}.retry_on"), "not set: there are no retries");
        call.set_attempt_timeout(policy, "per_try_timeout");
        return;
    };
    let retries = policy.count("num_retries");
    match retries {
        None => call.assume(format!("{about}.num_retries"), "not set, which is 1"),
        Some(0) => {
            call.assume(
                format!("{about}.num_retries"),
                format!("0: there are no retries on {retry_on}"),
            );
            call.set_attempt_timeout(policy, "per_try_timeout");
            return;
        }
        Some(_) => {}
    }
    let retries = retries.unwrap_or(1);
    let needs_codes = retry_on.contains("retriable-status-codes");
    let codes = needs_codes.then(|| policy.take_as("retriable_status_codes", codes)).flatten();
    if let Some(codes) = &codes {
        let is_outcome =
            |code: &&u32| retry_conditions::read(&code.to_string(), &[]).unknown.is_empty();
        let listed: Vec<String> = codes.iter().filter(is_outcome).map(u32::to_string).collect();
        if !listed.is_empty() {
            call.assume(
                format!("{about}.retriable_status_codes"),
                format!("{}, among the outcomes", listed.join(", ")),
            );
        }
    }
    let pauses = policy.section("retry_back_off");
    let longest = pauses.has("base_interval").then(|| pauses.lasting("max_interval")).flatten();
    let retry = RouteRetry {
        retries,
        attempts: routes::attempts(policy, "num_retries", retries),
        conditions: retry_conditions::read(&retry_on, &codes.unwrap_or_default()),
        backoff: backoff(pauses.lasting("base_interval").as_ref(), longest.as_ref()),
    };
    let is_hedged = hedge.is_some_and(|hedge| {
        let is_on = |value: &Value| value.as_bool()?.then_some(());
        policy.has("per_try_timeout") && hedge.take_as("hedge_on_per_try_timeout", is_on).is_some()
    });
    if is_hedged {
        read_hedge(policy, retries, call);
    } else {
        call.set_attempt_timeout(policy, "per_try_timeout");
    }
    call.set_route_retry(about, &retry);
}

/// An attempt that takes too long goes on while the next one is under way.
fn read_hedge(policy: &Section<'_>, retries: u32, call: &mut ImportedCall) {
    let Some(delay) = policy.lasting("per_try_timeout") else { return };
    let requests = retries.saturating_add(1).min(MOST_REQUESTS as u32);
    let text = format!("a retry after `per_try_timeout` is a hedge of {requests} requests");
    call.assume("hedge_policy.hedge_on_per_try_timeout", text);
    if requests > 1 {
        let text = format!(
            "{retries} for failures and hedges together; here each of {requests} attempts is a hedge of its own"
        );
        call.remark(format!("{}.num_retries", policy.path()), text);
    }
    let requests = Carried::from(requests).made_of(policy.origin("num_retries"));
    let hedge = Carried::map([("delay", Some(delay)), ("max", Some(requests))]);
    call.set("hedge", Some(hedge));
}

fn codes(written: &Value) -> Option<Vec<u32>> {
    let code = |code: &Value| u32::try_from(code.as_u64()?).ok();
    written.as_array()?.iter().map(code).collect()
}

//! The routes of a `VirtualService`.

use super::{CONSEQUENCE, RETRY_ON, default_retry, destination, ranges};
use crate::formats::destinations::Destination;
use crate::formats::retry_conditions;
use crate::formats::routes::{self, Route, RouteRetry, backoff, read_routes};
use crate::formats::section::Section;
use crate::formats::{Imported, ImportedCall};

pub(super) fn read(root: &Section<'_>, imported: &mut Imported) {
    let spec = root.section("spec");
    for route in spec.sections("http") {
        route.refuse(&ranges::HTTP_ROUTE, CONSEQUENCE, &mut imported.problems);
    }
    let routes: Vec<Route<'_>> = spec
        .sections("http")
        .into_iter()
        .map(|section| Route {
            destinations: destinations_of(&section, root).into_iter().map(|(it, _)| it).collect(),
            is_default: !section.has("match"),
            section,
        })
        .collect();
    read_routes(&routes, imported, |route, destination, number, imported| {
        root.belongs_to(number);
        for (_, item) in
            destinations_of(route, root).into_iter().filter(|(it, _)| it == destination)
        {
            note_destination(&item, &spec);
            item.belongs_to(number);
        }
        read_route(route, &mut imported.calls[number]);
    });
}

/// The destinations of a route, with the items of its list; they stay unread.
fn destinations_of<'a>(route: &Section<'a>, root: &Section<'_>) -> Vec<(Destination, Section<'a>)> {
    let of = |item: Section<'a>| {
        let written = item.section("destination");
        let host = written.peek("host")?.as_str()?;
        let subset = written.peek("subset").and_then(|subset| subset.as_str());
        let port = written.section("port").peek("number").map(ToString::to_string);
        let destination =
            Destination { subset: subset.map(str::to_owned), port, ..destination(host, root) };
        Some((destination, item))
    };
    route.sections("route").into_iter().filter_map(of).collect()
}

/// Notes that the destination has been read, and the host of the service if it is no other.
fn note_destination(item: &Section<'_>, spec: &Section<'_>) {
    let written = item.section("destination");
    let host = written.text("host");
    let _ = written.take_as("subset", |subset| subset.as_str());
    let _ = written.section("port").text("number");
    spec.take_as("hosts", |hosts| match &hosts.as_array()?[..] {
        [single] if single.as_str() == host.as_deref() => Some(()),
        _ => None,
    });
}

fn read_route(route: &Section<'_>, call: &mut ImportedCall) {
    call.set_call_timeout(route, "timeout");
    let retries = route.section("retries");
    let about = format!("{}.retries", route.path());
    if !retries.is_there() {
        call.set_default_retry(&about, &default_retry());
        return;
    }
    retries.note_opened();
    let attempts = retries.count("attempts");
    let Some(attempts) = attempts.filter(|attempts| *attempts > 0) else {
        // `ConvertPolicy` in `pilot/pkg/networking/core/route/retry/retry.go`: the number that is left out is zero.
        let how = if attempts.is_some() { "0" } else { "not set, which is 0" };
        call.assume(format!("{about}.attempts"), format!("{how}: there are no retries"));
        return;
    };
    call.set_attempt_timeout(&retries, "perTryTimeout");
    let written = retries.text("retryOn").filter(|retry_on| !retry_on.is_empty());
    let conditions = retry_conditions::read(written.as_deref().unwrap_or(RETRY_ON), &[]);
    if written.is_none() {
        let on = retry_conditions::listed(&conditions.on);
        call.assume(format!("{about}.retryOn"), format!("not set, so retries are on {on}"));
    }
    let backoff = backoff(retries.lasting("backoff").as_ref(), None);
    let retry = RouteRetry {
        retries: attempts,
        attempts: routes::attempts(&retries, "attempts", attempts),
        conditions,
        backoff,
    };
    call.set_route_retry(&about, &retry);
}

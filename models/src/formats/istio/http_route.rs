//! The rules of an `HTTPRoute` of the Kubernetes Gateway API, as Istio converts them
//! (`pilot/pkg/config/kube/gateway/conversion.go`).

use serde_json::Value;

use super::{CONSEQUENCE, RETRIES, default_retry, destination, ranges};
use crate::formats::destinations::Destination;
use crate::formats::retry_conditions;
use crate::formats::routes::{self, Route, RouteRetry, backoff, read_routes};
use crate::formats::section::Section;
use crate::formats::{Imported, ImportedCall};

/// Connection errors are tried again beside the status codes of the list.
const RETRY_ON: &str = "connect-failure,refused-stream,unavailable,cancelled";

pub(super) fn read(root: &Section<'_>, imported: &mut Imported) {
    let spec = root.section("spec");
    for rule in spec.sections("rules") {
        rule.refuse(&ranges::RULE, CONSEQUENCE, &mut imported.problems);
    }
    let routes: Vec<Route<'_>> = spec
        .sections("rules")
        .into_iter()
        .map(|section| Route {
            destinations: backends_of(&section, root).into_iter().map(|(it, _)| it).collect(),
            is_default: !section.has("matches"),
            section,
        })
        .collect();
    read_routes(&routes, imported, |rule, destination, number, imported| {
        root.belongs_to(number);
        for (_, item) in backends_of(rule, root).into_iter().filter(|(it, _)| it == destination) {
            let _ = (item.text("name"), item.text("port"));
            let _ = item.take_as("namespace", Value::as_str);
            item.belongs_to(number);
        }
        read_rule(rule, &mut imported.calls[number]);
    });
}

/// The backends of a rule, with the items of its list; they stay unread.
fn backends_of<'a>(rule: &Section<'a>, root: &Section<'_>) -> Vec<(Destination, Section<'a>)> {
    let of = |item: Section<'a>| {
        let name = item.peek("name")?.as_str()?;
        let own = item.peek("namespace").and_then(Value::as_str).map(str::to_owned);
        let host = match own {
            Some(own) if !name.contains('.') => format!("{name}.{own}.svc.cluster.local"),
            _ => name.to_owned(),
        };
        let port = item.peek("port").map(ToString::to_string);
        Some((Destination { port, ..destination(&host, root) }, item))
    };
    rule.sections("backendRefs").into_iter().filter_map(of).collect()
}

fn read_rule(rule: &Section<'_>, call: &mut ImportedCall) {
    let timeouts = rule.section("timeouts");
    let retry = rule.section("retry");
    let about = format!("{}.retry", rule.path());
    if !retry.is_there() {
        // Without retries of its own, the timeout of an attempt takes the place of the call's.
        match timeouts.lasting("backendRequest") {
            Some(timeout) => call.set("call timeout", Some(timeout)),
            None => call.set_call_timeout(&timeouts, "request"),
        }
        call.set_default_retry(&about, &default_retry());
        return;
    }
    retry.note_opened();
    call.set_call_timeout(&timeouts, "request");
    let attempts = retry.count("attempts");
    if attempts == Some(0) {
        call.set_attempt_timeout(&timeouts, "backendRequest");
        call.assume(format!("{about}.attempts"), "0: there are no retries");
        return;
    }
    if attempts.is_none() {
        call.assume(format!("{about}.attempts"), format!("not set, which is {RETRIES}"));
    }
    call.set_attempt_timeout(&timeouts, "backendRequest");
    let codes = retry.take_as("codes", |codes| {
        codes
            .as_array()?
            .iter()
            .map(|code| code.as_u64().map(|code| code.to_string()))
            .collect::<Option<Vec<_>>>()
    });
    if let Some(codes) = &codes {
        call.assume(
            format!("{about}.codes"),
            format!("{}, beside errors of connections", codes.join(", ")),
        );
    }
    let retry_on = [vec![RETRY_ON.to_owned()], codes.unwrap_or_default()].concat().join(",");
    let retry = RouteRetry {
        retries: attempts.unwrap_or(RETRIES),
        attempts: routes::attempts(&retry, "attempts", attempts.unwrap_or(RETRIES)),
        conditions: retry_conditions::read(&retry_on, &[]),
        backoff: backoff(retry.lasting("backoff").as_ref(), None),
    };
    call.set_route_retry(&about, &retry);
}

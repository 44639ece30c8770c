//! Routes that lead to callees: each has timeouts and retries of its own, but a call has one set of them.

use serde_json::{Value, json};
use sim_core::SimDuration;

use super::destinations::Destination;
use super::durations::DurationForm;
use super::retry_conditions::{ReadConditions, listed};
use super::section::Section;
use super::{Imported, ImportedCall};

/// The pauses between the attempts of Envoy and Istio: 25 ms on average, doubling up to ten times that, spread over
/// the whole interval (`RetryStateImpl` in `source/common/router/retry_state_impl.cc`).
pub(super) const BACKOFF: &str = "exponential 25ms x2 max 250ms full jitter";

/// A route, and the destinations that it leads to.
pub(super) struct Route<'a> {
    pub section: Section<'a>,
    pub destinations: Vec<Destination>,
    /// True if it takes every request that comes to it.
    pub is_default: bool,
}

/// Reads the settings of calls from routes, each call's from one of them: the first that takes every request, or else
/// the last. The others stay unread.
pub(super) fn read_routes(
    routes: &[Route<'_>],
    imported: &mut Imported,
    read: impl Fn(&Section<'_>, &Destination, usize, &mut Imported),
) {
    for (destination, leading) in leading_routes(routes) {
        let first_default = leading.iter().find(|index| routes[**index].is_default);
        let chosen = first_default.or(leading.last()).copied().unwrap_or_default();
        let number = imported.number_of_destination(destination.clone());
        for index in &leading {
            routes[*index].section.belongs_to(number);
        }
        let section = &routes[chosen].section;
        section.belongs_to(number);
        let call = &mut imported.calls[number];
        if call.destination_mut().has_route {
            call.remark(
                section.path(),
                "another route leads here; the settings are those of the first",
            );
            continue;
        }
        call.destination_mut().has_route = true;
        if leading.len() > 1 {
            let paths: Vec<&str> =
                leading.iter().map(|index| routes[*index].section.path()).collect();
            let text =
                format!("the settings are those of {}, and of no other route", section.path());
            call.assume(paths.join(" and "), text);
        }
        read(section, &destination, number, imported);
    }
}

/// The destinations in the order in which they come up, with the numbers of the routes that lead there.
fn leading_routes(routes: &[Route<'_>]) -> Vec<(Destination, Vec<usize>)> {
    let mut leading: Vec<(Destination, Vec<usize>)> = Vec::new();
    for (index, route) in routes.iter().enumerate() {
        for destination in &route.destinations {
            match leading.iter_mut().find(|(known, _)| known == destination) {
                Some((_, indices)) if indices.contains(&index) => {}
                Some((_, indices)) => indices.push(index),
                None => leading.push((destination.clone(), vec![index])),
            }
        }
    }
    leading
}

/// A retry as a route describes it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct RouteRetry {
    /// Attempts after the first.
    pub retries: u32,
    pub conditions: ReadConditions,
    pub backoff: String,
}

impl ImportedCall {
    /// Sets the timeout of the whole call, where zero means that there is none.
    pub(super) fn set_call_timeout(&mut self, section: &Section<'_>, key: &str) {
        if section.is_zero(key) && section.take(key).is_some() {
            self.assume(format!("{}.{key}", section.path()), "0s, so a call has no timeout");
        }
        self.set("call timeout", section.lasting(key));
    }

    /// Sets the timeout of each attempt. One that is no shorter than the timeout of the call has no effect
    /// (`FilterUtility::finalTimeout` in Envoy's `source/common/router/router.cc`), and stays unread.
    pub(super) fn set_attempt_timeout(&mut self, section: &Section<'_>, key: &str) {
        if section.is_zero(key) && section.take(key).is_some() {
            self.assume(
                format!("{}.{key}", section.path()),
                "0s, so an attempt may take as long as the call",
            );
        }
        let whole = self.setting("call timeout").and_then(|whole| DurationForm::Go.parse(whole));
        let attempt = section.peek_span(key);
        if whole.is_none_or(|whole| attempt.is_some_and(|attempt| attempt < whole)) {
            self.set("timeout", section.lasting(key));
        }
    }

    /// Sets the retry that applies because nothing is said about it.
    pub(super) fn set_default_retry(&mut self, about: &str, retry: &RouteRetry) {
        self.assume(about, format!("not set, so there are {}", retry.in_words()));
        self.set_route_retry(about, retry);
    }

    /// Sets the retry of a route; `about` is where it is written, or would be.
    pub(super) fn set_route_retry(&mut self, about: &str, retry: &RouteRetry) {
        let RouteRetry { retries, conditions: ReadConditions { on, unknown }, backoff } = retry;
        for condition in unknown {
            self.remark(about, format!("no outcome here is `{condition}`"));
        }
        if on.is_empty() {
            self.remark(about, format!("{retries} retries on nothing that can happen here"));
            return;
        }
        let on: Vec<Value> = on.iter().map(|outcome| outcome.name().into()).collect();
        let retry = json!({ "attempts": retries.saturating_add(1), "backoff": backoff, "on": on });
        self.set("retry", Some(retry));
        self.set("new instance per attempt", Some(true.into()));
    }
}

impl RouteRetry {
    /// The retry in words, for a note on a default.
    pub fn in_words(&self) -> String {
        format!("{} retries on {}", self.retries, listed(&self.conditions.on))
    }
}

/// Envoy's pauses with another base, and ten times that as the longest if there is no other.
pub(super) fn backoff(base: Option<Value>, longest: Option<Value>) -> String {
    let span =
        |value: Option<Value>| value.as_ref().and_then(|value| DurationForm::Go.parse(value));
    let longest = span(longest);
    let Some(base) = span(base).or(longest.map(|_| SimDuration::from_millis(25))) else {
        return BACKOFF.to_owned();
    };
    let longest = longest.unwrap_or(base * 10);
    format!("exponential {base} x2 max {longest} full jitter")
}

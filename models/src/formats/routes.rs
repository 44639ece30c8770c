//! Routes that lead to callees: each has timeouts and retries of its own, but a call has one set of them.

use serde_json::Value;
use sim_core::SimDuration;

use super::carried::Carried;
use super::destinations::Destination;
use super::durations::{DurationForm, Length};
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
    /// The number of all attempts.
    pub attempts: Carried,
    pub conditions: ReadConditions,
    pub backoff: Carried,
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
        let whole = self.setting("call timeout").and_then(length_of);
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
        let RouteRetry { retries, attempts, conditions, backoff } = retry;
        let ReadConditions { on, unknown } = conditions;
        for condition in unknown {
            self.remark(about, format!("no outcome here is `{condition}`"));
        }
        if on.is_empty() {
            self.remark(about, format!("{retries} retries on nothing that can happen here"));
            return;
        }
        let on: Vec<Value> = on.iter().map(|outcome| outcome.name().into()).collect();
        let retry = Carried::map([
            ("attempts", Some(attempts.clone())),
            ("backoff", Some(backoff.clone())),
            ("on", Some(on.into())),
        ]);
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

/// The attempts of a number of retries, which a section has under a key or leaves to a default.
pub(super) fn attempts(section: &Section<'_>, key: &str, retries: u32) -> Carried {
    Carried::from(u64::from(retries) + 1).made_of(section.origin(key))
}

/// The length of a duration that [`Section::lasting`] has read.
fn length_of(carried: &Carried) -> Option<Length> {
    DurationForm::Scenario.parse(&carried.value())
}

/// Envoy's pauses with another base, and ten times that as the longest if there is no other.
pub(super) fn backoff(base: Option<&Carried>, longest: Option<&Carried>) -> Carried {
    let origins = [base, longest].into_iter().flatten().flat_map(Carried::origins);
    let default = longest.is_some().then(|| SimDuration::from_millis(25).into());
    let Some(first) = base.and_then(length_of).or(default) else { return BACKOFF.into() };
    let most = longest.and_then(length_of).unwrap_or(first.times(10));
    // Pauses of a scenario end at its longest time without being told.
    let is_told = longest.is_some() || most.within().is_some();
    let max = if is_told { format!(" max {most}") } else { String::new() };
    Carried::from(format!("exponential {first} x2{max} full jitter")).made_of(origins)
}

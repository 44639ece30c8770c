//! Warnings about settings that are legal in a scenario and unwise in production.

mod guards;
mod idle;
mod links;
mod pools;
mod regions;
mod sessions;

use super::calls::CallSection;
use super::cycles::cycles;
use super::file::Scenario;
use crate::language::tree::normalize_edge;
use crate::language::{Location, Placed, Problem, Problems};
use crate::steps::Op;
use crate::system::{Blueprint, StationKind};

/// At most this many cycles of calls are reported.
const MOST_CYCLES: usize = 10;

/// Adds warnings about a scenario that compiled, with the operations of the handlers of each
/// station.
pub(super) fn lint(
    file: &Scenario,
    blueprint: &Blueprint,
    operations: &[Vec<Op>],
    problems: &mut Problems,
) {
    let graph = Graph { blueprint, file, operations };
    graph.settings_without_effect(problems);
    graph.cycles(problems);
    graph.timeouts_longer_than_the_callers(problems);
    graph.guards(problems);
    graph.stations_never_called(problems);
    graph.sessions_without_end(problems);
    graph.regions(problems);
    graph.pools(problems);
    graph.links(problems);
}

struct Graph<'a> {
    blueprint: &'a Blueprint,
    file: &'a Scenario,
    /// The operations of the handlers of each station.
    operations: &'a [Vec<Op>],
}

impl Graph<'_> {
    fn name(&self, edge: usize) -> String {
        let edge = &self.blueprint.edges[edge];
        format!("{} -> {}", edge.caller, self.callee(edge))
    }

    fn callee(&self, edge: &crate::system::EdgePlan) -> &str {
        &self.blueprint.stations[edge.callee as usize].name
    }

    /// The settings of an edge, if it has any of its own.
    fn call(&self, name: &str) -> Option<&Placed<CallSection>> {
        let calls = self.file.calls.iter();
        calls.into_iter().find(|(written, _)| normalize_edge(written) == name).map(|(_, call)| call)
    }

    /// The place of a setting of an edge, or of the defaults it comes from.
    fn at(&self, edge: usize, setting: &str) -> Option<Location> {
        let own = self.call(&self.name(edge));
        let calls = own.into_iter().chain(&self.file.defaults.calls);
        calls.into_iter().find_map(|call| call.place_of(setting))
    }

    /// True if nobody can choose the order of the guards of an edge.
    fn has_fixed_order(&self, edge: usize) -> bool {
        let call = self.call(&self.name(edge)).or(self.file.defaults.calls.as_ref());
        call.is_some_and(|call| call.guards.has_fixed_order())
    }

    fn timeout(&self, edge: usize) -> Option<sim_core::SimDuration> {
        self.blueprint.deadline(self.blueprint.edges[edge].timeout).map(|deadline| deadline.span)
    }

    fn cycles(&self, problems: &mut Problems) {
        let stations = &self.blueprint.stations;
        let mut calls = vec![Vec::new(); stations.len()];
        for edge in &self.blueprint.edges {
            if let Some(caller) = stations.iter().position(|station| station.name == edge.caller) {
                calls[caller].push(edge.callee as usize);
            }
        }
        for cycle in cycles(&calls, MOST_CYCLES) {
            let names: Vec<&str> =
                cycle.iter().chain(cycle.first()).map(|id| stations[*id].name.as_str()).collect();
            let call = self.call(&format!("{} -> {}", names[0], names[1])).map(Placed::key);
            let at = call.or_else(|| self.file.services.get(names[0]).map(Placed::key));
            problems.add(
                Problem::warning(format!("the calls {} form a cycle", names.join(" -> ")), at)
                    .labelled("here")
                    .with_help(
                        "blocking calls in a cycle can wait for each other's threads for ever",
                    ),
            );
        }
    }

    fn timeouts_longer_than_the_callers(&self, problems: &mut Problems) {
        for outer in 0..self.blueprint.edges.len() {
            for inner in 0..self.blueprint.edges.len() {
                let is_behind =
                    self.callee(&self.blueprint.edges[outer]) == self.blueprint.edges[inner].caller;
                let (Some(caller_waits), Some(callee_waits)) =
                    (self.timeout(outer), self.timeout(inner))
                else {
                    continue;
                };
                // A probe need not take the way of other requests.
                let is_probe = self.blueprint.edges[outer].is_for_probes;
                if is_behind && callee_waits > caller_waits && !is_probe {
                    let message = format!(
                        "`{}` waits {callee_waits} for an answer, but its caller gives up after {caller_waits} (`{}`)",
                        self.name(inner),
                        self.name(outer)
                    );
                    problems.add(
                        Problem::warning(message, self.at(inner, "timeout"))
                            .labelled("longer than the caller's")
                            .with_help("work done after the caller has gone is wasted; make timeouts shorter further down"),
                    );
                }
            }
        }
    }

    fn stations_never_called(&self, problems: &mut Problems) {
        for (id, station) in self.blueprint.stations.iter().enumerate() {
            let mut calls = self.blueprint.edges.iter().filter(|edge| !edge.is_for_probes);
            if calls.any(|edge| edge.callee == id as u32) {
                continue;
            }
            let name = station.name.as_str();
            let at = match station.kind {
                StationKind::Service => self.file.services.get(name).map(Placed::key),
                StationKind::Database => self.file.databases.get(name).map(Placed::key),
                StationKind::Cache => self.file.caches.get(name).map(Placed::key),
            };
            problems.add(
                Problem::warning(format!("nothing calls `{name}`"), at).labelled("never used"),
            );
        }
    }
}

//! Warnings about settings that are legal in a scenario and unwise in production.

mod guards;
mod idle;
mod links;
mod pools;
mod regions;
mod sessions;

use indexmap::IndexMap;

use super::calls::CallSection;
use super::cycles::cycles;
use super::file::Scenario;
use crate::language::{Location, Placed, Problem, Problems};
use crate::steps::Op;
use crate::system::{Blueprint, EdgePlan, Id, StationKind, Table, of};

/// At most this many cycles of calls are reported.
const MOST_CYCLES: usize = 10;

/// Adds warnings about a scenario that compiled, with the operations of the handlers of each
/// station.
pub(super) fn lint(
    file: &Scenario,
    blueprint: &Blueprint,
    operations: &Table<of::Station, Vec<Op>>,
    problems: &mut Problems,
) {
    let graph = Graph::new(file, blueprint, operations);
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
    operations: &'a Table<of::Station, Vec<Op>>,
    /// The stations by name.
    stations: IndexMap<&'a str, Id<of::Station>>,
    /// The edges that leave a workload, station or queue, by its name.
    edges_from: IndexMap<&'a str, Vec<Id<of::Edge>>>,
    /// The edges that lead to each station.
    edges_to: Table<of::Station, Vec<Id<of::Edge>>>,
}

impl<'a> Graph<'a> {
    fn new(
        file: &'a Scenario,
        blueprint: &'a Blueprint,
        operations: &'a Table<of::Station, Vec<Op>>,
    ) -> Self {
        let mut edges_from: IndexMap<&str, Vec<Id<of::Edge>>> = IndexMap::new();
        let mut edges_to: Table<of::Station, Vec<Id<of::Edge>>> =
            blueprint.stations.iter().map(|_| Vec::new()).collect();
        for (index, edge) in blueprint.edges.with_ids() {
            edges_from.entry(&edge.caller).or_default().push(index);
            edges_to[edge.callee].push(index);
        }
        let stations = blueprint.stations.with_ids();
        let stations = stations.map(|(id, station)| (station.name.as_str(), id)).collect();
        Self { blueprint, file, operations, stations, edges_from, edges_to }
    }

    /// The station of a name.
    fn station(&self, name: &str) -> Option<Id<of::Station>> {
        self.stations.get(name).copied()
    }

    /// The edges that leave a workload, station or queue, with their numbers.
    fn edges_from(&self, name: &str) -> impl Iterator<Item = (Id<of::Edge>, &'a EdgePlan)> {
        let edges = self.edges_from.get(name).into_iter().flatten();
        edges.map(|&index| (index, &self.blueprint.edges[index]))
    }

    /// The edges that lead to a station, with their numbers.
    fn edges_to(
        &self,
        station: Id<of::Station>,
    ) -> impl Iterator<Item = (Id<of::Edge>, &'a EdgePlan)> {
        self.edges_to[station].iter().map(|&index| (index, &self.blueprint.edges[index]))
    }

    fn name(&self, edge: Id<of::Edge>) -> String {
        let edge = &self.blueprint.edges[edge];
        format!("{} -> {}", edge.caller, self.callee(edge))
    }

    fn callee(&self, edge: &EdgePlan) -> &'a str {
        &self.blueprint.stations[edge.callee].name
    }

    /// The settings of an edge, if it has any of its own.
    fn call(&self, name: &str) -> Option<&Placed<CallSection>> {
        self.file.calls.get(name)
    }

    /// The place of a setting of an edge, or of the defaults it comes from.
    fn at(&self, edge: Id<of::Edge>, setting: &str) -> Option<Location> {
        let own = self.call(&self.name(edge));
        let calls = own.into_iter().chain(&self.file.defaults.calls);
        calls.into_iter().find_map(|call| call.place_of(setting))
    }

    /// True if nobody can choose the order of the guards of an edge.
    fn has_fixed_order(&self, edge: Id<of::Edge>) -> bool {
        let call = self.call(&self.name(edge)).or(self.file.defaults.calls.as_ref());
        call.is_some_and(|call| call.guards.has_fixed_order())
    }

    fn timeout(&self, edge: Id<of::Edge>) -> Option<sim_core::SimDuration> {
        self.blueprint.edges[edge].timeout.map(|timeout| self.blueprint.deadline(timeout).span)
    }

    /// The callees of each station.
    fn calls(&self) -> Vec<Vec<usize>> {
        let mut calls = vec![Vec::new(); self.blueprint.stations.len()];
        for edge in &self.blueprint.edges {
            if let Some(caller) = self.station(&edge.caller) {
                calls[caller.index()].push(edge.callee.index());
            }
        }
        calls
    }

    fn cycles(&self, problems: &mut Problems) {
        let stations = &self.blueprint.stations;
        for cycle in cycles(&self.calls(), MOST_CYCLES) {
            let names: Vec<&str> = cycle
                .iter()
                .chain(cycle.first())
                .map(|place| stations[Id::new(*place)].name.as_str())
                .collect();
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
        // A probe need not take the way of other requests.
        let edges = self.blueprint.edges.with_ids();
        for (outer, edge) in edges.filter(|(_, edge)| !edge.is_for_probes) {
            let Some(caller_waits) = self.timeout(outer) else { continue };
            for (inner, _) in self.edges_from(self.callee(edge)) {
                if let Some(callee_waits) = self.timeout(inner).filter(|it| *it > caller_waits) {
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
        for (id, station) in self.blueprint.stations.with_ids() {
            if self.edges_to(id).any(|(_, edge)| !edge.is_for_probes) {
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

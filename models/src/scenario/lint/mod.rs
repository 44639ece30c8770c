//! What is legal in a scenario and unwise in production.

mod guards;

use super::circles::circles;
use super::decode::Decoded;
use super::problem::{Problem, Problems};
use super::schema::Scenario;
use super::tree::{Node, parse_path};
use crate::system::{Blueprint, NONE, StationKind};

/// So many circles of calls are reported; whoever has more has seen enough.
const MOST_CIRCLES: usize = 10;

/// Adds warnings about a scenario that compiled.
pub(super) fn lint(decoded: &Decoded<Scenario>, blueprint: &Blueprint, problems: &mut Problems) {
    let graph = Graph { blueprint, tree: &decoded.tree };
    graph.cycles(problems);
    graph.timeouts_longer_than_the_callers(problems);
    graph.guards(&decoded.sections, problems);
    graph.stations_never_called(problems);
}

struct Graph<'a> {
    blueprint: &'a Blueprint,
    tree: &'a Node,
}

impl Graph<'_> {
    fn name(&self, edge: usize) -> String {
        let edge = &self.blueprint.edges[edge];
        format!("{} -> {}", edge.caller, self.callee(edge))
    }

    fn callee(&self, edge: &crate::system::EdgePlan) -> &str {
        &self.blueprint.stations[edge.callee as usize].name
    }

    /// The place of a setting of an edge, or of the defaults it comes from.
    fn at(&self, edge: usize, setting: &str) -> Option<super::Location> {
        let own = parse_path(&format!("calls.{}.{setting}", self.name(edge)));
        let list = parse_path(&format!("calls.{}.guards", self.name(edge)));
        let default = parse_path(&format!("defaults.calls.{setting}"));
        let places = [own, list, default];
        places.iter().find_map(|place| self.tree.key_location(place))
    }

    fn timeout(&self, edge: usize) -> Option<sim_core::SimDuration> {
        let id = self.blueprint.edges[edge].timeout;
        (id != NONE).then(|| self.blueprint.deadlines[id as usize].span)
    }

    fn cycles(&self, problems: &mut Problems) {
        let stations = &self.blueprint.stations;
        let mut calls = vec![Vec::new(); stations.len()];
        for edge in &self.blueprint.edges {
            if let Some(caller) = stations.iter().position(|station| station.name == edge.caller) {
                calls[caller].push(edge.callee as usize);
            }
        }
        for circle in circles(&calls, MOST_CIRCLES) {
            let names: Vec<&str> =
                circle.iter().chain(circle.first()).map(|id| stations[*id].name.as_str()).collect();
            let at = self
                .tree
                .key_location(&parse_path(&format!("calls.{} -> {}", names[0], names[1])))
                .or_else(|| self.tree.key_location(&parse_path(&format!("services.{}", names[0]))));
            problems.add(
                Problem::warning(
                    format!("the calls {} go round in a circle", names.join(" -> ")),
                    at,
                )
                .labelled("here")
                .with_help("blocking calls in a circle can wait for each other's threads for ever"),
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
                if is_behind && callee_waits > caller_waits {
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
            if self.blueprint.edges.iter().any(|edge| edge.callee == id as u32) {
                continue;
            }
            let section = match station.kind {
                StationKind::Service => "services",
                StationKind::Database => "databases",
                StationKind::Cache => "caches",
            };
            let at = self.tree.key_location(&parse_path(&format!("{section}.{}", station.name)));
            problems.add(
                Problem::warning(format!("nothing calls `{}`", station.name), at)
                    .labelled("never used"),
            );
        }
    }
}

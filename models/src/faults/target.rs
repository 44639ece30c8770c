//! Targets of faults and operators.

use crate::language::tree::normalize_edge;
use crate::language::{Placed, Problems};
use crate::scenario::{Names, Plan};
use crate::system::{Id, of};

/// The thing that a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultTarget {
    /// A service, database or cache.
    Station(Id<of::Station>),
    /// The calls from one to another, `a -> b`.
    Edge(Id<of::Edge>),
}

/// The station or edge of a name, or a problem.
pub(crate) fn target_of(
    target: &Placed<String>,
    names: &Names<'_>,
    plan: &Plan,
    problems: &mut Problems,
) -> Option<FaultTarget> {
    if !target.contains("->") {
        let station = names.station(target, target.at(), problems)?;
        return Some(FaultTarget::Station(station.id));
    }
    let wanted = normalize_edge(target);
    let found = plan.find_edge(&wanted, names);
    if found.is_none() {
        let edges = if problems.are_read() { plan.edge_names(names) } else { Vec::new() };
        let help = problems.meant(&wanted, edges.iter().map(String::as_str), || {
            format!("the calls of this scenario are: {}", plan.some_edge_names(names))
        });
        problems.error(target.at(), format!("no call goes over `{wanted}`"), help);
    }
    found.map(FaultTarget::Edge)
}

/// Notes a problem if an edge has no breaker that could be broken or forced.
pub(crate) fn must_have_breaker(
    edge: Id<of::Edge>,
    target: &Placed<String>,
    plan: &Plan,
    problems: &mut Problems,
) {
    if plan.blueprint.breakers_of(edge).next().is_none() {
        let help = "give it one under `calls:`, or name another call";
        problems.error(target.at(), "this call has no breaker", help);
    }
}

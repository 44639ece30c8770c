//! Cycles in the graph of calls.

use std::collections::{BTreeSet, VecDeque};

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

/// Shortest cycles of a graph until each edge that lies on any lies on one of them, at most `most`. `calls[a]` lists the
/// callees of `a`. Each cycle begins with its least member and is listed once.
///
/// Only edges within a strongly connected component lie on cycles, and one search finds a cycle for each edge that the
/// earlier ones have left out: a large graph costs no more than reading it, whereas following every path would take
/// forever.
pub(super) fn cycles(calls: &[Vec<usize>], most: usize) -> Vec<Vec<usize>> {
    let mut component = vec![0; calls.len()];
    for (number, members) in components(calls).into_iter().enumerate() {
        for member in members {
            component[member] = number;
        }
    }
    let mut cycles: Vec<Vec<usize>> = Vec::new();
    let mut covered = BTreeSet::new();
    let edges = calls
        .iter()
        .enumerate()
        .flat_map(|(caller, callees)| callees.iter().map(move |callee| (caller, *callee)));
    for (caller, callee) in edges.filter(|(from, to)| component[*from] == component[*to]) {
        if cycles.len() >= most {
            break;
        }
        if covered.contains(&(caller, callee)) {
            continue;
        }
        let Some(mut cycle) = shortest_way(calls, callee, caller) else { continue };
        let next = cycle.iter().cycle().skip(1);
        covered.extend(cycle.iter().copied().zip(next.copied()));
        let least = (0..cycle.len()).min_by_key(|position| cycle[*position]).unwrap_or(0);
        cycle.rotate_left(least);
        cycles.push(cycle);
    }
    cycles
}

/// The strongly connected components of a graph, callers before callees (Kosaraju's algorithm).
pub(super) fn components(calls: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut graph = DiGraph::<(), ()>::new();
    let nodes: Vec<NodeIndex> = calls.iter().map(|_| graph.add_node(())).collect();
    for (caller, callees) in calls.iter().enumerate() {
        graph.extend_with_edges(callees.iter().map(|callee| (nodes[caller], nodes[*callee])));
    }
    let callees_first = kosaraju_scc(&graph).into_iter();
    let members = |component: Vec<NodeIndex>| component.into_iter().map(NodeIndex::index).collect();
    callees_first.rev().map(members).collect()
}

/// A shortest path, both ends included.
fn shortest_way(calls: &[Vec<usize>], from: usize, to: usize) -> Option<Vec<usize>> {
    let mut came_from = vec![None; calls.len()];
    came_from[from] = Some(from);
    let mut frontier = VecDeque::from([from]);
    while let Some(here) = frontier.pop_front() {
        if here == to {
            let mut way = vec![here];
            while let Some(before) =
                came_from[way[way.len() - 1]].filter(|before| *before != way[way.len() - 1])
            {
                way.push(before);
            }
            way.reverse();
            return Some(way);
        }
        for callee in &calls[here] {
            if came_from[*callee].is_none() {
                came_from[*callee] = Some(here);
                frontier.push_back(*callee);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_edge_on_a_cycle_is_on_one_that_is_found() {
        let calls = [vec![1], vec![2, 0], vec![3], vec![1, 4], vec![4], vec![0]];
        assert_eq!(cycles(&calls, 9), [vec![0, 1], vec![1, 2, 3], vec![4]]);
        assert_eq!(cycles(&calls, 1).len(), 1);
    }

    #[test]
    fn a_large_graph_is_no_obstacle() {
        let layered: Vec<Vec<usize>> = (0..2_000)
            .map(|member| ((member / 50 + 1) * 50..((member / 50 + 2) * 50).min(2_000)).collect())
            .collect();
        assert!(cycles(&layered, 20).is_empty());
        let dense: Vec<Vec<usize>> =
            (0..200).map(|member| (0..200).filter(|callee| *callee != member).collect()).collect();
        assert_eq!(cycles(&dense, 20).len(), 20);
    }
}

//! Cycles in the graph of calls.

use std::collections::VecDeque;

/// Shortest cycles of a graph, one through each edge that lies on any, at most `most` of them.
/// `calls[a]` lists the callees of `a`. Each cycle begins with its least member and is listed once.
///
/// Nodes on no cycle are mostly peeled off first, and each search is breadth first: a large graph
/// without cycles costs no more than reading it, whereas following every path would take forever.
pub(super) fn cycles(calls: &[Vec<usize>], most: usize) -> Vec<Vec<usize>> {
    let calls = peeled(calls);
    let mut cycles: Vec<Vec<usize>> = Vec::new();
    let edges = calls
        .iter()
        .enumerate()
        .flat_map(|(caller, callees)| callees.iter().map(move |callee| (caller, *callee)));
    for (caller, callee) in edges {
        if cycles.len() >= most {
            break;
        }
        let Some(mut cycle) = shortest_way(&calls, callee, caller) else { continue };
        let least = (0..cycle.len()).min_by_key(|position| cycle[*position]).unwrap_or(0);
        cycle.rotate_left(least);
        if !cycles.contains(&cycle) {
            cycles.push(cycle);
        }
    }
    cycles
}

/// The graph after repeatedly removing nodes that call nobody or that nobody calls.
fn peeled(calls: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut callers = vec![Vec::new(); calls.len()];
    for (caller, callees) in calls.iter().enumerate() {
        for callee in callees {
            callers[*callee].push(caller);
        }
    }
    let mut is_peeled = vec![false; calls.len()];
    for (onward, backward) in [(calls, &callers[..]), (&callers[..], calls)] {
        let mut remaining: Vec<usize> = onward.iter().map(Vec::len).collect();
        let mut ends: Vec<usize> =
            (0..calls.len()).filter(|member| remaining[*member] == 0).collect();
        while let Some(end) = ends.pop() {
            is_peeled[end] = true;
            for before in &backward[end] {
                remaining[*before] -= 1;
                if remaining[*before] == 0 {
                    ends.push(*before);
                }
            }
        }
    }
    let kept = |callees: &Vec<usize>| {
        callees.iter().copied().filter(|callee| !is_peeled[*callee]).collect()
    };
    calls
        .iter()
        .enumerate()
        .map(|(caller, callees)| if is_peeled[caller] { Vec::new() } else { kept(callees) })
        .collect()
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

//! Stand-ins for what a part of a scenario leaves to the file that includes it: the calls that an
//! import prints are checked without their services.

use std::fmt::Write;

use super::merge::merge_missing;
use crate::language::tree::{Node, Value, normalize_edge, parse_path};

/// Gives a file that has calls, and no workload to make any, services that make and take them.
pub(super) fn complete(tree: &mut Node) {
    let has = |section: &str| tree.get(&parse_path(section)).is_some();
    if has("workloads") || !has("calls") {
        return;
    }
    let edges = edges(tree);
    let mut callers: Vec<&str> = edges.iter().map(|(caller, _)| caller.as_str()).collect();
    callers.sort_unstable();
    callers.dedup();
    let mut text = "workloads:\n".to_owned();
    for (number, caller) in (1..).zip(&callers) {
        let _ = writeln!(text, "  stand-in-{number}: {{ to: {caller}, arrivals: constant 1/s }}");
    }
    text.push_str("services:\n");
    for caller in &callers {
        let calls = edges.iter().filter(|(from, _)| from == caller);
        let steps: Vec<String> = calls.map(|(_, callee)| format!("{{ call: {callee} }}")).collect();
        let _ = writeln!(text, "  {caller}: {{ handle: [ {} ] }}", steps.join(", "));
    }
    let is_caller = |callee: &String| callers.contains(&callee.as_str());
    let mut callees: Vec<&String> = edges.iter().map(|(_, callee)| callee).collect();
    callees.sort_unstable();
    callees.dedup();
    for callee in callees.into_iter().filter(|callee| !is_caller(callee)) {
        let _ = writeln!(text, "  {callee}: {{ handle: [ {{ work: 1ms }} ] }}");
    }
    // Names that YAML cannot read are a problem of the calls themselves.
    if let Ok(mut stand_ins) = Node::parse(&text, 0) {
        stand_ins.move_to(tree.at);
        merge_missing(tree, &stand_ins);
    }
}

/// The callers and callees of the calls.
fn edges(tree: &Node) -> Vec<(String, String)> {
    let Some(Node { value: Value::Map(calls), .. }) = tree.get(&parse_path("calls")) else {
        return Vec::new();
    };
    let edge = |name: &str| {
        let edge = normalize_edge(name);
        let (caller, callee) = edge.split_once(" -> ")?;
        Some((caller.to_owned(), callee.to_owned()))
    };
    calls.iter().filter_map(|(key, _)| edge(&key.name)).collect()
}

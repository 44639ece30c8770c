//! Stand-ins for what a part of a scenario leaves to the file that includes it: the calls and the
//! threads that an import prints are checked without the services that make and take the calls.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::merge::merge_missing;
use crate::language::tree::{Node, Value, normalize_edge, parse_path};

/// Gives a file that has calls, or services that do nothing yet, and no workload to make any calls,
/// what is missing.
pub(super) fn complete(tree: &mut Node) {
    let has = |section: &str| tree.get(&parse_path(section)).is_some();
    let idle = idle_services(tree);
    if has("workloads") || !has("calls") && idle.is_empty() {
        return;
    }
    let edges = edges(tree);
    let callees: BTreeSet<&str> = edges.iter().map(|(_, callee)| callee.as_str()).collect();
    let stores = [("databases", "query"), ("caches", "cache")];
    let store = |name: &str| stores.into_iter().find(|(section, _)| is_in(section, name, tree));
    let mut callers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (caller, callee) in &edges {
        callers.entry(caller).or_default().push(callee);
    }
    for service in idle.iter().filter(|service| !callees.contains(service.as_str())) {
        callers.entry(service).or_default();
    }
    // A name in quotes is one, even if it is all digits.
    let quoted = |name: &str| format!("{name:?}");
    let mut text = "workloads:\n".to_owned();
    for (number, caller) in (1..).zip(callers.keys()) {
        let caller = quoted(caller);
        let _ = writeln!(text, "  stand-in-{number}: {{ to: {caller}, arrivals: constant 1/s }}");
    }
    text.push_str("services:\n");
    for (caller, calls) in &callers {
        let step = |callee| store(callee).map_or("call", |(_, step)| step);
        let calls =
            calls.iter().map(|callee| format!("{{ {}: {} }}", step(callee), quoted(callee)));
        let mut steps: Vec<String> = calls.collect();
        if steps.is_empty() {
            steps.push("{ work: 1ms }".to_owned());
        }
        let (caller, steps) = (quoted(caller), steps.join(", "));
        let _ = writeln!(text, "  {caller}: {{ handle: [ {steps} ] }}");
    }
    let is_missing = |callee: &&str| !callers.contains_key(callee) && store(callee).is_none();
    for callee in callees.into_iter().filter(is_missing) {
        let callee = quoted(callee);
        let _ = writeln!(text, "  {callee}: {{ handle: [ {{ work: 1ms }} ] }}");
    }
    // Names that YAML cannot read are a problem of the calls themselves.
    if let Ok(mut stand_ins) = Node::parse(&text, 0) {
        stand_ins.move_to(tree.at);
        merge_missing(tree, &stand_ins);
    }
}

/// True if a section of a file has something of this name.
fn is_in(section: &str, name: &str, tree: &Node) -> bool {
    let things = tree.get(&parse_path(section)).map(|section| &section.value);
    matches!(things, Some(Value::Map(things)) if things.iter().any(|(key, _)| key.name == name))
}

/// The services of a file in which none has a handler.
fn idle_services(tree: &Node) -> Vec<String> {
    let Some(Node { value: Value::Map(services), .. }) = tree.get(&parse_path("services")) else {
        return Vec::new();
    };
    let has_handler = |(_, service): &(_, Node)| service.get(&parse_path("handle")).is_some();
    if services.iter().any(has_handler) {
        return Vec::new();
    }
    services.iter().map(|(key, _)| key.name.clone()).collect()
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

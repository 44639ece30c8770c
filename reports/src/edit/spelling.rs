//! The spelling of values and keys.

use sim_models::scenario::tree::{Node, Value};

use crate::imported::flow;

/// A value in flow style. One that takes the place of a quoted value is quoted the same way if it
/// is a text.
pub(super) fn value(value: &Node, old: &str) -> String {
    let json = value.to_json();
    let quoted = json.to_string();
    let Value::Text(text) = &value.value else {
        // The usual style of a scenario, unless it would read differently.
        let usual = flow(&json);
        return if is_read_as(&usual, value) { usual } else { quoted };
    };
    let apostrophes = format!("'{}'", text.replace('\'', "''"));
    let wanted = match old.chars().next() {
        Some('\'') => [apostrophes, quoted.clone()],
        Some('"') => [quoted.clone(), apostrophes],
        _ => [text.clone(), quoted.clone()],
    };
    wanted.into_iter().find(|spelling| is_read_as(spelling, value)).unwrap_or(quoted)
}

/// A key, quoted if need be.
pub(super) fn key(key: &str) -> String {
    let is_plain = Node::parse(&format!("{{ {key}: 1 }}"), 0)
        .is_ok_and(|node| node.keys().map(|key| key.name.as_str()).eq([key]));
    if is_plain { key.to_owned() } else { serde_json::Value::from(key).to_string() }
}

/// True if a spelling is one value, and this one, even in a list in flow style.
fn is_read_as(spelling: &str, value: &Node) -> bool {
    Node::parse(&format!("[ {spelling} ]"), 0)
        .is_ok_and(|list| list.to_json() == serde_json::Value::from(vec![value.to_json()]))
}

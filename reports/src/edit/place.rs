//! Where things end in a text of YAML.

use sim_models::scenario::tree::{Node, Value};

/// The byte after a value.
pub(super) fn end_of(text: &str, node: &Node) -> usize {
    if is_alias(text, node.at.start) {
        return node.at.end;
    }
    let inner = match &node.value {
        Value::Map(entries) => entries.iter().map(|(_, node)| end_of(text, node)).max(),
        Value::List(items) => items.iter().map(|item| end_of(text, item)).max(),
        _ => return node.at.end,
    };
    if is_flow(text, node) {
        closing(text, inner.unwrap_or(node.at.start + 1))
    } else {
        inner.unwrap_or(node.at.end)
    }
}

/// True if a reference to an anchor (`*name`) is at this place; no other value begins like this.
pub(super) fn is_alias(text: &str, place: usize) -> bool {
    text[place..].starts_with('*')
}

/// True if a list or map is in brackets.
pub(super) fn is_flow(text: &str, node: &Node) -> bool {
    matches!(node.value, Value::Map(_) | Value::List(_))
        && text[node.at.start..].starts_with(['{', '['])
}

/// The byte after the bracket that closes what ends at a place but for commas and comments.
fn closing(text: &str, from: usize) -> usize {
    let mut is_comment = false;
    for (offset, letter) in text[from..].char_indices() {
        match letter {
            '\n' => is_comment = false,
            '#' => is_comment = true,
            '}' | ']' if !is_comment => return from + offset + 1,
            _ => {}
        }
    }
    text.len()
}

/// The beginning of the line of a place.
pub(super) fn line_start(text: &str, place: usize) -> usize {
    text[..place].rfind('\n').map_or(0, |newline| newline + 1)
}

/// The beginning of the line after the one on which something ends; `end` is the byte after it.
pub(super) fn next_line(text: &str, end: usize) -> usize {
    if text[..end].ends_with('\n') {
        return end;
    }
    text[end..].find('\n').map_or(text.len(), |newline| end + newline + 1)
}

/// True if nothing but blanks is before a place on its line.
pub(super) fn is_first_on_line(text: &str, place: usize) -> bool {
    text[line_start(text, place)..place].trim().is_empty()
}

/// The newline that a text uses.
pub(super) fn newline(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}

//! One change to a text: a value replaced, added or removed.

use std::ops::Range;

use sim_models::scenario::Problem;
use sim_models::scenario::tree::{Key, Node, Segment, Value, normalize_edge};

use super::place::{end_of, is_alias, is_first_on_line, is_flow, line_start, newline, next_line};
use super::spelling;

/// The text with another value at a path; null removes what is there.
///
/// # Errors
/// A place where that cannot be written.
pub(super) fn changed(
    text: &str,
    tree: &Node,
    path: &[Segment],
    value: &Node,
) -> Result<String, Problem> {
    let mut here = Here { text, node: tree, key: None };
    for (depth, segment) in path.iter().enumerate() {
        let is_last = depth + 1 == path.len();
        if depth > 0 && is_alias(text, here.node.at.start) {
            return Err(shared(here.node));
        }
        match here.child(segment) {
            // An entry of a map overrides one that is merged in with `<<`.
            Some(child) if is_last && child.is_merged() && value.value != Value::Null => {
                return here.add(&path[depth..], value);
            }
            Some(child) if child.is_merged() => return Err(shared(child.node)),
            Some(_) if is_last && value.value == Value::Null => return here.remove(segment),
            Some(child) => here = child,
            None if value.value == Value::Null => return Err(missing(here.node)),
            None => return here.add(&path[depth..], value),
        }
    }
    let old = &text[here.node.at.start..here.node.at.end];
    Ok(here.replace(&spelling::value(value, old)))
}

fn shared(node: &Node) -> Problem {
    let message = "this comes from an anchor, so that a change would be one of other places too";
    Problem::error(message, Some(node.at)).with_help("write its settings out here")
}

fn missing(node: &Node) -> Problem {
    let message = "this is not written here, so it cannot be removed";
    Problem::error(message, Some(node.at))
        .with_help("an included file may have it: remove it there")
}

/// A value in a text.
#[derive(Clone, Copy)]
struct Here<'a> {
    text: &'a str,
    node: &'a Node,
    /// Its key, if it is the value of one.
    key: Option<&'a Key>,
}

impl Here<'_> {
    fn child(&self, segment: &Segment) -> Option<Self> {
        let entry = match (&self.node.value, segment) {
            (Value::Map(entries), Segment::Key(name)) => {
                let (key, node) =
                    entries.iter().find(|(key, _)| normalize_edge(&key.name) == *name)?;
                (Some(key), node)
            }
            (Value::List(_), _) => (None, self.node.get(std::slice::from_ref(segment))?),
            _ => return None,
        };
        Some(Self { key: entry.0, node: entry.1, ..*self })
    }

    /// True if it is the entry of another map that is merged into this one.
    fn is_merged(&self) -> bool {
        self.key.is_some_and(|key| is_alias(self.text, key.at.start))
    }

    fn range(&self) -> Range<usize> {
        self.node.at.start..end_of(self.text, self.node)
    }

    fn splice(&self, range: Range<usize>, new: &str) -> String {
        format!("{}{new}{}", &self.text[..range.start], &self.text[range.end..])
    }

    /// The text with another value in place of this one.
    fn replace(&self, new: &str) -> String {
        let range = self.range();
        let Some(key) = self.key else { return self.splice(range, new) };
        let behind_key =
            key.at.end + self.text[key.at.end..].find(':').map_or(0, |colon| colon + 1);
        let is_written = range.start >= behind_key;
        if self.node.value == Value::Null && !(is_written && is_null(&self.text[range.clone()])) {
            return self.splice(behind_key..behind_key, &format!(" {new}"));
        }
        let is_block = matches!(self.node.value, Value::Map(_) | Value::List(_))
            && !is_flow(self.text, self.node)
            && !is_alias(self.text, range.start);
        let lines = line_start(self.text, range.start)..next_line(self.text, range.end);
        if is_block && lines.start > behind_key {
            let head = self.splice(lines, "");
            return format!("{} {new}{}", &head[..behind_key], &head[behind_key..]);
        }
        let between = &self.text[behind_key..range.start];
        match between.find(['|', '>']).filter(|_| between.contains('\n')) {
            // A block scalar ends with its last line.
            Some(header) => {
                self.splice(behind_key + header..range.end, &format!("{new}{}", newline(self.text)))
            }
            None => self.splice(range, new),
        }
    }

    /// The text with an entry at a path added to this map.
    fn add(&self, path: &[Segment], value: &Node) -> Result<String, Problem> {
        let keys: Option<Vec<&str>> = path
            .iter()
            .map(|segment| if let Segment::Key(key) = segment { Some(key.as_str()) } else { None })
            .collect();
        let (Some(keys), Value::Map(_) | Value::Null) = (keys, &self.node.value) else {
            let message = "there is no such list or map in this file";
            return Err(Problem::error(message, Some(self.node.at))
                .with_help("an included file may have it: change it there"));
        };
        let value = spelling::value(value, "");
        let entries: &[(Key, Node)] =
            if let Value::Map(entries) = &self.node.value { entries } else { &[] };
        let last = entries.iter().map(|(_, node)| end_of(self.text, node)).max();
        Ok(match last {
            None => self.replace(&format!("{{ {} }}", in_flow(&keys, &value))),
            Some(end) if is_flow(self.text, self.node) => {
                self.splice(end..end, &format!(", {}", in_flow(&keys, &value)))
            }
            Some(end) => {
                let first = self.node.at.start;
                let width = first - line_start(self.text, first);
                let place = next_line(self.text, end);
                let newline = newline(self.text);
                let gap = if self.text[..place].ends_with('\n') { "" } else { newline };
                let lines = in_block(&keys, &value, width, newline);
                self.splice(place..place, &format!("{gap}{lines}"))
            }
        })
    }

    /// The text without a child of this value.
    fn remove(&self, segment: &Segment) -> Result<String, Problem> {
        let children: Vec<Range<usize>> = match &self.node.value {
            Value::Map(entries) => {
                entries.iter().map(|(key, node)| key.at.start..end_of(self.text, node)).collect()
            }
            Value::List(items) => {
                items.iter().map(|item| item.at.start..end_of(self.text, item)).collect()
            }
            _ => Vec::new(),
        };
        let child = self.child(segment).ok_or_else(|| missing(self.node))?;
        let start = child.key.map_or(child.node.at.start, |key| key.at.start);
        let position = children.iter().position(|range| range.start == start);
        let position = position.ok_or_else(|| missing(self.node))?;
        let range = children[position].clone();
        if children.len() == 1 {
            let is_list = matches!(self.node.value, Value::List(_));
            return Ok(self.replace(if is_list { "[]" } else { "{}" }));
        }
        // A dash belongs to its item.
        let before = self.text[..start].trim_end_matches(' ');
        let dash = if child.key.is_none() { before.strip_suffix('-') } else { None };
        let first = dash.map_or(start, str::len);
        let whole = if !is_flow(self.text, self.node) && is_first_on_line(self.text, first) {
            line_start(self.text, first)..next_line(self.text, range.end)
        } else if position > 0 {
            children[position - 1].end..range.end
        } else {
            start..children[1].start
        };
        Ok(self.splice(whole, ""))
    }
}

fn is_null(text: &str) -> bool {
    ["null", "Null", "NULL", "~"].contains(&text)
}

/// `a: { b: value }`.
fn in_flow(keys: &[&str], value: &str) -> String {
    let Some((first, rest)) = keys.split_first() else { return value.to_owned() };
    let inner =
        if rest.is_empty() { value.to_owned() } else { format!("{{ {} }}", in_flow(rest, value)) };
    format!("{}: {inner}", spelling::key(first))
}

/// Lines of maps in block style; the last two levels share a line.
fn in_block(keys: &[&str], value: &str, width: usize, newline: &str) -> String {
    let indent = " ".repeat(width);
    match keys {
        [first, rest @ ..] if rest.len() > 1 => {
            let inner = in_block(rest, value, width + 2, newline);
            format!("{indent}{}:{newline}{inner}", spelling::key(first))
        }
        _ => format!("{indent}{}{newline}", in_flow(keys, value)),
    }
}

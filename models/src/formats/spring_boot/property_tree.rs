//! Nested keys, of whatever spelling.

use super::text_of;
use crate::formats::Remark;
use crate::formats::configuration::below;
use crate::language::Location;
use crate::scenario::tree::{Key, Node, Value};

/// The meeting of two lists.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lists {
    /// The later one replaces the earlier: they come from different documents.
    Replace,
    /// Item by item: they come from lines of one document.
    Merge,
}

/// A document with its dotted keys nested: `a.b[0].c: 1` is `a: { b: [{ c: 1 }] }`.
pub(super) fn nest(document: &Node, lost: &mut Vec<Remark>) -> Node {
    let value = match &document.value {
        Value::Map(entries) => {
            let mut nested = Node { value: Value::map([]), at: document.at };
            for (key, node) in entries {
                let node = steps(&key.name)
                    .into_iter()
                    .rev()
                    .fold(nest(node, lost), |node, step| step.lead_to(node, key.at));
                overlay(&mut nested, node, "", Lists::Merge, lost);
            }
            return nested;
        }
        Value::List(items) => Value::List(items.iter().map(|item| nest(item, lost)).collect()),
        other => other.clone(),
    };
    Node { value, at: document.at }
}

/// Lays a tree over an earlier one, whose values it replaces; each that is replaced is noted.
pub(super) fn overlay(
    base: &mut Node,
    later: Node,
    path: &str,
    lists: Lists,
    lost: &mut Vec<Remark>,
) {
    match (&mut base.value, later.value) {
        (Value::Map(base), Value::Map(later)) => {
            for (key, node) in later {
                match base.iter_mut().find(|(known, _)| is_same_key(&known.name, &key.name)) {
                    Some((known, base)) => {
                        overlay(base, node, &below(path, &known.name), lists, lost);
                    }
                    None => base.push((key, node)),
                }
            }
        }
        (Value::List(base), Value::List(later)) if lists == Lists::Merge => {
            for (index, node) in later.into_iter().enumerate() {
                match base.get_mut(index) {
                    Some(_) if node.value == Value::Null => {}
                    Some(item) if item.value == Value::Null => *item = node,
                    Some(item) => overlay(item, node, &format!("{path}[{index}]"), lists, lost),
                    None => base.push(node),
                }
            }
        }
        // Both are properties in their own right: `a: 1` beside `a.b: 2`.
        (Value::Map(entries), value) if !entries.is_empty() => {
            let text = text_of(&Node { value, at: later.at });
            lost.push(Remark::new(path, format!("{text}, beside keys below it")));
        }
        (_, value) => {
            let later = Node { value, at: later.at };
            let texts = (text_of(base), text_of(&later));
            let text = format!("{}, which a later value replaces: {}", texts.0, texts.1);
            lost.push(Remark::new(path, text));
            *base = later;
        }
    }
}

/// The node at the end of these steps, by any spelling.
pub(super) fn property<'a>(node: &'a Node, steps: &[Step]) -> Option<&'a Node> {
    Some(property_with_path(node, "", steps)?.1)
}

/// The same with its path; the steps begin at a path.
pub(super) fn property_with_path<'a>(
    node: &'a Node,
    path: &str,
    steps: &[Step],
) -> Option<(String, &'a Node)> {
    let Some((first, rest)) = steps.split_first() else { return Some((path.to_owned(), node)) };
    match (first, &node.value) {
        (Step::Key(name), Value::Map(entries)) => {
            let (key, node) = entries.iter().find(|(key, _)| is_same_key(&key.name, name))?;
            property_with_path(node, &below(path, &key.name), rest)
        }
        (Step::Index(index), Value::List(items)) => {
            property_with_path(items.get(*index)?, &format!("{path}[{index}]"), rest)
        }
        _ => None,
    }
}

/// Takes a key out, and the maps that are empty without it.
pub(super) fn take_property(node: &mut Node, path: &[Step]) -> Option<Node> {
    let (Step::Key(first), rest) = path.split_first()? else { return None };
    let Value::Map(entries) = &mut node.value else { return None };
    let place = entries.iter().position(|(key, _)| is_same_key(&key.name, first))?;
    if rest.is_empty() {
        return Some(entries.remove(place).1);
    }
    let taken = take_property(&mut entries[place].1, rest);
    if matches!(&entries[place].1.value, Value::Map(left) if left.is_empty()) {
        entries.remove(place);
    }
    taken
}

/// A step of a dotted key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    Index(usize),
}

impl Step {
    /// A node that leads to another by this step.
    fn lead_to(self, node: Node, at: Location) -> Node {
        let value = match self {
            Self::Key(name) => Value::map([(Key { name, at }, node)]),
            Self::Index(index) => {
                let mut items = vec![Node { value: Value::Null, at }; index.min(MOST_ITEMS)];
                items.push(node);
                Value::list(items)
            }
        };
        Node { value, at }
    }
}

/// No configuration has a longer list; a mistyped index must not take all memory.
const MOST_ITEMS: usize = 1_000;

/// The steps of a dotted key. In brackets are an index or a key as it is, with its dots.
pub(super) fn steps(key: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut rest = key;
    while !rest.is_empty() {
        let bracket = rest.strip_prefix('[').and_then(|rest| rest.split_once(']'));
        if let Some((inside, after)) = bracket {
            let index = inside.parse().map(Step::Index);
            steps.push(index.unwrap_or_else(|_| Step::Key(inside.to_owned())));
            rest = after.strip_prefix('.').unwrap_or(after);
            continue;
        }
        let end = rest.char_indices().skip(1).find(|(_, c)| matches!(c, '.' | '['));
        let (name, after) = rest.split_at(end.map_or(rest.len(), |(at, _)| at));
        steps.push(Step::Key(name.to_owned()));
        rest = after.strip_prefix('.').unwrap_or(after);
    }
    steps
}

/// True if both are spellings of one key: camel case, kebab case, or with underscores.
fn is_same_key(a: &str, b: &str) -> bool {
    fn letters(key: &str) -> impl Iterator<Item = char> {
        key.chars().filter(|c| !matches!(c, '-' | '_')).flat_map(char::to_lowercase)
    }
    letters(a).eq(letters(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_split_at_dots_outside_brackets() {
        let shown = |key: &str| {
            let show = |step| match step {
                Step::Key(name) => name,
                Step::Index(index) => format!("#{index}"),
            };
            steps(key).into_iter().map(show).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(shown("a.b-c[0].d[x.y].e"), "a b-c #0 d x.y e");
        assert_eq!(shown("[a.b]"), "a.b");
        assert_eq!(shown("a["), "a [");
        assert_eq!(shown(""), "");
    }

    #[test]
    fn a_value_beside_keys_below_it_is_noted() {
        let mut lost = Vec::new();
        let document = Node::parse("a.b: 1\na: 2\n", 0).expect("YAML");
        let nested = nest(&document, &mut lost);
        assert_eq!(nested.to_json(), serde_json::json!({ "a": { "b": 1 } }));
        assert_eq!(lost[0].to_string(), "a: 2, beside keys below it");
    }
}

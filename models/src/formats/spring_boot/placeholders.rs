//! Placeholders: `${name}` and `${name:default}`.

use super::property_tree::{property_with_path, steps};
use super::text_of;
use crate::formats::Remark;
use crate::formats::configuration::below;
use crate::scenario::tree::{Node, Value};

/// Placeholders may refer to values with placeholders, but only so deep.
const DEEPEST: usize = 32;

/// Replaces the placeholders of a tree by the properties of their names, or else by their defaults.
/// A value that has neither is taken out.
/// Returns the paths of the properties whose values stand for placeholders.
pub(super) fn resolve(
    tree: &mut Node,
    lost: &mut Vec<Remark>,
    assumed: &mut Vec<Remark>,
) -> Vec<String> {
    let properties = tree.clone();
    let mut resolver = Resolver { properties: &properties, lost, assumed, used: Vec::new() };
    resolver.resolve("", tree);
    resolver.used
}

/// The texts with their placeholders replaced; those that cannot be are left out.
pub(super) fn texts_in(tree: &Node, texts: &[String]) -> Vec<String> {
    let replaced = |text: &String| replace(text, tree, &mut Names::default(), 0).ok();
    texts.iter().filter_map(replaced).collect()
}

/// The names in the placeholders of a text.
#[derive(Default)]
struct Names {
    /// Those that take a default.
    unset: Vec<String>,
    /// The paths of the properties of the others.
    used: Vec<String>,
}

struct Resolver<'a> {
    used: Vec<String>,
    properties: &'a Node,
    lost: &'a mut Vec<Remark>,
    assumed: &'a mut Vec<Remark>,
}

impl Resolver<'_> {
    /// True if the value has no placeholder left.
    fn resolve(&mut self, path: &str, node: &mut Node) -> bool {
        match &mut node.value {
            Value::Map(entries) => {
                entries.retain_mut(|(key, node)| self.resolve(&below(path, &key.name), node));
            }
            Value::List(items) => {
                let mut index = 0;
                items.retain_mut(|item| {
                    let is_resolved = self.resolve(&format!("{path}[{index}]"), item);
                    index += 1;
                    is_resolved
                });
            }
            Value::Text(text) if text.contains("${") => return self.resolve_text(path, text),
            _ => {}
        }
        true
    }

    fn resolve_text(&mut self, path: &str, text: &mut String) -> bool {
        let mut names = Names::default();
        let replaced = replace(text, self.properties, &mut names, 0);
        match &replaced {
            Ok(value) if !names.unset.is_empty() => self.assumed.push(Remark::new(
                path,
                format!("{text}, which is {value} if `{}` is not set", names.unset.join("`, `")),
            )),
            Ok(_) => {}
            Err(name) => {
                self.lost.push(Remark::new(path, format!("{text}, but `{name}` is not set here")));
            }
        }
        if replaced.is_ok() {
            self.used.extend(names.used);
        }
        replaced.map(|value| *text = value).is_ok()
    }
}

/// The text with its placeholders replaced, or the name that has no value.
fn replace(
    text: &str,
    properties: &Node,
    names: &mut Names,
    depth: usize,
) -> Result<String, String> {
    let Some((before, name, default, after)) = first_placeholder(text) else {
        return Ok(text.to_owned());
    };
    if depth == DEEPEST {
        return Err(name.to_owned());
    }
    let replaced = |text: &str, names: &mut Names| replace(text, properties, names, depth + 1);
    let name = replaced(name, names)?;
    let found = property_with_path(properties, "", &steps(&name))
        .filter(|(_, node)| !matches!(node.value, Value::Map(_) | Value::List(_)));
    let value = match (found, default) {
        (Some((path, node)), _) => {
            names.used.push(path);
            replaced(&text_of(node), names)?
        }
        (None, Some(default)) => {
            names.unset.push(name);
            replaced(default, names)?
        }
        (None, None) => return Err(name),
    };
    Ok(format!("{before}{value}{}", replace(after, properties, names, depth)?))
}

/// The parts of a text around its first placeholder: what is before, the name, the default, and
/// what is after.
fn first_placeholder(text: &str) -> Option<(&str, &str, Option<&str>, &str)> {
    let (before, rest) = text.split_once("${")?;
    let mut depth = 0;
    let mut colon = None;
    for (at, c) in rest.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                let (name, default) = colon.map_or((&rest[..at], None), |colon: usize| {
                    (&rest[..colon], Some(&rest[colon + 1..at]))
                });
                return Some((before, name, default, &rest[at + 1..]));
            }
            '}' => depth -= 1,
            ':' if depth == 0 => colon = colon.or(Some(at)),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_ends_at_its_own_brace() {
        assert_eq!(first_placeholder("a ${b:c:${d}} e"), Some(("a ", "b", Some("c:${d}"), " e")));
        assert_eq!(first_placeholder("${b}"), Some(("", "b", None, "")));
        assert_eq!(first_placeholder("${b"), None);
    }
}

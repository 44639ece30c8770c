//! YAML with the place of every value.
//!
//! Copies of a tree share what is in it: a change copies the lists and maps on the way to its place, and nothing else.

pub use super::path::{Segment, is_same_name, normalize_edge, parse_path};
use super::problem::{Location, Problem, did_you_mean};
pub use super::shared::Shared;

/// A value and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// The beginning of a list or map, or the whole of a scalar.
    pub at: Location,
}

/// The value of a node.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Another number.
    Float(f64),
    /// Any other scalar.
    Text(String),
    /// A list.
    List(Shared<Node>),
    /// Keys and values in the order of the file.
    Map(Shared<(Key, Node)>),
}

/// A key and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The key.
    pub name: String,
    /// The place where it is written.
    pub at: Location,
}

/// The key of the map that a bare number stands for, by the key that leads to the map: "max" for
/// "threads".
pub type ShortForms = fn(&str) -> Option<&'static str>;

impl Node {
    /// The node at `path`.
    pub fn get(&self, path: &[Segment]) -> Option<&Self> {
        self.follow(&self.resolve(path, self.at).ok()?)
    }

    /// The node at a path that is [resolved](Self::resolve).
    pub(super) fn follow(&self, path: &[Segment]) -> Option<&Self> {
        let Some((first, rest)) = path.split_first() else { return Some(self) };
        match (first, &self.value) {
            (Segment::Key(name), Value::Map(entries)) => entries
                .iter()
                .find(|(key, _)| is_same_name(&key.name, name))
                .and_then(|(_, node)| node.follow(rest)),
            (Segment::Index(index), Value::List(items)) => {
                items.get(*index).and_then(|node| node.follow(rest))
            }
            _ => None,
        }
    }

    /// The place of the key that leads to `path`; the node itself for items of lists.
    pub fn key_location(&self, path: &[Segment]) -> Option<Location> {
        let path = self.resolve(path, self.at).ok()?;
        let (last, parents) = path.split_last()?;
        let parent = self.follow(parents)?;
        match (last, &parent.value) {
            (Segment::Key(name), Value::Map(entries)) => {
                entries.iter().find(|(key, _)| is_same_name(&key.name, name)).map(|(key, _)| key.at)
            }
            _ => parent.follow(std::slice::from_ref(last)).map(|node| node.at),
        }
    }

    /// The place of the value at the longest existing prefix of `path`.
    pub fn nearest_location(&self, path: &[Segment]) -> Location {
        (0..=path.len())
            .rev()
            .find_map(|length| self.get(&path[..length]))
            .map_or(self.at, |node| node.at)
    }

    /// Removes the node at `path`; returns true if there was one.
    pub fn remove(&mut self, path: &[Segment]) -> bool {
        let Ok(path) = self.resolve(path, self.at) else { return false };
        let Some((last, parents)) = path.split_last() else { return false };
        match (last, self.get_mut(parents).map(|parent| &mut parent.value)) {
            (Segment::Key(name), Some(Value::Map(entries))) => {
                let before = entries.len();
                entries.retain(|(key, _)| !is_same_name(&key.name, name));
                entries.len() < before
            }
            (Segment::Index(index), Some(Value::List(items))) if *index < items.len() => {
                items.remove(*index);
                true
            }
            _ => false,
        }
    }

    /// Puts `node` at `path`, making maps on the way; `null` removes the node there. `path_at` is
    /// the place where the path is written.
    ///
    /// A bare number put where slots are described in full (`threads: { max: 50, queue: 100 }`)
    /// sets their number only; a detail put where they are a bare number keeps that number.
    ///
    /// # Errors
    /// Fails if the path leads through a scalar or past the end of a list, or if there is nothing
    /// to remove.
    pub fn set(
        &mut self,
        path: &[Segment],
        node: Self,
        path_at: Location,
        short_forms: ShortForms,
    ) -> Result<(), Problem> {
        let place = self.place_for(path, &node.value, path_at)?;
        self.put(&place, node, path_at, short_forms)
    }

    /// Puts `node` at a path that is resolved.
    fn put(
        &mut self,
        path: &[Segment],
        node: Self,
        path_at: Location,
        short_forms: ShortForms,
    ) -> Result<(), Problem> {
        let Some((first, rest)) = path.split_first() else {
            *self = node;
            return Ok(());
        };
        if self.value == Value::Null {
            self.value = Value::map([]);
        }
        match (first, &mut self.value) {
            (Segment::Key(name), Value::Map(entries)) => {
                let position = entries.iter().position(|(key, _)| is_same_name(&key.name, name));
                if rest.is_empty() && node.value == Value::Null {
                    if position.is_none() {
                        let known: Vec<&str> =
                            entries.iter().map(|(key, _)| key.name.as_str()).collect();
                        let problem = Problem::error(
                            format!("there is no `{name}` to remove"),
                            Some(path_at),
                        );
                        let meant = did_you_mean(name, known)
                            .map(|meant| format!("did you mean `{meant}`?"));
                        return Err(meant.map_or(problem.clone(), |help| problem.with_help(help)));
                    }
                    entries.retain(|(key, _)| !is_same_name(&key.name, name));
                    return Ok(());
                }
                let position = position.unwrap_or_else(|| {
                    entries.push((
                        Key { name: name.clone(), at: path_at },
                        Self { value: Value::Null, at: path_at },
                    ));
                    entries.len() - 1
                });
                let child = &mut entries[position].1;
                match (short_forms(name), &mut child.value, &node.value) {
                    (Some(key), Value::Integer(_), _) if !rest.is_empty() => {
                        let number = child.clone();
                        child.value =
                            Value::map([(Key { name: key.to_owned(), at: number.at }, number)]);
                    }
                    (Some(key), Value::Map(_), Value::Integer(_)) if rest.is_empty() => {
                        let inner = [Segment::Key(key.to_owned())];
                        return child.put(&inner, node, path_at, short_forms);
                    }
                    _ => {}
                }
                child.put(rest, node, path_at, short_forms)
            }
            (Segment::Index(index), Value::List(items)) => {
                let length = items.len();
                if rest.is_empty() && node.value == Value::Null && *index < length {
                    items.remove(*index);
                    return Ok(());
                }
                match items.get_mut(*index) {
                    Some(item) => item.put(rest, node, path_at, short_forms),
                    None => Err(Problem::error(
                        format!("there is no item {index}: the list has {length}"),
                        Some(path_at),
                    )
                    .with_help("items are counted from 0")),
                }
            }
            (segment, other) => {
                let wanted = match segment {
                    Segment::Key(name) => format!("`{name}`"),
                    Segment::Index(index) => format!("item {index}"),
                    Segment::Item(words) => format!("item `{words}`"),
                };
                Err(Problem::error(
                    format!("there is no {wanted} in {}", other.description()),
                    Some(path_at),
                ))
            }
        }
    }

    /// Sets the place of the node and of everything in it.
    pub fn move_to(&mut self, at: Location) {
        self.at = at;
        match &mut self.value {
            Value::List(items) => {
                items.iter_mut().for_each(|item| item.move_to(at));
            }
            Value::Map(entries) => entries.iter_mut().for_each(|(key, node)| {
                key.at = at;
                node.move_to(at);
            }),
            _ => {}
        }
    }

    /// Moves the places of the node and of everything in it towards the end of the text.
    pub fn shift(&mut self, bytes: usize) {
        self.at.shift(bytes);
        match &mut self.value {
            Value::List(items) => items.iter_mut().for_each(|item| item.shift(bytes)),
            Value::Map(entries) => entries.iter_mut().for_each(|(key, node)| {
                key.at.shift(bytes);
                node.shift(bytes);
            }),
            _ => {}
        }
    }

    /// The value without its places.
    pub fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(value) => (*value).into(),
            Value::Integer(value) => (*value).into(),
            Value::Float(value) => (*value).into(),
            Value::Text(value) => value.clone().into(),
            Value::List(items) => items.iter().map(Self::to_json).collect(),
            Value::Map(entries) => {
                entries.iter().map(|(key, node)| (key.name.clone(), node.to_json())).collect()
            }
        }
    }

    /// The keys of a map; none for anything else.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        let entries = if let Value::Map(entries) = &self.value { entries.as_slice() } else { &[] };
        entries.iter().map(|(key, _)| key)
    }

    /// The node at `path`, for a change.
    pub fn get_mut(&mut self, path: &[Segment]) -> Option<&mut Self> {
        let path = self.resolve(path, self.at).ok()?;
        path.iter().try_fold(self, |node, segment| match (segment, &mut node.value) {
            (Segment::Key(name), Value::Map(entries)) => entries
                .iter_mut()
                .find(|(key, _)| is_same_name(&key.name, name))
                .map(|(_, node)| node),
            (Segment::Index(index), Value::List(items)) => items.get_mut(*index),
            _ => None,
        })
    }
}

impl Value {
    /// A list.
    pub fn list(items: impl IntoIterator<Item = Node>) -> Self {
        Self::List(items.into_iter().collect())
    }

    /// A map.
    pub fn map(entries: impl IntoIterator<Item = (Key, Node)>) -> Self {
        Self::Map(entries.into_iter().collect())
    }

    /// The kind of the value, with its article.
    pub fn description(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "a truth value",
            Self::Integer(_) | Self::Float(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(text: &str) -> Node {
        Node::parse(text, 0).expect("valid YAML")
    }

    fn short_form(key: &str) -> Option<&'static str> {
        (key == "threads").then_some("max")
    }

    fn number(value: i64) -> Node {
        Node { value: Value::Integer(value), at: Location::default() }
    }

    #[test]
    fn every_value_knows_its_place() {
        let text = "services:\n  d: { threads: 40 }\n";
        let node = tree(text);
        let threads = parse_path("services.d.threads");
        let (value, key) =
            (node.get(&threads).expect("set").at, node.key_location(&threads).expect("set"));
        assert_eq!((&text[value.start..value.end], &text[key.start..key.end]), ("40", "threads"));
    }

    #[test]
    fn an_override_follows_the_shorthand_in_both_directions() {
        let mut node =
            tree("services: { a: { threads: { max: 50, queue: 9 } }, b: { threads: 7 } }");
        node.set(&parse_path("services.a.threads"), number(60), Location::default(), short_form)
            .expect("a place to set");
        node.set(
            &parse_path("services.b.threads.queue"),
            number(3),
            Location::default(),
            short_form,
        )
        .expect("a place to set");
        let expected = tree(
            "services: { a: { threads: { max: 60, queue: 9 } }, b: { threads: { max: 7, queue: 3 } } }",
        );
        assert_eq!(node.to_json(), expected.to_json());
    }

    #[test]
    fn an_override_makes_what_is_missing_and_refuses_what_cannot_be() {
        let mut node = tree("calls: {}\nfaults: [ { by: 2x } ]");
        node.set(
            &parse_path("calls.c->d.retry.attempts"),
            number(3),
            Location::default(),
            short_form,
        )
        .expect("a place to set");
        node.set(&parse_path("faults[0].by"), number(5), Location::default(), short_form)
            .expect("a place to set");
        assert_eq!(
            node.to_json(),
            tree("calls: { 'c -> d': { retry: { attempts: 3 } } }\nfaults: [ { by: 5 } ]")
                .to_json()
        );
        assert!(
            node.set(&parse_path("faults[1].by"), number(5), Location::default(), short_form)
                .is_err()
        );
        assert!(
            node.set(&parse_path("faults[0].by.more"), number(5), Location::default(), short_form)
                .is_err()
        );
    }
}

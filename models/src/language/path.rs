//! Paths to values: how they are written, and what they lead to in a tree.
//!
//! An item of a list has a number, and may have a name: `guards[0]` is also `guards.outer` if the item says `name: outer`,
//! or `guards.bulkhead` if it is the only one of its kind. [`Node::resolve`] is the one place that knows.

use super::problem::{Location, Problem, ProblemKind, did_you_mean};
use super::tree::{Node, Value};

/// The key of the name of an item.
const NAME: &str = "name";

/// One step of a path from the root of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// Into a map; into a list, the name or kind of an item, or its number (`faults.0.by`).
    Key(String),
    /// Into a list.
    Index(usize),
    /// Into a list of maps, to the only one with this key and value: `slow db` for `{ slow: db }`.
    Item(String),
}

/// The path written as `services.d.threads`, `faults[0].by`, `faults[slow db].by` or
/// `calls.a -> b.guards.outer.wait`.
/// Names of edges hold blanks and arrows but no dots.
pub fn parse_path(text: &str) -> Vec<Segment> {
    let mut segments = Vec::new();
    for part in text.split('.') {
        let (name, indices) = part.split_once('[').unwrap_or((part, ""));
        segments.push(Segment::Key(normalize_edge(name)));
        segments.extend(
            indices
                .split('[')
                .map(|index| index.trim_end_matches(']'))
                .filter(|index| !index.is_empty())
                .map(|index| match index.parse() {
                    Ok(index) => Segment::Index(index),
                    Err(_) => Segment::Item(normalize_edge(index)),
                }),
        );
    }
    segments
}

/// An edge with one blank on each side of its arrow; other names trimmed.
pub fn normalize_edge(name: &str) -> String {
    match name.split_once("->") {
        Some((caller, callee)) => format!("{} -> {}", caller.trim(), callee.trim()),
        None => name.trim().to_owned(),
    }
}

/// True if a key stands for a name that is [normalized](normalize_edge).
pub fn is_same_name(key: &str, name: &str) -> bool {
    key == name
        || match key.split_once("->") {
            Some((caller, callee)) => {
                name.split_once(" -> ") == Some((caller.trim(), callee.trim()))
            }
            None => key.trim() == name,
        }
}

impl Node {
    /// The same path with the number of an item in place of its name or kind.
    ///
    /// A name or kind leads to the settings of the item: `guards.outer.wait` may also be written
    /// `guards.outer.breaker.wait`, which is `guards[0].breaker.wait`. The end of a path that leads
    /// nowhere stays as it is. `at` is the place where the path is written.
    ///
    /// # Errors
    /// Fails if a list has no item of a name or kind, or several.
    pub fn resolve(&self, path: &[Segment], at: Location) -> Result<Vec<Segment>, Problem> {
        let mut resolved = Vec::with_capacity(path.len() + 1);
        let (mut here, mut list) = (Some(self), "the list");
        let mut rest = path.iter().peekable();
        while let Some(segment) = rest.next() {
            let first = resolved.len();
            match (here.map(|node| &node.value), segment) {
                (Some(Value::List(items)), Segment::Key(word)) => {
                    if let Ok(number) = word.parse() {
                        resolved.push(Segment::Index(number));
                    } else {
                        let item = Items(items).called(word);
                        let item =
                            item.map_err(|found| Items(items).none(word, found, list, at))?;
                        resolved.push(Segment::Index(item));
                        if let Some(kind) = only_key(&items[item]) {
                            let kind = Segment::Key(kind.to_owned());
                            rest.next_if(|next| **next == kind);
                            resolved.push(kind);
                        }
                    }
                }
                (Some(Value::List(items)), Segment::Item(words)) => {
                    let item = Items(items).that_says(words);
                    resolved.push(Segment::Index(item.map_err(|found| says(words, found, at))?));
                }
                _ => resolved.push(segment.clone()),
            }
            if let Segment::Key(key) = segment {
                list = key;
            }
            here = here.and_then(|node| node.follow(&resolved[first..]));
        }
        Ok(resolved)
    }

    /// The place at which a value is put to set a path. An item whose only setting is removed
    /// (`null`) goes with it: `guards.retry=null` takes the retry out of the list.
    ///
    /// # Errors
    /// Fails like [`resolve`](Self::resolve).
    pub fn place_for(
        &self,
        path: &[Segment],
        value: &Value,
        at: Location,
    ) -> Result<Vec<Segment>, Problem> {
        let mut place = self.resolve(path, at)?;
        if let ([item @ .., Segment::Key(key)], Value::Null) = (place.as_slice(), value)
            && let Some(Segment::Index(_)) = item.last()
            && self.follow(item).and_then(only_key) == Some(key)
        {
            place.pop();
        }
        Ok(place)
    }
}

/// The key of an item that says nothing but what it is, and perhaps its name: `retry: { … }`.
fn only_key(item: &Node) -> Option<&str> {
    let mut keys = item.keys().filter(|key| key.name != NAME);
    keys.next().filter(|_| keys.next().is_none()).map(|key| key.name.as_str())
}

fn name_of(item: &Node) -> Option<&str> {
    match &item.follow(&[Segment::Key(NAME.to_owned())])?.value {
        Value::Text(name) => Some(name),
        _ => None,
    }
}

/// The keys and texts of a map, by which an item of a list may be called.
fn texts(item: &Node) -> impl Iterator<Item = String> {
    let entries = if let Value::Map(entries) = &item.value { entries.as_slice() } else { &[] };
    entries.iter().filter_map(|(key, node)| match &node.value {
        Value::Text(text) => Some(format!("{} {}", key.name, normalize_edge(text))),
        _ => None,
    })
}

/// The problem that `found` items, and not one, say so.
fn says(words: &str, found: usize, at: Location) -> Problem {
    let message = match found {
        0 => format!("no item of the list is `{words}`"),
        _ => format!("{found} items of the list are `{words}`"),
    };
    let help = "write a key and its value, such as `faults[slow db]`, or the place of the item, counted from 0";
    Problem::error(message, Some(at)).of_kind(ProblemKind::NoSuchItem).with_help(help)
}

/// The items of a list, which a path calls by name or kind.
struct Items<'a>(&'a [Node]);

impl Items<'_> {
    /// The number of the item with this name, or else of the only one of this kind.
    ///
    /// # Errors
    /// Fails with the number of such items if that is not one.
    fn called(&self, word: &str) -> Result<usize, usize> {
        let named = self.those(|item| name_of(item) == Some(word));
        match named.as_slice() {
            [one] => return Ok(*one),
            [_, _, ..] => return Err(named.len()),
            [] => {}
        }
        match self.of_kind(word).as_slice() {
            [one] if only_key(&self.0[*one]).is_some() => Ok(*one),
            [_] => Err(0),
            several => Err(several.len()),
        }
    }

    /// The number of the only item with a key and value: `slow db` for `{ slow: db }`.
    ///
    /// # Errors
    /// Fails with the number of such items if that is not one.
    fn that_says(&self, words: &str) -> Result<usize, usize> {
        match self.those(|item| texts(item).any(|text| text == words)).as_slice() {
            [one] => Ok(*one),
            those => Err(those.len()),
        }
    }

    fn of_kind(&self, kind: &str) -> Vec<usize> {
        self.those(|item| item.keys().any(|key| key.name == kind && kind != NAME))
    }

    fn those(&self, is_meant: impl Fn(&Node) -> bool) -> Vec<usize> {
        (0..self.0.len()).filter(|number| is_meant(&self.0[*number])).collect()
    }

    /// The problem that `found` items, and not one, are called `word`.
    fn none(&self, word: &str, found: usize, list: &str, at: Location) -> Problem {
        let message = match found {
            0 => format!("there is no `{word}` in `{list}`"),
            _ => format!("`{word}` could be any of {found} items of `{list}`"),
        };
        let addresses: Vec<(String, String)> =
            (0..self.0.len()).map(|number| self.address(number)).collect();
        let words = addresses.iter().map(|(address, _)| address.as_str());
        let meant = did_you_mean(word, words.filter(|address| !address.starts_with('[')));
        let help = match meant.filter(|_| found == 0) {
            Some(meant) => format!("did you mean `{list}.{meant}`? "),
            None => String::new(),
        };
        let shown = addresses.iter().map(|(address, about)| {
            let dot = if address.starts_with('[') { "" } else { "." };
            let about = if about.is_empty() { String::new() } else { format!(" ({about})") };
            format!("`{list}{dot}{address}`{about}")
        });
        let shown = shown.collect::<Vec<_>>().join(", ");
        let there = if shown.is_empty() {
            "the list is empty".to_owned()
        } else {
            format!("there is {shown}")
        };
        Problem::error(message, Some(at))
            .of_kind(ProblemKind::NoSuchItem)
            .with_help(format!("{help}{there}"))
    }

    /// The shortest address of an item within the list, and the keys that it does not show.
    fn address(&self, number: usize) -> (String, String) {
        let item = &self.0[number];
        let keys = item.keys().filter(|key| key.name != NAME).map(|key| key.name.as_str());
        let keys = keys.collect::<Vec<_>>().join(", ");
        match (name_of(item), only_key(item)) {
            (Some(name), _) if self.called(name) == Ok(number) => (name.to_owned(), keys),
            (_, Some(kind)) if self.called(kind) == Ok(number) => (kind.to_owned(), String::new()),
            _ => (format!("[{number}]"), keys),
        }
    }
}

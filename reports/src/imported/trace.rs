//! The way back from a scenario with imported calls to the files that it was made of.

use sim_models::formats::Imported;
use sim_models::scenario::tree::{Node, Value, normalize_edge};
use sim_models::scenario::{Location, Problem, Sources};

/// A scenario with what was imported in it, which is not written because it has problems.
pub struct Unwritten<'a> {
    /// The name of the scenario.
    pub name: &'a str,
    /// The scenario as it is.
    pub before: &'a str,
    /// The scenario as it would be.
    pub merged: &'a str,
    /// The texts that the problems' places refer to, the scenario as it would be first.
    pub sources: &'a Sources,
}

/// The problems at their places in the files that there are, and these: what was imported is shown where it comes from,
/// and the rest in the scenario as it is.
pub fn traced(
    problems: &[Problem],
    unwritten: &Unwritten<'_>,
    imported: &Imported,
    caller: &str,
) -> (Vec<Problem>, Sources) {
    let mut sources = Sources::default();
    sources.add(unwritten.name, unwritten.before);
    copy(unwritten.sources, 1, &mut sources);
    let first_imported = copy(&imported.sources, 0, &mut sources);
    let trees = Node::parse(unwritten.merged, 0).ok().zip(Node::parse(unwritten.before, 0).ok());
    let place = |at: Location| {
        if at.source > 0 {
            return Some(at);
        }
        let (merged, before) = trees.as_ref()?;
        let (path, part) = Part::at(merged, at.start)?;
        match provenance(&path, imported, caller) {
            Provenance::Imported(place) => {
                place.map(|place| Location { source: place.source + first_imported, ..place })
            }
            Provenance::Written => part.moved(at, merged, before, &path),
        }
    };
    let traced = |problem: &Problem| Problem {
        at: problem.at.and_then(place),
        first: problem.first.as_deref().and_then(|first| place(*first)).map(Box::new),
        ..problem.clone()
    };
    (problems.iter().map(traced).collect(), sources)
}

/// Adds the texts from a number on to others, and returns the number that the first of them has there.
fn copy(from: &Sources, first: u32, to: &mut Sources) -> u32 {
    let texts: Vec<_> = (first..).map_while(|number| from.get(number)).collect();
    let mut numbers = texts.iter().map(|text| to.add(text.name.clone(), text.text.clone()));
    let place = numbers.next().unwrap_or_default();
    numbers.for_each(drop);
    place
}

/// The way that a part of the scenario came into it.
enum Provenance {
    /// It was imported, from a place that is known or not.
    Imported(Option<Location>),
    /// The scenario had it before.
    Written,
}

fn provenance(path: &[String], imported: &Imported, caller: &str) -> Provenance {
    match path {
        [section, edge, rest @ ..] if section == "calls" => {
            let edge = normalize_edge(edge);
            let is_it = |callee: &str| edge == format!("{caller} -> {callee}");
            let call = imported.calls.iter().find(|call| is_it(&call.callee));
            call.map_or(Provenance::Written, |call| Provenance::Imported(call.place(rest)))
        }
        [section, service, rest @ ..] if section == "services" && service == caller => {
            let is_set = |key: &String| imported.caller.iter().any(|(known, _)| known == key);
            if rest.first().is_some_and(is_set) {
                Provenance::Imported(imported.place_of_caller(rest))
            } else {
                Provenance::Written
            }
        }
        _ => Provenance::Written,
    }
}

/// The part of an entry of a map that a place lies in.
#[derive(Clone, Copy)]
enum Part {
    Key,
    Value,
}

impl Part {
    /// The keys and numbers that lead to what lies at a byte.
    fn at(tree: &Node, byte: usize) -> Option<(Vec<String>, Self)> {
        let lies_in = |at: Location| at.start <= byte && byte <= at.end.max(at.start);
        let inside = |name: String, node: &Node| {
            let (mut path, part) = Self::at(node, byte)?;
            path.insert(0, name);
            Some((path, part))
        };
        let inner = match &tree.value {
            Value::Map(entries) => entries.iter().find_map(|(key, node)| {
                let is_key = key.at.start <= byte && byte < key.at.end;
                let here = || Some((vec![key.name.clone()], Self::Key));
                if is_key { here() } else { inside(key.name.clone(), node) }
            }),
            Value::List(items) => {
                let mut numbered = items.iter().enumerate();
                numbered.find_map(|(number, node)| inside(number.to_string(), node))
            }
            _ => None,
        };
        inner.or_else(|| lies_in(tree.at).then(|| (Vec::new(), Self::Value)))
    }

    /// The place that is as far into the same part of another tree.
    fn moved(self, at: Location, from: &Node, to: &Node, path: &[String]) -> Option<Location> {
        let (from, to) = (self.place(from, path)?, self.place(to, path)?);
        let moved = |byte: usize| (byte + to.start).saturating_sub(from.start);
        Some(Location { source: to.source, start: moved(at.start), end: moved(at.end) })
    }

    fn place(self, tree: &Node, path: &[String]) -> Option<Location> {
        let Some((first, rest)) = path.split_first() else { return Some(tree.at) };
        match &tree.value {
            Value::Map(entries) => {
                let (key, node) = entries.iter().find(|(key, _)| key.name == *first)?;
                match (self, rest) {
                    (Self::Key, []) => Some(key.at),
                    _ => self.place(node, rest),
                }
            }
            Value::List(items) => self.place(items.get(first.parse::<usize>().ok()?)?, rest),
            _ => None,
        }
    }
}

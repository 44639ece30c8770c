//! From YAML to a tree.

use indexmap::IndexMap;
use indexmap::map::Entry;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

use super::problem::{Location, Problem};
use super::tree::{Key, Node, Value};
use super::yaml_error::in_our_words;

/// The most values of a file, those that references repeat included: 80 000 calls with five guards each, as four hundred
/// services make that all call each other, are half of it.
const MOST_NODES: usize = 4_000_000;

/// The most values that references repeat, and ends of maps and lists: few bytes of a file can stand for so many.
const MOST_REPLAYED: usize = 4_000_000;

impl Node {
    /// Reads YAML; `source` is the number of its text.
    ///
    /// # Errors
    /// Fails at the first place where the text is not YAML, or where a key is there a second time.
    pub fn parse(text: &str, source: u32) -> Result<Self, Problem> {
        let mut repeated = Vec::new();
        let node = Self::parse_with_all(text, source, &mut repeated)?;
        repeated.into_iter().next().map_or(Ok(node), Err)
    }

    /// Reads YAML, of each key only the first with its name. Notes the others in `repeated`.
    ///
    /// # Errors
    /// Fails at the first place where the text is not YAML.
    pub fn parse_with_all(
        text: &str,
        source: u32,
        repeated: &mut Vec<Problem>,
    ) -> Result<Self, Problem> {
        let options = serde_saphyr::options! {
            strict_booleans: true,
            duplicate_keys: serde_saphyr::DuplicateKeyPolicy::PassThrough,
            budget: serde_saphyr::budget! {
                max_nodes: MOST_NODES,
                max_events: 2 * MOST_NODES,
                max_aliases: MOST_NODES,
                enforce_alias_anchor_ratio: false,
            },
            alias_limits: serde_saphyr::alias_limits! {
                max_total_replayed_events: MOST_REPLAYED,
            },
        };
        let tree: Spanned<Raw> =
            serde_saphyr::from_str_with_options(text, options).map_err(|error| {
                let at =
                    error.location().map_or(Location { source, start: 0, end: 0 }, |location| {
                        locate(location, text, source)
                    });
                let (message, help) = in_our_words(&error);
                Problem::error(message, Some(at)).labelled("here").with_help(help)
            })?;
        let at = locate(tree.defined, text, source);
        Ok(tree.value.into_node(at, text, source, repeated))
    }
}

fn locate(location: serde_saphyr::Location, text: &str, source: u32) -> Location {
    let span = location.span();
    let by_line = || {
        let line_start: usize = text
            .split_inclusive('\n')
            .take((location.line() as usize).saturating_sub(1))
            .map(str::len)
            .sum();
        let in_line = text[line_start.min(text.len())..]
            .char_indices()
            .nth((location.column() as usize).saturating_sub(1));
        line_start + in_line.map_or(0, |(offset, _)| offset)
    };
    let start = span.byte_offset().map_or_else(by_line, |offset| offset as usize).min(text.len());
    let start = (0..=start).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let length = span.byte_len().map_or(1, |length| length as usize).max(1);
    let end =
        (start + length..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    Location { source, start, end }
}

/// The tree as the parser gives it.
enum Raw {
    Scalar(Value),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

impl Raw {
    fn into_node(self, at: Location, text: &str, source: u32, repeated: &mut Vec<Problem>) -> Node {
        let place = |location| locate(location, text, source);
        let value = match self {
            Self::Scalar(value) => value,
            Self::List(items) => Value::List(
                items
                    .into_iter()
                    .map(|item| {
                        item.value.into_node(place(item.referenced), text, source, repeated)
                    })
                    .collect(),
            ),
            Self::Map(entries) => {
                let mut first: IndexMap<String, (Location, Node)> = IndexMap::new();
                for (key, node) in entries {
                    let key_at = place(key.referenced);
                    let node = node.value.into_node(place(node.referenced), text, source, repeated);
                    match first.entry(key.value) {
                        Entry::Vacant(entry) => drop(entry.insert((key_at, node))),
                        Entry::Occupied(entry) => {
                            let message = format!("the key `{}` is written twice", entry.key());
                            let problem = Problem::error(message, Some(key_at)).labelled("again");
                            let problem = problem.with_first(entry.get().0);
                            repeated.push(problem.with_help("keep one of them"));
                        }
                    }
                }
                Value::map(first.into_iter().map(|(name, (at, node))| (Key { name, at }, node)))
            }
        };
        Node { value, at }
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Scalar(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Scalar(Value::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Scalar(Value::Integer(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Scalar(i64::try_from(value).map_or(Value::Float(value as f64), Value::Integer)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Scalar(Value::Float(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Scalar(Value::Text(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Raw::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(Raw::Map(entries))
    }
}

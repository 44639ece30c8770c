//! From a tree to typed values, noting every mistake and not just the first.
//!
//! No crate does this for us: `deserr` and `eserde` collect errors, but report them by path and hand
//! out no places with what they read, and `serde_saphyr::Spanned` loses them when files are included
//! or values overridden, which happens in the tree.

use std::marker::PhantomData;
use std::ops::Deref;

use indexmap::{IndexMap, IndexSet};
use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::Placed;
use super::name::{KeyRule, OneWord};
use super::problem::{Location, Problem, Problems, did_you_mean};
use super::tree::{Node, Value};

/// A node to be read, and the place of the key that leads to it.
#[derive(Clone, Copy)]
pub(crate) struct Found<'a> {
    pub node: &'a Node,
    pub key: Location,
}

/// A type that can be read from a node.
pub(crate) trait Decode: JsonSchema + Sized {
    /// Reads a value. `None` if the node does not hold one, which has then been noted; a value with
    /// wrong parts is read without them.
    fn decode(found: Found<'_>, problems: &mut Problems) -> Option<Self>;

    /// The value of a setting that is not written; `None` if it must be.
    fn left_out() -> Option<Self> {
        None
    }
}

/// Notes that a node holds something other than what was expected.
pub(crate) fn expected(what: &str, found: Found<'_>, problems: &mut Problems) {
    let is = match &found.node.value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(value) => format!("`{value}`"),
        Value::Integer(number) => format!("the number `{number}`"),
        Value::Float(number) => format!("the number `{number}`"),
        Value::Text(text) => format!("the text \"{text}\""),
        Value::List(_) => "a list".to_owned(),
        Value::Map(_) => "a map".to_owned(),
    };
    let message = format!("this is {is}, expected {what}");
    problems.add(Problem::error(message, Some(found.node.at)));
}

/// The problem of an unknown key, with the key that was probably meant.
pub(crate) fn unknown_key(written: &str, known: &[&str], at: Option<Location>) -> Problem {
    let problem =
        Problem::error(format!("`{written}` means nothing here"), at).labelled("unknown key");
    match did_you_mean(written, known.iter().copied()) {
        Some(meant) => problem.with_help(format!("did you mean `{meant}`?")),
        None => problem.with_help(format!("known here: {}", known.join(", "))),
    }
}

impl<T: Decode> Decode for Option<T> {
    fn decode(found: Found<'_>, problems: &mut Problems) -> Option<Self> {
        if found.node.value == Value::Null {
            return Some(None);
        }
        T::decode(found, problems).map(Some)
    }

    fn left_out() -> Option<Self> {
        Some(None)
    }
}

impl<T: Decode> Decode for Box<T> {
    fn decode(found: Found<'_>, problems: &mut Problems) -> Option<Self> {
        T::decode(found, problems).map(Self::new)
    }
}

impl<T: Decode> Decode for Vec<T> {
    fn decode(found: Found<'_>, problems: &mut Problems) -> Option<Self> {
        let Value::List(items) = &found.node.value else {
            expected("a list", found, problems);
            return None;
        };
        let items = items.iter().map(|node| Found { node, key: node.at });
        Some(items.filter_map(|item| T::decode(item, problems)).collect())
    }

    fn left_out() -> Option<Self> {
        Some(Self::new())
    }
}

/// Things by name, in the order of the file. `K` is the [rule](KeyRule) for their names.
#[derive(Clone, Debug)]
pub(crate) struct Named<T, K = OneWord> {
    things: IndexMap<String, Placed<T>>,
    unreadable: IndexSet<String>,
    rule: PhantomData<K>,
}

impl<T, K> Default for Named<T, K> {
    fn default() -> Self {
        Self { things: IndexMap::new(), unreadable: IndexSet::new(), rule: PhantomData }
    }
}

impl<T, K> Named<T, K> {
    /// True if something of this name is written, even if it could not be read.
    pub fn mentions(&self, name: &str) -> bool {
        self.things.contains_key(name) || self.unreadable.contains(name)
    }

    /// True if something could not be read.
    pub fn has_unreadable(&self) -> bool {
        !self.unreadable.is_empty()
    }

    /// The names in order, to choose one from.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.things.keys().map(String::as_str)
    }
}

impl<T, K> Deref for Named<T, K> {
    type Target = IndexMap<String, Placed<T>>;

    fn deref(&self) -> &IndexMap<String, Placed<T>> {
        &self.things
    }
}

impl<T: Decode, K: KeyRule> Decode for Named<T, K> {
    fn decode(found: Found<'_>, problems: &mut Problems) -> Option<Self> {
        let Value::Map(entries) = &found.node.value else {
            expected("a map", found, problems);
            return None;
        };
        let mut named = Self::default();
        for (key, node) in entries {
            K::check(&key.name, key.at, problems);
            let name = K::canonical(&key.name);
            if let Some(first) = named.things.get(&name).map(Placed::key) {
                let message = format!("`{name}` is there twice, in different spellings");
                let problem = Problem::error(message, Some(key.at)).with_first(first);
                problems.add(problem.with_help("write both together, once"));
            }
            match Placed::decode(Found { node, key: key.at }, problems) {
                Some(thing) => {
                    named.things.insert(name, thing);
                }
                None => {
                    named.unreadable.insert(name);
                }
            }
        }
        Some(named)
    }

    fn left_out() -> Option<Self> {
        Some(Self::default())
    }
}

impl<T: JsonSchema, K> JsonSchema for Named<T, K> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Named{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        IndexMap::<String, T>::json_schema(generator)
    }
}

impl Decode for String {
    fn decode(found: Found<'_>, problems: &mut Problems) -> Option<Self> {
        let Value::Text(text) = &found.node.value else {
            expected("a text", found, problems);
            return None;
        };
        // The last line of a block ends with a line break too.
        let text = text.trim_end_matches('\n');
        problems.line(text, found.node.at);
        Some(text.to_owned())
    }
}

impl Decode for bool {
    fn decode(found: Found<'_>, problems: &mut Problems) -> Option<Self> {
        if let Value::Bool(value) = found.node.value {
            return Some(value);
        }
        expected("true or false", found, problems);
        None
    }
}

/// The whole number that a value is, also if it is written like `1e6`; larger ones than 2⁵³ must be
/// written in full, because not all of them are floating-point numbers.
fn whole(value: &Value) -> Option<i64> {
    const EXACT: f64 = (1_u64 << 53) as f64;
    match value {
        Value::Integer(number) => Some(*number),
        Value::Float(number) if number.fract() == 0.0 && number.abs() <= EXACT => {
            Some(*number as i64)
        }
        _ => None,
    }
}

/// Reads whole numbers of a type, each with the words for what is expected.
macro_rules! whole_numbers {
    ($($type:ty => $expected:literal),* $(,)?) => {
        $(impl Decode for $type {
            fn decode(found: Found<'_>, problems: &mut Problems) -> Option<Self> {
                let number = whole(&found.node.value).and_then(|number| Self::try_from(number).ok());
                if number.is_none() {
                    expected($expected, found, problems);
                }
                number
            }
        })*
    };
}

whole_numbers! {
    u8 => "a whole number from 0 to 255",
    u32 => "a whole number from 0 to 4294967295",
    i32 => "a whole number from -2147483648 to 2147483647",
    u64 => "a whole number from 0 to 9223372036854775807",
}

impl Decode for f64 {
    fn decode(found: Found<'_>, problems: &mut Problems) -> Option<Self> {
        match found.node.value {
            Value::Integer(number) => Some(number as Self),
            Value::Float(number) => Some(number),
            _ => {
                expected("a number", found, problems);
                None
            }
        }
    }
}

impl Decode for f32 {
    fn decode(found: Found<'_>, problems: &mut Problems) -> Option<Self> {
        f64::decode(found, problems).map(|number| number as Self)
    }
}

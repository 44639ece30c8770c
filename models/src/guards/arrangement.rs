//! Guards that are arranged otherwise than in the usual order: as a list, or as a library's set.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::sets::GuardSet;
use super::{KEYS, Listed, WrittenGuard};
use crate::language::tree::Value;
use crate::language::{Decode, Found, Location, Placed, Problems, expected, schema_of};

/// The value of `guards`.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "a file has few of them")]
pub(crate) enum Arrangement {
    /// A list, the outermost first.
    List(Vec<Placed<Listed>>),
    /// All guards of a library.
    Set(GuardSet),
}

impl Arrangement {
    /// The guards, the outermost first; `at` is where they are written.
    pub fn written(&self, at: Location) -> Vec<WrittenGuard> {
        match self {
            Self::List(list) => list.iter().map(|guard| guard.written()).collect(),
            Self::Set(set) => set.written(at),
        }
    }

    /// Notes that a guard is written beside them.
    pub fn refuse(&self, key: &str, at: Location, problems: &mut Problems) {
        let (outside, help) = match self {
            Self::List(_) => ("the list of guards", "move it into the list, where it should apply"),
            Self::Set(_) => {
                ("the guards of the library", "leave it out, or write all guards as a list")
            }
        };
        problems.error(at, format!("`{key}` is outside {outside}"), help);
    }

    /// Notes what is wrong with the guards together; `at` is where they are written.
    pub fn check(&self, at: Location, problems: &mut Problems) {
        match self {
            Self::List(list) => check_names(list, problems),
            Self::Set(set) => set.check(at, problems),
        }
    }

    /// True if nobody can choose their order.
    pub fn has_fixed_order(&self) -> bool {
        matches!(self, Self::Set(set) if set.has_fixed_order())
    }
}

/// Notes names by which no path could call a guard.
fn check_names(list: &[Placed<Listed>], problems: &mut Problems) {
    let named = || {
        let of = |guard: &Placed<Listed>| {
            let (key, name) = guard.key_and_name();
            name.cloned().map(|name| (key, name))
        };
        list.iter().filter_map(of)
    };
    for (key, name) in named() {
        let at = name.at();
        problems.name(&name, at);
        if !name.is_empty() && name.chars().all(|letter| letter.is_ascii_digit()) {
            let help = "a path would take it for the place in the list; add a letter";
            problems.error(at, format!("`{}` cannot be a name", *name), help);
        }
        if *name != key && KEYS.contains(&name.as_str()) {
            let help = "choose a name that is no kind of guard";
            problems.error(at, format!("this {key} cannot be called `{}`", *name), help);
        }
        if named().filter(|(_, other)| **other == *name).count() > 1 {
            let help = "each guard of a list needs a name of its own";
            problems.error(at, format!("several guards are called `{}`", *name), help);
        }
    }
}

impl Decode for Arrangement {
    fn decode(found: Found<'_>, problems: &mut Problems) -> Option<Self> {
        match found.node.value {
            Value::List(_) => Decode::decode(found, problems).map(Self::List),
            Value::Map(_) => Decode::decode(found, problems).map(Self::Set),
            _ => {
                expected("a list of guards, or a map with `preset`", found, problems);
                None
            }
        }
    }
}

impl JsonSchema for Arrangement {
    fn schema_name() -> Cow<'static, str> {
        "Arrangement".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let list = schema_of::<Vec<Placed<Listed>>>(generator);
        let set = schema_of::<GuardSet>(generator);
        json_schema!({ "anyOf": [list, set] })
    }
}

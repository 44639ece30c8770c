//! The rule for names, and for texts in general.
//!
//! A name is made of letters, digits, `-` and `_`, so that it can be part of a path, an edge, a sentence, the name of a
//! file, and a line of a report. The names of conditions may have several such words. Every other text is on one line
//! and has no [hidden](is_hidden) character.

use std::ops::Deref;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::decode::{Decode, Found, expected};
use super::path::normalize_edge;
use super::problem::{Location, Problems};
use super::tree::Value;
use crate::printable::is_hidden;

/// The rule, as messages state it.
pub const NAME_RULE: &str = "names are made of letters, digits, `-` and `_`";

/// True if a text follows the rule for names.
///
/// ```
/// # use sim_models::scenario::is_name;
/// assert!(is_name("orders-db_2") && is_name("größe"));
/// assert!(!is_name("") && !is_name("a.b") && !is_name("two words"));
/// ```
pub fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(is_name_letter)
}

/// True for a letter or digit of any script that can be seen, `-` and `_`.
pub fn is_name_letter(c: char) -> bool {
    (c.is_alphanumeric() && !is_hidden(c)) || c == '-' || c == '_'
}

impl Problems {
    /// Refuses a name that could not be part of a path or an edge.
    pub(crate) fn name(&mut self, name: &str, at: Location) {
        if !is_name(name) {
            self.error(at, format!("`{name}` cannot be a name"), NAME_RULE);
        }
    }

    /// Refuses a text that has more than one line or characters that cannot be seen.
    pub(crate) fn line(&mut self, text: &str, at: Location) {
        let Some(hidden) = text.chars().find(|c| is_hidden(*c)) else { return };
        if hidden == '\n' {
            self.error(at, "this text has more than one line", "write it on one line");
        } else {
            let message =
                format!("this text has a character that cannot be seen, U+{:04X}", hidden as u32);
            self.error(at, message, "leave it out: texts are made of characters that can be seen");
        }
    }
}

/// A rule for the keys of a map of things.
pub(crate) trait KeyRule {
    /// Notes a key that breaks the rule.
    fn check(key: &str, at: Location, problems: &mut Problems);

    /// The one spelling of keys that mean the same.
    fn canonical(key: &str) -> String {
        key.to_owned()
    }
}

/// The rule for names of one word.
#[derive(Clone, Copy, Debug)]
pub(crate) enum OneWord {}

impl KeyRule for OneWord {
    fn check(key: &str, at: Location, problems: &mut Problems) {
        problems.name(key, at);
    }
}

/// The rule for names of one or more words, with a blank between them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SomeWords {}

impl KeyRule for SomeWords {
    fn check(key: &str, at: Location, problems: &mut Problems) {
        if !key.split(' ').all(is_name) {
            let help =
                format!("{NAME_RULE}; this one may have several words, with a blank between them");
            problems.error(at, format!("`{key}` cannot be a name"), help);
        }
    }
}

/// The rule for keys that are no names but lead to something: paths and edges.
#[derive(Clone, Copy, Debug)]
pub(crate) enum AnyPath {}

impl KeyRule for AnyPath {
    fn check(key: &str, at: Location, problems: &mut Problems) {
        problems.line(key, at);
    }

    fn canonical(key: &str) -> String {
        normalize_edge(key)
    }
}

/// A name that is a value and no key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name(String);

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Decode for Name {
    fn decode(found: Found<'_>, problems: &mut Problems) -> Option<Self> {
        let name = String::decode(found, problems)?;
        problems.name(&name, found.node.at);
        Some(Self(name))
    }
}

impl JsonSchema for Name {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Name".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

/// A text for readers of the file, of any number of lines. Nothing shows it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prose;

impl Decode for Prose {
    fn decode(found: Found<'_>, problems: &mut Problems) -> Option<Self> {
        if let Value::Text(_) = found.node.value {
            return Some(Self);
        }
        expected("a text", found, problems);
        None
    }
}

impl JsonSchema for Prose {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Prose".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_cannot_be_seen_make_no_name() {
        assert!(!is_name("a\u{3164}") && !is_name("a\u{200b}b") && !is_name("a\u{9b}"));
    }

    #[test]
    fn a_condition_has_words_with_single_blanks() {
        let has_problem = |key: &str| {
            let mut problems = Problems::default();
            SomeWords::check(key, Location::default(), &mut problems);
            problems.has_errors()
        };
        assert!(!has_problem("slow d-db") && !has_problem("peak"));
        assert!(["", " peak", "two  blanks", "a\nb", "a\tb", "a/b"].into_iter().all(has_problem));
    }
}

//! Settings that are written as a text of one of a few forms.

use std::str::FromStr;

use schemars::{Schema, json_schema};

use super::decode::{Found, expected};
use super::problem::{Problem, Problems};
use super::tree::Value;

/// A setting that is written as a text of one of a few forms.
///
/// The errors of its [`FromStr`] say what is wrong and, after the last "; ", what to write instead.
pub(crate) trait Written: FromStr<Err = String> {
    /// Its description, with an article and an example.
    const EXPECTED: &'static str;
    /// A regular expression for the JSON Schema.
    const PATTERN: &'static str;
    /// Examples for the JSON Schema.
    const EXAMPLES: &'static [&'static str];

    /// The text that a bare number was probably meant to be; `None` if a bare number is fine.
    fn suggestion(number: f64) -> Option<String>;

    /// Reads a bare number, if that is fine.
    ///
    /// # Errors
    /// Fails if the number is out of range.
    fn from_number(_number: f64) -> Result<Self, String> {
        Err(String::new())
    }
}

/// Reads a written setting.
pub(crate) fn decode_written<T: Written>(found: Found<'_>, problems: &mut Problems) -> Option<T> {
    let of_number = |number: f64| match T::suggestion(number) {
        Some(suggestion) => Err(format!("`{number}` has no unit; write `{suggestion}`")),
        None => T::from_number(number),
    };
    let read = match &found.node.value {
        Value::Text(text) => text.trim().parse(),
        Value::Integer(number) => of_number(*number as f64),
        Value::Float(number) => of_number(*number),
        _ => {
            expected(T::EXPECTED, found, problems);
            return None;
        }
    };
    match read {
        Ok(value) => Some(value),
        Err(message) => {
            problems.add(unreadable(&message, found));
            None
        }
    }
}

/// A problem whose message may have advice after its last semicolon; others may be in the text that is unreadable.
pub(crate) fn unreadable(message: &str, found: Found<'_>) -> Problem {
    let at = Some(found.node.at);
    match message.rsplit_once("; ") {
        Some((message, help)) => Problem::error(message, at).with_help(help),
        None => Problem::error(message, at),
    }
}

/// The schema of a written setting.
pub(crate) fn written_schema<T: Written>() -> Schema {
    let text = json_schema!({
        "type": "string",
        "description": T::EXPECTED,
        "pattern": T::PATTERN,
        "examples": T::EXAMPLES,
    });
    if T::suggestion(0.0).is_some() {
        return text;
    }
    json_schema!({ "description": T::EXPECTED, "anyOf": [text, { "type": "number" }] })
}

/// Implements reading and the schema of a [`Written`] type.
macro_rules! written {
    ($type:ty, $name:literal) => {
        impl $crate::language::Decode for $type {
            fn decode(
                found: $crate::language::Found<'_>,
                problems: &mut $crate::language::Problems,
            ) -> Option<Self> {
                $crate::language::decode_written(found, problems)
            }
        }

        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                $crate::language::written_schema::<Self>()
            }
        }
    };
}
pub(crate) use written;

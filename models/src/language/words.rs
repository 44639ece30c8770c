//! Choices between words.

use schemars::Schema;
use serde_json::json;

use super::decode::{Found, expected, unknown_key};
use super::problem::{Problem, Problems};
use super::tree::Value;

/// A setting that is one of several words.
pub(crate) trait Words: Copy + 'static {
    /// The words, their meanings, and how they are described.
    const WORDS: &'static [(&'static str, Self, &'static str)];
}

/// Reads one of the words.
pub(crate) fn decode_word<T: Words>(found: Found<'_>, problems: &mut Problems) -> Option<T> {
    let Value::Text(written) = &found.node.value else {
        let words: Vec<&str> = T::WORDS.iter().map(|(word, ..)| *word).collect();
        expected(&format!("one of {}", words.join(", ")), found, problems);
        return None;
    };
    let meaning =
        T::WORDS.iter().find(|(word, ..)| word == written).map(|(_, meaning, _)| *meaning);
    if meaning.is_none() {
        let words: Vec<&str> = T::WORDS.iter().map(|(word, ..)| *word).collect();
        let problem = unknown_key(written, &words, Some(found.node.at));
        problems.add(Problem { label: String::new(), ..problem });
    }
    meaning
}

/// The schema of the words.
pub(crate) fn words_schema<T: Words>(about: &str) -> Schema {
    let word =
        |(word, _, doc): &(&str, T, &str)| json!({ "const": word, "description": doc.trim() });
    let words: Vec<serde_json::Value> = T::WORDS.iter().map(word).collect();
    let schema = json!({ "description": about.trim(), "oneOf": words });
    Schema::try_from(schema).expect("an object is a schema")
}

/// Defines a choice between words: the enum, how it is read, and its JSON Schema.
macro_rules! words {
    (
        $(#[doc = $about:literal])*
        $vis:vis enum $name:ident {
            $( $(#[doc = $doc:literal])* $word:literal => $variant:ident ),* $(,)?
        }
    ) => {
        $(#[doc = $about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        $vis enum $name {
            $( $(#[doc = $doc])* $variant, )*
        }

        impl $crate::language::Words for $name {
            const WORDS: &'static [(&'static str, Self, &'static str)] =
                &[$( ($word, Self::$variant, concat!($($doc, "\n"),*)), )*];
        }

        impl $crate::language::Decode for $name {
            fn decode(
                found: $crate::language::Found<'_>,
                problems: &mut $crate::language::Problems,
            ) -> Option<Self> {
                $crate::language::decode_word(found, problems)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn schema_id() -> std::borrow::Cow<'static, str> {
                concat!(module_path!(), "::", stringify!($name)).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                $crate::language::words_schema::<Self>(concat!($($about, "\n"),*))
            }
        }
    };
}
pub(crate) use words;

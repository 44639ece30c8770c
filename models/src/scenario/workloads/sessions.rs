//! Sessions of users, which a failed request ends.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::language::distribution::DurationPhrase;
use crate::language::tree::Value;
use crate::language::{
    Decode, Found, Placed, Problems, decode_part, decode_word, expected, schema_of, section, words,
};

/// The reaction of a user to a request that has finally failed.
#[derive(Clone, Debug)]
pub(crate) enum OnFailedRequest {
    /// The session is over, and another begins at once.
    BeginAgain,
    /// The session is over, and another begins after a pause.
    BeginAgainAfter(Placed<DurationPhrase>),
}

words! {
    /// The reaction of a user to a request that has finally failed.
    pub(crate) enum BeginAgainWord {
        /// The session is over, and another begins at once.
        "begin again" => AtOnce,
    }
}

section! {
    /// The reaction of a user to a request that has finally failed.
    pub(crate) struct BeginAgain {
        /// The pause before the next session, such as `exponential 2s`.
        "begin again after" => after: Placed<DurationPhrase>,
    }
}

impl Decode for OnFailedRequest {
    fn decode(found: Found<'_>, problems: &mut Problems) -> Option<Self> {
        match found.node.value {
            Value::Text(_) => {
                decode_word(found, problems).map(|BeginAgainWord::AtOnce| Self::BeginAgain)
            }
            Value::Map(_) => {
                let again: BeginAgain = decode_part(found, problems)?;
                Some(Self::BeginAgainAfter(again.after))
            }
            _ => {
                let what = "`begin again`, or `{ begin again after: exponential 2s }`";
                expected(what, found, problems);
                None
            }
        }
    }
}

impl JsonSchema for OnFailedRequest {
    fn schema_name() -> Cow<'static, str> {
        "OnFailedRequest".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (word, map) =
            (schema_of::<BeginAgainWord>(generator), schema_of::<BeginAgain>(generator));
        json_schema!({ "anyOf": [word, map] })
    }
}

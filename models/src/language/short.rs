//! Maps that can be written as one value.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::decode::{Decode, Found};
use super::problem::Problems;
use super::section::{Part, decode_part, schema_of};
use super::tree::{Key, Node, Value};

/// A part that can be written as the value of one of its keys.
pub(crate) trait HasShortForm: Part + JsonSchema {
    /// The key whose value stands for the whole.
    const KEY: &'static str;
    /// The type of that value.
    type Value: JsonSchema;
}

/// A map, or the value that stands for it: `threads: 50` for `threads: { max: 50 }`.
#[derive(Clone, Debug)]
pub(crate) struct Short<T>(pub T);

impl<T> std::ops::Deref for Short<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: HasShortForm> Decode for Short<T> {
    fn decode(found: Found<'_>, problems: &mut Problems) -> Option<Self> {
        if matches!(found.node.value, Value::Map(_)) {
            return decode_part(found, problems).map(Self);
        }
        let key = Key { name: T::KEY.to_owned(), at: found.node.at };
        let value = Value::map([(key, found.node.clone())]);
        let node = Node { value, at: found.node.at };
        decode_part(Found { node: &node, key: found.key }, problems).map(Self)
    }
}

impl<T: HasShortForm> JsonSchema for Short<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}OrValue", T::schema_name()).into()
    }

    fn schema_id() -> Cow<'static, str> {
        format!("{}OrValue", T::schema_id()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (short, full) = (schema_of::<T::Value>(generator), schema_of::<T>(generator));
        json_schema!({ "anyOf": [short, full] })
    }
}

//! Named sets of overrides.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::language::tree::Value;
use crate::language::{Decode, Found, Problems, expected};

/// Overrides, `path: value`. They are applied to the tree before it is read.
#[derive(Clone, Debug)]
pub(crate) struct Overriding;

impl Decode for Overriding {
    fn decode(found: Found<'_>, problems: &mut Problems) -> Option<Self> {
        if let Value::Map(_) = found.node.value {
            return Some(Self);
        }
        expected("a map of overrides, `path: value`", found, problems);
        None
    }
}

impl JsonSchema for Overriding {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Overrides".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "description": "`path: value`" })
    }
}

//! The expectations of a run.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::resolver::{Place, Resolver};
use crate::expect::Expectation;
use crate::expect::grammar::read;
use crate::language::tree::Value;
use crate::language::{Decode, Found, Location, Placed, Problems, expected, section};
use crate::scenario::names::Names;
use crate::scenario::plan::Plan;

/// One expectation, such as `breaker c -> d opens within 10s of fault`.
#[derive(Clone, Debug)]
pub(crate) struct ExpectationSection {
    text: String,
    at: Location,
    unwritten: usize,
}

section! {
    /// An expectation that YAML takes for a map: `order: a saturates, then b saturates`.
    pub(crate) struct InOrder {
        /// The events, one after the other.
        "order" => order: Placed<String>,
    }
}

const EXPECTED: &str = "an expectation such as `availability of web is at least 99% during fault`";
const ORDER: &str = "order: ";

impl Decode for ExpectationSection {
    fn decode(found: Found<'_>, problems: &mut Problems) -> Option<Self> {
        match &found.node.value {
            Value::Text(_) => {
                let text = String::decode(found, problems)?;
                Some(Self { text, at: found.node.at, unwritten: 0 })
            }
            Value::Map(_) => InOrder::decode(found, problems).map(|InOrder { order }| Self {
                text: format!("{ORDER}{}", *order),
                at: order.at(),
                unwritten: ORDER.len(),
            }),
            _ => {
                expected(EXPECTED, found, problems);
                None
            }
        }
    }
}

impl JsonSchema for ExpectationSection {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Expectation".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let examples = [
            "breaker c -> d opens within 10s of fault",
            "availability of web is at least 99% during fault",
            "p99 of web stays below 400ms",
            "no request is lost",
        ];
        let order = generator.subschema_for::<InOrder>();
        json_schema!({
            "anyOf": [{ "type": "string", "description": EXPECTED, "examples": examples }, order],
        })
    }
}

/// Compiles everything that is expected of a run.
pub(crate) fn compile_expectations(names: &Names<'_>, plan: &mut Plan, problems: &mut Problems) {
    let mut resolver = Resolver { names, plan, problems };
    for ExpectationSection { text, at, unwritten } in &names.file.expect {
        let place = Place { text, at: *at, unwritten: *unwritten };
        match read(text) {
            Ok(sentence) => {
                if let Some(claim) = resolver.claim(&sentence, &place) {
                    let expectation = Expectation { text: text.clone(), claim };
                    resolver.plan.blueprint.expectations.push(expectation);
                }
            }
            Err(unreadable) => resolver.unreadable(&unreadable, &place),
        }
    }
}

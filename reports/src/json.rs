//! JSON documents.

use std::borrow::Cow;

use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::printable;

/// A document for programs, and the promise that comes with it: as long as its version is the same, fields are added
/// and never removed, renamed or given another meaning or unit.
pub(crate) trait Document: Serialize + JsonSchema {
    /// The name, as `fusebox schema` knows it.
    const NAME: &'static str;
    /// The version; a change that breaks the promise raises it.
    const VERSION: u32;
    /// The commands that print it and the file that holds it.
    const MADE_BY: &'static str;
}

/// A document with the name of its format in front.
#[derive(Serialize)]
pub(crate) struct Labelled<D> {
    format: String,
    #[serde(flatten)]
    document: D,
}

impl<D: Document> Labelled<D> {
    pub fn new(document: D) -> Self {
        Self { format: format_of(D::NAME, D::VERSION), document }
    }
}

impl<D: Document> JsonSchema for Labelled<D> {
    fn schema_name() -> Cow<'static, str> {
        D::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = D::json_schema(generator);
        let format = json!({
            "description": "The name of this document, and its version.",
            "const": format_of(D::NAME, D::VERSION),
        });
        let object = schema.ensure_object();
        let mut properties = Map::from_iter([("format".to_owned(), format)]);
        if let Some(Value::Object(others)) = object.shift_remove("properties") {
            properties.extend(others);
        }
        let mut required = vec![Value::from("format")];
        if let Some(Value::Array(others)) = object.shift_remove("required") {
            required.extend(others);
        }
        object.insert("properties".to_owned(), properties.into());
        object.insert("required".to_owned(), required.into());
        schema
    }
}

/// The text in the field `format`: `fusebox-run/1`.
pub(crate) fn format_of(name: &str, version: u32) -> String {
    format!("fusebox-{name}/{version}")
}

/// The JSON Schema of a document. It allows fields that it does not know, which later programs may add.
pub(crate) fn schema<D: Document>() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut schema = settings.into_generator().into_root_schema_for::<Labelled<D>>();
    schema.insert("title".to_owned(), format_of(D::NAME, D::VERSION).into());
    let mut open = RecursiveTransform(|schema: &mut Schema| {
        if schema.get("additionalProperties") == Some(&Value::Bool(false)) {
            schema.remove("additionalProperties");
        }
    });
    open.transform(&mut schema);
    schema.to_value()
}

/// A document, indented, with the name of its format and a final newline.
///
/// It must be made of numbers, texts, lists, and maps whose keys are texts.
pub(crate) fn pretty(document: impl Document) -> String {
    let document = serde_json::to_string_pretty(&Labelled::new(document));
    let document = document.expect("plain records become JSON") + "\n";
    printable::json(&document).into_owned()
}

/// A record on one line, without a newline.
///
/// # Errors
/// If the record is not made of numbers, texts, lists, and maps whose keys are texts.
pub(crate) fn compact(record: &impl Serialize) -> serde_json::Result<String> {
    Ok(printable::json(&serde_json::to_string(record)?).into_owned())
}

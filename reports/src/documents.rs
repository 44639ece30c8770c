//! The documents for programs, with their versions and their JSON Schemas.

use serde_json::Value;

use crate::json::{Document, format_of, schema};
use crate::recommend::{RecheckRecord, RecommendationRecord};
use crate::run::{ComparisonRecord, ReplicationsRecord, RunRecord};
use crate::stability::StabilityRecord;
use crate::sweep::SweepRecord;
use crate::testing::TestsRecord;

/// A kind of document.
#[derive(Clone, Copy, Debug)]
pub struct DocumentKind {
    /// The name: `run`.
    pub name: &'static str,
    /// The version. As long as it is the same, fields are added and never removed, renamed or given another
    /// meaning or unit.
    pub version: u32,
    /// The commands that print it and the file that holds it.
    pub made_by: &'static str,
    schema: fn() -> Value,
}

/// All kinds of documents.
///
/// ```
/// # use sim_reports::documents::DOCUMENTS;
/// assert_eq!(DOCUMENTS[0].format(), "fusebox-run/1");
/// assert_eq!(DOCUMENTS[0].schema()["title"], "fusebox-run/1");
/// ```
pub const DOCUMENTS: [DocumentKind; 8] = [
    DocumentKind::of::<RunRecord<'_>>(),
    DocumentKind::of::<ComparisonRecord<'_>>(),
    DocumentKind::of::<ReplicationsRecord<'_>>(),
    DocumentKind::of::<TestsRecord<'_>>(),
    DocumentKind::of::<StabilityRecord<'_>>(),
    DocumentKind::of::<RecommendationRecord<'_>>(),
    DocumentKind::of::<RecheckRecord<'_>>(),
    DocumentKind::of::<SweepRecord<'_>>(),
];

impl DocumentKind {
    const fn of<D: Document>() -> Self {
        Self { name: D::NAME, version: D::VERSION, made_by: D::MADE_BY, schema: schema::<D> }
    }

    /// The text in the field `format`, with which each document of this kind begins: `fusebox-run/1`.
    pub fn format(&self) -> String {
        format_of(self.name, self.version)
    }

    /// The JSON Schema.
    pub fn schema(&self) -> Value {
        (self.schema)()
    }
}

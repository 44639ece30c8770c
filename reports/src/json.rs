//! JSON documents.

use serde::Serialize;

/// An indented document with a final newline.
///
/// `record` must be made of numbers, texts, lists, and maps whose keys are texts.
pub(crate) fn pretty(record: &impl Serialize) -> String {
    serde_json::to_string_pretty(record).expect("plain records become JSON") + "\n"
}

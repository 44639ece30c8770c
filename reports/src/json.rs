//! JSON documents.

use serde::Serialize;

/// An indented document with a final newline.
///
/// `record` holds only numbers, texts, lists and maps with texts as keys.
pub(crate) fn pretty(record: &impl Serialize) -> String {
    serde_json::to_string_pretty(record).expect("plain records become JSON") + "\n"
}

//! JSON documents.

use serde::Serialize;

use crate::printable;

/// An indented document with a final newline.
///
/// `record` must be made of numbers, texts, lists, and maps whose keys are texts.
pub(crate) fn pretty(record: &impl Serialize) -> String {
    let document = serde_json::to_string_pretty(record).expect("plain records become JSON") + "\n";
    printable::json(&document).into_owned()
}

/// A document on one line, without a newline.
///
/// # Errors
/// If the record is not made of numbers, texts, lists, and maps whose keys are texts.
pub(crate) fn compact(record: &impl Serialize) -> serde_json::Result<String> {
    Ok(printable::json(&serde_json::to_string(record)?).into_owned())
}

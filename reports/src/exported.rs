//! Calls as configurations of libraries and proxies, ready to be pasted.

use std::fmt::Write;

use serde_json::Value;
use sim_models::formats::{Content, Document, Exporter};

/// The documents of a format, with a comment for everything that has no equivalent.
pub fn render(exporter: &Exporter, scenario: &str, documents: &[Document]) -> String {
    let comment = exporter.comment();
    if documents.is_empty() {
        return format!(
            "{comment} {scenario}: no call has a guard that this format could express\n"
        );
    }
    let mut text = String::new();
    for (place, document) in documents.iter().enumerate() {
        if place > 0 {
            text.push_str(divider(&document.content));
        }
        let _ = writeln!(text, "{comment} {scenario}: the calls of `{}`", document.caller);
        for remark in &document.remarks {
            let _ = writeln!(text, "{comment} no equivalent: {remark}");
        }
        text.push_str(&content(&document.content));
    }
    text
}

fn divider(content: &Content) -> &'static str {
    match content {
        Content::Yaml(_) => "---\n",
        Content::Json(_) | Content::Text(_) => "\n",
    }
}

fn content(content: &Content) -> String {
    match content {
        Content::Yaml(documents) => {
            documents.iter().map(yaml).collect::<Vec<_>>().join(divider(content))
        }
        Content::Json(value) => serde_json::to_string_pretty(value).unwrap_or_default() + "\n",
        Content::Text(text) => text.clone(),
    }
}

fn yaml(value: &Value) -> String {
    let mut text = serde_saphyr::to_string(value).unwrap_or_default();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

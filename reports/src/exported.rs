//! Calls as configurations of libraries and proxies, ready to be pasted.

use std::fmt::Write;

use serde_json::Value;
use sim_models::formats::{Content, Document, Exporter};
use sim_models::printable::line;
use sim_models::scenario::tree::{Node, parse_path};

/// The origin of an exported file, which its first comments state.
#[derive(Clone, Debug)]
pub struct Heading {
    /// The name of the scenario.
    pub scenario: String,
    /// Its seed.
    pub seed: u64,
    /// A warning about all of it.
    pub warning: Option<&'static str>,
    /// Changes to what the scenario says, a line each.
    pub changes: Vec<String>,
}

/// The documents of a format one after the other, each as [`file()`] writes it.
pub fn render(exporter: &Exporter, heading: &Heading, documents: &[Document]) -> String {
    if documents.is_empty() {
        let (comment, scenario) = (exporter.comment(), line(&heading.scenario));
        return format!(
            "{comment} {scenario}: no call has a guard that this format could express\n"
        );
    }
    let mut text = String::new();
    for (place, document) in documents.iter().enumerate() {
        if place > 0 {
            text.push_str(divider(&document.content));
        }
        text.push_str(&file(exporter, heading, document));
    }
    text
}

/// A document with comments before it: where it comes from, what has been changed, and what has no
/// equivalent.
pub fn file(exporter: &Exporter, heading: &Heading, document: &Document) -> String {
    let comment = exporter.comment();
    let Heading { scenario, seed, warning, changes } = heading;
    let version = env!("CARGO_PKG_VERSION");
    let origin = format!(
        "Fusebox {version}, scenario {scenario}, seed {seed}: the calls of `{}`",
        document.caller
    );
    let changes = changes.iter().map(|change| format!("changed: {change}"));
    let remarks = document.remarks.iter().map(|remark| format!("no equivalent: {remark}"));
    let warning = warning.map(str::to_owned);
    let mut text = String::new();
    for remark in std::iter::once(origin).chain(warning).chain(changes).chain(remarks) {
        // A comment ends with its line.
        let _ = writeln!(text, "{comment} {}", line(&remark));
    }
    text.push_str(&content(&document.content));
    text
}

/// Changes that overrides such as `calls.a -> b.timeout=2s` make to the text of a scenario.
pub fn changes(scenario: &str, settings: &[String]) -> Vec<String> {
    let tree = Node::parse(scenario, 0).ok();
    let change = |setting: &String| {
        let (path, new) = setting.split_once('=').unwrap_or((setting, ""));
        let old = tree.as_ref().and_then(|tree| tree.get(&parse_path(path)));
        let old =
            old.map_or_else(|| "nothing".to_owned(), |old| super::imported::flow(&old.to_json()));
        format!("{path} is {new}; the file says {old}")
    };
    settings.iter().map(change).collect()
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

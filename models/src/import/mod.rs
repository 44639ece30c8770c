//! Configurations of libraries and proxies, read as calls of a scenario.
//!
//! Each file reads one format. What it understands becomes settings under the names of the scenario
//! file, mostly by way of a preset that has the library's own names; everything else becomes a
//! remark, so that nothing is lost silently. The way back, from calls to a configuration, would go
//! through the same [`ImportedCall`]s.

mod envoy;
mod istio;
mod polly;
mod resilience4j;
mod section;

use serde_json::Value;

use crate::scenario::tree::Node;
use crate::scenario::{Problem, Sources};
use section::Section;

/// A format that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Resilience4j's section of an `application.yml` or `application.properties` of Spring Boot.
    Resilience4j,
    /// Istio's `DestinationRule` and `VirtualService`.
    Istio,
    /// Envoy's clusters.
    Envoy,
    /// Options of Polly v8, or of .NET's standard resilience handler, in an `appsettings.json`.
    Polly,
}

/// A file to be read.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// What to call it in problems.
    pub name: String,
    /// Its content.
    pub text: String,
}

/// A call with the settings that a configuration gives it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImportedCall {
    /// Whom it is made to: the name under which the configuration knows it.
    pub callee: String,
    /// Settings of the call, in order.
    pub settings: Vec<(&'static str, Value)>,
    /// Its guards, the outermost first; none if the settings hold them.
    pub guards: Vec<(&'static str, Value)>,
    /// What has no equivalent, a line each.
    pub remarks: Vec<String>,
}

/// What was made of configurations.
#[derive(Debug, Default)]
pub struct Imported {
    /// The calls, in the order in which they come up.
    pub calls: Vec<ImportedCall>,
    /// What is wrong with the files.
    pub problems: Vec<Problem>,
    /// The files, for the places of the problems.
    pub sources: Sources,
}

impl Imported {
    /// The call to a callee, made if there is none yet.
    fn call(&mut self, callee: &str) -> &mut ImportedCall {
        let position =
            self.calls.iter().position(|call| call.callee == callee).unwrap_or_else(|| {
                self.calls
                    .push(ImportedCall { callee: callee.to_owned(), ..ImportedCall::default() });
                self.calls.len() - 1
            });
        &mut self.calls[position]
    }
}

impl ImportedCall {
    fn set(&mut self, key: &'static str, value: Option<Value>) {
        if let Some(value) = value {
            self.settings.retain(|(known, _)| *known != key);
            self.settings.push((key, value));
        }
    }

    fn guard(&mut self, key: &'static str, value: Option<Value>) {
        self.guards.extend(value.map(|value| (key, value)));
    }

    fn remark(&mut self, remarks: impl IntoIterator<Item = String>) {
        self.remarks.extend(remarks);
    }
}

/// Reads configurations of one format, several files together.
pub fn import(format: Format, files: &[Configuration]) -> Imported {
    let mut imported = Imported::default();
    for file in files {
        let source = imported.sources.add(&file.name, &file.text);
        let before = (imported.calls.clone(), imported.problems.len());
        for document in documents(format, file) {
            match Node::parse(&document, source) {
                Ok(tree) => read(format, &tree.to_json(), &mut imported),
                Err(problem) => imported.problems.push(problem),
            }
        }
        if before == (imported.calls.clone(), imported.problems.len()) {
            let expected = match format {
                Format::Resilience4j => "a section `resilience4j:` with instances",
                Format::Istio => "a `DestinationRule` or a `VirtualService`",
                Format::Envoy => "a cluster, or a list of `clusters:`",
                Format::Polly => {
                    "a section with `CircuitBreaker`, `Retry`, `Timeout` or their like"
                }
            };
            imported.problems.push(
                Problem::error(format!("{}: nothing in it could be read", file.name), None)
                    .with_help(format!("this format has {expected}")),
            );
        }
    }
    imported
}

fn read(format: Format, document: &Value, imported: &mut Imported) {
    match format {
        Format::Resilience4j => resilience4j::read(document, imported),
        Format::Istio => istio::read(document, imported),
        Format::Envoy => envoy::read(document, imported),
        Format::Polly => polly::read(document, imported),
    }
}

/// The YAML documents of a file, each with blank lines in place of those before it, so that places
/// stay what they are.
fn documents(format: Format, file: &Configuration) -> Vec<String> {
    let is_properties = std::path::Path::new(&file.name)
        .extension()
        .is_some_and(|extension| extension == "properties");
    if format == Format::Resilience4j && is_properties {
        return vec![resilience4j::properties_as_yaml(&file.text)];
    }
    if format == Format::Polly {
        return vec![file.text.clone()];
    }
    let mut documents = vec![String::new()];
    let mut lines = 0;
    for line in file.text.lines() {
        lines += 1;
        if line.trim_end() == "---" {
            documents.push("\n".repeat(lines));
        } else if let Some(document) = documents.last_mut() {
            document.push_str(line);
            document.push('\n');
        }
    }
    documents.retain(|document| {
        document.lines().any(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
    });
    documents
}

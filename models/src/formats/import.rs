//! The calls that configurations stand for.

use serde_json::Value;

use super::configuration::Configuration;
use super::destinations::{self, Destination};
use super::{Importer, Remark};
use crate::scenario::tree::Node;
use crate::scenario::{Problem, Sources};

/// A configuration to be read.
#[derive(Clone, Debug)]
pub struct ConfigurationFile {
    /// Its name in problems. The extension tells properties from YAML.
    pub name: String,
    /// Its content.
    pub text: String,
}

/// The calls that configurations stand for, and what is wrong with the files.
#[derive(Debug, Default)]
pub struct Imported {
    /// The calls, in the order in which they come up.
    pub calls: Vec<ImportedCall>,
    /// The settings that belong to no call.
    pub remarks: Vec<Remark>,
    /// The mistakes in the files.
    pub problems: Vec<Problem>,
    /// The files, for the places of the problems.
    pub sources: Sources,
}

/// A call with the settings that a configuration gives it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImportedCall {
    /// The callee, under the name that the configuration has for it.
    pub callee: String,
    /// Settings of the call, in order.
    pub settings: Vec<(&'static str, Value)>,
    /// Its guards, the outermost first; none if the settings hold them.
    pub guards: Vec<(&'static str, Value)>,
    /// The settings that a scenario has no equivalent for.
    pub remarks: Vec<Remark>,
    /// The settings that the configuration leaves out, and what the library does then.
    pub assumptions: Vec<Remark>,
    /// The host that it goes to, if the callee is known by its host.
    pub(super) destination: Option<Destination>,
}

impl Importer {
    /// Reads configurations, several files together.
    pub fn import(&self, files: &[ConfigurationFile]) -> Imported {
        let mut imported = Imported::default();
        for file in files {
            let before = (imported.calls.clone(), imported.problems.len());
            self.import_file(file, &mut imported);
            if before == (imported.calls.clone(), imported.problems.len()) {
                imported.problems.push(
                    Problem::error(
                        format!("{}: there is nothing to import in it", file.name),
                        None,
                    )
                    .with_help(format!("this format reads {}", self.looks_for)),
                );
            }
        }
        destinations::settle(&mut imported);
        imported
    }

    /// Reads a document; whatever it leaves unread becomes a remark.
    fn import_document(&self, value: &Value, imported: &mut Imported) {
        let document = Configuration::new(value);
        let calls = imported.calls.len();
        (self.read)(&document, imported);
        let has_read = !document.is_unread();
        if !has_read && imported.calls.len() == calls {
            return;
        }
        for (owner, remark) in document.unread() {
            match owner {
                Some(call) => imported.calls[call].remarks.push(remark),
                None => imported.remarks.push(remark),
            }
        }
    }

    fn import_file(&self, file: &ConfigurationFile, imported: &mut Imported) {
        let source = imported.sources.add(&file.name, &file.text);
        for document in (self.documents)(file) {
            match Node::parse(&document, source) {
                Ok(tree) => self.import_document(&tree.to_json(), imported),
                Err(problem) => imported.problems.push(problem),
            }
        }
    }
}

impl Imported {
    /// The number of the call to this callee, which is added if there is none yet.
    pub(super) fn number_of(&mut self, callee: &str) -> usize {
        self.calls.iter().position(|call| call.callee == callee).unwrap_or_else(|| {
            self.calls.push(ImportedCall { callee: callee.to_owned(), ..ImportedCall::default() });
            self.calls.len() - 1
        })
    }
}

impl ImportedCall {
    /// Sets a setting, in place of an earlier one of the same name.
    pub(super) fn set(&mut self, key: &'static str, value: Option<Value>) {
        if let Some(value) = value {
            self.settings.retain(|(known, _)| *known != key);
            self.settings.push((key, value));
        }
    }

    /// A setting that has been set.
    pub(super) fn setting(&self, key: &str) -> Option<&Value> {
        self.settings.iter().find(|(known, _)| *known == key).map(|(_, value)| value)
    }

    /// Adds a guard inside those that there are.
    pub(super) fn guard(&mut self, key: &'static str, value: Value) {
        self.guards.push((key, value));
    }

    /// Notes a setting that the configuration leaves to a default.
    pub(super) fn assume(&mut self, about: impl Into<String>, text: impl Into<String>) {
        self.assumptions.push(Remark::new(about, text));
    }

    /// Adds a remark about one key.
    pub(super) fn remark(&mut self, about: impl Into<String>, text: impl Into<String>) {
        self.remarks.push(Remark::new(about, text));
    }
}

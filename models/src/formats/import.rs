//! The calls that configurations stand for.

use serde_json::Value;

use super::acceptance;
use super::carried::{Carried, CarriedSettings};
use super::configuration::Configuration;
use super::destinations::{self, Destination};
use super::documents::{Documents, SourceFile};
use super::format::Reader;
use super::{Importer, Remark};
use crate::scenario::tree::Node;
use crate::scenario::{Location, Problem, Sources};

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
    /// Settings of the service that makes the calls, in order.
    pub caller: Vec<(&'static str, Value)>,
    /// The same while they are read.
    pub(super) carried: CarriedSettings,
    /// The settings that belong to no call.
    pub remarks: Vec<Remark>,
    /// The assumptions that belong to no call.
    pub assumptions: Vec<Remark>,
    /// The mistakes in the files.
    pub problems: Vec<Problem>,
    /// The files, for the places of the problems.
    pub sources: Sources,
    /// The paths that the format knows in these files, whether something is written there or not.
    pub known: Vec<String>,
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
    /// Its settings and guards while they are read.
    pub(super) carried: CarriedSettings,
    /// The place of what makes it a call.
    pub(super) at: Option<Location>,
    /// The host that it goes to, if the callee is known by its host.
    pub(super) destination: Option<Destination>,
}

impl Importer {
    /// Reads configurations, several files together.
    pub fn import(&self, files: &[ConfigurationFile]) -> Imported {
        self.import_for(files, &[])
    }

    /// Reads configurations as they are with these profiles, for formats that
    /// [have profiles](Self::has_profiles).
    pub fn import_for(&self, files: &[ConfigurationFile], profiles: &[String]) -> Imported {
        let mut imported = Imported::default();
        let files: Vec<SourceFile<'_>> = files
            .iter()
            .map(|ConfigurationFile { name, text }| {
                let source = imported.sources.add(name, text);
                SourceFile { name, text, source }
            })
            .collect();
        match self.documents {
            Reader::Each(read) => files.iter().for_each(|file| {
                self.import_documents(read(file), std::slice::from_ref(file), &mut imported);
            }),
            Reader::Together(read) => {
                self.import_documents(read(&files), &files, &mut imported);
            }
            Reader::Profiles(read) => {
                self.import_documents(read(&files, profiles), &files, &mut imported);
            }
        }
        destinations::settle(&mut imported);
        acceptance::settle(&mut imported);
        imported
    }

    /// Reads the documents of these files, which must hold something of the format.
    fn import_documents(
        &self,
        documents: Documents,
        files: &[SourceFile<'_>],
        imported: &mut Imported,
    ) {
        let state = |imported: &Imported| {
            (imported.calls.clone(), imported.carried.clone(), imported.problems.len())
        };
        let before = state(imported);
        let Documents { trees, mut lost, mut assumed, read, problems } = documents;
        imported.problems.extend(problems);
        for tree in trees {
            self.import_tree(&tree, &read, &mut lost, &mut assumed, imported);
        }
        imported.remarks.extend(lost);
        imported.assumptions.extend(assumed);
        if before == state(imported) {
            let first =
                files.first().map(|file| Location { source: file.source, start: 0, end: 0 });
            let files = names(files).join(", ");
            imported.problems.push(
                Problem::error(format!("{files}: there is nothing to import in it"), first)
                    .with_help(format!("this format reads {}", self.looks_for)),
            );
        }
    }

    /// Reads a document; whatever it leaves unread becomes a remark. What is known to be lost or
    /// assumed goes to the calls that it belongs to.
    fn import_tree(
        &self,
        tree: &Node,
        read: &[String],
        lost: &mut Vec<Remark>,
        assumed: &mut Vec<Remark>,
        imported: &mut Imported,
    ) {
        let value = tree.to_json();
        let document = Configuration::new(&value).with_places(tree).with_durations(self.durations);
        (self.read)(&document, imported);
        for path in read {
            document.note_read(path);
        }
        imported.known.extend(document.asked());
        for (call, at) in document.places_of_calls() {
            imported.calls[call].at.get_or_insert(at);
        }
        let owned = |remark: &mut Remark| document.owner(&remark.about).is_some();
        let of_calls = |remarks: &mut Vec<Remark>| {
            let owned: Vec<Remark> = remarks.extract_if(.., owned).collect();
            let owner = |remark: Remark| (document.owner(&remark.about), remark);
            owned.into_iter().map(owner).collect::<Vec<_>>()
        };
        for (owner, remark) in of_calls(lost).into_iter().chain(document.unread()) {
            match owner {
                Some(call) => imported.calls[call].remarks.push(remark),
                None => imported.remarks.push(remark),
            }
        }
        for (owner, assumption) in of_calls(assumed) {
            if let Some(call) = owner {
                imported.calls[call].assumptions.push(assumption);
            }
        }
    }
}

fn names<'a>(files: &[SourceFile<'a>]) -> Vec<&'a str> {
    files.iter().map(|file| file.name).collect()
}

impl Imported {
    /// The place in the files of the value that a setting of the caller was made of.
    pub fn place_of_caller(&self, path: &[String]) -> Option<Location> {
        self.carried.place(path)
    }

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
    pub(super) fn set(&mut self, key: &'static str, value: Option<Carried>) {
        if let Some(value) = value {
            self.carried.set(key, value);
        }
    }

    /// A setting that has been set.
    pub(super) fn setting(&self, key: &str) -> Option<&Carried> {
        self.carried.setting(key)
    }

    /// Adds a guard inside those that there are.
    pub(super) fn guard(&mut self, key: &'static str, value: Carried) {
        self.carried.guards.push((key, value));
    }

    /// The place in the files of the value that a setting was made of. The path leads to the setting in the call, such
    /// as `guards`, `0`, `retry`, `maxAttempts`; without one as long, the nearest place counts.
    pub fn place(&self, path: &[String]) -> Option<Location> {
        self.carried.place(path).or(self.at)
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

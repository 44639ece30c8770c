//! The description of a format.

use serde_json::Value;

use super::configuration::Configuration;
use super::guarded_call::GuardedCall;
use super::{ConfigurationFile, FORMATS, Imported, Remark};

/// A format of configurations.
#[derive(Debug)]
pub struct ConfigurationFormat {
    /// Its name on the command line.
    pub name: &'static str,
    /// Its reader; none if it can only be written.
    pub import: Option<Importer>,
    /// Its writer; none if it can only be read.
    pub export: Option<Exporter>,
}

/// The way from files of a format to calls.
#[derive(Debug)]
pub struct Importer {
    /// The files it reads, in a few words for the help.
    pub files: &'static str,
    /// The part of a file that it reads, to complete "this format reads …".
    pub(super) looks_for: &'static str,
    /// Splits a file into YAML documents; JSON is YAML as well. Each keeps its line numbers, so
    /// that a problem can be shown at its place.
    pub(super) documents: fn(&ConfigurationFile) -> Vec<String>,
    /// Adds the calls that one document configures.
    pub(super) read: fn(&Configuration<'_>, &mut Imported),
}

/// The way from calls to files of a format.
#[derive(Debug)]
pub struct Exporter {
    /// The files it writes, in a few words for the help.
    pub files: &'static str,
    /// True for proxies, which also choose instances, and share what they know of a callee among its callers.
    pub(super) is_for_proxies: bool,
    /// Writes the calls of one caller.
    pub(super) writer: Writer,
}

/// The calls of one caller in the syntax of the format.
///
/// Settings that the format cannot express go into the remarks.
#[derive(Debug)]
pub(super) enum Writer {
    /// YAML documents.
    Yaml(fn(&[&GuardedCall], &mut Vec<Remark>) -> Vec<Value>),
    /// One JSON document, with comments in the manner of .NET.
    Json(fn(&[&GuardedCall], &mut Vec<Remark>) -> Value),
    /// Another syntax, such as a programming language; the format makes the text itself.
    Text {
        /// The extension of its files, without the dot.
        extension: &'static str,
        /// The mark that begins a comment line.
        comment: &'static str,
        write: fn(&[&GuardedCall], &mut Vec<Remark>) -> String,
    },
}

impl ConfigurationFormat {
    /// The format of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        FORMATS.iter().find(|format| format.name == name)
    }
}

impl Exporter {
    /// The extension of its files, without the dot.
    pub fn extension(&self) -> &'static str {
        match self.writer {
            Writer::Yaml(_) => "yaml",
            Writer::Json(_) => "json",
            Writer::Text { extension, .. } => extension,
        }
    }

    /// The mark that begins a comment line.
    pub fn comment(&self) -> &'static str {
        match self.writer {
            Writer::Yaml(_) => "#",
            Writer::Json(_) => "//",
            Writer::Text { comment, .. } => comment,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_has_a_name_of_its_own_and_something_to_do() {
        for (place, format) in FORMATS.iter().enumerate() {
            assert!(std::ptr::eq(
                ConfigurationFormat::named(format.name).expect("listed"),
                &raw const FORMATS[place]
            ));
            assert!(format.import.is_some() || format.export.is_some(), "{}", format.name);
        }
        assert!(ConfigurationFormat::named("hystrix").is_none());
    }
}

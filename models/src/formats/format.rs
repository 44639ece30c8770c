//! The description of a format.

use serde_json::Value;

use super::configuration::Configuration;
use super::documents::{Documents, SourceFile};
use super::durations::DurationForm;
use super::guarded_call::GuardedCall;
use super::{FORMATS, Imported, Remark};

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
    /// Parses files, with the place of every value.
    pub(super) documents: Reader,
    /// The form in which the files write durations.
    pub(super) durations: DurationForm,
    /// Adds the calls that one document configures.
    pub(super) read: fn(&Configuration<'_>, &mut Imported),
}

/// The way from files to the documents that calls are read from.
#[derive(Debug)]
pub(super) enum Reader {
    /// Each file by itself.
    Each(fn(&SourceFile<'_>) -> Documents),
    /// All files as one configuration, a later one over those before it.
    Together(fn(&[SourceFile<'_>]) -> Documents),
    /// The same, with parts that apply only to some profiles; the names are those of the profiles
    /// that are chosen.
    Profiles(fn(&[SourceFile<'_>], &[String]) -> Documents),
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

impl Importer {
    /// True if parts of its files may apply only to some profiles, which can be chosen.
    pub fn has_profiles(&self) -> bool {
        matches!(self.documents, Reader::Profiles(_))
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

    /// True if a file cannot hold the documents of several callers: a library reads one for each
    /// application.
    pub fn is_one_file(&self) -> bool {
        !self.is_for_proxies
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

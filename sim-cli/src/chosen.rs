//! The scenario files of a command: those that arguments name, and those that are found in folders and by patterns.

use std::path::{Component, Path, PathBuf};

use glob::Pattern;
use sim_models::scenario::{Input, Unread};
use sim_reports::printable;

use crate::failure::Failure;
use crate::scenario::{Changes, unread};

/// The letters that make a pattern of a path.
const WILDCARDS: [char; 3] = ['*', '?', '['];

/// A scenario file of a command.
#[derive(PartialEq, Eq)]
pub struct Chosen {
    /// Its path.
    pub path: PathBuf,
    /// The folder in which it was found; none if an argument names the file itself, which may then lie anywhere.
    found_in: Option<PathBuf>,
}

impl Chosen {
    /// Its text. A file that was found must lie below the folder in which it was found, or below one that is allowed.
    pub fn input(&self, changes: &Changes) -> Result<Input, Failure> {
        match &self.found_in {
            None => changes.input(&self.path),
            Some(folder) => changes.input_within(&self.path, folder),
        }
    }
}

/// The files named, those in folders named, and those that match patterns, each once. Files of one
/// folder or pattern are in the order of their names.
pub fn scenario_files(named: &[PathBuf], changes: &Changes) -> Result<Vec<Chosen>, Failure> {
    let here = [PathBuf::from(".")];
    let named = if named.is_empty() { &here[..] } else { named };
    let mut files: Vec<Chosen> = Vec::new();
    for path in named {
        let (found, folder) = if path.is_dir() {
            (scenarios_of(path, changes)?, Some(path.clone()))
        } else if path.exists() || !path.to_string_lossy().contains(WILDCARDS) {
            (vec![path.clone()], None)
        } else {
            (matching(&path.to_string_lossy())?, Some(folder_of(path)))
        };
        if found.is_empty() {
            return Err(Failure::Usage(format!(
                "there are no scenarios in {}",
                printable::path(path)
            )));
        }
        for path in found {
            if files.iter().all(|file| file.path != path) {
                files.push(Chosen { path, found_in: folder.clone() });
            }
        }
    }
    Ok(files)
}

/// The scenarios of a folder, and after them those of the folders in it that expect something: other
/// files there are parts of scenarios, or none at all.
fn scenarios_of(folder: &Path, changes: &Changes) -> Result<Vec<PathBuf>, Failure> {
    let below = Pattern::escape(&folder.to_string_lossy());
    let (mut own, mut nested) = (Vec::new(), Vec::new());
    for extension in ["yaml", "yml"] {
        own.extend(matching(&format!("{below}/*.{extension}"))?);
        for file in matching(&format!("{below}/*/*.{extension}"))? {
            if expects_something(&file, folder, changes)? {
                nested.push(file);
            }
        }
    }
    own.sort();
    nested.sort();
    Ok([own, nested].concat())
}

fn expects_something(file: &Path, folder: &Path, changes: &Changes) -> Result<bool, Failure> {
    let expects =
        |bytes: &[u8]| String::from_utf8_lossy(bytes).lines().any(|it| it.starts_with("expect:"));
    match changes.folder(folder).read(file) {
        Ok(bytes) => Ok(expects(&bytes)),
        Err(Unread::Failed(_)) => Ok(false),
        Err(outside) => Err(unread(file, folder, outside)),
    }
}

/// The files that match a pattern. A link that leads nowhere is none: editors mark files with such links.
fn matching(pattern: &str) -> Result<Vec<PathBuf>, Failure> {
    let paths = glob::glob(pattern)
        .map_err(|error| Failure::Usage(format!("`{pattern}` is not a pattern: {error}")))?;
    Ok(paths.filter_map(Result::ok).filter(|path| path.exists() && !path.is_dir()).collect())
}

/// The folder that a pattern names, before anything in it that may be one thing or another.
fn folder_of(pattern: &Path) -> PathBuf {
    let is_name = |part: &Component<'_>| !part.as_os_str().to_string_lossy().contains(WILDCARDS);
    let parent = pattern.parent().unwrap_or(Path::new(""));
    parent.components().take_while(is_name).collect()
}

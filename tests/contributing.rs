//! The guides for contributors name files that exist.

use std::path::Path;

use glob::{MatchOptions, Pattern};

use crate::running::root;

/// Endings by which a text in backticks is taken for the name of a file.
const ENDINGS: [&str; 9] =
    [".rs", ".md", ".toml", ".yaml", ".py", ".snap", ".trycmd", ".timeline", ".jsonl"];

/// Adds every file and folder below `folder` to `found`, as paths from the root.
fn walk(folder: &Path, prefix: &str, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder that can be read").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_source = name != "target" && (!name.starts_with('.') || name == ".ci");
        if !is_source {
            continue;
        }
        let path = format!("{prefix}{name}");
        if entry.path().is_dir() {
            walk(&entry.path(), &format!("{path}/"), found);
        }
        found.push(path);
    }
}

/// The texts in backticks, without those in blocks of code.
fn in_backticks(guide: &str) -> Vec<String> {
    let prose: Vec<&str> = guide.split("\n```").step_by(2).collect();
    let prose = prose.join("\n");
    let parts: Vec<&str> = prose.split('`').collect();
    assert!(parts.len() % 2 == 1, "a backtick that nothing closes");
    parts.into_iter().skip(1).step_by(2).map(str::to_owned).collect()
}

/// The path that a text in backticks names, as a glob pattern.
///
/// It names one if it has no spaces and begins with a folder of the root (`tests/cli/main.rs`),
/// ends with a slash (`circuit_breaker/`) or ends like a file (`system/call.rs`). Only a path that
/// begins with a folder of the root must be whole. `NAME`, `<name>`, `{name}` and `…` stand for any
/// name, and whatever follows a colon or a `#` is a place within the file.
fn pattern(text: &str, files: &[String]) -> Option<String> {
    let path = text.split([':', '#']).next()?;
    let begins_at_the_root =
        path.split_once('/').is_some_and(|(first, _)| files.iter().any(|file| file == first));
    let is_path = begins_at_the_root
        || path.ends_with('/')
        || ENDINGS.iter().any(|ending| path.ends_with(ending));
    if path.contains(char::is_whitespace) || !is_path {
        return None;
    }
    let mut pattern = path.trim_end_matches('/').replace("NAME", "*").replace('…', "*");
    for (open, close) in [('<', '>'), ('{', '}')] {
        while let Some(from) = pattern.find(open)
            && let Some(length) = pattern[from..].find(close)
        {
            pattern.replace_range(from..=from + length, "*");
        }
    }
    Some(if begins_at_the_root { pattern } else { format!("**/{pattern}") })
}

fn is_there(pattern: &str, files: &[String]) -> bool {
    let options = MatchOptions { require_literal_separator: true, ..MatchOptions::default() };
    let pattern = Pattern::new(pattern).expect("a path or a pattern for paths");
    files.iter().any(|file| pattern.matches_with(file, options))
}

#[test]
fn every_file_that_the_guides_for_contributors_name_exists() {
    let mut files = Vec::new();
    walk(&root(), "", &mut files);
    for (guide, at_least) in [("ARCHITECTURE.md", 20), ("CONTRIBUTING.md", 5)] {
        let text = std::fs::read_to_string(root().join(guide)).expect("the guide is there");
        let named: Vec<(String, String)> = in_backticks(&text)
            .into_iter()
            .filter_map(|text| pattern(&text, &files).map(|pattern| (text, pattern)))
            .collect();
        assert!(named.len() >= at_least, "{guide} names only {} files: {named:?}", named.len());
        let missing: Vec<&str> = named
            .iter()
            .filter(|(_, pattern)| !is_there(pattern, &files))
            .map(|(text, _)| text.as_str())
            .collect();
        assert!(
            missing.is_empty(),
            "{guide} names files that do not exist: {missing:?}\n\
             If one is yet to be written, put <name> in place of its name."
        );
    }
}

//! Notices of third parties: THIRD-PARTY.md, which `fusebox licenses` prints, has the licence of everything in the program.
//!
//! `UPDATE_NOTICES=1 cargo test -p fusebox notices` writes it anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use sim_models::printable::is_hidden;

use super::{root, run};

/// The platform whose program the file describes.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";
const HEADING: &str = "# Third-party notices

Fusebox contains the packages below, the standard library of Rust (MIT OR Apache-2.0) and a part of the font DejaVu Sans.
`fusebox licenses` prints this file, and CONTRIBUTING.md says how to write it anew.

";

/// A package in the program.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Package {
    name: String,
    version: String,
    /// An SPDX expression.
    licence: String,
}

/// The output of a cargo command about the packages of the workspace.
fn cargo(arguments: &[&str]) -> String {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let command = Command::new(cargo).args(arguments).arg("--locked").current_dir(root()).output();
    let output = command.expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The packages of others that the program is linked with.
fn packages() -> BTreeSet<Package> {
    let tree = cargo(&[
        "tree",
        "--package=fusebox",
        "--edges=normal",
        "--prefix=none",
        "--format={p}|{l}",
        "--target",
        PLATFORM,
    ]);
    let package = |line: &str| {
        let (package, licence) = line.split_once('|')?;
        let (name, version) = package.split_once(" v")?;
        // Ours have their path behind the version.
        let is_ours = version.contains("(/") || version.contains(":\\");
        let version = version.split(' ').next()?.to_owned();
        let licence = licence.trim_end_matches(" (*)").to_owned();
        (!is_ours).then(|| Package { name: name.to_owned(), version, licence })
    };
    tree.lines().filter_map(package).collect()
}

/// The folder of each package, by its name and version.
fn folders() -> BTreeMap<(String, String), PathBuf> {
    let metadata = cargo(&["metadata", "--format-version=1", "--filter-platform", PLATFORM]);
    let metadata: serde_json::Value = serde_json::from_str(&metadata).expect("JSON");
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let folder = |package: &serde_json::Value| {
        let manifest = PathBuf::from(text(&package["manifest_path"]));
        let folder = manifest.parent().map(Path::to_owned).unwrap_or_default();
        ((text(&package["name"]), text(&package["version"])), folder)
    };
    metadata["packages"].as_array().expect("packages").iter().map(folder).collect()
}

/// The files in a folder and the folders in it whose names begin like those of licences.
fn files_of(folder: &Path) -> Vec<PathBuf> {
    let begins = ["licen", "copying", "copyright", "notice", "unlicense"];
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        if !begins.iter().any(|begin| name.starts_with(begin)) {
            continue;
        }
        if path.is_dir() {
            let inside = std::fs::read_dir(&path).expect("a folder");
            found.extend(inside.map(|entry| entry.expect("an entry").path()));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The texts of a package. Of several licences to choose from, this is the one of MIT, if it has a text of its own.
fn texts(package: &Package, folder: &Path) -> Vec<String> {
    let mut files = files_of(folder);
    let is_named = |path: &PathBuf, names: &[&str]| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        names.iter().any(|it| name.contains(it))
    };
    if package.licence.contains("MIT") && files.iter().any(|path| is_named(path, &["mit"])) {
        files.retain(|path| !is_named(path, &["apache", "unlicense", "zlib"]));
    }
    files.iter().map(|path| text(path)).collect()
}

/// A text without spaces at the ends of its lines, and without characters that cannot be seen.
fn text(path: &Path) -> String {
    let bytes = std::fs::read(path).expect("a file");
    let text = String::from_utf8_lossy(&bytes).replace('\t', "    ");
    let line = |line: &str| line.replace(is_hidden, "").trim_end().to_owned();
    text.lines().map(line).collect::<Vec<_>>().join("\n").trim_matches('\n').to_owned()
}

/// THIRD-PARTY.md as it should be.
fn notices() -> String {
    let (packages, folders) = (packages(), folders());
    let mut out = HEADING.to_owned();
    // Texts that differ in the breaks of their lines only are the same.
    let mut by_text: BTreeMap<String, (String, Vec<String>)> = BTreeMap::new();
    for package in &packages {
        let Package { name, version, licence } = package;
        let _ = writeln!(out, "- {name} {version}: {licence}");
        let texts = texts(package, &folders[&(name.clone(), version.clone())]);
        assert!(!texts.is_empty(), "{name} {version} has no text of its licence");
        for text in texts {
            let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let (_, of) = by_text.entry(words).or_insert_with(|| (text, Vec::new()));
            if !of.contains(name) {
                of.push(name.clone());
            }
        }
    }
    let font = text(&root().join("reports/fonts/LICENSE"));
    by_text.insert(font.clone(), (font, vec!["DejaVu Sans".to_owned()]));
    let mut texts: Vec<(String, Vec<String>)> = by_text.into_values().collect();
    texts.sort_by(|(_, one), (_, other)| one.cmp(other));
    for (text, of) in texts {
        let _ = write!(out, "\n## {}\n\n~~~text\n{text}\n~~~\n", of.join(", "));
    }
    out
}

#[test]
fn the_notices_are_those_of_what_the_program_is_made_of() {
    let (path, expected) = (root().join("THIRD-PARTY.md"), notices());
    if std::env::var_os("UPDATE_NOTICES").is_some() {
        std::fs::write(&path, &expected).expect("written");
    }
    let found = std::fs::read_to_string(&path).expect("the notices are there");
    let is_same = found.replace("\r\n", "\n") == expected;
    assert!(is_same, "write them anew: UPDATE_NOTICES=1 cargo test -p fusebox notices");
}

#[test]
fn the_program_prints_its_notices() {
    let written = std::fs::read(root().join("THIRD-PARTY.md")).expect("the notices are there");
    assert!(run(&["licenses"]).stdout == written);
}

/// `cargo deny` looks at more, but needs its database.
#[test]
fn packages_come_from_one_registry_under_licences_that_are_allowed() {
    let read = |name: &str| std::fs::read_to_string(root().join(name)).expect("readable");
    let lock = read("Cargo.lock");
    let sources: BTreeSet<&str> =
        lock.lines().filter_map(|line| line.strip_prefix("source = ")).collect();
    let registry = "\"registry+https://github.com/rust-lang/crates.io-index\"";
    assert_eq!(sources, BTreeSet::from([registry]));

    let rules = read("deny.toml");
    let allowed = rules.lines().find_map(|line| line.strip_prefix("allow = ")).expect("a list");
    let is_allowed = |licence: &str| allowed.contains(&format!("{licence:?}"));
    for Package { name, licence, .. } in packages() {
        let expression = licence.replace(['(', ')'], "").replace('/', " OR ");
        let mut terms = expression.split(" AND ");
        let is_fine = terms.all(|term| term.split(" OR ").any(|it| is_allowed(it.trim())));
        assert!(is_fine, "{name} is under {licence}");
    }
}

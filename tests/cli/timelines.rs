//! Committed timelines that were damaged, cut off or merged by hand: none of them passes silently.

use std::fs;
use std::path::PathBuf;

use super::{TESTED, fusebox, stdout};

/// A scenario with a variant, and its committed timelines.
struct Suite {
    folder: tempfile::TempDir,
    whole: String,
}

impl Suite {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("shop.yaml"), TESTED).expect("written");
        let mut suite = Self { folder, whole: String::new() };
        assert_eq!(suite.test(&["--update"]).0, Some(0));
        suite.whole = fs::read_to_string(suite.timeline()).expect("written");
        suite
    }

    fn timeline(&self) -> PathBuf {
        self.folder.path().join("shop.timeline")
    }

    fn test(&self, more: &[&str]) -> (Option<i32>, String) {
        let folder = self.folder.path().to_str().expect("UTF-8");
        let arguments = [&["test", folder], more].concat();
        let output = fusebox(&arguments).env("COLUMNS", "200").output().expect("fusebox starts");
        (output.status.code(), stdout(&output))
    }

    /// Fails unless damaged timelines fail a test with these words, and `--update` mends them.
    fn damaged(&self, text: &str, expected: &[&str]) {
        fs::write(self.timeline(), text).expect("written");
        let (code, told) = self.test(&[]);
        assert_eq!(code, Some(1), "{text:?}: {told}");
        for words in expected {
            assert!(told.contains(words), "{text:?}: {told}");
        }
        assert!(told.contains("--update"), "{told}");
        let (code, told) = self.test(&["--update"]);
        assert_eq!(code, Some(0), "{text:?}: {told}");
        assert_eq!(fs::read_to_string(self.timeline()).expect("readable"), self.whole);
        assert_eq!(self.test(&[]).0, Some(0));
    }
}

#[test]
fn a_case_without_a_section_fails_and_is_added() {
    let suite = Suite::new();
    let headings = suite.whole.replace("== as written ==\n", "").replace("== quick ==\n", "");
    for nothing in ["", "\n \n\n", "no timeline\n", &headings] {
        let lacks = "the committed timelines lack this one";
        suite.damaged(nothing, &[&format!("1 expectation holds, {lacks}"), "0 passed, 2 failed"]);
    }
    let cut = suite.whole.find("== quick").expect("a section");
    let expected = [
        "shop (quick)  1 expectation holds, the committed timelines lack this one",
        "add       it with --update; without the file only expectations count",
        "1 passed, 1 failed",
    ];
    suite.damaged(&suite.whole[..cut], &expected);
}

#[test]
fn a_section_that_is_there_twice_fails() {
    let suite = Suite::new();
    let twice = format!("{}\n== quick ==\nnothing changed\n", suite.whole);
    let expected = ["shop (quick)  1 expectation holds, the timeline is committed more than once"];
    suite.damaged(&twice, &expected);
}

#[test]
fn text_outside_of_sections_fails_and_is_not_shown() {
    let suite = Suite::new();
    let stray = suite.whole.replacen("\n\n", "\n\nTOKEN=hunter2\n", 1);
    let expected = ["have text outside of their sections", "line 3 is in no section"];
    suite.damaged(&stray, &expected);
    fs::write(suite.timeline(), &stray).expect("written");
    assert!(!suite.test(&[]).1.contains("hunter2"));
}

#[test]
fn damage_is_told_to_programs() {
    let suite = Suite::new();
    let cut = suite.whole.find("== quick").expect("a section");
    fs::write(suite.timeline(), &suite.whole[..cut]).expect("written");
    let report = suite.folder.path().join("results.xml");
    let (code, told) = suite.test(&["--format=json", "--junit", report.to_str().expect("UTF-8")]);
    assert_eq!(code, Some(1), "{told}");
    let document: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    let tests = &document["tests"];
    assert_eq!((&tests[0]["timeline"], &tests[0]["passes"]), (&"same".into(), &true.into()));
    assert_eq!((&tests[1]["timeline"], &tests[1]["passes"]), (&"missing".into(), &false.into()));
    let junit = fs::read_to_string(report).expect("written");
    assert!(junit.contains("failures=\"1\"") && junit.contains("add it with --update"), "{junit}");
}

#[test]
fn without_a_file_only_expectations_count() {
    let suite = Suite::new();
    fs::remove_file(suite.timeline()).expect("removed");
    let (code, told) = suite.test(&[]);
    assert_eq!(code, Some(0));
    assert_eq!(told.matches("no timeline committed").count(), 2, "{told}");
}

#[test]
fn a_file_that_is_no_text_is_kept() {
    let suite = Suite::new();
    let damaged = [b"== as written ==\n\xff\n".as_slice(), suite.whole.as_bytes()].concat();
    fs::write(suite.timeline(), &damaged).expect("written");
    let file = suite.folder.path().join("shop.yaml");
    for more in [&[][..], &["--update"]] {
        let arguments = [&["test", file.to_str().expect("UTF-8")], more].concat();
        let output = fusebox(&arguments).output().expect("fusebox starts");
        let told = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains("shop.timeline:2:1: this is not UTF-8"), "{told}");
        assert_eq!(fs::read(suite.timeline()).expect("readable"), damaged);
    }
}

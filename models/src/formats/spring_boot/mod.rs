//! The files of a Spring Boot application: `application.yml` and `application.properties`.
//!
//! Whatever their form, one tree of nested keys comes out: dotted and nested keys, spellings of one
//! key, several documents and files, profiles and placeholders are all dealt with here, by the rules of
//! "Externalized Configuration" in Spring Boot's reference.
//!
//! - `properties` parses `.properties`;
//! - `property_tree` nests dotted keys and lays one tree over another;
//! - `profiles` decides which documents apply;
//! - `placeholders` replaces `${...}`.

mod placeholders;
mod profiles;
mod properties;
mod property_tree;

use std::path::Path;

use super::Remark;
use super::configuration::in_one_line;
use super::documents::{self, Documents, SourceFile};
use crate::scenario::tree::Node;
use profiles::{ActiveProfiles, Condition};
use property_tree::{Lists, nest, overlay};

/// The properties of an application as one tree; a later document or file is over an earlier one.
pub(super) fn documents(files: &[SourceFile<'_>], profiles: &[String]) -> Documents {
    let mut result = Documents::default();
    let mut parts = Vec::new();
    for file in files {
        let parsed = parse(file);
        result.problems.extend(parsed.problems);
        for tree in parsed.trees {
            let mut tree = nest(&tree, &mut result.lost);
            let condition = Condition::take_from(&mut tree);
            parts.push(Part { file: file.name, condition, tree });
        }
    }
    let always = parts.iter().filter(|part| part.condition.is_none());
    let active = ActiveProfiles::choose(profiles, always.map(|part| &part.tree));
    let mut whole: Option<Node> = None;
    for Part { file, condition, tree } in parts {
        if let Some(condition) = &condition {
            let about = format!("the part of {file} for {condition}");
            if !condition.holds(&active) {
                let content = in_one_line(&tree.to_json());
                result.lost.push(Remark::new(about, format!("not chosen: {content}")));
                continue;
            }
            result.assumed.push(Remark::new(about, "it applies"));
        }
        match &mut whole {
            Some(whole) => overlay(whole, tree, "", Lists::Replace, &mut result.lost),
            None => whole = Some(tree),
        }
    }
    if let Some(mut whole) = whole {
        result.read = placeholders::resolve(&mut whole, &mut result.lost, &mut result.assumed);
        result.trees.push(whole);
    }
    result
}

/// A document, which may apply only under a condition.
struct Part<'a> {
    file: &'a str,
    condition: Option<Condition>,
    tree: Node,
}

fn parse(file: &SourceFile<'_>) -> Documents {
    let is_properties =
        Path::new(file.name).extension().is_some_and(|extension| extension == "properties");
    if is_properties { properties::parse(file) } else { documents::yaml(file) }
}

/// The text of a scalar.
fn text_of(node: &Node) -> String {
    in_one_line(&node.to_json())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(files: &[(&str, &str)], profiles: &[&str]) -> (Value, Vec<String>, Vec<String>) {
        let sources = files.iter().enumerate().map(|(source, (name, text))| SourceFile {
            name,
            text,
            source: source as u32,
        });
        let profiles: Vec<String> = profiles.iter().map(|name| (*name).to_owned()).collect();
        let documents = documents(&sources.collect::<Vec<_>>(), &profiles);
        assert!(documents.problems.is_empty(), "{:?}", documents.problems);
        let lines = |remarks: &[Remark]| remarks.iter().map(Remark::to_string).collect();
        (
            documents.trees.first().map(Node::to_json).unwrap_or_default(),
            lines(&documents.lost),
            lines(&documents.assumed),
        )
    }

    #[test]
    fn dotted_and_nested_keys_mix() {
        let text = "a.b:\n  c: 1\na:\n  b.d: 2\n  e[0]: x\n  e[1].f: y\nA: { B: { g-h: 3 } }\n";
        let (tree, lost, _) = read(&[("application.yml", text)], &[]);
        assert_eq!(
            tree,
            json!({ "a": { "b": { "c": 1, "d": 2, "g-h": 3 }, "e": ["x", { "f": "y" }] } })
        );
        assert!(lost.is_empty(), "{lost:?}");
    }

    #[test]
    fn the_last_of_several_spellings_holds_and_the_others_are_noted() {
        let text = "a: { wait-duration: 1s }\na.waitDuration: 2s\na.WAIT_DURATION: 3s\n";
        let (tree, lost, _) = read(&[("application.yml", text)], &[]);
        assert_eq!(tree, json!({ "a": { "wait-duration": "3s" } }));
        assert_eq!(
            lost,
            [
                "a.wait-duration: 1s, which a later value replaces: 2s",
                "a.wait-duration: 2s, which a later value replaces: 3s"
            ]
        );
    }

    const PROFILES: &str = "spring.profiles.active: ${STAGE:prod}
a: { b: 1, c: [1, 2] }
---
spring.config.activate.on-profile: \"prod & !cloud\"
a: { b: 2, c: [3] }
--- # the old way
spring: { profiles: test }
a.b: 3
";

    #[test]
    fn documents_of_a_profile_apply_if_it_is_chosen() {
        let b = |profiles: &[&str]| {
            let (tree, lost, assumed) = read(&[("application.yml", PROFILES)], profiles);
            (tree["a"].clone(), lost, assumed.len())
        };
        let (a, lost, assumed) = b(&[]);
        assert_eq!(a, json!({ "b": 2, "c": [3] }));
        assert_eq!(
            lost,
            [
                "a.b: 1, which a later value replaces: 2",
                "a.c: [1,2], which a later value replaces: [3]",
                r#"the part of application.yml for `test`: not chosen: {"a":{"b":3}}"#
            ]
        );
        assert_eq!(assumed, 2);
        assert_eq!(b(&["test"]).0["b"], 3);
        assert_eq!(b(&["prod", "cloud"]).0["b"], 1);
        assert_eq!(b(&["prod", "test"]).0, json!({ "b": 3, "c": [3] }));
    }

    #[test]
    fn properties_have_documents_of_profiles_too() {
        let text = "a.b=1\n#---\nspring.config.activate.on-profile=prod\na.b=2\n";
        assert_eq!(read(&[("x.properties", text)], &["prod"]).0, json!({ "a": { "b": "2" } }));
        assert_eq!(read(&[("x.properties", text)], &[]).0, json!({ "a": { "b": "1" } }));
    }

    #[test]
    fn a_later_file_is_over_an_earlier_one() {
        let files = [("application.yml", "a: { b: 1, c: 2 }"), ("application-prod.yml", "a.b: 3")];
        assert_eq!(read(&files, &[]).0, json!({ "a": { "b": 3, "c": 2 } }));
    }

    #[test]
    fn placeholders_take_what_they_refer_to_or_their_default() {
        let text =
            "a: { b: \"${WAIT:30s}\", c: \"${a.b}\", d: \"${NOBODY}\", e: \"${X:${a.f}}m\", f: 5 }";
        let (tree, lost, assumed) = read(&[("application.yml", text)], &[]);
        assert_eq!(tree, json!({ "a": { "b": "30s", "c": "30s", "e": "5m", "f": 5 } }));
        assert_eq!(lost, ["a.d: ${NOBODY}, but `NOBODY` is not set here"]);
        assert_eq!(
            assumed,
            [
                "a.b: ${WAIT:30s}, which is 30s if `WAIT` is not set",
                "a.c: ${a.b}, which is 30s if `WAIT` is not set",
                "a.e: ${X:${a.f}}m, which is 5m if `X` is not set"
            ]
        );
    }

    #[test]
    fn placeholders_that_refer_to_each_other_stay_unread() {
        let (tree, lost, _) = read(&[("application.yml", "{ a: \"${b}\", b: \"${a}\" }")], &[]);
        assert_eq!((tree, lost.len()), (json!({}), 2));
    }
}

//! Profiles, and the documents that apply only with some of them.

use std::fmt;

use super::property_tree::{Step, property, steps, take_property};
use super::{placeholders, text_of};
use crate::scenario::tree::{Node, Value};

/// The condition under which a document applies.
pub(super) struct Condition {
    /// Expressions of which one must hold.
    any_of: Vec<String>,
    /// The cloud platform it is for; none is known here, so that it never applies.
    platform: Option<String>,
}

impl Condition {
    /// Takes the condition out of a document; none if it always applies.
    pub fn take_from(document: &mut Node) -> Option<Self> {
        let mut any_of = Vec::new();
        let written = take_property(document, &steps("spring.config.activate.on-profile"));
        any_of.extend(written.iter().flat_map(texts));
        // Before Spring Boot 2.4. Below the same key are others: `spring.profiles.active`.
        let old = steps("spring.profiles");
        if property(document, &old).is_some_and(|node| !matches!(node.value, Value::Map(_))) {
            any_of.extend(take_property(document, &old).iter().flat_map(texts));
        }
        let platform = take_property(document, &steps("spring.config.activate.on-cloud-platform"))
            .map(|node| text_of(&node));
        (!any_of.is_empty() || platform.is_some()).then_some(Self { any_of, platform })
    }

    pub fn holds(&self, active: &ActiveProfiles) -> bool {
        let holds = |expression: &String| active.satisfy(expression);
        self.platform.is_none() && (self.any_of.is_empty() || self.any_of.iter().any(holds))
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let platform = self.platform.iter().map(|name| format!("platform {name}"));
        let all: Vec<String> = self.any_of.iter().cloned().chain(platform).collect();
        write!(f, "`{}`", all.join(", "))
    }
}

/// The profiles that are active.
pub(super) struct ActiveProfiles(Vec<String>);

impl ActiveProfiles {
    /// The profiles that are asked for, or else those that the documents make active; `default` if
    /// there are none. Groups and included profiles come with them.
    pub fn choose<'a>(asked: &[String], documents: impl Iterator<Item = &'a Node>) -> Self {
        let documents: Vec<&Node> = documents.collect();
        let setting = |key: &[Step]| {
            let found = documents.iter().rev().find_map(|tree| Some((tree, property(tree, key)?)));
            let texts = found.map(|(tree, node)| placeholders::texts_in(tree, &texts(node)));
            texts.unwrap_or_default()
        };
        let mut active = asked.to_vec();
        if active.is_empty() {
            active = setting(&steps("spring.profiles.active"));
        }
        active.extend(setting(&steps("spring.profiles.include")));
        if active.is_empty() {
            active = setting(&steps("spring.profiles.default"));
        }
        if active.is_empty() {
            active.push("default".to_owned());
        }
        let mut known = 0;
        while known < active.len() {
            let mut group = steps("spring.profiles.group");
            group.push(Step::Key(active[known].clone()));
            let members = setting(&group);
            active.extend(
                members.into_iter().filter(|name| !active.contains(name)).collect::<Vec<_>>(),
            );
            known += 1;
        }
        Self(active)
    }

    /// True if an expression of profiles holds: `a`, `!a`, `a & b`, `(a | b) & c`. One that cannot
    /// be read does not.
    fn satisfy(&self, expression: &str) -> bool {
        let mut rest = expression;
        self.any(&mut rest) == Some(true) && rest.trim().is_empty()
    }

    fn any(&self, rest: &mut &str) -> Option<bool> {
        let mut holds = self.all(rest)?;
        while skip(rest, '|') {
            holds |= self.all(rest)?;
        }
        Some(holds)
    }

    fn all(&self, rest: &mut &str) -> Option<bool> {
        let mut holds = self.one(rest)?;
        while skip(rest, '&') {
            holds &= self.one(rest)?;
        }
        Some(holds)
    }

    fn one(&self, rest: &mut &str) -> Option<bool> {
        if skip(rest, '!') {
            return self.one(rest).map(|holds| !holds);
        }
        if skip(rest, '(') {
            let holds = self.any(rest)?;
            return skip(rest, ')').then_some(holds);
        }
        let text = rest.trim_start();
        let end = text.find(['&', '|', '!', '(', ')']).unwrap_or(text.len());
        let (name, after) = text.split_at(end);
        *rest = after;
        let name = name.trim();
        (!name.is_empty()).then(|| self.0.iter().any(|active| active == name))
    }
}

/// Skips a mark; false if something else follows.
fn skip(rest: &mut &str, mark: char) -> bool {
    let after = rest.trim_start().strip_prefix(mark);
    if let Some(after) = after {
        *rest = after;
    }
    after.is_some()
}

/// The texts of a list, which may be written as one text with commas.
fn texts(node: &Node) -> Vec<String> {
    match &node.value {
        Value::List(items) => items.iter().flat_map(texts).collect(),
        Value::Null | Value::Map(_) => Vec::new(),
        _ => {
            let text = text_of(node);
            let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
            names.map(str::to_owned).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_of_profiles_are_judged() {
        let active = ActiveProfiles(vec!["prod".to_owned(), "eu".to_owned()]);
        for holds in ["prod", "!test", "prod & eu", "test | eu", "(test | eu) & !us"] {
            assert!(active.satisfy(holds), "{holds}");
        }
        for fails in ["test", "!prod", "prod & us", "(prod", "prod &", "", "prod eu"] {
            assert!(!active.satisfy(fails), "{fails}");
        }
    }

    #[test]
    fn groups_and_included_profiles_come_with_the_chosen() {
        let text = "spring.profiles: { active: a, include: [b], group: { a: \"c, d\", d: [e] } }";
        let document = Node::parse(text, 0).expect("YAML");
        let document = super::super::nest(&document, &mut Vec::new());
        let chosen = |asked: &[String]| ActiveProfiles::choose(asked, [&document].into_iter()).0;
        assert_eq!(chosen(&[]), ["a", "b", "c", "d", "e"]);
        assert_eq!(chosen(&["d".to_owned()]), ["d", "b", "e"]);
        assert_eq!(ActiveProfiles::choose(&[], std::iter::empty()).0, ["default"]);
    }
}

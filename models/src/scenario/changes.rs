//! Settings that operators change while the system runs.
//!
//! Each order that sets something makes a file of its own: what is written, with all settings so
//! far. It is compiled like any other, and must give a system of the same shape.

use std::sync::Arc;

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use sim_core::SimTime;

use super::compile::compile_change;
use super::file::Scenario;
use super::load::{Loader, WrittenFile};
use super::operator::{Written, by_time, time_of};
use super::plan::most;
use crate::language::tree::{Key, Node, Segment, Shared, Value, parse_path};
use crate::language::{Decode, Found, Placed, Problem, Problems, Severity, expected};
use crate::system::Blueprint;

/// The sections whose settings can change while the system runs.
const CHANGEABLE: [&str; 8] =
    ["workloads", "services", "databases", "caches", "hosts", "queues", "calls", "regions"];

/// Settings and their values, `path: value`.
#[derive(Clone, Debug)]
pub(crate) struct Settings(Shared<(Key, Node)>);

impl Decode for Settings {
    fn decode(found: Found<'_>, problems: &mut Problems) -> Option<Self> {
        if let Value::Map(settings) = &found.node.value {
            return Some(Self(settings.clone()));
        }
        expected("a map of settings, such as `{ services.a.threads: 60 }`", found, problems);
        None
    }
}

impl JsonSchema for Settings {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Settings".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "description": "`path: value`" })
    }
}

impl Settings {
    /// True if nothing is set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The settings in words: `services.a.threads to 60`.
    pub fn in_words(&self) -> String {
        let value = |node: &Node| match node.to_json() {
            serde_json::Value::String(text) => text,
            other => other.to_string(),
        };
        let words = self.0.iter().map(|(key, node)| format!("{} to {}", key.name, value(node)));
        words.collect::<Vec<_>>().join(", ")
    }
}

/// A file after each change of its settings, and what it orders of the instances of services.
#[derive(Default)]
pub(super) struct ChangedFiles {
    /// The tree after each change, in order of time.
    pub trees: Vec<Node>,
    /// The numbers of instances of each service of which they change.
    pub instances: IndexMap<String, OrderedInstances>,
}

/// The numbers of instances that a service is ordered to have.
#[derive(Debug)]
pub(crate) struct OrderedInstances {
    /// The largest, where it is written.
    pub most: Placed<u32>,
    /// Each with the time from which it holds, in order of time.
    pub from: Vec<(SimTime, u32)>,
}

impl Loader {
    /// Applies the orders that set something to a file, one after the other.
    pub(super) fn changed_files(&mut self, tree: &Node, file: &Scenario) -> ChangedFiles {
        let mut changed = ChangedFiles::default();
        if let Some((_, beyond)) = settings_by_time(file).nth(most::CHANGES) {
            let message = format!("more than {} orders set something", most::CHANGES);
            let help = "set several things in one order; each makes another system";
            self.problems.add(Problem::error(message, Some(beyond.key())).with_help(help));
        }
        let mut times = vec![SimTime::ZERO];
        for (at, settings) in settings_by_time(file).take(most::CHANGES) {
            let mut latest = changed.trees.last().unwrap_or(tree).clone();
            for (key, value) in &settings.0 {
                self.change(&mut latest, key, value);
            }
            changed.trees.push(latest);
            times.push(at);
        }
        if changed.trees.is_empty() {
            return changed;
        }
        let trees = || std::iter::once(tree).chain(&changed.trees);
        for name in file.services.names() {
            let path = [parse_path("services"), vec![Segment::Key(name.to_owned())]].concat();
            let path = [path, parse_path("instances")].concat();
            let number = |tree: &Node| match tree.get(&path) {
                Some(Node { value: Value::Integer(number), at }) => {
                    Placed::new(u32::try_from(*number).unwrap_or(1), *at)
                }
                _ => Placed::new(1, tree.at),
            };
            let Some(most) = trees().map(number).max_by_key(|number| **number) else { continue };
            if trees().any(|tree| *number(tree) != *most) {
                let from = times.iter().copied().zip(trees().map(|tree| *number(tree))).collect();
                changed.instances.insert(name.to_owned(), OrderedInstances { most, from });
            }
        }
        changed
    }

    fn change(&mut self, tree: &mut Node, key: &Key, value: &Node) {
        let path = parse_path(&key.name);
        let section = match path.first() {
            Some(Segment::Key(section)) => section.as_str(),
            _ => "",
        };
        if path.len() > 1 && CHANGEABLE.contains(&section) {
            return self.set(tree, &key.name, value.clone(), key.at);
        }
        let message = format!("`{}` cannot change while the system runs", key.name);
        let help = format!("settings of these sections can: {}", CHANGEABLE.join(", "));
        self.problems.add(Problem::error(message, Some(key.at)).with_help(help));
    }

    /// Compiles the system after each change, which must have the shape of the first.
    pub(super) fn compile_changes(
        &mut self,
        changed: &ChangedFiles,
        written: &WrittenFile<'_>,
        blueprint: &mut Blueprint,
    ) {
        if changed.trees.is_empty() {
            return;
        }
        let mut latest = Arc::new(blueprint.clone());
        for (number, tree) in changed.trees.iter().enumerate() {
            let mut problems = Problems::default();
            let file = Scenario::decode(Found { node: tree, key: tree.at }, &mut problems);
            let next = file.map(|file| {
                let written = WrittenFile { file: &file, tree, ..*written };
                compile_change(&written, &self.sources, &mut problems, &latest)
            });
            let errors = problems.sorted().into_iter().filter(|it| it.severity == Severity::Error);
            let mut is_sound = true;
            for error in errors {
                is_sound = false;
                self.problems.add(error);
            }
            let Some(next) = next.filter(|_| is_sound) else { return };
            if let Some(obstacle) = latest.obstacle_to(&next) {
                self.refuse_change(written, number, obstacle);
                return;
            }
            latest = Arc::new(next);
            blueprint.changes.push(Arc::clone(&latest));
        }
    }

    fn refuse_change(&mut self, written: &WrittenFile<'_>, number: usize, obstacle: &str) {
        let settings = settings_by_time(written.file).nth(number);
        let at = settings.map(|(_, settings)| settings.key());
        let message =
            format!("this would change {obstacle}, which cannot change while the system runs");
        let help = "values can change; to add or remove a thing, write it from the beginning with a value that has no effect";
        self.problems.add(Problem::error(message, at).with_help(help));
    }
}

/// The settings that orders give, with their times and in the order of those.
fn settings_by_time(file: &Scenario) -> impl Iterator<Item = (SimTime, &Placed<Settings>)> {
    by_time(file).into_iter().filter_map(|(_, order)| match &order.act {
        Written::Set(set) => Some((time_of(order), &set.settings)),
        _ => None,
    })
}

//! Changes of one setting of the guards, pools and queues of a file.

use super::load::{Overrides, Parsed};
use super::merge::apply_defaults;
use crate::guards;
use crate::language::tree::{Node, Value, parse_path};
use crate::study::{Range, Spacing, Steps, Unit, number};

/// The factors that numbers change by.
const FACTORS: [f64; 2] = [2.0, 0.5];

/// The settings of stations, hosts, queues and links that are sizes of pools and queues.
const SIZES: [&str; 7] =
    ["threads", "slots", "connections", "cpus", "queue", "capacity", "concurrency"];

/// The sections that have them.
const WITH_SIZES: [&str; 6] = ["services", "databases", "caches", "hosts", "queues", "links"];

/// A change of one setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SingleChange {
    /// The path of the setting.
    pub path: String,
    /// Its present value: `250ms`, or `on` for a guard.
    pub now: String,
    /// Its other value: `500ms`, or `off` for a guard.
    pub then: String,
    /// The other value as YAML, which `null` takes out of the file.
    pub setting: String,
}

/// Lists, in the order of the file, each single change of the guards, pools and queues that a file
/// says something about: each guard of each call switched off, and each number of a guard, of a pool
/// and of a queue doubled and halved. Whole numbers stay whole, shares do not exceed 100%. A value
/// that is left out, and has its default, does not change. Some of the changes may be refused when
/// the file is read with them.
pub fn single_changes(parsed: &Parsed, overrides: &Overrides) -> Vec<SingleChange> {
    let Some((mut tree, _)) = parsed.loader.clone().written(parsed, overrides) else {
        return Vec::new();
    };
    apply_defaults(&mut tree);
    let mut changes = Vec::new();
    for section in WITH_SIZES {
        each_entry(tree.get(&parse_path(section)), section, |path, thing| {
            each_entry(Some(thing), path, |path, node| {
                if SIZES.iter().any(|size| path.ends_with(&format!(".{size}"))) {
                    numbers(path, node, &mut changes);
                }
            });
        });
    }
    each_entry(tree.get(&parse_path("calls")), "calls", |path, call| {
        each_entry(Some(call), path, |path, node| {
            guards_of(path, node, &mut changes);
        });
    });
    changes
}

/// Calls `work` with the path and the value of each entry of a map.
fn each_entry(map: Option<&Node>, path: &str, mut work: impl FnMut(&str, &Node)) {
    let Some(Node { value: Value::Map(entries), .. }) = map else { return };
    for (key, node) in entries {
        work(&format!("{path}.{}", key.name), node);
    }
}

/// Adds the changes of a guard, or of a list of guards.
fn guards_of(path: &str, node: &Node, changes: &mut Vec<SingleChange>) {
    let key = path.rsplit_once('.').map_or(path, |(_, key)| key);
    match &node.value {
        Value::List(items) if key == "guards" => {
            for (place, item) in items.iter().enumerate() {
                let path = format!("{path}[{place}]");
                changes.push(switched_off(&path));
                numbers(&path, item, changes);
            }
        }
        Value::Map(_) if key == "guards" => numbers(path, node, changes),
        Value::Null => {}
        _ if guards::KEYS.contains(&key) => {
            changes.push(switched_off(path));
            numbers(path, node, changes);
        }
        _ => {}
    }
}

fn switched_off(path: &str) -> SingleChange {
    let (now, then, setting) = ("on".to_owned(), "off".to_owned(), "null".to_owned());
    SingleChange { path: path.to_owned(), now, then, setting }
}

/// Adds the changes of every number of a value.
fn numbers(path: &str, node: &Node, changes: &mut Vec<SingleChange>) {
    match &node.value {
        Value::Map(_) => {
            each_entry(Some(node), path, |path, node| numbers(path, node, changes));
        }
        Value::List(items) => {
            for (place, item) in items.iter().enumerate() {
                numbers(&format!("{path}[{place}]"), item, changes);
            }
        }
        Value::Integer(value) => numbers_in(path, &value.to_string(), changes),
        Value::Float(value) => numbers_in(path, &value.to_string(), changes),
        Value::Text(text) => numbers_in(path, text, changes),
        Value::Null | Value::Bool(_) => {}
    }
}

/// Adds the changes of every number among the words of a value.
fn numbers_in(path: &str, now: &str, changes: &mut Vec<SingleChange>) {
    let words: Vec<&str> = now.split_whitespace().collect();
    for (place, word) in words.iter().enumerate() {
        let Some((value, unit)) = number(word).filter(|(value, _)| *value > 0.0) else { continue };
        let is_share = unit == Unit::Other("%".to_owned()) && value <= 100.0;
        let range = Range {
            before: words[..place].join(" "),
            after: words[place + 1..].join(" "),
            unit,
            from: 0.0,
            to: if is_share { 100.0 } else { f64::MAX },
            spacing: Spacing::Linear,
            steps: Steps::Count(1),
        };
        for factor in FACTORS {
            let then = range.level(value * factor);
            if then.number != value && then.number > 0.0 {
                let (path, now) = (path.to_owned(), now.to_owned());
                changes.push(SingleChange {
                    path,
                    now,
                    setting: then.shown.clone(),
                    then: then.shown,
                });
            }
        }
    }
}

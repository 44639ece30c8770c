//! Imported values, held against the language of scenarios.
//!
//! Each call is read and compiled as the command `check` would, before anything of it is written. A value that is refused
//! does not become one that would be accepted: it is left out, and a comment says so. A time that is longer than any of a
//! scenario is no limit. So a timeout is left out as a whole; elsewhere, where the library's default would take the place
//! of what is left out, the longest time stands in, and a comment says so too.

use std::sync::Arc;

use super::carried::{Carried, CarriedSettings, Origin};
use super::durations::LONGEST;
use super::{Imported, Remark};
use crate::scenario::tree::{Key, Node, Value};
use crate::scenario::{Location, Problem, errors_of_part};

/// Settings and guards that are nothing but a longest time.
const TIMEOUTS: [&str; 3] = ["call timeout", "timeout", "connect timeout"];

/// Leaves out what a scenario would refuse, and publishes the rest.
pub(super) fn settle(imported: &mut Imported) {
    let Imported { calls, caller, carried, remarks, problems, .. } = imported;
    for call in calls {
        let refused = accept(&mut call.carried, Owner::Call, &mut call.remarks);
        problems.extend(refused.map(|problem| {
            let message = format!("the call to {}: {}", call.callee, problem.message);
            Problem { message, at: call.at, ..problem }
        }));
        call.settings = values(&call.carried.settings);
        call.guards = values(&call.carried.guards);
    }
    problems.extend(
        accept(carried, Owner::Caller, remarks).map(|problem| Problem { at: None, ..problem }),
    );
    *caller = values(&carried.settings);
}

fn values(carried: &[(&'static str, Carried)]) -> Vec<(&'static str, serde_json::Value)> {
    carried.iter().map(|(key, value)| (*key, value.value())).collect()
}

/// The part of a scenario that settings belong to.
#[derive(Clone, Copy)]
enum Owner {
    Call,
    Caller,
}

/// Takes out what is refused, one value after the other: one may be refused only because of another. Returns the problem
/// if no value is to blame.
fn accept(
    carried: &mut CarriedSettings,
    owner: Owner,
    remarks: &mut Vec<Remark>,
) -> Option<Problem> {
    loop {
        if carried.settings.is_empty() && carried.guards.is_empty() {
            return None;
        }
        let (path, problem) = refused(carried, owner).into_iter().next()?;
        let path = to_blame(carried, owner, path, &problem);
        let lost = leave_out(carried, &path, &problem);
        if lost.is_empty() {
            return Some(problem);
        }
        remarks.extend(lost);
    }
}

/// The errors of the settings, each with the path of what it is about.
fn refused(carried: &CarriedSettings, owner: Owner) -> Vec<(Vec<String>, Problem)> {
    let mut draft = Draft::default();
    let problems = errors_of_part(draft.part(carried, owner));
    problems.into_iter().map(|problem| (draft.path(&problem), problem)).collect()
}

/// The path of the value that makes a problem: of a map the first value without which it is gone, if there is one.
fn to_blame(
    carried: &CarriedSettings,
    owner: Owner,
    path: Vec<String>,
    problem: &Problem,
) -> Vec<String> {
    let is_gone_without = |inner: &Vec<String>| {
        let mut less = carried.clone();
        less.remove(inner);
        refused(&less, owner).iter().all(|(_, other)| other.message != problem.message)
    };
    carried.paths_within(&path).into_iter().find(is_gone_without).unwrap_or(path)
}

/// Leaves out the value at a path, or lets the longest time stand in for it; none if there is nothing to leave out.
fn leave_out(carried: &mut CarriedSettings, path: &[String], problem: &Problem) -> Vec<Remark> {
    let remark = |origin: &Arc<Origin>, text: &str| {
        Remark::new(origin.about.clone(), format!("{}: {text}", origin.written))
    };
    let is_beyond = |origin: &Arc<Origin>| origin.beyond.is_some();
    if carried.name(path).is_some_and(|name| TIMEOUTS.contains(&name))
        && carried.origins(path).iter().any(is_beyond)
    {
        let removed = carried.remove_whole(path).expect("it has a name").origins();
        let text = |origin: &Arc<Origin>| {
            if is_beyond(origin) {
                "longer than 584 years, so there is no timeout"
            } else {
                "there is no timeout that it could be about"
            }
        };
        return removed.iter().map(|origin| remark(origin, text(origin))).collect();
    }
    let shortened = carried.shorten(path);
    if !shortened.is_empty() {
        let text = format!("longer than any time of a scenario; {LONGEST} stands in for it");
        return shortened.iter().map(|origin| remark(origin, &text)).collect();
    }
    let Some(removed) = carried.remove(path) else { return Vec::new() };
    let origins = removed.origins();
    if origins.is_empty() {
        let text = format!("{}: {}", removed.value(), problem.message);
        return vec![Remark::new(path.join("."), text)];
    }
    origins.iter().map(|origin| remark(origin, &problem.message)).collect()
}

/// A part of a scenario, whose places are numbers of its values.
#[derive(Default)]
struct Draft {
    /// The paths of the values in the settings.
    paths: Vec<Vec<String>>,
}

/// The places of a value begin at a multiple of this; a mistake in a text is some letters further on.
const STRIDE: usize = 1 << 20;

impl Draft {
    /// The settings in what owns them, and nothing else.
    fn part(&mut self, carried: &CarriedSettings, owner: Owner) -> Node {
        let mut entries = Vec::new();
        let mut guards = Vec::new();
        for (path, value) in carried.values() {
            let name = path.last().expect("a path has a name").clone();
            let node = self.node(&path, value);
            if path.len() == 1 {
                entries.push((Key { name, at: node.at }, node));
            } else {
                let at = self.place(&path);
                let value = Value::map([(Key { name, at: node.at }, node)]);
                guards.push(Node { value, at });
            }
        }
        let at = self.place(&[]);
        let key = |name: &str| Key { name: name.to_owned(), at };
        if !guards.is_empty() {
            entries.push((key("guards"), Node { value: Value::list(guards), at }));
        }
        let (section, name) = match owner {
            Owner::Call => ("calls", "caller -> callee"),
            Owner::Caller => ("services", "caller"),
        };
        let inner = Node { value: Value::map(entries), at };
        let section_node = Node { value: Value::map([(key(name), inner)]), at };
        Node { value: Value::map([(key(section), section_node)]), at }
    }

    fn node(&mut self, path: &[String], carried: &Carried) -> Node {
        let entries = carried.entries();
        if entries.is_empty() {
            return self.plain(path, &carried.value());
        }
        let at = self.place(path);
        let entry = |(name, value): &(String, Carried)| {
            let node = self.node(&[path, std::slice::from_ref(name)].concat(), value);
            (Key { name: name.clone(), at: node.at }, node)
        };
        Node { value: Value::map(entries.iter().map(entry).collect::<Vec<_>>()), at }
    }

    fn plain(&mut self, path: &[String], value: &serde_json::Value) -> Node {
        let at = self.place(path);
        let value = match value {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(is_set) => Value::Bool(*is_set),
            serde_json::Value::Number(number) => match number.as_i64() {
                Some(whole) => Value::Integer(whole),
                None => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            serde_json::Value::String(text) => Value::Text(text.clone()),
            serde_json::Value::Array(items) => {
                Value::list(items.iter().map(|item| self.plain(path, item)).collect::<Vec<_>>())
            }
            serde_json::Value::Object(entries) => {
                let entry = |(name, value): (&String, &serde_json::Value)| {
                    (Key { name: name.clone(), at }, self.plain(path, value))
                };
                Value::map(entries.iter().map(entry).collect::<Vec<_>>())
            }
        };
        Node { value, at }
    }

    fn place(&mut self, path: &[String]) -> Location {
        let start = self.paths.len() * STRIDE;
        self.paths.push(path.to_owned());
        Location { source: 0, start, end: start + 1 }
    }

    /// The path of the value that a problem is about.
    fn path(&self, problem: &Problem) -> Vec<String> {
        let number = problem.at.map(|at| at.start / STRIDE);
        number.and_then(|number| self.paths.get(number)).cloned().unwrap_or_default()
    }
}

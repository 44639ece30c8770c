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

/// Leaves out what a scenario would refuse, and publishes the rest. Each call is accepted by itself first, and then all of
/// them together: some limits are for a scenario as a whole.
pub(super) fn settle(imported: &mut Imported) {
    let owners: Vec<Owner> =
        (0..imported.calls.len()).map(Owner::Call).chain([Owner::Caller]).collect();
    for owner in &owners {
        accept(imported, std::slice::from_ref(owner));
    }
    if imported.problems.is_empty() {
        accept(imported, &owners);
    }
    for call in &mut imported.calls {
        call.settings = values(&call.carried.settings);
        call.guards = values(&call.carried.guards);
    }
    imported.caller = values(&imported.carried.settings);
}

fn values(carried: &[(&'static str, Carried)]) -> Vec<(&'static str, serde_json::Value)> {
    carried.iter().map(|(key, value)| (*key, value.value())).collect()
}

/// The part of a scenario that settings belong to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Owner {
    /// The call of this number.
    Call(usize),
    #[default]
    Caller,
}

impl Imported {
    fn of(&mut self, owner: Owner) -> (&mut CarriedSettings, &mut Vec<Remark>) {
        match owner {
            Owner::Call(number) => {
                let call = &mut self.calls[number];
                (&mut call.carried, &mut call.remarks)
            }
            Owner::Caller => (&mut self.carried, &mut self.remarks),
        }
    }

    /// The settings of these owners that have any.
    fn parts(&self, owners: &[Owner]) -> Vec<(Owner, &CarriedSettings)> {
        let part = |owner: &Owner| match *owner {
            Owner::Call(number) => (*owner, &self.calls[number].carried),
            Owner::Caller => (*owner, &self.carried),
        };
        owners.iter().map(part).filter(|(_, carried)| !carried.is_empty()).collect()
    }
}

/// The place of a value in the settings of an owner.
type Place = (Owner, Vec<String>);

/// Takes out what is refused, one value after the other: one may be refused only because of another. If no value is to
/// blame, the problem is one of the import.
fn accept(imported: &mut Imported, owners: &[Owner]) {
    while let Some((place, problem)) = refused(&imported.parts(owners)).into_iter().next() {
        let (owner, path) = to_blame(&imported.parts(owners), place, &problem);
        let (carried, remarks) = imported.of(owner);
        let lost = leave_out(carried, &path, &problem);
        if lost.is_empty() {
            let at = match owner {
                Owner::Call(number) => imported.calls[number].at,
                Owner::Caller => None,
            };
            imported.problems.push(Problem { at, ..problem });
            return;
        }
        remarks.extend(lost);
    }
}

/// The errors of settings, each with the place of what it is about.
fn refused(parts: &[(Owner, &CarriedSettings)]) -> Vec<(Place, Problem)> {
    if parts.is_empty() {
        return Vec::new();
    }
    let mut draft = Draft::default();
    let problems = errors_of_part(draft.part(parts));
    problems.into_iter().map(|problem| (draft.place_of(&problem), problem)).collect()
}

/// The place of the value that makes a problem: of a map the first value without which it is gone, if there is one.
fn to_blame(parts: &[(Owner, &CarriedSettings)], (owner, path): Place, problem: &Problem) -> Place {
    let Some(number) = parts.iter().position(|(it, _)| *it == owner) else { return (owner, path) };
    let is_gone_without = |inner: &Vec<String>| {
        let mut less = parts[number].1.clone();
        less.remove(inner);
        let mut parts = parts.to_vec();
        parts[number].1 = &less;
        refused(&parts).iter().all(|(_, other)| other.message != problem.message)
    };
    let blamed = parts[number].1.paths_within(&path).into_iter().find(is_gone_without);
    (owner, blamed.unwrap_or(path))
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
    /// The places of the values in the settings.
    places: Vec<Place>,
    /// The owner of what is added.
    owner: Owner,
}

/// The places of a value begin at a multiple of this; a mistake in a text is some letters further on.
const STRIDE: usize = 1 << 20;

impl Draft {
    /// The settings in what owns them, and nothing else.
    fn part(&mut self, parts: &[(Owner, &CarriedSettings)]) -> Node {
        let (mut calls, mut services) = (Vec::new(), Vec::new());
        for (owner, carried) in parts {
            self.owner = *owner;
            let node = self.settings(carried);
            let key = |name: String| Key { name, at: node.at };
            match owner {
                Owner::Call(number) => {
                    calls.push((key(format!("caller -> callee-{number}")), node));
                }
                Owner::Caller => services.push((key("caller".to_owned()), node)),
            }
        }
        let at = self.place(&[]);
        let sections = [("calls", calls), ("services", services)];
        let sections = sections.into_iter().filter(|(_, entries)| !entries.is_empty());
        let section = |(name, entries): (&str, Vec<_>)| {
            (Key { name: name.to_owned(), at }, Node { value: Value::map(entries), at })
        };
        Node { value: Value::map(sections.map(section).collect::<Vec<_>>()), at }
    }

    fn settings(&mut self, carried: &CarriedSettings) -> Node {
        let (mut entries, mut guards) = (Vec::new(), Vec::new());
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
        if !guards.is_empty() {
            let key = Key { name: "guards".to_owned(), at };
            entries.push((key, Node { value: Value::list(guards), at }));
        }
        Node { value: Value::map(entries), at }
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
        let start = self.places.len() * STRIDE;
        self.places.push((self.owner, path.to_owned()));
        Location { source: 0, start, end: start + 1 }
    }

    /// The place of the value that a problem is about.
    fn place_of(&self, problem: &Problem) -> Place {
        let number = problem.at.map(|at| at.start / STRIDE);
        number.and_then(|number| self.places.get(number)).cloned().unwrap_or_default()
    }
}

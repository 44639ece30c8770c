//! A configuration that knows which of its values have been read.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::Value;

use super::Remark;
use super::durations::DurationForm;
use super::section::Section;
use crate::scenario::Location;
use crate::scenario::tree::{Node, Value as Written};

/// A document of a configuration whose values are read one by one. What nobody has read in the end has a remark, so
/// that no key of a configuration is lost in silence.
pub(super) struct Configuration<'a> {
    value: &'a Value,
    /// The paths of the values that have been read, with everything below them.
    read: RefCell<BTreeSet<String>>,
    /// The paths of the maps whose being there has an effect, whatever they hold.
    opened: RefCell<BTreeSet<String>>,
    /// The paths that have been asked for, whether they are there or not.
    asked: RefCell<BTreeSet<String>>,
    /// Paths, and the number of the call that everything below them belongs to.
    owners: RefCell<Vec<(String, usize)>>,
    /// The same document with the places of its values.
    places: Option<&'a Node>,
    duration_form: DurationForm,
}

/// A value that nobody has read: the number of the call that it belongs to, and the remark on it.
pub(super) type Unread = (Option<usize>, Remark);

impl<'a> Configuration<'a> {
    pub fn new(value: &'a Value) -> Self {
        Self {
            value,
            read: RefCell::default(),
            opened: RefCell::default(),
            asked: RefCell::default(),
            owners: RefCell::default(),
            places: None,
            duration_form: DurationForm::default(),
        }
    }

    /// The same, which knows the places of its values.
    pub fn with_places(self, places: &'a Node) -> Self {
        Self { places: Some(places), ..self }
    }

    /// The same, with durations in this form.
    pub fn with_durations(self, duration_form: DurationForm) -> Self {
        Self { duration_form, ..self }
    }

    /// The form in which its durations are written.
    pub fn duration_form(&self) -> DurationForm {
        self.duration_form
    }

    /// The place of the value at a path.
    pub fn place(&self, path: &str) -> Option<Location> {
        place_in(self.places?, path)
    }

    /// The whole document as a section.
    pub fn root(&self) -> Section<'_> {
        Section::new(Some(self.value), "", self)
    }

    /// The maps of a document that is a list, or else the whole document.
    pub fn roots(&self) -> Vec<Section<'_>> {
        let Value::Array(items) = self.value else { return vec![self.root()] };
        let section = |(index, item)| Section::new(Some(item), &format!("[{index}]"), self);
        items.iter().enumerate().map(section).filter(Section::is_there).collect()
    }

    /// Notes that the value at a path has been read, with everything below it.
    pub(super) fn note_read(&self, path: &str) {
        self.read.borrow_mut().insert(path.to_owned());
    }

    /// Notes that the value at a path has been asked for.
    pub(super) fn note_asked(&self, path: String) {
        self.asked.borrow_mut().insert(path);
    }

    /// The paths that have been asked for, whether they are there or not.
    pub fn asked(&self) -> Vec<String> {
        self.asked.borrow().iter().cloned().collect()
    }

    /// Notes that the map at a path has an effect by being there. What it holds stays unread.
    pub(super) fn note_opened(&self, path: &str) {
        self.opened.borrow_mut().insert(path.to_owned());
    }

    /// Notes that everything at and below a path belongs to a call.
    pub(super) fn note_owner(&self, path: &str, call: usize) {
        self.owners.borrow_mut().push((path.to_owned(), call));
    }

    /// The values that nobody has read, the largest that are unread as a whole.
    pub fn unread(&self) -> Vec<Unread> {
        let mut unread = Vec::new();
        self.collect("", self.value, &mut unread);
        unread
    }

    fn collect(&self, path: &str, value: &Value, unread: &mut Vec<Unread>) {
        if self.read.borrow().contains(path) {
            return;
        }
        let is_opened = self.opened.borrow().contains(path);
        let is_read_in_part = path.is_empty()
            || is_opened
            || is_any_below(&self.read.borrow(), path)
            || is_any_below(&self.opened.borrow(), path)
            || self.is_owned_below(path);
        match value {
            Value::Object(entries) if is_read_in_part => {
                for (key, value) in entries {
                    self.collect(&below(path, key), value, unread);
                }
            }
            Value::Array(items) if is_read_in_part => {
                for (index, item) in items.iter().enumerate() {
                    self.collect(&format!("{path}[{index}]"), item, unread);
                }
            }
            Value::Null if path.is_empty() => {}
            _ if path.is_empty() => {
                unread.push((None, Remark::new("a document", in_one_line(value))));
            }
            _ => unread.push((self.owner(path), Remark::new(path, in_one_line(value)))),
        }
    }

    /// The calls and the places of what belongs to them.
    pub fn places_of_calls(&self) -> Vec<(usize, Location)> {
        let owners = self.owners.borrow();
        owners.iter().filter_map(|(path, call)| Some((*call, self.place(path)?))).collect()
    }

    /// True if something below belongs to a call.
    fn is_owned_below(&self, path: &str) -> bool {
        self.owners.borrow().iter().any(|(owned, _)| is_below(owned, path))
    }

    /// The number of the call that the value at a path belongs to.
    pub(super) fn owner(&self, path: &str) -> Option<usize> {
        let owners = self.owners.borrow();
        let of = owners.iter().filter(|(owned, _)| owned == path || is_below(path, owned));
        of.max_by_key(|(owned, _)| owned.len()).map(|(_, call)| *call)
    }
}

/// True if one of the paths is below another.
fn is_any_below(paths: &BTreeSet<String>, path: &str) -> bool {
    let begins = |start: String| {
        let first = paths.range(start.clone()..).next();
        first.is_some_and(|known| known.starts_with(&start))
    };
    begins(format!("{path}.")) || begins(format!("{path}["))
}

fn place_in(node: &Node, path: &str) -> Option<Location> {
    let rest = path.strip_prefix('.').unwrap_or(path);
    match &node.value {
        _ if rest.is_empty() => Some(node.at),
        Written::Map(entries) => entries.iter().find_map(|(key, node)| {
            let rest = rest.strip_prefix(&key.name)?;
            (rest.is_empty() || rest.starts_with(['.', '['])).then(|| place_in(node, rest))?
        }),
        Written::List(items) => {
            let (index, rest) = rest.strip_prefix('[')?.split_once(']')?;
            place_in(items.get(index.parse::<usize>().ok()?)?, rest)
        }
        _ => None,
    }
}

/// The path of a key in a map.
pub(super) fn below(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn is_below(path: &str, above: &str) -> bool {
    let rest = path.strip_prefix(above);
    above.is_empty() || rest.is_some_and(|rest| rest.starts_with(['.', '[']))
}

/// A value on one line, whole.
pub(super) fn in_one_line(value: &Value) -> String {
    match value {
        Value::String(text) if text.contains(['\n', '\r']) => format!("{text:?}"),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn remarks(document: &Configuration<'_>) -> Vec<String> {
        document.unread().into_iter().map(|(_, remark)| remark.to_string()).collect()
    }

    #[test]
    fn what_nobody_reads_is_left_as_a_whole_or_leaf_by_leaf() {
        let value = json!({
            "a": { "b": 1, "c": { "d": 2 } },
            "e": [ { "f": 3, "g": 4 }, "h" ],
            "i": {},
            "ab": 5,
        });
        let document = Configuration::new(&value);
        let whole = [r#"a: {"b":1,"c":{"d":2}}"#, "ab: 5", r#"e: [{"f":3,"g":4},"h"]"#, "i: {}"];
        let sorted = |mut remarks: Vec<String>| {
            remarks.sort();
            remarks
        };
        assert_eq!(sorted(remarks(&document)), whole);
        let root = document.root();
        assert!(root.section("a").count("b").is_some());
        assert!(root.sections("e")[0].count("g").is_some());
        assert_eq!(
            sorted(remarks(&document)),
            [r#"a.c: {"d":2}"#, "ab: 5", "e[0].f: 3", "e[1]: h", "i: {}"]
        );
    }

    #[test]
    fn a_map_that_has_an_effect_by_being_there_is_left_leaf_by_leaf() {
        let value = json!({ "a": { "b": {}, "c": { "d": 1, "e": {} } } });
        let document = Configuration::new(&value);
        let a = document.root().section("a");
        a.section("b").note_opened();
        a.section("c").note_opened();
        a.section("nowhere").note_opened();
        assert_eq!(remarks(&document), ["a.c.d: 1", "a.c.e: {}"]);
    }

    #[test]
    fn values_that_cannot_be_read_are_left() {
        let value = json!({ "size": "many", "wait": "soon", "list": 3, "map": "flat" });
        let document = Configuration::new(&value);
        let root = document.root();
        assert!(root.count("size").is_none() && root.duration("wait").is_none());
        assert!(root.sections("list").is_empty() && !root.section("map").is_there());
        assert_eq!(remarks(&document).len(), 4);
    }

    #[test]
    fn a_remark_goes_to_the_innermost_owner() {
        let value = json!({ "a": { "b": { "c": 1 }, "d": 2 }, "e": 3 });
        let document = Configuration::new(&value);
        let a = document.root().section("a");
        a.belongs_to(0);
        a.section("b").belongs_to(1);
        assert!(a.count("d").is_some());
        let owners: Vec<_> = document.unread().into_iter().map(|(owner, _)| owner).collect();
        assert_eq!(owners, [Some(1), None]);
    }
}

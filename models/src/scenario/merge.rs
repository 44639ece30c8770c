//! Values for settings that a file leaves out: from included files and from `defaults:`.

use indexmap::IndexMap;

use crate::guards;
use crate::language::tree::{Key, Node, Segment, Value, is_same_name, normalize_edge, parse_path};

/// The sections whose entries have defaults.
const WITH_DEFAULTS: [&str; 4] = ["services", "databases", "caches", "calls"];

/// Names that are looked for one by one: many files with a few things each may be included.
const FEW: usize = 8;

/// Adds every key that `theirs` has and `mine` does not, map by map; lists stay as they are, and so
/// do maps of another `preset`, whose keys mean nothing here.
pub(super) fn merge_missing(mine: &mut Node, theirs: &Node) {
    let preset = [Segment::Key("preset".to_owned())];
    let preset_of = |node: &Node| node.get(&preset).map(|node| node.value.clone());
    if preset_of(mine) != preset_of(theirs) {
        return;
    }
    let (Value::Map(mine), Value::Map(theirs)) = (&mut mine.value, &theirs.value) else { return };
    let is_left_out = chosen_otherwise(mine);
    let places = (theirs.len() > FEW).then(|| places(mine));
    for (key, node) in theirs.iter().filter(|(key, _)| !is_left_out(&key.name)) {
        let name = normalize_edge(&key.name);
        let place = match &places {
            Some(places) => places.get(&name).copied(),
            None => mine.iter().position(|(key, _)| is_same_name(&key.name, &name)),
        };
        match place {
            Some(place) => merge_missing(&mut mine[place].1, node),
            None => mine.push((key.clone(), node.clone())),
        }
    }
}

/// The places of names in a map.
fn places(map: &[(Key, Node)]) -> IndexMap<String, usize> {
    let names = map.iter().map(|(key, _)| normalize_edge(&key.name));
    names.enumerate().map(|(place, name)| (name, place)).collect()
}

/// A test for the keys that `mine` rules out: guards are either listed or written one by one.
fn chosen_otherwise(mine: &[(Key, Node)]) -> impl Fn(&str) -> bool + use<> {
    let has_list = mine.iter().any(|(key, _)| key.name == "guards");
    let has_single = mine.iter().any(|(key, _)| guards::KEYS.contains(&key.name.as_str()));
    move |key| (has_list && guards::KEYS.contains(&key)) || (has_single && key == "guards")
}

/// Copies the settings under `defaults:` into every service, database, cache and call.
pub(super) fn apply_defaults(tree: &mut Node) {
    for section in WITH_DEFAULTS {
        let path = parse_path(&format!("defaults.{section}"));
        let Some(defaults) = tree.get(&path).cloned() else { continue };
        let Some(things) = tree.get_mut(&parse_path(section)) else { continue };
        let Value::Map(things) = &mut things.value else { continue };
        for (_, thing) in things {
            if thing.value == Value::Null {
                thing.value = Value::map([]);
            }
            merge_missing(thing, &defaults);
        }
    }
}

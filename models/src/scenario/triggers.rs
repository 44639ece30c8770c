//! The triggers of a stability map, when overrides change the list of faults that they are in.

use crate::faults::FaultKind;
use crate::language::tree::{Node, Segment, Value, normalize_edge, parse_path};
use crate::language::{Location, Problem, Problems};

/// The faults that the triggers of a file name by their places in the list, before any override.
pub(super) struct Triggers(Vec<Trigger>);

struct Trigger {
    /// The place of its path in the file.
    at: Location,
    /// The path of its fault.
    path: Vec<Segment>,
    /// The kind and the target of the fault, such as `slow db`.
    fault: String,
}

impl Triggers {
    /// The triggers of a file as it is written.
    pub fn of(tree: &Node) -> Self {
        let written = tree.get(&parse_path("stability.trigger")).into_iter().flat_map(Node::keys);
        let trigger = |(at, text): (Location, &str)| {
            let path = parse_path(text);
            let path = path.get(..2).filter(|path| !matches!(path[1], Segment::Item(_)))?;
            Some(Trigger { at, path: path.to_vec(), fault: fault(tree.get(path)?)? })
        };
        Self(written.filter_map(|key| trigger((key.at, key.name.as_str()))).collect())
    }

    /// Notes each trigger that the file names by its place, where overrides have put another fault.
    pub fn check(&self, tree: &Node, problems: &mut Problems) {
        let written: Vec<Location> = tree
            .get(&parse_path("stability.trigger"))
            .map_or_else(Vec::new, |node| node.keys().map(|key| key.at).collect());
        for trigger in self.0.iter().filter(|trigger| written.contains(&trigger.at)) {
            let Some(now) = tree.get(&trigger.path).and_then(fault) else { continue };
            if now != trigger.fault {
                let message = format!(
                    "the trigger is `{}` in the file, but this place in the list is now `{now}`",
                    trigger.fault
                );
                let help = format!(
                    "write `faults[{}]`: that fault is found wherever it is in the list",
                    trigger.fault
                );
                problems.add(Problem::error(message, Some(trigger.at)).with_help(help));
            }
        }
    }
}

/// The kind and the target of a fault; `None` if it has none.
pub(super) fn fault(node: &Node) -> Option<String> {
    let Value::Map(entries) = &node.value else { return None };
    entries.iter().find_map(|(key, value)| match &value.value {
        Value::Text(target) if FaultKind::KEYS.contains(&key.name.as_str()) => {
            Some(format!("{} {}", key.name, normalize_edge(target)))
        }
        _ => None,
    })
}

//! Several changes to a text, each checked.

use sim_models::scenario::tree::{Node, Segment, Value, parse_path};
use sim_models::scenario::{Problem, short_form};

use super::change::changed;

/// The text with other values: each a path, and a value in YAML, of which `null` removes what is
/// there. A value that the text does not have is added where its section ends.
///
/// # Errors
/// Everything that cannot be changed, each with its place in the text.
pub fn edited(text: &str, values: &[(String, String)]) -> Result<String, Vec<Problem>> {
    let alone = |(path, value): &(String, String)| with(text, path, value).err();
    let problems: Vec<Problem> = values.iter().filter_map(alone).collect();
    if !problems.is_empty() {
        return Err(problems);
    }
    let all = |text: String, (path, value): &(String, String)| {
        // Places in a text that is half changed would mislead.
        with(&text, path, value).map_err(|problem| vec![Problem { at: None, ..problem }])
    };
    values.iter().try_fold(text.to_owned(), all)
}

fn with(text: &str, path: &str, value: &str) -> Result<String, Problem> {
    let tree = Node::parse(text, 0)?;
    let value = Node::parse(value, 0).map_err(|problem| Problem { at: None, ..problem })?;
    let (target, value) = target(&tree, path, value)?;
    let new = changed(text, &tree, &target, &value).map_err(|problem| Problem {
        message: format!("{path}: {}", problem.message),
        ..problem
    })?;
    let place = tree.nearest_location(&target);
    let mut wanted = tree;
    wanted.set(&target, value, place, short_form)?;
    let is_as_wanted =
        |new: &str| Node::parse(new, 0).is_ok_and(|new| new.to_json() == wanted.to_json());
    if is_as_wanted(&new) {
        return Ok(new);
    }
    let message = format!("{path}: this cannot be written without changing something else");
    Err(Problem::error(message, Some(place)).with_help(
        "an anchor (`&name`) may stand here that other places refer to; write their values out",
    ))
}

/// The place that a value is written at, with the number of an item in place of its name, and the
/// value that is written there. A map that can be a bare number (`threads`) has its number changed, a
/// bare number that stands for a map (`threads.max`) is changed itself, and becomes the map if it gets
/// more than its number (`threads.queue`).
fn target(tree: &Node, path: &str, value: Node) -> Result<(Vec<Segment>, Node), Problem> {
    let unplaced = |problem| Problem { at: None, ..problem };
    let mut path = tree.place_for(&parse_path(path), &value.value, tree.at).map_err(unplaced)?;
    for depth in 1..=path.len() {
        let (outer, inner) = path.split_at(depth);
        let Some(Segment::Key(key)) = outer.last() else { continue };
        let (Some(max), Some(old)) = (short_form(key), tree.get(outer)) else { continue };
        let is_number = matches!(value.value, Value::Integer(_));
        match (&old.value, inner) {
            (Value::Map(_), []) if is_number => {
                path.push(Segment::Key(max.to_owned()));
                return Ok((path, value));
            }
            (Value::Integer(_), [Segment::Key(inner)]) if inner == max && is_number => {
                path.truncate(depth);
                return Ok((path, value));
            }
            (Value::Integer(_), [_, ..]) if value.value != Value::Null => {
                let mut map = Node { value: Value::map([]), at: old.at };
                map.set(&parse_path(max), old.clone(), old.at, short_form)?;
                map.set(inner, value, old.at, short_form)?;
                path.truncate(depth);
                return Ok((path, map));
            }
            _ => {}
        }
    }
    Ok((path, value))
}

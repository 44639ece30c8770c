//! From the tree to typed sections, finding all mistakes and not only the first.

use serde::de::DeserializeOwned;

use super::problem::{Problem, Problems, did_you_mean};
use super::tree::{Node, Segment};

/// So many mistakes of form are reported at once.
const MOST_PROBLEMS: usize = 100;

/// What could be decoded of a tree.
pub(super) struct Decoded<T> {
    /// The typed sections, without the values that were wrong.
    pub sections: T,
    /// The tree they came from: places in it are those of the sections.
    pub tree: Node,
    /// What was left out.
    pub removed: Vec<Vec<Segment>>,
}

/// Decodes a tree. Each mistake is noted and the value that holds it is left out, until the rest
/// can be decoded; what is returned then is good enough to look for further problems in. `None` if
/// nothing is left of it.
pub(super) fn decode<T: DeserializeOwned>(
    mut tree: Node,
    problems: &mut Problems,
) -> Option<Decoded<T>> {
    let mut removed: Vec<Vec<Segment>> = Vec::new();
    for _ in 0..MOST_PROBLEMS {
        let error = match serde_path_to_error::deserialize(tree.to_json()) {
            Ok(sections) => return Some(Decoded { sections, tree, removed }),
            Err(error) => error,
        };
        let path = segments(error.path());
        let message = error.inner().to_string();
        let is_consequence = message.starts_with("missing field")
            && removed.iter().any(|gone| gone.starts_with(&path));
        if !is_consequence {
            problems.add(explain(&tree, &path, &message));
        }
        if !tree.remove(&path) {
            return None;
        }
        removed.push(path);
    }
    None
}

fn segments(path: &serde_path_to_error::Path) -> Vec<Segment> {
    use serde_path_to_error::Segment as Part;
    path.iter()
        .filter_map(|part| match part {
            Part::Seq { index } => Some(Segment::Index(*index)),
            Part::Map { key } => Some(Segment::Key(super::tree::normalize_edge(key))),
            Part::Enum { variant } => Some(Segment::Key(variant.clone())),
            Part::Unknown => None,
        })
        .collect()
}

fn explain(here: &Node, path: &[Segment], message: &str) -> Problem {
    let message = message.strip_suffix(" at line 0 column 0").unwrap_or(message);
    if let Some(unknown) = message.strip_prefix("unknown field ") {
        let mut names = unknown.split('`').skip(1).step_by(2);
        let written = names.next().unwrap_or_default().to_owned();
        let known: Vec<&str> = names.collect();
        return unknown_key(&written, &known, here.key_location(path));
    }
    if let Some(unknown) = message.strip_prefix("unknown variant ") {
        let mut names = unknown.split('`').skip(1).step_by(2);
        let written = names.next().unwrap_or_default();
        let known: Vec<&str> = names.collect();
        let problem = unknown_key(written, &known, Some(here.nearest_location(path)));
        return Problem { label: String::new(), ..problem };
    }
    if message.starts_with("missing field") {
        let at = if path.is_empty() { None } else { here.key_location(path) };
        return Problem::error(
            message.replace("missing field", "there is no"),
            at.or(Some(here.nearest_location(path))),
        )
        .labelled("missing here");
    }
    let (message, help) =
        message.split_once("; ").map_or((message, None), |(message, help)| (message, Some(help)));
    let problem = Problem::error(plain(message), Some(here.nearest_location(path)));
    match help {
        Some(help) => problem.with_help(help),
        None => problem,
    }
}

/// Says that a key means nothing here, and which one was probably meant.
pub(super) fn unknown_key(written: &str, known: &[&str], at: Option<super::Location>) -> Problem {
    let problem =
        Problem::error(format!("`{written}` means nothing here"), at).labelled("unknown key");
    match did_you_mean(written, known.iter().copied()) {
        Some(meant) => problem.with_help(format!("did you mean `{meant}`?")),
        None => problem.with_help(format!("known here: {}", known.join(", "))),
    }
}

/// The decoder's words for types, in the words of the file.
fn plain(message: &str) -> String {
    const WORDS: [(&str, &str); 10] = [
        ("invalid type: ", "this is "),
        ("invalid value: ", "this is "),
        ("integer `", "the number `"),
        ("floating point `", "the number `"),
        ("string \"", "the text \""),
        (", expected u32", ", expected a whole number from 0 to 4294967295"),
        (", expected u64", ", expected a whole number"),
        (", expected f32", ", expected a number"),
        (", expected f64", ", expected a number"),
        ("sequence", "list"),
    ];
    let plain = WORDS
        .iter()
        .fold(message.to_owned(), |message, (theirs, ours)| message.replace(theirs, ours));
    match plain.split_once(", expected struct ") {
        Some((found, _)) => format!("{found}, expected a map of settings"),
        None => plain,
    }
}

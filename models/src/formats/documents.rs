//! The documents of files.

use std::ops::Range;

use super::Remark;
use crate::scenario::Problem;
use crate::scenario::tree::Node;

/// A file among the sources of an import.
pub(super) struct SourceFile<'a> {
    pub name: &'a str,
    pub text: &'a str,
    /// Its number, for the places of its values.
    pub source: u32,
}

/// The documents of files, and what became of the rest.
#[derive(Debug, Default)]
pub(super) struct Documents {
    pub trees: Vec<Node>,
    /// Values that are in no tree, by their path.
    pub lost: Vec<Remark>,
    /// Values that a tree has although the files leave them open, by their path.
    pub assumed: Vec<Remark>,
    /// The paths of values that have been read on the way.
    pub read: Vec<String>,
    pub problems: Vec<Problem>,
}

/// The YAML documents of a file.
pub(super) fn yaml(file: &SourceFile<'_>) -> Documents {
    let mut documents = Documents::default();
    for range in yaml_ranges(file.text) {
        let first = documents.problems.len();
        match Node::parse_with_all(&file.text[range.clone()], file.source, &mut documents.problems)
        {
            Ok(mut tree) => {
                tree.shift(range.start);
                documents.trees.push(tree);
            }
            Err(problem) => documents.problems.push(problem),
        }
        documents.problems[first..].iter_mut().for_each(|problem| problem.shift(range.start));
    }
    documents
}

/// The places of the YAML documents of a file.
fn yaml_ranges(text: &str) -> Vec<Range<usize>> {
    const MARK: &str = "---";
    let (mut ranges, mut begin, mut here) = (Vec::new(), 0, 0);
    for line in text.split_inclusive('\n') {
        let rest = line.strip_prefix(MARK);
        if rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace)) {
            ranges.push(begin..here);
            begin = here + MARK.len();
        }
        here += line.len();
    }
    ranges.push(begin..here);
    ranges.retain(|range| {
        let mut lines = text[range.clone()].lines().map(str::trim_start);
        lines.any(|line| !line.is_empty() && !line.starts_with('#'))
    });
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_keep_their_places_and_empty_ones_are_left_out() {
        let text = "# head\n---\na: 1\n--- # second\n\nb: 2\n---\n";
        let documents = yaml(&SourceFile { name: "x.yaml", text, source: 0 });
        let keys = documents.trees.iter().flat_map(Node::keys);
        let places: Vec<&str> = keys.map(|key| &text[key.at.start..key.at.end]).collect();
        assert_eq!(places, ["a", "b"]);
    }
}

//! The documents of files.

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
    for text in yaml_texts(file.text) {
        match Node::parse(&text, file.source) {
            Ok(tree) => documents.trees.push(tree),
            Err(problem) => documents.problems.push(problem),
        }
    }
    documents
}

/// The texts of the YAML documents of a file. Each begins with as many blanks as there are bytes
/// before it, so that its values keep their places.
fn yaml_texts(text: &str) -> Vec<String> {
    let mut documents = vec![String::new()];
    let mut before = 0;
    for line in text.split_inclusive('\n') {
        let rest = line.strip_prefix("---").filter(|rest| rest.starts_with(char::is_whitespace));
        if let Some(rest) = rest.or((line == "---").then_some("")) {
            documents.push(format!("{}   {rest}", blank(&text[..before])));
        } else if let Some(document) = documents.last_mut() {
            document.push_str(line);
        }
        before += line.len();
    }
    documents.retain(|document| {
        document.lines().any(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
    });
    documents
}

/// Blanks in place of everything but the ends of lines.
fn blank(text: &str) -> String {
    text.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect()
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

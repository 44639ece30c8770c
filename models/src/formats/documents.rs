//! The documents of a file.

use super::ConfigurationFile;

/// The whole file as one document, for formats in JSON.
pub(super) fn single(file: &ConfigurationFile) -> Vec<String> {
    vec![file.text.clone()]
}

/// The YAML documents of a file. Each begins with as many blank lines as there are lines before it,
/// so that it keeps its line numbers.
pub(super) fn yaml(file: &ConfigurationFile) -> Vec<String> {
    let mut documents = vec![String::new()];
    let mut lines = 0;
    for line in file.text.lines() {
        lines += 1;
        if line.trim_end() == "---" {
            documents.push("\n".repeat(lines));
        } else if let Some(document) = documents.last_mut() {
            document.push_str(line);
            document.push('\n');
        }
    }
    documents.retain(|document| {
        document.lines().any(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'))
    });
    documents
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_keep_their_line_numbers_and_empty_ones_are_left_out() {
        let text = "# head\n---\na: 1\n---\n\nb: 2\n".to_owned();
        let file = ConfigurationFile { name: "x.yaml".to_owned(), text };
        assert_eq!(yaml(&file), ["\n\na: 1\n", "\n\n\n\n\nb: 2\n"]);
    }
}

//! Errors of YAML in our words: what is wrong there, and what would be right.

use serde_saphyr::Error;

/// More than the library reads, which protects from files that are made to take for ever.
const TOO_MUCH: (&str, &str) = (
    "there are more values, or deeper ones, than a file may have",
    "split the file with `include:`, and take out references that repeat each other",
);

/// The mistake, and the way to mend it. The words of the library are about its types and options, which
/// the author of a file does not know.
pub(super) fn in_our_words(error: &Error) -> (String, &'static str) {
    let text = match error.without_snippet() {
        Error::AliasError { error, .. } => return in_our_words(error),
        Error::NonFiniteFloat { value, .. } => {
            return (format!("`{value}` is not a finite number"), "write a number with an end");
        }
        Error::UnknownAnchor { .. } => (
            "this refers to an anchor that is not there",
            "write `&NAME` before the value that is meant, above this place",
        ),
        Error::RecursiveReferencesRequireWeakTypes { .. } => {
            ("this refers to a value that it is part of", "write out what is meant")
        }
        Error::InvalidScalar { .. }
        | Error::TaggedScalarCannotDeserializeIntoString { .. }
        | Error::InvalidBinaryBase64 { .. }
        | Error::BinaryNotUtf8 { .. }
        | Error::InvalidBooleanStrict { .. } => {
            ("this is not what its tag says", "leave the tag out, or write such a value")
        }
        Error::NullIntoString { .. }
        | Error::Unexpected { .. }
        | Error::SerdeInvalidType { .. }
        | Error::ValueRequestedBeforeKey { .. } => {
            ("this cannot be a key", "write a name; quote it if it is `null`, a list or a map")
        }
        Error::MultipleDocuments { .. } => {
            ("there is more than one document", "keep one of them: `---` separates documents")
        }
        Error::MergeValueNotMapOrSeqOfMaps { .. } | Error::MergeKeyNotAllowed { .. } => {
            ("`<<` merges maps", "give it a map, or a list of maps")
        }
        Error::Budget { .. }
        | Error::AliasReplayCounterOverflow { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => TOO_MUCH,
        Error::Eof { .. } => ("the text ends before it is whole", "complete it"),
        other => of_syntax(&other.to_string()),
    };
    (text.0.to_owned(), text.1)
}

/// The same for what the parser says about brackets, quotes and indentation.
fn of_syntax(said: &str) -> (&'static str, &'static str) {
    const KNOWN: [(&str, &str, &str); 9] = [
        ("unclosed bracket", "this bracket is not closed", "close it"),
        ("unclosed quote", "this quotation is not closed", "close it with the same mark"),
        ("misplaced bracket", "this bracket closes nothing", "remove it, or open one before it"),
        (
            "mismatched bracket",
            "this bracket closes another kind",
            "close the one that is open first",
        ),
        (
            "mapping values are not allowed",
            "there is a `:` too many here",
            "quote a text that has a `:`, or begin a new line",
        ),
        (
            "unexpected character",
            "no value begins with this character",
            "remove it, or quote the text",
        ),
        ("recursion limit", TOO_MUCH.0, TOO_MUCH.1),
        (" tab", "tabs do not indent", "use spaces"),
        ("directive", "no directives are known here", "remove the line that begins with `%`"),
    ];
    let known = KNOWN.into_iter().find(|(phrase, ..)| said.contains(phrase));
    known.map_or(
        ("this is not valid YAML", "look at brackets, quotes and indentation up to here"),
        |(_, what, help)| (what, help),
    )
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use crate::language::tree::Node;

    #[test]
    fn every_error_is_told_in_our_words_with_what_to_do() {
        let deep = "[".repeat(2_000);
        let mut bomb = "a: &a [x, x, x, x, x, x, x, x]\n".to_owned();
        for name in b'b'..=b'i' {
            let (name, before) = (char::from(name), char::from(name - 1));
            let eight = vec![format!("*{before}"); 8].join(", ");
            let _ = writeln!(bomb, "{name}: &{name} [{eight}]");
        }
        let texts = [
            "a: [1",
            "{",
            "}",
            "a: ]",
            "a: 1\na: 2",
            "a: {b: 1, b: 2}",
            "a: *x",
            "a: &x {b: *x}",
            "a: \"x",
            "a: 'x",
            "a: b: c",
            "- a\nb: 1",
            "a: !!int x",
            "a: .nan",
            "a: 1e999",
            "? [a]: b",
            "null: 1",
            "a: @b",
            "a: `b`",
            "---\na: 1\n---\nb: 2",
            "a:\n\tb: 1",
            "a: 1\n b: 2",
            "%YAML 9.9\n---\na: 1",
            "a: |\nb",
            "a: !!binary \"%\"",
            "<<: 1",
            "a: {<<: [1]}",
            "a: &",
            "a: *",
            "a: !<",
            ": :",
            "[a, b",
            "a: \"\\q\"",
            "a: \"\\ud800\"",
            "\u{1}",
            "a: [b,, c]",
            "? ",
            "a: {b: c]",
            &deep,
            &bomb,
        ];
        let foreign = [
            "budget",
            "breach",
            "serialize",
            "Option",
            "weak",
            "policy",
            "u64",
            "i64",
            "mapping",
            "scalar",
            "option",
            "sequence",
            "node",
            "token",
            "stream",
            "sink",
            "snippet",
            "serde",
        ];
        let mut refused = 0;
        for text in texts {
            let Err(problem) = Node::parse(text, 0) else { continue };
            refused += 1;
            let said = format!("{} {}", problem.message, problem.help.clone().unwrap_or_default());
            assert!(problem.help.is_some() && problem.at.is_some(), "{text:?}: {said}");
            assert!(!foreign.iter().any(|word| said.contains(word)), "{text:?}: {said}");
        }
        assert!(refused >= 35, "{refused} of {} are refused", texts.len());
    }

    #[test]
    fn each_error_has_its_own_words() {
        for (text, expected) in [
            ("a: 1\na: 2", "the key `a` is written twice"),
            ("run: 1\nacceptable: 1\nrun: 2", "the key `run` is written twice"),
            ("a: [1", "not closed"),
            ("a: ]", "closes nothing"),
            ("a: [b}", "closes another kind"),
            ("a: \"x", "quotation is not closed"),
            ("a: b: c", "a `:` too many"),
            ("a: *x", "an anchor that is not there"),
            ("a: &x {b: *x}", "part of"),
            ("a: .nan", "`.nan` is not a finite number"),
            ("a: !!int x", "not what its tag says"),
            ("null: 1", "cannot be a key"),
            ("? [a]: b", "cannot be a key"),
            ("a: @b", "no value begins"),
            (&"[".repeat(2_000), "more values, or deeper ones"),
        ] {
            let problem = Node::parse(text, 0).expect_err(text);
            assert!(problem.message.contains(expected), "{text:?}: {}", problem.message);
        }
    }
}

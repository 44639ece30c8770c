//! `appsettings.json` as .NET's `JsonConfigurationFileParser` reads it (dotnet/runtime,
//! `Microsoft.Extensions.Configuration.Json`): with comments and trailing commas; `:` in a key nests;
//! keys are equal in upper and lower case; a value that is written twice in a file is an error, and a
//! later file is over an earlier one.

use jsonc_parser::common::Range;
use jsonc_parser::{CollectOptions, ParseOptions, ast, parse_to_ast};

use crate::formats::Remark;
use crate::formats::configuration::{below, in_one_line};
use crate::formats::documents::{Documents, SourceFile};
use crate::scenario::tree::{Key, Node, Value};
use crate::scenario::{Location, Problem};

const BYTE_ORDER_MARK: char = '\u{feff}';

/// The configuration that the files make together.
pub(super) fn documents(files: &[SourceFile<'_>]) -> Documents {
    let mut documents = Documents::default();
    let mut whole: Option<Node> = None;
    for file in files {
        let skipped =
            if file.text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len_utf8() } else { 0 };
        let mut parser = Parser { file, skipped, problems: Vec::new() };
        let parsed = parser.parse();
        documents.problems.extend(parser.problems);
        let Some(tree) = parsed else { continue };
        match &mut whole {
            Some(whole) => overlay(whole, tree, "", &mut |path, replaced, by| {
                let text =
                    format!("{}, which {} replaces: {}", shown(replaced), file.name, shown(by));
                documents.lost.push(Remark::new(path, text));
            }),
            None => whole = Some(tree),
        }
    }
    documents.trees.extend(whole);
    documents
}

fn shown(node: &Node) -> String {
    in_one_line(&node.to_json())
}

struct Parser<'a> {
    file: &'a SourceFile<'a>,
    /// The length of the byte order mark, which editors on Windows put before the text.
    skipped: usize,
    problems: Vec<Problem>,
}

impl Parser<'_> {
    fn parse(&mut self) -> Option<Node> {
        let options = ParseOptions {
            allow_comments: true,
            allow_trailing_commas: true,
            allow_loose_object_property_names: false,
            allow_missing_commas: false,
            allow_single_quoted_strings: false,
            allow_hexadecimal_numbers: false,
            allow_unary_plus_numbers: false,
            allow_bare_decimal_point_numbers: false,
            allow_non_finite_numbers: false,
            allow_extended_string_escapes: false,
        };
        match parse_to_ast(&self.file.text[self.skipped..], &CollectOptions::default(), &options) {
            Ok(parsed) => match parsed.value {
                Some(value @ ast::Value::Object(_)) => Some(self.node(value)),
                other => {
                    let range = other.map_or(Range::new(0, 0), |value| range_of(&value));
                    self.problem("the file must hold an object: `{ ... }`".to_owned(), range);
                    None
                }
            },
            Err(error) => {
                let what = error.kind().to_string();
                self.problem(
                    format!("this is not valid JSON: {}", lower_case(&what)),
                    error.range(),
                );
                None
            }
        }
    }

    fn problem(&mut self, message: String, range: Range) {
        let at = self.place(range);
        self.problems.push(Problem::error(message, Some(at)).labelled("here"));
    }

    fn place(&self, range: Range) -> Location {
        let (start, end) = (self.skipped + range.start, self.skipped + range.end);
        Location { source: self.file.source, start, end }
    }

    fn node(&mut self, value: ast::Value<'_>) -> Node {
        let at = self.place(range_of(&value));
        let value = match value {
            ast::Value::Object(object) => return self.map(object, at),
            ast::Value::Array(array) => {
                Value::List(array.elements.into_iter().map(|item| self.node(item)).collect())
            }
            ast::Value::StringLit(text) => Value::Text(text.value.into_owned()),
            ast::Value::NumberLit(number) => number_of(number.value),
            ast::Value::BooleanLit(literal) => Value::Bool(literal.value),
            ast::Value::NullKeyword(_) => Value::Null,
        };
        Node { value, at }
    }

    fn map(&mut self, object: ast::Object<'_>, at: Location) -> Node {
        let mut map = Node { value: Value::map([]), at };
        for property in object.properties {
            let at = self.place(range_of_name(&property.name));
            let name = property.name.into_string();
            let value = self.node(property.value);
            let nested = name.rsplit(':').fold(value, |node, part| Node {
                value: Value::map([(Key { name: part.to_owned(), at }, node)]),
                at,
            });
            overlay(&mut map, nested, "", &mut |_, _, by| {
                let problem = Problem::error(format!("`{name}` is written twice"), Some(by.at))
                    .labelled("again")
                    .with_help(".NET refuses such a file: remove one of them");
                self.problems.push(problem);
            });
        }
        map
    }
}

/// Lays a configuration over an earlier one, list items by their number; `replaced` hears of every
/// value that is in both.
fn overlay(base: &mut Node, later: Node, path: &str, replaced: &mut dyn FnMut(&str, &Node, &Node)) {
    match (&mut base.value, later.value) {
        (Value::Map(base), Value::Map(later)) => {
            for (key, node) in later {
                let known = base.iter_mut().find(|(known, _)| is_same(&known.name, &key.name));
                match known {
                    Some((known, base)) => overlay(base, node, &below(path, &known.name), replaced),
                    None => base.push((key, node)),
                }
            }
        }
        (Value::List(base), Value::List(later)) => {
            for (index, node) in later.into_iter().enumerate() {
                match base.get_mut(index) {
                    Some(base) => overlay(base, node, &format!("{path}[{index}]"), replaced),
                    None => base.push(node),
                }
            }
        }
        (_, value) => {
            let later = Node { value, at: later.at };
            replaced(path, base, &later);
            *base = later;
        }
    }
}

fn is_same(a: &str, b: &str) -> bool {
    a.chars().flat_map(char::to_lowercase).eq(b.chars().flat_map(char::to_lowercase))
}

fn number_of(text: &str) -> Value {
    let whole = text.parse().ok().map(Value::Integer);
    let number = || text.parse::<f64>().ok().filter(|number| number.is_finite());
    whole.or_else(|| number().map(Value::Float)).unwrap_or_else(|| Value::Text(text.to_owned()))
}

fn range_of(value: &ast::Value<'_>) -> Range {
    match value {
        ast::Value::StringLit(literal) => literal.range,
        ast::Value::NumberLit(literal) => literal.range,
        ast::Value::BooleanLit(literal) => literal.range,
        ast::Value::Object(object) => object.range,
        ast::Value::Array(array) => array.range,
        ast::Value::NullKeyword(keyword) => keyword.range,
    }
}

fn range_of_name(name: &ast::ObjectPropName<'_>) -> Range {
    match name {
        ast::ObjectPropName::String(literal) => literal.range,
        ast::ObjectPropName::Word(literal) => literal.range,
    }
}

/// A sentence as the rest of another.
fn lower_case(sentence: &str) -> String {
    let mut chars = sentence.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(texts: &[&str]) -> Documents {
        let files: Vec<SourceFile<'_>> = texts
            .iter()
            .enumerate()
            .map(|(source, text)| SourceFile { name: "second.json", text, source: source as u32 })
            .collect();
        documents(&files)
    }

    #[test]
    fn comments_trailing_commas_and_colons_are_read() {
        let text = "{ // the shop's\n \"A:B\": { \"C\": 1, }, /* more */ \"a\": { \"D\": [\"x\", 0.5,] }, }";
        let documents = read(&[text]);
        assert!(documents.problems.is_empty(), "{:?}", documents.problems);
        assert_eq!(
            documents.trees[0].to_json(),
            json!({ "A": { "B": { "C": 1 }, "D": ["x", 0.5] } })
        );
    }

    #[test]
    fn a_later_file_is_over_an_earlier_one() {
        let documents = read(&[
            "{ \"A\": { \"B\": 1, \"C\": [1, 2] } }",
            "{ \"a:b\": 2, \"A\": { \"C\": [3] } }",
        ]);
        assert_eq!(documents.trees[0].to_json(), json!({ "A": { "B": 2, "C": [3, 2] } }));
        let lost: Vec<String> = documents.lost.iter().map(Remark::to_string).collect();
        assert_eq!(
            lost,
            ["A.B: 1, which second.json replaces: 2", "A.C[0]: 1, which second.json replaces: 3"]
        );
    }

    #[test]
    fn mistakes_have_their_place() {
        let place = |text: &str| {
            let problem = read(&[text]).problems.remove(0);
            let at = problem.at.expect("a place");
            (problem.message, text[at.start..at.end].to_owned())
        };
        assert_eq!(
            place("{ \"A\": { \"B\": 1 }, \"a:b\": 2 }"),
            ("`a:b` is written twice".to_owned(), "2".to_owned())
        );
        assert_eq!(place("[1]").1, "[1]");
        assert_eq!(place("\u{feff}[1]").1, "[1]");
        assert!(place("").0.contains("must hold an object"));
        let (message, _) = place("{ 'A': 1 }");
        assert!(message.starts_with("this is not valid JSON: single-quoted"), "{message}");
        let (message, at) = place("{ \"A\": 1 \"B\": 2 }");
        assert_eq!((message.as_str(), at.as_str()), ("this is not valid JSON: expected comma", ""));
    }
}

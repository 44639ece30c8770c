//! `.properties` as `java.util.Properties` reads them, in documents as Spring Boot divides them.

use std::iter::Peekable;
use std::str::CharIndices;

use crate::formats::documents::{Documents, SourceFile};
use crate::scenario::tree::{Key, Node, Value};
use crate::scenario::{Location, Problem};

/// The documents of a file, each a map of its keys as they are written.
pub(super) fn parse(file: &SourceFile<'_>) -> Documents {
    let mut documents = Documents::default();
    let mut entries = Vec::new();
    let mut start = 0;
    while start < file.text.len() {
        let end = end_of_line(file.text, start);
        let line = file.text[start..end].trim();
        if matches!(line, "#---" | "!---") {
            documents.trees.push(document(&mut entries, file));
        } else if line.is_empty() || line.starts_with(['#', '!']) {
        } else {
            let end = end_of_logical_line(file.text, start);
            let mut reader = LineReader::new(&file.text[start..end], start, file.source);
            let entry = reader.entry();
            documents.problems.extend(reader.problem);
            entries.push(entry);
            start = end;
            continue;
        }
        start = end;
    }
    documents.trees.push(document(&mut entries, file));
    documents.trees.retain(|tree| tree.value != Value::map([]));
    documents
}

fn document(entries: &mut Vec<(Key, Node)>, file: &SourceFile<'_>) -> Node {
    let at = entries.first().map_or_else(
        || Location { source: file.source, start: 0, end: 0 },
        |(key, _): &(Key, Node)| key.at,
    );
    Node { value: Value::map(entries.drain(..)), at }
}

fn end_of_line(text: &str, start: usize) -> usize {
    text[start..].find('\n').map_or(text.len(), |length| start + length + 1)
}

/// The end of a line with those that continue it: an odd number of backslashes is at its end.
fn end_of_logical_line(text: &str, start: usize) -> usize {
    let mut end = end_of_line(text, start);
    loop {
        let line = text[start..end].trim_end_matches(['\n', '\r']);
        let backslashes = line.len() - line.trim_end_matches('\\').len();
        if backslashes.is_multiple_of(2) || end == text.len() {
            return end;
        }
        end = end_of_line(text, end);
    }
}

/// Reads a key and its value from a logical line.
struct LineReader<'a> {
    text: &'a str,
    chars: Peekable<CharIndices<'a>>,
    /// The place of the line in the file.
    start: usize,
    source: u32,
    problem: Option<Problem>,
}

impl<'a> LineReader<'a> {
    fn new(text: &'a str, start: usize, source: u32) -> Self {
        let text = text.trim_end_matches(['\n', '\r']);
        Self { text, chars: text.char_indices().peekable(), start, source, problem: None }
    }

    fn entry(&mut self) -> (Key, Node) {
        self.skip_blanks();
        let start = self.position();
        let name = self.text_until(|c| is_blank(c) || matches!(c, '=' | ':'));
        let key = Key { name, at: self.location_from(start) };
        self.skip_blanks();
        if self.chars.next_if(|(_, c)| matches!(c, '=' | ':')).is_some() {
            self.skip_blanks();
        }
        let start = self.position();
        let value = Value::Text(self.text_until(|_| false));
        (key, Node { value, at: self.location_from(start) })
    }

    /// Reads up to a character that ends it, without the backslashes of its escapes.
    fn text_until(&mut self, ends: impl Fn(char) -> bool) -> String {
        let mut text = String::new();
        while let Some((at, c)) = self.chars.next_if(|(_, c)| !ends(*c)) {
            if c == '\\' { self.escape(at, &mut text) } else { text.push(c) }
        }
        text
    }

    /// Reads what follows a backslash.
    fn escape(&mut self, at: usize, text: &mut String) {
        match self.chars.next() {
            None => {}
            Some((_, '\r' | '\n')) => {
                while self.chars.next_if(|(_, c)| is_blank(*c) || *c == '\n').is_some() {}
            }
            Some((_, 't')) => text.push('\t'),
            Some((_, 'n')) => text.push('\n'),
            Some((_, 'r')) => text.push('\r'),
            Some((_, 'f')) => text.push('\u{c}'),
            Some((_, 'u')) => {
                let read = self.unicode(at);
                if read.is_none() {
                    let at = self.location(at, (at + 6).min(self.text.len()));
                    let message = "`\\u` needs four hexadecimal digits";
                    self.problem = Some(Problem::error(message, Some(at)).labelled("here"));
                }
                text.extend(read);
            }
            Some((_, other)) => text.push(other),
        }
    }

    /// Reads the digits of `\uXXXX`, which may be the first half of a pair.
    fn unicode(&mut self, at: usize) -> Option<char> {
        let unit = |at: usize| {
            let digits = self.text.get(at..at + 6)?.strip_prefix("\\u")?;
            u16::from_str_radix(digits, 16).ok()
        };
        let first = unit(at)?;
        let pair = (0xd800..0xdc00).contains(&first).then(|| unit(at + 6)).flatten();
        let units: Vec<u16> = std::iter::once(first).chain(pair).collect();
        let c = char::decode_utf16(units.iter().copied()).next()?.ok()?;
        let end = at + 6 * units.len();
        while self.chars.next_if(|(at, _)| *at < end).is_some() {}
        Some(c)
    }

    fn skip_blanks(&mut self) {
        while self.chars.next_if(|(_, c)| is_blank(*c)).is_some() {}
    }

    fn position(&mut self) -> usize {
        self.chars.peek().map_or(self.text.len(), |(at, _)| *at)
    }

    fn location_from(&mut self, start: usize) -> Location {
        let end = self.position();
        self.location(start, end)
    }

    fn location(&self, start: usize, end: usize) -> Location {
        Location { source: self.source, start: self.start + start, end: self.start + end }
    }
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\u{c}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Documents {
        parse(&SourceFile { name: "x.properties", text, source: 0 })
    }

    fn entries(text: &str) -> Vec<(String, String)> {
        let documents = read(text);
        assert!(documents.problems.is_empty(), "{:?}", documents.problems);
        let entry = |(key, node): &(Key, Node)| {
            let Value::Text(value) = &node.value else { panic!("a text") };
            (key.name.clone(), value.clone())
        };
        let entries = |tree: &Node| match &tree.value {
            Value::Map(entries) => entries.iter().map(entry).collect::<Vec<_>>(),
            _ => panic!("a map"),
        };
        documents.trees.iter().flat_map(entries).collect()
    }

    #[test]
    fn every_separator_and_escape_is_read() {
        let cases = [
            ("a.b=1", "a.b", "1"),
            ("  a.b : 1 = 2 ", "a.b", "1 = 2 "),
            ("a\t1 2", "a", "1 2"),
            ("a", "a", ""),
            (r"a\ b\:c\=d=x", "a b:c=d", "x"),
            (r"a=\u00e4\tb\\", "a", "ä\tb\\"),
            (r"a=\ud83d\ude00", "a", "😀"),
            ("a=1,\\\n   2,\\\r\n\t3", "a", "1,2,3"),
            ("a=1\\\n#2", "a", "1#2"),
        ];
        for (text, key, value) in cases {
            assert_eq!(entries(text), [(key.to_owned(), value.to_owned())], "{text:?}");
        }
        assert_eq!(entries("# a=1\n ! b=2\n\n").len(), 0);
    }

    #[test]
    fn documents_are_divided_and_values_have_places() {
        let text = "a=1\r\n#---\nb = x\\\n  y\n";
        let documents = read(text);
        assert_eq!(documents.trees.len(), 2);
        let Value::Map(entries) = &documents.trees[1].value else { panic!("a map") };
        let at = entries[0].1.at;
        assert_eq!(&text[at.start..at.end], "x\\\n  y");
    }

    #[test]
    fn half_an_escape_is_a_problem_at_its_place() {
        let problem = read("a=1\nb=\\u00").problems.remove(0);
        assert_eq!(problem.at.map(|at| at.start), Some(6));
    }
}

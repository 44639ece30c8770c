//! Readers of our output: a spreadsheet, and parsers of other people.

use quick_xml::events::Event;
use quick_xml::{Reader, XmlVersion};
use sim_reports::Palette;

use super::terminal;

/// True for what a report may hold besides visible characters.
fn is_layout(c: char) -> bool {
    c == '\n'
}

/// True for a character that a terminal obeys or does not show. The ranges are those of the Unicode character
/// database, not of our own table.
pub fn is_hidden(c: char) -> bool {
    let code = c as u32;
    let ranges = [
        (0x0, 0x1f),
        (0x7f, 0x9f),
        (0xad, 0xad),
        (0x34f, 0x34f),
        (0x61c, 0x61c),
        (0x115f, 0x1160),
        (0x180b, 0x180f),
        (0x200b, 0x200f),
        (0x2028, 0x202e),
        (0x2060, 0x206f),
        (0x3164, 0x3164),
        (0xfe00, 0xfe0f),
        (0xfeff, 0xfeff),
        (0xffa0, 0xffa0),
        (0xfff9, 0xfffb),
        (0xfdd0, 0xfdef),
        (0xe0000, 0xe0fff),
    ];
    ranges.iter().any(|(from, to)| (*from..=*to).contains(&code)) || code & 0xffff >= 0xfffe
}

/// Fails if a text does anything to a terminal but to fill it with lines.
pub fn plain(text: &str, about: &str) {
    let hidden = text.chars().find(|c| is_hidden(*c) && !is_layout(*c));
    assert_eq!(hidden.map(|c| format!("U+{:04X}", c as u32)), None, "{about}: {text:?}");
    no_forged_line(text, about);
}

/// Fails if a report does anything to a terminal but to fill it with lines, some in colour, or if it says something else
/// in colour.
pub fn report(of: impl Fn(Palette) -> String, about: &str) {
    let [without, with] = [Palette::Plain, Palette::Coloured].map(of);
    plain(&without, about);
    assert_eq!(without_styles(&with, about), without, "{about}");
    terminal::shows(&with, &without, about);
}

/// The text without the sequences that choose colour and weight.
fn without_styles(text: &str, about: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut left = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (parameters, rest) =
            part.split_once('m').unwrap_or_else(|| panic!("{about}: {text:?}"));
        let is_style = parameters.split(';').all(|it| {
            it.parse::<u8>().is_ok_and(|it| matches!(it, 0..=4 | 22 | 30..=39 | 90..=97))
        });
        assert!(is_style, "{about}: {parameters:?} in {text:?}");
        left.push_str(rest);
    }
    left
}

/// Fails if a line begins as only a verdict of ours does, and is followed by what a hostile text says.
fn no_forged_line(text: &str, about: &str) {
    for line in text.lines() {
        let is_forged =
            ["PASS fake", "PASS b", "== b =="].iter().any(|forged| line.starts_with(forged));
        assert!(!is_forged, "{about}: {text:?}");
    }
}

/// The texts and attributes of a document, which has to be well-formed.
pub fn xml(document: &str, about: &str) -> Vec<String> {
    let allowed = |c: char| !is_hidden(c) || matches!(c, '\n' | '\t');
    assert!(document.chars().all(allowed), "{about}: {document:?}");
    let mut reader = Reader::from_str(document);
    let failed = |why: String| -> ! { panic!("{about}: {why} in {document}") };
    let (mut texts, mut last) = (Vec::new(), String::new());
    loop {
        match reader.read_event() {
            Ok(Event::Eof) => return texts,
            Ok(Event::Start(tag) | Event::Empty(tag)) => {
                for attribute in tag.attributes() {
                    let attribute = attribute.unwrap_or_else(|why| failed(why.to_string()));
                    let value = attribute
                        .normalized_value(XmlVersion::Explicit1_0)
                        .unwrap_or_else(|why| failed(why.to_string()));
                    texts.push(value.into_owned());
                }
                last.clear();
            }
            Ok(Event::Text(text)) => {
                last.push_str(&text.decode().unwrap_or_else(|why| failed(why.to_string())));
            }
            Ok(Event::GeneralRef(name)) => {
                let name = name.decode().unwrap_or_else(|why| failed(why.to_string()));
                let entity = format!("&{name};");
                let text = quick_xml::escape::unescape(&entity);
                last.push_str(&text.unwrap_or_else(|why| failed(why.to_string())));
            }
            Ok(Event::CData(text)) => {
                last.push_str(&text.decode().unwrap_or_else(|why| failed(why.to_string())));
            }
            Ok(Event::End(_)) => texts.push(std::mem::take(&mut last).trim().to_owned()),
            Ok(_) => {}
            Err(why) => failed(why.to_string()),
        }
    }
}

/// The rows of a table, whose cells a spreadsheet may open.
pub fn csv(table: &[u8], about: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(table);
    let rows = reader.records().map(|row| {
        let row = row.unwrap_or_else(|why| panic!("{about}: {why}"));
        row.iter().map(str::to_owned).collect::<Vec<_>>()
    });
    let rows: Vec<Vec<String>> = rows.collect();
    for cell in rows.iter().flatten() {
        plain(cell, about);
        let is_formula = cell.trim_start().starts_with(['=', '+', '-', '@']);
        assert!(!is_formula || cell.parse::<f64>().is_ok(), "{about}: {cell:?}");
    }
    rows
}

/// A document, whose text a terminal may show as well.
pub fn json(document: &str, about: &str) -> serde_json::Value {
    plain(document, about);
    serde_json::from_str(document).unwrap_or_else(|why| panic!("{about}: {why} in {document}"))
}

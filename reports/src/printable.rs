//! Texts on their way out: the last place at which what a text does to its reader can be prevented.
//!
//! Texts of a scenario follow the rules of its language, but reports also show names of files, arguments, journals, comments
//! of imported configurations and committed timelines, which may hold anything. Everything that goes to a terminal passes
//! through [`terminal`], and texts for other readers through [`csv_cell`], [`json`] and [`xml`]. A
//! [hidden](sim_models::printable::is_hidden) character is shown as one that can be seen, or written as an escape where
//! the format has escapes.

use std::borrow::Cow;
use std::fmt::Write;
use std::path::Path;

use sim_models::printable::{is_hidden, line, lines, shown};

use crate::Palette;

/// A text for a terminal: lines of visible characters, and the colours of a palette.
///
/// ```
/// # use sim_reports::{Palette, printable::terminal};
/// let text = "\u{1b}[32mPASS\u{1b}[0m \u{1b}]0;title\u{7}";
/// assert_eq!(terminal(text, Palette::Coloured), "\u{1b}[32mPASS\u{1b}[0m ␛]0;title␇");
/// assert_eq!(terminal(text, Palette::Plain), "␛[32mPASS␛[0m ␛]0;title␇");
/// ```
pub fn terminal(text: &str, palette: Palette) -> Cow<'_, str> {
    let text = without_carriage_returns(text);
    if palette == Palette::Plain || !text.contains(ESCAPE) {
        return match text {
            Cow::Borrowed(text) => lines(text),
            Cow::Owned(text) => Cow::Owned(lines(&text).into_owned()),
        };
    }
    let mut out = String::with_capacity(text.len());
    let mut rest: &str = &text;
    while let Some(start) = rest.find(ESCAPE) {
        let colour = colour_at(&rest[start..]);
        out.push_str(&lines(&rest[..start]));
        out.push_str(if colour.is_empty() { "␛" } else { colour });
        rest = &rest[start + colour.len().max(ESCAPE.len_utf8())..];
    }
    out.push_str(&lines(rest));
    Cow::Owned(out)
}

/// A path on one line.
pub fn path(path: &Path) -> String {
    line(&path.to_string_lossy()).into_owned()
}

/// A cell of a table for spreadsheets. They take a text that begins with `=`, `+`, `-` or `@` for a formula and run it,
/// so such a text, unless it is a number, begins with an apostrophe, which they do not show.
pub fn csv_cell(text: &str) -> Cow<'_, str> {
    let text = line(text);
    let is_formula = text.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    if is_formula && text.parse::<f64>().is_err() { Cow::Owned(format!("'{text}")) } else { text }
}

/// A JSON document in which hidden characters of texts are escapes; it means the same.
pub fn json(document: &str) -> Cow<'_, str> {
    // Outside of texts there are none but the ends of lines.
    let must_escape = |c: char| is_hidden(c) && c != '\n';
    if !document.contains(must_escape) {
        return Cow::Borrowed(document);
    }
    let mut out = String::with_capacity(document.len() + 16);
    for c in document.chars() {
        if must_escape(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// An XML document without hidden characters but tabs and the ends of lines; XML does not allow most of the others.
pub fn xml(document: &str) -> Cow<'_, str> {
    lines(document)
}

const ESCAPE: char = '\u{1b}';

/// The ends of lines of other systems as those of ours.
fn without_carriage_returns(text: &str) -> Cow<'_, str> {
    if text.contains("\r\n") { Cow::Owned(text.replace("\r\n", "\n")) } else { Cow::Borrowed(text) }
}

/// The sequence for colour, weight or underline at the beginning of a text; empty if there is none. No report uses any other
/// sequence, such as one that hides what follows.
fn colour_at(text: &str) -> &str {
    let Some((parameters, _)) = text.strip_prefix("\u{1b}[").and_then(|it| it.split_once('m'))
    else {
        return "";
    };
    let is_style = |number: &str| {
        number.len() <= 2
            && number.bytes().all(|digit| digit.is_ascii_digit())
            && matches!(number.parse::<u8>(), Ok(0..=4 | 30..=37 | 39 | 90..=97))
    };
    let is_colour = parameters.split(';').all(is_style);
    if is_colour { &text[.."\u{1b}[m".len() + parameters.len()] } else { "" }
}

/// A text in which each hidden character but the end of a line is a visible one, and the place in it of each place in the
/// original.
pub(crate) struct Visible<'a> {
    original: &'a str,
    text: Cow<'a, str>,
}

impl<'a> Visible<'a> {
    /// Makes hidden characters visible.
    pub fn new(original: &'a str) -> Self {
        let is_shown = |c: char| is_hidden(c) && !matches!(c, '\n' | '\t' | '\r');
        let text = if original.contains(is_shown) {
            Cow::Owned(original.chars().map(|c| if is_shown(c) { shown(c) } else { c }).collect())
        } else {
            Cow::Borrowed(original)
        };
        Self { original, text }
    }

    /// The visible text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The place of a byte of the original.
    pub fn place(&self, byte: usize) -> usize {
        let before = self.original.char_indices().take_while(|(at, _)| *at < byte);
        match self.text {
            Cow::Borrowed(_) => byte,
            Cow::Owned(_) => before.zip(self.text.chars()).map(|(_, shown)| shown.len_utf8()).sum(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_colours_pass_and_only_if_there_are_any() {
        let hostile =
            "\u{1b}[8mhidden\u{1b}[2J\u{1b}[1;31mred\u{1b}[38;5;1m\u{1b}[+1m\r\n\u{9b}31m\u{1b}";
        assert_eq!(
            terminal(hostile, Palette::Coloured),
            "␛[8mhidden␛[2J\u{1b}[1;31mred␛[38;5;1m␛[+1m\n\u{fffd}31m␛"
        );
        assert!(!terminal(hostile, Palette::Plain).contains('\u{1b}'));
    }

    #[test]
    fn formulas_become_texts_and_numbers_stay() {
        assert_eq!(csv_cell("=1+1"), "'=1+1");
        assert_eq!(csv_cell(" @SUM(A1)"), "' @SUM(A1)");
        assert_eq!(csv_cell("-web"), "'-web");
        assert_eq!(csv_cell("\t=1"), "␉=1");
        for same in ["-0.25", "+3", "-1e-9", "web", "a -> b", "", "5s"] {
            assert_eq!(csv_cell(same), same);
        }
    }

    #[test]
    fn a_document_with_escapes_means_the_same() {
        let text = "a\u{7f}\u{9b}\u{202e}\u{e0041}\u{ffff}\n";
        let document = serde_json::to_string_pretty(&[text]).expect("JSON");
        let escaped = json(&document);
        assert!(!escaped.contains(|c| is_hidden(c) && c != '\n'));
        assert_eq!(serde_json::from_str::<[String; 1]>(&escaped).expect("JSON"), [text]);
    }

    #[test]
    fn places_move_with_the_characters_before_them() {
        let visible = Visible::new("\u{1b}é\u{e0041}x");
        assert_eq!(visible.text(), "␛é\u{fffd}x");
        let places = [0, 1, 3, 7, 8].map(|byte| visible.place(byte));
        assert_eq!(places, [0, 3, 5, 8, 9]);
    }
}

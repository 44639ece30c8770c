//! The page that a report is written on.

use unicode_width::UnicodeWidthStr;

use crate::Palette;

/// The colours of a report, and the columns that its lines may take.
///
/// A palette alone stands for one of [100 columns](Self::COLUMNS).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paper {
    palette: Palette,
    columns: usize,
}

impl Paper {
    /// The columns of a report if nobody says how many there are.
    pub const COLUMNS: usize = 100;
    /// The fewest columns: narrower terminals break lines themselves.
    pub const FEWEST: usize = 60;

    /// A report with these colours and columns, but at least [`FEWEST`](Self::FEWEST).
    pub fn new(palette: Palette, columns: usize) -> Self {
        Self { palette, columns: columns.max(Self::FEWEST) }
    }

    /// Its colours.
    pub(crate) fn palette(self) -> Palette {
        self.palette
    }

    /// The columns that a line may take.
    pub(crate) fn columns(self) -> usize {
        self.columns
    }

    /// The columns within a section, which is indented.
    pub(crate) fn within_section(self) -> usize {
        self.columns - 2
    }
}

impl From<Palette> for Paper {
    fn from(palette: Palette) -> Self {
        Self::new(palette, Self::COLUMNS)
    }
}

/// The columns that a text takes on a terminal.
pub(crate) fn columns_of(text: &str) -> usize {
    text.width()
}

/// Lines of at most `columns`, broken between words but not within numbers such as `12 034` or before their units; the
/// first begins after `indent` columns, the others after `hanging`. A word that is longer than a line has a line of its own.
pub(crate) fn wrapped(text: &str, columns: usize, indent: usize, hanging: usize) -> Vec<String> {
    let mut lines = vec![" ".repeat(indent)];
    let mut is_empty = true;
    for word in &words(text) {
        let last = lines.last_mut().expect("there is always a line");
        let gap = usize::from(!is_empty);
        let gains = !is_empty || indent > hanging;
        if gains && columns_of(last) + gap + columns_of(word) > columns {
            lines.push(format!("{}{word}", " ".repeat(hanging)));
            is_empty = false;
            continue;
        }
        last.extend(std::iter::repeat_n(' ', gap));
        last.push_str(word);
        is_empty = false;
    }
    lines
}

/// The words of a text; a number is one word with its unit.
fn words(text: &str) -> Vec<String> {
    const UNITS: [&str; 7] = ["ns", "µs", "ms", "s", "min", "h", "%"];
    let ends_in_digit = |word: &str| word.ends_with(|c: char| c.is_ascii_digit());
    let is_group = |word: &str| word.chars().take_while(char::is_ascii_digit).count() == 3;
    let is_unit = |word: &str| UNITS.contains(&word.trim_end_matches([',', ';', ':', ')', '.']));
    let mut words: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        match words.last_mut() {
            Some(last) if ends_in_digit(last) && (is_group(word) || is_unit(word)) => {
                last.push(' ');
                last.push_str(word);
            }
            _ => words.push(word.to_owned()),
        }
    }
    words
}

/// A text of at most `columns`: one that is longer without its middle.
pub(crate) fn shortened(text: &str, columns: usize) -> String {
    if columns_of(text) <= columns {
        return text.to_owned();
    }
    let room = columns.saturating_sub(1);
    let mut taken = 0;
    let mut fits = |c: &char, most: usize| {
        taken += columns_of(c.encode_utf8(&mut [0; 4]));
        taken <= most
    };
    let first: String = text.chars().take_while(|c| fits(c, room.div_ceil(2))).collect();
    taken = columns_of(&first);
    let mut fits = |c: &char| {
        taken += columns_of(c.encode_utf8(&mut [0; 4]));
        taken <= room
    };
    let last: Vec<char> = text.chars().rev().take_while(|c| fits(c)).collect();
    first.chars().chain(['…']).chain(last.into_iter().rev()).collect()
}

/// A paragraph of lines of at most `columns`.
pub(crate) fn paragraph(text: &str, columns: usize) -> String {
    wrapped(text, columns, 0, 0).join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words_and_long_words_stand_alone() {
        assert_eq!(wrapped("one two three", 7, 0, 2), ["one two", "  three"]);
        assert_eq!(wrapped("at calls.api", 8, 2, 4), ["  at", "    calls.api"]);
        assert_eq!(wrapped("", 8, 2, 4), ["  "]);
        assert_eq!(
            wrapped("verdict", 8, 6, 2),
            ["      ", "  verdict"],
            "there is no room before it"
        );
        assert_eq!(paragraph("あい うえ", 5), "あい\nうえ", "two columns each");
        assert_eq!(wrapped("of 12 034 runs", 8, 0, 0), ["of", "12 034", "runs"]);
        assert_eq!(wrapped("after 1.50 ms, then", 9, 0, 0), ["after", "1.50 ms,", "then"]);
        assert_eq!(shortened("checkout-service", 9), "chec…vice");
        assert_eq!(shortened("あいうえ", 6), "あ…え");
    }
}

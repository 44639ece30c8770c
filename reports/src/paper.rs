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

/// Lines of at most `columns`, broken between words; the first begins after `indent` columns, the
/// others after `hanging`. A word that is longer than a line has a line of its own.
pub(crate) fn wrapped(text: &str, columns: usize, indent: usize, hanging: usize) -> Vec<String> {
    let mut lines = vec![" ".repeat(indent)];
    let mut is_empty = true;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
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
    }
}

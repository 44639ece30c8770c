//! Colours with a meaning, for a terminal; without them, the text says the same.

use anstyle::{AnsiColor, Style};
use sim_models::printable::lines;

/// The use of colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Palette {
    /// No escape sequences at all.
    Plain,
    /// ANSI colours.
    Coloured,
}

/// The meaning of a piece of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Heading,
    Faint,
    Fault,
    Worse,
    Probing,
    Better,
}

impl Palette {
    /// `text` in the colour of its meaning, and no other that it may bring along.
    pub(crate) fn paint(self, tone: Tone, text: &str) -> String {
        let text = lines(text);
        if self == Self::Plain {
            return text.into_owned();
        }
        let colour = |colour: AnsiColor| Style::new().fg_color(Some(colour.into()));
        let style = match tone {
            Tone::Heading => Style::new().bold(),
            Tone::Faint => Style::new().dimmed(),
            Tone::Fault => colour(AnsiColor::Magenta).bold(),
            Tone::Worse => colour(AnsiColor::Red),
            Tone::Probing => colour(AnsiColor::Yellow),
            Tone::Better => colour(AnsiColor::Green),
        };
        format!("{style}{text}{style:#}")
    }

    /// `text`, faint, padded with spaces to `width`.
    pub(crate) fn paint_padded(self, text: &str, width: usize) -> String {
        self.paint(Tone::Faint, &format!("{text:width$}"))
    }
}

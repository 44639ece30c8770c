//! The font of all plots, its sizes, and the room that texts take.

use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{IntoFont, TextStyle};
use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider};

use super::Colour;

/// Embedded, so that a plot needs no installed font and is the same everywhere.
pub(super) const FONT: &[u8] = include_bytes!("../../fonts/DejaVuSans-subset.ttf");
/// The name of the embedded font, and fonts of other readers of an SVG that are about as wide.
const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";

/// The name of a run, in pixels like all sizes.
pub(crate) const HEADING: i32 = 20;
/// The title of a plot or panel.
pub(crate) const TITLE: i32 = 14;
/// Axes, legends and everything else.
pub(crate) const LABEL: i32 = 12;

/// The point of a text that lies at its place.
#[derive(Clone, Copy, Debug)]
pub enum Anchor {
    /// Its upper left corner.
    Left,
    /// The middle of its upper edge.
    Middle,
    /// Its upper right corner.
    Right,
}

/// The colour and size of a text, and the point at which it is held.
#[derive(Clone, Copy, Debug)]
pub struct Ink {
    /// Its colour.
    pub colour: Colour,
    /// The height of the font in pixels.
    pub size: i32,
    /// The point at which it is held.
    pub anchor: Anchor,
}

impl Ink {
    pub(super) fn style(self) -> TextStyle<'static> {
        // The SVG backend divides sizes by this.
        const PLOTTERS: f64 = 1.24;
        let across = match self.anchor {
            Anchor::Left => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::Right => HPos::Right,
        };
        (FAMILY, f64::from(self.size) * PLOTTERS)
            .into_font()
            .color(&self.colour.rgba())
            .pos(Pos::new(across, VPos::Top))
    }
}

/// The width of `text` in pixels, rounded up.
pub(crate) fn width(text: &str, size: i32) -> i32 {
    text.chars().map(advances(size)).sum::<f32>().ceil() as i32
}

/// `text`, or as much of it as fits into `room` pixels and an ellipsis; nothing if not even that fits.
pub(crate) fn fitted(text: &str, size: i32, room: i32) -> String {
    const ELLIPSIS: char = '…';
    if width(text, size) <= room {
        return text.to_owned();
    }
    let advance = advances(size);
    let mut left = room as f32 - advance(ELLIPSIS);
    if left < 0.0 {
        return String::new();
    }
    let fits = |c: &char| {
        left -= advance(*c);
        left >= 0.0
    };
    let kept: String = text.chars().take_while(fits).collect();
    format!("{}{ELLIPSIS}", kept.trim_end())
}

/// Lines of words that fit into `room` pixels; a word that does not is cut.
pub(crate) fn wrapped_to(text: &str, size: i32, room: i32) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let longer = lines.last().map(|line| format!("{line} {word}"));
        match longer.filter(|longer| width(longer, size) <= room) {
            Some(longer) => {
                lines.pop();
                lines.push(longer);
            }
            None => lines.push(fitted(word, size, room)),
        }
    }
    lines
}

/// The distance from each character to the next.
fn advances(size: i32) -> impl Fn(char) -> f32 {
    let font = FontRef::new(FONT).expect("the embedded font is one");
    let (glyphs, metrics) =
        (font.charmap(), font.glyph_metrics(Size::new(size as f32), LocationRef::default()));
    move |c| {
        let glyph = glyphs.map(c).unwrap_or_default();
        metrics.advance_width(glyph).unwrap_or(size as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_to_their_room_and_never_within_a_character() {
        assert_eq!(fitted("größer", LABEL, 200), "größer");
        let cut = fitted("größer als 99,9 %", LABEL, 60);
        assert!(cut.starts_with("größ") && cut.ends_with('…'), "{cut}");
        assert!(width(&cut, LABEL) <= 60, "{cut}");
        assert_eq!(fitted("größer", LABEL, 3), "");
        assert_eq!(fitted("", LABEL, 0), "");
    }

    #[test]
    fn lines_are_broken_between_words() {
        let lines = wrapped_to("one two three four", LABEL, 60);
        assert_eq!(lines, ["one two", "three four"]);
        assert!(wrapped_to(&"x".repeat(1_000), LABEL, 60)[0].ends_with('…'));
        assert!(wrapped_to("", LABEL, 60).is_empty());
    }

    #[test]
    fn the_width_grows_with_the_size_and_every_character_has_one() {
        assert!(width("mm", LABEL) > width("ii", LABEL));
        assert!(width("web", HEADING) > width("web", LABEL));
        assert!(width("東\u{fffd}␛", LABEL) >= 3 * 5);
    }
}

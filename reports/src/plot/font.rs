//! The font of all plots, and its sizes.

use std::sync::Once;

use plotters::style::{FontStyle, IntoFont, TextStyle, register_font};

use super::Colour;

/// Embedded, so that a plot needs no installed font and is the same everywhere.
const FONT: &[u8] = include_bytes!("../../fonts/DejaVuSans-subset.ttf");
const NAME: &str = "sans-serif";

/// The name of a run.
pub(crate) const HEADING: i32 = 22;
/// The title of a plot or panel.
pub(crate) const TITLE: i32 = 16;
/// A fault above the time axis.
pub(crate) const FAULT: i32 = 14;
/// Axes, legends and everything else.
pub(crate) const LABEL: i32 = 13;
/// Remarks.
pub(crate) const SMALL: i32 = 11;

/// Makes the embedded font known to the plotting library; later calls do nothing.
pub(super) fn register() {
    static REGISTER: Once = Once::new();
    REGISTER.call_once(|| {
        // Fails only if the bytes are no font; the text would then be missing, and the tests that
        // compare plots would fail.
        let _ = register_font(NAME, FontStyle::Normal, FONT);
    });
}

pub(super) fn style(size: i32, colour: Colour) -> TextStyle<'static> {
    (NAME, size).into_font().color(&colour.rgba())
}

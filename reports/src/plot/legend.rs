//! Legends: the meaning of colours and marks.

use super::canvas::{Canvas, Drawn, Pixel};
use super::{Colour, font};

/// A mark for a point.
#[derive(Clone, Copy, Debug)]
pub enum Mark {
    /// A circle of a radius in pixels.
    Dot(i32),
    /// A triangle of a size in pixels.
    Triangle(i32),
}

/// A title with a legend on its right, `top` pixels below the upper edge; `gap` pixels separate the
/// entries.
pub(crate) fn titled_legend(
    canvas: &dyn Canvas,
    title: &str,
    top: i32,
    entries: &[(&str, Colour)],
    gap: i32,
) -> Drawn {
    const LEFT: i32 = 320;
    canvas.write(title, (16, top), font::TITLE)?;
    let mut x = LEFT;
    for (name, colour) in entries {
        entry(canvas, name, *colour, (x, top + 2))?;
        x += SWATCH + gap + name.len() as i32 * CHARACTER;
    }
    Ok(())
}

/// The width of a swatch with the room behind it.
const SWATCH: i32 = 20;
/// The usual width of a character.
const CHARACTER: i32 = 8;

fn entry(canvas: &dyn Canvas, name: &str, colour: Colour, (x, y): Pixel) -> Drawn {
    canvas.rectangle([(x, y + 2), (x + 14, y + 12)], colour)?;
    canvas.write(name, (x + SWATCH, y), font::LABEL)
}

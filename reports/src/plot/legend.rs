//! Legends: the meaning of colours, patterns and marks.

use super::canvas::{Canvas, Drawn, Pixel};
use super::{Colour, colour, font};

/// A mark for a point.
#[derive(Clone, Copy, Debug)]
pub enum Mark {
    /// A circle of a radius in pixels.
    Dot(i32),
    /// A triangle of a size in pixels.
    Triangle(i32),
}

/// The present value of a setting or figure.
pub(crate) const NOW: Mark = Mark::Triangle(6);
/// The recommended value.
pub(crate) const RECOMMENDED: Mark = Mark::Dot(6);

/// The look of something in a plot.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Swatch {
    /// An area.
    Area(Colour),
    /// An area with lines across it, which tell it from others without its colour.
    Lined(Colour),
    /// A low bar.
    Low(Colour),
    /// A bar of half the height.
    Half(Colour),
    /// A bar with a dark upper edge.
    Capped(Colour),
    /// A line of a width in pixels.
    Line(Colour, i32),
    /// A thin line with short ends, as for an interval.
    Interval(Colour),
    /// A frame around something.
    Frame(Colour),
    /// A mark.
    Mark(Mark, Colour),
}

/// The width and height of a swatch, and the room behind it.
const SIZE: (i32, i32) = (16, 11);
const BEHIND: i32 = 5;
/// The room between two entries.
const BETWEEN: i32 = 20;

/// The entries of a legend, side by side.
pub(crate) struct Legend<'a>(pub &'a [(&'a str, Swatch)]);

impl Legend<'_> {
    /// Draws it; `at` is its upper left corner.
    pub fn draw(&self, canvas: &dyn Canvas, at: Pixel) -> Drawn {
        let mut left = at.0;
        for (name, swatch) in self.0 {
            swatch.draw(canvas, (left, at.1))?;
            left += SIZE.0 + BEHIND;
            canvas.write(name, (left, at.1), font::LABEL)?;
            left += font::width(name, font::LABEL) + BETWEEN;
        }
        Ok(())
    }

    /// Draws a title and the legend on its right.
    pub fn draw_titled(&self, canvas: &dyn Canvas, title: &str, (left, top): Pixel) -> Drawn {
        canvas.write(title, (left, top), font::TITLE)?;
        let right = left + font::width(title, font::TITLE) + BETWEEN;
        self.draw(canvas, (right, top + font::TITLE - font::LABEL))
    }
}

impl Swatch {
    fn draw(self, canvas: &dyn Canvas, (left, top): Pixel) -> Drawn {
        let (right, bottom) = (left + SIZE.0, top + SIZE.1);
        let (middle, centre) = (i32::midpoint(left, right), i32::midpoint(top, bottom));
        let bar = |height: i32, colour| {
            canvas.rectangle([(left, bottom - height), (right, bottom)], colour)
        };
        match self {
            Self::Area(colour) => bar(SIZE.1, colour),
            Self::Lined(colour) => {
                bar(SIZE.1, colour)?;
                [3, 8].iter().try_for_each(|y| {
                    canvas.line([(left, top + y), (right, top + y)], colour::ACROSS)
                })
            }
            Self::Low(colour) => bar(2, colour),
            Self::Half(colour) => bar(SIZE.1 / 2, colour),
            Self::Capped(colour) => {
                bar(SIZE.1, colour)?;
                canvas.rectangle([(left, top), (right, top + 2)], colour::TEXT)
            }
            Self::Line(colour, width) => {
                let above = centre - width / 2;
                canvas.rectangle([(left, above), (right, above + width)], colour)
            }
            Self::Interval(colour) => {
                let ends = [
                    [(left, centre), (right, centre)],
                    [(left, top + 2), (left, bottom - 2)],
                    [(right, top + 2), (right, bottom - 2)],
                ];
                ends.iter().try_for_each(|line| canvas.line(*line, colour))
            }
            Self::Frame(colour) => canvas.frame([(left, top), (right, bottom)], colour),
            Self::Mark(mark, colour) => canvas.mark((middle, centre), mark, colour),
        }
    }
}

//! A surface of pixels to write and draw on.

use std::ops::Range;

use plotters::coord::Shift;
use plotters::prelude::{
    Circle, Color, DrawingArea, DrawingAreaErrorKind, DrawingBackend, PathElement, Rectangle, Text,
    TriangleMarker,
};
use sim_models::printable::line;
use thiserror::Error;

use super::chart::{self, Chart, ChartFrame, Scale};
use super::font::{Anchor, Ink};
use super::{Colour, Mark, colour};

/// A place on a canvas: pixels from its left and upper edges.
pub(crate) type Pixel = (i32, i32);

/// The result of drawing something.
pub(crate) type Drawn = Result<(), DrawError>;

/// An error of the plotting library, or of what makes pixels of its drawings.
#[derive(Debug, Error)]
#[error("{0}")]
pub struct DrawError(pub(super) String);

impl<E: std::error::Error + Send + Sync> From<DrawingAreaErrorKind<E>> for DrawError {
    fn from(error: DrawingAreaErrorKind<E>) -> Self {
        Self(error.to_string())
    }
}

/// A surface of pixels, counted from its upper left corner.
///
/// Every method fails only if the plotting library does.
pub trait Canvas {
    /// Writes `text` in an ink, held at a place.
    fn write_in(&self, ink: Ink, text: &str, at: Pixel) -> Drawn;

    /// Writes `text` in the colour of text; `at` is its upper left corner and `size` the height of the font.
    fn write(&self, text: &str, at: Pixel, size: i32) -> Drawn {
        self.write_in(Ink { colour: colour::TEXT, size, anchor: Anchor::Left }, text, at)
    }

    /// Fills a rectangle between its upper left and lower right corners.
    fn rectangle(&self, corners: [Pixel; 2], colour: Colour) -> Drawn;

    /// Draws the edges of a rectangle, two pixels wide.
    fn frame(&self, corners: [Pixel; 2], colour: Colour) -> Drawn;

    /// Draws a line one pixel wide.
    fn line(&self, ends: [Pixel; 2], colour: Colour) -> Drawn;

    /// Draws a mark around its centre.
    fn mark(&self, centre: Pixel, mark: Mark, colour: Colour) -> Drawn;

    /// The strip of this canvas, over its whole width, between two heights.
    fn strip(&self, heights: Range<u32>) -> Box<dyn Canvas + '_>;

    /// Equal parts of this canvas, row by row.
    fn grid(&self, rows: usize, columns: usize) -> Vec<Box<dyn Canvas + '_>>;

    /// A chart over the whole canvas but for its frame.
    fn chart(
        &self,
        frame: ChartFrame,
        x: Range<f64>,
        y: Scale,
    ) -> Result<Box<dyn Chart + '_>, DrawError>;
}

impl<DB: DrawingBackend> Canvas for DrawingArea<DB, Shift> {
    fn write_in(&self, ink: Ink, text: &str, at: Pixel) -> Drawn {
        Ok(self.draw(&Text::new(line(text), at, ink.style()))?)
    }

    fn rectangle(&self, corners: [Pixel; 2], colour: Colour) -> Drawn {
        Ok(self.draw(&Rectangle::new(corners, colour.rgba().filled()))?)
    }

    fn frame(&self, corners: [Pixel; 2], colour: Colour) -> Drawn {
        let [(left, top), (right, bottom)] = corners;
        let edge = |corners| self.draw(&Rectangle::new(corners, colour.rgba().filled()));
        edge([(left, top), (right, top + 2)])?;
        edge([(left, bottom - 2), (right, bottom)])?;
        edge([(left, top), (left + 2, bottom)])?;
        Ok(edge([(right - 2, top), (right, bottom)])?)
    }

    fn line(&self, ends: [Pixel; 2], colour: Colour) -> Drawn {
        Ok(self.draw(&PathElement::new(ends, colour.rgba()))?)
    }

    fn mark(&self, centre: Pixel, mark: Mark, colour: Colour) -> Drawn {
        let style = colour.rgba().filled();
        Ok(match mark {
            Mark::Dot(radius) => self.draw(&Circle::new(centre, radius, style)),
            Mark::Triangle(size) => self.draw(&TriangleMarker::new(centre, size, style)),
        }?)
    }

    fn strip(&self, heights: Range<u32>) -> Box<dyn Canvas + '_> {
        let (_, below) = self.split_vertically(heights.start);
        let (strip, _) = below.split_vertically(heights.end - heights.start);
        Box::new(strip)
    }

    fn grid(&self, rows: usize, columns: usize) -> Vec<Box<dyn Canvas + '_>> {
        let parts = self.split_evenly((rows, columns)).into_iter();
        parts.map(|part| Box::new(part) as Box<dyn Canvas>).collect()
    }

    fn chart(
        &self,
        frame: ChartFrame,
        x: Range<f64>,
        y: Scale,
    ) -> Result<Box<dyn Chart + '_>, DrawError> {
        chart::build(self, frame, x, y)
    }
}

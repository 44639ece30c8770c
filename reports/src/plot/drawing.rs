//! Drawings, and their two file formats.

use plotters::prelude::{IntoDrawingArea, SVGBackend, WHITE};

use super::canvas::{Canvas, DrawError, Drawn};
use crate::printable;

/// A plot.
pub trait Drawing {
    /// The name of its files, without an ending.
    fn name(&self) -> &'static str;

    /// Its width and height in pixels.
    fn size(&self) -> (u32, u32);

    /// Draws it on a white canvas of its size.
    ///
    /// # Errors
    /// If the plotting library fails.
    fn draw(&self, canvas: &dyn Canvas) -> Result<(), DrawError>;
}

/// A drawing as SVG.
///
/// # Errors
/// If the plotting library fails.
pub fn svg(drawing: &dyn Drawing) -> Result<String, DrawError> {
    let mut text = String::new();
    draw(drawing, SVGBackend::with_string(&mut text, drawing.size()))?;
    Ok(printable::xml(&text).into_owned())
}

fn draw(drawing: &dyn Drawing, backend: SVGBackend<'_>) -> Drawn {
    let area = backend.into_drawing_area();
    area.fill(&WHITE)?;
    drawing.draw(&area)?;
    Ok(area.present()?)
}

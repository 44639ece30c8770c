//! Drawings, and their two file formats.

use plotters::coord::Shift;
use plotters::prelude::{
    BitMapBackend, DrawingArea, DrawingBackend, IntoDrawingArea, SVGBackend, WHITE,
};

use super::canvas::{Canvas, DrawError, Drawn};
use super::font;
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

fn draw<DB: DrawingBackend>(drawing: &dyn Drawing, area: &DrawingArea<DB, Shift>) -> Drawn {
    font::register();
    area.fill(&WHITE)?;
    drawing.draw(area)?;
    Ok(area.present()?)
}

/// A drawing as SVG.
///
/// # Errors
/// If the plotting library fails.
pub fn svg(drawing: &dyn Drawing) -> Result<String, DrawError> {
    let mut text = String::new();
    draw(drawing, &SVGBackend::with_string(&mut text, drawing.size()).into_drawing_area())?;
    Ok(printable::xml(&text).into_owned())
}

/// A drawing as PNG.
///
/// # Errors
/// If the plotting library or the encoder fails.
pub fn png(drawing: &dyn Drawing) -> Result<Vec<u8>, DrawError> {
    let (width, height) = drawing.size();
    let mut pixels = vec![0; (width * height * 3) as usize];
    let backend = BitMapBackend::with_buffer(&mut pixels, (width, height));
    draw(drawing, &backend.into_drawing_area())?;
    encoded(width, height, &pixels).map_err(|error| DrawError(error.to_string()))
}

fn encoded(width: u32, height: u32, pixels: &[u8]) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    // Half the size would cost a quarter of the time that writing all files takes.
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(bytes)
}

//! Pictures, and how they become files.

use std::sync::Once;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::{FontStyle, register_font};

/// A font of our own, so that a picture needs none of the machine's and is the same everywhere.
const FONT: &[u8] = include_bytes!("../../fonts/DejaVuSans-subset.ttf");
pub(crate) const FONT_NAME: &str = "sans-serif";

/// Colours that people with any colour vision tell apart (Okabe and Ito, 2008).
pub(crate) mod colour {
    use plotters::style::RGBColor;

    pub const OK: RGBColor = RGBColor(0, 158, 115);
    pub const DEGRADED: RGBColor = RGBColor(230, 159, 0);
    pub const FAILED: RGBColor = RGBColor(213, 94, 0);
    pub const MEDIAN: RGBColor = RGBColor(0, 114, 178);
    pub const TAIL: RGBColor = RGBColor(204, 121, 167);
    pub const BUSY: RGBColor = RGBColor(86, 180, 233);
    pub const FULL: RGBColor = RGBColor(213, 94, 0);
    pub const FAULT: RGBColor = RGBColor(120, 120, 120);
    pub const TEXT: RGBColor = RGBColor(40, 40, 40);
    pub const FAINT: RGBColor = RGBColor(140, 140, 140);
}

pub(crate) type Drawn<DB> = Result<(), DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>>;

/// Something that can be drawn.
pub trait Picture {
    /// Its width and height in pixels.
    fn size(&self) -> (u32, u32);

    /// Draws it on a white ground of its size.
    ///
    /// # Errors
    /// If the drawing library refuses.
    fn draw<DB: DrawingBackend>(
        &self,
        root: &DrawingArea<DB, Shift>,
    ) -> Result<(), DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>>;
}

fn draw<DB: DrawingBackend>(picture: &impl Picture, root: &DrawingArea<DB, Shift>) -> Drawn<DB> {
    static REGISTER: Once = Once::new();
    REGISTER.call_once(|| {
        // Refused only if the bytes were no font; text would then be missing and the tests of the
        // picture would say so.
        let _ = register_font(FONT_NAME, FontStyle::Normal, FONT);
    });
    root.fill(&WHITE)?;
    picture.draw(root)?;
    root.present()
}

/// A picture as SVG.
///
/// # Errors
/// If the drawing library refuses.
pub fn svg(picture: &impl Picture) -> Result<String, String> {
    let mut text = String::new();
    draw(picture, &SVGBackend::with_string(&mut text, picture.size()).into_drawing_area())
        .map_err(|error| error.to_string())?;
    Ok(text)
}

/// A picture as PNG.
///
/// # Errors
/// If the drawing library or the encoder refuses.
pub fn png(picture: &impl Picture) -> Result<Vec<u8>, String> {
    let (width, height) = picture.size();
    let mut pixels = vec![0; (width * height * 3) as usize];
    draw(picture, &BitMapBackend::with_buffer(&mut pixels, (width, height)).into_drawing_area())
        .map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    // Half the size would cost a quarter of the time that writing all files takes.
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().map_err(|error| error.to_string())?;
    writer.write_image_data(&pixels).map_err(|error| error.to_string())?;
    writer.finish().map_err(|error| error.to_string())?;
    Ok(bytes)
}

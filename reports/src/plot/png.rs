//! PNG files, made from SVG.
//!
//! A plot is laid out once, as SVG; its pixels are those of the SVG, two by two for each of its own. The only font is the
//! embedded one, and nothing depends on the processor, so that the same SVG has the same bytes on every machine.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

use super::canvas::DrawError;
use super::font;

/// Pixels for each pixel of the SVG, in both directions.
const SCALE: f64 = 2.0;
/// The most pixels of a file; a larger plot has fewer for each of its own.
const MOST_PIXELS: f64 = 5e7;
/// The colours that a palette may have.
const MOST_COLOURS: usize = 256;

type Rgb = [u8; 3];

/// The picture of an SVG, twice as wide and twice as high.
///
/// # Errors
/// If the text is no SVG, or describes a picture without any pixels.
pub fn png_of(svg: &str) -> Result<Vec<u8>, DrawError> {
    let failed = |error: &dyn std::fmt::Display| DrawError(error.to_string());
    let tree = Tree::from_str(svg, &options()).map_err(|error| failed(&error))?;
    let (width, height) = (f64::from(tree.size().width()), f64::from(tree.size().height()));
    let scale = SCALE.min((MOST_PIXELS / width / height).sqrt());
    let pixels = |length: f64| ((length * scale) as u32).max(1);
    let mut picture = Pixmap::new(pixels(width), pixels(height))
        .ok_or_else(|| DrawError("it is too large".to_owned()))?;
    picture.fill(Color::WHITE);
    let scaled = Transform::from_scale(scale as f32, scale as f32);
    resvg::render(&tree, scaled, &mut picture.as_mut());
    encoded(&picture).map_err(|error| failed(&error))
}

fn options() -> Options<'static> {
    static FONTS: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
        let mut fonts = fontdb::Database::new();
        fonts.load_font_data(font::FONT.to_vec());
        Arc::new(fonts)
    });
    Options { fontdb: FONTS.clone(), ..Options::default() }
}

/// A file with a palette: a third of the size of one with three bytes a pixel.
fn encoded(picture: &Pixmap) -> Result<Vec<u8>, png::EncodingError> {
    let colours = colours(picture);
    let (palette, numbers) = palette(&colours);
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, picture.width(), picture.height());
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(palette.concat());
    encoder.set_compression(png::Compression::Balanced);
    encoder.set_filter(png::Filter::NoFilter);
    let mut writer = encoder.write_header()?;
    let mut last = (Rgb::default(), None);
    let indices = pixels(picture).map(|colour| match last {
        (same, Some(number)) if same == colour => number,
        _ => {
            let number = numbers[&colour];
            last = (colour, Some(number));
            number
        }
    });
    writer.write_image_data(&indices.collect::<Vec<u8>>())?;
    writer.finish()?;
    Ok(bytes)
}

fn pixels(picture: &Pixmap) -> impl Iterator<Item = Rgb> {
    // Nothing is transparent on a white ground.
    picture.data().chunks_exact(4).map(|pixel| [pixel[0], pixel[1], pixel[2]])
}

/// The number of pixels of each colour.
fn colours(picture: &Pixmap) -> BTreeMap<Rgb, usize> {
    let mut colours = BTreeMap::new();
    let mut run = (Rgb::default(), 0);
    for colour in pixels(picture) {
        if colour == run.0 {
            run.1 += 1;
        } else {
            *colours.entry(run.0).or_default() += run.1;
            run = (colour, 1);
        }
    }
    *colours.entry(run.0).or_default() += run.1;
    colours
}

/// The most frequent colours, and for each colour the number of the nearest of them. Those that are left out are mixtures
/// at the edges of letters.
fn palette(colours: &BTreeMap<Rgb, usize>) -> (Vec<Rgb>, BTreeMap<Rgb, u8>) {
    let mut frequent: Vec<(Rgb, usize)> =
        colours.iter().map(|(it, pixels)| (*it, *pixels)).collect();
    frequent.sort_by_key(|(colour, pixels)| (std::cmp::Reverse(*pixels), *colour));
    let palette: Vec<Rgb> = frequent.iter().take(MOST_COLOURS).map(|(colour, _)| *colour).collect();
    let numbers = frequent.iter().enumerate().map(|(place, (colour, _))| {
        let nearest = || (0..palette.len()).min_by_key(|other| distance(*colour, palette[*other]));
        let number = if place < palette.len() { place } else { nearest().unwrap_or(0) };
        (*colour, number as u8)
    });
    let numbers = numbers.collect();
    (palette, numbers)
}

/// The square of the distance between two colours.
fn distance(one: Rgb, other: Rgb) -> u32 {
    one.iter().zip(other).map(|(one, other)| u32::from(one.abs_diff(other)).pow(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn svg(width: u32, height: u32, body: &str) -> String {
        format!(
            "<svg width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
             xmlns=\"http://www.w3.org/2000/svg\">{body}</svg>"
        )
    }

    fn decoded(bytes: &[u8]) -> (u32, u32, Vec<u8>) {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().expect("a picture");
        let mut pixels = vec![0; reader.output_buffer_size().expect("its size")];
        let info = reader.next_frame(&mut pixels).expect("pixels");
        (info.width, info.height, pixels)
    }

    #[test]
    fn a_picture_has_two_pixels_for_one_in_each_direction() {
        let body = "<rect x=\"0\" y=\"0\" width=\"1\" height=\"3\" fill=\"#D55E00\"/>";
        let (width, height, pixels) = decoded(&png_of(&svg(2, 3, body)).expect("drawn"));
        assert_eq!((width, height), (4, 6));
        assert_eq!(pixels[..12], [213, 94, 0, 213, 94, 0, 255, 255, 255, 255, 255, 255]);
    }

    #[test]
    fn a_huge_picture_becomes_smaller_and_an_empty_one_is_an_error() {
        let (width, height, _) = decoded(&png_of(&svg(20_000, 20_000, "")).expect("drawn"));
        assert!(width == height && (7_000..=7_100).contains(&width), "{width}");
        assert!(png_of(&svg(0, 5, "")).is_err());
        assert!(png_of("no picture").is_err());
    }

    #[test]
    fn more_colours_than_a_palette_has_keep_the_most_frequent() {
        let colours: BTreeMap<Rgb, usize> = (0..=255_u8)
            .map(|grey| ([grey; 3], 9))
            .chain([([255, 0, 0], 100), ([1, 0, 0], 1)])
            .collect();
        let (palette, numbers) = palette(&colours);
        assert_eq!(palette.len(), MOST_COLOURS);
        assert_eq!(palette[usize::from(numbers[&[255, 0, 0]])], [255, 0, 0]);
        assert_eq!(palette[usize::from(numbers[&[1, 0, 0]])], [0, 0, 0]);
        assert_eq!(numbers.len(), colours.len());
    }

    #[test]
    fn letters_are_drawn_with_the_embedded_font() {
        let text = "<text x=\"2\" y=\"14\" font-family=\"DejaVu Sans, sans-serif\" font-size=\"12\">web: 1.5</text>";
        let (_, _, pixels) = decoded(&png_of(&svg(80, 20, text)).expect("drawn"));
        let dark = pixels.chunks_exact(3).filter(|pixel| pixel[0] < 128).count();
        assert!((200..1_000).contains(&dark), "{dark}");
    }
}

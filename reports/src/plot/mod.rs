//! The plot kit: surfaces to draw on, charts with axes, legends, and one set of fonts and colours.
//!
//! A plot is a [`Drawing`]. It is drawn through the `Canvas` and `Chart` traits as [`svg`], and pixels are made of that by
//! [`png_of`], so that both files show the same. The plots themselves live with the analysis they belong to; only those
//! shared by several analyses (`TradeOff`) are here. Nothing outside this folder uses the plotting library directly.

mod axes;
mod canvas;
mod chart;
pub(crate) mod colour;
mod drawing;
pub(crate) mod font;
mod legend;
mod png;
mod range;
mod trade_off;

pub(crate) use axes::Axis;
pub use canvas::DrawError;
pub(crate) use canvas::{Canvas, Drawn, Pixel};
pub(crate) use chart::{Chart, ChartFrame, Scale};
pub(crate) use colour::Colour;
pub use drawing::{Drawing, svg};
pub(crate) use font::{Anchor, Ink, fitted, wrapped_to};
pub(crate) use legend::{Legend, Mark, NOW, RECOMMENDED, Swatch};
pub use png::png_of;
pub(crate) use range::{extremes, padded};
pub(crate) use trade_off::{FrontPoint, TradeOff, wish};

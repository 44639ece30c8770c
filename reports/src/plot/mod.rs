//! The plot kit: surfaces to draw on, charts with axes, legends, and one set of fonts and colours.
//!
//! A plot is a [`Drawing`]. It is drawn through the `Canvas` and `Chart` traits and does not
//! know its file format: [`svg`] and [`png`](fn@png) choose that. The plots themselves live with the
//! analysis they belong to; only those shared by several analyses (`TradeOff`) are here. Nothing
//! outside this folder uses the plotting library directly.

mod axes;
mod canvas;
mod chart;
pub(crate) mod colour;
mod drawing;
pub(crate) mod font;
mod label;
mod legend;
mod range;
mod trade_off;

pub(crate) use axes::Axis;
pub use canvas::DrawError;
pub(crate) use canvas::{Canvas, Drawn, Pixel};
pub(crate) use chart::{Chart, ChartFrame, Scale};
pub(crate) use colour::Colour;
pub use drawing::{Drawing, png, svg};
pub(crate) use label::{short_name, shortened};
pub(crate) use legend::{Mark, titled_legend};
pub(crate) use range::{extremes, padded};
pub(crate) use trade_off::TradeOff;

//! Charts: data drawn over two axes.

use std::ops::Range;

use plotters::coord::Shift;
use plotters::coord::ranged1d::{Ranged, ValueFormatter};
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::{
    AreaSeries, Cartesian2d, ChartBuilder, ChartContext, Circle, Color, DrawingArea,
    DrawingBackend, IntoLogRange, LabelAreaPosition, LineSeries, Rectangle, TriangleMarker,
};

use super::axes::{self, Axis};
use super::canvas::{DrawError, Drawn};
use super::{Colour, Mark};

/// A place in a chart: its values along both axes.
pub(crate) type ChartPoint = (f64, f64);

/// The room around the area in which data is drawn, in pixels.
#[derive(Clone, Copy, Debug, Default)]
pub struct ChartFrame {
    /// Empty room above.
    pub top: u32,
    /// Empty room on the right.
    pub right: u32,
    /// Empty room below the labels of the horizontal axis.
    pub bottom: u32,
    /// Room for the labels of the vertical axis.
    pub left_labels: u32,
    /// Room for the labels of the horizontal axis.
    pub bottom_labels: u32,
}

/// The values along a vertical axis.
#[derive(Clone, Debug)]
pub enum Scale {
    /// Equal differences have equal heights.
    Linear(Range<f64>),
    /// Equal ratios have equal heights; both ends are positive.
    Logarithmic(Range<f64>),
}

/// A chart on a canvas. What is drawn later covers what was drawn before.
pub trait Chart {
    /// Draws lines and labels along both axes.
    fn axes(&mut self, x: &Axis<'_>, y: &Axis<'_>) -> Drawn;

    /// Fills rectangles between opposite corners.
    fn rectangles(&mut self, corners: &[[ChartPoint; 2]], colour: Colour) -> Drawn;

    /// Fills the area between a line and zero.
    fn area(&mut self, points: &[ChartPoint], colour: Colour) -> Drawn;

    /// Joins points by a line of a width in pixels.
    fn line(&mut self, points: &[ChartPoint], colour: Colour, width: u32) -> Drawn;

    /// Marks each point.
    fn marks(&mut self, points: &[ChartPoint], mark: Mark, colour: Colour) -> Drawn;
}

/// Lays out a chart on an area; nothing is drawn yet.
pub(super) fn build<'a, DB: DrawingBackend + 'a>(
    area: &DrawingArea<DB, Shift>,
    frame: ChartFrame,
    x: Range<f64>,
    y: Scale,
) -> Result<Box<dyn Chart + 'a>, DrawError> {
    let mut builder = ChartBuilder::on(area);
    builder
        .margin_top(frame.top)
        .margin_right(frame.right)
        .margin_bottom(frame.bottom)
        .set_label_area_size(LabelAreaPosition::Left, frame.left_labels)
        .set_label_area_size(LabelAreaPosition::Bottom, frame.bottom_labels);
    Ok(match y {
        Scale::Linear(y) => Box::new(builder.build_cartesian_2d(x, y)?),
        Scale::Logarithmic(y) => Box::new(builder.build_cartesian_2d(x, y.log_scale())?),
    })
}

impl<DB, Y> Chart for ChartContext<'_, DB, Cartesian2d<RangedCoordf64, Y>>
where
    DB: DrawingBackend,
    Y: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    fn axes(&mut self, x: &Axis<'_>, y: &Axis<'_>) -> Drawn {
        axes::draw(self, x, y)
    }

    fn rectangles(&mut self, corners: &[[ChartPoint; 2]], colour: Colour) -> Drawn {
        let style = colour.rgba().filled();
        self.draw_series(corners.iter().map(|corners| Rectangle::new(*corners, style)))?;
        Ok(())
    }

    fn area(&mut self, points: &[ChartPoint], colour: Colour) -> Drawn {
        self.draw_series(AreaSeries::new(points.iter().copied(), 0.0, colour.rgba().filled()))?;
        Ok(())
    }

    fn line(&mut self, points: &[ChartPoint], colour: Colour, width: u32) -> Drawn {
        let style = colour.rgba().stroke_width(width);
        self.draw_series(LineSeries::new(points.iter().copied(), style))?;
        Ok(())
    }

    fn marks(&mut self, points: &[ChartPoint], mark: Mark, colour: Colour) -> Drawn {
        let (points, style) = (points.iter().copied(), colour.rgba().filled());
        match mark {
            Mark::Dot(radius) => {
                self.draw_series(points.map(|point| Circle::new(point, radius, style)))?;
            }
            Mark::Triangle(size) => {
                self.draw_series(points.map(|point| TriangleMarker::new(point, size, style)))?;
            }
        }
        Ok(())
    }
}

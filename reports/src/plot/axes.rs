//! Axes: their labels, their units, and the lines across the chart.

use plotters::coord::ranged1d::{Ranged, ValueFormatter};
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::{Cartesian2d, ChartContext, DrawingBackend};
use sim_models::observe::FigureUnit;

use super::canvas::Drawn;
use super::colour;
use super::font::{self, Anchor, Ink};
use crate::units::figure;

/// The labels along an axis, and the lines across the chart at each of them.
pub struct Axis<'a> {
    most_labels: usize,
    has_lines: bool,
    label: Box<dyn Fn(f64) -> String + 'a>,
}

impl<'a> Axis<'a> {
    /// An axis without labels or lines.
    pub(crate) fn bare() -> Self {
        Self { most_labels: 0, has_lines: false, label: Box::new(|_| String::new()) }
    }

    /// An axis with about `most_labels` labels, each with a line.
    pub(crate) fn new(most_labels: usize, label: impl Fn(f64) -> String + 'a) -> Self {
        Self { most_labels, has_lines: true, label: Box::new(label) }
    }

    /// An axis of figures in a unit.
    pub(crate) fn in_unit(most_labels: usize, unit: FigureUnit) -> Self {
        Self::new(most_labels, move |value| figure(value, unit))
    }

    /// This axis without lines.
    pub(crate) fn without_lines(self) -> Self {
        Self { has_lines: false, ..self }
    }
}

/// Draws both axes and their labels, and thin lines across the chart.
pub(super) fn draw<DB, Y>(
    chart: &mut ChartContext<'_, DB, Cartesian2d<RangedCoordf64, Y>>,
    x: &Axis<'_>,
    y: &Axis<'_>,
) -> Drawn
where
    DB: DrawingBackend,
    Y: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    const LINE_OPACITY: f64 = 0.1;
    let (x_label, y_label) = (|at: &f64| (x.label)(*at), |at: &f64| (y.label)(*at));
    let ink = Ink { colour: colour::TEXT, size: font::LABEL, anchor: Anchor::Left };
    let mut mesh = chart.configure_mesh();
    if !x.has_lines {
        mesh.disable_x_mesh();
    }
    if !y.has_lines {
        mesh.disable_y_mesh();
    }
    Ok(mesh
        .light_line_style(colour::TRANSPARENT.rgba())
        .bold_line_style(colour::BLACK.opacity(LINE_OPACITY).rgba())
        .x_labels(x.most_labels)
        .y_labels(y.most_labels)
        .x_label_formatter(&x_label)
        .y_label_formatter(&y_label)
        .label_style(ink.style())
        .draw()?)
}

//! Main effects: each figure over the levels of each setting.

use std::ops::Range;

use sim_experiments::sweep::analysis::{Effects, Findings, LevelOrPart};
use sim_models::study::FigurePlan;

use super::drawings::MOST_PANELS;
use crate::plot::{
    Axis, Canvas, ChartFrame, DrawError, Drawing, Drawn, Mark, Scale, colour, extremes, font,
    padded, short_name,
};
use crate::sweep::Header;

/// Room for the title above the panels.
const HEADER: u32 = 36;
/// The width and height of a panel.
const PANEL: (u32, u32) = (420, 280);
const FRAME: ChartFrame =
    ChartFrame { top: 28, right: 16, bottom: 6, left_labels: 76, bottom_labels: 26 };

/// A panel for each figure and setting.
pub(super) struct Grid<'a> {
    pub header: &'a Header,
    pub findings: &'a Findings,
}

impl Drawing for Grid<'_> {
    fn name(&self) -> &'static str {
        "effects"
    }

    fn size(&self) -> (u32, u32) {
        let (rows, columns) = self.shape();
        (columns as u32 * PANEL.0, HEADER + rows as u32 * PANEL.1)
    }

    fn draw(&self, canvas: &dyn Canvas) -> Result<(), DrawError> {
        let title =
            format!("{}: mean over all other settings, and the whole range", self.header.scenario);
        canvas.write(&title, (16, 10), font::TITLE)?;
        let below = canvas.strip(HEADER..self.size().1);
        let (rows, columns) = self.shape();
        for (number, panel) in below.grid(rows, columns).iter().enumerate() {
            self.draw_panel(&**panel, number / columns, number % columns)?;
        }
        Ok(())
    }
}

impl Grid<'_> {
    /// Rows of figures and columns of settings.
    fn shape(&self) -> (usize, usize) {
        let plan = &self.header.plan;
        (plan.figures.len().min(MOST_PANELS), plan.parameters.len().min(MOST_PANELS))
    }

    fn draw_panel(&self, canvas: &dyn Canvas, place: usize, parameter: usize) -> Drawn {
        let figure = &self.header.plan.figures[place];
        let path = &self.header.plan.parameters[parameter].path;
        canvas.write(&format!("{} by {path}", figure.text), (12, 6), font::LABEL)?;
        let scale = self.scale(place);
        draw_effect(canvas, &self.findings.effects[parameter], place, figure, scale)
    }

    /// The scale that the panels of a figure share, so that settings can be compared.
    fn scale(&self, place: usize) -> Range<f64> {
        let spreads = self.findings.effects.iter().flat_map(|effects| &effects.figures[place]);
        let ends = spreads
            .filter(|spread| spread.points.count() > 0)
            .flat_map(|spread| [spread.least, spread.most]);
        padded(extremes(ends), self.header.plan.figures[place].unit)
    }
}

/// Draws the mean at each level, over bars from the least to the most.
fn draw_effect(
    canvas: &dyn Canvas,
    effects: &Effects,
    place: usize,
    figure: &FigurePlan,
    scale: Range<f64>,
) -> Drawn {
    const HALF_BAR: f64 = 0.18;
    let levels = &effects.levels;
    let width = -0.5..levels.len() as f64 - 0.5;
    let mut chart = canvas.chart(FRAME, width, Scale::Linear(scale))?;
    let x = Axis::new(levels.len().min(7), |at| name_at(levels, at)).without_lines();
    chart.axes(&x, &Axis::in_unit(5, figure.unit))?;
    let known = || {
        let spreads = effects.figures[place].iter().enumerate();
        spreads
            .filter(|(_, spread)| spread.points.count() > 0)
            .map(|(at, spread)| (at as f64, spread))
    };
    let bars =
        known().map(|(at, spread)| [(at - HALF_BAR, spread.least), (at + HALF_BAR, spread.most)]);
    chart.rectangles(&bars.collect::<Vec<_>>(), colour::BUSY.opacity(0.45))?;
    let means: Vec<(f64, f64)> = known().map(|(at, spread)| (at, spread.points.mean())).collect();
    if effects.is_range() {
        chart.line(&means, colour::MEDIAN, 2)?;
    }
    chart.marks(&means, Mark::Dot(4), colour::MEDIAN)
}

/// The name of the level at a whole place of an axis; nothing between levels.
fn name_at(levels: &[LevelOrPart], at: f64) -> String {
    let is_whole = (at - at.round()).abs() < 1e-6 && at >= -0.25;
    levels
        .get(at.round().max(0.0) as usize)
        .filter(|_| is_whole)
        .map_or_else(String::new, |level| short_name(&level.shown))
}

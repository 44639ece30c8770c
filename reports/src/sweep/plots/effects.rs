//! Main effects: each figure over the levels of each setting.

use std::ops::Range;

use sim_experiments::sweep::analysis::{Effects, Findings, LevelOrPart, Spread};
use sim_models::study::FigurePlan;

use super::drawings::MOST_PANELS;
use super::present::place_of;
use crate::plot::{
    Axis, Canvas, Chart, ChartFrame, DrawError, Drawing, Drawn, Legend, Mark, NOW, Scale, Swatch,
    colour, extremes, fitted, font, padded, wish,
};
use crate::sweep::Header;

/// Room for the title and the legend above the panels.
const HEADER: u32 = 60;
/// The least width of the whole plot, and the width and height of a panel.
const LEAST_WIDTH: u32 = 760;
const PANEL: (u32, u32) = (420, 292);
const MARGIN: i32 = 16;
const FRAME: ChartFrame =
    ChartFrame { top: 48, right: 16, bottom: 8, left_labels: 80, bottom_labels: 26 };
const MEAN: Mark = Mark::Dot(4);
const BAR: colour::Colour = colour::BUSY.opacity(0.45);

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
        ((columns as u32 * PANEL.0).max(LEAST_WIDTH), HEADER + rows as u32 * PANEL.1)
    }

    fn draw(&self, canvas: &dyn Canvas) -> Result<(), DrawError> {
        let (width, height) = self.size();
        let title = format!("{}: each figure by each setting", self.header.scenario);
        let room = width as i32 - 2 * MARGIN;
        canvas.write(&fitted(&title, font::TITLE, room), (MARGIN, 10), font::TITLE)?;
        Legend(&[
            ("mean over all other settings", Swatch::Mark(MEAN, colour::MEDIAN)),
            ("its 95% interval", Swatch::Interval(colour::TEXT)),
            ("least to greatest", Swatch::Area(BAR)),
            ("best", Swatch::Mark(MEAN, colour::OK)),
            ("worst", Swatch::Mark(MEAN, colour::FAILED)),
            ("now", Swatch::Mark(NOW, colour::TEXT)),
        ])
        .draw(canvas, (MARGIN, 36))?;
        let below = canvas.strip(HEADER..height);
        let (rows, columns) = self.shape();
        for (number, panel) in below.grid(rows, columns).iter().enumerate() {
            self.draw_panel(&**panel, number / columns, number % columns)?;
        }
        Ok(())
    }
}

impl<'a> Grid<'a> {
    /// Rows of figures and columns of settings.
    fn shape(&self) -> (usize, usize) {
        let plan = &self.header.plan;
        (plan.figures.len().min(MOST_PANELS), plan.parameters.len().min(MOST_PANELS))
    }

    fn draw_panel(&self, canvas: &dyn Canvas, place: usize, parameter: usize) -> Drawn {
        let figure = &self.header.plan.figures[place];
        let by = format!("by {}", self.header.plan.parameters[parameter].path);
        let room = (self.size().0 / self.shape().1 as u32) as i32 - 2 * MARGIN;
        for (text, top) in [(wish(figure), 8), (by, 25)] {
            canvas.write(&fitted(&text, font::LABEL, room), (MARGIN, top), font::LABEL)?;
        }
        let panel = Panel { effects: &self.findings.effects[parameter], figure, place };
        let now = self.header.plan.now.get(parameter).copied().flatten();
        panel.draw(canvas, &self.scale(place), now)
    }

    /// The scale that the panels of a figure share, so that settings can be compared.
    fn scale(&self, place: usize) -> Range<f64> {
        let of_effects = |effects: &'a Effects| {
            let known = effects.figures[place].iter().filter(|spread| spread.points.count() > 0);
            known.flat_map(move |spread| {
                let (mean, half) =
                    (spread.points.mean(), effects.half_width(spread).unwrap_or(0.0));
                // Nothing that is measured is negative because its interval is wide.
                let low = if spread.least >= 0.0 { (mean - half).max(0.0) } else { mean - half };
                [spread.least.min(low), spread.most.max(mean + half)]
            })
        };
        let ends = self.findings.effects.iter().flat_map(of_effects);
        padded(extremes(ends), self.header.plan.figures[place].unit)
    }
}

/// A figure over the levels of a setting.
struct Panel<'a> {
    effects: &'a Effects,
    figure: &'a FigurePlan,
    /// The place of the figure in the plan.
    place: usize,
}

impl Panel<'_> {
    fn draw(&self, canvas: &dyn Canvas, scale: &Range<f64>, now: Option<f64>) -> Drawn {
        const HALF_BAR: f64 = 0.18;
        const LABELS: usize = 7;
        let levels = &self.effects.levels;
        let width = -0.5..levels.len() as f64 - 0.5;
        let mut chart = canvas.chart(FRAME, width, Scale::Linear(scale.clone()))?;
        let room = (PANEL.0 - FRAME.left_labels) as i32 / levels.len().clamp(1, LABELS) as i32 - 6;
        let x = Axis::new(levels.len().min(LABELS), |at| name_at(levels, at, room));
        chart.axes(&x.without_lines(), &Axis::in_unit(5, self.figure.unit))?;
        let bars = self
            .known()
            .map(|(at, spread)| [(at - HALF_BAR, spread.least), (at + HALF_BAR, spread.most)]);
        chart.rectangles(&bars.collect::<Vec<_>>(), BAR)?;
        let means: Vec<(f64, f64)> =
            self.known().map(|(at, spread)| (at, spread.points.mean())).collect();
        if self.effects.is_range() {
            chart.line(&means, colour::MEDIAN, 2)?;
        }
        for (at, spread) in self.known() {
            if let Some(half_width) = self.effects.half_width(spread) {
                let mean = spread.points.mean();
                let ends = [mean - half_width, mean + half_width]
                    .map(|end| end.clamp(scale.start, scale.end));
                draw_interval(&mut *chart, at, ends)?;
            }
        }
        chart.marks(&means, MEAN, colour::MEDIAN)?;
        self.mark_extremes(&mut *chart, &means)?;
        let now = now.and_then(|now| place_of(levels, now));
        chart.marks(
            &now.map(|at| (at, scale.start)).into_iter().collect::<Vec<_>>(),
            NOW,
            colour::TEXT,
        )
    }

    /// The levels with points, by place, and the spread of the figure there.
    fn known(&self) -> impl Iterator<Item = (f64, &Spread)> {
        let spreads = self.effects.figures[self.place].iter().enumerate();
        spreads
            .filter(|(_, spread)| spread.points.count() > 0)
            .map(|(at, spread)| (at as f64, spread))
    }

    /// Colours the best and the worst mean, if they differ and the sweep has a wish.
    fn mark_extremes(&self, chart: &mut dyn Chart, means: &[(f64, f64)]) -> Drawn {
        let Some(better) = self.figure.better else { return Ok(()) };
        let gain = |mean: &&(f64, f64)| better.gain(mean.1);
        let by_gain = |one: &&(f64, f64), other: &&(f64, f64)| gain(one).total_cmp(&gain(other));
        let (best, worst) = (means.iter().max_by(by_gain), means.iter().min_by(by_gain));
        for (mean, colour) in [(best, colour::OK), (worst, colour::FAILED)] {
            if let Some(mean) = mean.filter(|_| best.map(|it| it.1) != worst.map(|it| it.1)) {
                chart.marks(&[*mean], Mark::Dot(5), colour)?;
            }
        }
        Ok(())
    }
}

/// Draws an interval as a line with short ends.
fn draw_interval(chart: &mut dyn Chart, at: f64, [low, high]: [f64; 2]) -> Drawn {
    const END: f64 = 0.07;
    chart.line(&[(at, low), (at, high)], colour::TEXT, 1)?;
    for end in [low, high] {
        chart.line(&[(at - END, end), (at + END, end)], colour::TEXT, 1)?;
    }
    Ok(())
}

/// The name of the level at a whole place of an axis; nothing between levels.
fn name_at(levels: &[LevelOrPart], at: f64, room: i32) -> String {
    let is_whole = (at - at.round()).abs() < 1e-6 && at >= -0.25;
    levels
        .get(at.round().max(0.0) as usize)
        .filter(|_| is_whole)
        .map_or_else(String::new, |level| fitted(&level.shown, font::LABEL, room))
}

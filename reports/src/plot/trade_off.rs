//! A trade-off between two objectives, as found by sweeps and recommendations.

use std::ops::Range;

use sim_models::study::{Direction, FigurePlan};

use super::canvas::{Canvas, DrawError, Drawn, Pixel};
use super::chart::{Chart, ChartFrame, ChartPoint, Scale};
use super::font::{self, fitted};
use super::legend::{Legend, Mark, NOW, RECOMMENDED, Swatch};
use super::{Axis, Colour, Drawing, colour};

const SIZE: (u32, u32) = (900, 600);
const FRAME: ChartFrame =
    ChartFrame { top: 98, right: 24, bottom: 30, left_labels: 90, bottom_labels: 30 };
const MARGIN: i32 = 16;
const POINT: Mark = Mark::Dot(4);

/// Points that no other beats in two objectives, joined by a line.
pub(crate) struct TradeOff<'a> {
    /// The title of the plot.
    pub title: String,
    /// The objectives to the right and upwards.
    pub objectives: [&'a FigurePlan; 2],
    /// The ranges of both axes.
    pub ranges: [Range<f64>; 2],
    /// The settings that a name is made of; empty if points have no names.
    pub named_by: String,
    /// The points in the order in which the line joins them.
    pub points: Vec<FrontPoint>,
    /// The colour of the line.
    pub line: Colour,
    /// The present values of the objectives.
    pub now: Option<ChartPoint>,
    /// Their recommended values.
    pub recommended: Option<ChartPoint>,
}

/// A point of a trade-off.
#[derive(Clone, Debug)]
pub(crate) struct FrontPoint {
    /// The values of both objectives.
    pub at: ChartPoint,
    /// Half the lengths of their 95 % intervals, as far as they are known.
    pub half_widths: [Option<f64>; 2],
    /// Its name; empty if it has none.
    pub name: String,
}

impl Drawing for TradeOff<'_> {
    fn name(&self) -> &'static str {
        "front"
    }

    fn size(&self) -> (u32, u32) {
        SIZE
    }

    fn draw(&self, canvas: &dyn Canvas) -> Result<(), DrawError> {
        const ROOM: i32 = SIZE.0 as i32 - 2 * MARGIN;
        let [across, up] = self.objectives;
        canvas.write(&fitted(&self.title, font::TITLE, ROOM), (MARGIN, 10), font::TITLE)?;
        self.draw_legend(canvas)?;
        if !self.named_by.is_empty() {
            let names = format!("names: {}", self.named_by);
            canvas.write(&fitted(&names, font::LABEL, ROOM), (MARGIN, 56), font::LABEL)?;
        }
        let upwards = format!("upwards: {}", wish(up));
        canvas.write(&fitted(&upwards, font::LABEL, ROOM), (MARGIN, 76), font::LABEL)?;
        let below = (FRAME.left_labels as i32, SIZE.1 as i32 - 24);
        let right = format!("to the right: {}", wish(across));
        canvas.write(&fitted(&right, font::LABEL, ROOM - below.0), below, font::LABEL)?;
        let [x, y] = self.ranges.clone();
        let mut chart = canvas.chart(FRAME, x, Scale::Linear(y))?;
        chart.axes(&Axis::in_unit(6, across.unit), &Axis::in_unit(6, up.unit))?;
        let points: Vec<ChartPoint> = self.points.iter().map(|point| point.at).collect();
        chart.line(&points, self.line, 1)?;
        self.draw_intervals(&mut *chart)?;
        chart.marks(&points, POINT, colour::MEDIAN)?;
        for (at, mark, colour) in
            [(self.recommended, RECOMMENDED, colour::OK), (self.now, NOW, colour::TEXT)]
        {
            chart.marks(&at.into_iter().collect::<Vec<_>>(), mark, colour)?;
        }
        self.write_names(canvas)
    }
}

impl TradeOff<'_> {
    fn draw_legend(&self, canvas: &dyn Canvas) -> Drawn {
        let has_intervals = self.points.iter().any(|point| point.half_widths != [None, None]);
        let entries = [
            (true, ("a point that no other beats", Swatch::Mark(POINT, colour::MEDIAN))),
            (has_intervals, ("95% interval", Swatch::Interval(colour::FAINT))),
            (self.recommended.is_some(), ("recommended", Swatch::Mark(RECOMMENDED, colour::OK))),
            (self.now.is_some(), ("now", Swatch::Mark(NOW, colour::TEXT))),
        ];
        let shown = entries.into_iter().filter(|(is_shown, _)| *is_shown).map(|(_, entry)| entry);
        Legend(&shown.collect::<Vec<_>>()).draw(canvas, (MARGIN, 36))
    }

    fn draw_intervals(&self, chart: &mut dyn Chart) -> Drawn {
        let ends = |value: f64, half_width: f64, range: &Range<f64>| {
            [value - half_width, value + half_width].map(|end| end.clamp(range.start, range.end))
        };
        let [x, y] = &self.ranges;
        for FrontPoint { at, half_widths, .. } in &self.points {
            if let Some(half_width) = half_widths[0] {
                let [from, to] = ends(at.0, half_width, x);
                chart.line(&[(from, at.1), (to, at.1)], colour::FAINT, 1)?;
            }
            if let Some(half_width) = half_widths[1] {
                let [from, to] = ends(at.1, half_width, y);
                chart.line(&[(at.0, from), (at.0, to)], colour::FAINT, 1)?;
            }
        }
        Ok(())
    }

    /// Writes names beside their points, as long as there is room beside the others.
    fn write_names(&self, canvas: &dyn Canvas) -> Drawn {
        const LONGEST: i32 = 260;
        let of_points = self.points.iter().map(|point| around(self.pixel(point.at)));
        let marked = [self.now, self.recommended].into_iter().flatten();
        let mut taken: Vec<Area> =
            of_points.chain(marked.map(|at| around(self.pixel(at)))).collect();
        for point in self.points.iter().filter(|point| !point.name.is_empty()) {
            let name = fitted(&point.name, font::LABEL, LONGEST);
            let places = places(self.pixel(point.at), font::width(&name, font::LABEL));
            let is_free = |place: &Area| !taken.iter().any(|other| overlap(place, other));
            if let Some(place) = places.into_iter().filter(is_inside).find(is_free) {
                canvas.rectangle(place, colour::WHITE.opacity(0.8))?;
                canvas.write(&name, place[0], font::LABEL)?;
                taken.push(place);
            }
        }
        Ok(())
    }

    /// The place of a point of the chart on the canvas.
    fn pixel(&self, at: ChartPoint) -> Pixel {
        let share = |value: f64, range: &Range<f64>| {
            ((value - range.start) / (range.end - range.start)).clamp(0.0, 1.0)
        };
        let [(left, top), (right, bottom)] = AREA;
        let [x, y] = &self.ranges;
        (
            left + (share(at.0, x) * f64::from(right - left)) as i32,
            bottom - (share(at.1, y) * f64::from(bottom - top)) as i32,
        )
    }
}

/// The upper left and the lower right corner of a rectangle.
type Area = [Pixel; 2];

/// The area of the data.
const AREA: Area = [
    (FRAME.left_labels as i32, FRAME.top as i32),
    ((SIZE.0 - FRAME.right) as i32, (SIZE.1 - FRAME.bottom - FRAME.bottom_labels) as i32),
];

/// The area that a mark takes.
fn around((x, y): Pixel) -> Area {
    const HALF: i32 = 5;
    [(x - HALF, y - HALF), (x + HALF, y + HALF)]
}

/// The places for a name of a width beside a point, the best first.
fn places((x, y): Pixel, width: i32) -> [Area; 4] {
    const BESIDE: i32 = 8;
    let (right, left) = (x + BESIDE, x - BESIDE - width);
    let (above, below) = (y - BESIDE - font::LABEL, y + BESIDE / 2);
    [(right, above), (right, below), (left, above), (left, below)]
        .map(|(left, top)| [(left, top), (left + width, top + font::LABEL)])
}

fn overlap(one: &Area, other: &Area) -> bool {
    one[0].0 < other[1].0 && other[0].0 < one[1].0 && one[0].1 < other[1].1 && other[0].1 < one[1].1
}

fn is_inside(area: &Area) -> bool {
    area[0].0 >= AREA[0].0
        && area[1].0 <= AREA[1].0
        && area[0].1 >= AREA[0].1
        && area[1].1 <= AREA[1].1
}

/// A figure and the direction that is better, if one is.
pub(crate) fn wish(figure: &FigurePlan) -> String {
    match figure.better {
        Some(Direction::Higher) => format!("{} (more is better)", figure.text),
        Some(Direction::Lower) => format!("{} (less is better)", figure.text),
        None => figure.text.clone(),
    }
}

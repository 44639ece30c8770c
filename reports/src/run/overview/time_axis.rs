//! The time axis that all panels share.

use std::ops::Range;

use sim_experiments::Finished;

use super::events::{Event, Kind};
use crate::plot::{
    Anchor, Axis, Canvas, Chart, ChartFrame, DrawError, Drawn, Ink, Scale, colour, font,
};
use crate::units::clock;

pub(super) const WIDTH: u32 = 1_200;
/// The left edge of everything but charts.
pub(super) const MARGIN: i32 = 16;
/// The least and the most room for labels on the left.
const LABELS: (i32, i32) = (140, 330);
/// The height of a panel with a chart, and the upper and lower edges of the chart in it.
pub(super) const PANEL: u32 = 206;
pub(super) const CHART: Range<i32> = 32..200;
/// Empty room on the right.
const RIGHT: u32 = 36;
/// More columns than this do not fit into the width of a panel: neighbouring intervals share one.
const MOST_COLUMNS: usize = 474;
/// More beginnings and ends than this are shaded without lines.
const MOST_LINES: usize = 60;

/// Simulated time from left to right, in columns of one or more intervals.
pub(super) struct TimeAxis {
    /// The intervals of each column.
    pub columns: Vec<Range<usize>>,
    /// The end of each column, in seconds.
    pub ends: Vec<f64>,
    /// The end of the run, in seconds.
    pub end: f64,
    /// The times at which any fault is in force, in seconds; none overlaps another.
    faults: Vec<Range<f64>>,
    /// The times of beginnings, ends and orders, in seconds.
    instants: Vec<f64>,
    /// Its left end, in pixels.
    left: i32,
}

impl TimeAxis {
    /// An axis that leaves room on the left for labels of a width in pixels.
    pub fn new(finished: &Finished, events: &[Event], labels: i32) -> Self {
        let recorder = finished.system.recorder();
        let width = recorder.sample_width().as_secs_f64();
        let intervals = recorder.intervals();
        let each = intervals.div_ceil(MOST_COLUMNS).max(1);
        let columns: Vec<_> = (0..intervals)
            .step_by(each)
            .map(|first| first..(first + each).min(intervals))
            .collect();
        let end = end_of(finished);
        Self {
            ends: columns.iter().map(|column| (column.end as f64 * width).min(end)).collect(),
            columns,
            end,
            faults: union(events.iter().filter(|it| it.kind == Kind::Fault).map(Event::span)),
            instants: instants(events, end),
            left: labels.clamp(LABELS.0, LABELS.1),
        }
    }

    /// The horizontal place of a time, in pixels from the left edge of the plot.
    pub fn pixel(&self, seconds: f64) -> i32 {
        let (left, right) = self.sides();
        left + (seconds / self.end * f64::from(right - left)) as i32
    }

    /// The left and right ends of the axis in pixels.
    pub fn sides(&self) -> (i32, i32) {
        (self.left, (WIDTH - RIGHT) as i32)
    }

    /// A chart over the whole run, with labels along its vertical axis.
    pub fn chart<'a>(
        &self,
        canvas: &'a dyn Canvas,
        y: Scale,
        labels: &Axis<'_>,
    ) -> Result<Box<dyn Chart + 'a>, DrawError> {
        let frame = ChartFrame {
            top: CHART.start as u32,
            right: RIGHT,
            bottom: PANEL - CHART.end as u32,
            left_labels: self.left as u32,
            bottom_labels: 0,
        };
        self.shade(canvas, &CHART)?;
        let mut chart = canvas.chart(frame, 0.0..self.end, y)?;
        chart.axes(&Axis::bare(), labels)?;
        Ok(chart)
    }

    /// Lines at full times, and the faults, between two heights in pixels.
    pub fn shade(&self, canvas: &dyn Canvas, heights: &Range<i32>) -> Drawn {
        const GRID: f64 = 0.07;
        const SHADE: f64 = 0.15;
        const EDGE: f64 = 0.45;
        for fault in &self.faults {
            let (left, right) = (self.pixel(fault.start), self.pixel(fault.end));
            let corners = [(left, heights.start), (right.max(left + 1), heights.end)];
            canvas.rectangle(corners, colour::FAULT.opacity(SHADE))?;
        }
        let vertical = |at: f64, colour| {
            let x = self.pixel(at);
            canvas.line([(x, heights.start), (x, heights.end)], colour)
        };
        self.ticks().try_for_each(|at| vertical(at, colour::BLACK.opacity(GRID)))?;
        self.instants.iter().try_for_each(|at| vertical(*at, colour::FAULT.opacity(EDGE)))
    }

    /// Ticks and times, for the foot of the plot.
    pub fn draw_labels(&self, canvas: &dyn Canvas) -> Drawn {
        for at in self.ticks() {
            let x = self.pixel(at);
            canvas.line([(x, 2), (x, 7)], colour::FAINT)?;
            let ink = Ink { colour: colour::TEXT, size: font::LABEL, anchor: Anchor::Middle };
            canvas.write_in(ink, clock(at).trim_end_matches(".000"), (x, 10))?;
        }
        canvas.write("simulated time", (MARGIN, 10), font::LABEL)
    }

    fn ticks(&self) -> impl Iterator<Item = f64> {
        let step = self.tick_step();
        (0..).map(move |number| f64::from(number) * step).take_while(|at| *at <= self.end)
    }

    /// The seconds between ticks: a round number that gives at most twelve of them.
    fn tick_step(&self) -> f64 {
        const ROUND: [f64; 17] = [
            0.001, 0.01, 0.1, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0,
            1_800.0, 3_600.0, 14_400.0,
        ];
        ROUND.into_iter().find(|step| self.end / step <= 12.0).unwrap_or(self.end / 8.0)
    }
}

#[cfg(test)]
impl TimeAxis {
    /// An axis without intervals and events.
    pub fn of_seconds(end: f64) -> Self {
        Self {
            columns: Vec::new(),
            ends: Vec::new(),
            end,
            faults: Vec::new(),
            instants: Vec::new(),
            left: LABELS.1,
        }
    }
}

/// The end of the time axis of a run, in seconds.
pub(super) fn end_of(finished: &Finished) -> f64 {
    let width = finished.system.recorder().sample_width().as_secs_f64();
    finished.now.as_secs_f64().max(width)
}

/// The times that lie in any of some spans.
fn union(spans: impl Iterator<Item = Range<f64>>) -> Vec<Range<f64>> {
    let mut spans: Vec<Range<f64>> = spans.collect();
    spans.sort_by(|one, other| one.start.total_cmp(&other.start));
    let mut union: Vec<Range<f64>> = Vec::new();
    for span in spans {
        match union.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => union.push(span),
        }
    }
    union
}

/// The beginnings and ends of faults and the times of orders within the run; none if there are too many to tell apart.
fn instants(events: &[Event], end: f64) -> Vec<f64> {
    let told = events.iter().filter(|it| matches!(it.kind, Kind::Fault | Kind::Operator));
    let mut instants: Vec<f64> = told.flat_map(|it| [it.begin, it.end]).collect();
    instants.retain(|at| *at > 0.0 && *at < end);
    instants.sort_by(f64::total_cmp);
    instants.dedup();
    if instants.len() > MOST_LINES { Vec::new() } else { instants }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_that_overlap_are_shaded_once() {
        let spans = [5.0..6.0, 1.0..3.0, 2.0..4.0, 4.0..4.5];
        assert_eq!(union(spans.into_iter()), [1.0..4.5, 5.0..6.0]);
    }
}

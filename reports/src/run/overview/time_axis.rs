//! The time axis that all panels share.

use std::ops::Range;

use sim_core::SimTime;
use sim_experiments::Finished;
use sim_models::faults::Part;

use crate::plot::{Axis, Canvas, Chart, ChartFrame, DrawError, Drawn, Scale, colour, font};
use crate::units::clock;

pub(super) const WIDTH: u32 = 1_200;
/// Room for labels on the left.
const LABELS: u32 = 190;
/// Empty room on the right.
const RIGHT: u32 = 24;
/// More columns than this do not fit into the width of a panel: neighbouring intervals share one.
const MOST_COLUMNS: usize = 480;
const FAULT_OPACITY: f64 = 0.15;

/// Simulated time from left to right, in columns of one or more intervals.
pub(super) struct TimeAxis {
    /// The intervals of each column.
    pub columns: Vec<Range<usize>>,
    /// The end of each column, in seconds.
    pub ends: Vec<f64>,
    /// The end of the run, in seconds.
    pub end: f64,
    pub faults: Vec<FaultSpan>,
}

/// A fault on the time axis.
pub(super) struct FaultSpan {
    /// Seconds.
    pub begin: f64,
    /// Seconds.
    pub end: f64,
    pub label: String,
}

impl TimeAxis {
    pub fn new(finished: &Finished) -> Self {
        let recorder = finished.system.recorder();
        let width = recorder.sample_width().as_secs_f64();
        let intervals = recorder.intervals();
        let each = intervals.div_ceil(MOST_COLUMNS).max(1);
        let columns: Vec<_> = (0..intervals)
            .step_by(each)
            .map(|first| first..(first + each).min(intervals))
            .collect();
        let end = finished.now.as_secs_f64().max(width);
        Self {
            ends: columns.iter().map(|column| (column.end as f64 * width).min(end)).collect(),
            columns,
            end,
            faults: faults(finished, end),
        }
    }

    /// The horizontal place of a time, in pixels from the left edge of the plot.
    pub fn pixel(&self, seconds: f64) -> i32 {
        let width = f64::from(WIDTH - LABELS - RIGHT);
        LABELS as i32 + (seconds / self.end * width) as i32
    }

    /// A chart over the whole run, with faults shaded between the ends of `y`.
    pub fn chart<'a>(
        &self,
        canvas: &'a dyn Canvas,
        y: Scale,
        label: impl Fn(f64) -> String,
    ) -> Result<Box<dyn Chart + 'a>, DrawError> {
        const FRAME: ChartFrame =
            ChartFrame { top: 34, right: RIGHT, bottom: 0, left_labels: LABELS, bottom_labels: 0 };
        let (Scale::Linear(Range { start: low, end: high })
        | Scale::Logarithmic(Range { start: low, end: high })) = y;
        let mut chart = canvas.chart(FRAME, 0.0..self.end, y)?;
        let bands = self.faults.iter().map(|fault| [(fault.begin, low), (fault.end, high)]);
        let shade = colour::FAULT.opacity(FAULT_OPACITY);
        chart.rectangles(&bands.collect::<Vec<_>>(), shade)?;
        chart.axes(&Axis::bare(), &Axis::new(5, label))?;
        Ok(chart)
    }

    /// Shades the faults of a panel without a chart, between two heights in pixels.
    pub fn shade_faults(&self, canvas: &dyn Canvas, heights: Range<i32>) -> Drawn {
        for fault in &self.faults {
            let corners =
                [(self.pixel(fault.begin), heights.start), (self.pixel(fault.end), heights.end)];
            canvas.rectangle(corners, colour::FAULT.opacity(FAULT_OPACITY))?;
        }
        Ok(())
    }

    /// Ticks and times, for the foot of the plot.
    pub fn draw_labels(&self, canvas: &dyn Canvas) -> Drawn {
        let step = self.tick_step();
        let mut at = 0.0;
        while at <= self.end {
            let pixel = self.pixel(at);
            canvas.line([(pixel, 2), (pixel, 7)], colour::FAINT)?;
            let shown = clock(at);
            canvas.write(shown.trim_end_matches(".000"), (pixel - 12, 10), font::LABEL)?;
            at += step;
        }
        canvas.write_in(colour::FAINT, "simulated time", (16, 10), font::LABEL)
    }

    /// The seconds between ticks: a round number that gives at most twelve of them.
    fn tick_step(&self) -> f64 {
        const ROUND: [f64; 14] = [
            1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0,
            14_400.0,
        ];
        ROUND.into_iter().find(|step| self.end / step <= 12.0).unwrap_or(self.end / 8.0)
    }
}

/// The faults that begin before `end`, in the order of the scenario.
fn faults(finished: &Finished, end: f64) -> Vec<FaultSpan> {
    let seconds = |at: SimTime| at.as_secs_f64().min(end);
    let system = &finished.system;
    let told = system.blueprint().faults.iter().filter(|fault| fault.part != Part::Later);
    let spans = told.filter_map(|fault| Some((fault, system.span_of(fault)?)));
    spans
        .filter(|(_, (begin, _))| begin.as_secs_f64() < end)
        .map(|(fault, (begin, ends))| FaultSpan {
            begin: seconds(begin),
            end: seconds(fault.end_of_all(begin, ends)),
            label: format!("{}: {}", fault.target, fault.summary()),
        })
        .collect()
}

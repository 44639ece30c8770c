//! The panels of the overview, one below the other.

use sim_experiments::Finished;

use super::strips::{self, Strips};
use super::time_axis::{TimeAxis, WIDTH};
use super::{latency, load};
use crate::plot::{Canvas, DrawError, Drawing, Drawn, colour, font};

const HEADER: u32 = 64;
const PANEL: u32 = 210;
const FOOTER: u32 = 44;

/// The overview of a run.
pub struct Overview<'a> {
    finished: &'a Finished,
    time: TimeAxis,
    strips: Vec<Strips>,
}

impl<'a> Overview<'a> {
    /// The overview of a run.
    pub fn new(finished: &'a Finished) -> Self {
        let time = TimeAxis::new(finished);
        Self { finished, strips: strips::all(finished, &time), time }
    }

    /// The name of the run, and its faults above the time axis.
    fn draw_header(&self, canvas: &dyn Canvas) -> Drawn {
        let summary = &self.finished.summary;
        let partial = if self.finished.is_partial() { " (partial)" } else { "" };
        let title = format!("{}, seed {}{partial}", summary.scenario, summary.seed);
        canvas.write(&title, (16, 10), font::HEADING)?;
        self.draw_faults(canvas)
    }

    /// A bar for each fault, and the labels that do not run into the one before; the others are
    /// left to the timeline.
    fn draw_faults(&self, canvas: &dyn Canvas) -> Drawn {
        const CHARACTER: i32 = 8;
        const MARGIN: i32 = 16;
        let mut free_from = i32::MIN;
        for fault in &self.time.faults {
            let (left, right) = (self.time.pixel(fault.begin), self.time.pixel(fault.end));
            canvas.rectangle([(left, 58), (right, 63)], colour::FAULT)?;
            let width = fault.label.chars().count() as i32 * CHARACTER;
            let at = left.min(WIDTH as i32 - MARGIN - width);
            if at >= free_from {
                canvas.write(&fault.label, (at, 40), font::FAULT)?;
                free_from = at + width + MARGIN;
            }
        }
        Ok(())
    }
}

impl Drawing for Overview<'_> {
    fn name(&self) -> &'static str {
        "overview"
    }

    fn size(&self) -> (u32, u32) {
        let strips: u32 = self.strips.iter().map(Strips::height).sum();
        (WIDTH, HEADER + 2 * PANEL + strips + FOOTER)
    }

    fn draw(&self, canvas: &dyn Canvas) -> Result<(), DrawError> {
        let mut top = 0;
        let mut next = |height: u32| {
            let heights = top..top + height;
            top += height;
            canvas.strip(heights)
        };
        self.draw_header(&*next(HEADER))?;
        load::draw(&*next(PANEL), self.finished, &self.time)?;
        latency::draw(&*next(PANEL), self.finished, &self.time)?;
        for strips in &self.strips {
            strips.draw(&*next(strips.height()), &self.time)?;
        }
        self.time.draw_labels(&*next(FOOTER))
    }
}

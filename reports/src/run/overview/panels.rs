//! The panels of the overview, one below the other.

use sim_experiments::Finished;

use super::super::Invocation;
use super::events::events;
use super::header::Header;
use super::strips::{self, Strips};
use super::time_axis::{PANEL, TimeAxis, WIDTH};
use super::{latency, load};
use crate::plot::{Canvas, DrawError, Drawing};

const FOOTER: u32 = 34;

/// The overview of a run.
pub struct Overview<'a> {
    finished: &'a Finished,
    time: TimeAxis,
    header: Header,
    strips: Vec<Strips>,
}

impl<'a> Overview<'a> {
    /// The overview of a run.
    pub fn new(finished: &'a Finished) -> Self {
        let events = events(finished);
        let time = TimeAxis::new(finished, &events, strips::width_of_labels(finished));
        let header = Header::new(finished, &events, &time);
        Self { finished, header, strips: strips::all(finished, &time), time }
    }

    /// The same with what was asked: the variant, and the command that gives it again.
    #[must_use]
    pub fn named(mut self, invocation: &Invocation) -> Self {
        self.header.name(&self.finished.summary.scenario, invocation);
        self
    }
}

impl Drawing for Overview<'_> {
    fn name(&self) -> &'static str {
        "overview"
    }

    fn size(&self) -> (u32, u32) {
        let strips: u32 = self.strips.iter().map(Strips::height).sum();
        (WIDTH, self.header.height() + 2 * PANEL + strips + FOOTER)
    }

    fn draw(&self, canvas: &dyn Canvas) -> Result<(), DrawError> {
        let mut top = 0;
        let mut next = |height: u32| {
            let heights = top..top + height;
            top += height;
            canvas.strip(heights)
        };
        self.header.draw(&*next(self.header.height()), &self.time)?;
        load::draw(&*next(PANEL), self.finished, &self.time)?;
        latency::draw(&*next(PANEL), self.finished, &self.time)?;
        for strips in &self.strips {
            strips.draw(&*next(strips.height()), &self.time)?;
        }
        self.time.draw_labels(&*next(FOOTER))
    }
}

//! The head of the overview: the name of the run, its figures, and what was done to it.

use sim_experiments::Finished;

use super::super::Invocation;
use super::events::Event;
use super::headline::headline;
use super::lanes::Lanes;
use super::time_axis::{MARGIN, TimeAxis};
use crate::plot::{Canvas, Drawn, fitted, font};

const TITLE: i32 = 38;
const FIGURES: i32 = 19;
/// Room between the figures and the lanes, and below the lanes.
const GAP: i32 = 6;

/// The head of the overview.
pub(super) struct Header {
    title: String,
    figures: Vec<String>,
    lanes: Lanes,
}

impl Header {
    pub fn new(finished: &Finished, events: &[Event], time: &TimeAxis) -> Self {
        let summary = &finished.summary;
        let partial = if finished.is_partial() { " (partial)" } else { "" };
        Self {
            title: format!("{}, seed {}{partial}", summary.scenario, summary.seed),
            figures: headline(summary),
            lanes: Lanes::new(events, time),
        }
    }

    /// Names the variant of the run, and has the command that gives it again below its figures.
    pub fn name(&mut self, scenario: &str, invocation: &Invocation) {
        let named = invocation.title(scenario);
        self.title = self.title.replacen(scenario, &named, 1);
        self.figures.extend((!invocation.file.is_empty()).then(|| invocation.command()));
    }

    /// Its height in pixels.
    pub fn height(&self) -> u32 {
        self.lanes_top() as u32 + self.lanes.height() + GAP as u32
    }

    pub fn draw(&self, canvas: &dyn Canvas, time: &TimeAxis) -> Drawn {
        let room = time.sides().1 - MARGIN;
        canvas.write(&fitted(&self.title, font::HEADING, room), (MARGIN, 12), font::HEADING)?;
        for (place, line) in self.figures.iter().enumerate() {
            let at = (MARGIN, TITLE + place as i32 * FIGURES);
            canvas.write(&fitted(line, font::TITLE, room), at, font::TITLE)?;
        }
        self.lanes.draw(canvas, time, self.lanes_top())
    }

    fn lanes_top(&self) -> i32 {
        TITLE + self.figures.len() as i32 * FIGURES + GAP
    }
}

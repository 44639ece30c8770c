//! The plots of a sweep: main effects, maps of two settings, the trade-off between two objectives,
//! and the settings that matter.

mod effects;
mod front;
mod maps;
mod sensitivity;

use sim_experiments::sweep::analysis::Findings;

use super::Header;
use crate::plot::Drawing;

/// More figures or settings than this make a plot unreadable; the first are drawn.
const MOST_PANELS: usize = 8;

/// The plots for which there are results.
pub(super) fn drawings<'a>(
    header: &'a Header,
    findings: &'a Findings,
) -> Vec<Box<dyn Drawing + 'a>> {
    let mut drawings: Vec<Box<dyn Drawing>> = vec![Box::new(effects::Grid { header, findings })];
    if let Some(maps) = maps::Maps::new(header, findings) {
        drawings.push(Box::new(maps));
    }
    if let Some(front) = front::front(header, findings) {
        drawings.push(Box::new(front));
    }
    if let Some(sensitivity) = sensitivity::Sensitivity::new(header, findings) {
        drawings.push(Box::new(sensitivity));
    }
    drawings
}

/// A name of a level that fits beside an axis.
fn shortened(text: &str) -> String {
    if text.chars().count() <= 14 {
        text.to_owned()
    } else {
        text.chars().take(12).chain("…".chars()).collect()
    }
}

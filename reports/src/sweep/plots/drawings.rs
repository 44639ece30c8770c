//! The list of plots.

use sim_experiments::sweep::analysis::Findings;

use super::effects::Grid;
use super::front::front;
use super::maps::HeatMaps;
use super::sensitivity::Sensitivity;
use crate::plot::Drawing;
use crate::sweep::Header;

/// More figures or settings than this make a plot unreadable; the first are drawn.
pub(super) const MOST_PANELS: usize = 8;

/// The plots for which there are results.
pub(in crate::sweep) fn drawings<'a>(
    header: &'a Header,
    findings: &'a Findings,
) -> Vec<Box<dyn Drawing + 'a>> {
    let mut drawings: Vec<Box<dyn Drawing>> = vec![Box::new(Grid { header, findings })];
    if let Some(maps) = HeatMaps::new(header, findings) {
        drawings.push(Box::new(maps));
    }
    if let Some(front) = front(header, findings) {
        drawings.push(Box::new(front));
    }
    if let Some(sensitivity) = Sensitivity::new(header, findings) {
        drawings.push(Box::new(sensitivity));
    }
    drawings
}

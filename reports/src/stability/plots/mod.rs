//! The plots of a stability map: the map itself, and the hysteresis loop.

mod hysteresis;
mod map;

use sim_experiments::stability::Stability;

use crate::plot::Drawing;

/// The plots for which there are results.
pub(super) fn drawings<'a>(
    stability: &'a Stability,
    scenario: &'a str,
) -> Vec<Box<dyn Drawing + 'a>> {
    let mut drawings: Vec<Box<dyn Drawing>> = vec![Box::new(map::Maps { stability, scenario })];
    if let Some(hysteresis) = &stability.hysteresis {
        drawings.push(Box::new(hysteresis::Loop { stability, hysteresis, scenario }));
    }
    drawings
}

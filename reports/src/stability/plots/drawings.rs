//! The list of plots.

use sim_experiments::stability::Stability;

use super::hysteresis::Loop;
use super::map::BehaviourMaps;
use crate::plot::Drawing;

/// The plots for which there are results.
pub(in crate::stability) fn drawings<'a>(
    stability: &'a Stability,
    scenario: &'a str,
) -> Vec<Box<dyn Drawing + 'a>> {
    let mut drawings: Vec<Box<dyn Drawing>> = vec![Box::new(BehaviourMaps { stability, scenario })];
    if let Some(hysteresis) = &stability.hysteresis {
        drawings.push(Box::new(Loop { stability, hysteresis, scenario }));
    }
    drawings
}

//! The plots of a recommendation: where in its range each setting is safe, and where objectives
//! conflict.

mod front;
mod settings;

use sim_experiments::recommend::Recommendation;

use crate::plot::Drawing;

/// The plots for which there are results.
pub(super) fn drawings<'a>(
    recommendation: &'a Recommendation,
    scenario: &'a str,
) -> Vec<Box<dyn Drawing + 'a>> {
    let mut drawings: Vec<Box<dyn Drawing>> =
        vec![Box::new(settings::SafeRanges { recommendation, scenario })];
    if recommendation.front.len() > 1 {
        drawings.push(Box::new(front::front(recommendation, scenario)));
    }
    drawings
}

//! The list of plots.

use sim_experiments::recommend::Recommendation;

use super::front::front;
use super::settings::SafeRanges;
use crate::plot::Drawing;

/// The plots for which there are results.
pub(in crate::recommend) fn drawings<'a>(
    recommendation: &'a Recommendation,
    scenario: &'a str,
) -> Vec<Box<dyn Drawing + 'a>> {
    let mut drawings: Vec<Box<dyn Drawing>> =
        vec![Box::new(SafeRanges::new(recommendation, scenario))];
    if recommendation.front.len() > 1 {
        drawings.push(Box::new(front(recommendation, scenario)));
    }
    drawings
}

//! The first two objectives of a recommendation against each other.

use std::ops::Range;

use sim_experiments::recommend::Recommendation;

use crate::plot::{TradeOff, colour, extremes};

pub(super) fn front<'a>(recommendation: &'a Recommendation, scenario: &str) -> TradeOff<'a> {
    let objectives = &recommendation.plan.objectives;
    let points: Vec<(f64, f64)> =
        recommendation.front.iter().map(|(_, values)| (values[0], values[1])).collect();
    TradeOff {
        title: format!("{scenario}: where the objectives conflict"),
        objectives: [&objectives[0], &objectives[1]],
        ranges: [
            around(points.iter().map(|point| point.0)),
            around(points.iter().map(|point| point.1)),
        ],
        points,
        line: colour::MEDIAN,
        names: Vec::new(),
    }
}

/// The range of an axis with some room on both sides of its values.
fn around(values: impl Iterator<Item = f64>) -> Range<f64> {
    let (least, most) = extremes(values);
    let room = ((most - least) * 0.1).max(most.abs() * 0.01).max(1e-9);
    least - room..most + room
}

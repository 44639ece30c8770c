//! The first two objectives of a recommendation against each other.

use std::ops::Range;

use sim_experiments::recommend::Recommendation;

use crate::plot::{FrontPoint, TradeOff, colour, extremes};

pub(super) fn front<'a>(recommendation: &'a Recommendation, scenario: &str) -> TradeOff<'a> {
    let objectives = &recommendation.plan.objectives;
    let point = |values: &Vec<f64>| FrontPoint {
        at: (values[0], values[1]),
        half_widths: [None, None],
        name: String::new(),
    };
    let points: Vec<FrontPoint> =
        recommendation.front.iter().map(|(_, values)| point(values)).collect();
    let values = &recommendation.objectives;
    let now = values[0].0.zip(values[1].0);
    let recommended = values[0].1.zip(values[1].1);
    let shown = || points.iter().map(|point| point.at).chain(now).chain(recommended);
    TradeOff {
        title: format!("{scenario}: where the objectives conflict"),
        objectives: [&objectives[0], &objectives[1]],
        ranges: [around(shown().map(|point| point.0)), around(shown().map(|point| point.1))],
        named_by: String::new(),
        points,
        line: colour::MEDIAN,
        now,
        recommended,
    }
}

/// The range of an axis with some room on both sides of its values.
fn around(values: impl Iterator<Item = f64>) -> Range<f64> {
    let (least, most) = extremes(values.filter(|value| value.is_finite()));
    let room = ((most - least) * 0.1).max(most.abs() * 0.01).max(1e-9);
    least - room..most + room
}

//! The Pareto front: points that no other one beats.

use sim_models::scenario::SweepPlan;
use sim_models::study::Direction;

use crate::pareto::dominates;
use crate::sweep::Point;

/// The Pareto front: the points that no other point dominates, so that whatever is better in one
/// objective is worse in another.
#[derive(Clone, Debug, Default)]
pub struct Front {
    /// The points, in the order of their indices.
    pub points: Vec<Point>,
}

impl Front {
    pub(super) fn add(&mut self, plan: &SweepPlan, point: &Point) {
        let objectives: Vec<(usize, Direction)> = plan.objectives().collect();
        let Some(gains) = gains(&objectives, point) else { return };
        let others = |front: &Self| -> Vec<Vec<f64>> {
            front.points.iter().filter_map(|other| self::gains(&objectives, other)).collect()
        };
        if objectives.is_empty() || others(self).iter().any(|other| dominates(other, &gains)) {
            return;
        }
        self.points.retain(|other| {
            self::gains(&objectives, other).is_some_and(|other| !dominates(&gains, &other))
        });
        self.points.push(point.clone());
    }
}

/// The objectives of a point, turned so that more is better; `None` if one is missing.
fn gains(objectives: &[(usize, Direction)], point: &Point) -> Option<Vec<f64>> {
    objectives
        .iter()
        .map(|(figure, direction)| Some(direction.gain(point.figures[*figure]?.mean)))
        .collect()
}

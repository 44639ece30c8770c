//! Points that no other beats in every objective.

use sim_models::study::{Direction, SweepPlan};

use crate::sweep::Point;

/// The Pareto front: the points such that every other point is worse in an objective.
#[derive(Clone, Debug, Default)]
pub struct Front {
    /// Its points, in the order of their indices.
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

/// Its figures turned so that more is better; `None` if one is missing.
fn gains(objectives: &[(usize, Direction)], point: &Point) -> Option<Vec<f64>> {
    objectives
        .iter()
        .map(|(figure, direction)| Some(direction.gain(point.figures[*figure]?.mean)))
        .collect()
}

fn dominates(one: &[f64], other: &[f64]) -> bool {
    one.iter().zip(other).all(|(one, other)| one >= other)
        && one.iter().zip(other).any(|(one, other)| one > other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_dominates_what_is_nowhere_better_and_somewhere_worse() {
        assert!(dominates(&[2.0, 1.0], &[1.0, 1.0]));
        assert!(!dominates(&[1.0, 1.0], &[1.0, 1.0]));
        assert!(!dominates(&[2.0, 0.0], &[1.0, 1.0]));
    }
}

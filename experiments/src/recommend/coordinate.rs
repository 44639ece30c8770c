//! Moving one setting at a time: the strategy that finishes what the search has found.

use super::search::Strategy;

/// The distances by which a setting is moved, as shares of its range: to find another region, to go
/// along an edge, to touch it.
const STEPS: [f64; 4] = [0.5, 0.2, 0.07, 0.02];

/// Coordinate search (Hooke and Jeeves, "Direct search solution of numerical and statistical
/// problems", Journal of the ACM 8, 1961). Where limits give way, a search in many directions at
/// once wanders along the edge. One direction at a time goes straight to it, and a point that is
/// worse than the best one is given up after a run or two.
pub struct Coordinate<'a> {
    scores: &'a (dyn Fn(&[Vec<f64>]) -> Vec<f64> + Sync),
    point: Vec<f64>,
    best: f64,
    next: usize,
}

impl<'a> Coordinate<'a> {
    /// A search around a point whose score is known.
    pub fn new(
        point: Vec<f64>,
        best: f64,
        scores: &'a (dyn Fn(&[Vec<f64>]) -> Vec<f64> + Sync),
    ) -> Self {
        Self { scores, point, best, next: 0 }
    }
}

impl Strategy for Coordinate<'_> {
    fn to_beat(&self) -> Option<f64> {
        Some(self.best)
    }

    /// Tries all moves of one setting and makes the best of them.
    fn generation(&mut self) {
        let place = self.next % self.point.len();
        self.next += 1;
        let shares = STEPS
            .iter()
            .flat_map(|step| [self.point[place] - step, self.point[place] + step])
            .chain([0.0, 1.0]);
        let mut probes: Vec<Vec<f64>> = Vec::new();
        for share in shares.filter(|share| (0.0..=1.0).contains(share)) {
            let mut probe = self.point.clone();
            probe[place] = share;
            probes.push(probe);
        }
        let scores = (self.scores)(&probes);
        for (probe, score) in probes.into_iter().zip(scores) {
            if score < self.best {
                (self.point, self.best) = (probe, score);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_that_a_limit_gives_way_at_is_found() {
        // As little as can be of both; less than these is not enough.
        let score = |x: &[f64]| if x[0] >= 0.3 && x[1] >= 0.6 { x[0] + 2.0 * x[1] } else { 10.0 };
        let scores = |points: &[Vec<f64>]| points.iter().map(|x| score(x)).collect();
        let mut strategy = Coordinate::new(vec![0.9, 0.8], 2.5, &scores);
        (0..20).for_each(|_| strategy.generation());
        let [first, second] = strategy.point[..] else { panic!("two settings") };
        assert!((0.3..0.32).contains(&first) && (0.6..0.62).contains(&second), "{first} {second}");
    }
}

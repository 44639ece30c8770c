//! Moving a few settings at a time around the best candidate known.

use std::collections::BTreeMap;

use sim_core::random::{Stream, Streams, standard_normal, uniform};

use super::search::Strategy;

/// The first distance by which a setting is moved, as a share of its range.
const FIRST_REACH: f64 = 0.25;
/// The least distance, which no setting's values are finer than by much.
const LEAST_REACH: f64 = 0.015;
/// The greatest distance.
const MOST_REACH: f64 = 0.5;
/// The change of a distance when a move in its direction succeeds, and when one of a single setting
/// fails.
const LONGER: f64 = 1.5;
const SHORTER: f64 = 0.6;
/// The share of moves that change a single setting.
const SINGLE: f64 = 0.4;
/// The number of points of a generation.
const PROPOSALS: usize = 6;
/// The number of moves that are drawn for a point before one is made that may not pay.
const MOST_DRAWN: u32 = 20;

/// A random local search in the manner of an evolution strategy with one parent (Rechenberg,
/// "Evolutionsstrategie", 1973): moves of one or a few settings from the best point, each setting
/// with a distance of its own up and down, which adapts to what succeeds. A move that succeeded is
/// made once more, as in the pattern moves of Hooke and Jeeves (Journal of the ACM 8, 1961).
///
/// Moves that cannot pay, such as those to a higher cost, are not simulated. So nearly every point is
/// a question whether the limits still hold, and most of the answers take a run or two.
pub struct LocalSearch<'a> {
    scores: &'a (dyn Fn(&[Vec<f64>]) -> Vec<f64> + Sync),
    may_beat: &'a (dyn Fn(&[f64], f64) -> bool + Sync),
    point: Vec<f64>,
    best: f64,
    /// The distances down and up, for each setting.
    reach: Vec<[f64; 2]>,
    /// The last move, if it succeeded.
    momentum: Option<Vec<f64>>,
    random: Stream,
}

impl<'a> LocalSearch<'a> {
    /// A search around a point whose score is known. `may_beat` is true unless it is known without a
    /// run that a point does not beat a score.
    pub fn new(
        point: Vec<f64>,
        best: f64,
        seed: u64,
        scores: &'a (dyn Fn(&[Vec<f64>]) -> Vec<f64> + Sync),
        may_beat: &'a (dyn Fn(&[f64], f64) -> bool + Sync),
    ) -> Self {
        let reach = vec![[FIRST_REACH; 2]; point.len()];
        let random = Streams::new(seed, 0).stream("local search");
        Self { scores, may_beat, point, best, reach, momentum: None, random }
    }

    /// The score of the best point so far, and the point.
    pub fn best(&self) -> (f64, Vec<f64>) {
        (self.best, self.point.clone())
    }

    fn proposals(&mut self) -> Vec<Vec<f64>> {
        let mut proposals = Vec::with_capacity(PROPOSALS);
        if let Some(momentum) = self.momentum.take() {
            let further = |(share, step): (&f64, &f64)| (share + step).clamp(0.0, 1.0);
            proposals.push(self.point.iter().zip(&momentum).map(further).collect());
        }
        while proposals.len() < PROPOSALS {
            proposals.push(self.proposal());
        }
        proposals
    }

    fn proposal(&mut self) -> Vec<f64> {
        let mut proposal = self.moved();
        for _ in 0..MOST_DRAWN {
            if (self.may_beat)(&proposal, self.best) {
                break;
            }
            proposal = self.moved();
        }
        proposal
    }

    /// The point after a random move.
    fn moved(&mut self) -> Vec<f64> {
        let settings = self.point.len();
        let mut moves = 1;
        if uniform(&mut self.random) >= SINGLE {
            moves += 1 + (uniform(&mut self.random) * settings as f64 / 4.0) as usize;
        }
        let mut moved: BTreeMap<usize, f64> = BTreeMap::new();
        for _ in 0..moves.min(settings) {
            let place = (uniform(&mut self.random) * settings as f64) as usize % settings;
            let step = standard_normal(&mut self.random);
            let reach = self.reach[place][usize::from(step > 0.0)];
            moved.insert(place, step * reach);
        }
        let mut point = self.point.clone();
        for (place, step) in moved {
            point[place] = (point[place] + step).clamp(0.0, 1.0);
        }
        point
    }

    /// Adapts the distances to a move and its success.
    fn adapt(&mut self, from: &[f64], to: &[f64], is_better: bool) {
        let is_single = from.iter().zip(to).filter(|(from, to)| from != to).count() == 1;
        for (reach, (from, to)) in self.reach.iter_mut().zip(from.iter().zip(to)) {
            let step = to - from;
            let reach = &mut reach[usize::from(step > 0.0)];
            if is_better && step != 0.0 {
                *reach = (*reach).max(step.abs() * LONGER).min(MOST_REACH);
            } else if is_single && step.abs() <= 2.0 * *reach && step != 0.0 {
                *reach = (step.abs() * SHORTER).min(*reach).max(LEAST_REACH);
            }
        }
    }
}

impl Strategy for LocalSearch<'_> {
    fn to_beat(&self) -> Option<f64> {
        Some(self.best)
    }

    /// Tries a few moves and makes the best of them.
    fn generation(&mut self) {
        let proposals = self.proposals();
        let scores = (self.scores)(&proposals);
        let (from, before) = (self.point.clone(), self.best);
        for (proposal, score) in proposals.iter().zip(&scores) {
            self.adapt(&from, proposal, *score < before);
            if *score < self.best {
                (self.point, self.best) = (proposal.clone(), *score);
            }
        }
        if self.best < before {
            let step = self.point.iter().zip(&from).map(|(to, from)| to - from);
            self.momentum = Some(step.collect());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn less_of_one_setting_for_more_of_another() {
        // Both together must be enough; the second is dearer, and too much of the first is refused.
        let score = |x: &[f64]| {
            let is_enough = x[0] + x[1] >= 1.0 && x[0] <= 0.8;
            if is_enough { x[0] + 2.0 * x[1] } else { 10.0 }
        };
        let scores = |points: &[Vec<f64>]| points.iter().map(|x| score(x)).collect();
        let may_beat = |x: &[f64], best: f64| x[0] + 2.0 * x[1] < best;
        let mut strategy = LocalSearch::new(vec![0.3, 0.9], 2.1, 3, &scores, &may_beat);
        (0..100).for_each(|_| strategy.generation());
        let (best, point) = strategy.best();
        assert!(best < 1.25, "{best} at {point:?}");
    }
}

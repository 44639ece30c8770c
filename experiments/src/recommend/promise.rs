//! The promises that limits make about runs.

use sim_core::stats::{share_at_least, share_at_most};
use sim_models::scenario::GoalsPlan;

use super::assessment::{Caution, Kept, LimitHere, Miss};
use super::recommendation::Standing;

/// Confidence of the bounds.
const CONFIDENCE: f64 = 0.95;
/// A share that is too small to count, so that rounding decides nothing.
const HAIR: f64 = 1e-9;

/// A limit that a share of runs must keep: of those under one condition, or of those under several together,
/// each as often as it occurs.
#[derive(Clone, Debug, PartialEq)]
pub struct Promise {
    /// The share of runs that must keep it.
    pub share: f64,
    /// The limit under each condition.
    pub parts: Vec<Part>,
}

/// A limit under one of the conditions of a promise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// The index of the condition.
    pub condition: usize,
    /// The index of the limit under that condition.
    pub limit: usize,
    /// The share of the runs that are under this condition; those of all parts add up to one.
    pub weight: f64,
}

/// The limits under each condition, and what they promise together.
#[derive(Debug, Default)]
pub(super) struct Promises {
    /// The limits under each condition.
    pub limits: Vec<Vec<LimitHere>>,
    /// The promises, each once, in the order of their first conditions.
    pub all: Vec<Promise>,
    /// The weight of each condition in an objective.
    pub weights: Vec<f64>,
}

impl Promises {
    /// The promises of the limits that hold under each condition. Under conditions that have a probability, a
    /// limit is promised for all of them together; under any other, it is promised by itself.
    pub fn new(limits: Vec<Vec<LimitHere>>, plan: &GoalsPlan) -> Self {
        let probability = |condition: usize| plan.probabilities[condition];
        let mut all: Vec<(Option<usize>, Promise)> = Vec::new();
        for (condition, here) in limits.iter().enumerate() {
            for (place, limit) in here.iter().enumerate() {
                let together = probability(condition).map(|_| limit.number);
                let weight = probability(condition).unwrap_or(1.0);
                let part = Part { condition, limit: place, weight };
                let known = all.iter_mut().find(|(of, _)| of.is_some() && *of == together);
                if let Some((_, promise)) = known {
                    promise.parts.push(part);
                } else {
                    all.push((together, Promise { share: limit.share, parts: vec![part] }));
                }
            }
        }
        let all = all.into_iter().map(|(_, promise)| promise.scaled()).collect();
        let is_weighted = plan.probabilities.iter().any(Option::is_some);
        let otherwise = if is_weighted { 0.0 } else { 1.0 };
        let weights = plan.probabilities.iter().map(|known| known.unwrap_or(otherwise)).collect();
        Self { limits, all, weights }
    }

    /// The promise that a limit under a condition is part of.
    pub fn of(&self, condition: usize, limit: usize) -> &Promise {
        let is_it = |part: &Part| part.condition == condition && part.limit == limit;
        let promise = self.all.iter().find(|promise| promise.parts.iter().any(is_it));
        promise.expect("each limit is part of a promise")
    }
}

impl Promise {
    /// The same with weights that add up to one.
    fn scaled(mut self) -> Self {
        let sum: f64 = self.parts.iter().map(|part| part.weight).sum();
        for part in &mut self.parts {
            part.weight /= sum;
        }
        self
    }

    /// The standing of the promise if so many runs kept the limit under each of its conditions.
    pub fn standing(&self, kept: &[Kept]) -> Standing {
        if Caution::AsPromised.forgives(self, kept) {
            Standing::Holds
        } else if self.at_most(kept) >= self.share {
            Standing::Unsure
        } else {
            Standing::Misses
        }
    }

    /// The share of all runs that kept the limit, as often as its conditions occur.
    pub fn kept(&self, kept: &[Kept]) -> f64 {
        1.0 - self.missed(kept)
    }

    /// The share of all runs that surely keep the limit, with a confidence of 95 %: the exact lower bounds under
    /// each condition, weighted. With k conditions, each bound has the confidence 1 − 5 % / k, so that all of
    /// them hold together (Bonferroni). A condition without runs counts as kept.
    pub fn at_least(&self, kept: &[Kept]) -> f64 {
        self.bounded(kept, share_at_least)
    }

    /// The same, but a condition in which no run missed the limit counts as kept: for the others, the runs must
    /// show that enough keep it.
    fn at_least_where_missed(&self, kept: &[Kept]) -> f64 {
        let no_runs = Kept { kept: 0, runs: 0 };
        let where_missed = kept.iter().map(|kept| if kept.missed() == 0 { no_runs } else { *kept });
        self.at_least(&where_missed.collect::<Vec<_>>())
    }

    /// The share of all runs that keep the limit at most; the counterpart of [`Self::at_least`].
    fn at_most(&self, kept: &[Kept]) -> f64 {
        self.bounded(kept, share_at_most)
    }

    fn bounded(&self, kept: &[Kept], bound: fn(u64, u64, f64) -> f64) -> f64 {
        let confidence = 1.0 - (1.0 - CONFIDENCE) / self.parts.len() as f64;
        let of = |(part, Kept { kept, runs }): (&Part, &Kept)| {
            let share = if *runs == 0 { 1.0 } else { bound(*kept, *runs, confidence) };
            part.weight * share
        };
        self.parts.iter().zip(kept).map(of).sum()
    }

    /// The share of the runs that missed the limit.
    fn missed(&self, kept: &[Kept]) -> f64 {
        let of = |(part, kept): (&Part, &Kept)| kept.missed() as f64 * part.weight_of_run(*kept);
        self.parts.iter().zip(kept).map(of).sum()
    }
}

impl Part {
    /// The limit if it is missed by this distance.
    pub(super) fn missed_by(self, distance: f64) -> Miss {
        Miss { condition: self.condition, limit: self.limit, distance }
    }

    /// The share of all runs that one run under this condition stands for.
    fn weight_of_run(&self, of: Kept) -> f64 {
        self.weight / of.runs.max(1) as f64
    }
}

impl Caution {
    /// True if these runs that missed a limit do not matter.
    pub(super) fn forgives(self, promise: &Promise, kept: &[Kept]) -> bool {
        let others = 1.0 - promise.share + HAIR;
        match self {
            Self::AsPromised => promise.at_least_where_missed(kept) >= promise.share - HAIR,
            Self::ByShare => promise.missed(kept) <= others,
            Self::WithRoom(_) => {
                let parts = promise.parts.iter().zip(kept).filter(|(_, kept)| kept.missed() > 0);
                let run = parts.map(|(part, kept)| part.weight_of_run(*kept)).fold(0.0, f64::max);
                promise.missed(kept) <= others + run / 2.0
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn promise(share: f64, weights: &[f64]) -> Promise {
        let part =
            |(condition, weight): (usize, &f64)| Part { condition, limit: 0, weight: *weight };
        Promise { share, parts: weights.iter().enumerate().map(part).collect() }
    }

    fn runs(kept: &[(u64, u64)]) -> Vec<Kept> {
        kept.iter().map(|(kept, runs)| Kept { kept: *kept, runs: *runs }).collect()
    }

    #[test]
    fn one_condition_is_judged_by_the_exact_bounds() {
        let promise = promise(0.95, &[1.0]);
        assert_eq!(promise.standing(&runs(&[(10, 10)])), Standing::Holds);
        assert_eq!(promise.standing(&runs(&[(9, 10)])), Standing::Unsure);
        assert_eq!(promise.standing(&runs(&[(5, 10)])), Standing::Misses);
        // 92 of 93 show 95 %, 91 of 92 do not.
        assert_eq!(promise.standing(&runs(&[(92, 93)])), Standing::Holds);
        assert_eq!(promise.standing(&runs(&[(91, 92)])), Standing::Unsure);
    }

    #[test]
    fn a_condition_that_is_rarer_than_a_promise_allows_may_miss_it() {
        let promise = promise(0.95, &[0.98, 0.02]);
        assert_eq!(promise.standing(&runs(&[(240, 240), (0, 240)])), Standing::Holds);
        assert!(promise.kept(&runs(&[(240, 240), (0, 240)])) > 0.979);
        assert_eq!(promise.standing(&runs(&[(10, 10), (0, 10)])), Standing::Holds);
        // Once a common run has missed it, so few runs do not show it.
        assert_eq!(promise.standing(&runs(&[(19, 20), (0, 20)])), Standing::Unsure);
        // A tenth of the common runs is too much.
        assert_eq!(promise.standing(&runs(&[(216, 240), (240, 240)])), Standing::Misses);
        assert!(Caution::ByShare.forgives(&promise, &runs(&[(1, 1), (0, 1)])));
        assert!(!Caution::ByShare.forgives(&promise, &runs(&[(0, 1), (1, 1)])));
    }

    /// Weights rarely add up to one to the last digit.
    #[test]
    fn what_all_runs_keep_is_kept_however_it_is_weighted() {
        for conditions in 1..=30_u32 {
            let weights: Vec<f64> = (1..=conditions).map(f64::from).collect();
            let promise = promise(1.0, &weights).scaled();
            let mut kept = vec![Kept { kept: 9, runs: 9 }; weights.len()];
            for caution in [Caution::AsPromised, Caution::ByShare, Caution::WithRoom(2.0)] {
                assert!(caution.forgives(&promise, &kept), "{caution:?}, {conditions}");
            }
            assert_eq!(promise.standing(&kept), Standing::Holds, "{conditions}");
            kept[0].kept = 8;
            assert_eq!(promise.standing(&kept), Standing::Misses, "{conditions}");
        }
    }

    #[test]
    fn the_weighted_bound_covers_what_is_true_in_nearly_all_samples() {
        // All pairs of outcomes of ten runs each, with their exact probabilities.
        let promise = promise(0.9, &[0.7, 0.3]);
        let truth = [0.8, 0.95];
        let mean = 0.7 * truth[0] + 0.3 * truth[1];
        let probability = |kept: u64, share: f64| {
            let ways = (0..kept).fold(1.0, |ways, at| ways * (10 - at) as f64 / (at + 1) as f64);
            ways * libm::pow(share, kept as f64) * libm::pow(1.0 - share, (10 - kept) as f64)
        };
        let mut covered = 0.0;
        for one in 0..=10 {
            for other in 0..=10 {
                if promise.at_least(&runs(&[(one, 10), (other, 10)])) <= mean {
                    covered += probability(one, truth[0]) * probability(other, truth[1]);
                }
            }
        }
        assert!(covered >= 0.95, "{covered}");
    }
}

//! How far a candidate is from what is wanted.

use sim_core::stats::{ConfidenceInterval, Welford};
use sim_models::expect::{Bound, Reading, Relation};
use sim_models::observe::Unit;
use sim_models::study::{FigurePlan, Level};

/// Confidence of the intervals.
pub(super) const CONFIDENCE: f64 = 0.95;
/// A miss by nothing is still a miss.
const LEAST_MISS: f64 = 1e-6;
/// What a figure that could not be read counts as missing its limit by.
const UNKNOWN_MISS: f64 = 5.0;

/// A limit in a condition.
#[derive(Clone, Debug, PartialEq)]
pub struct LimitHere {
    /// As it was written.
    pub text: String,
    /// What its figure is counted in.
    pub unit: Unit,
    /// What its figure is held to.
    pub bound: Bound,
}

impl LimitHere {
    pub(super) fn all(readings: &[Reading]) -> Vec<Self> {
        let limit = |reading: &Reading| {
            reading.bound.map(|bound| Self {
                text: reading.text.clone(),
                unit: reading.wanted.unit(),
                bound,
            })
        };
        readings.iter().filter_map(limit).collect()
    }

    /// How far a figure is on the wrong side; zero on the right one. On a logarithmic scale, in
    /// error budgets for shares and in parts of the bound for everything else, so that limits of
    /// different kinds can be weighed against each other.
    pub fn miss(&self, value: Option<f64>) -> f64 {
        let Some(value) = value else { return UNKNOWN_MISS };
        if self.bound.holds(value) {
            return 0.0;
        }
        let bound = self.bound.value;
        let scale = if self.unit == Unit::Share {
            bound.min(1.0 - bound).max(1e-4)
        } else {
            bound.abs().max(1e-9)
        };
        libm::log1p((value - bound).abs() / scale).max(LEAST_MISS)
    }

    /// Whether an interval lies within the bound as a whole.
    pub fn surely_holds(&self, interval: ConfidenceInterval) -> bool {
        let half_width = if interval.half_width.is_finite() { interval.half_width } else { 0.0 };
        let worst = match self.bound.relation {
            Relation::AtLeast | Relation::Above => interval.mean - half_width,
            Relation::AtMost | Relation::Below => interval.mean + half_width,
            Relation::Exactly => interval.mean,
        };
        self.bound.holds(worst)
    }
}

/// When a limit is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caution {
    /// When the mean over runs keeps it.
    OnAverage,
    /// When a run that is worse than the mean by a standard deviation keeps it: what is looked for
    /// should not stand at the edge.
    WithRoom,
}

/// What was measured of a candidate.
#[derive(Clone, Debug)]
pub struct Assessment {
    limits: Vec<Vec<LimitHere>>,
    /// Of each condition and reading: the values, and how many runs had none.
    readings: Vec<Vec<(Welford, u64)>>,
}

impl Assessment {
    pub(super) fn new(limits: &[Vec<LimitHere>], objectives: usize) -> Self {
        let readings = limits
            .iter()
            .map(|limits| vec![(Welford::default(), 0); limits.len() + objectives])
            .collect();
        Self { limits: limits.to_vec(), readings }
    }

    pub(super) fn add(&mut self, condition: usize, values: &[Option<f64>]) {
        for ((known, unknown), value) in self.readings[condition].iter_mut().zip(values) {
            match value {
                Some(value) => known.add(*value),
                None => *unknown += 1,
            }
        }
    }

    /// What two assessments of one candidate show together.
    pub(super) fn together(mut self, other: Self) -> Self {
        for (mine, theirs) in
            self.readings.iter_mut().flatten().zip(other.readings.into_iter().flatten())
        {
            mine.0.merge(&theirs.0);
            mine.1 += theirs.1;
        }
        self
    }

    /// The figure of a limit in a condition; `None` if a run had nothing to tell, or none was made.
    pub fn of_limit(&self, condition: usize, limit: usize) -> Option<ConfidenceInterval> {
        of(&self.readings[condition][limit])
    }

    /// How often a condition was simulated.
    fn is_measured(&self, condition: usize) -> bool {
        self.readings[condition].iter().any(|(known, unknown)| known.count() + unknown > 0)
    }

    /// An objective, averaged over the conditions that were simulated.
    pub fn objective(&self, objective: usize) -> Option<f64> {
        let mut mean = Welford::default();
        for (condition, readings) in
            self.readings.iter().enumerate().filter(|(condition, _)| self.is_measured(*condition))
        {
            mean.add(of(&readings[self.limits[condition].len() + objective])?.mean);
        }
        (mean.count() > 0).then(|| mean.mean())
    }

    /// How far all limits together are missed; zero if none is.
    pub fn violation(&self, caution: Caution) -> f64 {
        self.misses(caution).map(|(_, _, miss)| miss).sum()
    }

    /// Of each limit in each condition that was simulated, how far it is missed.
    pub fn misses(&self, caution: Caution) -> impl Iterator<Item = (usize, usize, f64)> {
        let limits =
            self.limits.iter().enumerate().filter(|(condition, _)| self.is_measured(*condition));
        limits.flat_map(move |(condition, limits)| {
            limits.iter().enumerate().map(move |(place, limit)| {
                (
                    condition,
                    place,
                    limit.miss(self.cautious_figure(condition, place, limit, caution)),
                )
            })
        })
    }

    /// The mean of a limit's figure, or what it is in a run that is worse by a standard deviation.
    fn cautious_figure(
        &self,
        condition: usize,
        place: usize,
        limit: &LimitHere,
        caution: Caution,
    ) -> Option<f64> {
        let mean = self.of_limit(condition, place)?.mean;
        let spread = match caution {
            Caution::OnAverage => 0.0,
            Caution::WithRoom => libm::sqrt(self.readings[condition][place].0.variance()),
        };
        Some(match limit.bound.relation {
            Relation::AtLeast | Relation::Above => mean - spread,
            Relation::AtMost | Relation::Below => mean + spread,
            Relation::Exactly => mean,
        })
    }

    /// Whether every limit holds, the uncertainty of its figure included.
    pub fn surely_holds(&self) -> bool {
        self.limits.iter().enumerate().all(|(condition, limits)| {
            let holds = |(place, limit): (usize, &LimitHere)| {
                self.of_limit(condition, place).is_some_and(|interval| limit.surely_holds(interval))
            };
            limits.iter().enumerate().all(holds)
        })
    }

    /// The objectives as one number, less being better: each turned so and measured by what it is
    /// for the file as written.
    pub fn regret(&self, objectives: &[FigurePlan], now: &[Option<f64>]) -> f64 {
        let of = |(place, plan): (usize, &FigurePlan)| {
            let gain = |value: f64| plan.better.map_or(0.0, |better| better.gain(value));
            let scale = now.get(place).copied().flatten().map_or(1.0, |now| now.abs().max(1e-9));
            self.objective(place).map_or(UNKNOWN_MISS, |value| -gain(value) / scale)
        };
        objectives.iter().enumerate().map(of).sum::<f64>() / objectives.len().max(1) as f64
    }
}

fn of((known, unknown): &(Welford, u64)) -> Option<ConfidenceInterval> {
    (*unknown == 0 && known.count() > 0).then(|| known.interval(CONFIDENCE))
}

/// What the values of two candidates differ in.
pub(super) fn differs(one: &Level, other: &Level) -> bool {
    one.number.to_bits() != other.number.to_bits()
}

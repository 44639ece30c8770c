//! The distance of a candidate from the goals.

use sim_core::stats::{ConfidenceInterval, Welford};
use sim_models::expect::{Bound, Reading, Relation};
use sim_models::observe::FigureUnit;
use sim_models::study::{FigurePlan, Level};

/// Confidence of the intervals.
const CONFIDENCE: f64 = 0.95;
/// The least distance at which a limit is missed, so that a miss by nothing still counts.
const LEAST_MISS: f64 = 1e-6;
/// The distance at which a figure that could not be read misses its limit.
const UNKNOWN_MISS: f64 = 5.0;

/// A limit under a condition.
#[derive(Clone, Debug, PartialEq)]
pub struct LimitHere {
    /// The limit as it is written.
    pub text: String,
    /// The unit of its figure.
    pub unit: FigureUnit,
    /// The bound that its figure must keep.
    pub bound: Bound,
}

impl LimitHere {
    /// The limits among the readings of a blueprint.
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

    /// The distance of a figure from the right side of the bound; zero if it is there.
    ///
    /// The scale is logarithmic, in error budgets for shares and in parts of the bound for
    /// everything else, so that limits of different kinds can be weighed against each other.
    pub fn miss(&self, value: Option<f64>) -> f64 {
        let Some(value) = value else { return UNKNOWN_MISS };
        if self.bound.holds(value) {
            return 0.0;
        }
        let bound = self.bound.value;
        let scale = if self.unit == FigureUnit::Share {
            bound.min(1.0 - bound).max(1e-4)
        } else {
            bound.abs().max(1e-9)
        };
        libm::log1p((value - bound).abs() / scale).max(LEAST_MISS)
    }

    /// True if a whole interval lies on the right side of the bound.
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

/// The margin with which a limit must be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caution {
    /// None: the mean over runs must keep it.
    OnAverage,
    /// A standard deviation: a run that is that much worse than the mean must still keep it, so
    /// that the search does not end at the very edge.
    WithRoom,
}

/// The measurements of a candidate.
#[derive(Clone, Debug)]
pub struct Assessment {
    limits: Vec<Vec<LimitHere>>,
    /// The readings under each condition: its limits, then the objectives.
    readings: Vec<Vec<Samples>>,
}

/// A limit that a candidate misses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Miss {
    /// The index of the condition.
    pub condition: usize,
    /// The index of the limit under that condition.
    pub limit: usize,
    /// The distance of the figure from the right side of the bound, above zero.
    pub distance: f64,
}

/// The values of a reading over several runs.
#[derive(Clone, Debug, Default)]
struct Samples {
    known: Welford,
    /// The number of runs that had nothing to read.
    unknown: u64,
}

impl Samples {
    /// The mean with its interval; `None` if there was no run, or nothing to read in one of them.
    fn interval(&self) -> Option<ConfidenceInterval> {
        (self.unknown == 0 && self.known.count() > 0).then(|| self.known.interval(CONFIDENCE))
    }
}

impl Assessment {
    /// The assessment of a candidate before its first run.
    pub(super) fn new(limits: &[Vec<LimitHere>], objectives: usize) -> Self {
        let readings = limits
            .iter()
            .map(|limits| vec![Samples::default(); limits.len() + objectives])
            .collect();
        Self { limits: limits.to_vec(), readings }
    }

    /// Adds the values that a run under a condition has for each reading.
    pub(super) fn add(&mut self, condition: usize, values: &[Option<f64>]) {
        for (reading, value) in self.readings[condition].iter_mut().zip(values) {
            match value {
                Some(value) => reading.known.add(*value),
                None => reading.unknown += 1,
            }
        }
    }

    /// The assessment from the runs of two assessments of one candidate.
    pub(super) fn together(mut self, other: Self) -> Self {
        let theirs = other.readings.into_iter().flatten();
        for (mine, theirs) in self.readings.iter_mut().flatten().zip(theirs) {
            mine.known.merge(&theirs.known);
            mine.unknown += theirs.unknown;
        }
        self
    }

    /// The figure of a limit under a condition; `None` if there was no run, or nothing to read in
    /// one of them.
    pub fn of_limit(&self, condition: usize, limit: usize) -> Option<ConfidenceInterval> {
        self.readings[condition][limit].interval()
    }

    /// The conditions that were simulated.
    fn measured_conditions(&self) -> impl Iterator<Item = usize> {
        let is_measured = |readings: &[Samples]| {
            readings.iter().any(|reading| reading.known.count() + reading.unknown > 0)
        };
        (0..self.readings.len()).filter(move |condition| is_measured(&self.readings[*condition]))
    }

    /// An objective, averaged over the conditions that were simulated.
    pub fn objective(&self, objective: usize) -> Option<f64> {
        let mut mean = Welford::default();
        for condition in self.measured_conditions() {
            let place = self.limits[condition].len() + objective;
            mean.add(self.readings[condition][place].interval()?.mean);
        }
        (mean.count() > 0).then(|| mean.mean())
    }

    /// The distance by which all limits together are missed; zero if none is.
    pub fn violation(&self, caution: Caution) -> f64 {
        self.misses(caution).fold(0.0, |sum, miss| sum + miss.distance)
    }

    /// The limits that are missed under the conditions that were simulated.
    pub fn misses(&self, caution: Caution) -> impl Iterator<Item = Miss> {
        let all = self.measured_conditions().flat_map(move |condition| {
            self.limits[condition].iter().enumerate().map(move |(place, limit)| {
                let figure = self.cautious_figure(condition, place, limit, caution);
                Miss { condition, limit: place, distance: limit.miss(figure) }
            })
        });
        all.filter(|miss| miss.distance > 0.0)
    }

    /// The mean of a limit's figure, made worse by the margin.
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
            Caution::WithRoom => libm::sqrt(self.readings[condition][place].known.variance()),
        };
        Some(match limit.bound.relation {
            Relation::AtLeast | Relation::Above => mean - spread,
            Relation::AtMost | Relation::Below => mean + spread,
            Relation::Exactly => mean,
        })
    }

    /// True if every limit holds with the whole interval of its figure.
    pub fn surely_holds(&self) -> bool {
        self.limits.iter().enumerate().all(|(condition, limits)| {
            let holds = |(place, limit): (usize, &LimitHere)| {
                self.of_limit(condition, place).is_some_and(|interval| limit.surely_holds(interval))
            };
            limits.iter().enumerate().all(holds)
        })
    }

    /// The objectives as one number, less being better: the mean of all objectives, each turned so
    /// that less is better and divided by its value with the file as written.
    pub fn regret(&self, objectives: &[FigurePlan], now: &[Option<f64>]) -> f64 {
        let of = |(place, plan): (usize, &FigurePlan)| {
            let gain = |value: f64| plan.better.map_or(0.0, |better| better.gain(value));
            let scale = now.get(place).copied().flatten().map_or(1.0, |now| now.abs().max(1e-9));
            self.objective(place).map_or(UNKNOWN_MISS, |value| -gain(value) / scale)
        };
        objectives.iter().enumerate().map(of).sum::<f64>() / objectives.len().max(1) as f64
    }
}

/// True if two values of a setting differ.
pub(super) fn differs(one: &Level, other: &Level) -> bool {
    one.number.to_bits() != other.number.to_bits()
}

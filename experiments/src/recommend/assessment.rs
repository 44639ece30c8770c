//! The distance of a candidate from the goals.

use std::collections::BTreeSet;
use std::sync::Arc;

use sim_core::stats::{ConfidenceInterval, Welford, share_at_least};
use sim_models::expect::{Bound, Reading, Relation, Wanted};
use sim_models::observe::{FigureUnit, Measure};
use sim_models::study::{FigurePlan, Level};

use super::promise::{Part, Promise, Promises};
use super::recommendation::Standing;

/// Confidence of the intervals.
const CONFIDENCE: f64 = 0.95;
/// The least distance at which a limit is missed, so that a miss by nothing still counts.
const LEAST_MISS: f64 = 1e-6;
/// The share of runs from which on a limit must be kept with room.
const NEARLY_ALL: f64 = 0.9;
/// The room that a single run would have to leave besides, as a share of the room.
const UNCERTAIN: f64 = 1.5;
/// The number of runs after which a condition may be settled, and the room that each limit must have
/// then, as a multiple of that of a contender.
const FEWEST_OF_SETTLED: u64 = 4;
const ROOM_OF_SETTLED: f64 = 2.0;
/// The distance at which a figure that could not be read misses its limit.
const UNKNOWN_MISS: f64 = 5.0;

/// A limit under a condition.
#[derive(Clone, Debug, PartialEq)]
pub struct LimitHere {
    /// The number of the limit in the file.
    pub(super) number: usize,
    /// The limit as it is written.
    pub text: String,
    /// The unit of its figure.
    pub unit: FigureUnit,
    /// The bound that its figure must keep.
    pub bound: Bound,
    /// The share of runs that must keep it.
    pub share: f64,
    /// The share of requests that it allows to fail or to be turned away, if it is about that.
    pub(super) tolerated: Option<f64>,
}

/// The runs that kept a limit, of those that were made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The runs that kept it.
    pub kept: u64,
    /// All runs.
    pub runs: u64,
}

impl Kept {
    /// The share of all runs that surely keep the limit, with a confidence of 95 %.
    pub fn at_least(self) -> f64 {
        share_at_least(self.kept, self.runs, CONFIDENCE)
    }

    /// The runs that missed it.
    pub(super) fn missed(self) -> u64 {
        self.runs - self.kept
    }
}

impl LimitHere {
    /// The limits among the readings of a blueprint, which have these numbers in the file.
    pub(super) fn all(readings: &[Reading], numbers: impl Iterator<Item = usize>) -> Vec<Self> {
        let limit = |(reading, number): (&Reading, usize)| {
            reading.bound.map(|bound| Self {
                number,
                text: reading.text.clone(),
                unit: reading.wanted.unit(),
                bound,
                share: reading.share,
                tolerated: tolerated(&reading.wanted, bound),
            })
        };
        readings.iter().zip(numbers).filter_map(limit).collect()
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
}

impl LimitHere {
    /// A number that is less the further a figure is on the right side of the bound, or the nearer to it on
    /// the wrong one.
    pub(super) fn shortfall(&self, value: Option<f64>) -> f64 {
        let Some(value) = value else { return f64::INFINITY };
        match self.bound.relation {
            Relation::AtLeast | Relation::Above => self.bound.value - value,
            Relation::AtMost | Relation::Below => value - self.bound.value,
            Relation::Exactly => (value - self.bound.value).abs(),
        }
    }
}

/// The share of requests that a limit allows to fail or to be turned away.
fn tolerated(wanted: &Wanted, bound: Bound) -> Option<f64> {
    let (Wanted::Figure { measure, .. } | Wanted::Worst { measure, .. }) = wanted else {
        return None;
    };
    let is_about_requests = matches!(measure, Measure::Workload(..) | Measure::Call(..));
    let is_share = is_about_requests && measure.unit() == FigureUnit::Share;
    is_share.then_some(match bound.relation {
        Relation::AtLeast | Relation::Above => 1.0 - bound.value,
        Relation::AtMost | Relation::Below | Relation::Exactly => bound.value,
    })
}

/// The margin with which a limit must be kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Caution {
    /// None, and no luck either: so many of the runs must keep it that they show the promise, or all of them.
    AsPromised,
    /// None: the promised share of these very runs must keep it.
    ByShare,
    /// No more of the runs than promised may miss it, rounded to whole runs; and if nearly all runs
    /// must keep it, so must one that is this many standard deviations worse than their mean: few runs
    /// do not show the worst of many.
    WithRoom(f64),
}

/// The measurements of a candidate.
#[derive(Clone, Debug)]
pub struct Assessment {
    promises: Arc<Promises>,
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
    /// The number of runs that were chosen because others like them missed a limit: they show whether it is
    /// kept, but not its mean or its spread.
    chosen: u64,
    /// The distances by which runs missed the bound, if it is a limit.
    misses: Vec<f64>,
}

impl Samples {
    /// The number of runs.
    fn runs(&self) -> u64 {
        self.known.count() + self.unknown + self.chosen
    }

    /// The runs that kept the bound.
    fn kept(&self) -> Kept {
        let runs = self.runs();
        Kept { kept: runs - self.misses.len() as u64, runs }
    }

    /// The mean made worse by so many standard deviations. Fewer runs know the spread less well, so it is
    /// more of them (as a tolerance factor does).
    fn worse(&self, limit: &LimitHere, room: f64) -> f64 {
        let room = room * (1.0 + UNCERTAIN / self.known.count() as f64);
        let (mean, spread) = (self.known.mean(), room * libm::sqrt(self.known.variance()));
        match limit.bound.relation {
            Relation::AtLeast | Relation::Above => mean - spread,
            Relation::AtMost | Relation::Below => mean + spread,
            Relation::Exactly => mean,
        }
    }

    /// The mean with its interval; `None` if there was no run, or nothing to read in one of them.
    fn interval(&self) -> Option<ConfidenceInterval> {
        (self.unknown == 0 && self.known.count() > 0).then(|| self.known.interval(CONFIDENCE))
    }
}

impl Assessment {
    /// The assessment of a candidate before its first run.
    pub(super) fn new(promises: Arc<Promises>, objectives: usize) -> Self {
        let under = |limits: &Vec<LimitHere>| vec![Samples::default(); limits.len() + objectives];
        let readings = promises.limits.iter().map(under).collect();
        Self { promises, readings }
    }

    /// Adds the values that a run under a condition has for each reading.
    pub(super) fn add(&mut self, condition: usize, values: &[Option<f64>]) {
        let limits = &self.promises.limits[condition];
        for (place, (reading, value)) in self.readings[condition].iter_mut().zip(values).enumerate()
        {
            match value {
                Some(value) => reading.known.add(*value),
                None => reading.unknown += 1,
            }
            let miss = limits.get(place).map_or(0.0, |limit| limit.miss(*value));
            if miss > 0.0 {
                reading.misses.push(miss);
            }
        }
    }

    /// Adds what a run that was chosen because it refuted another candidate shows: whether each limit is kept.
    pub(super) fn add_chosen(&mut self, condition: usize, values: &[Option<f64>]) {
        for ((limit, reading), value) in
            self.promises.limits[condition].iter().zip(&mut self.readings[condition]).zip(values)
        {
            reading.chosen += 1;
            reading.misses.extend(Some(limit.miss(*value)).filter(|miss| *miss > 0.0));
        }
    }

    /// The assessment from the runs of two assessments of one candidate.
    pub(super) fn together(mut self, other: Self) -> Self {
        let theirs = other.readings.into_iter().flatten();
        for (mine, theirs) in self.readings.iter_mut().flatten().zip(theirs) {
            mine.known.merge(&theirs.known);
            mine.unknown += theirs.unknown;
            mine.chosen += theirs.chosen;
            mine.misses.extend(theirs.misses);
        }
        self
    }

    /// The figure of a limit under a condition; `None` if there was no run, or nothing to read in
    /// one of them.
    pub fn of_limit(&self, condition: usize, limit: usize) -> Option<ConfidenceInterval> {
        self.readings[condition][limit].interval()
    }

    /// The runs that kept a limit under a condition.
    pub fn kept(&self, condition: usize, limit: usize) -> Kept {
        self.readings[condition][limit].kept()
    }

    /// The runs that kept the limit of a promise under each of its conditions.
    pub(super) fn kept_of(&self, promise: &Promise) -> Vec<Kept> {
        promise.parts.iter().map(|part| self.of(part).kept()).collect()
    }

    /// The worst standing of any promise. A condition that was not simulated counts as one in which all is
    /// kept.
    pub fn standing(&self) -> Standing {
        let all = self.promises.all.iter();
        all.map(|promise| self.standing_of(promise)).max().unwrap_or(Standing::Holds)
    }

    /// The standing of a promise.
    pub(super) fn standing_of(&self, promise: &Promise) -> Standing {
        promise.standing(&self.kept_of(promise))
    }

    /// False if so many runs missed a limit that its promise would be broken after `most` runs.
    pub fn may_still_hold(&self, most: u64, caution: Caution) -> bool {
        let after_most = |kept: Kept| Kept { kept: most.saturating_sub(kept.missed()), runs: most };
        self.promises.all.iter().all(|promise| {
            let kept = self.kept_of(promise).into_iter();
            let then = kept.map(|kept| if kept.runs > 0 { after_most(kept) } else { kept });
            caution.forgives(promise, &then.collect::<Vec<_>>())
        })
    }

    /// The conditions of the promises that have this standing.
    pub fn conditions_that(&self, standing: Standing) -> Vec<usize> {
        let promises = self.promises.all.iter();
        let that = promises.filter(|promise| self.standing_of(promise) == standing);
        let parts = that.flat_map(|promise| &promise.parts);
        let conditions: BTreeSet<usize> = parts.map(|part| part.condition).collect();
        let is_measured = |condition: &usize| conditions.contains(condition);
        self.measured_conditions().filter(is_measured).collect()
    }

    fn of(&self, part: &Part) -> &Samples {
        &self.readings[part.condition][part.limit]
    }

    /// The conditions that were simulated.
    fn measured_conditions(&self) -> impl Iterator<Item = usize> {
        let is_measured = |readings: &[Samples]| readings.iter().any(|reading| reading.runs() > 0);
        (0..self.readings.len()).filter(move |condition| is_measured(&self.readings[*condition]))
    }

    /// An objective, averaged over the conditions that were simulated, each as often as it occurs.
    pub fn objective(&self, objective: usize) -> Option<f64> {
        let (mut mean, mut sum) = (0.0, 0.0);
        for condition in self.measured_conditions() {
            let weight = self.promises.weights[condition];
            if weight > 0.0 {
                let place = self.promises.limits[condition].len() + objective;
                let value = self.readings[condition][place].interval()?.mean;
                sum += weight;
                mean += (value - mean) * weight / sum;
            }
        }
        (sum > 0.0).then_some(mean)
    }

    /// The distance by which all limits together are missed; zero if none is.
    pub fn violation(&self, caution: Caution) -> f64 {
        self.misses(caution).fold(0.0, |sum, miss| sum + miss.distance)
    }

    /// The limits that are missed under the conditions that were simulated.
    pub fn misses(&self, caution: Caution) -> impl Iterator<Item = Miss> {
        let promises = self.promises.all.iter();
        promises.filter_map(move |promise| {
            let worst = self.worst_not_forgiven(promise, caution);
            let Caution::WithRoom(room) = caution else { return worst };
            let worse = self.worse_than_mean(promise, room);
            let further = |one: &Miss, other: &Miss| one.distance.total_cmp(&other.distance);
            worse.into_iter().chain(worst).max_by(further)
        })
    }

    /// The limit of a promise under the condition of the worst run that is not forgiven.
    fn worst_not_forgiven(&self, promise: &Promise, caution: Caution) -> Option<Miss> {
        let parts = promise.parts.iter().enumerate();
        let mut misses: Vec<(f64, usize)> = parts
            .flat_map(|(at, part)| self.of(part).misses.iter().map(move |miss| (*miss, at)))
            .collect();
        if misses.is_empty() {
            return None;
        }
        misses.sort_by(|(one, _), (other, _)| other.total_cmp(one));
        let mut missed = self.kept_of(promise);
        for kept in &mut missed {
            kept.kept = kept.runs;
        }
        let is_not_forgiven = |(_, at): &&(f64, usize)| {
            missed[*at].kept -= 1;
            !caution.forgives(promise, &missed)
        };
        let (distance, at) = misses.iter().find(is_not_forgiven)?;
        Some(promise.parts[*at].missed_by(*distance))
    }

    /// The limit of a promise under the condition in which a run so many standard deviations worse than the
    /// mean misses it, and that is not so rare that the promise allows for it.
    fn worse_than_mean(&self, promise: &Promise, room: f64) -> Option<Miss> {
        if promise.share < NEARLY_ALL {
            return None;
        }
        let worse = |part: &Part| {
            let (samples, limit) =
                (self.of(part), &self.promises.limits[part.condition][part.limit]);
            let is_known = samples.known.count() > 0;
            let distance =
                if is_known { limit.miss(Some(samples.worse(limit, room))) } else { 0.0 };
            (part.missed_by(distance), part.weight)
        };
        let mut worse: Vec<(Miss, f64)> = promise.parts.iter().map(worse).collect();
        worse.retain(|(miss, _)| miss.distance > 0.0);
        worse.sort_by(|(one, _), (other, _)| other.distance.total_cmp(&one.distance));
        let mut share = 0.0;
        let is_too_much = |(_, weight): &(Miss, f64)| {
            share += weight;
            share > 1.0 - promise.share
        };
        worse.into_iter().find(is_too_much).map(|(miss, _)| miss)
    }

    /// True if so many runs under a condition kept every limit, and all so clearly, that more runs of a
    /// search would tell nothing about it, nor about an objective.
    pub(super) fn is_settled(&self, condition: usize, room: f64) -> bool {
        let readings = &self.readings[condition];
        let has_runs = |samples: &Samples| samples.runs() >= FEWEST_OF_SETTLED;
        let is_kept_clearly = |(limit, samples): (&LimitHere, &Samples)| {
            let worse = samples.worse(limit, ROOM_OF_SETTLED * room);
            samples.misses.is_empty() && limit.miss(Some(worse)) == 0.0
        };
        let limits = &self.promises.limits[condition];
        let is_exact = |objective: &Samples| objective.known.variance() == 0.0;
        // A condition without limits still has objectives.
        readings.iter().all(has_runs)
            && readings[limits.len()..].iter().all(is_exact)
            && limits.iter().zip(readings).all(is_kept_clearly)
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

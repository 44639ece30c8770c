//! What is measured at the points of a sweep.

use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sim_core::stats::Welford;
use sim_models::observe::Unit;
use sim_models::study::{FigurePlan, SweepPlan};
use sim_models::system::{Blueprint, LimitReached};

use super::Sweep;
use crate::run::{Cut, readings};

/// Confidence of the intervals.
const CONFIDENCE: f64 = 0.95;
/// How sure it must be that a point is worse before it is given up.
const CLEARLY: f64 = 0.998;
/// Fewer replications are too few to say that a point is clearly worse.
const FEWEST_TO_COMPARE: u32 = 3;

/// A point that has been simulated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Which.
    pub point: u64,
    /// How often it was simulated.
    pub replications: u32,
    /// What became of it.
    #[serde(default, skip_serializing_if = "State::is_measured")]
    pub state: State,
    /// Its figures in the order of the plan; `None` where a replication had nothing to tell.
    pub figures: Vec<Option<Estimate>>,
}

/// What became of a point.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It was simulated as often as planned.
    #[default]
    Measured,
    /// It was given up, because this point is clearly better in every objective.
    Abandoned(u64),
    /// Its settings do not go together.
    Unsound(String),
    /// A run reached a limit of the scenario.
    Stopped(String),
}

impl State {
    fn is_measured(&self) -> bool {
        *self == Self::Measured
    }
}

/// A mean over replications and how uncertain it is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Half of the 95 % interval's length; `None` after one replication.
    pub half_width: Option<f64>,
}

/// Simulates points that may be compared with one another. `None` if `look` breaks it off.
pub(super) fn measure(
    sweep: &Sweep,
    points: Range<u64>,
    look: &(dyn Fn() -> ControlFlow<()> + Sync),
) -> Option<Vec<Point>> {
    let plan = sweep.plan();
    let mut candidates: Vec<Candidate> = points.map(|point| Candidate::new(sweep, point)).collect();
    for replication in 0..plan.replications.most {
        if look().is_break() {
            return None;
        }
        for candidate in
            candidates.iter_mut().filter(|candidate| candidate.is_wanted(plan, replication))
        {
            candidate.simulate(u64::from(replication), look)?;
        }
        if plan.abandons && replication + 1 >= FEWEST_TO_COMPARE {
            abandon(plan, &mut candidates);
        }
    }
    Some(candidates.into_iter().map(Candidate::finish).collect())
}

/// A point under way.
struct Candidate {
    point: u64,
    blueprint: Option<Arc<Blueprint>>,
    state: State,
    /// The values of each figure, by replication.
    values: Vec<Vec<Option<f64>>>,
}

impl Candidate {
    fn new(sweep: &Sweep, point: u64) -> Self {
        let loaded = sweep.load(point);
        let state = match &loaded.blueprint {
            Some(_) => State::Measured,
            None => State::Unsound(
                loaded.problems.first().map_or_else(String::new, |problem| problem.message.clone()),
            ),
        };
        Self {
            point,
            blueprint: loaded.blueprint,
            state,
            values: vec![Vec::new(); sweep.plan().figures.len()],
        }
    }

    fn replications(&self) -> u32 {
        self.values.first().map_or(0, Vec::len) as u32
    }

    fn is_wanted(&self, plan: &SweepPlan, replication: u32) -> bool {
        self.state.is_measured()
            && (replication < plan.replications.first || !self.is_precise(plan))
    }

    /// Whether every figure is known as precisely as was asked for. To be within γ of the truth,
    /// the interval must be within γ/(1 + γ) of the estimate (Law, *Simulation Modeling and
    /// Analysis*, section 9.4.1). Shares are held to γ itself.
    fn is_precise(&self, plan: &SweepPlan) -> bool {
        let Some(precision) = plan.replications.precision else { return true };
        let is_near = |(values, figure): (&Vec<Option<f64>>, &FigurePlan)| {
            let Some(Estimate { mean, half_width: Some(half_width) }) = estimate(values) else {
                return true;
            };
            let allowed = if figure.unit == Unit::Share {
                precision
            } else {
                precision / (1.0 + precision) * mean.abs()
            };
            half_width <= allowed
        };
        self.values.iter().zip(&plan.figures).all(is_near)
    }

    fn simulate(
        &mut self,
        replication: u64,
        look: &(dyn Fn() -> ControlFlow<()> + Sync),
    ) -> Option<()> {
        let blueprint = self.blueprint.as_ref()?;
        match readings(blueprint, replication, &mut |_| look()) {
            Ok(values) => {
                self.values.iter_mut().zip(values).for_each(|(all, value)| all.push(value))
            }
            Err(Cut::Interrupted) => return None,
            Err(Cut::Limit(limit)) => self.state = State::Stopped(name_of(limit).to_owned()),
        }
        Some(())
    }

    fn finish(self) -> Point {
        let is_told = matches!(self.state, State::Measured | State::Abandoned(_));
        let figures =
            self.values.iter().map(|values| estimate(values).filter(|_| is_told)).collect();
        Point { point: self.point, replications: self.replications(), state: self.state, figures }
    }
}

fn name_of(limit: LimitReached) -> &'static str {
    match limit {
        LimitReached::Events(_) => "limits.events",
        LimitReached::InFlight(_) => "limits.in flight",
        LimitReached::Memory(_) => "limits.memory",
    }
}

/// The mean of all replications; `None` if one of them had nothing to tell.
fn estimate(values: &[Option<f64>]) -> Option<Estimate> {
    let mut spread = Welford::default();
    for value in values {
        spread.add((*value)?);
    }
    let interval = spread.interval(CONFIDENCE);
    (spread.count() > 0).then(|| Estimate {
        mean: interval.mean,
        half_width: interval.half_width.is_finite().then_some(interval.half_width),
    })
}

/// Gives up candidates that another one beats clearly in all objectives.
fn abandon(plan: &SweepPlan, candidates: &mut [Candidate]) {
    for worse in 0..candidates.len() {
        let is_in = |candidate: &Candidate| {
            candidate.state.is_measured() && candidate.replications() >= FEWEST_TO_COMPARE
        };
        if !is_in(&candidates[worse]) {
            continue;
        }
        let beats = |better: &&Candidate| {
            is_in(better) && is_clearly_better(plan, better, &candidates[worse])
        };
        if let Some(better) = candidates.iter().find(beats).map(|candidate| candidate.point) {
            candidates[worse].state = State::Abandoned(better);
        }
    }
}

/// Whether a candidate is as good in every objective and better in one, by paired differences:
/// replications of both saw the same random numbers.
fn is_clearly_better(plan: &SweepPlan, better: &Candidate, worse: &Candidate) -> bool {
    let mut is_better_in_any = false;
    for (figure, direction) in plan.objectives() {
        let mut gains = Welford::default();
        for (one, other) in better.values[figure].iter().zip(&worse.values[figure]) {
            let (Some(one), Some(other)) = (one, other) else { return false };
            gains.add(direction.gain(*one) - direction.gain(*other));
        }
        let interval = gains.interval(CLEARLY);
        let least_gain = interval.mean - interval.half_width;
        if least_gain < 0.0 || !least_gain.is_finite() {
            return false;
        }
        is_better_in_any |= least_gain > 0.0;
    }
    is_better_in_any
}

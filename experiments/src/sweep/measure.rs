//! Replications of the points of a block, until their figures are known or they are given up.

use std::ops::Range;
use std::sync::Arc;

use sim_core::stats::Welford;
use sim_models::observe::FigureUnit;
use sim_models::scenario::SweepPlan;
use sim_models::study::FigurePlan;
use sim_models::system::{Blueprint, LimitReached};

use super::{Estimate, Point, PointState, Sweep};
use crate::run::{Figures, figures};
use crate::watch::{Interrupted, Watch};

/// Confidence of the intervals.
const CONFIDENCE: f64 = 0.95;
/// Confidence that a point is worse, required before it is abandoned.
const CLEARLY: f64 = 0.998;
/// Fewer replications are too few to say that a point is clearly worse.
pub(super) const FEWEST_TO_COMPARE: u32 = 3;
/// The reasons why a run stops: the limits of a scenario, and a clock that does not move.
pub(super) const LIMITS: [&str; 4] =
    ["limits.events", "limits.in flight", "limits.memory", "standstill"];

/// Simulates points that may be compared with one another.
pub(super) fn measure(
    sweep: &Sweep,
    points: Range<u64>,
    watch: &dyn Watch,
) -> Result<Vec<Point>, Interrupted> {
    let plan = sweep.plan();
    let mut points: Vec<Ongoing> = points.map(|point| Ongoing::new(sweep, point)).collect();
    for replication in 0..plan.replications.most {
        watch.check()?;
        for point in points.iter_mut().filter(|point| point.is_wanted(plan, replication)) {
            point.simulate(u64::from(replication), watch)?;
        }
        if plan.abandons && replication + 1 >= FEWEST_TO_COMPARE {
            abandon(plan, &mut points);
        }
    }
    Ok(points.into_iter().map(Ongoing::finish).collect())
}

/// A point under way.
struct Ongoing {
    point: u64,
    blueprint: Option<Arc<Blueprint>>,
    state: PointState,
    /// The values of each figure, by replication.
    values: Vec<Vec<Option<f64>>>,
}

impl Ongoing {
    fn new(sweep: &Sweep, point: u64) -> Self {
        let loaded = sweep.load(point);
        let state = match &loaded.blueprint {
            Some(_) => PointState::Measured,
            None => PointState::Unsound(
                loaded.problems.first().map_or_else(String::new, |problem| problem.message.clone()),
            ),
        };
        let values = vec![Vec::new(); sweep.plan().figures.len()];
        Self { point, blueprint: loaded.blueprint, state, values }
    }

    fn replications(&self) -> u32 {
        self.values.first().map_or(0, Vec::len) as u32
    }

    /// True if this replication is to be simulated.
    fn is_wanted(&self, plan: &SweepPlan, replication: u32) -> bool {
        self.state.is_measured()
            && (replication < plan.replications.first || !self.is_precise(plan))
    }

    /// True if every figure is known as precisely as the plan demands.
    ///
    /// To be within γ of the truth, the interval must be within γ/(1 + γ) of the estimate (Law,
    /// *Simulation Modeling and Analysis*, section 9.4.1). Shares must be within γ itself.
    fn is_precise(&self, plan: &SweepPlan) -> bool {
        let Some(precision) = plan.replications.precision else { return true };
        let is_near = |(values, figure): (&Vec<Option<f64>>, &FigurePlan)| {
            let Some(Estimate { mean, half_width: Some(half_width) }) = estimate(values) else {
                return true;
            };
            let allowed = if figure.unit == FigureUnit::Share {
                precision
            } else {
                precision / (1.0 + precision) * mean.abs()
            };
            half_width <= allowed
        };
        self.values.iter().zip(&plan.figures).all(is_near)
    }

    fn simulate(&mut self, replication: u64, watch: &dyn Watch) -> Result<(), Interrupted> {
        let Some(blueprint) = &self.blueprint else { return Ok(()) };
        match figures(blueprint, replication, watch)? {
            Figures::Measured(values) => {
                self.values.iter_mut().zip(values).for_each(|(all, value)| all.push(value));
            }
            Figures::Stopped(limit) => self.state = PointState::Stopped(path_of(limit).to_owned()),
        }
        Ok(())
    }

    fn finish(self) -> Point {
        let has_figures = matches!(self.state, PointState::Measured | PointState::Abandoned(_));
        let figures =
            self.values.iter().map(|values| estimate(values).filter(|_| has_figures)).collect();
        Point { point: self.point, replications: self.replications(), state: self.state, figures }
    }
}

/// The path of a limit in the scenario.
fn path_of(limit: LimitReached) -> &'static str {
    match limit {
        LimitReached::Events(_) => LIMITS[0],
        LimitReached::InFlight(_) => LIMITS[1],
        LimitReached::Memory { .. } => LIMITS[2],
        LimitReached::Standstill(_) => LIMITS[3],
    }
}

/// The mean of all replications; `None` if one of them had nothing to read, or they have no mean that is
/// a number.
fn estimate(values: &[Option<f64>]) -> Option<Estimate> {
    let mut spread = Welford::default();
    for value in values {
        spread.add((*value)?);
    }
    let interval = spread.interval(CONFIDENCE);
    (spread.count() > 0 && interval.mean.is_finite()).then(|| Estimate {
        mean: interval.mean,
        half_width: interval.half_width.is_finite().then_some(interval.half_width),
    })
}

/// Abandons points that another one clearly beats in every objective.
fn abandon(plan: &SweepPlan, points: &mut [Ongoing]) {
    let is_compared =
        |point: &Ongoing| point.state.is_measured() && point.replications() >= FEWEST_TO_COMPARE;
    for worse in 0..points.len() {
        if !is_compared(&points[worse]) {
            continue;
        }
        let beats = |better: &&Ongoing| {
            is_compared(better) && is_clearly_better(plan, better, &points[worse])
        };
        if let Some(better) = points.iter().find(beats).map(|better| better.point) {
            points[worse].state = PointState::Abandoned(better);
        }
    }
}

/// True if a point is as good in every objective and better in one, by paired differences:
/// replications of both saw the same random numbers.
fn is_clearly_better(plan: &SweepPlan, better: &Ongoing, worse: &Ongoing) -> bool {
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

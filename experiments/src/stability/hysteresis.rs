//! Going up through the loads and coming down again.

use std::ops::ControlFlow;
use std::sync::Arc;

use sim_core::{SimDuration, SimTime};
use sim_models::observe::{Measure, WorkloadFigure};
use sim_models::study::Level;
use sim_models::system::{Blueprint, Source};
use sim_models::workload::{ArrivalProcess, Knot, RateProfile, Stage, UserPlan};

use super::system::{Tried, Trigger};
use crate::run::run;

/// The first part of the time that a load is held is for settling, and is not counted.
const SETTLING: f64 = 0.5;

/// What a system answers at each load, on the way up and on the way down.
#[derive(Clone, Debug, PartialEq)]
pub struct Hysteresis {
    /// At each load, from the least on.
    pub passes: Vec<Pass>,
}

/// What a system answers at a load.
#[derive(Clone, Debug, PartialEq)]
pub struct Pass {
    /// The load.
    pub load: Level,
    /// The share of requests answered on the way up.
    pub up: f64,
    /// The share answered on the way down.
    pub down: f64,
}

impl Hysteresis {
    /// The loads at which the system is well on the way up and not on the way down: the least and
    /// the largest.
    pub fn vulnerable(&self, well: f64) -> Option<(&Level, &Level)> {
        let mut vulnerable = self
            .passes
            .iter()
            .filter(|pass| pass.up >= well && pass.down < well)
            .map(|pass| &pass.load);
        let first = vulnerable.next()?;
        Some((first, vulnerable.next_back().unwrap_or(first)))
    }
}

/// One run through all loads, up and down, without faults. `None` if `look` breaks it off; nothing
/// if the load is not one of arrivals or users.
#[allow(clippy::option_option, reason = "broken off, nothing to show, something to show")]
pub(super) fn up_and_down(
    tried: &Tried,
    look: &(dyn Fn() -> ControlFlow<()> + Sync),
) -> Option<Option<Hysteresis>> {
    let plan = tried.plan();
    let loads = plan.load.values.levels();
    let owner = plan.load.path.split('.').nth(1).unwrap_or_default();
    let first = loads.first().and_then(|load| tried.load(load, &Trigger::None).blueprint);
    let Some(mut blueprint) = first.map(|blueprint| Blueprint::clone(&blueprint)) else {
        return Some(None);
    };
    let Some(workload) = blueprint.workloads.iter().position(|workload| workload.name == owner)
    else {
        return Some(None);
    };
    let steps: Vec<f64> =
        loads.iter().chain(loads.iter().rev().skip(1)).map(|load| load.number).collect();
    if !is_led(&mut blueprint.workloads[workload].source, &steps, plan.dwell) {
        return Some(None);
    }
    blueprint.faults.clear();
    let warmup = blueprint.run.warmup;
    blueprint.run.duration =
        warmup + SimDuration::from_nanos_f64(plan.dwell * steps.len() as f64 * 1e9);
    shift(&mut blueprint.workloads[workload].source, warmup);
    let finished = run(&Arc::new(blueprint), 0, &mut |_| look());
    if look().is_break() {
        return None;
    }
    let answered = |step: usize| {
        let (system, dwell) = (&finished.system, plan.dwell);
        let at = |part: f64| {
            SimTime::ZERO + warmup + SimDuration::from_nanos_f64((step as f64 + part) * dwell * 1e9)
        };
        let intervals = system.recorder().intervals_between(at(SETTLING), at(1.0));
        let measure = Measure::Workload(plan.workload, WorkloadFigure::Availability);
        measure.over(system.blueprint(), system.recorder(), intervals).unwrap_or(0.0)
    };
    let last = steps.len() - 1;
    let pass = |(place, load): (usize, &Level)| Pass {
        load: load.clone(),
        up: answered(place),
        down: answered(last - place),
    };
    Some(Some(Hysteresis { passes: loads.iter().enumerate().map(pass).collect() }))
}

/// Makes a source follow steps of so many seconds; whether it can.
fn is_led(source: &mut Source, steps: &[f64], dwell: f64) -> bool {
    match source {
        Source::Open(ArrivalProcess::Constant(profile) | ArrivalProcess::Poisson(profile)) => {
            let mut knots = Vec::new();
            for (place, rate) in steps.iter().enumerate() {
                let at = place as f64 * dwell;
                knots.extend([Knot { at, rate: *rate }, Knot { at: at + dwell, rate: *rate }]);
            }
            *profile = RateProfile::new(knots);
            true
        }
        Source::Open(ArrivalProcess::Replay(_)) => false,
        Source::Closed { users, .. } => {
            let whole = |load: f64| libm::round(load).max(0.0) as u32;
            let hold = |load: f64| {
                let to = whole(load);
                [
                    Stage { to, over: SimDuration::ZERO },
                    Stage { to, over: SimDuration::from_nanos_f64(dwell * 1e9) },
                ]
            };
            *users = UserPlan {
                start: whole(steps[0]),
                stages: steps.iter().flat_map(|load| hold(*load)).collect(),
            };
            true
        }
    }
}

/// Lets a source hold its first load for the warm-up.
fn shift(source: &mut Source, warmup: SimDuration) {
    match source {
        Source::Open(ArrivalProcess::Constant(profile) | ArrivalProcess::Poisson(profile)) => {
            *profile = profile.later(warmup.as_secs_f64());
        }
        Source::Closed { users, .. } => {
            users.stages.insert(0, Stage { to: users.start, over: warmup })
        }
        Source::Open(ArrivalProcess::Replay(_)) => {}
    }
}

//! Going up through the loads and coming down again.

use std::sync::Arc;

use sim_core::{SimDuration, SimTime};
use sim_models::observe::Measure;
use sim_models::study::Level;
use sim_models::system::{Blueprint, Source, Table};
use sim_models::workload::{ArrivalProcess, Knot, RateProfile, Stage, UserPlan};

use super::system::{StressedSystem, Trigger};
use crate::run::{Finished, complete};
use crate::watch::{Interrupted, Watch};

/// The part of the time at a load that is for settling and is not counted, at its beginning.
const SETTLING: f64 = 0.5;

/// The share of requests that a system answers at each load, on the way up and on the way down.
#[derive(Clone, Debug, PartialEq)]
pub struct Hysteresis {
    /// The loads, in ascending order.
    pub passes: Vec<LoadPass>,
}

/// A load that is passed on the way up and on the way down.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadPass {
    /// The load.
    pub load: Level,
    /// The share of requests answered on the way up.
    pub up: f64,
    /// The share of requests answered on the way down.
    pub down: f64,
}

impl Hysteresis {
    /// The places of the loads at which the system is well on the way up but not on the way down.
    pub fn vulnerable(&self, well: f64) -> Vec<usize> {
        let is_vulnerable = |pass: &LoadPass| pass.up >= well && pass.down < well;
        (0..self.passes.len()).filter(|place| is_vulnerable(&self.passes[*place])).collect()
    }
}

/// Runs once through all loads, up and down, without faults. `None` if the load is not one of
/// arrivals or users.
pub(super) fn up_and_down(
    system: &StressedSystem,
    watch: &dyn Watch,
) -> Result<Option<Hysteresis>, Interrupted> {
    let plan = system.plan();
    let loads = plan.load.values.levels();
    let steps: Vec<f64> =
        loads.iter().chain(loads.iter().rev().skip(1)).map(|load| load.number).collect();
    let Some(blueprint) = stepped(system, &loads, &steps) else { return Ok(None) };
    let finished = complete(&Arc::new(blueprint), 0, watch)?;
    let last = steps.len() - 1;
    let pass = |(place, load): (usize, &Level)| LoadPass {
        load: load.clone(),
        up: answered(system, &finished, place),
        down: answered(system, &finished, last - place),
    };
    Ok(Some(Hysteresis { passes: loads.iter().enumerate().map(pass).collect() }))
}

/// The system without faults, whose load goes through `steps` after the warm-up; `None` if it
/// cannot.
fn stepped(system: &StressedSystem, loads: &[Level], steps: &[f64]) -> Option<Blueprint> {
    let plan = system.plan();
    let blueprint = system.load(loads.first()?, &Trigger::None, None).blueprint?;
    let mut blueprint = Blueprint::clone(&blueprint);
    let owner = plan.load.path.split('.').nth(1).unwrap_or_default();
    let workload = blueprint.workloads.iter_mut().find(|workload| workload.name == owner)?;
    let warmup = blueprint.run.warmup;
    let source = &mut workload.source;
    if !follow(source, steps, plan.dwell) {
        return None;
    }
    hold_first_load(source, warmup);
    blueprint.faults = Table::default();
    blueprint.run.duration =
        warmup + SimDuration::from_nanos_f64(plan.dwell * steps.len() as f64 * 1e9);
    Some(blueprint)
}

/// The share of requests answered during a step, once the system has settled.
fn answered(system: &StressedSystem, finished: &Finished, step: usize) -> f64 {
    let plan = system.plan();
    let (blueprint, recorder) = (finished.system.blueprint(), finished.system.recorder());
    let at = |part: f64| {
        let since_warmup = (step as f64 + part) * plan.dwell;
        SimTime::ZERO + blueprint.run.warmup + SimDuration::from_nanos_f64(since_warmup * 1e9)
    };
    let intervals = recorder.intervals_between(at(SETTLING), at(1.0));
    let measure = Measure::availability(plan.workload);
    measure.over(blueprint, recorder, intervals).unwrap_or(0.0)
}

/// Makes a source go through `steps`, each of `dwell` seconds. Returns false if the source cannot
/// follow them.
fn follow(source: &mut Source, steps: &[f64], dwell: f64) -> bool {
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

/// Makes a source hold its first load for the warm-up before it goes on.
fn hold_first_load(source: &mut Source, warmup: SimDuration) {
    match source {
        Source::Open(ArrivalProcess::Constant(profile) | ArrivalProcess::Poisson(profile)) => {
            *profile = profile.later(warmup.as_secs_f64());
        }
        Source::Closed { users, .. } => {
            users.stages.insert(0, Stage { to: users.start, over: warmup });
        }
        Source::Open(ArrivalProcess::Replay(_)) => {}
    }
}

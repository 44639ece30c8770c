//! The behaviour of a system under a load and a trigger.

use sim_core::SimTime;
use sim_models::observe::Measure;
use sim_models::scenario::StabilityPlan;

use crate::run::Finished;

/// The share of the time after the trigger, at the end of the run, by which the system is judged.
const JUDGED: f64 = 0.25;
/// Answering less than this share of requests, the system is down.
const DOWN: f64 = 0.5;

/// The behaviour of a system in a run, from the best to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Behaviour {
    /// The trigger has no effect on the system.
    Stable,
    /// The trigger has an effect, and the system is well again by the end.
    Recovers,
    /// The system is not well at the end, but answers half of the requests or more.
    Degraded,
    /// The system stays down, though the trigger is gone.
    Metastable,
    /// The load is too much without any trigger.
    Overloaded,
}

/// The runs at one load with one trigger; none if the settings do not go together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cell {
    /// The behaviour and the share of requests answered at the end, in each replication.
    pub runs: Vec<(Behaviour, f64)>,
}

impl Cell {
    pub(super) fn add(&mut self, run: (Behaviour, f64)) {
        self.runs.push(run);
    }

    /// The most frequent behaviour, and of several the worst; `None` without runs.
    pub fn usual(&self) -> Option<Behaviour> {
        let count = |behaviour: Behaviour| {
            self.runs.iter().filter(|(other, _)| *other == behaviour).count()
        };
        self.runs
            .iter()
            .map(|(behaviour, _)| *behaviour)
            .max_by_key(|behaviour| (count(*behaviour), *behaviour))
    }

    /// True if the system was well at the end of every replication.
    pub fn always_heals(&self) -> bool {
        !self.runs.is_empty()
            && self.runs.iter().all(|(behaviour, _)| *behaviour <= Behaviour::Recovers)
    }

    /// The number of replications at whose end the system was well.
    pub fn healed(&self) -> usize {
        self.runs.iter().filter(|(behaviour, _)| *behaviour <= Behaviour::Recovers).count()
    }

    /// The share of requests answered at the end, averaged over the replications; `None` without
    /// runs.
    pub fn answered_at_end(&self) -> Option<f64> {
        (!self.runs.is_empty())
            .then(|| self.runs.iter().map(|(_, share)| share).sum::<f64>() / self.runs.len() as f64)
    }
}

/// Classifies a run by the share of requests that were answered before, during and after the
/// trigger, whose beginning and end are given; returns the share at the end with it.
pub(super) fn classify(
    plan: &StabilityPlan,
    finished: &Finished,
    trigger: Option<(SimTime, SimTime)>,
) -> (Behaviour, f64) {
    let system = &finished.system;
    let (blueprint, recorder) = (system.blueprint(), system.recorder());
    let run = blueprint.run;
    let end = SimTime::ZERO + run.duration;
    let measure = Measure::availability(plan.workload);
    let answered = |from: SimTime, to: SimTime| {
        measure.over(blueprint, recorder, recorder.intervals_between(from, to)).unwrap_or(0.0)
    };
    let after =
        blueprint.faults.iter().filter_map(|fault| system.span_of(fault)).map(|(_, end)| end);
    let after = after.filter(|end| *end != SimTime::MAX).max();
    let after =
        after.unwrap_or(SimTime::ZERO + run.warmup).min(end).max(SimTime::ZERO + run.warmup);
    let at_end = if finished.is_partial() {
        0.0
    } else {
        answered(
            SimTime::ZERO + after.since(SimTime::ZERO) + end.since(after).scaled(1.0 - JUDGED),
            end,
        )
    };
    let behaviour = match trigger {
        None if at_end >= plan.well => Behaviour::Stable,
        None => Behaviour::Overloaded,
        Some((begin, _)) if answered(SimTime::ZERO + run.warmup, begin) < plan.well => {
            Behaviour::Overloaded
        }
        Some((begin, over)) if at_end >= plan.well => {
            let is_felt = answered(begin, over.min(end)) < plan.well;
            if is_felt || answered(over.min(end), end) < plan.well {
                Behaviour::Recovers
            } else {
                Behaviour::Stable
            }
        }
        Some(_) if at_end >= DOWN => Behaviour::Degraded,
        Some(_) => Behaviour::Metastable,
    };
    (behaviour, at_end)
}

//! The behaviour of a system under a load and a trigger.

use sim_core::SimTime;
use sim_models::expect::Aftermath;
use sim_models::scenario::StabilityPlan;

use crate::run::Finished;

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

    /// Calls the runs overloaded that are not well at the end though the same replication without a
    /// trigger is not well either: it is not the trigger that keeps them down.
    pub(super) fn beside(mut self, untriggered: &Self) -> Self {
        for ((behaviour, _), (without, _)) in self.runs.iter_mut().zip(&untriggered.runs) {
            if *without == Behaviour::Overloaded && *behaviour > Behaviour::Recovers {
                *behaviour = Behaviour::Overloaded;
            }
        }
        self
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
/// trigger, which is in the run if `is_triggered`; returns the share at the end with it.
pub(super) fn classify(
    plan: &StabilityPlan,
    finished: &Finished,
    is_triggered: bool,
) -> (Behaviour, f64) {
    let aftermath = Aftermath::of(&finished.system, plan.workload);
    let end = SimTime::ZERO + finished.system.blueprint().run.duration;
    let at_end = if finished.is_partial() { 0.0 } else { aftermath.at_end() };
    let span = is_triggered.then(|| aftermath.span_of(plan.fault)).flatten();
    let behaviour = match span {
        None if at_end >= plan.well => Behaviour::Stable,
        None => Behaviour::Overloaded,
        Some((begin, _)) if aftermath.before(begin) < plan.well => Behaviour::Overloaded,
        Some((begin, over)) if at_end >= plan.well => {
            let is_felt = aftermath.answered(begin, over.min(end)) < plan.well;
            if is_felt || aftermath.answered(over.min(end), end) < plan.well {
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

//! Actions of operators and automation, and those that are held up.

use sim_core::SimTime;

use super::{Change, Dependent, Moment};
use crate::observe::Recorder;
use crate::steps::Op;
use crate::system::{Blueprint, Errand, Id, ThroughPlan, of};

/// The actions of operators that do not show by themselves.
pub(super) fn operator_moments(blueprint: &Blueprint, recorder: &Recorder) -> Vec<Moment> {
    let done = |&(at, order): &(SimTime, Id<of::Order>)| {
        let what = blueprint.orders[order].summary.clone();
        Moment { at, change: Change::Operated { what, waits_for: None } }
    };
    recorder.orders().iter().map(done).collect()
}

/// Whatever waits for a service that does not answer, and goes on when it does.
pub(super) fn held_up_moments(blueprint: &Blueprint, recorder: &Recorder) -> Vec<Moment> {
    let held_up = |&(at, errand, is_answered): &(SimTime, Errand, bool)| {
        Some(Moment { at, change: held_up(errand, is_answered, blueprint)? })
    };
    recorder.errands().iter().filter_map(held_up).collect()
}

fn held_up(errand: Errand, is_over: bool, blueprint: &Blueprint) -> Option<Change> {
    let (what, through) = match errand {
        Errand::Order(id) => {
            let order = &blueprint.orders[id];
            let waits_for = service(blueprint, order.through);
            // That it is done at last is told in any case.
            return (!is_over).then(|| Change::Operated { what: order.summary.clone(), waits_for });
        }
        Errand::Instance(id) => {
            let scaler = &blueprint.autoscalers[id];
            let name = blueprint.stations[scaler.station].name.clone();
            (Dependent::Instances(name), scaler.through)
        }
        Errand::Batch(id) => {
            let first = blueprint.faults.iter().find(|fault| fault.trigger == Some(id))?;
            (Dependent::Deployment(first.target.clone()), blueprint.triggers[id].through)
        }
        Errand::Alert(id) => {
            let alert = &blueprint.alerts[id];
            (Dependent::Alert(alert.name.clone()), alert.through)
        }
    };
    Some(Change::HeldUp { what, by: service(blueprint, through)?, is_over })
}

/// The service that something goes through.
fn service(blueprint: &Blueprint, through: Option<ThroughPlan>) -> Option<String> {
    let call = blueprint.program.get(through?.entry)?;
    let Op::Call(site) = call else { return None };
    let edge = &blueprint.edges[blueprint.sites[*site].edge];
    Some(blueprint.stations[edge.callee].name.clone())
}

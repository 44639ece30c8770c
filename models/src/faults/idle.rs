//! Faults that change nothing in a run.

use sim_core::SimTime;

use super::{Fault, InForce};
use crate::language::{Location, Problem, Problems};
use crate::scenario::Plan;
use crate::steps::Op;
use crate::system::{Id, of};

/// Notes a fault that changes nothing in a run, with the reason.
pub(super) fn note_idle(fault: &Fault, at: Location, plan: &Plan, problems: &mut Problems) {
    let Some(reason) = reason(fault, plan) else { return };
    let message = format!("this fault changes nothing: {reason}");
    problems.add(Problem::warning(message, Some(at)).labelled("no effect"));
}

fn reason(fault: &Fault, plan: &Plan) -> Option<String> {
    let run = plan.blueprint.run;
    let over = SimTime::ZERO + run.duration + run.drain;
    if fault.begin >= over {
        return Some(format!(
            "it begins at {}, when the run is over",
            fault.begin.since(SimTime::ZERO)
        ));
    }
    if fault.end <= fault.begin && !fault.is_instantaneous() {
        return Some("it lasts no time".to_owned());
    }
    let struck = fault.instances.first();
    let station = struck.map(|struck| plan.blueprint.instances[struck].station);
    if let Some(station) = station.filter(|station| !plan.is_called(*station)) {
        let name = &plan.blueprint.stations[station].name;
        return Some(format!("nothing calls `{name}`"));
    }
    fault.effect.has_no_effect(&fault.target, station, plan)
}

/// The reason why slowness changes nothing at a station: it neither works nor waits by itself.
pub(super) fn takes_no_time(
    target: &str,
    station: Option<Id<of::Station>>,
    plan: &Plan,
) -> Option<String> {
    let takes_time = |op: &Op| matches!(op, Op::Work(_) | Op::Pause(_));
    let is_idle = !plan.operations_of(station?).any(takes_time);
    is_idle.then(|| format!("`{target}` neither works nor waits; it only calls others"))
}

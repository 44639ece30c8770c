//! Faults that begin and end, and experiments that are called off.

use sim_core::SimTime;

use super::{Change, Moment};
use crate::faults::Fault;
use crate::system::{Blueprint, System};

/// The moment at which the experiment is called off, if it is.
pub(super) fn abort_moment(system: &System) -> Option<Moment> {
    let aborted = system.aborted()?;
    let condition = &system.blueprint().abort_when[aborted.condition];
    let change = Change::Aborted {
        condition: condition.text.clone(),
        value: aborted.value,
        unit: condition.measure.unit(),
    };
    Some(Moment { at: aborted.at, change })
}

/// The beginnings and ends of faults up to `now`.
pub(super) fn fault_moments(system: &System, now: SimTime) -> Vec<Moment> {
    let blueprint = system.blueprint();
    let mut moments = Vec::new();
    for (index, fault) in blueprint.faults.iter().enumerate() {
        // An experiment that was called off ends its faults, and those that had not begun never do.
        let called_off = system
            .aborted()
            .filter(|_| blueprint.experiment.contains(&index))
            .map(|aborted| aborted.at);
        let end = called_off.map_or(fault.end, |at| fault.end.min(at));
        let happens = fault.begin < end || fault.is_instantaneous() && fault.begin == end;
        if fault.begin > now || !happens {
            continue;
        }
        let (target, effect) = (struck(blueprint, fault), fault.summary());
        let lasts = (fault.end < SimTime::MAX).then(|| fault.end.since(fault.begin));
        // A region is struck in many places, and told about once.
        let mut tell = |at, change| {
            let moment = Moment { at, change };
            if !moments.contains(&moment) {
                moments.push(moment);
            }
        };
        tell(
            fault.begin,
            Change::FaultBegins { target: target.clone(), effect: effect.clone(), lasts },
        );
        if end <= now && !fault.is_instantaneous() {
            tell(end, Change::FaultEnds { target, effect });
        }
    }
    moments
}

/// The target of a fault, with the numbers of the instances if it does not strike all of them.
fn struck(blueprint: &Blueprint, fault: &Fault) -> String {
    let Some(first) = blueprint
        .instances
        .get(fault.instances.start as usize)
        .filter(|_| !fault.instances.is_empty() && !fault.is_regional)
    else {
        return fault.target.clone();
    };
    let all = &blueprint.stations[first.station as usize].instances;
    let (from, to) = (fault.instances.start - all.start + 1, fault.instances.end - all.start);
    match fault.instances.len() {
        count if count == all.len() => fault.target.clone(),
        1 => format!("{}#{from}", fault.target),
        _ => format!("{}#{from}–{to}", fault.target),
    }
}

//! Faults that begin and end, and experiments that are called off.

use sim_core::{SimDuration, SimTime};

use super::{Change, Moment};
use crate::faults::{Fault, Pace, Part, TriggerOn, instances_in_words};
use crate::system::{Blueprint, Id, System, of};

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
    for (id, fault) in blueprint.faults.with_ids() {
        // An experiment that was called off ends its faults, and those that had not begun never do.
        let called_off = system
            .aborted()
            .filter(|_| blueprint.experiment.contains(id))
            .map(|aborted| aborted.at);
        let Some((begin, planned_end)) = system.span_of(fault) else { continue };
        // The last of the instances that it leaves one by one.
        let planned_end = fault.end_of_all(begin, planned_end);
        let end = called_off.map_or(planned_end, |at| planned_end.min(at));
        let happens = begin < end || fault.is_instantaneous() && begin == end;
        if begin > now || !happens || fault.part == Part::Later {
            continue;
        }
        let target = struck(blueprint, fault);
        let (effect_at_begin, effect_at_end) = effects(blueprint, id);
        let lasts = (fault.end < SimTime::MAX).then(|| fault.end.since(fault.begin));
        // A region is struck in many places, and told about once.
        let mut tell = |at, change| {
            let moment = Moment { at, change };
            if !moments.contains(&moment) {
                moments.push(moment);
            }
        };
        let effect = effect_at_begin;
        tell(begin, Change::FaultBegins { target: target.clone(), effect, lasts });
        for (at, so_far) in growth(fault, begin) {
            if at < end && at <= now {
                let (target, effect) = (target.clone(), fault.summary());
                tell(at, Change::FaultGrows { target, effect, so_far });
            }
        }
        if end <= now && !fault.is_instantaneous() {
            tell(end, Change::FaultEnds { target, effect: effect_at_end });
        }
    }
    moments
}

/// The instants at which a fault with a ramp has reached half of its size, and all of it.
fn growth(fault: &Fault, begin: SimTime) -> Vec<(SimTime, Option<String>)> {
    if fault.ramp.is_zero() {
        return Vec::new();
    }
    let half = fault.summary_at(0.5).unwrap_or_else(|| format!("half {}", fault.summary()));
    vec![(begin + fault.ramp.scaled(0.5), Some(half)), (begin + fault.ramp, None)]
}

/// The number of the stage of an experiment that a fault belongs to, and of all stages.
fn stage(blueprint: &Blueprint, id: Id<of::Fault>) -> Option<(usize, usize)> {
    let experiment = blueprint.experiment;
    let mut begins: Vec<SimTime> =
        blueprint.faults[experiment].iter().map(|fault| fault.begin).collect();
    begins.dedup();
    let begin = blueprint.faults[id].begin;
    let number = 1 + begins.iter().position(|other| *other == begin)?;
    experiment.contains(id).then_some((number, begins.len()))
}

/// The effect of a fault in the words of its beginning and of its end: with the pace at which it
/// strikes and leaves the other instances, if it takes them one by one, and the condition at which
/// it begins, if it waits for one.
fn effects(blueprint: &Blueprint, id: Id<of::Fault>) -> (String, String) {
    let fault = &blueprint.faults[id];
    let (begin, end) = match &fault.part {
        Part::First(steps) => (steps.begin, steps.end),
        Part::Whole | Part::OfRegion | Part::Later => (None, None),
    };
    let when = match fault.trigger.map(|trigger| &blueprint.triggers[trigger].on) {
        Some(TriggerOn::Condition(condition)) => format!(" when {}", condition.text),
        Some(TriggerOn::Time(_) | TriggerOn::Batch | TriggerOn::Operator) | None => String::new(),
    };
    let pace = |pace: Option<Pace>| pace.map_or_else(String::new, |pace| format!(", {pace}"));
    let stage = stage(blueprint, id)
        .map_or_else(String::new, |(number, all)| format!("stage {number} of {all}: "));
    let effect = format!("{stage}{}", fault.summary());
    let grows = match fault.ramp {
        SimDuration::ZERO => String::new(),
        ramp => format!(", growing over {ramp}"),
    };
    (format!("{effect}{when}{}{grows}", pace(begin)), format!("{effect}{}", pace(end)))
}

/// The target of a fault, with the numbers of the instances if it does not strike all of them.
fn struck(blueprint: &Blueprint, fault: &Fault) -> String {
    if let Part::First(steps) = &fault.part {
        return steps.target.clone();
    }
    let first = fault.instances.first().filter(|_| fault.part == Part::Whole);
    first.map_or_else(
        || fault.target.clone(),
        |first| {
            let all = blueprint.stations[blueprint.instances[first].station].instances;
            instances_in_words(&fault.target, std::slice::from_ref(&fault.instances), all)
        },
    )
}

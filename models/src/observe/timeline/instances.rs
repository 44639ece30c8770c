//! Instances that are ejected, come and go, or run out of memory.

use sim_core::SimTime;

use super::{Change, Counted, Moment};
use crate::observe::{InstanceRecord, NotKept, Recorder, ScaleRecord};
use crate::system::{Blueprint, Id, of};

/// The changes of instances that balancers have learned of.
pub(super) fn instance_moments(blueprint: &Blueprint, recorder: &Recorder) -> Vec<Moment> {
    let moment = |record: &InstanceRecord| {
        let edge = &blueprint.edges[record.edge];
        let callee = &blueprint.stations[edge.callee];
        let change = Change::Instance {
            edge: format!("{}{} -> {}", edge.caller, seen_from(blueprint, record), callee.name),
            instance: format!(
                "{}#{}",
                callee.name,
                callee.instances.number_of(record.instance) + 1
            ),
            change: record.change,
        };
        Moment { at: record.at, change }
    };
    recorder.instances().iter().map(moment).collect()
}

/// The moments from which on changes of instances, or of a breaker, are only counted.
pub(super) fn not_told(blueprint: &Blueprint, recorder: &Recorder) -> Vec<Moment> {
    let breakers = blueprint.breakers.iter().zip(recorder.breakers());
    let of_breakers =
        breakers.map(|(plan, record)| (Counted::Breaker(plan.owner.clone()), record.not_kept));
    let of_instances = [
        (Counted::Balancers, recorder.instances_not_kept()),
        (Counted::Instances, recorder.scales_not_kept()),
    ];
    let moment = |(of, not_kept): (Counted, Option<NotKept>)| {
        let not_kept = not_kept?;
        Some(Moment { at: not_kept.since, change: Change::NotTold { of, not_kept } })
    };
    of_breakers.chain(of_instances).filter_map(moment).collect()
}

/// The region of the callers who see a change, if others may not see it.
fn seen_from(blueprint: &Blueprint, record: &InstanceRecord) -> String {
    let region = record.seen_from.map(|region| &blueprint.regions[region]);
    region.map_or_else(String::new, |region| format!(" in {region}"))
}

/// The name of an instance, with its number if its station has several.
fn name(blueprint: &Blueprint, instance: Id<of::Instance>) -> String {
    let station = &blueprint.stations[blueprint.instances[instance].station];
    let (name, number) = (&station.name, station.instances.number_of(instance) + 1);
    if station.instances.len() == 1 { name.clone() } else { format!("{name}#{number}") }
}

/// The changes of the number of instances, the memory that processes lost, and the processes that ran out of memory.
pub(super) fn scale_moments(blueprint: &Blueprint, recorder: &Recorder) -> Vec<Moment> {
    let moment = |(at, record): &(SimTime, ScaleRecord)| {
        let change = match record {
            ScaleRecord::Scaled { station, from, to } => Change::Scaled {
                service: blueprint.stations[*station].name.clone(),
                from: *from,
                to: *to,
            },
            ScaleRecord::OutOfMemory { instance, restart } => {
                Change::OutOfMemory { instance: name(blueprint, *instance), restart: *restart }
            }
            ScaleRecord::Process { instance, change } => {
                Change::Process { instance: name(blueprint, *instance), change: *change }
            }
            ScaleRecord::Forgot { instance, what } => {
                Change::Forgot { instance: name(blueprint, *instance), what: what.clone() }
            }
        };
        Moment { at: *at, change }
    };
    recorder.scales().iter().map(moment).collect()
}

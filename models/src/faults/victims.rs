//! Victims that are drawn: the instances that a fault strikes at random.

use std::sync::Arc;

use sim_core::random::{DrawKey, Streams, uniform};

use super::fault::Part;
use super::instances::{instances_in_words, runs};
use crate::scenario::Plan;
use crate::system::{Blueprint, Id, Ids, of};

/// The place of a fault among those that together strike instances at random.
///
/// Each replication of a run draws anew, with a stream that is named after the target, so a fault
/// elsewhere changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Victim {
    /// The instances that the victims are drawn from.
    pub among: Ids<of::Instance>,
    /// The number of the draw among those at its target, from 0.
    pub draw: u32,
    /// The number of instances drawn.
    pub of: u32,
    /// The place of this one in the order in which they are struck.
    pub position: u32,
}

impl Victim {
    /// The first of this many victims among the instances of a station, which is the target of the fault.
    pub(super) fn first_of(
        count: usize,
        among: Ids<of::Instance>,
        target: &str,
        plan: &Plan,
    ) -> Self {
        let at_it = plan.blueprint.faults.iter().filter(|fault| fault.target == target);
        let earlier = at_it.filter_map(|fault| fault.victim.as_ref()).map(|it| it.draw + 1).max();
        Self { among, draw: earlier.unwrap_or(0), of: count as u32, position: 0 }
    }

    /// The victim of the same draw that is struck at this place in the order.
    pub(super) fn at(&self, position: usize) -> Self {
        Self { position: position as u32, ..self.clone() }
    }

    /// All victims of its draw, in the order in which they are struck.
    fn drawn(&self, target: &str, streams: &Streams) -> Vec<Id<of::Instance>> {
        let name = format!("victims {} of {target}", self.draw);
        let mut draws = DrawKey::root(&mut streams.stream(&name)).draw();
        let mut left: Vec<_> = self.among.iter().collect();
        let mut pick = |_| {
            let place = (uniform(&mut draws) * left.len() as f64) as usize;
            left.remove(place.min(left.len() - 1))
        };
        (0..self.of).map(&mut pick).collect()
    }
}

/// The system with the victims of one replication; the same one if nothing is struck at random.
pub(crate) fn with_victims(system: Arc<Blueprint>, streams: &Streams) -> Arc<Blueprint> {
    if system.faults.iter().all(|fault| fault.victim.is_none()) {
        return system;
    }
    let mut drawn = Blueprint::clone(&system);
    for fault in &mut drawn.faults {
        let Some(victim) = &fault.victim else { continue };
        let mut struck = victim.drawn(&fault.target, streams);
        let instance = struck[victim.position as usize];
        fault.instances = Ids::one(instance);
        if let Part::First(steps) = &mut fault.part {
            struck.sort_unstable();
            let station = system.instances[instance].station;
            let all = system.stations[station].instances;
            steps.target = instances_in_words(&fault.target, &runs(&struck), all);
        }
    }
    for changed in &mut drawn.changes {
        Arc::make_mut(changed).faults.clone_from(&drawn.faults);
    }
    Arc::new(drawn)
}

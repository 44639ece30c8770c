//! Links that are saturated.

use sim_core::SimTime;

use super::{Change, Moment};
use crate::resources::Episode;
use crate::system::System;

/// The saturations of all links up to `now`, direction by direction.
pub(super) fn link_moments(system: &System, now: SimTime) -> Vec<Moment> {
    let mut moments = Vec::new();
    let records = system.recorder().links();
    for ((id, plan), state) in system.blueprint().links.with_ids().zip(system.links()) {
        for (direction, link_there) in plan.directions.iter().zip(&state.directions) {
            for Episode { begin, end, .. } in link_there.saturation(now) {
                let link = plan.name.clone();
                let direction = direction.clone();
                let change =
                    Change::LinkSaturates { link: link.clone(), direction: direction.clone() };
                moments.push(Moment { at: begin, change });
                let Some(end) = end else { continue };
                let intervals = system.recorder().intervals_touched(begin, end);
                let lost =
                    records[id].lost[intervals.clone()].iter().map(|it| u64::from(*it)).sum();
                let longest_queue = records[id].waiting[intervals].iter().copied().max();
                let change = Change::LinkRelieved {
                    link,
                    direction,
                    after: end.since(begin),
                    longest_queue: longest_queue.unwrap_or(0),
                    lost,
                };
                moments.push(Moment { at: end, change });
            }
        }
    }
    moments
}

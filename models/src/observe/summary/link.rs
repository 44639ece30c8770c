//! Messages on links.

use schemars::JsonSchema;
use serde::Serialize;
use sim_core::SimTime;

use crate::observe::LinkRecord;
use crate::resources::Link;
use crate::system::{LinkPlan, LinkState, System};

/// The messages that went over a link in one direction, warm-up included.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LinkSummary {
    /// Its name.
    pub name: String,
    /// The messages of this direction: `requests` or `answers`, or from which region to which.
    pub direction: String,
    /// Messages that were to go over it.
    pub sent: u64,
    /// Messages lost on the way.
    pub lost: u64,
    /// Messages lost because the queue was full.
    pub dropped: u64,
    /// Time for which it sent, in seconds.
    pub busy: f64,
    /// Most messages waiting at one time.
    pub most_waiting: u32,
}

/// The summaries of both directions of all links.
pub(super) fn links(system: &System, now: SimTime) -> Vec<LinkSummary> {
    let links = system.blueprint().links.iter().zip(system.links()).zip(system.recorder().links());
    let of_link = |((plan, state), record): ((&LinkPlan, &LinkState), &LinkRecord)| {
        let name = plan.name.clone();
        let of = |((direction, link), most): ((&String, &Link), &u32)| LinkSummary {
            name: name.clone(),
            direction: direction.clone(),
            sent: link.sent,
            lost: link.lost,
            dropped: link.dropped,
            most_waiting: (*most).max(link.most_waiting),
            busy: link.busy(now) as f64 / 1e9,
        };
        plan.directions
            .iter()
            .zip(&state.directions)
            .zip(&record.most_waiting)
            .map(of)
            .collect::<Vec<_>>()
    };
    links.flat_map(of_link).collect()
}

//! The demand for the slots of a pool against what the pool can do.

use std::ops::Range;

use super::{Demand, PoolSeries, Recorder};
use crate::system::{Blueprint, Ids, UNLIMITED, of};

/// The demand for the slots of all pools of an owner and kind over some intervals, per second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Load {
    /// The rate at which slots were asked for.
    pub asked: f64,
    /// The rate at which they could be granted: that at which they were, divided by the utilization (the
    /// utilization law; Denning and Buzen, "The Operational Analysis of Queueing Network Models", 1978).
    pub possible: f64,
    /// The share in use of the slots that were there, 0 to 1.
    pub utilization: f64,
}

impl Load {
    /// That of neighbouring pools; `None` if they have no limit or granted nothing.
    pub fn of(
        blueprint: &Blueprint,
        recorder: &Recorder,
        group: Ids<of::Pool>,
        intervals: Range<usize>,
    ) -> Option<Self> {
        let capacity = blueprint.pools[group.nth(0)].capacity;
        let pools = &recorder.pools()[group];
        let there = |pool: &PoolSeries| pool.there(capacity, intervals.clone());
        let used = |pool: &PoolSeries| pool.utilization(capacity, intervals.clone()) * there(pool);
        let utilization =
            pools.iter().map(used).sum::<f64>() / pools.iter().map(there).sum::<f64>();
        let seconds = recorder.sample_width().as_secs_f64() * intervals.len() as f64;
        let per_second = |count: fn(&Demand) -> u32| {
            let demand = pools.iter().flat_map(|pool| &pool.demand[intervals.clone()]);
            demand.map(|demand| f64::from(count(demand))).sum::<f64>() / seconds
        };
        let asked = per_second(|demand| demand.asked);
        let possible = per_second(|demand| demand.granted) / utilization;
        let is_known = capacity != UNLIMITED && possible.is_finite() && possible > 0.0;
        is_known.then_some(Self { asked, possible, utilization })
    }

    /// The ratio of what is asked for to what is possible.
    pub fn overload(&self) -> f64 {
        self.asked / self.possible
    }
}

/// The ranges of neighbouring pools of one owner and kind.
pub(super) fn groups(blueprint: &Blueprint) -> Vec<Ids<of::Pool>> {
    let pools = &blueprint.pools;
    let mut groups: Vec<Ids<of::Pool>> = Vec::new();
    for (id, pool) in pools.with_ids() {
        let is_of = |group: &&mut Ids<of::Pool>| {
            let first = &pools[group.nth(0)];
            first.owner == pool.owner && first.kind == pool.kind
        };
        match groups.last_mut().filter(is_of) {
            Some(group) => *group = group.and_next(),
            None => groups.push(Ids::one(id)),
        }
    }
    groups
}

//! The demand for the slots of a pool against what the pool can do.

use std::cmp::Ordering;
use std::ops::{Add, Range, Sub};

use super::{PoolSeries, Recorder};
use crate::system::{Blueprint, Id, Ids, of};

/// The demand for the slots of all pools of an owner and kind over some intervals, per second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Load {
    /// The rate at which slots were asked for.
    pub asked: f64,
    /// The rate at which they could be granted: that at which they were, divided by the utilization (the
    /// utilization law; Denning and Buzen, "The Operational Analysis of Queueing Network Models", 1978).
    pub possible: f64,
    /// The share in use of the slots in service, 0 to 1.
    pub utilization: f64,
    /// The number of pools that count, on average.
    pub pools: f64,
}

impl Load {
    /// The ratio of what is asked for to what is possible; infinite if nothing is.
    pub fn overload(&self) -> f64 {
        self.asked / self.possible
    }

    /// The order by overload; of those of which nothing is possible, by what is asked for.
    pub fn cmp_overload(&self, other: &Self) -> Ordering {
        self.overload().total_cmp(&other.overload()).then(self.asked.total_cmp(&other.asked))
    }
}

/// The demand for the slots of some pools up to each of some intervals, added up, so that any of their loads is known at once.
pub(super) struct Loads {
    first: usize,
    seconds: f64,
    sums: Vec<Sums>,
}

/// Sums over some intervals, and over the pools that count in them.
#[derive(Clone, Copy, Default)]
pub(super) struct Sums {
    /// Requests that asked for a slot.
    pub asked: f64,
    /// Slots granted.
    pub granted: f64,
    /// Slots in use, on average.
    pub busy: f64,
    /// Slots in service.
    pub in_service: f64,
    /// Pools that count.
    pub pools: f64,
}

impl Add for Sums {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            asked: self.asked + other.asked,
            granted: self.granted + other.granted,
            busy: self.busy + other.busy,
            in_service: self.in_service + other.in_service,
            pools: self.pools + other.pools,
        }
    }
}

impl Sub for Sums {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            asked: self.asked - other.asked,
            granted: self.granted - other.granted,
            busy: self.busy - other.busy,
            in_service: self.in_service - other.in_service,
            pools: self.pools - other.pools,
        }
    }
}

impl Loads {
    /// Those of pools, each in those of the intervals in which it counts.
    pub fn of(
        blueprint: &Blueprint,
        recorder: &Recorder,
        intervals: &Range<usize>,
        counted: impl IntoIterator<Item = (Id<of::Pool>, Range<usize>)>,
    ) -> Self {
        let mut sums = vec![Sums::default(); intervals.len() + 1];
        for (id, counts) in counted {
            let (pool, capacity) = (&recorder.pools()[id], blueprint.pools[id].capacity);
            for at in counts {
                let sum = &mut sums[at + 1 - intervals.start];
                *sum = *sum + sums_of(pool, capacity, at);
            }
        }
        for at in 1..sums.len() {
            sums[at] = sums[at] + sums[at - 1];
        }
        let seconds = recorder.sample_width().as_secs_f64();
        Self { first: intervals.start, seconds, sums }
    }

    /// The load over some of the intervals; `None` if nobody asked and nothing was granted.
    pub fn over(&self, intervals: &Range<usize>) -> Option<Load> {
        let Sums { asked, granted, busy, in_service, pools } = self.between(intervals);
        let seconds = self.seconds * intervals.len() as f64;
        let utilization = busy / in_service;
        let (asked, possible) = (asked / seconds, granted / seconds / utilization);
        let is_known = possible.is_finite() && asked + possible > 0.0;
        let pools = pools / intervals.len() as f64;
        is_known.then_some(Load { asked, possible, utilization, pools })
    }

    /// The sums over some of the intervals.
    pub fn between(&self, intervals: &Range<usize>) -> Sums {
        let [begin, end] =
            [intervals.start, intervals.end].map(|interval| self.sums[interval - self.first]);
        end - begin
    }
}

/// The work of a pool in an interval.
fn sums_of(pool: &PoolSeries, capacity: u32, at: usize) -> Sums {
    Sums {
        asked: pool.demand[at].asked.into(),
        granted: pool.demand[at].granted.into(),
        busy: pool.busy[at].into(),
        in_service: pool.slots_in_service(capacity, at),
        pools: 1.0,
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

//! The demand for the slots of a pool against what the pool can do.

use std::cmp::Ordering;
use std::ops::Range;

use super::Recorder;
use crate::system::{Blueprint, Ids, UNLIMITED, of};

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

/// Sums over the intervals before one, and over pools.
#[derive(Clone, Copy, Default)]
struct Sums {
    asked: f64,
    granted: f64,
    /// Slots in use, on average.
    busy: f64,
    /// Slots in service.
    in_service: f64,
}

impl Loads {
    /// Those of neighbouring pools; `None` if they have no limit.
    pub fn of(
        blueprint: &Blueprint,
        recorder: &Recorder,
        group: Ids<of::Pool>,
        intervals: Range<usize>,
    ) -> Option<Self> {
        let capacity = blueprint.pools[group.nth(0)].capacity;
        if capacity == UNLIMITED {
            return None;
        }
        let pools = &recorder.pools()[group];
        let mut sums = vec![Sums::default()];
        let mut sum = Sums::default();
        for at in intervals.clone() {
            for pool in pools {
                let demand = pool.demand[at];
                sum.asked += f64::from(demand.asked);
                sum.granted += f64::from(demand.granted);
                sum.busy += f64::from(pool.busy[at]);
                sum.in_service += pool.slots_in_service(capacity, at);
            }
            sums.push(sum);
        }
        let seconds = recorder.sample_width().as_secs_f64();
        Some(Self { first: intervals.start, seconds, sums })
    }

    /// The number of slots granted in some of the intervals.
    pub fn granted(&self, intervals: &Range<usize>) -> f64 {
        self.between(intervals).granted
    }

    /// The load over some of the intervals; `None` if nobody asked and nothing was granted.
    pub fn over(&self, intervals: &Range<usize>) -> Option<Load> {
        let Sums { asked, granted, busy, in_service } = self.between(intervals);
        let seconds = self.seconds * intervals.len() as f64;
        let utilization = busy / in_service;
        let (asked, possible) = (asked / seconds, granted / seconds / utilization);
        let is_known = possible.is_finite() && asked + possible > 0.0;
        is_known.then_some(Load { asked, possible, utilization })
    }

    fn between(&self, intervals: &Range<usize>) -> Sums {
        let [begin, end] =
            [intervals.start, intervals.end].map(|interval| self.sums[interval - self.first]);
        Sums {
            asked: end.asked - begin.asked,
            granted: end.granted - begin.granted,
            busy: end.busy - begin.busy,
            in_service: end.in_service - begin.in_service,
        }
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

//! Pools that saturate, and queues of pools that overflow.

use std::ops::Range;

use indexmap::IndexSet;
use sim_core::{SimDuration, SimTime};

use super::{Change, Moment, PoolGroup, Portion};
use crate::observe::load::groups;
use crate::resources::{Episode, Episodes};
use crate::system::{Id, Ids, System, UNLIMITED, of};

/// An overflow has ended when the queues have turned nobody away for this long.
const OVERFLOW_ENDS_AFTER: SimDuration = SimDuration::from_secs(5);

/// Shares and rates of an overflow are known of this many intervals: of fewer, most may lie beside it.
const LONG_ENOUGH: usize = 5;

/// Pools that are affected within this time of the first of several are told about with it.
const TOGETHER: SimDuration = SimDuration::from_secs(1);

/// A queue counts as growing when it has grown in each of this many intervals.
const GROWS_FOR: usize = 5;
/// A queue has grown when it is as long as this share of the longest that it will be.
const FULLY_GROWN: f64 = 0.98;
/// Requests waiting for each slot that make a long queue.
const MANY: f64 = 2.0;

/// The saturations and overflows of all pools up to `now`, owner by owner.
pub(super) fn pool_moments(system: &System, now: SimTime) -> Vec<Moment> {
    let moments_of = |group: Ids<of::Pool>| {
        let mut moments = Vec::new();
        if system.blueprint().pools[group.nth(0)].capacity != UNLIMITED {
            moments.extend(saturations(system, group, now));
        }
        moments.extend(overflows(system, group, now));
        moments
    };
    groups(system.blueprint()).into_iter().flat_map(moments_of).collect()
}

fn saturations(system: &System, group: Ids<of::Pool>, now: SimTime) -> Vec<Moment> {
    let mut moments = Vec::new();
    let overflows = overflow_clusters(system, group, now);
    let saturation = |index: Id<of::Pool>| system.pools()[index].saturation();
    for cluster in clusters(group, now, SimDuration::ZERO, saturation) {
        let pool = named(system, group, cluster.first);
        moments.push(Moment { at: cluster.first.at, change: Change::Saturates { pool } });
        let pool = named(system, group, cluster.widest);
        if cluster.widest.pools > cluster.first.pools {
            let change = Change::SaturationSpreads { pool: pool.clone() };
            moments.push(Moment { at: cluster.widest.at, change });
        }
        let saturated = cluster.first.at..cluster.end.unwrap_or(now);
        if !overflows.iter().any(|overflow| saturated.contains(&overflow.first.at)) {
            moments.extend(growth(system, group, &pool, saturated));
        }
        if let Some(end) = cluster.end {
            let after = end.since(cluster.first.at);
            let change = Change::Relieved { pool, after, longest_queue: cluster.highest };
            moments.push(Moment { at: end, change });
        }
    }
    moments
}

fn overflows(system: &System, group: Ids<of::Pool>, now: SimTime) -> Vec<Moment> {
    let mut moments = Vec::new();
    for cluster in overflow_clusters(system, group, now) {
        let any = Extent { at: cluster.widest.at, pools: cluster.members.len() as u32 };
        let pool = named(system, group, any);
        let of = turned_away(system, group, &cluster, now);
        let (_, limit) = size_at(system, group, cluster.first.at);
        let change = Change::Overflows { pool: pool.clone(), limit, of };
        moments.push(Moment { at: cluster.first.at, change });
        if let Some(end) = cluster.end.filter(|end| now.since(*end) > OVERFLOW_ENDS_AFTER) {
            moments.push(Moment { at: end, change: Change::OverflowEnds { pool } });
        }
    }
    moments
}

fn overflow_clusters(system: &System, group: Ids<of::Pool>, now: SimTime) -> Vec<Cluster> {
    clusters(group, now, OVERFLOW_ENDS_AFTER, |index| system.pools()[index].overflow())
}

/// The first time in a saturation at which the queues of a group grow for several intervals on end, if
/// that leads to many.
fn growth(
    system: &System,
    group: Ids<of::Pool>,
    pool: &PoolGroup,
    saturated: Range<SimTime>,
) -> Option<Moment> {
    let recorder = system.recorder();
    let intervals = recorder.intervals_touched(saturated.start, saturated.end);
    let length = |interval: usize| -> f64 {
        let pools = &recorder.pools()[group];
        pools.iter().map(|series| f64::from(series.waiting[interval])).sum()
    };
    let lengths: Vec<f64> = intervals.clone().map(length).collect();
    let slots = f64::from(pool.capacity) * f64::from(pool.pools);
    let grows = |some: &[f64]| some.is_sorted_by(|one, next| one < next);
    let begin = lengths.windows(GROWS_FOR).position(grows)?;
    let longest = lengths[begin..].iter().copied().max_by(f64::total_cmp)?;
    if longest < MANY * slots {
        return None;
    }
    let end =
        begin + lengths[begin..].iter().position(|length| *length >= longest * FULLY_GROWN)?;
    if end == begin {
        return None;
    }
    let seconds = recorder.sample_width().as_secs_f64() * (end - begin) as f64;
    let change = Change::QueueGrows {
        pool: pool.clone(),
        per_second: (lengths[end] - lengths[begin]) / seconds,
        until: recorder.beginning_of(intervals.start + end + 1).min(saturated.end),
    };
    let at = recorder.beginning_of(intervals.start + begin).max(saturated.start);
    Some(Moment { at, change })
}

/// The requests that the queues of a group turn away in the intervals of an overflow, of those that ask
/// for a slot in them.
fn turned_away(system: &System, group: Ids<of::Pool>, cluster: &Cluster, now: SimTime) -> Portion {
    let recorder = system.recorder();
    let (from, to) = (cluster.first.at, cluster.end.unwrap_or(now));
    let intervals = recorder.intervals_touched(from, to.max(from + SimDuration::from_nanos(1)));
    let demand = || {
        let pools = recorder.pools()[group].iter();
        pools.flat_map(|series| &series.demand[intervals.clone()])
    };
    let end = recorder.beginning_of(intervals.end).min(recorder.sampled_until());
    Portion {
        part: demand().map(|demand| u64::from(demand.turned_away)).sum(),
        all: demand().map(|demand| u64::from(demand.asked)).sum(),
        time: if intervals.len() < LONG_ENOUGH {
            SimDuration::ZERO
        } else {
            end.since(recorder.beginning_of(intervals.start))
        },
    }
}

/// The pools of a group that are there at a time, of which some are affected.
fn named(system: &System, group: Ids<of::Pool>, extent: Extent) -> PoolGroup {
    let plan = &system.blueprint().pools[group.nth(0)];
    let shapes = || {
        let pools = system.recorder().pools()[group].iter();
        pools.map(|pool| pool.shape_at(extent.at)).filter(|shape| shape.is_running)
    };
    let there = shapes().count() as u32;
    let lost = shapes().next().map_or(0, |shape| shape.lost);
    let (capacity, _) = size_at(system, group, extent.at);
    PoolGroup {
        owner: plan.owner.clone(),
        kind: plan.kind,
        capacity: plan.hosts.map_or(capacity, |limits| limits.limit_in_flight()),
        lost: shapes().all(|shape| shape.lost == lost).then_some(lost),
        affected: extent.pools,
        pools: there.max(extent.pools),
    }
}

/// The slots of each pool of a group at a time, and the limit of its queue.
fn size_at(system: &System, group: Ids<of::Pool>, time: SimTime) -> (u32, u32) {
    let first = group.nth(0);
    let plan = &system.blueprint().pools[first];
    let shape = system.recorder().pools()[first].shape_at(time);
    shape.size.unwrap_or((plan.capacity, plan.queue_limit))
}

/// Episodes of several pools that overlap, or follow each other soon, told about as one.
struct Cluster {
    /// The pools that are affected at some time.
    members: IndexSet<Id<of::Pool>>,
    begin: SimTime,
    /// The greatest extent among the pools that follow each other at once.
    first: Extent,
    /// The greatest extent, and the first time at which it was reached.
    widest: Extent,
    end: Option<SimTime>,
    /// The highest level in any of the episodes.
    highest: u64,
}

/// The number of pools that are affected at a time.
#[derive(Clone, Copy)]
struct Extent {
    at: SimTime,
    pools: u32,
}

/// The clusters of the episodes of some pools; those that follow each other within a time are one.
fn clusters<'a>(
    group: Ids<of::Pool>,
    now: SimTime,
    within: SimDuration,
    episodes: impl Fn(Id<of::Pool>) -> &'a Episodes,
) -> Vec<Cluster> {
    let mut boundaries: Vec<(SimTime, Boundary, u64, Id<of::Pool>)> = Vec::new();
    for index in group.iter() {
        for Episode { begin, end, highest } in episodes(index).finish(now) {
            boundaries.push((begin, Boundary::Begin, highest, index));
            boundaries.extend(end.map(|end| {
                let boundary = if end == begin { Boundary::EndOfInstant } else { Boundary::End };
                (end, boundary, 0, index)
            }));
        }
    }
    boundaries.sort_by_key(|(at, boundary, _, _)| (*at, *boundary));
    let (mut clusters, mut affected) = (Vec::<Cluster>::new(), 0);
    for (at, boundary, highest, pool) in boundaries {
        affected = if boundary == Boundary::Begin { affected + 1 } else { affected - 1 };
        match clusters.last_mut() {
            Some(cluster) if cluster.end.is_none_or(|end| at.since(end) <= within) => {
                cluster.members.insert(pool);
                cluster.highest = cluster.highest.max(highest);
                if affected > cluster.widest.pools {
                    cluster.widest = Extent { at, pools: affected };
                }
                if at.since(cluster.begin) <= TOGETHER {
                    cluster.first = cluster.widest;
                }
                cluster.end = (affected == 0).then_some(at);
            }
            _ => {
                let first = Extent { at, pools: affected };
                let members = IndexSet::from([pool]);
                clusters.push(Cluster {
                    members,
                    begin: at,
                    first,
                    widest: first,
                    end: None,
                    highest,
                });
            }
        }
    }
    clusters
}

/// A side of an episode. Of one instant, the earlier come first: what ends does not overlap what begins then.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Boundary {
    End,
    Begin,
    /// The end of an episode that begins in the same instant.
    EndOfInstant,
}

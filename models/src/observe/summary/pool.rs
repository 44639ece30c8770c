//! The use of pools.

use schemars::JsonSchema;
use serde::Serialize;
use sim_core::SimTime;

use crate::resources::{Episode, Pool};
use crate::system::{Id, System, UNLIMITED, of};

/// The use of a pool after the warm-up.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PoolSummary {
    /// A station, host or edge; with the number of the instance if there are several.
    pub owner: String,
    /// The kind of its slots.
    pub kind: &'static str,
    /// Slots; absent if there is no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity: Option<u32>,
    /// The share of the time in which it was there, because its instance ran or finished its work;
    /// absent if no autoscaler stops it. The averages below are over that time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub there: Option<f64>,
    /// Share of the slots in use, averaged over time; absent if there is no limit, or it was never
    /// there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utilization: Option<f64>,
    /// Slots in use, averaged over time.
    pub busy_mean: f64,
    /// Most slots in use at one time.
    pub busy_max: u64,
    /// Requests waiting, averaged over time.
    pub queue_mean: f64,
    /// Most requests waiting at one time.
    pub queue_max: u64,
    /// Requests waiting at the end.
    pub queue_at_end: u32,
    /// Slots granted.
    pub granted: u64,
    /// Turned away because the queue was full.
    pub rejected: u64,
    /// Given up because the wait limit, or a timeout further out, ran out.
    pub expired: u64,
    /// Mean wait of those that were granted a slot, in seconds; NaN, `null` in JSON, if none was.
    #[schemars(with = "Option<f64>")]
    pub wait_mean: f64,
    /// The times at which all slots were in use for a second or more.
    pub saturated: Vec<Span>,
}

/// A span of time in seconds from the beginning; `to` is absent if it lasted to the end of the run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Span {
    /// Its beginning.
    pub from: f64,
    /// Its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<f64>,
}

/// The summaries of all pools in a run that has reached `now`.
pub(super) fn pools(system: &System, now: SimTime) -> Vec<PoolSummary> {
    let pools = system.pools().with_ids();
    pools.map(|(id, pool)| pool_summary(system, id, pool, now)).collect()
}

fn pool_summary(system: &System, id: Id<of::Pool>, pool: &Pool, now: SimTime) -> PoolSummary {
    let plan = &system.blueprint().pools[id];
    let usage = pool.usage();
    let is_limited = plan.capacity != UNLIMITED;
    let busy_mean = usage.busy.mean(now);
    let series = &system.recorder().pools()[id];
    let shares = series.there_after_warmup(plan.capacity, busy_mean, now);
    let (there, slots) = (shares.map(|[time, _]| time), shares.map_or(1.0, |[_, slots]| slots));
    let while_there = |mean: f64| there.filter(|it| *it > 0.0).map_or(mean, |there| mean / there);
    PoolSummary {
        owner: plan.label(),
        kind: plan.kind.name(),
        capacity: is_limited.then_some(plan.capacity),
        there,
        utilization: (is_limited && slots > 0.0)
            .then(|| busy_mean / slots / f64::from(plan.capacity))
            .filter(|utilization| utilization.is_finite()),
        busy_mean: while_there(busy_mean),
        busy_max: usage.busy.max(),
        queue_mean: while_there(usage.waiting.mean(now)),
        queue_max: usage.waiting.max(),
        queue_at_end: pool.queue_length(),
        granted: usage.granted,
        rejected: usage.rejected,
        expired: usage.expired,
        wait_mean: if usage.granted == 0 {
            f64::NAN
        } else {
            usage.waited as f64 / usage.granted as f64 / 1e9
        },
        saturated: if is_limited { saturated(pool, now) } else { Vec::new() },
    }
}

/// The times at which all slots were in use.
fn saturated(pool: &Pool, now: SimTime) -> Vec<Span> {
    let as_span = |episode: Episode| Span {
        from: episode.begin.as_secs_f64(),
        to: episode.end.map(SimTime::as_secs_f64),
    };
    pool.saturation().finish(now).into_iter().map(as_span).collect()
}

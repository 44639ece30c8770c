//! Runs that end early.

use std::cmp::Reverse;

use schemars::JsonSchema;
use serde::Serialize;
use sim_core::SimTime;

use crate::system::{Id, LimitReached, PoolPlan, System, UNLIMITED, of};

/// The reason why a run ended early.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Stopped {
    /// The reason, in words.
    pub reason: String,
}

/// A queue counts as growing from this many requests per second on.
const GROWS: f64 = 1.0;
/// The number of intervals over which the growth of a queue is measured.
const INTERVALS: usize = 10;

/// The limit that ended the run, and the pool whose queue is longest, if it grows.
pub(super) fn stopped_by(system: &System, limit: LimitReached, now: SimTime) -> Stopped {
    let mut reason = reached(limit);
    if let Some((pool, growth)) =
        longest_queue(system, now).filter(|(_, growth)| growth.is_finite() && *growth >= GROWS)
    {
        let bound = if pool.queue_limit == UNLIMITED { "is unbounded and grows" } else { "grows" };
        let label = pool.label();
        reason = format!("{reason}: the queue of `{label}` {bound} by {growth:.0} requests/s");
    }
    Stopped { reason }
}

fn reached(limit: LimitReached) -> String {
    match limit {
        LimitReached::Events(events) => {
            format!("the limit of {events} events (limits.events) was reached")
        }
        LimitReached::InFlight(in_flight) => {
            format!("more than {in_flight} requests and calls were in flight (limits.in flight)")
        }
        LimitReached::Memory { limit, most } => format!(
            "the simulated system needed more than {} MB (limits.memory), most of it for {}",
            limit / 1_000_000,
            most.words()
        ),
        LimitReached::Standstill(events) => format!(
            "{events} events within 1 ms of simulated time: something happens far too often"
        ),
    }
}

/// The pool with the longest queue, and the growth of the queue in requests per second.
fn longest_queue(system: &System, now: SimTime) -> Option<(&PoolPlan, f64)> {
    let length = |pool: Id<of::Pool>| system.pools()[pool].queue_length();
    let longest = system.pools().ids().max_by_key(|pool| (length(*pool), Reverse(*pool)))?;
    let over_all = || f64::from(length(longest)) / now.as_secs_f64();
    let growth = growth_per_second(system, longest).unwrap_or_else(over_all);
    Some((&system.blueprint().pools[longest], growth))
}

/// The growth of a queue over the last intervals; `None` if there are fewer than two.
fn growth_per_second(system: &System, pool: Id<of::Pool>) -> Option<f64> {
    let waiting = &system.recorder().pools()[pool].waiting;
    let last = waiting.len().checked_sub(1)?;
    let first = last.saturating_sub(INTERVALS);
    let span = (last - first) as f64 * system.recorder().sample_width().as_secs_f64();
    (span > 0.0).then(|| f64::from(waiting[last] - waiting[first]) / span)
}

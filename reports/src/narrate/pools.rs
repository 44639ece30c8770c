//! Pools that are saturated, and queues that are full.

use sim_core::SimDuration;
use sim_models::observe::PoolGroup;
use sim_models::system::PoolKind;

use super::Line;
use crate::units::{count, duration};

pub(super) fn saturates(pool: &PoolGroup) -> Line {
    let instances = if pool.pools == 1 {
        String::new()
    } else if pool.affected == pool.pools {
        format!(" on all {} instances", pool.pools)
    } else {
        format!(" on {} of {} instances", pool.affected, pool.pools)
    };
    let capacity = count(u64::from(pool.capacity));
    let (slots, verb) = match pool.kind {
        PoolKind::Processors => (pool.kind.name(), "busy"),
        PoolKind::Clients => ("connections that it takes", "open"),
        kind => (kind.name(), "in use"),
    };
    let text = format!("all {capacity} {slots} {verb}{instances}");
    Line::worse("pool", &pool.owner, text)
}

pub(super) fn relieved(pool: &PoolGroup, after: SimDuration, longest_queue: u64) -> Line {
    let queue = match longest_queue {
        0 => String::new(),
        longest => format!(", a queue of up to {} worked off", count(longest)),
    };
    let after = duration(after.as_secs_f64());
    let free = match pool.kind {
        PoolKind::Clients => "takes connections".to_owned(),
        kind => format!("{} free", kind.name()),
    };
    let text = format!("{free} again after {after}{queue}");
    Line::better("pool", &pool.owner, text)
}

pub(super) fn overflows(pool: &PoolGroup, limit: u32) -> Line {
    let instances = if pool.pools == 1 {
        String::new()
    } else {
        format!(" ({} of {} instances)", pool.affected, pool.pools)
    };
    let text = if pool.kind == PoolKind::Clients {
        let most = count(u64::from(pool.capacity));
        format!("refuses connections: {most} are open{instances}")
    } else if limit == 0 {
        format!("turns calls away: no {} free{instances}", pool.kind.name())
    } else {
        let limit = count(u64::from(limit));
        format!("queue of {limit} full: requests are turned away{instances}")
    };
    Line::worse("queue", &pool.owner, text)
}

pub(super) fn overflow_ends(pool: &PoolGroup) -> Line {
    let text = match pool.kind {
        PoolKind::Clients => "refuses no connection any more",
        _ => "turns nothing away any more",
    };
    Line::better("queue", &pool.owner, text)
}

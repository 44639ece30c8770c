//! Pools that are saturated, and queues that are full.

use sim_core::{SimDuration, SimTime};
use sim_models::observe::{PoolGroup, Portion};
use sim_models::system::PoolKind;

use super::Line;
use crate::units::{clock, count, duration, portion, rate};

pub(super) fn saturates(pool: &PoolGroup) -> Line {
    let instances = match pool.pools {
        1 => String::new(),
        _ => format!(" on {}", of_instances(pool)),
    };
    full(pool, &instances)
}

/// The same of a pool that is full now and then, of how many instances at the most.
pub(super) fn saturates_at_most(pool: &PoolGroup) -> Line {
    let instances = match pool.pools {
        1 => String::new(),
        _ => format!(" on up to {}", of_instances(pool)),
    };
    full(pool, &instances)
}

fn of_instances(pool: &PoolGroup) -> String {
    match pool {
        PoolGroup { affected, pools, .. } if affected == pools => format!("all {pools} instances"),
        PoolGroup { affected, pools, .. } => format!("{affected} of {pools} instances"),
    }
}

fn full(pool: &PoolGroup, instances: &str) -> Line {
    let (slots, verb) = match pool.kind {
        PoolKind::Processors => (pool.kind.name(), "busy"),
        PoolKind::Clients => ("connections that it takes", "open"),
        kind => (kind.name(), "in use"),
    };
    let capacity = count(u64::from(pool.capacity));
    let all = match (pool.lost, pool.capacity) {
        (Some(0), 1) if pool.kind != PoolKind::Clients => {
            format!("its only {}", slots.trim_end_matches('s'))
        }
        (Some(0), _) => format!("all {capacity} {slots}"),
        (Some(lost), all) if lost < all => {
            let left = count(u64::from(all - lost));
            format!("all {left} {slots} that are left of {capacity}")
        }
        _ => format!("all {slots} that are left of {capacity}"),
    };
    let text = format!("{all} {verb}{instances}");
    Line::worse("pool", &pool.owner, text)
}

pub(super) fn relieved(pool: &PoolGroup, after: SimDuration, longest_queue: u64) -> Line {
    let queue = match longest_queue {
        0 => String::new(),
        longest if pool.pools == 1 => format!("; up to {} waited", count(longest)),
        longest => format!("; up to {} waited at one", count(longest)),
    };
    let after = duration(after.as_secs_f64());
    let free = match pool.kind {
        PoolKind::Clients => "takes connections".to_owned(),
        kind => format!("{} free", kind.name()),
    };
    let text = format!("{free} again after {after}{queue}");
    Line::better("pool", &pool.owner, text)
}

pub(super) fn queue_grows(pool: &PoolGroup, per_second: f64, until: SimTime) -> Line {
    let until = clock(until.as_secs_f64());
    let (kind, by) = (pool.kind.name(), rate(per_second));
    Line::worse("queue", &pool.owner, format!("for {kind} grows by {by} until {until}"))
}

pub(super) fn overflows(pool: &PoolGroup, limit: u32, of: Portion) -> Line {
    let instances =
        if pool.pools == 1 { String::new() } else { format!(" ({})", of_instances(pool)) };
    let turned_away = portion(of);
    let text = if pool.kind == PoolKind::Clients {
        let most = count(u64::from(pool.capacity));
        format!("refuses {turned_away} connections: {most} are open{instances}")
    } else if limit == 0 {
        format!("turns {turned_away} away: no {} free{instances}", pool.kind.name())
    } else {
        let limit = count(u64::from(limit));
        format!("queue of {limit} full: turns {turned_away} away{instances}")
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

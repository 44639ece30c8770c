//! Threads, asynchronous slots and connections, and the queue in front of them.

use crate::language::distribution::DurationPhrase;
use crate::language::{HasShortForm, Placed, Problems, section};
use crate::scenario::names::Names;
use crate::scenario::plan::Plan;
use crate::system::{PoolKind, PoolPlan, UNLIMITED};

section! {
    /// Slots and the queue in front of them.
    pub(crate) struct Slots {
        /// The number of slots, such as `50`.
        "max" => max: Placed<u32>,
        /// The most requests that may wait for one; no limit if left out.
        "queue" => queue: Option<u32>,
        /// The time that a request may wait for one; no limit if left out.
        "max wait" => max_wait: Option<Placed<DurationPhrase>>,
    }
}

impl HasShortForm for Slots {
    const KEY: &'static str = "max";
    type Value = u32;
}

/// The pool of the slots; one without limits if nothing is written.
pub(super) fn compile(
    slots: Option<&Slots>,
    owner: &str,
    kind: PoolKind,
    names: &Names<'_>,
    plan: &mut Plan,
    problems: &mut Problems,
) -> PoolPlan {
    let unlimited = PoolPlan::unlimited(owner, kind);
    let Some(slots) = slots else { return unlimited };
    let capacity = problems.at_least_one(Some(&slots.max), 1, kind.name());
    PoolPlan {
        capacity,
        core: capacity,
        queue_limit: slots.queue.unwrap_or(UNLIMITED),
        wait_deadline: plan.deadline(slots.max_wait.as_ref(), names, problems),
        ..unlimited
    }
}

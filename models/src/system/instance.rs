//! Instances: the faults in force there, and what a paused one has missed.

use std::collections::VecDeque;

use super::id::{Id, of};
use crate::Outcome;
use crate::resources::Waiter;

/// The state of an instance.
#[derive(Clone, Debug, Default)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a condition of its own, and read on its own"
)]
pub(crate) struct InstanceState {
    /// True if any fault is in force here, or work takes longer under load.
    pub is_disturbed: bool,
    /// True if its work takes longer under load.
    pub is_contended: bool,
    /// Number of faults that have crashed it.
    pub crashes: u32,
    /// Number of faults that have paused it.
    pub pauses: u32,
    /// Number of faults that make it refuse connections.
    pub refusals: u32,
    /// Faults that slow it.
    pub slowed_by: Vec<Id<of::Fault>>,
    /// Faults that make it answer errors.
    pub failing_by: Vec<Id<of::Fault>>,
    /// Slots lost to each fault; overlapping faults add up.
    pub lost_slots: Vec<(Id<of::Fault>, u32)>,
    /// Events that its frames missed while it was paused.
    pub parked: VecDeque<Parked>,
    /// True while its process takes the steps before it serves.
    pub is_starting: bool,
    /// True from the moment its process is due to be killed until it is back.
    pub is_dying: bool,
    /// Number of requests in `parked`: they have arrived, but the instance has not noticed them
    /// yet.
    pub held_up: u32,
    /// Number of requests to it that were lost on the way, or whose answers were, and for which
    /// their callers still wait.
    pub lost: u32,
}

/// Something that a paused instance will notice when it resumes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Parked {
    /// A request has arrived.
    Arrival(Waiter),
    /// The thing that a frame waited for has happened.
    Resume(Waiter),
    /// A frame has waited for too long.
    Deadline(Waiter),
    /// An attempt has taken as long as the delay of its hedge.
    Hedge(Waiter),
    /// A frame learns that its caller no longer waits.
    Cancel {
        /// The frame.
        callee: u32,
        /// The caller that it is expected to work for.
        caller: Waiter,
    },
    /// A frame gets an answer.
    Reply {
        /// The frame that gets it, if it still waits.
        to: Waiter,
        /// The outcome.
        outcome: Outcome,
    },
}

impl InstanceState {
    /// The state of an instance before the run.
    pub fn at_rest(plan: &super::InstancePlan) -> Self {
        let is_contended = plan.contention.is_some();
        Self { is_contended, is_disturbed: is_contended, ..Self::default() }
    }

    /// Updates `is_disturbed` from the faults in force.
    pub fn note_disturbance(&mut self) {
        let is_reachable =
            self.crashes == 0 && self.pauses == 0 && self.refusals == 0 && !self.is_starting;
        self.is_disturbed = !is_reachable
            || self.is_contended
            || !self.slowed_by.is_empty()
            || !self.failing_by.is_empty();
    }
}

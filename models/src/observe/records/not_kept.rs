//! Changes that come after so many that they are only counted.

use sim_core::SimTime;

/// The number of transitions of one breaker, and of changes of instances, that are kept for the
/// timeline; further ones are only counted.
const MOST_KEPT: usize = 10_000;

/// The changes that were only counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotKept {
    /// The time of the first.
    pub since: SimTime,
    /// The time of the last.
    pub until: SimTime,
    /// The number of them.
    pub changes: u64,
}

impl NotKept {
    /// One change.
    pub(in crate::observe) fn one(at: SimTime) -> Self {
        Self { since: at, until: at, changes: 1 }
    }

    /// These and those before, if there are any.
    #[must_use]
    pub(in crate::observe) fn after(self, before: Option<Self>) -> Self {
        before.map_or(self, |before| Self {
            since: self.since.min(before.since),
            until: self.until.max(before.until),
            changes: self.changes + before.changes,
        })
    }

    /// Keeps a change, or counts it if too many are there.
    pub(in crate::observe) fn keep<T>(
        kept: &mut Vec<T>,
        not_kept: &mut Option<Self>,
        at: SimTime,
        change: T,
    ) {
        if kept.len() < MOST_KEPT {
            kept.push(change);
        } else {
            *not_kept = Some(Self::one(at).after(*not_kept));
        }
    }
}

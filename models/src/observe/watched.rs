//! Things whose figures are kept only if a sentence asks for them.

use crate::system::{Id, of};
use std::collections::BTreeSet;

/// Things whose figures have to be kept while a run lasts, because a sentence asks for them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watched {
    /// Breakers whose windows are looked at.
    pub breakers: BTreeSet<Id<of::Breaker>>,
    /// Closed workloads whose users are looked at one by one.
    pub users: BTreeSet<Id<of::Workload>>,
    /// Pools of slots whose waits are kept by priority.
    pub waits: BTreeSet<Id<of::Pool>>,
}

impl Watched {
    /// True if requests have to be looked at one by one.
    pub(crate) fn has_requests(&self) -> bool {
        !self.users.is_empty() || !self.waits.is_empty()
    }
}

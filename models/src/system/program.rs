//! Call sites and branch tables that the steps of handlers refer to.

use super::blueprint::OnFailure;
use super::id::{Id, of};

/// A call in a handler.
#[derive(Clone, Copy, Debug)]
pub struct CallSite {
    /// The edge that the call takes.
    pub edge: Id<of::Edge>,
    /// The first step of the operation called.
    pub entry: Id<of::Step>,
    /// The effect of a failure.
    pub on_failure: OnFailure,
}

/// The branches of a fork or a choice.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BranchTable {
    /// The first step of each branch.
    pub entries: Vec<Id<of::Step>>,
    /// For a choice: the probability of each branch or one before it.
    pub cumulative: Vec<f64>,
    /// The step that follows once all branches of a fork have ended; `None` for a choice.
    pub join: Option<Id<of::Step>>,
}

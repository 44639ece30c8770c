//! Call sites and branch tables that the steps of handlers refer to.

use super::blueprint::OnFailure;
use super::id::{Id, of};

/// A call in a handler.
#[derive(Clone, Copy, Debug)]
pub struct CallSite {
    /// The edge that the call takes.
    pub edge: Id<of::Edge>,
    /// The first step of the operation called.
    pub entry: u32,
    /// The effect of a failure.
    pub on_failure: OnFailure,
}

/// The branches of a fork or a choice.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BranchTable {
    /// The first step of each branch.
    pub entries: Vec<u32>,
    /// For a choice: the probability of each branch or one before it.
    pub cumulative: Vec<f64>,
    /// For a fork: the step that follows once all branches have ended.
    pub join: u32,
}

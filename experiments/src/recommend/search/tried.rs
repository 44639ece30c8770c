//! A candidate that has been tried.

use crate::recommend::assessment::Assessment;
use crate::recommend::tunable_system::Candidate;

/// The score of a candidate whose settings do not go together.
pub(super) const UNSOUND: f64 = 1e6;

/// A candidate that has been tried.
#[derive(Clone, Debug)]
pub struct Tried {
    /// The candidate.
    pub candidate: Candidate,
    /// The score, less being better: below 1, by the objectives, if every limit holds; from 2 on,
    /// by the distance from the limits, if not.
    pub score: f64,
    /// The measurements; `None` if its settings do not go together.
    pub assessment: Option<Assessment>,
    /// The number of replications that were simulated under every condition that more of them tell
    /// something about.
    pub replications: u64,
    /// True if it was given up in the middle of a replication.
    pub(super) is_given_up: bool,
    /// The number of runs that it went through of those that have refuted another candidate.
    pub(super) hard: usize,
    /// The number of runs that it took.
    pub runs: u64,
    /// The number of all runs before the generation that it belongs to.
    pub found_after: u64,
    /// The fresh runs that have shown that it keeps too few of its promises; `None` if there are none.
    pub refuted_by: Option<Assessment>,
}

impl Tried {
    /// A candidate of which nothing is known.
    pub(super) fn unknown(candidate: Candidate) -> Self {
        Self {
            candidate,
            score: UNSOUND,
            assessment: None,
            replications: 0,
            is_given_up: false,
            hard: 0,
            runs: 0,
            found_after: 0,
            refuted_by: None,
        }
    }
}

//! Handlers as programs: steps in one flat table, and what they refer to.

use super::blueprint::OnFailure;
use crate::Outcome;

/// A call in a handler.
#[derive(Clone, Copy, Debug)]
pub struct CallSite {
    /// The edge it takes.
    pub edge: u32,
    /// The first step of the operation called.
    pub entry: u32,
    /// What follows if it fails.
    pub on_failure: OnFailure,
}

/// One step of a handler.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// Computes for a time drawn from a distribution; holds a processor if those are limited.
    Work(u32),
    /// Waits for a time drawn from a distribution; holds only the thread.
    Pause(u32),
    /// Makes the call of a call site.
    Call(u32),
    /// Goes on with the next step with `probability`, else at `otherwise`.
    Chance {
        /// 0 to 1.
        probability: f32,
        /// A step.
        otherwise: u32,
        /// Whether a failure of the call before means "otherwise": a look-up that failed is a miss.
        needs_answer: bool,
    },
    /// Goes on at one of the branches of a table, chosen by weight.
    Choose(u32),
    /// Runs all branches of a table side by side and goes on after the last.
    Fork(u32),
    /// Goes on elsewhere.
    Jump(u32),
    /// Sends a message to a queue.
    Send(u32),
    /// Looks a key up in a cache: goes on with the next step if it is there, else at `miss`.
    LookUp {
        /// The cache.
        cache: u32,
        /// A step.
        miss: u32,
    },
    /// Puts the key that was looked up into a cache.
    Fill(u32),
    /// Does something to the world that should be done once for each request.
    Effect(u32),
    /// Fails with `probability`.
    Fail {
        /// 0 to 1.
        probability: f32,
        /// How.
        outcome: Outcome,
        /// How long callers are asked to stay away, in milliseconds.
        retry_after: u32,
    },
    /// Fails for a share of requests, the same ones whenever they come.
    Poison {
        /// 0 to 1.
        share: f32,
        /// How.
        outcome: Outcome,
    },
    /// The end of a handler or branch.
    Answer,
}

/// Branches of a fork or a choice.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BranchTable {
    /// The first step of each branch.
    pub entries: Vec<u32>,
    /// For a choice: the probability of this branch or one before it.
    pub cumulative: Vec<f64>,
    /// For a fork: the step that follows when all branches have ended.
    pub join: u32,
}

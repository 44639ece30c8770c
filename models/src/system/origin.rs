//! The calls at which failures begin.

use super::engine::Engine;
use super::id::{Id, of};
use crate::Outcome;
use crate::resources::Waiter;

/// The call at which something began that a client sees as a failure or a fallback's answer: the one furthest
/// in that failed and not because of a call that its callee made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// The edge of the call.
    pub edge: Id<of::Edge>,
    /// The outcome of the call.
    pub outcome: Outcome,
}

/// The origins that a frame knows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origins {
    /// That of the failure of its current call, as far as the callee has answered.
    pub of_call: Option<Origin>,
    /// That of its own outcome; `None` if it fails by itself.
    pub own: Option<Origin>,
}

impl Origins {
    /// Those of a frame to which nothing has happened.
    pub const NOWHERE: Self = Self { of_call: None, own: None };
}

impl Engine<'_> {
    /// Tells the caller of a frame, which waits, where the failure began that the frame answers with.
    #[cold]
    pub fn answer_with_origin(&mut self, index: u32, to: Waiter) {
        self.state.frames.origins(to.frame).of_call = self.state.frames.origins(index).own;
    }

    /// Notes where the current call of a frame has failed before a fallback makes something else of it.
    #[cold]
    pub fn note_origin_of_call(&mut self, index: u32, failure: Outcome) {
        let origin = self.origin_of_failure(index, failure);
        self.state.frames.origins(index).of_call = Some(origin);
    }

    /// The origin of the outcome of a frame's current call, which is not [`Outcome::Ok`].
    #[cold]
    pub fn origin_of_call(&mut self, index: u32, outcome: Outcome) -> Origin {
        let edge = self.state.frames[index].called_edge;
        let known = self.state.frames.origins(index).of_call;
        let is_noted = outcome == Outcome::Degraded || !self.edge_of(index).fallbacks.is_empty();
        if is_noted {
            return known.unwrap_or(Origin { edge, outcome });
        }
        self.origin_of_failure(index, outcome)
    }

    /// The origin of a failure that has just left the guards of a frame's current call. Before, what is known may be
    /// of an earlier call.
    fn origin_of_failure(&mut self, index: u32, outcome: Outcome) -> Origin {
        let known = self.state.frames.origins(index).of_call;
        // Only the answer of a callee brings these, and it has just said where they began. Every other failure is
        // of this call, whatever went on behind it.
        let may_be_passed_on = matches!(outcome, Outcome::ServerError | Outcome::ClientError);
        let passed_on = known.filter(|_| may_be_passed_on);
        passed_on.unwrap_or(Origin { edge: self.state.frames[index].called_edge, outcome })
    }

    /// Notes that the outcome of a frame's current call makes its own outcome worse.
    #[cold]
    pub fn note_origin(&mut self, index: u32, outcome: Outcome) {
        let origin = self.origin_of_call(index, outcome);
        self.state.frames.origins(index).own = Some(origin);
    }

    /// Notes that a frame fails, or does less, by itself.
    #[cold]
    pub fn fails_by_itself(&mut self, index: u32) {
        self.state.frames.origins(index).own = None;
    }
}

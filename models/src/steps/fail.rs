//! Failing by chance.

use super::{Compile, Op};
use crate::Outcome;
use crate::language::quantity::{RetryAfter, Share};
use crate::language::{Problems, section};
use crate::scenario::{Caller, Names, Plan};
use crate::system::{Engine, Next};

section! {
    /// Fails with a probability.
    pub(crate) struct Fail {
        /// The probability.
        "fail" => fail: Share,
        /// The outcome; a server error if left out.
        "as" => fails_as: Option<Outcome>,
        /// The time for which callers should stay away (`Retry-After`); none if left out.
        "retry after" => retry_after: Option<RetryAfter>,
    }
}

impl Compile for Fail {
    fn compile(&self, _: Caller, _: &Names<'_>, plan: &mut Plan, _: &mut Problems) {
        plan.push(Op::Fail {
            probability: self.fail.0 as f32,
            outcome: self.fails_as.unwrap_or(Outcome::ServerError),
            retry_after: self.retry_after.map_or(0, |after| after.0),
        });
    }
}

/// Fails with a probability, or goes on.
pub(super) fn run(
    engine: &mut Engine<'_>,
    index: u32,
    probability: f32,
    outcome: Outcome,
    retry_after: u32,
) -> Next {
    if engine.chance(index, probability) {
        engine.state.frames[index].retry_after = retry_after;
        engine.fails_by_itself(index);
        return engine.finish(index, outcome);
    }
    engine.go_to_next(index)
}

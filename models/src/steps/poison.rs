//! Failures of the same requests each time they are sent.

use sim_core::random::{DrawKey, uniform};

use super::{Compile, Op};
use crate::Outcome;
use crate::language::quantity::Share;
use crate::language::{Problems, section};
use crate::scenario::{Caller, Names, Plan};
use crate::system::{Draw, Engine, Next};

section! {
    /// Fails for a share of requests, and for the same ones each time they are sent: poison.
    pub(crate) struct Poison {
        /// The share.
        "poison" => poison: Share,
        /// The outcome; a server error if left out.
        "as" => fails_as: Option<Outcome>,
    }
}

impl Compile for Poison {
    fn compile(&self, _: Caller, _: &Names<'_>, plan: &mut Plan, _: &mut Problems) {
        plan.has_poison = true;
        plan.push(Op::Poison {
            share: self.poison.0 as f32,
            outcome: self.fails_as.unwrap_or(Outcome::ServerError),
        });
    }
}

/// Fails if the request that a frame works for is poison, or goes on.
pub(super) fn run(engine: &mut Engine<'_>, index: u32, share: f32, outcome: Outcome) -> Next {
    let request = engine.state.frames.request(index);
    let key = DrawKey::default().child(request).child(Draw::Poison.tag());
    if uniform(&mut key.draw()) < f64::from(share) {
        engine.fails_by_itself(index);
        return engine.finish(index, outcome);
    }
    engine.go_to_next(index)
}

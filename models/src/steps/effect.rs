//! Changes to the outside world.

use super::{Compile, Op};
use crate::language::{Name, Problems, section};
use crate::scenario::{Caller, Names, Plan};
use crate::system::{Engine, Id, Next, of};

section! {
    /// Does something to the outside world that should happen once for each request, such as
    /// `charge`; repetitions are counted.
    pub(crate) struct EffectStep {
        /// The name of the effect.
        "effect" => effect: Name,
    }
}

impl Compile for EffectStep {
    fn compile(&self, _: Caller, _: &Names<'_>, plan: &mut Plan, _: &mut Problems) {
        let effects = &mut plan.blueprint.effects;
        let known = effects.position(|known| **known == *self.effect);
        let id = known.unwrap_or_else(|| effects.push(self.effect.to_string()));
        plan.push(Op::Effect(id));
    }
}

/// Counts the effect for the request that a frame works for.
pub(super) fn run(engine: &mut Engine<'_>, index: u32, effect: Id<of::Effect>) -> Next {
    engine.state.recorder.effect(effect, engine.state.frames.request(index));
    engine.go_to_next(index)
}

//! Waiting without computing.

use sim_core::SimDuration;

use super::{Compile, Op};
use crate::language::distribution::DurationPhrase;
use crate::language::{Placed, Problems, section};
use crate::scenario::{Caller, Names, Plan};
use crate::system::{Activity, Engine, Id, Next, of};

section! {
    /// Waits on its thread without computing.
    pub(crate) struct PauseStep {
        /// The time that it waits.
        "pause" => pause: Placed<DurationPhrase>,
    }
}

impl Compile for PauseStep {
    const IS_FOR_CLIENTS: bool = true;

    fn compile(&self, _: Caller, names: &Names<'_>, plan: &mut Plan, problems: &mut Problems) {
        let distribution = plan.distribution(&self.pause, names, problems);
        plan.push(Op::Pause(distribution));
    }
}

/// Waits for a time drawn from a distribution, and longer while faults slow the instance; holds
/// only the thread.
pub(super) fn run(engine: &mut Engine<'_>, index: u32, distribution: Id<of::Distribution>) -> Next {
    let frame = &engine.state.frames[index];
    let key = frame.key.child(frame.step_number());
    let nanos = engine.plan.distributions[distribution].sample(&mut key.draw());
    let nanos = engine.slowed_pause(index, nanos, key);
    engine.wait(index, Activity::Pausing, SimDuration::from_nanos_f64(nanos))
}

//! Processes that stand still.

use super::compile::Strike;
use super::reach::InForceSpan;
use super::steps::Reach;
use super::{Effect, FaultTarget, InForce};
use crate::language::{Placed, Problems, section};
use crate::scenario::{Names, Plan};
use crate::system::{Engine, Id, Next, of};

section! {
    /// Makes a service, database, cache or region stand still: it accepts requests and answers
    /// nothing.
    pub(crate) struct PauseSection {
        /// The service, database, cache or region.
        "pause" => pause: Placed<String>,
        .. => reach: Reach,
        .. => span: InForceSpan,
    }
}

/// The process stands still but accepts connections: it answers nothing until it goes on.
#[derive(Clone, Debug, PartialEq)]
pub struct Pause;

impl Strike for PauseSection {
    const KEY: &'static str = "pause";
    const STRIKES_REGIONS: bool = true;

    fn target(&self) -> &Placed<String> {
        &self.pause
    }

    fn span(&self) -> Option<&InForceSpan> {
        Some(&self.span)
    }

    fn reach(&self) -> Option<&Reach> {
        Some(&self.reach)
    }

    fn effect(
        &self,
        target: FaultTarget,
        _: &Names<'_>,
        _: &Plan,
        _: &mut Problems,
    ) -> Option<Effect> {
        matches!(target, FaultTarget::Station(_)).then_some(Effect::Pause(Pause))
    }
}

impl InForce for Pause {
    fn begin(&self, id: Id<of::Fault>, engine: &mut Engine<'_>) {
        engine.disturb_instances(id, |state| state.pauses += 1);
    }

    fn end(&self, id: Id<of::Fault>, engine: &mut Engine<'_>) {
        engine.disturb_instances(id, |state| state.pauses -= 1);
        for instance in engine.plan.faults[id].instances.iter() {
            if engine.state.instances[instance].pauses == 0 {
                engine.state.ready.push(Next::CatchUp(instance));
            }
        }
    }

    fn summary(&self) -> String {
        "paused".to_owned()
    }
}

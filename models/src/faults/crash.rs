//! Processes that are gone.

use super::compile::Strike;
use super::reach::InForceSpan;
use super::steps::Reach;
use super::{Effect, FaultTarget, InForce};
use crate::language::{Placed, Problems, section};
use crate::scenario::{Names, Plan};
use crate::system::{Engine, Id, of};

section! {
    /// Crashes a service, database, cache or region: work in flight is lost, connections are
    /// refused.
    pub(crate) struct CrashSection {
        /// The service, database, cache or region.
        "crash" => crash: Placed<String>,
        .. => reach: Reach,
        .. => span: InForceSpan,
    }
}

/// The process is gone: connections are refused, and work in flight is lost.
#[derive(Clone, Debug, PartialEq)]
pub struct Crash;

impl Strike for CrashSection {
    const KEY: &'static str = "crash";
    const STRIKES_REGIONS: bool = true;

    fn target(&self) -> &Placed<String> {
        &self.crash
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
        matches!(target, FaultTarget::Station(_)).then_some(Effect::Crash(Crash))
    }
}

impl InForce for Crash {
    fn begin(&self, id: Id<of::Fault>, engine: &mut Engine<'_>) {
        engine.crash_instances(id);
    }

    fn end(&self, id: Id<of::Fault>, engine: &mut Engine<'_>) {
        engine.revive_instances(id);
    }

    fn summary(&self) -> String {
        "crashed".to_owned()
    }
}

//! Connections that are refused at once.

use super::compile::Strike;
use super::reach::InForceSpan;
use super::steps::Reach;
use super::{Effect, FaultTarget, InForce};
use crate::language::{Placed, Problems, section};
use crate::scenario::{Names, Plan};
use crate::system::{Engine, Id, of};

section! {
    /// Refuses connections: of a service, database, cache or region, or on an edge `a -> b`.
    pub(crate) struct RefuseSection {
        /// The service, database, cache, region or edge.
        "refuse" => refuse: Placed<String>,
        .. => reach: Reach,
        .. => span: InForceSpan,
    }
}

/// Connections are refused at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Refuse {
    /// Dense id of the edge; `None` for all calls to the instances.
    pub edge: Option<Id<of::Edge>>,
}

impl Strike for RefuseSection {
    const KEY: &'static str = "refuse";
    const STRIKES_REGIONS: bool = true;

    fn target(&self) -> &Placed<String> {
        &self.refuse
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
        let edge = if let FaultTarget::Edge(edge) = target { Some(edge) } else { None };
        Some(Effect::Refuse(Refuse { edge }))
    }
}

impl InForce for Refuse {
    fn begin(&self, id: Id<of::Fault>, engine: &mut Engine<'_>) {
        match self.edge {
            Some(edge) => engine.state.edges[edge].refusals += 1,
            None => engine.disturb_instances(id, |state| state.refusals += 1),
        }
    }

    fn end(&self, id: Id<of::Fault>, engine: &mut Engine<'_>) {
        match self.edge {
            Some(edge) => engine.state.edges[edge].refusals -= 1,
            None => engine.disturb_instances(id, |state| state.refusals -= 1),
        }
    }

    fn summary(&self) -> String {
        "connections refused".to_owned()
    }
}

//! Breakers whose own logic fails.

use super::compile::Strike;
use super::reach::InForceSpan;
use super::{Effect, FaultTarget, InForce, must_have_breaker};
use crate::language::{Placed, Problems, section};
use crate::scenario::{Names, Plan};
use crate::system::{Engine, Id, of};

section! {
    /// Makes the logic of the breakers of an edge `a -> b` fail; `broken` of each breaker decides
    /// what becomes of calls.
    pub(crate) struct BreakBreakerSection {
        /// The edge.
        "break breaker" => edge: Placed<String>,
        .. => span: InForceSpan,
    }
}

/// The logic of the breakers on an edge fails.
#[derive(Clone, Debug, PartialEq)]
pub struct BreakGuard {
    /// Dense id of the edge.
    pub edge: Id<of::Edge>,
}

impl Strike for BreakBreakerSection {
    const KEY: &'static str = "break breaker";

    fn target(&self) -> &Placed<String> {
        &self.edge
    }

    fn span(&self) -> Option<&InForceSpan> {
        Some(&self.span)
    }

    fn effect(
        &self,
        target: FaultTarget,
        _: &Names<'_>,
        plan: &Plan,
        problems: &mut Problems,
    ) -> Option<Effect> {
        let FaultTarget::Edge(edge) = target else { return None };
        must_have_breaker(edge, &self.edge, plan, problems);
        Some(Effect::BreakGuard(BreakGuard { edge }))
    }
}

impl InForce for BreakGuard {
    fn begin(&self, _: Id<of::Fault>, engine: &mut Engine<'_>) {
        engine.break_guards(self.edge, true);
    }

    fn end(&self, _: Id<of::Fault>, engine: &mut Engine<'_>) {
        engine.break_guards(self.edge, false);
    }

    fn summary(&self) -> String {
        "breaker broken".to_owned()
    }
}

//! Packets that disappear: on an edge, or between two regions.

use sim_core::SimTime;

use super::compile::Strike;
use super::reach::InForceSpan;
use super::{Effect, Fault, FaultTarget, InForce};
use crate::language::{Placed, Problems, section};
use crate::scenario::{Names, Plan};
use crate::system::{Engine, Id, of};

section! {
    /// Swallows the requests on an edge `a -> b`, or everything between two regions.
    pub(crate) struct BlackHoleSection {
        /// The edge, or two regions as `a -> b`.
        "black hole" => edge: Placed<String>,
        .. => span: InForceSpan,
    }
}

/// Packets on an edge disappear: only timeouts end the wait.
#[derive(Clone, Debug, PartialEq)]
pub struct BlackHole {
    /// Dense id of the edge.
    pub edge: Id<of::Edge>,
}

/// Packets between two regions disappear, both ways.
#[derive(Clone, Debug, PartialEq)]
pub struct Cut {
    /// One region.
    pub from: Id<of::Region>,
    /// The other region.
    pub to: Id<of::Region>,
}

impl Strike for BlackHoleSection {
    const KEY: &'static str = "black hole";

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
        _: &Plan,
        _: &mut Problems,
    ) -> Option<Effect> {
        let FaultTarget::Edge(edge) = target else { return None };
        Some(Effect::BlackHole(BlackHole { edge }))
    }

    fn strike(
        &self,
        begin: SimTime,
        names: &Names<'_>,
        plan: &mut Plan,
        problems: &mut Problems,
    ) -> Vec<Fault> {
        if let Some((from, to)) = pair_of_regions(&self.edge, names) {
            return vec![self.fault(begin, Effect::Cut(Cut { from, to }))];
        }
        super::compile::strike(self, begin, names, plan, problems).unwrap_or_default()
    }
}

/// Two regions written as `a -> b`.
fn pair_of_regions(target: &str, names: &Names<'_>) -> Option<(Id<of::Region>, Id<of::Region>)> {
    let (from, to) = target.split_once("->")?;
    Some((names.find_region(from.trim())?, names.find_region(to.trim())?))
}

impl InForce for BlackHole {
    fn begin(&self, _: Id<of::Fault>, engine: &mut Engine<'_>) {
        engine.state.edges[self.edge].black_holes += 1;
    }

    fn end(&self, _: Id<of::Fault>, engine: &mut Engine<'_>) {
        engine.state.edges[self.edge].black_holes -= 1;
    }

    fn summary(&self) -> String {
        "black hole".to_owned()
    }
}

impl InForce for Cut {
    fn begin(&self, _: Id<of::Fault>, engine: &mut Engine<'_>) {
        engine.state.cuts.push((self.from, self.to));
    }

    fn end(&self, _: Id<of::Fault>, engine: &mut Engine<'_>) {
        let cuts = &mut engine.state.cuts;
        if let Some(position) = cuts.iter().position(|cut| *cut == (self.from, self.to)) {
            cuts.swap_remove(position);
        }
    }

    fn summary(&self) -> String {
        "black hole".to_owned()
    }
}

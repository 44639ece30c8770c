//! Caches that forget everything.

use sim_core::SimTime;

use super::compile::Strike;
use super::reach::InForceSpan;
use super::{Effect, Fault, FaultTarget, InForce};
use crate::language::{Placed, Problems, section};
use crate::scenario::{Names, Plan};
use crate::system::Turn;

section! {
    /// Makes a cache with `keys` forget everything.
    pub(crate) struct FlushSection {
        /// The cache.
        "flush" => flush: Placed<String>,
        .. => span: InForceSpan,
    }
}

/// Everything in a cache is forgotten.
#[derive(Clone, Debug, PartialEq)]
pub struct Flush {
    /// Dense id of the cache among the caches with keys.
    pub cache: u32,
}

impl Strike for FlushSection {
    const KEY: &'static str = "flush";

    fn target(&self) -> &Placed<String> {
        &self.flush
    }

    fn span(&self) -> Option<&InForceSpan> {
        Some(&self.span)
    }

    fn effect(
        &self,
        _: FaultTarget,
        names: &Names<'_>,
        _: &Plan,
        problems: &mut Problems,
    ) -> Option<Effect> {
        let Some(cache) = names.keyed_cache(&self.flush) else {
            let known = names.keyed_caches();
            let help = if known.is_empty() {
                "give a cache `keys` and `ttl`".to_owned()
            } else {
                format!("caches with keys: {}", known.join(", "))
            };
            let message = format!("`{}` is not a cache with keys", *self.flush);
            problems.error(self.flush.at(), message, help);
            return None;
        };
        Some(Effect::Flush(Flush { cache }))
    }

    fn strike(
        &self,
        begin: SimTime,
        names: &Names<'_>,
        plan: &mut Plan,
        problems: &mut Problems,
    ) -> Vec<Fault> {
        let effect = self.effect(FaultTarget::Station(0), names, plan, problems);
        effect.map(|effect| self.fault(begin, effect)).into_iter().collect()
    }
}

impl InForce for Flush {
    fn begin(&self, _: u32, turn: &mut Turn<'_>) {
        turn.state.caches[self.cache as usize].flush();
    }

    fn end(&self, _: u32, _: &mut Turn<'_>) {}

    fn summary(&self) -> String {
        "flushed".to_owned()
    }
}

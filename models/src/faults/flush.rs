//! Caches that forget what is in them, or a share of it.

use sim_core::SimTime;

use super::compile::Strike;
use super::reach::InForceSpan;
use super::{Effect, Fault, FaultTarget, InForce};
use crate::language::quantity::{Period, Share};
use crate::language::{Placed, Problems, section, some_of};
use crate::scenario::{Names, Plan};
use crate::system::{Engine, Id, of};

section! {
    /// Makes a cache with `keys` forget what is in it, in an instant.
    pub(crate) struct FlushSection {
        /// The cache.
        "flush" => flush: Placed<String>,
        /// The share of its keys that it forgets, each by its own chance; all of them if left out.
        "share" => share: Option<Share>,
        /// The time from one flush to the next, repeated to the end of the run; it strikes once if
        /// left out.
        "every" => every: Option<Placed<Period>>,
    }
}

/// Makes a cache forget everything, or each key with a probability.
#[derive(Clone, Debug, PartialEq)]
pub struct Flush {
    /// The cache.
    pub cache: Id<of::Cache>,
    /// Probability with which each key is forgotten.
    pub share: f64,
}

impl Strike for FlushSection {
    const KEY: &'static str = "flush";

    fn target(&self) -> &Placed<String> {
        &self.flush
    }

    fn span(&self) -> Option<&InForceSpan> {
        None
    }

    fn every(&self) -> Option<&Placed<Period>> {
        self.every.as_ref()
    }

    fn end(&self, begin: SimTime) -> SimTime {
        begin
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
                format!("caches with keys: {}", some_of(known.iter()))
            };
            let message = format!("`{}` is not a cache with keys", *self.flush);
            problems.error(self.flush.at(), message, help);
            return None;
        };
        Some(Effect::Flush(Flush { cache, share: self.share.map_or(1.0, |share| share.0) }))
    }

    fn strike(
        &self,
        begin: SimTime,
        names: &Names<'_>,
        plan: &mut Plan,
        problems: &mut Problems,
    ) -> Vec<Fault> {
        let effect = self.effect(FaultTarget::Station(Id::FIRST), names, plan, problems);
        effect.map(|effect| self.fault(begin, effect)).into_iter().collect()
    }
}

impl InForce for Flush {
    fn has_no_effect(&self, target: &str, _: Option<Id<of::Station>>, _: &Plan) -> Option<String> {
        (self.share == 0.0).then(|| format!("`{target}` forgets nothing"))
    }

    fn begin(&self, _: Id<of::Fault>, engine: &mut Engine<'_>) {
        engine.state.caches[self.cache].forget(self.share);
    }

    fn end(&self, _: Id<of::Fault>, _: &mut Engine<'_>) {}

    fn is_instantaneous(&self) -> bool {
        true
    }

    fn strengthen(&mut self, factor: f64) -> bool {
        self.share = (self.share * factor).min(1.0);
        true
    }

    fn summary(&self) -> String {
        if self.share == 1.0 {
            "flushed".to_owned()
        } else {
            format!("{} of it flushed", Share(self.share))
        }
    }
}

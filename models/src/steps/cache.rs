//! Looking something up in a cache.

use super::{Compile, Op, Step, sequence};
use crate::language::{Placed, Problems, section};
use crate::scenario::{Caller, Names, Plan};
use crate::system::{OnFailure, StationKind};

section! {
    /// Looks something up in a cache; the steps of `miss` follow if it is not there.
    pub(crate) struct LookUpStep {
        /// The cache.
        "cache" => cache: Placed<String>,
        /// The steps that are taken on a miss.
        "miss" => miss: Vec<Placed<Step>>,
    }
}

impl Compile for LookUpStep {
    fn compile(&self, caller: Caller, names: &Names<'_>, plan: &mut Plan, problems: &mut Problems) {
        let kind = StationKind::Cache;
        plan.call(caller, &self.cache, OnFailure::Ignore, kind, names, problems);
        let keyed = names.keyed_cache(&self.cache);
        let look_up = plan.push(Op::Answer);
        let jump = plan.push(Op::Answer);
        let miss = plan.next_step();
        plan.blueprint.program[look_up] = match keyed {
            Some(cache) => Op::LookUp { cache, miss },
            None => Op::Chance {
                probability: self.hit_rate(names) as f32,
                otherwise: miss,
                needs_answer: true,
            },
        };
        sequence(caller, &self.miss, names, plan, problems);
        if let Some(cache) = keyed {
            plan.push(Op::Fill(cache));
        }
        plan.blueprint.program[jump] = Op::Jump(plan.next_step());
    }
}

impl LookUpStep {
    fn hit_rate(&self, names: &Names<'_>) -> f64 {
        let cache = names.file.caches.get(self.cache.as_str());
        cache.and_then(|cache| cache.hit_rate.as_ref()).map_or(1.0, |share| share.0)
    }
}

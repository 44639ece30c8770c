//! The identity of a sweep.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sim_experiments::sweep::{Chooser, Shard, Sweep};
use sim_models::printable::line;
use sim_models::scenario::SweepPlan;

/// The identity of a sweep or of a part of it: the first line of its journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The version of Fusebox; journals of different versions do not go together.
    pub fusebox: String,
    /// The name of the scenario.
    pub scenario: String,
    /// A hash over the system that was swept.
    pub identity: String,
    /// The seed.
    pub seed: u64,
    /// The length of each run.
    pub simulated_seconds: f64,
    /// The number of this part, from 1.
    pub part: u64,
    /// The number of parts.
    pub parts: u64,
    /// The settings that vary and the figures that are measured.
    pub plan: SweepPlan,
}

impl Header {
    /// The header for a part of a sweep.
    pub fn of(sweep: &Sweep, shard: Shard) -> Self {
        let run = sweep.blueprint().run;
        Self {
            fusebox: env!("CARGO_PKG_VERSION").to_owned(),
            scenario: sweep.blueprint().name.clone(),
            identity: sweep.identity(),
            seed: run.seed,
            simulated_seconds: (run.duration + run.drain).as_secs_f64(),
            part: shard.part,
            parts: shard.parts,
            plan: sweep.plan().clone(),
        }
    }

    /// The header for the whole sweep that this is a part of.
    pub fn whole(&self) -> Self {
        Self { part: 1, parts: 1, ..self.clone() }
    }

    /// The same with visible characters in place of those that cannot be seen: a journal may come from anywhere.
    pub(super) fn visible(&self) -> Self {
        let record = serde_json::to_value(self).map(visible);
        record.and_then(serde_json::from_value).unwrap_or_else(|_| self.clone())
    }

    /// The values of each point.
    pub fn chooser(&self) -> Chooser {
        Chooser::new(&self.plan, self.seed)
    }

    /// Checks that a scenario can ask for such a sweep.
    ///
    /// # Errors
    /// The first entry that no scenario has.
    pub(super) fn check(&self) -> Result<(), String> {
        if !(1..=self.parts).contains(&self.part) {
            return Err(format!("there is no part {} of {}", self.part, self.parts));
        }
        if !self.simulated_seconds.is_finite() || self.simulated_seconds < 0.0 {
            return Err(format!("no run takes {} s", self.simulated_seconds));
        }
        self.plan.check()
    }

    /// The first difference from another sweep; `None` if both belong to the same one.
    pub(super) fn difference(&self, wanted: &Self) -> Option<String> {
        if self.scenario != wanted.scenario {
            return Some(format!("its scenario is `{}`, not `{}`", self.scenario, wanted.scenario));
        }
        if self.plan != wanted.plan {
            return Some("it varies other values or measures other figures".to_owned());
        }
        if (&self.identity, self.seed, self.simulated_seconds)
            != (&wanted.identity, wanted.seed, wanted.simulated_seconds)
        {
            return Some("the scenario or its seed has changed since".to_owned());
        }
        None
    }

    /// The part of the sweep, if it is not the same as in `wanted`.
    pub(super) fn other_part(&self, wanted: &Self) -> Option<String> {
        let is_other = (self.part, self.parts) != (wanted.part, wanted.parts);
        is_other.then(|| {
            format!(
                "it is part {}/{}, not part {}/{}",
                self.part, self.parts, wanted.part, wanted.parts
            )
        })
    }
}

/// A record with all its texts on one line of visible characters.
fn visible(record: Value) -> Value {
    match record {
        Value::String(text) => line(&text).into(),
        Value::Array(items) => items.into_iter().map(visible).collect(),
        Value::Object(entries) => {
            entries.into_iter().map(|(key, value)| (key, visible(value))).collect()
        }
        other => other,
    }
}

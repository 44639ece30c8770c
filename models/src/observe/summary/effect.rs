//! Effects on the world.

use schemars::JsonSchema;
use serde::Serialize;

use crate::system::System;

/// Something that handlers did to the world, under one name.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct EffectSummary {
    /// The name.
    pub name: String,
    /// The number of times that it was done.
    pub count: u64,
    /// The number of times that it was done for a request for which it had been done before.
    pub duplicates: u64,
}

/// The summaries of all effects.
pub(super) fn effects(system: &System) -> Vec<EffectSummary> {
    let records = system.blueprint().effects.iter().zip(system.recorder().effects());
    records
        .map(|(name, record)| EffectSummary {
            name: name.clone(),
            count: record.count,
            duplicates: record.duplicates,
        })
        .collect()
}

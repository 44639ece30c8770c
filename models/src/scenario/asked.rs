//! The sections about what is asked beyond one run. Their descriptions become those of the JSON Schema.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::quantity::Share;
use crate::study::{Design, Values};

/// What `fusebox sweep` varies, and what it measures.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Sweep {
    /// For each path, its values: `20..200 step 20`, `100ms..10s log`, a list; `on` leaves what the file says, `off` takes it
    /// away.
    pub vary: IndexMap<String, Values>,
    /// How points are chosen; every combination of levels (grid) if left out.
    #[serde(deserialize_with = "design")]
    pub design: Option<Design>,
    /// What is measured; availability, goodput and p99 of each workload if nothing is said.
    pub figures: Vec<String>,
    /// Figures of which more is better.
    pub maximize: Vec<String>,
    /// Figures of which less is better.
    pub minimize: Vec<String>,
    /// How often each point is simulated, on random numbers that all points share; 5 if left out.
    pub replications: Option<u32>,
    /// Half-width of the intervals, as a share of the figures, down to which points are simulated again.
    pub precision: Option<Share>,
    /// How often a point is simulated at most for that; 50 if left out.
    #[serde(rename = "most replications")]
    pub most_replications: Option<u32>,
    /// Whether points are given up that are clearly worse than another in everything to maximize or minimize.
    pub abandon: bool,
}

/// A design as people write it; records keep it in another form.
fn design<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Design>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(D::Error::custom)
}

/// What resources cost, in whatever unit; nothing if left out.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Prices {
    /// An instance of a service.
    pub instance: f64,
    /// A thread.
    pub thread: f64,
    /// A slot of an asynchronous service.
    pub slot: f64,
    /// A connection of a database or cache.
    pub connection: f64,
}

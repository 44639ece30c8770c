//! The sections about what is asked beyond one run. Their descriptions become those of the JSON
//! Schema.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::quantity::{Duration, Share};
use crate::study::{Design, Values};

/// What `fusebox sweep` varies, and what it measures.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Sweep {
    /// For each path, its values: `20..200 step 20`, `100ms..10s log`, a list; `on` leaves what the
    /// file says, `off` takes it away.
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
    /// Half-width of the intervals, as a share of the figures, down to which points are simulated
    /// again.
    pub precision: Option<Share>,
    /// How often a point is simulated at most for that; 50 if left out.
    #[serde(rename = "most replications")]
    pub most_replications: Option<u32>,
    /// Whether points are given up that are clearly worse than another in everything to maximize or
    /// minimize.
    pub abandon: bool,
}

/// What `fusebox recommend` may move, and what is wanted.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Goals {
    /// For each path that may move, its values: `20..200`, `100ms..10s log`, a list; `on` leaves
    /// what the file says, `off` takes it away.
    pub settings: IndexMap<String, Values>,
    /// What must hold between settings, such as `calls.c -> d.timeout < calls.a -> c.timeout`.
    pub rules: Vec<String>,
    /// Named conditions that the answer must stand: overrides, as in a variant, or a list of
    /// conditions that come together. The scenario as it is written if left out.
    pub conditions: IndexMap<String, Condition>,
    /// What must hold in every condition, or in some: sentences about figures, as under `expect`.
    pub limits: Vec<Limit>,
    /// Figures that should be as large as can be within the limits.
    pub maximize: Vec<String>,
    /// Figures that should be as small as can be within the limits; `cost` if nothing is said and
    /// there are prices.
    pub minimize: Vec<String>,
    /// How many runs the search makes; 500 if left out.
    pub runs: Option<u32>,
    /// How often a promising candidate is simulated in each condition; 3 if left out.
    pub replications: Option<u32>,
    /// How often the answer is simulated in each condition, on random numbers that it was not tuned
    /// on; 10 if left out.
    pub validations: Option<u32>,
}

/// A condition: overrides, or other conditions together.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "a condition is a map of overrides, or a list of conditions that come together"
)]
pub(super) enum Condition {
    /// Overrides, `path: value`.
    Overrides(
        #[allow(dead_code, reason = "they are applied to the tree")]
        IndexMap<String, serde_json::Value>,
    ),
    /// Names of conditions.
    Together(#[allow(dead_code, reason = "they are applied to the tree")] Vec<String>),
}

/// A limit: a sentence, or one with the conditions in which it holds.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a limit is a sentence, or a map of `limit` and `in`")]
pub(super) enum Limit {
    /// In every condition.
    Everywhere(String),
    /// In some.
    Somewhere {
        /// The sentence.
        limit: String,
        /// Names of conditions.
        r#in: Vec<String>,
    },
}

impl Limit {
    /// The sentence, and what its path has after that of the limit.
    pub fn sentence(&self) -> (&str, &'static str) {
        match self {
            Self::Everywhere(text) => (text, ""),
            Self::Somewhere { limit, .. } => (limit, ".limit"),
        }
    }

    /// The conditions in which it holds; all if there is no list.
    pub fn conditions(&self) -> Option<&[String]> {
        match self {
            Self::Everywhere(_) => None,
            Self::Somewhere { r#in, .. } => Some(r#in),
        }
    }
}

/// A design as people write it; records keep it in another form.
fn design<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Design>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(D::Error::custom)
}

/// What `fusebox stability` tries.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Stability {
    /// The setting of a workload that is the load, and its range: `{ workloads.web.arrivals:
    /// poisson 100/s..900/s in 9 }`.
    pub load: IndexMap<String, Values>,
    /// The setting of a fault that is the trigger: `{ 'faults[0].for': 5s..60s in 5 }`; with a
    /// second one, there is a map for each of its values.
    pub trigger: IndexMap<String, Values>,
    /// The workload whose answers count; that of the load if left out.
    pub workload: Option<String>,
    /// Share of requests that must be answered for the system to be well; 95% if left out.
    pub well: Option<Share>,
    /// How often each combination is simulated; 3 if left out.
    pub replications: Option<u32>,
    /// How long each load is held when going up and coming down; 20s if left out.
    pub dwell: Option<Duration>,
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

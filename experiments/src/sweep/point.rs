//! The record of a point.

use serde::{Deserialize, Serialize};

/// A point that has been simulated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// The index of the point in the sweep.
    pub point: u64,
    /// The number of replications that were simulated.
    pub replications: u32,
    /// The state that the point ended in.
    #[serde(default, skip_serializing_if = "PointState::is_measured")]
    pub state: PointState,
    /// Its figures in the order of the plan; `None` where a replication had nothing to read.
    pub figures: Vec<Option<Estimate>>,
}

/// The state that a point ended in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PointState {
    /// Simulated as often as planned.
    #[default]
    Measured,
    /// Given up, because the point with this index is clearly better in every objective.
    Abandoned(u64),
    /// Not simulated, because its settings do not go together; the message of the first problem.
    Unsound(String),
    /// Given up, because a run reached this limit of the scenario.
    Stopped(String),
}

impl PointState {
    /// True if it was simulated as often as planned.
    pub(super) fn is_measured(&self) -> bool {
        *self == Self::Measured
    }
}

/// A mean over replications, with its uncertainty.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Half the length of the 95 % interval; `None` after one replication.
    pub half_width: Option<f64>,
}

//! The parts of the plans of analyses.

use serde::{Deserialize, Serialize};

use super::Values;
use crate::observe;

/// A setting that varies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    /// Its path in a scenario: `services.d.threads`.
    pub path: String,
    /// Its possible values.
    pub values: Values,
}

/// A figure that is read off each run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FigurePlan {
    /// The figure as it was written: `p99 of web during fault`.
    pub text: String,
    /// Its unit.
    pub unit: observe::FigureUnit,
    /// The better direction, if it is an objective.
    pub better: Option<Direction>,
}

/// The better direction of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
}

impl Direction {
    /// A figure turned so that more is better.
    pub fn gain(self, figure: f64) -> f64 {
        if self == Self::Higher { figure } else { -figure }
    }
}

/// The number of simulations of each point.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Replications {
    /// The fewest.
    pub first: u32,
    /// The most.
    pub most: u32,
    /// The share of the figure (of one, if the figure is a share itself) that the half-width of
    /// each interval must not exceed before a point is done; `None` to stop at `first`.
    pub precision: Option<f64>,
}

//! The parts of the plans of analyses.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Values;
use crate::observe;

/// A setting that varies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Parameter {
    /// Its path in a scenario: `services.d.threads`.
    pub path: String,
    /// Its possible values.
    pub values: Values,
}

/// A rule between settings: one side is less than the other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// The side that must be less.
    pub lesser: Side,
    /// The side that must be greater.
    pub greater: Side,
    /// True if the sides must not be equal.
    pub is_strict: bool,
}

/// A side of a rule: a multiple of a setting, or a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Side {
    /// The factor.
    pub factor: f64,
    /// The thing that it is a multiple of.
    pub of: SideOf,
}

/// The thing that a side of a rule is about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SideOf {
    /// The setting with this index among those that may change.
    Setting(usize),
    /// A number, in seconds if it is a time: the value of a setting that may not change.
    Number(f64),
}

/// A figure that is read off each run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FigurePlan {
    /// The figure as it was written: `p99 of web during fault`.
    pub text: String,
    /// Its unit.
    pub unit: observe::FigureUnit,
    /// The better direction, if it is an objective.
    pub better: Option<Direction>,
}

/// The better direction of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Replications {
    /// The fewest.
    pub first: u32,
    /// The most.
    pub most: u32,
    /// The share of the figure (of one, if the figure is a share itself) that the half-width of
    /// each interval must not exceed before a point is done; `None` to stop at `first`.
    pub precision: Option<f64>,
}

//! A sweep as it was asked for.

use serde::{Deserialize, Serialize};

use super::{Design, Values};
use crate::observe;

/// A setting that varies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    /// Where it stands in a scenario: `services.d.threads`.
    pub path: String,
    /// What it can be.
    pub values: Values,
}

/// A figure that is read off each run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FigurePlan {
    /// As it was asked for: `p99 of web during fault`.
    pub text: String,
    /// What it is counted in.
    pub unit: observe::Unit,
    /// Which way is better, if it is an objective.
    pub better: Option<Direction>,
}

/// Which way is better.
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

/// How often each point is simulated.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Replications {
    /// At least so often.
    pub first: u32,
    /// At most so often.
    pub most: u32,
    /// Until each interval's half-width is at most this share of the figure (of one, if the figure
    /// is a share itself); `None` to stop at `first`.
    pub precision: Option<f64>,
}

/// What varies, how points are chosen, and what is measured at each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SweepPlan {
    /// What varies.
    pub parameters: Vec<Parameter>,
    /// How points are chosen.
    pub design: Design,
    /// What is measured; objectives among them.
    pub figures: Vec<FigurePlan>,
    /// How often each point is simulated.
    pub replications: Replications,
    /// Whether a point is given up when another one of its block is clearly better in every
    /// objective.
    pub abandons: bool,
}

impl SweepPlan {
    /// How many points there are.
    pub fn points(&self) -> u64 {
        self.design.points(&self.parameters)
    }

    /// The figures that say what is better, with their places among all figures.
    pub fn objectives(&self) -> impl Iterator<Item = (usize, Direction)> {
        self.figures.iter().enumerate().filter_map(|(index, figure)| Some((index, figure.better?)))
    }
}

//! The plan of a sweep.

use serde::{Deserialize, Serialize};

use super::{Design, Values};
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

/// The settings that vary, the way to choose points, and the figures to measure at each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SweepPlan {
    /// The settings that vary.
    pub parameters: Vec<Parameter>,
    /// The way to choose points.
    pub design: Design,
    /// The figures to measure, including the objectives.
    pub figures: Vec<FigurePlan>,
    /// The number of simulations of each point.
    pub replications: Replications,
    /// True if a point is given up when another one of its block is clearly better in every
    /// objective.
    pub abandons: bool,
}

impl SweepPlan {
    /// The number of points.
    pub fn points(&self) -> u64 {
        self.design.points(&self.parameters)
    }

    /// The objectives among the figures: the index of each, and its better direction.
    pub fn objectives(&self) -> impl Iterator<Item = (usize, Direction)> {
        self.figures.iter().enumerate().filter_map(|(index, figure)| Some((index, figure.better?)))
    }
}

//! The plan of a recommendation.

use super::{FigurePlan, Level, Parameter};

/// The settings that may change, the conditions that the system must survive, and the goals in
/// them.
///
/// The limits and objectives of a condition are in the blueprint of that condition: its readings
/// with a bound are limits, the last ones without are the objectives, in the order of the plan.
#[derive(Clone, Debug, PartialEq)]
pub struct GoalsPlan {
    /// The settings that may change, and their values.
    pub settings: Vec<Parameter>,
    /// The present value of each setting; `None` if it is not in the file.
    pub now: Vec<Option<Level>>,
    /// The names of the conditions.
    pub conditions: Vec<String>,
    /// The limits, as they were written.
    pub limits: Vec<String>,
    /// The figures to make as large or as small as possible, averaged over the conditions.
    pub objectives: Vec<FigurePlan>,
    /// The number of runs of the search.
    pub runs: u32,
    /// The number of simulations of a promising candidate in each condition.
    pub replications: u32,
    /// The number of simulations of the answer in each condition, with random numbers that the
    /// search has not used.
    pub validations: u32,
}

/// A strain on a scenario that shows how much room a recommendation leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strain {
    /// Load that is a fifth higher.
    Load,
    /// Faults twice as strong; those without a strength last twice as long.
    Faults,
    /// Work that takes three tenths longer.
    ServiceTimes,
}

impl Strain {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Load, Self::Faults, Self::ServiceTimes];

    /// The strain in a few words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Load => "load +20%",
            Self::Faults => "faults x2",
            Self::ServiceTimes => "service times +30%",
        }
    }
}

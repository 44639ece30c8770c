//! A recommendation as it was asked for.

use super::{FigurePlan, Level, Parameter};

/// What may move, under which conditions the system must stand, and what is wanted of it there.
///
/// Which limits hold in a condition, and what is measured there, stands in the blueprint of the
/// condition: its readings with a bound are limits, the last ones without are the objectives, in
/// the order of the plan.
#[derive(Clone, Debug, PartialEq)]
pub struct GoalsPlan {
    /// Settings that may move, and over which values.
    pub settings: Vec<Parameter>,
    /// What each of them is now; `None` if the file says nothing.
    pub now: Vec<Option<Level>>,
    /// The names of the conditions.
    pub conditions: Vec<String>,
    /// The limits, as they were written.
    pub limits: Vec<String>,
    /// What is to be as large or as small as can be; averaged over the conditions.
    pub objectives: Vec<FigurePlan>,
    /// Runs that the search makes.
    pub runs: u32,
    /// How often a promising candidate is simulated in each condition.
    pub replications: u32,
    /// How often the answer is simulated in each condition, with random numbers that the search has
    /// not seen.
    pub validations: u32,
}

/// What a scenario is strained by to see how much room a recommendation leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strain {
    /// A fifth more load.
    Load,
    /// Faults twice as strong; those without a strength last twice as long.
    Faults,
    /// Work takes three tenths longer.
    ServiceTimes,
}

impl Strain {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Load, Self::Faults, Self::ServiceTimes];

    /// In a few words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Load => "load +20%",
            Self::Faults => "faults x2",
            Self::ServiceTimes => "service times +30%",
        }
    }
}

//! What is recommended, and what is known of it.

use sim_core::stats::ConfidenceInterval;
use sim_models::observe::Unit;
use sim_models::study::{GoalsPlan, Level, Strain};

use super::start::Estimate;

/// A recommendation.
#[derive(Clone, Debug)]
pub struct Recommendation {
    /// What was asked.
    pub plan: GoalsPlan,
    /// What became of it.
    pub outcome: Outcome,
    /// A line for each setting, in their order.
    pub advice: Vec<Advice>,
    /// What formulas say, for the settings that there are formulas for.
    pub estimates: Vec<Estimate>,
    /// Every limit in every condition, on random numbers that were not searched on.
    pub limits: Vec<LimitStanding>,
    /// The objectives: as written, and as recommended.
    pub objectives: Vec<(Option<f64>, Option<f64>)>,
    /// How the recommended settings stand more than the conditions.
    pub strained: Vec<Strained>,
    /// Candidates that keep every limit and that no other beats in every objective, with their
    /// objectives; empty unless there are several objectives.
    pub front: Vec<(Vec<Level>, Vec<f64>)>,
    /// Limits that could not be met: the condition, the limit, the best figure that any candidate
    /// had, and whether that candidate kept all others.
    pub unmet: Vec<Unmet>,
    /// How many candidates were tried.
    pub candidates: u64,
    /// How many runs were made in all.
    pub runs: u64,
    /// The seed.
    pub seed: u64,
}

/// What became of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The settings as they are keep every limit, and nothing that was found is better by more than
    /// chance.
    Keep,
    /// Other settings keep every limit.
    Change,
    /// Nothing that was tried keeps every limit; the nearest is shown.
    Unmet,
}

/// What is recommended for a setting.
#[derive(Clone, Debug)]
pub struct Advice {
    /// What it is now; `None` if it is not set, or set to something that is not among its values.
    pub now: Option<Level>,
    /// What it should be.
    pub recommended: Level,
    /// Whether that is another value.
    pub is_changed: bool,
    /// The furthest values to either side with which every limit held, everything else being as
    /// recommended.
    pub safe: (Level, Level),
    /// What gives way below the safe range; `None` if nothing does down to the end of the range.
    pub below: Option<Breach>,
    /// What gives way above it.
    pub above: Option<Breach>,
    /// Of a list: what gives way with each of the other values.
    pub others: Vec<(Level, Option<Breach>)>,
}

/// A limit that does not hold.
#[derive(Clone, Debug)]
pub struct Breach {
    /// The value with which it was seen.
    pub at: Level,
    /// The condition in which it was seen; `None` if the settings do not go together at all.
    pub condition: Option<String>,
    /// The limit, or why they do not go together.
    pub limit: String,
    /// The figure then.
    pub figure: Option<f64>,
    /// What it is counted in.
    pub unit: Unit,
}

/// A limit in a condition, with the settings as they are and as recommended.
#[derive(Clone, Debug)]
pub struct LimitStanding {
    /// The condition.
    pub condition: String,
    /// The limit.
    pub limit: String,
    /// What its figure is counted in.
    pub unit: Unit,
    /// As it is.
    pub now: (Option<ConfidenceInterval>, Standing),
    /// As recommended.
    pub recommended: (Option<ConfidenceInterval>, Standing),
}

/// Whether a limit holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Its interval lies within the bound.
    Holds,
    /// Its mean does; its interval reaches beyond.
    Unsure,
    /// It does not hold.
    Misses,
}

/// The recommended settings under a strain.
#[derive(Clone, Debug)]
pub struct Strained {
    /// The strain.
    pub strain: Strain,
    /// The limits that give way, the one missed furthest first.
    pub breaches: Vec<Breach>,
}

/// A limit that the nearest candidate misses.
#[derive(Clone, Debug)]
pub struct Unmet {
    /// The condition.
    pub condition: String,
    /// The limit.
    pub limit: String,
    /// What its figure is counted in.
    pub unit: Unit,
    /// The best figure that any candidate had.
    pub best: Option<f64>,
    /// Whether some candidate met it.
    pub is_met_by_others: bool,
    /// The limit that those candidates missed furthest, with its condition.
    pub at_the_cost_of: Option<(String, String)>,
}

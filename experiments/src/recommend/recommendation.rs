//! The record of a recommendation, with everything known about it.

use sim_core::stats::ConfidenceInterval;
use sim_models::observe::FigureUnit;
use sim_models::scenario::GoalsPlan;
use sim_models::study::{Level, Strain};

use super::assessment::Kept;
use super::formulas::FormulaEstimate;
use super::regions::Region;

/// A recommendation for a system.
#[derive(Clone, Debug)]
pub struct Recommendation {
    /// The plan: settings, conditions, limits, objectives.
    pub plan: GoalsPlan,
    /// The conclusion.
    pub conclusion: Conclusion,
    /// The advice on each setting, in their order.
    pub advice: Vec<Advice>,
    /// The results of formulas, for the settings that have one.
    pub estimates: Vec<FormulaEstimate>,
    /// Every limit under every condition, with random numbers that the search has not seen unless it
    /// was interrupted.
    pub limits: Vec<LimitStanding>,
    /// Every limit that is promised for several conditions together.
    pub together: Vec<StandingTogether>,
    /// The objectives, with the settings as written and as recommended.
    pub objectives: Vec<(Option<f64>, Option<f64>)>,
    /// The limits that give way when each strain is added to the conditions.
    pub strained: Vec<Strained>,
    /// The candidates that keep every limit and that no other one beats, with their objectives;
    /// empty unless there are several objectives.
    pub front: Vec<(Vec<Level>, Vec<f64>)>,
    /// Settings of other regions that the search found to be about as good.
    pub regions: Vec<Region>,
    /// The limits that could not be met; empty unless the conclusion is `Unmet`.
    pub unmet: Vec<Unmet>,
    /// The number of runs after which the candidate was found that comes nearest, and the number of runs
    /// when the search ended; `None` unless the conclusion is `Unmet`.
    pub nearest_after: Option<(u64, u64)>,
    /// The number of candidates tried.
    pub candidates: u64,
    /// The number of runs that the search made.
    pub searched: u64,
    /// The number of all runs, those included that checked the answer and the ranges around it.
    pub runs: u64,
    /// The number of runs under each condition in which each end of a safe range was tried.
    pub runs_of_end: u64,
    /// The seed.
    pub seed: u64,
}

/// The conclusion of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conclusion {
    /// The settings keep every limit as they are, and nothing found is better by more than chance.
    Keep,
    /// Other settings keep every limit.
    Change,
    /// No candidate keeps every limit; the recommended one comes nearest.
    Unmet,
    /// The search was stopped. The recommended settings were the best so far, by the runs of the search;
    /// nothing has confirmed them as it confirms an answer.
    Interrupted,
}

impl Conclusion {
    /// True if the settings are known to keep every limit as promised.
    pub fn is_met(self) -> bool {
        matches!(self, Self::Keep | Self::Change)
    }
}

/// The advice on a setting.
#[derive(Clone, Debug)]
pub struct Advice {
    /// The present value; `None` if it is not set, or not among the values to choose from.
    pub now: Option<Level>,
    /// The value that it should have.
    pub recommended: Level,
    /// True if that is another value than the present one.
    pub is_changed: bool,
    /// The least and the greatest value with which every limit held, everything else being as
    /// recommended; `None` if the recommended settings do not keep every limit.
    pub safe: Option<(Level, Level)>,
    /// The limit that gives way below the safe range; `None` if none does down to the end of the
    /// range.
    pub below: Option<Breach>,
    /// The limit that gives way above the safe range; `None` if none does up to the end of the
    /// range.
    pub above: Option<Breach>,
    /// The other values of a list, each with the limit that gives way.
    pub others: Vec<(Level, Option<Breach>)>,
}

impl Advice {
    /// Sets an end of the safe range, the lower one if `side` is zero, and the limit that gives way
    /// beyond.
    pub(super) fn set_end(&mut self, side: f64, (level, beyond): (Level, Option<Breach>)) {
        let Some((low, high)) = &mut self.safe else { return };
        if side == 0.0 {
            (*low, self.below) = (level, beyond);
        } else {
            (*high, self.above) = (level, beyond);
        }
    }
}

/// A limit that does not hold.
#[derive(Clone, Debug)]
pub struct Breach {
    /// The value of the setting with which it was seen.
    pub at: Level,
    /// The condition under which it was seen; `None` if the settings do not go together at all.
    pub condition: Option<String>,
    /// The limit, or the reason why the settings do not go together.
    pub limit: String,
    /// The runs that kept it; `None` if the settings do not go together.
    pub kept: Option<Kept>,
    /// The mean of the figure; `None` if there was nothing to read in a run.
    pub figure: Option<f64>,
    /// The unit of the figure.
    pub unit: FigureUnit,
}

/// A limit under a condition, with the settings as they are and as recommended.
#[derive(Clone, Debug)]
pub struct LimitStanding {
    /// The condition.
    pub condition: String,
    /// The limit.
    pub limit: String,
    /// The unit of its figure.
    pub unit: FigureUnit,
    /// The share of runs that must keep it.
    pub share: f64,
    /// True if that is promised for several conditions together, of which this is one.
    pub is_part: bool,
    /// The measurements with the settings as they are.
    pub now: MeasuredLimit,
    /// The measurements with the recommended settings.
    pub recommended: MeasuredLimit,
}

/// The measurements for a limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeasuredLimit {
    /// The runs that kept it.
    pub kept: Kept,
    /// The mean of its figure; `None` if there was nothing to read in a run.
    pub figure: Option<ConfidenceInterval>,
    /// The standing of its promise.
    pub standing: Standing,
}

/// A limit that is promised for several conditions together, with the settings as they are and as
/// recommended.
#[derive(Clone, Debug)]
pub struct StandingTogether {
    /// The conditions, and the share of runs that are under each of them; together one.
    pub conditions: Vec<(String, f64)>,
    /// The limit.
    pub limit: String,
    /// The share of runs that must keep it.
    pub share: f64,
    /// The measurements with the settings as they are.
    pub now: MeasuredTogether,
    /// The measurements with the recommended settings.
    pub recommended: MeasuredTogether,
}

/// The measurements for a limit under several conditions, each as often as it occurs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeasuredTogether {
    /// The share of the runs that kept it.
    pub kept: f64,
    /// The share of all runs that surely keep it, with a confidence of 95 %.
    pub at_least: f64,
    /// Its standing.
    pub standing: Standing,
}

/// The standing of a limit that a share of runs must keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// All runs kept it, or so many that as many of all runs do as promised, with a confidence of
    /// 95 %.
    Holds,
    /// Some missed it, and the others are too few to show whether the promise is kept.
    Unsure,
    /// So few did that the promise is broken, with a confidence of 95 %.
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
    /// The unit of its figure.
    pub unit: FigureUnit,
    /// The best figure that any candidate had.
    pub best: Option<f64>,
    /// True if some candidate met it.
    pub is_met_by_others: bool,
    /// The runs that kept it and the mean of its figure with every setting at the end of its range that is
    /// best for it; `None` if those settings do not go together, or that was not tried.
    pub at_best_ends: Option<(Kept, Option<f64>)>,
    /// The limit that such a candidate missed furthest, after the condition under which it did.
    pub at_the_cost_of: Option<(String, String)>,
}

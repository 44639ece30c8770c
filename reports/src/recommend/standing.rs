//! The standing of limits as JSON.

use schemars::JsonSchema;
use serde::Serialize;
use sim_experiments::recommend::{
    LimitStanding, MeasuredLimit, MeasuredTogether, Standing, StandingTogether,
};

/// A limit under a condition.
#[derive(Serialize, JsonSchema)]
pub(super) struct LimitRecord<'a> {
    /// The condition.
    condition: &'a str,
    /// The limit, as it is written.
    limit: &'a str,
    /// The share of runs that must keep it.
    promised: f64,
    /// The measurements with the settings as they are.
    now: MeasuredRecord,
    /// The measurements with the recommended settings.
    recommended: MeasuredRecord,
}

/// The measurements for a limit.
#[derive(Serialize, JsonSchema)]
pub(super) struct MeasuredRecord {
    /// The number of runs that kept it.
    kept: u64,
    /// The number of runs.
    runs: u64,
    /// The share of all runs that surely keep it, with a confidence of 95 %.
    at_least: f64,
    /// The mean of its figure; `null` if there was nothing to read in a run.
    mean: Option<f64>,
    /// Half the width of the 95 % confidence interval of the mean; `null` if there is none.
    half_width: Option<f64>,
    /// `holds`, `misses`, or `unsure` if the runs are too few to show whether the promise is kept.
    standing: &'static str,
}

/// A limit that is promised for several conditions together.
#[derive(Serialize, JsonSchema)]
pub(super) struct TogetherRecord<'a> {
    /// The conditions.
    conditions: Vec<ConditionRecord<'a>>,
    /// The limit, as it is written.
    limit: &'a str,
    /// The share of runs that must keep it.
    promised: f64,
    /// The measurements with the settings as they are.
    now: MeasuredTogetherRecord,
    /// The measurements with the recommended settings.
    recommended: MeasuredTogetherRecord,
}

/// A condition for which a limit is promised together with others.
#[derive(Serialize, JsonSchema)]
pub(super) struct ConditionRecord<'a> {
    /// Its name.
    condition: &'a str,
    /// The share of runs that are under it.
    probability: f64,
}

/// The measurements for a limit under several conditions, each as often as it occurs.
#[derive(Serialize, JsonSchema)]
pub(super) struct MeasuredTogetherRecord {
    /// The share of the runs that kept it.
    kept: f64,
    /// The share of all runs that surely keep it, with a confidence of 95 %.
    at_least: f64,
    /// `holds`, `misses`, or `unsure` if the runs are too few to show whether the promise is kept.
    standing: &'static str,
}

impl<'a> LimitRecord<'a> {
    pub fn new(limit: &'a LimitStanding) -> Self {
        Self {
            condition: &limit.condition,
            limit: &limit.limit,
            promised: limit.share,
            now: MeasuredRecord::new(&limit.now),
            recommended: MeasuredRecord::new(&limit.recommended),
        }
    }
}

impl MeasuredRecord {
    pub fn new(limit: &MeasuredLimit) -> Self {
        let half_width = limit.figure.map(|figure| figure.half_width);
        Self {
            kept: limit.kept.kept,
            runs: limit.kept.runs,
            at_least: limit.kept.at_least(),
            mean: limit.figure.map(|figure| figure.mean),
            half_width: half_width.filter(|half_width| half_width.is_finite()),
            standing: standing(limit.standing),
        }
    }
}

impl<'a> TogetherRecord<'a> {
    pub fn new(limit: &'a StandingTogether) -> Self {
        Self {
            conditions: ConditionRecord::all(limit),
            limit: &limit.limit,
            promised: limit.share,
            now: MeasuredTogetherRecord::new(&limit.now),
            recommended: MeasuredTogetherRecord::new(&limit.recommended),
        }
    }
}

impl<'a> ConditionRecord<'a> {
    /// The conditions for which a limit is promised together, each with its share of the runs.
    pub fn all(limit: &'a StandingTogether) -> Vec<Self> {
        let conditions = limit.conditions.iter();
        conditions
            .map(|(condition, probability)| Self { condition, probability: *probability })
            .collect()
    }
}

impl MeasuredTogetherRecord {
    pub fn new(measured: &MeasuredTogether) -> Self {
        Self {
            kept: measured.kept,
            at_least: measured.at_least,
            standing: standing(measured.standing),
        }
    }
}

fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Holds => "holds",
        Standing::Unsure => "unsure",
        Standing::Misses => "misses",
    }
}

//! A recommendation as JSON.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;
use sim_experiments::recommend::{
    Advice, Breach, Conclusion, FormulaEstimate, Recommendation, Region, Strained, Unmet,
};
use sim_models::scenario::GoalsPlan;
use sim_models::study::{Level, Parameter};

use super::standing::{LimitRecord, TogetherRecord};
use super::words::FormulaWords;
use crate::json::{Document, pretty};

/// The outcome of a search that has found nothing that meets every limit.
pub(super) const UNMET: &str = "unmet";
pub(super) const INTERRUPTED: &str = "interrupted";

/// Everything about a recommendation as an indented JSON document. Times are in seconds, shares
/// from 0 to 1.
pub fn json(recommendation: &Recommendation, scenario: &str) -> String {
    pretty(RecommendationRecord::new(recommendation, scenario))
}

/// A recommendation. Values of settings are texts as they would be written; times are in seconds, rates per second,
/// shares from 0 to 1.
#[derive(Serialize, JsonSchema)]
pub(crate) struct RecommendationRecord<'a> {
    /// The scenario's name.
    scenario: &'a str,
    /// The version that produced it.
    version: &'static str,
    /// The seed.
    seed: u64,
    /// `keep` the settings, `change` them, `unmet` if nothing that was found meets every limit, or `interrupted` if the
    /// search was stopped and this is the best so far.
    outcome: &'static str,
    /// The number of candidates tried.
    candidates: u64,
    /// The number of all runs, those included that checked the answer and the ranges around it.
    runs: u64,
    /// The number of runs that the search made.
    searched: u64,
    /// The number of runs under each condition in which each end of a safe range was tried.
    runs_of_end: u64,
    /// The names of the conditions.
    conditions: &'a [String],
    /// The settings that may change.
    settings: Vec<SettingRecord<'a>>,
    /// The share of runs that are under each condition; `null` for a condition that has none.
    probabilities: &'a [Option<f64>],
    /// Every limit under every condition.
    limits: Vec<LimitRecord<'a>>,
    /// Every limit that is promised for several conditions together.
    together: Vec<TogetherRecord<'a>>,
    /// The figures to minimize or maximize.
    objectives: Vec<ObjectiveRecord<'a>>,
    /// The limits that give way when each strain is added to the conditions.
    strained: Vec<StrainedRecord<'a>>,
    /// The candidates that keep every limit and that no other one beats; empty unless there are several objectives.
    front: Vec<PointRecord<'a>>,
    /// Settings of other regions that the search found to be about as good.
    regions: Vec<RegionRecord<'a>>,
    /// The limits that could not be met; empty unless the outcome is `unmet`.
    unmet: Vec<UnmetRecord<'a>>,
    /// The number of runs after which the candidate was found that comes nearest; `null` unless the outcome is `unmet`.
    nearest_after: Option<NearestAfter>,
    /// The results of formulas, for the settings that have one.
    formulas: Vec<FormulaRecord<'a>>,
}

impl Document for RecommendationRecord<'_> {
    const NAME: &'static str = "recommendation";
    const VERSION: u32 = 1;
    const MADE_BY: &'static str = "`recommend`, and `recommendation.json`";
}

/// The advice on a setting.
#[derive(Serialize, JsonSchema)]
struct SettingRecord<'a> {
    /// Its path in the scenario.
    path: &'a str,
    /// The name that reports give it; `null` if it is the path.
    label: Option<&'a str>,
    /// Its present value; `null` if it is not set, or not among the values to choose from.
    now: Option<&'a str>,
    /// The value that it should have.
    recommended: &'a str,
    /// True if that is another value than the present one.
    is_changed: bool,
    /// The values with which every limit held, everything else being as recommended; `null` if the recommended settings
    /// do not keep every limit.
    safe: Option<SafeRange<'a>>,
    /// The limit that gives way below the safe range; `null` if none does.
    below: Option<BreachRecord<'a>>,
    /// The limit that gives way above the safe range; `null` if none does.
    above: Option<BreachRecord<'a>>,
    /// The other values of a list.
    others: Vec<OtherValue<'a>>,
}

/// The ends of a safe range.
#[derive(Serialize, JsonSchema)]
struct SafeRange<'a> {
    /// The least value.
    from: &'a str,
    /// The greatest value.
    to: &'a str,
}

/// Another value of a list.
#[derive(Serialize, JsonSchema)]
struct OtherValue<'a> {
    /// The value.
    value: &'a str,
    /// The limit that gives way; `null` if none does.
    gives_way: Option<BreachRecord<'a>>,
}

/// A limit that does not hold.
#[derive(Serialize, JsonSchema)]
struct BreachRecord<'a> {
    /// The value of the setting with which it was seen.
    at: &'a str,
    /// The condition under which it was seen; `null` if the settings do not go together at all.
    condition: Option<&'a str>,
    /// The limit, or the reason why the settings do not go together.
    limit: &'a str,
    /// The number of runs that kept it; `null` if the settings do not go together.
    kept: Option<u64>,
    /// The number of runs; `null` if the settings do not go together.
    runs: Option<u64>,
    /// The mean of the figure; `null` if there was nothing to read in a run.
    figure: Option<f64>,
}

/// A figure to minimize or maximize.
#[derive(Serialize, JsonSchema)]
struct ObjectiveRecord<'a> {
    /// The figure, as it is written.
    objective: &'a str,
    /// Its mean with the settings as they are; `null` if there was nothing to read in a run.
    now: Option<f64>,
    /// Its mean with the recommended settings; `null` if there was nothing to read in a run.
    recommended: Option<f64>,
}

/// The recommended settings under a strain.
#[derive(Serialize, JsonSchema)]
struct StrainedRecord<'a> {
    /// The strain.
    strain: &'a str,
    /// The limits that give way, the one missed furthest first.
    gives_way: Vec<BreachRecord<'a>>,
}

/// Settings with their objectives.
#[derive(Serialize, JsonSchema)]
struct PointRecord<'a> {
    /// The figures to minimize or maximize.
    objectives: Vec<ObjectiveHere<'a>>,
    /// The value of each setting, by its path.
    settings: IndexMap<&'a str, &'a str>,
}

/// A figure to minimize or maximize, with some settings.
#[derive(Serialize, JsonSchema)]
struct ObjectiveHere<'a> {
    /// The figure, as it is written.
    objective: &'a str,
    /// Its mean.
    #[schemars(with = "Option<f64>")]
    value: f64,
}

/// Settings of another region.
#[derive(Serialize, JsonSchema)]
struct RegionRecord<'a> {
    #[serde(flatten)]
    point: PointRecord<'a>,
    /// The number of replications in which they kept the limits.
    replications: u64,
}

/// A limit that the nearest candidate misses.
#[derive(Serialize, JsonSchema)]
struct UnmetRecord<'a> {
    /// The condition.
    condition: &'a str,
    /// The limit, as it is written.
    limit: &'a str,
    /// The best figure that any candidate had; `null` if none had any.
    best: Option<f64>,
    /// The measurements with every setting at the end of its range that is best for the limit; `null` if those settings do
    /// not go together, or that was not tried.
    at_best_ends: Option<BestEnds>,
    /// The limit that a candidate which meets this one misses furthest; `null` if there is none.
    at_the_cost_of: Option<Cost<'a>>,
}

/// The measurements with every setting at the end of its range that is best for a limit.
#[derive(Serialize, JsonSchema)]
struct BestEnds {
    /// The number of runs that kept it.
    kept: u64,
    /// The number of runs.
    runs: u64,
    /// The mean of its figure; `null` if there was nothing to read in a run.
    mean: Option<f64>,
}

/// A limit that is missed so that another one is met.
#[derive(Serialize, JsonSchema)]
struct Cost<'a> {
    /// The condition.
    condition: &'a str,
    /// The limit, as it is written.
    limit: &'a str,
}

/// The time at which the nearest candidate was found.
#[derive(Serialize, JsonSchema)]
struct NearestAfter {
    /// The number of runs until then.
    runs: u64,
    /// The number of runs when the search ended.
    of: u64,
}

/// The result of a formula for a setting.
#[derive(Serialize, JsonSchema)]
struct FormulaRecord<'a> {
    /// The path of the setting.
    setting: &'a str,
    /// The formula's name.
    formula: &'static str,
    /// The figures that go into it, in words.
    working: String,
    /// Its result, in seconds if the setting is a time.
    #[schemars(with = "Option<f64>")]
    value: f64,
    /// The slots granted per second in the busiest tenth of the run, if the load then is what goes in, because it is
    /// planned to vary; `null` if it is not.
    busiest_tenth: Option<f64>,
}

impl<'a> RecommendationRecord<'a> {
    fn new(recommendation: &'a Recommendation, scenario: &'a str) -> Self {
        let plan = &recommendation.plan;
        let settings = plan.settings.iter().zip(&plan.labels).zip(&recommendation.advice);
        let objectives = plan.objectives.iter().zip(&recommendation.objectives);
        let front = recommendation.front.iter();
        Self {
            scenario,
            version: env!("CARGO_PKG_VERSION"),
            seed: recommendation.seed,
            outcome: match recommendation.conclusion {
                Conclusion::Keep => "keep",
                Conclusion::Change => "change",
                Conclusion::Unmet => UNMET,
                Conclusion::Interrupted => INTERRUPTED,
            },
            candidates: recommendation.candidates,
            runs: recommendation.runs,
            searched: recommendation.searched,
            runs_of_end: recommendation.runs_of_end,
            conditions: &plan.conditions,
            settings: settings
                .map(|((setting, label), advice)| {
                    SettingRecord::new(setting, label.as_deref(), advice)
                })
                .collect(),
            probabilities: &plan.probabilities,
            limits: recommendation.limits.iter().map(LimitRecord::new).collect(),
            together: recommendation.together.iter().map(TogetherRecord::new).collect(),
            objectives: objectives
                .map(|(plan, (now, recommended))| ObjectiveRecord {
                    objective: &plan.text,
                    now: *now,
                    recommended: *recommended,
                })
                .collect(),
            strained: recommendation.strained.iter().map(StrainedRecord::new).collect(),
            front: front.map(|(levels, values)| PointRecord::new(plan, levels, values)).collect(),
            regions: recommendation
                .regions
                .iter()
                .map(|region| RegionRecord::new(plan, region))
                .collect(),
            unmet: recommendation.unmet.iter().map(UnmetRecord::new).collect(),
            nearest_after: recommendation.nearest_after.map(|(runs, of)| NearestAfter { runs, of }),
            formulas: recommendation
                .estimates
                .iter()
                .flat_map(|estimate| formulas(plan, estimate))
                .collect(),
        }
    }
}

impl<'a> SettingRecord<'a> {
    fn new(setting: &'a Parameter, label: Option<&'a str>, advice: &'a Advice) -> Self {
        let other = |(level, found): &'a (Level, Option<Breach>)| OtherValue {
            value: &level.shown,
            gives_way: found.as_ref().map(BreachRecord::new),
        };
        let safe = advice.safe.as_ref();
        Self {
            path: &setting.path,
            label,
            now: advice.now.as_ref().map(|now| now.shown.as_str()),
            recommended: &advice.recommended.shown,
            is_changed: advice.is_changed,
            safe: safe.map(|(from, to)| SafeRange { from: &from.shown, to: &to.shown }),
            below: advice.below.as_ref().map(BreachRecord::new),
            above: advice.above.as_ref().map(BreachRecord::new),
            others: advice.others.iter().map(other).collect(),
        }
    }
}

impl<'a> BreachRecord<'a> {
    fn new(breach: &'a Breach) -> Self {
        Self {
            at: &breach.at.shown,
            condition: breach.condition.as_deref(),
            limit: &breach.limit,
            kept: breach.kept.map(|of| of.kept),
            runs: breach.kept.map(|of| of.runs),
            figure: breach.figure,
        }
    }
}

impl<'a> StrainedRecord<'a> {
    fn new(strained: &'a Strained) -> Self {
        Self {
            strain: strained.strain.name(),
            gives_way: strained.breaches.iter().map(BreachRecord::new).collect(),
        }
    }
}

impl<'a> PointRecord<'a> {
    fn new(plan: &'a GoalsPlan, levels: &'a [Level], values: &[f64]) -> Self {
        let objectives = plan.objectives.iter().zip(values);
        let settings = plan.settings.iter().zip(levels);
        Self {
            objectives: objectives
                .map(|(plan, value)| ObjectiveHere { objective: &plan.text, value: *value })
                .collect(),
            settings: settings
                .map(|(setting, level)| (setting.path.as_str(), level.shown.as_str()))
                .collect(),
        }
    }
}

impl<'a> RegionRecord<'a> {
    fn new(plan: &'a GoalsPlan, region: &'a Region) -> Self {
        Self {
            point: PointRecord::new(plan, &region.levels, &region.objectives),
            replications: region.replications,
        }
    }
}

impl<'a> UnmetRecord<'a> {
    fn new(unmet: &'a Unmet) -> Self {
        let cost = unmet.at_the_cost_of.as_ref();
        Self {
            condition: &unmet.condition,
            limit: &unmet.limit,
            best: unmet.best,
            at_best_ends: unmet.at_best_ends.map(|(of, mean)| BestEnds {
                kept: of.kept,
                runs: of.runs,
                mean,
            }),
            at_the_cost_of: cost.map(|(condition, limit)| Cost { condition, limit }),
        }
    }
}

fn formulas<'a>(
    plan: &'a GoalsPlan,
    estimate: &'a FormulaEstimate,
) -> impl Iterator<Item = FormulaRecord<'a>> {
    estimate.formulas.iter().map(|formula| {
        let FormulaWords { name, working, .. } = FormulaWords::new(*formula);
        FormulaRecord {
            setting: &plan.settings[estimate.setting].path,
            formula: name,
            working,
            value: formula.value(),
            busiest_tenth: estimate.busiest_tenth,
        }
    })
}

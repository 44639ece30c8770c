//! Goals of a recommendation: settings that may change, conditions, limits and objectives.

use std::ops::RangeInclusive;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::expect::grammar::{read, read_reading};
use crate::expect::sentence::{Sentence, WrittenReading};
use crate::expect::{Bound, Claim, Reading, Relation, Throughout, Wanted};
use crate::language::quantity::Share;
use crate::language::tree::{Node, Segment, Value, parse_path};
use crate::language::{
    AnyPath, Decode, Found, HasShortForm, Named, Placed, Problems, Short, SomeWords, expected,
    schema_of, section,
};
use crate::observe::FigureUnit;
use crate::scenario::names::Names;
use crate::scenario::plan::{Plan, most};
use crate::scenario::replay::AS_WRITTEN;
use crate::scenario::rules::compile_rules;
use crate::scenario::sentences::{Place, Resolver};
use crate::scenario::short_forms::short_form;
use crate::scenario::variants::Overriding;
use crate::study::{Direction, FigurePlan, Level, Parameter, Rule, Values};

/// Least default number of all runs of a recommendation.
const LEAST_RUNS: u32 = 1000;
/// Default numbers of runs under each condition, and under each condition for each setting with each, because
/// settings act together.
const RUNS_OF_CONDITION: u32 = 200;
const RUNS_OF_PAIR: u32 = 12;
/// Default number of replications of a promising candidate.
const REPLICATIONS: u32 = 3;
/// Default number of replications of the answer: from so few of them that the share of runs that keep
/// a limit is hardly known to as many as support a promise about 95 % of all runs.
const VALIDATIONS: RangeInclusive<u32> = 3..=60;
/// The share of all runs that the answer's take.
const FOR_VALIDATIONS: f64 = 0.2;
/// Fewest replications that show how uncertain a figure is.
const FEWEST: u32 = 3;
/// The difference from one from which on probabilities do not add up to it.
const LEAST_DIFFERENCE: f64 = 1e-6;
/// The figure that is minimized by default.
const COST: &str = "cost";

/// The settings that may change, the conditions that the system must survive, and the goals in
/// them.
///
/// The limits and objectives of a condition are in the blueprint of that condition: its readings
/// with a bound are limits, the last ones without are the objectives, in the order of the plan.
#[derive(Clone, Debug, PartialEq)]
pub struct GoalsPlan {
    /// The settings that may change, and their values.
    pub settings: Vec<Parameter>,
    /// The words that reports use for each setting in place of its path, if it has a label.
    pub labels: Vec<Option<String>>,
    /// The present value of each setting; `None` if it is not in the file.
    pub now: Vec<Option<Level>>,
    /// The rules that are about settings, as the file has them without its conditions.
    pub rules: Vec<Rule>,
    /// The names of the conditions.
    pub conditions: Vec<String>,
    /// The share of all runs that are under each condition; `None` for one that is to be survived by
    /// itself, however rare it is.
    pub probabilities: Vec<Option<f64>>,
    /// The limits.
    pub limits: Vec<LimitPlan>,
    /// The figures to make as large or as small as possible, averaged over the conditions, each as often
    /// as it occurs.
    pub objectives: Vec<FigurePlan>,
    /// The number of all runs.
    pub runs: u32,
    /// The number of simulations of a promising candidate in each condition.
    pub replications: u32,
    /// The number of simulations of the answer in each condition, with random numbers that the
    /// search has not used.
    pub validations: u32,
}

/// A limit of goals.
#[derive(Clone, Debug, PartialEq)]
pub struct LimitPlan {
    /// The limit as it was written.
    pub text: String,
    /// The indices of the conditions in which it holds.
    pub conditions: Vec<usize>,
}

impl GoalsPlan {
    /// The share of runs that must keep a limit which says none.
    pub const PROMISE: f64 = 0.95;

    /// The name of each setting in reports: its label, or else its path.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let settings = self.settings.iter().zip(&self.labels);
        settings.map(|(setting, label)| label.as_deref().unwrap_or(&setting.path))
    }
}

section! {
    /// Settings that `fusebox recommend` may change, and the conditions and limits to meet.
    pub(crate) struct Goals {
        /// The settings that may change, each with its values: `20..200`, `100ms..10s log`, a list;
        /// `on` keeps the value in the file, `off` removes it. Or with `values` and a `label`.
        "settings" => settings: Named<Short<SettingSection>, AnyPath>,
        /// Rules between settings, such as `calls.c -> d.timeout < calls.a -> c.timeout`.
        "rules" => rules: Vec<Placed<String>>,
        /// Named conditions to survive: overrides, as in a variant, or a list of conditions that
        /// come together. The scenario as it is written if left out.
        "conditions" => conditions: Named<ConditionSection, SomeWords>,
        /// The share of all runs that are under each condition, such as `{ normal: 95%, peak: 5% }`:
        /// together 100%. A limit is then promised for these conditions together, and objectives are
        /// averaged accordingly. A condition without one must keep its limits by itself.
        "probabilities" => probabilities: Named<Share, SomeWords>,
        /// Limits to keep in every condition, or in some: sentences about figures, as under
        /// `expect`, and the share of runs that must keep them; `in 95% of runs` if left out.
        "limits" => limits: Vec<Limit>,
        /// Figures to make as large as possible within the limits.
        "maximize" => maximize: Vec<Placed<String>>,
        /// Figures to make as small as possible within the limits; `cost` if left out and there are
        /// prices.
        "minimize" => minimize: Vec<Placed<String>>,
        /// The number of all runs, those included that check the answer and the ranges around it; if
        /// left out, under each condition 200 and 12 times the square of the number of settings, but at
        /// least 1000.
        "runs" => runs: Option<Placed<u32>>,
        /// The number of simulations of a promising candidate in each condition; 3 if left out.
        "replications" => replications: Option<Placed<u32>>,
        /// The number of simulations of the answer in each condition, on random numbers that it was
        /// not tuned on; if left out, a fifth of `runs` is for them, but they are between 3 and 60. They
        /// are up to four times as many if they do not decide.
        "validations" => validations: Option<Placed<u32>>,
    }
}

section! {
    /// A setting that may change.
    pub(crate) struct SettingSection {
        /// Its values: `20..200`, `100ms..10s log`, a list.
        "values" => values: Values,
        /// Words that reports use in place of its path, such as `timeout to d`.
        "label" => label: Option<Placed<String>>,
    }
}

impl HasShortForm for SettingSection {
    const KEY: &'static str = "values";
    type Value = Values;
}

/// A condition: overrides, or other conditions together.
#[derive(Clone, Debug)]
pub(crate) enum ConditionSection {
    /// Overrides, which are applied to the tree before it is read.
    Overrides,
    /// Names of conditions that come together.
    Together(Vec<Placed<String>>),
}

impl Decode for ConditionSection {
    fn decode(found: Found<'_>, problems: &mut Problems) -> Option<Self> {
        match &found.node.value {
            Value::Map(_) => Some(Self::Overrides),
            Value::List(_) => Vec::decode(found, problems).map(Self::Together),
            _ => {
                expected("a map of overrides, or a list of conditions", found, problems);
                None
            }
        }
    }
}

impl JsonSchema for ConditionSection {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Condition".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (overrides, together) =
            (schema_of::<Overriding>(generator), schema_of::<Vec<String>>(generator));
        json_schema!({ "anyOf": [overrides, together] })
    }
}

/// A limit: a sentence, or one with the conditions in which it holds.
#[derive(Clone, Debug)]
pub(crate) struct Limit {
    /// The sentence without the share of runs.
    sentence: Placed<String>,
    /// As it is written.
    text: String,
    /// The share of runs that must keep it.
    share: f64,
    /// The names of the conditions in which it holds; all if there is no list.
    conditions: Option<Vec<Placed<String>>>,
}

section! {
    /// A limit that holds in some conditions.
    pub(crate) struct SomewhereLimit {
        /// The sentence, such as `availability of web is at least 99.9% in 95% of runs`.
        "limit" => limit: Placed<String>,
        /// Names of conditions.
        "in" => conditions: Vec<Placed<String>>,
    }
}

impl Decode for Limit {
    fn decode(found: Found<'_>, problems: &mut Problems) -> Option<Self> {
        match &found.node.value {
            Value::Text(_) => Some(Self::new(Placed::decode(found, problems)?, None, problems)),
            Value::Map(_) => SomewhereLimit::decode(found, problems)
                .map(|limit| Self::new(limit.limit, Some(limit.conditions), problems)),
            _ => {
                expected("a sentence, or a map of `limit` and `in`", found, problems);
                None
            }
        }
    }
}

impl JsonSchema for Limit {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Limit".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let somewhere = schema_of::<SomewhereLimit>(generator);
        json_schema!({ "anyOf": [{ "type": "string" }, somewhere] })
    }
}

impl Limit {
    fn new(
        written: Placed<String>,
        conditions: Option<Vec<Placed<String>>>,
        problems: &mut Problems,
    ) -> Self {
        let text = (*written).clone();
        let (sentence, share) = match promised(&text) {
            None => (written, GoalsPlan::PROMISE),
            Some((sentence, share)) => {
                if share.is_none() {
                    let message = "this is not a share of the runs";
                    problems.error(written.at(), message, "write a share such as `in 95% of runs`");
                }
                (written.with(sentence.to_owned()), share.unwrap_or(GoalsPlan::PROMISE))
            }
        };
        Self { sentence, text, share, conditions }
    }

    /// The sentence without the share of runs.
    pub(super) fn sentence(&self) -> &Placed<String> {
        &self.sentence
    }

    fn plan(&self, conditions: &[String]) -> LimitPlan {
        let named = conditions.iter().enumerate();
        let here = named.filter(|(_, condition)| self.holds_in(Some(condition)));
        LimitPlan { text: self.text.clone(), conditions: here.map(|(place, _)| place).collect() }
    }

    fn holds_in(&self, condition: Option<&str>) -> bool {
        self.conditions.as_ref().is_none_or(|names| {
            condition.is_some_and(|condition| names.iter().any(|name| **name == condition))
        })
    }
}

/// The sentence before `in 95% of runs`, and the share, if it can be read; `None` if a limit says
/// nothing about runs.
pub(in crate::scenario) fn promised(text: &str) -> Option<(&str, Option<f64>)> {
    if let Some(sentence) = text.trim_end().strip_suffix(" in all runs") {
        return Some((sentence, Some(1.0)));
    }
    let (sentence, share) = text.trim_end().strip_suffix("of runs")?.rsplit_once(" in ")?;
    let share = share.trim().parse::<Share>().ok().map(|share| share.0);
    Some((sentence, share.filter(|share| *share > 0.0)))
}

/// Compiles the goals of a file, which is written as `tree`; `None` if it has none.
pub(super) fn compile_goals(
    tree: &Node,
    names: &Names<'_>,
    plan: &mut Plan,
    problems: &mut Problems,
) -> Option<GoalsPlan> {
    let goals = &names.file.analyses.goals;
    if goals.settings.is_empty() && goals.limits.is_empty() {
        return None;
    }
    if let Some((_, beyond)) = goals.conditions.get_index(most::CONDITIONS) {
        let message = format!("there are more than {} conditions", most::CONDITIONS);
        problems.error(
            beyond.key(),
            message,
            "keep those that differ in what they ask of the system",
        );
    }
    goals.check_conditions(problems);
    goals.check_probabilities(problems);
    for limit in &goals.limits {
        let mut resolver = Resolver { names, plan, problems };
        resolver.check_limit(limit);
        for name in limit.conditions.iter().flatten() {
            goals.check_condition(name, problems);
        }
    }
    goals.check_labels(problems);
    let label = |setting: &Placed<Short<SettingSection>>| setting.label.as_deref().cloned();
    let setting = |(path, setting): (&String, &Placed<Short<SettingSection>>)| Parameter {
        path: path.clone(),
        values: setting.values.clone(),
    };
    let settings: Vec<Parameter> = goals.settings.iter().map(setting).collect();
    let mut conditions: Vec<String> = goals.conditions.keys().cloned().collect();
    if conditions.is_empty() {
        conditions.push(AS_WRITTEN.to_owned());
    }
    let (of, varied) = (conditions.len() as u32, settings.len() as u32);
    let of_pairs = RUNS_OF_PAIR.saturating_mul(varied.saturating_mul(varied));
    let runs = of.saturating_mul(RUNS_OF_CONDITION.saturating_add(of_pairs));
    let runs = goals.runs.as_ref().map_or(runs.max(LEAST_RUNS), |runs| **runs);
    let validations = (f64::from(runs) * FOR_VALIDATIONS) as u32 / of;
    let validations = validations.clamp(*VALIDATIONS.start(), *VALIDATIONS.end());
    let validations = at_least(goals.validations.as_ref(), FEWEST, validations, problems);
    check_runs(goals.runs.as_ref(), validations, of, problems);
    Some(GoalsPlan {
        runs,
        replications: at_least(goals.replications.as_ref(), 1, REPLICATIONS, problems),
        validations,
        now: settings.iter().map(|setting| now(setting, tree)).collect(),
        rules: compile_rules(&goals.rules, &settings, tree),
        settings,
        labels: goals.settings.values().map(label).collect(),
        limits: goals.limits.iter().map(|limit| limit.plan(&conditions)).collect(),
        probabilities: conditions.iter().map(|name| goals.probability(name)).collect(),
        conditions,
        objectives: objectives(names, plan, problems),
    })
}

/// Checks that there are more runs than those of the answer alone.
fn check_runs(
    written: Option<&Placed<u32>>,
    validations: u32,
    conditions: u32,
    problems: &mut Problems,
) {
    let least = validations.saturating_mul(conditions).saturating_mul(2);
    if let Some(runs) = written.filter(|runs| ***runs < least) {
        let message = format!(
            "too few: the answer alone is simulated {validations} times under each of {conditions} \
             conditions"
        );
        let help = format!("write at least {least}, or fewer `validations`");
        problems.error(runs.at(), message, help);
    }
}

fn at_least(
    written: Option<&Placed<u32>>,
    least: u32,
    default: u32,
    problems: &mut Problems,
) -> u32 {
    let Some(number) = written else { return default };
    if **number < least {
        let message = format!("fewer than {least} do not show how uncertain a figure is");
        problems.error(number.at(), message, format!("write at least {least}"));
    }
    **number
}

fn objectives(names: &Names<'_>, plan: &mut Plan, problems: &mut Problems) -> Vec<FigurePlan> {
    let goals = &names.file.analyses.goals;
    let wanted = [(&goals.maximize, Direction::Higher), (&goals.minimize, Direction::Lower)];
    let mut objectives = Vec::new();
    let mut resolver = Resolver { names, plan, problems };
    for (texts, better) in wanted {
        for text in texts {
            if let Some(unit) = resolver.unit_of(&Place::of(text)) {
                let text = (**text).clone();
                objectives.push(FigurePlan { text, unit, better: Some(better) });
            }
        }
    }
    if objectives.is_empty() && plan.blueprint.prices.are_set() {
        let (text, unit, better) = (COST.to_owned(), Wanted::Cost.unit(), Some(Direction::Lower));
        objectives.push(FigurePlan { text, unit, better });
    }
    objectives
}

/// The figures that are read off a run under a condition: its limits, then the objectives.
pub(super) fn goal_readings(
    condition: Option<&str>,
    objectives: &[FigurePlan],
    names: &Names<'_>,
    plan: &mut Plan,
    problems: &mut Problems,
) -> Vec<Reading> {
    let goals = &names.file.analyses.goals;
    let mut readings = Vec::new();
    let mut stressed = (0..).zip(names.stresses);
    let mut resolver = Resolver { names, plan, problems };
    for limit in goals.limits.iter().filter(|limit| limit.holds_in(condition)) {
        let place = Place::of(&limit.sentence);
        let claim = match read(place.text) {
            Ok(Sentence::Heals(_)) => stressed.next().map(|(id, stress)| {
                let bound = Bound { relation: Relation::AtLeast, value: stress.well };
                (Wanted::OfStressed(id), bound)
            }),
            sentence => sentence.ok().and_then(|sentence| resolver.limit(&sentence, &place)),
        };
        if let Some((wanted, bound)) = claim {
            let text = limit.text.clone();
            readings.push(Reading { text, wanted, bound: Some(bound), share: limit.share });
        }
    }
    for objective in objectives {
        let at = goals.limits.first().map(|limit| limit.sentence.at()).unwrap_or_default();
        let text = Placed::new(objective.text.clone(), at);
        readings.extend(resolver.reading(&Place::of(&text)));
    }
    readings
}

impl Resolver<'_, '_> {
    /// The unit of a figure, without its stretch of time, which some conditions may not have.
    fn unit_of(&mut self, place: &Place<'_>) -> Option<FigureUnit> {
        match read_reading(place.text) {
            Err(unreadable) => {
                self.unreadable(&unreadable, place);
                None
            }
            Ok(WrittenReading::Cost) => Some(Wanted::Cost.unit()),
            Ok(WrittenReading::Figure { figure, .. }) => {
                self.measure(&figure, place).map(|measure| measure.unit())
            }
            Ok(WrittenReading::Recovery { .. }) => Some(FigureUnit::Time),
        }
    }

    /// A sentence about a figure, as the figure and its bound.
    fn limit(&mut self, sentence: &Sentence, place: &Place<'_>) -> Option<(Wanted, Bound)> {
        Some(match self.claim(sentence, place)? {
            Claim::Figure { measure, throughout: Throughout::Window, bound, window } => {
                (Wanted::Figure { measure, window }, bound)
            }
            Claim::Figure { measure, throughout: Throughout::EachInterval, bound, window } => {
                (Wanted::Worst { measure, bound, window }, bound)
            }
            Claim::Back { measure, share, normal, window } => {
                let value = window.to.since(window.from).as_secs_f64();
                let bound = Bound { relation: Relation::AtMost, value };
                (Wanted::Recovery { measure, share, normal, window }, bound)
            }
            Claim::Happens { .. } | Claim::InOrder(_) | Claim::NothingLost => return None,
        })
    }

    /// Notes a limit that is not a sentence about a figure.
    fn check_limit(&mut self, limit: &Limit) {
        let place = Place::of(&limit.sentence);
        match read(place.text) {
            Err(unreadable) => self.unreadable(&unreadable, &place),
            Ok(Sentence::Figure { figure, bound, .. }) => {
                if let Some(measure) = self.measure(&figure, &place) {
                    self.bound(&measure, &bound, &place);
                }
            }
            Ok(Sentence::Back { figure, .. }) => {
                self.measure(&figure, &place);
            }
            Ok(Sentence::Heals(_)) => {}
            Ok(_) => {
                let help =
                    "write a limit on a figure, such as `availability of web is at least 99.9%`";
                let message = "a limit must compare a figure with a number";
                self.problem_in(&place, &(0..place.text.len()), message, help);
            }
        }
    }
}

impl Goals {
    /// The limits, in the order of the file.
    pub(super) fn limits(&self) -> &[Limit] {
        &self.limits
    }

    /// Notes labels that say nothing, or the same as another.
    fn check_labels(&self, problems: &mut Problems) {
        let labels = || self.settings.values().filter_map(|setting| setting.label.as_ref());
        for label in labels() {
            if label.trim().is_empty() || label.contains(char::is_control) {
                let help = "write a few words on one line, or leave it out";
                problems.error(label.at(), "this cannot be a label", help);
            } else if labels().filter(|other| ***other == ***label).count() > 1 {
                let message = format!("several settings have the label `{}`", **label);
                problems.error(label.at(), message, "give each a label of its own");
            }
        }
    }

    fn check_conditions(&self, problems: &mut Problems) {
        for condition in self.conditions.values() {
            let ConditionSection::Together(names) = &**condition else { continue };
            for name in names {
                self.check_condition(name, problems);
            }
        }
    }

    fn probability(&self, condition: &str) -> Option<f64> {
        self.probabilities.get(condition).map(|probability| probability.0)
    }

    /// Notes probabilities of conditions that do not exist, that are zero, or that do not add up to one.
    fn check_probabilities(&self, problems: &mut Problems) {
        let Some((_, first)) = self.probabilities.first() else { return };
        for (name, probability) in &*self.probabilities {
            let name = Placed::new(name.clone(), probability.key());
            self.check_condition(&name, problems);
            if probability.0 == 0.0 {
                let help = "leave it out: then the condition must keep its limits by itself";
                problems.error(probability.at(), "a condition that never occurs", help);
            }
        }
        let sum: f64 = self.probabilities.values().map(|probability| probability.0).sum();
        if (sum - 1.0).abs() > LEAST_DIFFERENCE && !self.probabilities.has_unreadable() {
            let message = format!("the probabilities add up to {}", Share(sum));
            let help = "make them add up to 100%; a condition to be survived by itself needs none";
            problems.error(first.at(), message, help);
        }
    }

    fn check_condition(&self, name: &Placed<String>, problems: &mut Problems) {
        if !self.conditions.mentions(name) {
            let otherwise = "name conditions under `goals: conditions:`";
            problems.no_such("condition", name, name.at(), self.conditions.names(), otherwise);
        }
    }
}

/// The bare number that stands for a map, by the path of the number in it: `threads: 20` for
/// `threads.max`.
fn bare_number<'a>(path: &[Segment], tree: &'a Node) -> Option<&'a Node> {
    let [outer @ .., Segment::Key(inner)] = path else { return None };
    let Segment::Key(key) = outer.last()? else { return None };
    let node = tree.get(outer).filter(|_| short_form(key) == Some(inner))?;
    matches!(node.value, Value::Integer(_)).then_some(node)
}

/// The present value of a setting; `None` if it is not among the values to choose from.
pub(super) fn now(setting: &Parameter, tree: &Node) -> Option<Level> {
    let path = parse_path(&setting.path);
    let node = tree.get(&path).or_else(|| bare_number(&path, tree));
    let max = node.and_then(|node| node.get(&parse_path("max")));
    let shown = match (node.map(Node::to_json), max) {
        (None, _) => "off".to_owned(),
        (Some(serde_json::Value::String(text)), _) => text,
        (Some(_), Some(max)) => max.to_json().to_string(),
        (Some(other), None) => other.to_string(),
    };
    let number = setting.values.number_of(&shown).or_else(|| match &setting.values {
        Values::Listed(choices) if node.is_some() => {
            choices.iter().position(|choice| choice.setting.is_none()).map(|at| at as f64)
        }
        _ => None,
    });
    number.map(|number| Level { shown, setting: None, number })
}

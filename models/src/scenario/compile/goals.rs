//! What is wanted of a system, for a recommendation.

use super::super::problem::did_you_mean;
use super::super::tree::{Value as TreeValue, parse_path};
use super::Compiler;
use super::expectations::Place;
use crate::expect::grammar::{read, read_reading};
use crate::expect::sentence::{Sentence, WrittenReading};
use crate::expect::{Bound, Claim, Reading, Relation, Throughout, Wanted};
use crate::observe::Unit;
use crate::study::{Direction, FigurePlan, GoalsPlan, Level, Parameter, Values};

/// Runs of the search if nothing is said.
const RUNS: u32 = 500;
/// Replications of a promising candidate if nothing is said.
const REPLICATIONS: u32 = 3;
/// Replications of the answer if nothing is said.
const VALIDATIONS: u32 = 10;
/// Fewer say nothing of how uncertain a figure is.
const FEWEST: u32 = 3;
/// What is minimized if nothing is said.
const COST: &str = "cost";

impl Compiler<'_> {
    /// The plan of a recommendation; `None` if nothing is wanted.
    pub(super) fn goals(&mut self) -> Option<GoalsPlan> {
        let goals = &self.scenario.goals;
        if goals.settings.is_empty() && goals.limits.is_empty() {
            return None;
        }
        self.check_conditions();
        let limits = goals.limits.iter().map(|limit| limit.sentence().0.to_owned()).collect();
        self.check_limits();
        let settings: Vec<Parameter> = goals
            .settings
            .iter()
            .map(|(path, values)| Parameter { path: path.clone(), values: values.clone() })
            .collect();
        let now = settings.iter().map(|setting| self.now(setting)).collect();
        let conditions: Vec<String> = goals.conditions.keys().cloned().collect();
        let conditions =
            if conditions.is_empty() { vec!["as written".to_owned()] } else { conditions };
        let at_least =
            |compiler: &mut Self, key: &str, written: Option<u32>, least: u32, default: u32| {
                if written.is_some_and(|written| written < least) {
                    let at = compiler.value_at(&format!("goals.{key}"));
                    compiler.error(
                        at,
                        format!("fewer than {least} say nothing"),
                        format!("write at least {least}"),
                    );
                }
                written.unwrap_or(default)
            };
        Some(GoalsPlan {
            runs: at_least(self, "runs", goals.runs, 1, RUNS),
            replications: at_least(self, "replications", goals.replications, 1, REPLICATIONS),
            validations: at_least(self, "validations", goals.validations, FEWEST, VALIDATIONS),
            settings,
            now,
            conditions,
            limits,
            objectives: self.objectives(),
        })
    }

    fn objectives(&mut self) -> Vec<FigurePlan> {
        let goals = &self.scenario.goals;
        let mut objectives = Vec::new();
        let wanted = [
            ("maximize", &goals.maximize, Direction::Higher),
            ("minimize", &goals.minimize, Direction::Lower),
        ];
        for (key, texts, better) in wanted {
            for (index, text) in texts.iter().enumerate() {
                let place = Place { path: format!("goals.{key}[{index}]"), text };
                if let Some(unit) = self.unit_of(&place) {
                    objectives.push(FigurePlan { text: text.clone(), unit, better: Some(better) });
                }
            }
        }
        let prices = self.blueprint.prices;
        let has_prices = [prices.instance, prices.thread, prices.slot, prices.connection]
            .iter()
            .any(|price| *price > 0.0);
        if objectives.is_empty() && has_prices {
            let unit = Wanted::Cost.unit();
            objectives.push(FigurePlan {
                text: COST.to_owned(),
                unit,
                better: Some(Direction::Lower),
            });
        }
        objectives
    }

    /// What a figure is counted in. Stretches of time, which may be there in some conditions only,
    /// are not looked at.
    fn unit_of(&mut self, place: &Place<'_>) -> Option<Unit> {
        match read_reading(place.text) {
            Err(unreadable) => {
                self.unreadable(&unreadable, place);
                None
            }
            Ok(WrittenReading::Cost) => Some(Wanted::Cost.unit()),
            Ok(WrittenReading::Figure { figure, .. }) => {
                self.measure(&figure, place).map(|measure| measure.unit())
            }
            Ok(WrittenReading::Recovery { .. }) => Some(Unit::Time),
        }
    }

    /// What is read off a run under a condition: its limits, then the objectives.
    pub(super) fn goal_readings(
        &mut self,
        condition: Option<&str>,
        objectives: &[FigurePlan],
    ) -> Vec<Reading> {
        let goals = &self.scenario.goals;
        let mut readings = Vec::new();
        for (index, limit) in goals.limits.iter().enumerate() {
            let holds_here = |names: &[String]| {
                condition.is_some_and(|condition| names.iter().any(|name| name == condition))
            };
            if !limit.conditions().is_none_or(holds_here) {
                continue;
            }
            let (text, key) = limit.sentence();
            let place = Place { path: format!("goals.limits[{index}]{key}"), text };
            if let Some(Some((wanted, bound))) =
                read(text).ok().map(|sentence| self.limit(&sentence, &place))
            {
                readings.push(Reading { text: text.to_owned(), wanted, bound: Some(bound) });
            }
        }
        for objective in objectives {
            readings.extend(self.reading(&objective.text, "goals"));
        }
        readings
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
                (
                    Wanted::Recovery { measure, share, normal, window },
                    Bound { relation: Relation::AtMost, value },
                )
            }
            Claim::Happens { .. } | Claim::InOrder(_) | Claim::NothingLost => return None,
        })
    }

    /// Limits must be sentences about figures, and hold in conditions that there are.
    fn check_limits(&mut self) {
        let goals = &self.scenario.goals;
        for (index, limit) in goals.limits.iter().enumerate() {
            let (text, key) = limit.sentence();
            let place = Place { path: format!("goals.limits[{index}]{key}"), text };
            match read(text) {
                Err(unreadable) => self.unreadable(&unreadable, &place),
                Ok(Sentence::Figure { figure, bound, .. }) => {
                    if let Some(measure) = self.measure(&figure, &place) {
                        self.bound(&measure, &bound, &place);
                    }
                }
                Ok(Sentence::Back { figure, .. }) => {
                    self.measure(&figure, &place);
                }
                Ok(_) => {
                    let help = "write a limit on a figure, such as `availability of web is at least 99.9%`";
                    self.problem_in(
                        &place,
                        &(0..text.len()),
                        "a limit needs a number to come closer to",
                        help,
                    );
                }
            }
            for (number, name) in limit.conditions().unwrap_or_default().iter().enumerate() {
                self.check_condition(name, &format!("goals.limits[{index}].in[{number}]"));
            }
        }
    }

    fn check_conditions(&mut self) {
        let node =
            self.decoded.tree.get(&parse_path("goals.conditions")).map(|node| node.value.clone());
        let Some(TreeValue::Map(conditions)) = node else { return };
        for (key, condition) in conditions {
            let TreeValue::List(names) = condition.value else { continue };
            for (number, name) in names.iter().enumerate() {
                if let TreeValue::Text(name) = &name.value {
                    self.check_condition(name, &format!("goals.conditions.{}[{number}]", key.name));
                }
            }
        }
    }

    fn check_condition(&mut self, name: &str, path: &str) {
        let known: Vec<&str> = self.scenario.goals.conditions.keys().map(String::as_str).collect();
        if known.contains(&name) {
            return;
        }
        let at = self.value_at(path);
        let help = match did_you_mean(name, known.iter().copied()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None if known.is_empty() => "name conditions under `goals: conditions:`".to_owned(),
            None => format!("known are {}", known.join(", ")),
        };
        self.error(at, format!("there is no condition `{name}`"), help);
    }

    /// What a setting is now.
    fn now(&self, setting: &Parameter) -> Option<Level> {
        let node = self.decoded.tree.get(&parse_path(&setting.path));
        let shown = match node.map(|node| (node, node.to_json())) {
            None => "off".to_owned(),
            Some((_, serde_json::Value::String(text))) => text,
            Some((node, serde_json::Value::Object(_)))
                if node.get(&parse_path("max")).is_some() =>
            {
                node.get(&parse_path("max"))
                    .map(|max| max.to_json().to_string())
                    .unwrap_or_default()
            }
            Some((_, other)) => other.to_string(),
        };
        let is_there = node.is_some();
        let number = setting.values.number_of(&shown).or_else(|| match &setting.values {
            Values::Listed(choices) if is_there => {
                choices.iter().position(|choice| choice.setting.is_none()).map(|at| at as f64)
            }
            _ => None,
        });
        number.map(|number| Level { shown, setting: None, number })
    }
}

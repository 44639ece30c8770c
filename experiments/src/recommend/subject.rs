//! A system whose settings may move, under its conditions.

use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use sim_models::expect::{Reading, Wanted};
use sim_models::scenario::{
    GoalsRequest, Input, Loaded, Overrides, Problem, ProblemKind, Purpose, load,
};
use sim_models::study::{GoalsPlan, Level};
use sim_models::system::Blueprint;

use super::answer::Recommendation;
use super::assessment::{Assessment, LimitHere};
use crate::run::{Cut, readings};

/// A system whose settings may move, and what is wanted of it.
#[derive(Clone, Debug)]
pub struct Subject {
    input: Input,
    overrides: Overrides,
    plan: GoalsPlan,
    /// The system as it is written, under each condition.
    as_written: Vec<Arc<Blueprint>>,
    /// Of each condition, the limits that hold there.
    limits: Vec<Vec<LimitHere>>,
    /// Warnings that the file gives as it is written.
    warnings: usize,
}

/// A value for each setting that may move.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The values, in the order of the settings; one whose `setting` is `None` stays as it is
    /// written.
    pub levels: Vec<Level>,
}

/// Why there is nothing to recommend.
#[derive(Clone, Debug)]
pub enum Unready {
    /// The scenario has errors, as it is written or under a condition.
    Problems(Vec<Loaded>),
    /// Nothing says what may move, or what is wanted.
    NoGoals,
}

impl Subject {
    /// Reads a scenario, its goals and its conditions.
    ///
    /// # Errors
    /// Everything that is wrong with the scenario under any of its conditions, or that it has no
    /// goals.
    pub fn prepare(input: Input, overrides: Overrides) -> Result<Self, Unready> {
        let request = Purpose::Goals(GoalsRequest::default());
        let loaded = load(&input, &overrides);
        if loaded.blueprint.is_none() {
            return Err(Unready::Problems(vec![loaded]));
        }
        let overrides = Overrides { purpose: request, ..overrides };
        let plan = loaded
            .goals
            .filter(|plan| !plan.settings.is_empty() && !plan.limits.is_empty())
            .ok_or(Unready::NoGoals)?;
        let mut subject = Self {
            input,
            overrides,
            plan,
            as_written: Vec::new(),
            limits: Vec::new(),
            warnings: usize::MAX,
        };
        let loaded: Vec<Loaded> = (0..subject.plan.conditions.len())
            .map(|condition| subject.load(condition, &subject.as_it_is()))
            .collect();
        if loaded.iter().any(|loaded| loaded.blueprint.is_none()) {
            return Err(Unready::Problems(loaded));
        }
        subject.warnings = loaded.iter().map(|loaded| loaded.problems.len()).max().unwrap_or(0);
        subject.as_written = loaded.into_iter().filter_map(|loaded| loaded.blueprint).collect();
        let unsound = subject.unsound_ends();
        if !unsound.is_empty() {
            return Err(Unready::Problems(unsound));
        }
        subject.limits = subject
            .as_written
            .iter()
            .map(|blueprint| LimitHere::all(&blueprint.readings))
            .collect();
        Ok(subject)
    }

    /// What is wanted.
    pub fn plan(&self) -> &GoalsPlan {
        &self.plan
    }

    /// Of each condition, the limits that hold there.
    pub fn limits(&self) -> &[Vec<LimitHere>] {
        &self.limits
    }

    /// The system as it is written, under each condition.
    pub fn as_written(&self) -> &[Arc<Blueprint>] {
        &self.as_written
    }

    /// The conditions in the order of the plan.
    pub fn in_order(&self) -> Vec<usize> {
        (0..self.plan.conditions.len()).collect()
    }

    /// The candidate that changes nothing.
    pub fn as_it_is(&self) -> Candidate {
        let unset = || Level { shown: "not set".to_owned(), setting: None, number: f64::NAN };
        Candidate {
            levels: self.plan.now.iter().map(|now| now.clone().unwrap_or_else(unset)).collect(),
        }
    }

    /// The candidate at a point of the cube, whose sides are from 0 to 1.
    pub fn candidate(&self, point: &[f64]) -> Candidate {
        let settings = self.plan.settings.iter().zip(&self.plan.now).zip(point);
        // A value that is what the file says anyway stays as it is written.
        let level = |((setting, now), share): ((_, &Option<Level>), &f64)| {
            let setting: &sim_models::study::Parameter = setting;
            let level = setting.values.at(*share);
            now.clone().filter(|now| now.number == level.number).unwrap_or(level)
        };
        Candidate { levels: settings.map(level).collect() }
    }

    /// Where a candidate lies in the cube; the middle for a setting whose value is not in its
    /// range.
    pub fn point(&self, candidate: &Candidate) -> Vec<f64> {
        let share = |(setting, level): (&sim_models::study::Parameter, &Level)| {
            if level.number.is_nan() {
                0.5
            } else {
                setting.values.share_of(level.number).clamp(0.0, 1.0)
            }
        };
        self.plan.settings.iter().zip(&candidate.levels).map(share).collect()
    }

    /// The system under each condition with the values of a candidate.
    ///
    /// # Errors
    /// Why they do not go together: an error, or a warning that the file does not give as it is
    /// written.
    pub fn systems(&self, candidate: &Candidate) -> Result<Vec<Arc<Blueprint>>, String> {
        if *candidate == self.as_it_is() {
            return Ok(self.as_written.clone());
        }
        let system = |condition| {
            let loaded = self.load(condition, candidate);
            let is_sound = loaded.problems.len() <= self.warnings;
            let why = || {
                loaded.problems.last().map_or_else(String::new, |problem| problem.message.clone())
            };
            loaded.blueprint.clone().filter(|_| is_sound).ok_or_else(why)
        };
        (0..self.plan.conditions.len()).map(system).collect()
    }

    /// The system under the first condition with the recommended settings.
    ///
    /// # Errors
    /// Why they do not go together; they do unless they are of another scenario.
    pub fn recommended(&self, recommendation: &Recommendation) -> Result<Arc<Blueprint>, String> {
        let levels =
            recommendation.advice.iter().map(|advice| advice.recommended.clone()).collect();
        Ok(Arc::clone(&self.systems(&Candidate { levels })?[0]))
    }

    /// Whether all objectives are known without a run.
    pub fn is_about_cost_only(&self) -> bool {
        let objectives = self.plan.objectives.len();
        let is_cost = |reading: &Reading| reading.wanted == Wanted::Cost;
        self.as_written
            .iter()
            .all(|system| system.readings.iter().rev().take(objectives).all(is_cost))
    }

    fn load(&self, condition: usize, candidate: &Candidate) -> Loaded {
        let settings = self.plan.settings.iter().zip(&candidate.levels);
        let values = settings
            .filter_map(|(setting, level)| Some((setting.path.clone(), level.setting.clone()?)))
            .collect();
        let name = &self.plan.conditions[condition];
        let request = GoalsRequest { condition: Some(name.clone()), values };
        load(&self.input, &Overrides { purpose: Purpose::Goals(request), ..self.overrides.clone() })
    }

    /// Ends of ranges and items of lists that no scenario can have, each tried with everything else
    /// as written. Rules, which are there to be met by several settings together, are not looked
    /// at.
    fn unsound_ends(&self) -> Vec<Loaded> {
        let mut unsound = Vec::new();
        for (place, setting) in self.plan.settings.iter().enumerate() {
            let levels = setting.values.levels();
            let is_range = setting.values.is_range();
            let tried = levels
                .iter()
                .enumerate()
                .filter(|(at, _)| !is_range || *at == 0 || at + 1 == levels.len());
            for (_, level) in tried {
                let mut candidate = self.as_it_is();
                candidate.levels[place] = level.clone();
                let loaded = self.load(0, &candidate);
                let is_mistake = |problem: &Problem| {
                    problem.is_error() && problem.kind != ProblemKind::BrokenRule
                };
                if loaded.problems.iter().any(is_mistake) {
                    unsound.push(loaded);
                }
            }
        }
        unsound
    }

    /// Simulates systems, one condition after the other in this order and then once more, until
    /// `is_enough` says so. `None` if `look` breaks it off.
    pub fn measure(
        &self,
        systems: &[Arc<Blueprint>],
        order: &[usize],
        replications: Range<u64>,
        look: &(dyn Fn() -> ControlFlow<()> + Sync),
        is_enough: &dyn Fn(&Assessment) -> bool,
    ) -> Option<Assessment> {
        let mut assessment = Assessment::new(&self.limits, self.plan.objectives.len());
        for replication in replications {
            for condition in order.iter().copied() {
                let system = &systems[condition];
                match readings(system, replication, &mut |_| look()) {
                    Ok(values) => assessment.add(condition, &values),
                    Err(Cut::Interrupted) => return None,
                    Err(Cut::Limit(_)) => {
                        assessment.add(condition, &vec![None; system.readings.len()])
                    }
                }
                if is_enough(&assessment) {
                    return Some(assessment);
                }
            }
        }
        Some(assessment)
    }
}

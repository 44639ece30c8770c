//! A system whose settings may change, under its conditions.

use std::fmt::Debug;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sim_models::expect::{Reading, Wanted};
use sim_models::scenario::{
    GoalsPlan, GoalsRequest, Input, Loaded, Overrides, Problem, ProblemKind, Request,
};
use sim_models::study::{Level, Parameter};
use sim_models::system::Blueprint;

use super::assessment::{Assessment, LimitHere};
use super::coupling::repair;
use super::promise::Promises;
use crate::run::{Figures, figures};
use crate::study::{Study, Unready, check_sound, ends_one_by_one, identity, settings};
use crate::watch::{Interrupted, Watch};

/// A system whose settings may change, and the goals that it should meet under its conditions.
#[derive(Clone, Debug)]
pub struct TunableSystem {
    study: Study,
    plan: GoalsPlan,
    /// The system as it is written, under each condition.
    under_conditions: Vec<Arc<Blueprint>>,
    promises: Arc<Promises>,
    /// The number of warnings that the file gives as it is written.
    warnings: usize,
    /// The number of runs that were made.
    runs: Arc<AtomicU64>,
    memory: Option<Arc<dyn Memory>>,
}

/// A memory of runs that outlives the search.
pub trait Memory: Debug + Send + Sync {
    /// The values that a run had for each reading; `None` if it is not known.
    fn recall(&self, run: &RunOfSystem) -> Option<Vec<Option<f64>>>;

    /// Remembers a run. An implementation that cannot do so says it when it is asked.
    fn keep(&self, run: RunOfSystem, values: &[Option<f64>]);
}

/// A run among all that a search may make.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RunOfSystem {
    /// A hash over the system that is simulated, its conditions and strains included.
    pub system: String,
    /// The replication of its seed.
    pub replication: u64,
}

/// A value for each setting that may change.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The values, in the order of the settings. One whose `setting` is `None` stays as it is
    /// written.
    pub levels: Vec<Level>,
}

impl TunableSystem {
    /// Reads a scenario with its goals and conditions. Both ends of each range and every item of
    /// each list are checked, without running them.
    ///
    /// # Errors
    /// Everything that is wrong with the scenario under any of its conditions or with a value of a
    /// setting, or [`Unready::NothingAsked`] if it has no goals.
    pub fn prepare(input: Input, overrides: Overrides) -> Result<Self, Unready> {
        let (study, plan) = Study::prepare(input, overrides, |loaded| {
            let goals = loaded.analyses.goals.clone();
            goals.filter(|plan| !plan.settings.is_empty() && !plan.limits.is_empty())
        })?;
        let mut system = Self {
            study,
            plan,
            under_conditions: Vec::new(),
            promises: Arc::default(),
            warnings: 0,
            runs: Arc::default(),
            memory: None,
        };
        let readings: Vec<Loaded> =
            system.conditions().map(|condition| system.load(condition, Vec::new())).collect();
        if readings.iter().any(|loaded| loaded.blueprint.is_none()) {
            return Err(Unready::Problems(readings));
        }
        system.warnings = readings.iter().map(warnings).max().unwrap_or(0);
        system.under_conditions =
            readings.into_iter().filter_map(|loaded| loaded.blueprint).collect();
        let ends = ends_one_by_one(&system.plan.settings);
        check_sound(ends.into_iter().map(|values| system.load(0, values)))?;
        let limits = system.under_conditions.iter().enumerate().map(|(condition, here)| {
            let numbers = system.plan.limits.iter().enumerate();
            let here_too = numbers.filter(|(_, limit)| limit.conditions.contains(&condition));
            LimitHere::all(&here.readings, here_too.map(|(number, _)| number))
        });
        system.promises = Arc::new(Promises::new(limits.collect(), &system.plan));
        Ok(system)
    }

    /// The same system, whose runs are remembered. A run that is remembered is not simulated again, but
    /// it counts: a search that was stopped and begins again comes to the same answer.
    #[must_use]
    pub fn remembering(self, memory: Arc<dyn Memory>) -> Self {
        Self { memory: Some(memory), ..self }
    }

    /// The number of runs of candidates that were made so far, for whatever reason.
    pub fn runs(&self) -> u64 {
        self.runs.load(Ordering::Relaxed)
    }

    /// Counts a run that is made for another reason than to read off figures.
    pub(super) fn count_run(&self) {
        self.runs.fetch_add(1, Ordering::Relaxed);
    }

    /// The scenario, to be read with other values.
    pub(super) fn study(&self) -> &Study {
        &self.study
    }

    /// The plan: settings, conditions, limits, objectives.
    pub fn plan(&self) -> &GoalsPlan {
        &self.plan
    }

    /// The limits that apply under each condition.
    pub fn limits(&self) -> &[Vec<LimitHere>] {
        &self.promises.limits
    }

    /// The promises of the limits.
    pub(super) fn promises(&self) -> &Promises {
        &self.promises
    }

    /// The system as it is written, under each condition.
    pub fn as_written(&self) -> &[Arc<Blueprint>] {
        &self.under_conditions
    }

    /// The indices of the conditions, in the order of the plan.
    pub fn conditions(&self) -> Range<usize> {
        0..self.plan.conditions.len()
    }

    /// The candidate that changes nothing.
    pub fn as_it_is(&self) -> Candidate {
        let unset = || Level { shown: "not set".to_owned(), setting: None, number: f64::NAN };
        Candidate {
            levels: self.plan.now.iter().map(|now| now.clone().unwrap_or_else(unset)).collect(),
        }
    }

    /// The candidate at a point of the cube, whose sides go from 0 to 1. Settings that break a rule are
    /// brought to where it holds.
    pub fn candidate(&self, point: &[f64]) -> Candidate {
        let settings = self.plan.settings.iter().zip(&self.plan.now).zip(point);
        // A value that the file has anyway stays as it is written.
        let level = |((setting, now), share): ((&Parameter, &Option<Level>), &f64)| {
            let level = setting.values.at(*share);
            now.clone().filter(|now| now.number == level.number).unwrap_or(level)
        };
        let mut levels: Vec<Level> = settings.map(level).collect();
        repair(&mut levels, &self.plan.rules, &self.plan.settings);
        Candidate { levels }
    }

    /// The point of a candidate in the cube. A setting whose value is not in its range lies in the
    /// middle.
    pub fn point(&self, candidate: &Candidate) -> Vec<f64> {
        let share = |(setting, level): (&Parameter, &Level)| {
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
    /// The reason why the values do not go together: an error, or a warning about harm that the file
    /// does not give as it is written.
    pub fn systems(&self, candidate: &Candidate) -> Result<Vec<Arc<Blueprint>>, String> {
        if *candidate == self.as_it_is() {
            return Ok(self.under_conditions.clone());
        }
        self.conditions().map(|condition| self.system_under(condition, candidate)).collect()
    }

    /// The system under a condition with the values of a candidate.
    ///
    /// # Errors
    /// The same as [`Self::systems`].
    fn system_under(
        &self,
        condition: usize,
        candidate: &Candidate,
    ) -> Result<Arc<Blueprint>, String> {
        let values = settings(self.plan.settings.iter().zip(&candidate.levels));
        let loaded = self.load(condition, values);
        let is_sound = warnings(&loaded) <= self.warnings;
        let why =
            || loaded.problems.last().map_or_else(String::new, |problem| problem.message.clone());
        loaded.blueprint.clone().filter(|_| is_sound).ok_or_else(why)
    }

    /// The system under each condition with the values of a candidate that has been measured.
    pub(super) fn sound_systems(&self, candidate: &Candidate) -> Vec<Arc<Blueprint>> {
        self.systems(candidate).expect("a candidate that has been measured is sound")
    }

    /// The assessment of a candidate before its first run.
    pub(super) fn unmeasured(&self) -> Assessment {
        Assessment::new(self.promises.clone(), self.plan.objectives.len())
    }

    /// The values that a run of a candidate's system under a condition has for each reading.
    pub(super) fn figures(
        &self,
        systems: &[Arc<Blueprint>],
        condition: usize,
        replication: u64,
        watch: &dyn Watch,
    ) -> Result<Vec<Option<f64>>, Interrupted> {
        let system = &systems[condition];
        let runs = 1 + system.stressed.len() as u64;
        let Some(memory) = &self.memory else {
            let values = simulated(system, replication, watch)?;
            self.runs.fetch_add(runs, Ordering::Relaxed);
            return Ok(values);
        };
        let run = RunOfSystem { system: identity(system), replication };
        let values = if let Some(values) = memory.recall(&run) {
            values
        } else {
            let values = simulated(system, replication, watch)?;
            memory.keep(run, &values);
            values
        };
        self.runs.fetch_add(runs, Ordering::Relaxed);
        Ok(values)
    }

    /// The cost of a candidate if it is the only objective, as far as one condition shows it, and if
    /// its settings go together there.
    pub(super) fn cost(&self, candidate: &Candidate) -> Result<Option<f64>, String> {
        let system = self.system_under(0, candidate)?;
        Ok(self.is_about_cost_only().then(|| system.cost()))
    }

    /// True if all objectives are known without a run, and the same under each condition.
    fn is_about_cost_only(&self) -> bool {
        let objectives = self.plan.objectives.len();
        let is_cost = |reading: &Reading| reading.wanted == Wanted::Cost;
        let first = &self.under_conditions[0];
        self.under_conditions.iter().all(|system| {
            let mut readings = system.readings.iter().rev().take(objectives);
            readings.all(is_cost) && system.cost() == first.cost()
        })
    }

    /// Reads the system under a condition with other values.
    fn load(&self, condition: usize, values: Vec<(String, String)>) -> Loaded {
        let condition = Some(self.plan.conditions[condition].clone());
        self.study.read_for(Request::Goals(GoalsRequest { condition, values }))
    }
}

/// The values that a run has for each reading; none of them if a limit of the scenario stopped it.
fn simulated(
    system: &Arc<Blueprint>,
    replication: u64,
    watch: &dyn Watch,
) -> Result<Vec<Option<f64>>, Interrupted> {
    Ok(match figures(system, replication, watch)? {
        Figures::Measured(values) => values,
        Figures::Stopped(_) => vec![None; system.readings.len()],
    })
}

/// The number of warnings about what may harm: a setting without effect, such as a retry that tries
/// once, may be the right one.
fn warnings(loaded: &Loaded) -> usize {
    let harms = |problem: &&Problem| problem.kind != ProblemKind::WithoutEffect;
    loaded.problems.iter().filter(harms).count()
}

//! A system at a load, with or without a trigger.

use std::ops::ControlFlow;
use std::sync::Arc;

use sim_models::scenario::{Input, Loaded, Overrides, Purpose, load};
use sim_models::study::{Level, Parameter, StabilityPlan};
use sim_models::system::Blueprint;

use super::classify::{Cell, classify};
use crate::run::run;

/// A system that is tried with loads and triggers.
#[derive(Clone, Debug)]
pub struct Tried {
    input: Input,
    overrides: Overrides,
    plan: StabilityPlan,
    blueprint: Arc<Blueprint>,
}

/// What upsets the system.
#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
    /// Nothing: the fault is taken away.
    None,
    /// The fault, with these values for its settings.
    Fault(Level, Option<Level>),
}

impl Trigger {
    pub(super) fn of(trigger: &Level, also: Option<&Level>) -> Self {
        Self::Fault(trigger.clone(), also.cloned())
    }
}

/// Why there is nothing to try.
#[derive(Clone, Debug)]
pub enum Unready {
    /// The scenario has errors, as it is written or at an end of a range.
    Problems(Vec<Loaded>),
    /// Nothing says which loads and triggers to try.
    NothingAsked,
}

impl Tried {
    /// Reads a scenario and which loads and triggers it is to be tried with.
    ///
    /// # Errors
    /// Everything that is wrong with the scenario, as it is written or at the ends of the ranges.
    pub fn prepare(input: Input, overrides: Overrides) -> Result<Self, Unready> {
        let loaded = load(&input, &overrides);
        let Some(blueprint) = loaded.blueprint.clone() else {
            return Err(Unready::Problems(vec![loaded]));
        };
        let plan = loaded.stability.ok_or(Unready::NothingAsked)?;
        let tried = Self { input, overrides, plan, blueprint };
        let unsound = tried.unsound_ends();
        if unsound.is_empty() { Ok(tried) } else { Err(Unready::Problems(unsound)) }
    }

    /// Which loads and triggers.
    pub fn plan(&self) -> &StabilityPlan {
        &self.plan
    }

    /// The system as it is written.
    pub fn blueprint(&self) -> &Arc<Blueprint> {
        &self.blueprint
    }

    /// How many combinations there are.
    pub fn cells(&self) -> u64 {
        let levels = |parameter: &Parameter| parameter.values.levels().len() as u64;
        let triggers = levels(&self.plan.trigger) * self.plan.also.as_ref().map_or(1, levels);
        levels(&self.plan.load) * (triggers + 1)
    }

    pub(super) fn simulated_seconds(&self) -> f64 {
        self.blueprint.run.duration.as_secs_f64()
    }

    pub(super) fn seed(&self) -> u64 {
        self.blueprint.run.seed
    }

    /// The fault that is the trigger, as a path.
    fn fault(&self) -> &str {
        self.plan
            .trigger
            .path
            .rsplit_once('.')
            .map_or(self.plan.trigger.path.as_str(), |(fault, _)| fault)
    }

    fn unsound_ends(&self) -> Vec<Loaded> {
        let loads = self.plan.load.values.levels();
        let triggers = self.plan.trigger.values.levels();
        let also = self.plan.also.as_ref().map_or_else(Vec::new, |also| also.values.levels());
        let ends = |levels: &[Level]| {
            levels.first().into_iter().chain(levels.last()).cloned().collect::<Vec<_>>()
        };
        let mut asked: Vec<(Level, Trigger)> = Vec::new();
        for load in ends(&loads) {
            asked.push((load.clone(), Trigger::None));
            for trigger in ends(&triggers) {
                let seconds: Vec<Option<Level>> = if also.is_empty() {
                    vec![None]
                } else {
                    ends(&also).into_iter().map(Some).collect()
                };
                asked.extend(
                    seconds
                        .into_iter()
                        .map(|also| (load.clone(), Trigger::Fault(trigger.clone(), also))),
                );
            }
        }
        let loaded = asked.iter().map(|(load, trigger)| self.load(load, trigger));
        loaded.filter(|loaded| loaded.blueprint.is_none()).collect()
    }

    /// The system at a load, with a trigger.
    pub(super) fn load(&self, at: &Level, trigger: &Trigger) -> Loaded {
        let mut values: Vec<(String, String)> = Vec::new();
        let mut set = |parameter: &Parameter, level: &Level| {
            values.extend(level.setting.clone().map(|setting| (parameter.path.clone(), setting)));
        };
        set(&self.plan.load, at);
        match trigger {
            Trigger::None => values.push((self.fault().to_owned(), "null".to_owned())),
            Trigger::Fault(level, second) => {
                set(&self.plan.trigger, level);
                if let (Some(also), Some(level)) = (&self.plan.also, second) {
                    set(also, level);
                }
            }
        }
        load(&self.input, &Overrides { purpose: Purpose::Point(values), ..self.overrides.clone() })
    }

    /// What happens at a load with a trigger, over all replications. `None` if `look` breaks it
    /// off.
    pub(super) fn cell(
        &self,
        at: &Level,
        trigger: &Trigger,
        look: &(dyn Fn() -> ControlFlow<()> + Sync),
    ) -> Option<Cell> {
        let Some(blueprint) = self.load(at, trigger).blueprint else {
            return Some(Cell::default());
        };
        let mut cell = Cell::default();
        for replication in 0..u64::from(self.plan.replications) {
            let finished = run(&blueprint, replication, &mut |_| look());
            if look().is_break() {
                return None;
            }
            cell.add(classify(&self.plan, &finished, self.trigger_span(trigger, &blueprint)));
        }
        Some(cell)
    }

    /// When the trigger begins and ends, in a system with it.
    fn trigger_span(
        &self,
        trigger: &Trigger,
        blueprint: &Blueprint,
    ) -> Option<(sim_core::SimTime, sim_core::SimTime)> {
        if *trigger == Trigger::None {
            return None;
        }
        let place = self
            .fault()
            .trim_start_matches("faults")
            .trim_matches(['[', ']', '.'])
            .parse::<usize>()
            .unwrap_or(0);
        let fault = blueprint.faults.get(place)?;
        Some((fault.begin, fault.end))
    }
}

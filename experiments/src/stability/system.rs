//! A system at a load, with or without a trigger.

use std::sync::Arc;

use sim_models::expect::leaves_time_to_heal;
use sim_models::scenario::{Input, Loaded, Overrides, Request, SingleChange, StabilityPlan};
use sim_models::study::{Level, Parameter, Values};
use sim_models::system::Blueprint;

use super::classify::{Behaviour, Cell, classify};
use crate::run::replications;
use crate::study::{Study, Unready, check_sound, ends, settings};
use crate::watch::{Interrupted, Watch};

/// A system that is put under several loads, with and without a trigger.
#[derive(Clone, Debug)]
pub struct StressedSystem {
    study: Study,
    plan: StabilityPlan,
}

/// A trigger: the event that upsets the system.
#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
    /// No trigger: the fault is taken out of the file.
    None,
    /// The fault, with this value for its first setting and, if there is one, for its second.
    Fault(Level, Option<Level>),
}

impl Trigger {
    pub(super) fn of(trigger: &Level, also: Option<&Level>) -> Self {
        Self::Fault(trigger.clone(), also.cloned())
    }
}

impl StressedSystem {
    /// Reads a scenario with the loads and triggers to try. The ends of their ranges and the items
    /// of their lists are checked in all combinations, without running them.
    ///
    /// # Errors
    /// Everything that is wrong with the scenario, as it is written or at those values, or
    /// [`Unready::NothingAsked`] if the scenario has no section on stability.
    pub fn prepare(input: Input, overrides: Overrides) -> Result<Self, Unready> {
        let overrides = Overrides { request: Request::Stability, ..overrides };
        let (study, plan) =
            Study::prepare(input, overrides, |loaded| loaded.analyses.stability.clone())?;
        let system = Self { study, plan };
        let mut triggers = vec![Trigger::None];
        for trigger in ends(&system.plan.trigger.values) {
            let seconds = system.second_settings(ends);
            triggers.extend(seconds.iter().map(|also| Trigger::of(&trigger, also.as_ref())));
        }
        let loads = ends(&system.plan.load.values);
        let readings = loads.iter().flat_map(|load| {
            triggers.iter().map(|trigger| system.load(load, trigger, None)).collect::<Vec<_>>()
        });
        check_sound(readings)?;
        Ok(system)
    }

    /// The plan: the loads and triggers to try.
    pub fn plan(&self) -> &StabilityPlan {
        &self.plan
    }

    /// The system as it is written.
    pub fn blueprint(&self) -> &Arc<Blueprint> {
        self.study.as_written()
    }

    /// The values that `levels` picks for the trigger's second setting; `None` alone if it has no
    /// second setting.
    pub(super) fn second_settings(&self, levels: fn(&Values) -> Vec<Level>) -> Vec<Option<Level>> {
        let some = |also: &Parameter| levels(&also.values).into_iter().map(Some).collect();
        self.plan.also.as_ref().map_or_else(|| vec![None], some)
    }

    /// Reads the system at a load with a trigger, with one setting changed if there is a change.
    pub(super) fn load(
        &self,
        at: &Level,
        trigger: &Trigger,
        change: Option<&SingleChange>,
    ) -> Loaded {
        let mut values: Vec<(&Parameter, &Level)> = vec![(&self.plan.load, at)];
        if let Trigger::Fault(first, second) = trigger {
            values.push((&self.plan.trigger, first));
            values.extend(self.plan.also.as_ref().zip(second.as_ref()));
        }
        let mut settings = settings(values);
        if *trigger == Trigger::None {
            settings.push((self.plan.fault_path().to_owned(), "null".to_owned()));
        }
        settings.extend(change.map(|change| (change.path.clone(), change.setting.clone())));
        self.study.read_for(Request::Point(settings))
    }

    /// The system at a load with a trigger; `None` if the settings do not go together, or if the
    /// trigger leaves no time to heal.
    fn sound(
        &self,
        at: &Level,
        trigger: &Trigger,
        change: Option<&SingleChange>,
    ) -> Option<Arc<Blueprint>> {
        let blueprint = self.load(at, trigger, change).blueprint?;
        let is_over = *trigger == Trigger::None || leaves_time_to_heal(&blueprint, self.plan.fault);
        is_over.then_some(blueprint)
    }

    /// Runs all replications at a load with a trigger.
    pub(super) fn cell(
        &self,
        at: &Level,
        trigger: &Trigger,
        watch: &dyn Watch,
    ) -> Result<Cell, Interrupted> {
        let mut cell = Cell::default();
        let Some(blueprint) = self.sound(at, trigger, None) else { return Ok(cell) };
        let is_triggered = *trigger != Trigger::None;
        for finished in replications(&blueprint, 0..u64::from(self.plan.replications), watch) {
            cell.add(classify(&self.plan, &finished?, is_triggered));
        }
        Ok(cell)
    }

    /// True if the system is well at the end of every replication at a load with a trigger; `None` if
    /// the settings do not go together.
    pub(super) fn heals(
        &self,
        at: &Level,
        trigger: &Trigger,
        change: Option<&SingleChange>,
        watch: &dyn Watch,
    ) -> Result<Option<bool>, Interrupted> {
        let Some(blueprint) = self.sound(at, trigger, change) else { return Ok(None) };
        let is_triggered = *trigger != Trigger::None;
        for finished in replications(&blueprint, 0..u64::from(self.plan.replications), watch) {
            let (behaviour, _) = classify(&self.plan, &finished?, is_triggered);
            if behaviour > Behaviour::Recovers {
                return Ok(Some(false));
            }
        }
        Ok(Some(true))
    }

    /// Each single change of the settings of guards, pools and queues that the file speaks of.
    pub(super) fn single_changes(&self) -> Vec<SingleChange> {
        self.study.single_changes()
    }
}

//! Stability: from which triggers a system recovers by itself at which load, and from which it
//! never does.
//!
//! A system is *metastable* at a load if it is well there and, after a trigger that is gone again,
//! stays unwell (Bronson et al., "Metastable failures in distributed systems", `HotOS` 2021; Huang
//! et al., "Metastable failures in the wild", OSDI 2022). Every combination of load and trigger is
//! run; then the load at which the answer changes is narrowed down for each trigger. Going up and
//! coming down through the loads in one run shows that what the system does depends on where it
//! comes from.

mod boundary;
mod classify;
mod hysteresis;
mod system;

use std::ops::ControlFlow;

use sim_models::study::{Level, StabilityPlan};

pub use boundary::Boundary;
pub use classify::{Behaviour, Cell};
pub use hysteresis::{Hysteresis, Pass};
pub use system::{Tried, Trigger, Unready};

use crate::parallel::in_order;

/// What was found out about a system's stability.
#[derive(Clone, Debug)]
pub struct Stability {
    /// What was asked.
    pub plan: StabilityPlan,
    /// The loads, from the least on.
    pub loads: Vec<Level>,
    /// Without a trigger, at each load.
    pub untriggered: Vec<Cell>,
    /// A map for each value of the second setting of the trigger; one if there is none.
    pub maps: Vec<Map>,
    /// Between which loads the system ceases to be well without any trigger.
    pub overload: Boundary,
    /// Going up through the loads and coming down again, without a trigger; `None` if the load is
    /// not an arrival rate or a number of users.
    pub hysteresis: Option<Hysteresis>,
    /// How long each run is, in seconds.
    pub simulated_seconds: f64,
    /// The seed.
    pub seed: u64,
}

/// Loads and triggers with one value of the second setting.
#[derive(Clone, Debug)]
pub struct Map {
    /// That value.
    pub also: Option<Level>,
    /// The triggers.
    pub triggers: Vec<Level>,
    /// Of each trigger, what happens at each load.
    pub cells: Vec<Vec<Cell>>,
    /// Of each trigger, between which loads the system ceases to heal.
    pub boundaries: Vec<Boundary>,
}

/// Up to which load a system heals from every trigger.
#[derive(Clone, Debug, PartialEq)]
pub struct Healing {
    /// The largest load that was seen to.
    pub up_to: f64,
    /// The least load that was seen not to; `None` if there is none.
    pub first_bad: Option<Failing>,
}

/// A load at which a system does not always heal.
#[derive(Clone, Debug, PartialEq)]
pub struct Failing {
    /// The load.
    pub load: f64,
    /// The trigger.
    pub trigger: Level,
    /// The value of its second setting, if there is one.
    pub also: Option<Level>,
}

impl Stability {
    /// Up to which load it heals from every trigger; `None` if no load does.
    pub fn healing(&self) -> Option<Healing> {
        let boundaries = || {
            self.maps.iter().flat_map(|map| {
                map.boundaries
                    .iter()
                    .zip(&map.triggers)
                    .map(|(boundary, trigger)| (boundary, trigger.clone(), map.also.clone()))
            })
        };
        let last = self.loads.last().map(|load| load.number)?;
        let heals =
            boundaries().map(|(boundary, ..)| boundary.last_good).collect::<Option<Vec<f64>>>()?;
        let heals = heals.into_iter().fold(self.overload.last_good?.min(last), f64::min);
        let failing = |(boundary, trigger, also): (&Boundary, Level, Option<Level>)| {
            Some(Failing { load: boundary.first_bad?, trigger, also })
        };
        let first_bad = boundaries()
            .filter_map(failing)
            .reduce(|least, next| if next.load < least.load { next } else { least });
        Some(Healing { up_to: heals, first_bad })
    }
}

/// Runs every load with every trigger, narrows down where the answer changes, and goes up and comes
/// down. The answer does not depend on the number of threads. `tell` is told how many runs of how
/// many are done. `None` if `look` breaks it off.
pub fn map(
    tried: &Tried,
    jobs: usize,
    look: &(dyn Fn() -> ControlFlow<()> + Sync),
    tell: &(dyn Fn() + Sync),
) -> Option<Stability> {
    let plan = tried.plan();
    let loads = plan.load.values.levels();
    let triggers = plan.trigger.values.levels();
    let also: Vec<Option<Level>> = plan
        .also
        .as_ref()
        .map_or_else(|| vec![None], |also| also.values.levels().into_iter().map(Some).collect());
    let mut asked: Vec<(Level, Trigger)> =
        loads.iter().map(|load| (load.clone(), Trigger::None)).collect();
    for also in &also {
        for trigger in &triggers {
            asked.extend(
                loads.iter().map(|load| (load.clone(), Trigger::of(trigger, also.as_ref()))),
            );
        }
    }
    let cells = in_order(&asked, jobs, &|_, (load, trigger): &(Level, Trigger)| {
        let cell = tried.cell(load, trigger, look);
        tell();
        cell
    });
    let mut cells = cells.into_iter().collect::<Option<Vec<Cell>>>()?.into_iter();
    let untriggered: Vec<Cell> = cells.by_ref().take(loads.len()).collect();
    let mut maps = Vec::new();
    for also in also {
        let of_triggers: Vec<Vec<Cell>> =
            triggers.iter().map(|_| cells.by_ref().take(loads.len()).collect()).collect();
        let boundaries =
            boundary::of_each(tried, &loads, &triggers, also.as_ref(), &of_triggers, jobs, look)?;
        maps.push(Map { also, triggers: triggers.clone(), cells: of_triggers, boundaries });
    }
    let overload =
        boundary::of_each(tried, &loads, &[], None, std::slice::from_ref(&untriggered), 1, look)?;
    Some(Stability {
        plan: plan.clone(),
        loads,
        untriggered,
        maps,
        overload: overload.into_iter().next()?,
        hysteresis: hysteresis::up_and_down(tried, look)?,
        simulated_seconds: tried.simulated_seconds(),
        seed: tried.seed(),
    })
}

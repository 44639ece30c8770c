//! The map of all loads and triggers, and everything found along with it.

use sim_models::scenario::StabilityPlan;
use sim_models::study::{Level, Values};

use super::boundary::{self, Boundary};
use super::classify::Cell;
use super::hysteresis::{Hysteresis, up_and_down};
use super::sensitivity::Sensitivity;
use super::system::{StressedSystem, Trigger};
use crate::parallel::in_order;
use crate::watch::{Interrupted, Watch};

/// The stability of a system.
#[derive(Clone, Debug)]
pub struct Stability {
    /// The plan.
    pub plan: StabilityPlan,
    /// The loads, in ascending order.
    pub loads: Vec<Level>,
    /// The cells without a trigger, one for each load.
    pub untriggered: Vec<Cell>,
    /// One map for each value of the trigger's second setting, or one map if it has none.
    pub maps: Vec<Map>,
    /// The loads between which the system ceases to be well without any trigger.
    pub overload: Boundary,
    /// The way up through the loads and down again, without a trigger; `None` if the load is not an
    /// arrival rate or a number of users.
    pub hysteresis: Option<Hysteresis>,
    /// The settings that move the boundary most, if that was asked for.
    pub sensitivity: Option<Sensitivity>,
    /// The length of each run, in seconds.
    pub simulated_seconds: f64,
    /// The seed.
    pub seed: u64,
}

/// All loads and triggers, with one value of the trigger's second setting.
#[derive(Clone, Debug)]
pub struct Map {
    /// The value of the trigger's second setting, if it has one.
    pub also: Option<Level>,
    /// The values of the trigger's first setting.
    pub triggers: Vec<Level>,
    /// The cells of each trigger, one for each load.
    pub cells: Vec<Vec<Cell>>,
    /// The loads between which the system ceases to heal, for each trigger.
    pub boundaries: Vec<Boundary>,
}

/// Runs every load with every trigger, narrows down the loads at which the system ceases to heal,
/// then goes up through the loads and down again. The result does not depend on the number of
/// threads.
///
/// # Errors
/// [`Interrupted`] if `watch` interrupts it.
pub fn map(system: &StressedSystem, watch: &dyn Watch) -> Result<Stability, Interrupted> {
    let plan = system.plan();
    let loads = plan.load.values.levels();
    let (untriggered, cells) = all_cells(system, &loads, watch)?;
    watch.begin("narrowing boundaries down", None);
    let mut maps = Vec::new();
    for (also, cells) in cells {
        let triggers = plan.trigger.values.levels();
        let boundaries =
            boundary::of_each(system, &loads, &triggers, also.as_ref(), &cells, watch)?;
        maps.push(Map { also, triggers, cells, boundaries });
    }
    let overload =
        boundary::of_each(system, &loads, &[], None, std::slice::from_ref(&untriggered), watch)?[0];
    watch.begin("going up and coming down", None);
    let run = system.blueprint().run;
    Ok(Stability {
        plan: plan.clone(),
        loads,
        untriggered,
        maps,
        overload,
        hysteresis: up_and_down(system, watch)?,
        sensitivity: None,
        simulated_seconds: run.duration.as_secs_f64(),
        seed: run.seed,
    })
}

/// The cells of each trigger, with one value of the trigger's second setting.
type CellsOfMap = (Option<Level>, Vec<Vec<Cell>>);

/// Runs every load without a trigger, then with each.
fn all_cells(
    system: &StressedSystem,
    loads: &[Level],
    watch: &dyn Watch,
) -> Result<(Vec<Cell>, Vec<CellsOfMap>), Interrupted> {
    let plan = system.plan();
    let triggers = plan.trigger.values.levels();
    let seconds = system.second_settings(Values::levels);
    let mut pairs: Vec<(&Level, Trigger)> =
        loads.iter().map(|load| (load, Trigger::None)).collect();
    for also in &seconds {
        for trigger in &triggers {
            let trigger = Trigger::of(trigger, also.as_ref());
            pairs.extend(loads.iter().map(|load| (load, trigger.clone())));
        }
    }
    watch.begin("trying loads and triggers", Some(pairs.len() as u64));
    let cells = in_order(&pairs, watch.jobs(), &|_, (load, trigger): &(&Level, Trigger)| {
        let cell = system.cell(load, trigger, watch);
        watch.advance(1);
        cell
    });
    let mut cells = cells.into_iter().collect::<Result<Vec<Cell>, _>>()?.into_iter();
    let mut row = || cells.by_ref().take(loads.len()).collect::<Vec<Cell>>();
    let untriggered = row();
    let mut beside = || {
        let mut cells = row();
        cells.iter_mut().zip(&untriggered).for_each(|(cell, without)| cell.beside(without));
        cells
    };
    let maps = seconds
        .into_iter()
        .map(|also| (also, triggers.iter().map(|_| beside()).collect()))
        .collect();
    Ok((untriggered, maps))
}

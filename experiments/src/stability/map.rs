//! The map of all loads and triggers, and everything found along with it.

use sim_models::scenario::StabilityPlan;
use sim_models::study::Level;

use super::boundary::{self, Boundary};
use super::classify::Cell;
use super::hysteresis::{Hysteresis, up_and_down};
use super::known::{KnownCells, KnownMap};
use super::sensitivity::Sensitivity;
use super::system::StressedSystem;
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
/// The cells that are known when `watch` interrupts it.
pub fn map(system: &StressedSystem, watch: &dyn Watch) -> Result<Stability, Box<KnownCells>> {
    let known = KnownCells::measure(system, watch);
    concluded(system, &known, watch).map_err(|Interrupted| Box::new(known))
}

/// Everything that follows from a map, if all of its cells are known.
fn concluded(
    system: &StressedSystem,
    known: &KnownCells,
    watch: &dyn Watch,
) -> Result<Stability, Interrupted> {
    let whole = |cells: &[Option<Cell>]| -> Result<Vec<Cell>, Interrupted> {
        cells.iter().map(|cell| cell.clone().ok_or(Interrupted)).collect()
    };
    let KnownCells { plan, loads, triggers, .. } = known;
    let untriggered = whole(&known.untriggered)?;
    let cells = known.maps.iter().map(|map| map.cells.iter().map(|cells| whole(cells)).collect());
    let cells: Vec<Vec<Vec<Cell>>> = cells.collect::<Result<_, _>>()?;
    watch.begin("narrowing boundaries down", None);
    let mut maps = Vec::new();
    for (KnownMap { also, .. }, cells) in known.maps.iter().zip(cells) {
        let boundaries = boundary::of_each(system, loads, triggers, also.as_ref(), &cells, watch)?;
        maps.push(Map { also: also.clone(), triggers: triggers.clone(), cells, boundaries });
    }
    let overload =
        boundary::of_each(system, loads, &[], None, std::slice::from_ref(&untriggered), watch)?[0];
    watch.begin("going up and coming down", None);
    Ok(Stability {
        plan: plan.clone(),
        loads: loads.clone(),
        untriggered,
        maps,
        overload,
        hysteresis: up_and_down(system, watch)?,
        sensitivity: None,
        simulated_seconds: known.simulated_seconds,
        seed: known.seed,
    })
}

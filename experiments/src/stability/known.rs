//! The cells of a map, as far as they are known: all of them, or those before an interruption.

use std::sync::OnceLock;

use sim_models::scenario::StabilityPlan;
use sim_models::study::{Level, Values};

use super::classify::Cell;
use super::system::{StressedSystem, Trigger};
use crate::parallel::each_in_turn;
use crate::watch::{Interrupted, Watch};

/// The cells of a map that are known; `None` stands for those that are not.
#[derive(Clone, Debug)]
pub struct KnownCells {
    /// The plan.
    pub plan: StabilityPlan,
    /// The loads, in ascending order.
    pub loads: Vec<Level>,
    /// The values of the trigger's first setting.
    pub triggers: Vec<Level>,
    /// The cells without a trigger, one for each load.
    pub untriggered: Vec<Option<Cell>>,
    /// One map for each value of the trigger's second setting, or one map if it has none.
    pub maps: Vec<KnownMap>,
    /// The length of each run, in seconds.
    pub simulated_seconds: f64,
    /// The seed.
    pub seed: u64,
}

/// The cells of all loads and triggers that are known, with one value of the trigger's second setting.
#[derive(Clone, Debug)]
pub struct KnownMap {
    /// The value of the trigger's second setting, if it has one.
    pub also: Option<Level>,
    /// The cells of each trigger, one for each load.
    pub cells: Vec<Vec<Option<Cell>>>,
}

impl KnownCells {
    /// Runs every load without a trigger, then with each, until `watch` interrupts it. A cell with a trigger is known
    /// only if the one without is: the system may be overloaded there.
    pub(super) fn measure(system: &StressedSystem, watch: &dyn Watch) -> Self {
        let plan = system.plan();
        let (loads, triggers) = (plan.load.values.levels(), plan.trigger.values.levels());
        let seconds = system.second_settings(Values::levels);
        let with_each = seconds.iter().flat_map(|also| {
            triggers.iter().map(move |trigger| Trigger::of(trigger, also.as_ref()))
        });
        let rows: Vec<Trigger> = std::iter::once(Trigger::None).chain(with_each).collect();
        let mut rows = measured(system, &loads, &rows, watch).into_iter();
        let untriggered = rows.next().unwrap_or_default();
        let beside = |cells: Vec<Option<Cell>>| {
            let pairs = cells.into_iter().zip(&untriggered);
            pairs.map(|(cell, without)| Some(cell?.beside(without.as_ref()?))).collect()
        };
        let mut rows = rows.map(beside);
        let map = |also| KnownMap { also, cells: rows.by_ref().take(triggers.len()).collect() };
        let maps = seconds.into_iter().map(map).collect();
        let run = system.blueprint().run;
        let simulated_seconds = run.duration.as_secs_f64();
        let plan = plan.clone();
        Self { plan, loads, triggers, untriggered, maps, simulated_seconds, seed: run.seed }
    }

    /// The number of cells that are known, and of all.
    pub fn count(&self) -> (usize, usize) {
        let cells = || self.maps.iter().flat_map(|map| &map.cells).flatten();
        let all = || self.untriggered.iter().chain(cells());
        (all().flatten().count(), all().count())
    }

    /// True if all cells are known.
    pub fn is_whole(&self) -> bool {
        let (known, all) = self.count();
        known == all
    }
}

/// The cells of each trigger at each load, in the order in which they are run; `None` for those that an interruption
/// leaves out.
fn measured(
    system: &StressedSystem,
    loads: &[Level],
    triggers: &[Trigger],
    watch: &dyn Watch,
) -> Vec<Vec<Option<Cell>>> {
    let mut cells: Vec<Vec<OnceLock<Cell>>> =
        triggers.iter().map(|_| loads.iter().map(|_| OnceLock::new()).collect()).collect();
    let all = (loads.len() * triggers.len()) as u64;
    watch.begin("trying loads and triggers", Some(all));
    // An interruption shows in the cells that are left.
    let _ = each_in_turn(0..all, watch.jobs(), &|number| {
        let (row, column) = (number as usize / loads.len(), number as usize % loads.len());
        let cell = system.cell(&loads[column], &triggers[row], watch)?;
        cells[row][column].get_or_init(|| cell);
        watch.advance(1);
        Ok::<(), Interrupted>(())
    });
    cells.iter_mut().map(|row| row.iter_mut().map(OnceLock::take).collect()).collect()
}

//! The loads between which a system ceases to heal.

use sim_models::study::{Level, Values};

use super::classify::Cell;
use super::system::{StressedSystem, Trigger};
use crate::parallel::in_order;
use crate::watch::{Interrupted, Watch};

/// The number of times that a gap between two loads is cut in half.
const HALVINGS: u32 = 5;

/// The loads between which a system ceases to be well at the end of every replication.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Boundary {
    /// The largest load up to which it always is; `None` if it never is.
    pub last_good: Option<f64>,
    /// The least load at which it is not; `None` if it is at every load that was tried.
    pub first_bad: Option<f64>,
}

/// The boundary for each trigger, or without one if `triggers` is empty. `cells` holds the cells of
/// each trigger, one for each load.
pub(super) fn of_each(
    system: &StressedSystem,
    loads: &[Level],
    triggers: &[Level],
    also: Option<&Level>,
    cells: &[Vec<Cell>],
    watch: &dyn Watch,
) -> Result<Vec<Boundary>, Interrupted> {
    let of_trigger = |place: usize, cells: &Vec<Cell>| {
        let trigger =
            triggers.get(place).map_or(Trigger::None, |trigger| Trigger::of(trigger, also));
        narrowed(system, loads, cells, &trigger, watch)
    };
    in_order(cells, watch.jobs(), &of_trigger).into_iter().collect()
}

/// Cuts the gap between the last load at which all was well and the next one in half, again and
/// again.
fn narrowed(
    system: &StressedSystem,
    loads: &[Level],
    cells: &[Cell],
    trigger: &Trigger,
    watch: &dyn Watch,
) -> Result<Boundary, Interrupted> {
    let first_bad = cells.iter().position(|cell| !cell.always_heals());
    let number = |place: usize| loads[place].number;
    let (Some(bad), Values::Range(range)) = (first_bad, &system.plan().load.values) else {
        return Ok(Boundary { last_good: loads.last().map(|load| load.number), first_bad: None });
    };
    let Some(good) = bad.checked_sub(1) else {
        return Ok(Boundary { last_good: None, first_bad: Some(number(bad)) });
    };
    let (mut good, mut bad) = (number(good), number(bad));
    for _ in 0..HALVINGS {
        let middle = range.level(f64::midpoint(good, bad));
        if middle.number <= good || middle.number >= bad {
            break;
        }
        if system.cell(&middle, trigger, watch)?.always_heals() {
            good = middle.number;
        } else {
            bad = middle.number;
        }
    }
    Ok(Boundary { last_good: Some(good), first_bad: Some(bad) })
}

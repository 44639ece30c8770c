//! Between which loads a system ceases to heal.

use std::ops::ControlFlow;

use sim_models::study::{Level, Values};

use super::classify::Cell;
use super::system::{Tried, Trigger};
use crate::parallel::in_order;

/// A gap between two loads is cut in half so often.
const HALVINGS: u32 = 5;

/// Where a system ceases to be well at the end of every replication.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Boundary {
    /// The largest load below which, and at which, it always is; `None` if it never is.
    pub last_good: Option<f64>,
    /// The least load at which it is not; `None` if it is at all that were tried.
    pub first_bad: Option<f64>,
}

/// The boundary for each trigger, or without one if there are none. `cells` holds, for each, what
/// happens at each load.
pub(super) fn of_each(
    tried: &Tried,
    loads: &[Level],
    triggers: &[Level],
    also: Option<&Level>,
    cells: &[Vec<Cell>],
    jobs: usize,
    look: &(dyn Fn() -> ControlFlow<()> + Sync),
) -> Option<Vec<Boundary>> {
    let of_trigger = |place: usize, cells: &Vec<Cell>| {
        let trigger =
            triggers.get(place).map_or(Trigger::None, |trigger| Trigger::of(trigger, also));
        narrowed(tried, loads, cells, &trigger, look)
    };
    in_order(cells, jobs, &of_trigger).into_iter().collect()
}

fn narrowed(
    tried: &Tried,
    loads: &[Level],
    cells: &[Cell],
    trigger: &Trigger,
    look: &(dyn Fn() -> ControlFlow<()> + Sync),
) -> Option<Boundary> {
    let first_bad = cells.iter().position(|cell| !cell.always_heals());
    let number = |place: usize| loads[place].number;
    let (Some(bad), Values::Range(range)) = (first_bad, &tried.plan().load.values) else {
        return Some(Boundary { last_good: loads.last().map(|load| load.number), first_bad: None });
    };
    let Some(good) = bad.checked_sub(1) else {
        return Some(Boundary { last_good: None, first_bad: Some(number(bad)) });
    };
    let (mut good, mut bad) = (number(good), number(bad));
    for _ in 0..HALVINGS {
        let middle = range.level(f64::midpoint(good, bad));
        if middle.number <= good || middle.number >= bad {
            break;
        }
        if tried.cell(&middle, trigger, look)?.always_heals() {
            good = middle.number;
        } else {
            bad = middle.number;
        }
    }
    Some(Boundary { last_good: Some(good), first_bad: Some(bad) })
}

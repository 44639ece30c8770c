//! The loads between which a system ceases to heal.

use sim_models::study::{Level, Values};

use super::classify::Cell;
use super::system::{StressedSystem, Trigger};
use crate::parallel::in_order;
use crate::watch::{Interrupted, Watch};

/// The number of times that a gap between two loads is cut in half.
const HALVINGS: u32 = 5;

/// The load up to which a system is well at the end of every replication, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Boundary {
    /// It lies between two loads: at this one and at all loads below it that were tried the system
    /// always heals, at the other one it does not.
    Between {
        /// The largest load up to which it always heals.
        heals: f64,
        /// The least load at which it does not.
        fails: f64,
    },
    /// The system always heals at every load that was tried; this is the last, usually the end of the range.
    AtLeast(f64),
    /// The system does not always heal at this load, the first that was tried, usually the beginning of
    /// the range.
    AtMost(f64),
    /// There was no run.
    Unknown,
}

impl Boundary {
    /// The boundary that cells show, one for each of `loads`. Cells without runs show nothing.
    pub fn of_cells(loads: &[Level], cells: &[Cell]) -> Self {
        let mut known = loads.iter().zip(cells).filter(|(_, cell)| !cell.runs.is_empty());
        let mut heals = None;
        let fails = known.find_map(|(load, cell)| {
            if cell.always_heals() {
                heals = Some(load.number);
                return None;
            }
            Some(load.number)
        });
        match (heals, fails) {
            (Some(heals), Some(fails)) => Self::Between { heals, fails },
            (Some(heals), None) => Self::AtLeast(heals),
            (None, Some(fails)) => Self::AtMost(fails),
            (None, None) => Self::Unknown,
        }
    }

    /// The largest load up to which the system always heals; `None` if there is none.
    pub fn heals(self) -> Option<f64> {
        match self {
            Self::Between { heals, .. } | Self::AtLeast(heals) => Some(heals),
            Self::AtMost(_) | Self::Unknown => None,
        }
    }

    /// The least load at which the system does not always heal; `None` if there is none.
    pub fn fails(self) -> Option<f64> {
        match self {
            Self::Between { fails, .. } | Self::AtMost(fails) => Some(fails),
            Self::AtLeast(_) | Self::Unknown => None,
        }
    }

    /// The load that stands for the boundary when boundaries are compared: the largest that heals, or
    /// where the range began; `None` if nothing is known.
    pub fn load(self) -> Option<f64> {
        match self {
            Self::Between { heals: load, .. } | Self::AtLeast(load) | Self::AtMost(load) => {
                Some(load)
            }
            Self::Unknown => None,
        }
    }
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
        narrowed(system, Boundary::of_cells(loads, cells), &trigger, watch)
    };
    in_order(cells, watch.jobs(), &of_trigger).into_iter().collect()
}

/// Cuts the gap between the last load at which all was well and the next one in half, again and
/// again.
fn narrowed(
    system: &StressedSystem,
    boundary: Boundary,
    trigger: &Trigger,
    watch: &dyn Watch,
) -> Result<Boundary, Interrupted> {
    let Boundary::Between { heals, fails } = boundary else { return Ok(boundary) };
    let finest = (fails - heals) / f64::from(1 << HALVINGS);
    let heals_at = |load: &Level| system.heals(load, trigger, None, watch);
    halved(system, (heals, fails), finest, &heals_at)
}

/// Cuts the gap between a load at which all is well and one at which it is not in half, as often as it
/// takes to come down to `finest`, or until a load cannot be tried.
pub(super) fn halved(
    system: &StressedSystem,
    (mut heals, mut fails): (f64, f64),
    finest: f64,
    heals_at: &dyn Fn(&Level) -> Result<Option<bool>, Interrupted>,
) -> Result<Boundary, Interrupted> {
    let Values::Range(range) = &system.plan().load.values else {
        return Ok(Boundary::Between { heals, fails });
    };
    // A hair less, so that rounding does not cost another one.
    let halvings = libm::ceil(libm::log2((fails - heals) / finest) - 1e-9) as u32;
    for _ in 0..halvings {
        let middle = range.level(f64::midpoint(heals, fails));
        if middle.number <= heals || middle.number >= fails {
            break;
        }
        match heals_at(&middle)? {
            Some(true) => heals = middle.number,
            Some(false) => fails = middle.number,
            None => break,
        }
    }
    Ok(Boundary::Between { heals, fails })
}

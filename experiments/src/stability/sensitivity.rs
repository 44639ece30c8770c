//! The settings that move the boundary most.

use sim_models::scenario::SingleChange;
use sim_models::study::{Level, Values};

use super::boundary::{Boundary, halved};
use super::map::Stability;
use super::system::{StressedSystem, Trigger};
use crate::parallel::in_order;
use crate::watch::{Interrupted, Watch};

/// The part of the range of loads down to which a boundary is found if the map shows none.
const FINEST: f64 = 1.0 / 256.0;

/// The boundary of one trigger after each single change of the settings of guards, pools and queues.
#[derive(Clone, Debug, PartialEq)]
pub struct Sensitivity {
    /// The trigger: the one whose boundary is the least of the map.
    pub trigger: Level,
    /// The value of its second setting, if it has one.
    pub also: Option<Level>,
    /// Its boundary with all settings as they are.
    pub now: Boundary,
    /// The changes that the file's check accepts, those that move the boundary most first.
    pub changes: Vec<Moved>,
}

/// A change of a setting and the boundary after it.
#[derive(Clone, Debug, PartialEq)]
pub struct Moved {
    /// The change.
    pub change: SingleChange,
    /// The boundary after it.
    pub then: Boundary,
    /// The difference from the boundary before; the least that it can be if one of both lies outside
    /// the range.
    pub by: f64,
}

/// Finds out how far each single change moves the boundary of the worst trigger of a map, with the
/// random numbers of the map. `None` if there is no boundary to move. The result does not depend on
/// the number of threads.
///
/// # Errors
/// [`Interrupted`] if `watch` interrupts it.
pub fn sensitivity(
    system: &StressedSystem,
    stability: &Stability,
    watch: &dyn Watch,
) -> Result<Option<Sensitivity>, Interrupted> {
    let Some((now, trigger, also)) = stability.worst_trigger() else { return Ok(None) };
    let (Some(first), Some(last)) = (stability.loads.first(), stability.loads.last()) else {
        return Ok(None);
    };
    let search = Search { system, ends: (first, last), now, trigger: Trigger::of(trigger, also) };
    let changes = system.single_changes();
    watch.begin("changing one setting at a time", Some(changes.len() as u64));
    let boundaries = in_order(&changes, watch.jobs(), &|_, change: &SingleChange| {
        let boundary = search.boundary_with(change, watch);
        watch.advance(1);
        boundary
    });
    let boundaries = boundaries.into_iter().collect::<Result<Vec<_>, _>>()?;
    let moved = |(change, then): (SingleChange, Option<Boundary>)| {
        let then = then?;
        Some(Moved { change, then, by: then.load()? - now.load()? })
    };
    let mut changes: Vec<Moved> = changes.into_iter().zip(boundaries).filter_map(moved).collect();
    // A stable sort: what moves the boundary as far stays in the order of the file.
    changes.sort_by(|one, other| other.by.abs().total_cmp(&one.by.abs()));
    Ok(Some(Sensitivity { trigger: trigger.clone(), also: also.cloned(), now, changes }))
}

/// The search for the boundary after a change.
struct Search<'a> {
    system: &'a StressedSystem,
    /// The first and the last load.
    ends: (&'a Level, &'a Level),
    /// The boundary before.
    now: Boundary,
    trigger: Trigger,
}

impl Search<'_> {
    /// The boundary after a change; `None` if the change is refused.
    ///
    /// Most changes leave the boundary where it is, so its two loads are tried first.
    fn boundary_with(
        &self,
        change: &SingleChange,
        watch: &dyn Watch,
    ) -> Result<Option<Boundary>, Interrupted> {
        let (first, last) = self.ends;
        let heals = |load: &Level| self.system.heals(load, &self.trigger, Some(change), watch);
        let (below, above) = match self.now {
            Boundary::Between { heals, fails } => (self.level(heals), self.level(fails)),
            _ => (first.clone(), last.clone()),
        };
        let Some(is_well) = heals(&below)? else { return Ok(None) };
        let (good, bad) = if is_well {
            match heals(&above)? {
                None => return Ok(None),
                Some(false) => (below, above),
                Some(true) if above.number < last.number && heals(last)? == Some(false) => {
                    (above, last.clone())
                }
                Some(true) => return Ok(Some(Boundary::AtLeast(last.number))),
            }
        } else if below.number > first.number && heals(first)? == Some(true) {
            (first.clone(), below)
        } else {
            return Ok(Some(Boundary::AtMost(first.number)));
        };
        let gap = (good.number, bad.number);
        halved(self.system, gap, self.finest(), &heals).map(Some)
    }

    fn level(&self, load: f64) -> Level {
        match &self.system.plan().load.values {
            Values::Range(range) => range.level(load),
            Values::Listed(_) => self.ends.0.clone(),
        }
    }

    /// The gap down to which the boundary is found: that of the map.
    fn finest(&self) -> f64 {
        match self.now {
            Boundary::Between { heals, fails } => fails - heals,
            _ => (self.ends.1.number - self.ends.0.number) * FINEST,
        }
    }
}

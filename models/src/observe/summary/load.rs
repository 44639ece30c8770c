//! The load of pools while they were full, against what they can do.

use std::ops::Range;

use indexmap::IndexSet;
use schemars::JsonSchema;
use serde::Serialize;
use sim_core::SimTime;

use crate::observe::Recorder;
use crate::observe::load::{Load, Loads, groups};
use crate::resources::Episode;
use crate::system::{Id, Ids, System, of};

/// The length of the time that is told, in intervals.
const WINDOW: usize = 10;
/// The least of it: rates over less are noise.
const SHORTEST: usize = 5;
/// The number of slots that are granted in it: less says little, and slots that are held for long are granted in bursts.
const ENOUGH: f64 = 30.0;

/// The demand for the slots of a pool at its worst while all of them were in use, of several of its owner together: over ten
/// intervals of the series (five at least, if it was not full for as long), or over as many as it takes to grant thirty slots; over all
/// of them if that was never. Rates are per second.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct LoadSummary {
    /// A station, host or edge.
    pub owner: String,
    /// The kind of its slots.
    pub kind: &'static str,
    /// The beginning of that time, in seconds.
    pub from: f64,
    /// Its end.
    pub to: f64,
    /// The rate at which slots were asked for.
    pub asked: f64,
    /// The rate at which slots could be granted: that at which they were, divided by the utilization (the
    /// utilization law; Denning and Buzen, "The Operational Analysis of Queueing Network Models", 1978).
    pub possible: f64,
}

impl LoadSummary {
    /// The ratio of what was asked for to what is possible; infinite if nothing is.
    pub fn overload(&self) -> f64 {
        self.asked / self.possible
    }
}

/// The loads of all pools that were full for some intervals in a row.
pub(super) fn loads(system: &System, now: SimTime) -> Vec<LoadSummary> {
    groups(system.blueprint()).into_iter().filter_map(|group| worst(system, group, now)).collect()
}

/// The load of some pools at its worst; of equal ones, the first.
fn worst(system: &System, group: Ids<of::Pool>, now: SimTime) -> Option<LoadSummary> {
    let (blueprint, recorder) = (system.blueprint(), system.recorder());
    let saturation = |pool: Id<of::Pool>| system.pools()[pool].saturation().finish(now);
    let full: IndexSet<Range<usize>> =
        group.iter().flat_map(saturation).map(|span| inside(span, recorder)).collect();
    let all = full.iter().map(|span| span.start).min()?..full.iter().map(|span| span.end).max()?;
    let loads = Loads::of(blueprint, recorder, group, all)?;
    let mut worst: Option<(Range<usize>, Load)> = None;
    for window in full.iter().flat_map(|span| windows(span, &loads)) {
        let Some(load) = loads.over(&window) else { continue };
        if worst.as_ref().is_none_or(|(_, other)| load.cmp_overload(other).is_gt()) {
            worst = Some((window, load));
        }
    }
    let (window, load) = worst?;
    let plan = &blueprint.pools[group.nth(0)];
    Some(LoadSummary {
        owner: plan.owner.clone(),
        kind: plan.kind.name(),
        from: recorder.beginning_of(window.start).as_secs_f64(),
        to: recorder.beginning_of(window.end).as_secs_f64(),
        asked: load.asked,
        possible: load.possible,
    })
}

/// The intervals that lie wholly inside a span.
fn inside(span: Episode, recorder: &Recorder) -> Range<usize> {
    let end = span.end.unwrap_or_else(|| recorder.sampled_until());
    recorder.intervals_between(span.begin, end.max(span.begin))
}

/// The windows of a span in which enough slots were granted to know a rate; the whole span if there are none.
fn windows(span: &Range<usize>, loads: &Loads) -> Vec<Range<usize>> {
    let is_known = |window: &Range<usize>| loads.granted(window) >= ENOUGH;
    let known: Vec<_> = windows_of(span).filter(is_known).collect();
    if known.is_empty() && span.len() >= SHORTEST { vec![span.clone()] } else { known }
}

/// The windows of a span: of ten intervals, of twice as many and so on. Each begins half a window after the one before; the
/// last ends with the span.
fn windows_of(span: &Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let (begin, end, most) = (span.start, span.end, span.len());
    let shortest = if most >= SHORTEST { WINDOW.min(most) } else { usize::MAX };
    let lengths = std::iter::successors(Some(shortest), |length| length.checked_mul(2));
    lengths.take_while(move |length| *length <= most).flat_map(move |length| {
        let last = end - length;
        let begins = (begin..last).step_by(length.div_ceil(2)).chain([last]);
        begins.map(move |begin| begin..begin + length)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_cover_all_intervals() {
        let of = |span| format!("{:?}", windows_of(&span).collect::<Vec<_>>());
        assert_eq!(of(3..3), "[]");
        assert_eq!(of(3..7), "[]", "too short");
        assert_eq!(of(3..8), "[3..8]");
        assert_eq!(of(0..10), "[0..10]");
        assert_eq!(of(0..17), "[0..10, 5..15, 7..17]");
        assert_eq!(of(0..20), "[0..10, 5..15, 10..20, 0..20]");
    }
}

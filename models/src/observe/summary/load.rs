//! The load of pools while they were full, against what they can do.

use std::ops::Range;

use schemars::JsonSchema;
use serde::Serialize;
use sim_core::SimTime;

use crate::observe::Recorder;
use crate::observe::load::{Load, groups};
use crate::resources::Episode;
use crate::system::{Ids, System, of};

/// The length of the time that is told, in intervals.
const WINDOW: usize = 10;

/// The demand for the slots of a pool at its worst while all of them were in use, of several of its owner together: over ten
/// intervals of the series, or fewer if it was not full for as long. Rates are per second.
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
    /// The ratio of what was asked for to what is possible.
    pub fn overload(&self) -> f64 {
        self.asked / self.possible
    }
}

/// The loads of all pools that were full for an interval or more.
pub(super) fn loads(system: &System, now: SimTime) -> Vec<LoadSummary> {
    groups(system.blueprint()).into_iter().filter_map(|group| worst(system, group, now)).collect()
}

/// The load of some pools at its worst; of equal ones, the first.
fn worst(system: &System, group: Ids<of::Pool>, now: SimTime) -> Option<LoadSummary> {
    let (blueprint, recorder) = (system.blueprint(), system.recorder());
    let full = group.iter().flat_map(|pool| system.pools()[pool].saturation().finish(now));
    let mut worst: Option<(Range<usize>, Load)> = None;
    for window in full.flat_map(|span| windows(inside(span, recorder))) {
        let Some(load) = Load::of(blueprint, recorder, group, window.clone()) else {
            continue;
        };
        if worst.as_ref().is_none_or(|(_, other)| load.overload() > other.overload()) {
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

/// The windows of some intervals, each beginning half a window after the one before; the last ends with them.
fn windows(intervals: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let length = intervals.len().min(WINDOW);
    let last = intervals.end - length;
    let begins = (intervals.start..last).step_by(WINDOW / 2);
    let last = (length > 0).then_some(last);
    begins.chain(last).map(move |begin| begin..begin + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_cover_all_intervals() {
        let of = |intervals| format!("{:?}", windows(intervals).collect::<Vec<_>>());
        assert_eq!(of(3..3), "[]");
        assert_eq!(of(3..5), "[3..5]");
        assert_eq!(of(0..10), "[0..10]");
        assert_eq!(of(0..17), "[0..10, 5..15, 7..17]");
    }
}

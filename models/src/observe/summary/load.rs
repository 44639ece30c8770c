//! The load of pools while they were full, against what they can do.

use std::cmp::Ordering;
use std::ops::Range;

use schemars::JsonSchema;
use serde::Serialize;
use sim_core::SimTime;

use crate::observe::Recorder;
use crate::observe::load::{Loads, groups};
use crate::resources::Episode;
use crate::system::{Id, Ids, System, of};

/// The length of the time that is told, in intervals.
const WINDOW: usize = 10;
/// The least of it: rates over less are noise.
const SHORTEST: usize = 5;
/// The number of slots that are granted in it, or asked for in vain: less says little, and slots that are held for long are granted in bursts.
const ENOUGH: f64 = 30.0;
/// Nothing is possible while no slot is granted for this many times as long as one is held on average.
const STUCK: f64 = 3.0;

/// The demand for the slots of a pool at its worst while all of them were in use, of several of its owner those that were full: over ten
/// intervals of the series (five at least, if they were not full for as long), or over as many as it takes to grant thirty slots; over all
/// of them if that was never; or over the longest time in which thirty were asked for and none was granted, if it is as long as ten
/// intervals and three times as long as a slot is held on average. Rates are per second.
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
    /// The number of pools that were full, on average.
    pub full: f64,
    /// The number of pools that were there.
    pub pools: u32,
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

/// The load of some pools at its worst; of equal ones, the first, and of those of which nothing is possible, the longest.
fn worst(system: &System, group: Ids<of::Pool>, now: SimTime) -> Option<LoadSummary> {
    let (blueprint, recorder) = (system.blueprint(), system.recorder());
    let arrivals_end = SimTime::ZERO + blueprint.run.duration;
    let full_intervals = |pool: Id<of::Pool>| {
        let spans = system.pools()[pool].saturation().finish(now);
        spans.into_iter().map(move |span| (pool, inside(span, arrivals_end, recorder)))
    };
    let full: Vec<_> =
        group.iter().flat_map(full_intervals).filter(|(_, span)| !span.is_empty()).collect();
    let begin = full.iter().map(|(_, span)| span.start).min()?;
    let all = begin..full.iter().map(|(_, span)| span.end).max()?;
    let loads = Loads::of(blueprint, recorder, &all, full);
    let held = mean_holding(system, group);
    let spans = stretches(all, |at| loads.between(&(at..at + 1)).pools > 0.0);
    let windows = spans.into_iter().flat_map(|span| {
        let stuck = stuck(span.clone(), &loads, held);
        windows(span, &loads).into_iter().chain(stuck)
    });
    let (window, load) = windows
        .filter_map(|window| loads.over(&window).map(|load| (window, load)))
        .max_by(|(one, load), (other, other_load)| {
            let by_length = || one.len().cmp(&other.len());
            let by_overload = match load.overload().total_cmp(&other_load.overload()) {
                Ordering::Equal if load.possible == 0.0 => by_length(),
                unequal => unequal,
            };
            by_overload.then(other.start.cmp(&one.start))
        })?;
    let plan = &blueprint.pools[group.nth(0)];
    Some(LoadSummary {
        owner: plan.owner.clone(),
        kind: plan.kind.name(),
        from: recorder.beginning_of(window.start).as_secs_f64(),
        to: recorder.beginning_of(window.end).as_secs_f64(),
        full: load.pools,
        pools: group.iter().filter(|pool| is_there(system, *pool, &window)).count() as u32,
        asked: load.asked,
        possible: load.possible,
    })
}

fn is_there(system: &System, pool: Id<of::Pool>, window: &Range<usize>) -> bool {
    let capacity = system.blueprint().pools[pool].capacity;
    system.recorder().pools()[pool].there(capacity, window.clone()) > 0.0
}

/// The intervals that lie wholly inside a span, up to an end.
fn inside(span: Episode, end: SimTime, recorder: &Recorder) -> Range<usize> {
    recorder.intervals_between(span.begin, span.end.unwrap_or(end).min(end).max(span.begin))
}

/// The time for which a slot of some pools is held in a run, in intervals.
fn mean_holding(system: &System, group: Ids<of::Pool>) -> f64 {
    let (blueprint, recorder) = (system.blueprint(), system.recorder());
    let all = 0..recorder.intervals();
    let whole = group.iter().map(|pool| (pool, all.clone()));
    let sums = Loads::of(blueprint, recorder, &all, whole).between(&all);
    sums.busy / sums.granted
}

/// The stretches of neighbouring intervals of which something holds.
fn stretches(intervals: Range<usize>, holds: impl Fn(usize) -> bool) -> Vec<Range<usize>> {
    let mut stretches: Vec<Range<usize>> = Vec::new();
    for at in intervals.filter(|at| holds(*at)) {
        match stretches.last_mut().filter(|last| last.end == at) {
            Some(last) => last.end += 1,
            None => stretches.push(at..at + 1),
        }
    }
    stretches
}

/// The stretches of a span in which many ask for a slot and none is granted, for long against the time that one is held.
fn stuck(span: Range<usize>, loads: &Loads, held: f64) -> impl Iterator<Item = Range<usize>> {
    let grants_nothing = |at| loads.between(&(at..at + 1)).granted == 0.0;
    let is_told = move |stretch: &Range<usize>| {
        let is_long = stretch.len() >= WINDOW && stretch.len() as f64 >= STUCK * held;
        is_long && loads.between(stretch).asked >= ENOUGH
    };
    stretches(span, grants_nothing).into_iter().filter(is_told)
}

/// The windows of a span in which enough slots were granted to know a rate; the whole span if there are none.
fn windows(span: Range<usize>, loads: &Loads) -> Vec<Range<usize>> {
    let is_known = |window: &Range<usize>| loads.between(window).granted >= ENOUGH;
    let known: Vec<_> = windows_of(&span).filter(is_known).collect();
    if known.is_empty() && span.len() >= SHORTEST { vec![span] } else { known }
}

/// The windows of a span: all of ten intervals, then those of twice as many and so on, each of which begins half a window after
/// the one before; the last ends with the span.
fn windows_of(span: &Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let (begin, end, most) = (span.start, span.end, span.len());
    let shortest = if most >= SHORTEST { WINDOW.min(most) } else { usize::MAX };
    let lengths = std::iter::successors(Some(shortest), |length| length.checked_mul(2));
    lengths.take_while(move |length| *length <= most).flat_map(move |length| {
        let last = end - length;
        let step = if length == shortest { 1 } else { length.div_ceil(2) };
        let begins = (begin..last).step_by(step).chain([last]);
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
        assert_eq!(of(0..12), "[0..10, 1..11, 2..12]");
        assert_eq!(of(0..50).matches("..").count(), 41 + 4 + 2, "{}", of(0..50));
    }
}

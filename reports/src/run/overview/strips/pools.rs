//! The slots in use of each pool.

use std::ops::Range;

use sim_core::SimTime;
use sim_experiments::Finished;
use sim_models::resources::Episode;
use sim_models::system::{Id, UNLIMITED, of};

use super::row::{Bar, Look, Row, columns};
use super::{Choice, Strips, Words, remarks};
use crate::plot::{Swatch, colour};
use crate::run::overview::time_axis::TimeAxis;
use crate::units::number_of;

/// More pools than this are too many to read; the busiest are shown.
const MOST: usize = 16;
/// A pool is idle if never as much as this share of its slots is in use.
const IDLE: f64 = 0.05;
const WORDS: Words =
    Words { thing: "pool", others: "that were no busier", idle: "below 5% throughout" };
/// The narrowest bar of a pool that is full.
const LEAST: i32 = 2;

/// The share of slots in use, and the times at which all were for a second or more.
pub(super) fn strips(finished: &Finished, time: &TimeAxis) -> Strips {
    let limited: Vec<_> = limited(finished).collect();
    let labels = labels(finished);
    let shares: Vec<Vec<f64>> = limited.iter().map(|pool| shares(finished, *pool, time)).collect();
    let full: Vec<Vec<Episode>> = limited
        .iter()
        .map(|pool| finished.system.pools()[*pool].saturation().finish(finished.now))
        .collect();
    let choice = Choice::of(limited.len(), MOST, |place| {
        let peak = shares[place].iter().copied().fold(0.0, f64::max);
        let peak = if full[place].is_empty() { peak } else { 1.0 };
        (peak >= IDLE).then_some(peak)
    });
    let row = |place: &usize| Row {
        label: labels[*place].clone(),
        bars: bars(time, &shares[*place], &full[*place]),
    };
    Strips {
        title: "Slots in use",
        legend: &[
            ("share in use: height", Swatch::Half(colour::BUSY)),
            ("all in use: full height, dark edge", Swatch::Capped(colour::FULL)),
        ],
        rows: choice.drawn.iter().map(row).collect(),
        remarks: remarks(&choice, &WORDS, &labels),
    }
}

/// The pools that have a limit.
fn limited(finished: &Finished) -> impl Iterator<Item = Id<of::Pool>> {
    let plans = &finished.system.blueprint().pools;
    plans.ids().filter(|pool| plans[*pool].capacity != UNLIMITED)
}

/// The labels of the pools that have a limit.
pub(super) fn labels(finished: &Finished) -> Vec<String> {
    let label = |pool: Id<of::Pool>| {
        let plan = &finished.system.blueprint().pools[pool];
        let slots = plan.kind.name();
        let slots = number_of(u64::from(plan.capacity), slots.strip_suffix('s').unwrap_or(slots));
        format!("{}: {slots}", plan.label())
    };
    limited(finished).map(label).collect()
}

/// The share of slots in use in each column.
fn shares(finished: &Finished, pool: Id<of::Pool>, time: &TimeAxis) -> Vec<f64> {
    let capacity = finished.system.blueprint().pools[pool].capacity;
    let series = &finished.system.recorder().pools()[pool];
    let share = |column: &Range<usize>| series.utilization(capacity, column.clone());
    time.columns.iter().map(share).collect()
}

fn bars(time: &TimeAxis, shares: &[f64], full: &[Episode]) -> Vec<Bar> {
    const ALMOST_ALL: f64 = 0.995;
    let all_in_use = Look::new(1.0, colour::FULL).capped();
    let look = |share: &f64| match *share {
        share if share >= ALMOST_ALL => all_in_use,
        share => Look::new(share, colour::BUSY),
    };
    let mut bars = columns(time, shares.iter().map(look));
    bars.extend(full.iter().map(|episode| {
        let left = time.pixel(episode.begin.as_secs_f64());
        let end = episode.end.map_or(time.end, SimTime::as_secs_f64);
        Bar { left, right: time.pixel(end).max(left + LEAST), look: all_in_use }
    }));
    bars
}

//! Workloads whose availability falls, and outages.

use std::ops::Range;

use sim_core::SimTime;

use super::spells::{CALM, Instants, Spell, Spells};
use super::{Change, Moment};
use crate::observe::{Recorder, WorkloadRecord, WorkloadSeries};
use crate::system::{Blueprint, WorkloadPlan};

/// The availability counts as fallen when this many requests have failed.
const LEAST_FAILURES: u64 = 3;

/// An outage counts when nothing has succeeded for this many intervals in a row.
const OUTAGE_AFTER: usize = 3;

/// The spells in which the availability of a workload is below its level, and those in which nothing
/// succeeds.
///
/// They are known of whole intervals. Their moments are those of the first failure or the first answer in one, or of a
/// fault that begins or ends inside it, so that no effect stands before its cause.
pub(super) fn availability_moments(blueprint: &Blueprint, instants: &Instants<'_>) -> Vec<Moment> {
    let level = blueprint.run.availability_level;
    let workloads = blueprint.workloads.iter().zip(instants.recorder.workloads());
    let arrivals_end = SimTime::ZERO + blueprint.run.duration;
    let moments_of = |(plan, record): (&WorkloadPlan, &WorkloadRecord)| {
        let falls = falls(&plan.name, level, record, instants, arrivals_end);
        [falls, outages(&plan.name, record, instants)].concat()
    };
    workloads.flat_map(moments_of).collect()
}

/// The intervals of a run without an answer that are a standstill of a workload: twice as many as half of its answers
/// take. What takes four seconds is often under way when nothing ends for three.
fn standstill(record: &WorkloadRecord, recorder: &Recorder) -> usize {
    let width = recorder.sample_width().as_nanos();
    record.latency.quantile(0.5).saturating_mul(2).div_ceil(width) as usize
}

/// The spells in which the availability of a workload is below a level, if more than a few requests fail in
/// them or nothing is answered.
pub(super) fn availability_spells(
    record: &WorkloadRecord,
    level: f64,
    recorder: &Recorder,
) -> Vec<Spell> {
    let (series, standstill) = (&record.series, standstill(record, recorder));
    let spells = Spells { shortest: 1, calm: CALM };
    let is_below = |at| Some(series.availability_with(at, standstill)? < level);
    let mut spells = spells.of(series.offered.len(), is_below);
    spells.retain(|spell| {
        let failed = series.failed_in(intervals(*spell, series));
        failed >= LEAST_FAILURES || series.ended(spell.begin) == 0
    });
    spells
}

/// The share of the requests that ended well in the intervals of a spell that are below a level; `None` if none ended in them.
fn share_below(spell: Spell, level: f64, series: &WorkloadSeries) -> Option<f64> {
    let is_below = |at: &usize| series.availability(*at).is_some_and(|share| share < level);
    let below = || intervals(spell, series).filter(is_below);
    let ended: u64 = below().map(|at| u64::from(series.ended(at))).sum();
    let good: u64 = below().map(|at| u64::from(series.good(at))).sum();
    (ended > 0).then(|| good as f64 / ended as f64)
}

fn intervals(spell: Spell, series: &WorkloadSeries) -> Range<usize> {
    spell.begin..spell.end.unwrap_or(series.offered.len())
}

/// The instant at which a spell begins: that of the first failure, or of the silence before it.
fn begin_of(spell: Spell, series: &WorkloadSeries, instants: &Instants<'_>) -> SimTime {
    let is_silent = |interval: &usize| series.is_silent(*interval);
    match (0..spell.begin).rev().take_while(is_silent).last() {
        Some(silent) => instants.worse_in(silent, SimTime::ZERO),
        None => instants.worse_in(spell.begin, series.ends[spell.begin].first_bad),
    }
}

/// The same of an outage, which may begin with the last failures of the interval before.
fn begin_of_outage(spell: Spell, series: &WorkloadSeries, instants: &Instants<'_>) -> SimTime {
    let before = spell.begin.checked_sub(1).map(|before| series.ends[before].all_bad_from);
    before.filter(|at| *at > SimTime::ZERO).unwrap_or_else(|| begin_of(spell, series, instants))
}

/// The instant at which a spell is over: that of the first answer.
fn end_of(spell: Spell, series: &WorkloadSeries, instants: &Instants<'_>) -> Option<SimTime> {
    spell.end.map(|end| instants.better_in(end, series.ends[end].first_good))
}

/// The time before the end of arrivals from which on no request is under way.
fn asks_no_more(
    series: &WorkloadSeries,
    recorder: &Recorder,
    arrivals_end: SimTime,
) -> Option<SimTime> {
    let is_idle = |at: &usize| series.offered[*at] == 0 && series.in_flight[*at] == 0;
    let idle = (0..series.offered.len()).rev().take_while(is_idle).last()?;
    Some(recorder.beginning_of(idle)).filter(|at| *at < arrivals_end)
}

fn falls(
    name: &str,
    level: f64,
    record: &WorkloadRecord,
    instants: &Instants<'_>,
    arrivals_end: SimTime,
) -> Vec<Moment> {
    let series = &record.series;
    let mut moments = Vec::new();
    for spell in availability_spells(record, level, instants.recorder) {
        let begin = begin_of(spell, series, instants);
        let to = share_below(spell, level, series);
        let workload = name.to_owned();
        let change = Change::AvailabilityFalls { workload: workload.clone(), level, to };
        moments.push(Moment { at: begin, change });
        if let Some(end) = end_of(spell, series, instants) {
            let change = Change::AvailabilityRegained { workload, level, after: end.since(begin) };
            moments.push(Moment { at: end, change });
        } else if let Some(end) = asks_no_more(series, instants.recorder, arrivals_end) {
            let change = Change::AsksNoMore { workload, level, after: end.since(begin) };
            moments.push(Moment { at: end, change });
        }
    }
    moments
}

fn outages(name: &str, record: &WorkloadRecord, instants: &Instants<'_>) -> Vec<Moment> {
    let (series, standstill) = (&record.series, standstill(record, instants.recorder));
    let mut moments = Vec::new();
    let is_out = |at| Some(series.availability_with(at, standstill)? == 0.0);
    let spells = Spells { shortest: OUTAGE_AFTER, calm: 1 };
    for spell in spells.of(series.offered.len(), is_out) {
        let begin = begin_of_outage(spell, series, instants);
        let workload = name.to_owned();
        let change = Change::OutageBegins { workload: workload.clone() };
        moments.push(Moment { at: begin, change });
        if let Some(end) = end_of(spell, series, instants) {
            let change = Change::OutageEnds { workload, after: end.since(begin) };
            moments.push(Moment { at: end, change });
        }
    }
    moments
}

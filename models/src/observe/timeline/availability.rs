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
/// They are known of whole intervals. Their moments are those of the first failure or the first answer in one, or of the
/// last end before a silence.
pub(super) fn availability_moments(blueprint: &Blueprint, instants: &Instants<'_>) -> Vec<Moment> {
    let level = blueprint.run.availability_level;
    let workloads = blueprint.workloads.iter().zip(instants.recorder.workloads());
    let moments_of = |(plan, record): (&WorkloadPlan, &WorkloadRecord)| {
        let falls = falls(&plan.name, level, record, instants);
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

/// The availability in each interval. After arrivals end, that nothing is answered says little: few requests are left.
fn availability(record: &WorkloadRecord, instants: &Instants<'_>) -> impl Fn(usize) -> Option<f64> {
    let (series, standstill) = (&record.series, standstill(record, instants.recorder));
    let is_over = |at| instants.recorder.beginning_of(at) >= instants.arrivals_end;
    move |at| {
        let says_little = series.ended(at) == 0 && is_over(at);
        series.availability_with(at, standstill).filter(|_| !says_little)
    }
}

/// The spells in which the availability of a workload is below a level, if more than a few requests fail in
/// them or nothing is answered.
pub(super) fn availability_spells(
    record: &WorkloadRecord,
    level: f64,
    instants: &Instants<'_>,
) -> Vec<Spell> {
    let series = &record.series;
    let spells = Spells { shortest: 1, calm: CALM };
    let availability = availability(record, instants);
    let mut spells = spells.of(series.offered.len(), |at| Some(availability(at)? < level));
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
    match silence_before(spell, series) {
        Some(silent) => silence_begins(silent, series, instants),
        None => series.ends[spell.begin].first_bad,
    }
}

/// The first of the intervals of silence in which a spell begins, or that lead to it.
fn silence_before(spell: Spell, series: &WorkloadSeries) -> Option<usize> {
    let is_silent = |interval: &usize| series.is_silent(*interval);
    let before = (0..spell.begin).rev().take_while(is_silent).last();
    before.or_else(|| Some(spell.begin).filter(is_silent))
}

/// The instant from which on nothing ends, given the first interval in which nothing does: that of the last end, or of a
/// fault that begins within an interval after it.
fn silence_begins(silent: usize, series: &WorkloadSeries, instants: &Instants<'_>) -> SimTime {
    let (begin, width) = (instants.recorder.beginning_of(silent), instants.recorder.sample_width());
    let last_end = silent.checked_sub(1).map_or(SimTime::ZERO, |before| series.ends[before].last);
    let last_end = if last_end == SimTime::ZERO { begin } else { last_end };
    let faults =
        instants.faults.iter().filter(|it| matches!(it.change, Change::FaultBegins { .. }));
    let follows = |at: &SimTime| last_end < *at && *at <= last_end + width;
    faults.map(|fault| fault.at).filter(follows).min().unwrap_or(last_end)
}

/// The same of an outage, which may begin with the last failures of the interval before.
fn begin_of_outage(spell: Spell, series: &WorkloadSeries, instants: &Instants<'_>) -> SimTime {
    let first = silence_before(spell, series).unwrap_or(spell.begin);
    let before = first.checked_sub(1).map(|before| series.ends[before].all_bad_from);
    before.filter(|at| *at > SimTime::ZERO).unwrap_or_else(|| begin_of(spell, series, instants))
}

/// The instant at which a spell is over: that of the first answer.
fn end_of(spell: Spell, series: &WorkloadSeries) -> Option<SimTime> {
    spell.end.map(|end| series.ends[end].first_good)
}

/// The last end of a request, if nothing is under way any more when arrivals end.
fn asks_no_more(series: &WorkloadSeries, instants: &Instants<'_>) -> Option<SimTime> {
    let is_idle = |at: &usize| series.is_idle(*at);
    let idle = (1..series.offered.len()).rev().take_while(is_idle).last()?;
    let is_early = instants.recorder.beginning_of(idle) < instants.arrivals_end;
    is_early.then_some(series.ends[idle - 1].last)
}

fn falls(name: &str, level: f64, record: &WorkloadRecord, instants: &Instants<'_>) -> Vec<Moment> {
    let series = &record.series;
    let mut moments = Vec::new();
    for spell in availability_spells(record, level, instants) {
        let begin = begin_of(spell, series, instants);
        let to = share_below(spell, level, series);
        let workload = name.to_owned();
        let change = Change::AvailabilityFalls { workload: workload.clone(), level, to };
        moments.push(Moment { at: begin, change });
        if let Some(end) = end_of(spell, series) {
            let change = Change::AvailabilityRegained { workload, level, after: end.since(begin) };
            moments.push(Moment { at: end, change });
        } else if let Some(end) = asks_no_more(series, instants) {
            let change = Change::AsksNoMore { workload, level, after: end.since(begin) };
            moments.push(Moment { at: end, change });
        }
    }
    moments
}

fn outages(name: &str, record: &WorkloadRecord, instants: &Instants<'_>) -> Vec<Moment> {
    let series = &record.series;
    let mut moments = Vec::new();
    let availability = availability(record, instants);
    let spells = Spells { shortest: OUTAGE_AFTER, calm: 1 };
    for spell in spells.of(series.offered.len(), |at| Some(availability(at)? == 0.0)) {
        let begin = begin_of_outage(spell, series, instants);
        let workload = name.to_owned();
        let change = Change::OutageBegins { workload: workload.clone() };
        moments.push(Moment { at: begin, change });
        if let Some(end) = end_of(spell, series) {
            let change = Change::OutageEnds { workload, after: end.since(begin) };
            moments.push(Moment { at: end, change });
        }
    }
    moments
}

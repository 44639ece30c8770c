//! Workloads that suffer on after the faults are over, and what is short then.

use std::ops::Range;

use sim_core::{SimDuration, SimTime};

use super::availability::availability_spells;
use super::spells::Instants;
use super::{Change, Moment, Shortage};
use crate::observe::load::{Loads, groups};
use crate::system::{Ids, System, of};

/// The time after the last fault at which a workload should have recovered.
const RECOVERED_AFTER: SimDuration = SimDuration::from_secs(60);
/// A workload suffers from a fault if that has shown this long after its end: queues delay it.
const SUFFERS_WITHIN: SimDuration = SimDuration::from_secs(30);
/// The time before that over which figures are taken.
const LOOKS_BACK: SimDuration = SimDuration::from_secs(10);
/// A pool is short if this share of its slots is in use, and as many are asked for as it can grant, or nearly.
const SHORT: f64 = 0.95;

/// The workloads that have not recovered a minute after faults.
pub(super) fn recovery_moments(system: &System, instants: &Instants<'_>) -> Vec<Moment> {
    let (blueprint, recorder) = (system.blueprint(), instants.recorder);
    let level = blueprint.run.availability_level;
    let mut moments = Vec::new();
    for quiet in quiet_times(instants.faults, recorder.sampled_until()) {
        let at = quiet.start + RECOVERED_AFTER;
        let window = recorder.intervals_between(at - LOOKS_BACK, at);
        if at > quiet.end || window.is_empty() {
            continue;
        }
        let suffering = |record| {
            let spells = availability_spells(record, level, instants);
            spells.iter().any(|spell| {
                recorder.beginning_of(spell.begin) <= quiet.start + SUFFERS_WITHIN
                    && spell.end.is_none_or(|end| recorder.beginning_of(end) > at)
            })
        };
        let mut short = None;
        for (plan, record) in blueprint.workloads.iter().zip(recorder.workloads()) {
            let series = &record.series;
            let availability = series.availability_over(window.clone());
            let is_silent = window.clone().all(|at| series.is_silent(at));
            if (availability.is_some() || is_silent) && suffering(record) {
                let short = short.get_or_insert_with(|| shortage(system, window.clone()));
                let change = Change::StillSuffers {
                    workload: plan.name.clone(),
                    level,
                    availability,
                    after: RECOVERED_AFTER,
                    short: short.clone(),
                };
                moments.push(Moment { at, change });
            }
        }
    }
    moments
}

/// The times after faults in which none is in force.
fn quiet_times(faults: &[Moment], end: SimTime) -> Vec<Range<SimTime>> {
    let mut changes: Vec<&Moment> = faults.iter().collect();
    changes.sort_by_key(|moment| moment.at);
    let mut quiet: Vec<Range<SimTime>> = Vec::new();
    let mut in_force = 0_usize;
    for Moment { at, change } in changes {
        if in_force == 0
            && let Some(last) = quiet.last_mut()
        {
            last.end = *at;
        }
        match change {
            Change::FaultBegins { lasts: Some(SimDuration::ZERO), .. } => {}
            Change::FaultBegins { .. } => in_force += 1,
            Change::FaultEnds { .. } => in_force = in_force.saturating_sub(1),
            _ => continue,
        }
        if in_force == 0 {
            quiet.push(*at..end);
        }
    }
    quiet
}

/// The pool whose demand exceeds by the most what it can do, of those with hardly a free slot.
fn shortage(system: &System, window: Range<usize>) -> Option<Shortage> {
    let (blueprint, recorder) = (system.blueprint(), system.recorder());
    let of_group = |group: Ids<of::Pool>| {
        let owner = &blueprint.pools[group.nth(0)].owner;
        let whole = group.iter().map(|pool| (pool, window.clone()));
        let load = Loads::of(blueprint, recorder, &window, whole).over(&window)?;
        let is_short = load.utilization >= SHORT && load.overload() >= SHORT;
        is_short.then_some((owner, load))
    };
    let short = groups(blueprint).into_iter().filter_map(of_group);
    let (owner, load) = short.max_by(|(_, one), (_, other)| one.cmp_overload(other))?;
    let retries = retries(system, owner, window);
    Some(Shortage { owner: owner.clone(), asked: load.asked, possible: load.possible, retries })
}

/// The share of retries among the attempts that go to a station, or over an edge.
fn retries(system: &System, owner: &str, window: Range<usize>) -> f64 {
    let (blueprint, recorder) = (system.blueprint(), system.recorder());
    let (mut calls, mut attempts) = (0, 0);
    for (id, edge) in blueprint.edges.with_ids() {
        let is_of =
            blueprint.stations[edge.callee].name == owner || blueprint.name_of_edge(id) == owner;
        if is_of {
            let series = &recorder.edges()[id].series;
            let sum = |series: &[u32]| {
                series[window.clone()].iter().map(|it| u64::from(*it)).sum::<u64>()
            };
            calls += sum(&series.calls);
            attempts += sum(&series.attempts);
        }
    }
    if attempts > calls { 1.0 - calls as f64 / attempts as f64 } else { 0.0 }
}

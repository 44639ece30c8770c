//! Workloads whose availability falls, and outages.

use super::spells::{CALM, Instants, Spell, Spells};
use super::{Change, Moment};
use crate::observe::{WorkloadRecord, WorkloadSeries};
use crate::system::{Blueprint, WorkloadPlan};

/// An outage counts when nothing has succeeded for this many intervals in a row.
const OUTAGE_AFTER: usize = 3;

/// The spells in which the availability of a workload is below its level, and those in which nothing
/// succeeds.
///
/// They are known of whole intervals. If faults begin or end inside one, its moment is that of the
/// fault, so that no effect stands before its cause.
pub(super) fn availability_moments(blueprint: &Blueprint, instants: &Instants<'_>) -> Vec<Moment> {
    let level = blueprint.run.availability_level;
    let workloads = blueprint.workloads.iter().zip(instants.recorder.workloads());
    let moments_of = |(plan, record): (&WorkloadPlan, &WorkloadRecord)| {
        let (name, series) = (&plan.name, &record.series);
        [falls(name, level, series, instants), outages(name, series, instants)].concat()
    };
    workloads.flat_map(moments_of).collect()
}

/// The spells in which the availability of a workload is below a level.
pub(super) fn availability_spells(series: &WorkloadSeries, level: f64) -> Vec<Spell> {
    let spells = Spells { shortest: 1, calm: CALM };
    spells.of(series.offered.len(), |at| Some(series.availability(at)? < level))
}

fn falls(name: &str, level: f64, series: &WorkloadSeries, instants: &Instants<'_>) -> Vec<Moment> {
    let mut moments = Vec::new();
    for spell in availability_spells(series, level) {
        let begin = instants.worse_in(spell.begin);
        let to = series.availability(spell.begin).unwrap_or(0.0);
        let workload = name.to_owned();
        let change = Change::AvailabilityFalls { workload: workload.clone(), level, to };
        moments.push(Moment { at: begin, change });
        if let Some(end) = spell.end.map(|end| instants.better_in(end)) {
            let change = Change::AvailabilityRegained { workload, level, after: end.since(begin) };
            moments.push(Moment { at: end, change });
        }
    }
    moments
}

fn outages(name: &str, series: &WorkloadSeries, instants: &Instants<'_>) -> Vec<Moment> {
    let mut moments = Vec::new();
    let spells = Spells { shortest: OUTAGE_AFTER, calm: 1 };
    for spell in spells.of(series.offered.len(), |at| Some(series.availability(at)? == 0.0)) {
        let begin = instants.worse_in(spell.begin);
        let workload = name.to_owned();
        let change = Change::OutageBegins { workload: workload.clone() };
        moments.push(Moment { at: begin, change });
        if let Some(end) = spell.end.map(|end| instants.better_in(end)) {
            let change = Change::OutageEnds { workload, after: end.since(begin) };
            moments.push(Moment { at: end, change });
        }
    }
    moments
}

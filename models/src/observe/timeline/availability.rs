//! Workloads whose availability falls, and outages.

use sim_core::SimTime;

use super::{Change, Moment};
use crate::observe::{Recorder, WorkloadRecord, WorkloadSeries};
use crate::system::{Blueprint, WorkloadPlan};

/// Availability counts as regained when it has held for this many intervals in a row.
const REGAINED_AFTER: usize = 5;
/// An outage counts when nothing has succeeded for this many intervals in a row.
const OUTAGE_AFTER: usize = 3;

/// The spells in which the availability of a workload is below its level, and those in which nothing
/// succeeds.
///
/// They are known of whole intervals. If faults begin or end inside one, its moment is that of the
/// fault, so that no effect stands before its cause.
pub(super) fn availability_moments(
    blueprint: &Blueprint,
    recorder: &Recorder,
    faults: &[Moment],
) -> Vec<Moment> {
    let level = blueprint.run.availability_level;
    let instants = Instants { recorder, faults };
    let workloads = blueprint.workloads.iter().zip(recorder.workloads());
    let moments_of = |(plan, record): (&WorkloadPlan, &WorkloadRecord)| {
        let (name, series) = (&plan.name, &record.series);
        [falls(name, level, series, &instants), outages(name, series, &instants)].concat()
    };
    workloads.flat_map(moments_of).collect()
}

/// The instants at which what happens in an interval is told.
struct Instants<'a> {
    recorder: &'a Recorder,
    faults: &'a [Moment],
}

impl Instants<'_> {
    /// The instant of a change for the worse: a fault that begins in the interval is the likely
    /// cause, or else one that ends.
    fn worse_in(&self, interval: usize) -> SimTime {
        let begins = |change: &Change| matches!(change, Change::FaultBegins { .. });
        self.last(interval, begins)
    }

    /// The instant of a change for the better: a fault that ends in the interval is the likely
    /// cause, or else one that begins.
    fn better_in(&self, interval: usize) -> SimTime {
        let ends = |change: &Change| matches!(change, Change::FaultEnds { .. });
        self.last(interval, ends)
    }

    /// The last instant inside an interval at which a fault changes, preferably in a certain way;
    /// its beginning if there is none.
    fn last(&self, interval: usize, is_preferred: impl Fn(&Change) -> bool) -> SimTime {
        let begin = self.recorder.beginning_of(interval);
        let end = self.recorder.beginning_of(interval + 1);
        let inside = self.faults.iter().filter(|fault| begin < fault.at && fault.at < end);
        let last = inside.max_by_key(|fault| (is_preferred(&fault.change), fault.at));
        last.map_or(begin, |fault| fault.at)
    }
}

fn falls(name: &str, level: f64, series: &WorkloadSeries, instants: &Instants<'_>) -> Vec<Moment> {
    let mut moments = Vec::new();
    for spell in spells(series, REGAINED_AFTER, 1, |availability| availability < level) {
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
    for spell in spells(series, 1, OUTAGE_AFTER, |availability| availability == 0.0) {
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

/// Intervals in a row whose availability is bad.
struct Spell {
    /// The first of them.
    begin: usize,
    /// The first good interval after them; `None` if there is none.
    end: Option<usize>,
}

/// The spells of a series: each begins with at least `shortest` bad intervals in a row, and ends
/// before `calm` good ones in a row.
fn spells(
    series: &WorkloadSeries,
    calm: usize,
    shortest: usize,
    is_bad: impl Fn(f64) -> bool,
) -> Vec<Spell> {
    let mut spells: Vec<Spell> = Vec::new();
    let (mut bad_since, mut good_since) = (None, None);
    let mut is_in_spell = false;
    for interval in 0..series.offered.len() {
        let Some(availability) = series.availability(interval) else { continue };
        if is_bad(availability) {
            good_since = None;
            let begin = *bad_since.get_or_insert(interval);
            if !is_in_spell && interval + 1 - begin >= shortest {
                spells.push(Spell { begin, end: None });
                is_in_spell = true;
            }
        } else {
            bad_since = None;
            let first_good = *good_since.get_or_insert(interval);
            if is_in_spell && interval + 1 - first_good >= calm {
                if let Some(spell) = spells.last_mut() {
                    spell.end = Some(first_good);
                }
                is_in_spell = false;
            }
        }
    }
    spells
}

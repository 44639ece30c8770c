//! Guards of calls, and limits of those who are called, that turn calls away.

use super::spells::{CALM, Instants, Spell, Spells};
use super::{Change, Limit, Moment, Portion};
use crate::Outcome;
use crate::observe::EdgeSeries;
use crate::system::{Blueprint, EdgePlan, Guard, Id, PoolKind, Table, of};

/// The guards of a caller. Of a breaker, its states tell.
const OF_CALLERS: [Outcome; 3] =
    [Outcome::RejectedByBulkhead, Outcome::RejectedByRateLimit, Outcome::RejectedByThrottle];
/// The limits of a station. Of a full queue, its pool tells.
const OF_STATIONS: [Outcome; 3] = [Outcome::WaitExceeded, Outcome::Expired, Outcome::Shed];

/// A limit is told about when it turns away this share of the calls in an interval, and this many.
const NOTABLE: (f64, u32) = (0.05, 3);

/// The spells in which limits turn calls away, apart from those of the pools that overflow.
pub(super) fn limit_moments(blueprint: &Blueprint, instants: &Instants<'_>) -> Vec<Moment> {
    let mut moments = Vec::new();
    let mut edges_to: Table<of::Station, Vec<Id<of::Edge>>> =
        blueprint.stations.iter().map(|_| Vec::new()).collect();
    for (id, edge) in blueprint.edges.with_ids() {
        edges_to[edge.callee].push(id);
        for outcome in OF_CALLERS {
            if turns_away(instants, id, outcome) {
                let name = blueprint.name_of_edge(id);
                let limit = Limit { name, outcome, slots: permits(blueprint, edge) };
                moments.extend(moments_of(&limit, &[id], instants));
            }
        }
    }
    for (station, edges) in blueprint.stations.iter().zip(&edges_to) {
        for outcome in OF_STATIONS {
            if edges.iter().any(|edge| turns_away(instants, *edge, outcome)) {
                let limit = Limit { name: station.name.clone(), outcome, slots: None };
                moments.extend(moments_of(&limit, edges, instants));
            }
        }
    }
    moments
}

/// True if any call over an edge ended like this, or turned to a fallback because of it. Few do, and of many edges
/// the others need not be looked at second by second.
fn turns_away(instants: &Instants<'_>, edge: Id<of::Edge>, outcome: Outcome) -> bool {
    let record = &instants.recorder.edges()[edge];
    record.ended[outcome as usize] + record.fell_back[outcome as usize] > 0
}

/// The permits of the bulkhead of an edge.
fn permits(blueprint: &Blueprint, edge: &EdgePlan) -> Option<u32> {
    edge.guards.iter().find_map(|guard| match guard {
        Guard::Bulkhead(bulkhead) => {
            let pool = &blueprint.pools[bulkhead.first_pool];
            let capacity = pool.hosts.map_or(pool.capacity, |limits| limits.limit_in_flight());
            (pool.kind == PoolKind::Permits).then_some(capacity)
        }
        _ => None,
    })
}

fn moments_of(limit: &Limit, edges: &[Id<of::Edge>], instants: &Instants<'_>) -> Vec<Moment> {
    let series: Vec<&EdgeSeries> =
        edges.iter().map(|edge| &instants.recorder.edges()[*edge].series).collect();
    let counts = Counts { series: &series, outcome: limit.outcome };
    let intervals = instants.recorder.intervals();
    let spells = Spells { shortest: 1, calm: CALM };
    let mut moments = Vec::new();
    for spell in spells.of(intervals, |interval| counts.is_notable(interval)) {
        let (part, all) = counts.over(&spell, intervals);
        let time = instants.length_of(spell);
        let change = Change::TurnsAway { by: limit.clone(), of: Portion { part, all, time } };
        moments.push(Moment { at: instants.worse_in(spell.begin), change });
        if let Some(end) = spell.end {
            let change = Change::TurnsNothingAway { by: limit.clone(), after: time, calls: part };
            moments.push(Moment { at: instants.better_in(end), change });
        }
    }
    moments
}

/// The calls over some edges.
struct Counts<'a> {
    series: &'a [&'a EdgeSeries],
    outcome: Outcome,
}

impl Counts<'_> {
    /// The calls that were turned away in an interval, and all that began. A fallback hides what made
    /// a call turn to it, unless it fails too.
    fn of(&self, interval: usize) -> (u32, u32) {
        let outcome = self.outcome as usize;
        let turned_away = |series: &EdgeSeries| {
            series.ended[interval][outcome].max(series.fell_back[interval][outcome])
        };
        let turned_away = self.series.iter().map(|series| turned_away(series)).sum();
        let begun = self.series.iter().map(|series| series.calls[interval]).sum::<u32>();
        // Those that waited before they were turned away may have begun earlier.
        (turned_away, begun.max(turned_away))
    }

    fn is_notable(&self, interval: usize) -> Option<bool> {
        let (turned_away, all) = self.of(interval);
        let (share, least) = NOTABLE;
        let is_notable = turned_away >= least && f64::from(turned_away) >= share * f64::from(all);
        (all > 0).then_some(is_notable)
    }

    /// The same over a spell.
    fn over(&self, spell: &Spell, intervals: usize) -> (u64, u64) {
        (spell.begin..spell.end.unwrap_or(intervals))
            .map(|interval| self.of(interval))
            .fold((0, 0), |sum, one| (sum.0 + u64::from(one.0), sum.1 + u64::from(one.1)))
    }
}

//! Retries that multiply the calls over an edge.

use super::spells::{CALM, Instants, Spells};
use super::{Change, Moment, Portion};
use crate::system::Blueprint;

/// Retries amplify the load when there are this many attempts for each call.
const AMPLIFIED: f64 = 1.5;
/// They are told about when they do so for this many intervals in a row.
const SHORTEST: usize = 3;
/// At least this share of them are then retries, and not first attempts of calls that began before and had to wait.
const RETRIES: f64 = 0.2;
/// In an interval with fewer attempts, a retry or two mean nothing.
const FEWEST_ATTEMPTS: u32 = 10;

/// The spells in which retries amplify the load of an edge.
pub(super) fn retry_moments(blueprint: &Blueprint, instants: &Instants<'_>) -> Vec<Moment> {
    let recorder = instants.recorder;
    let spells = Spells { shortest: SHORTEST, calm: CALM };
    let mut moments = Vec::new();
    for (id, edge) in recorder.edges().with_ids() {
        let (calls, attempts) = (&edge.series.calls, &edge.series.attempts);
        let is_amplified = |interval: usize| {
            let attempts = attempts[interval];
            let is_more = f64::from(attempts) >= AMPLIFIED * f64::from(calls[interval]);
            let retries = f64::from(edge.series.retries[interval]);
            let is_by_retries = retries >= RETRIES * f64::from(attempts);
            Some(attempts >= FEWEST_ATTEMPTS && is_more && is_by_retries)
        };
        for spell in spells.of(recorder.intervals(), is_amplified) {
            let all = spell.begin..spell.end.unwrap_or(recorder.intervals());
            let sum = |series: &[u32]| series[all.clone()].iter().map(|it| u64::from(*it)).sum();
            let time = instants.length_of(spell);
            let calls = Portion { part: sum(calls), all: sum(attempts), time };
            let edge = blueprint.name_of_edge(id);
            let change = Change::RetriesAmplify { edge: edge.clone(), calls };
            moments.push(Moment { at: instants.worse_in(spell.begin), change });
            if let Some(end) = spell.end {
                let change = Change::RetriesAbate { edge, after: time };
                moments.push(Moment { at: instants.better_in(end), change });
            }
        }
    }
    moments
}

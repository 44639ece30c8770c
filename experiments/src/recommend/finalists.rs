//! The choice of the answer among what a search has found.

use super::assessment::Assessment;
use super::recommendation::Standing;
use super::refine::Refinement;
use super::search::{INFEASIBLE, Search, Tried};
use crate::watch::Interrupted;

/// A candidate must be better than the present settings by this share, or keep limits that they do
/// not.
const WORTH_A_CHANGE: f64 = 0.01;

/// The candidate to recommend, unless fresh random numbers refute it: the best one, or in the middle
/// if nothing is to be minimized; or the present settings, if it is not better.
pub(super) fn chosen(
    search: &Search<'_>,
    refinement: &Refinement<'_>,
) -> Result<Tried, Interrupted> {
    let best = search.champion(u64::MAX)?;
    let watch = search.watch();
    if best.score >= INFEASIBLE {
        watch.begin("taking back changes that bring nothing", None);
        return refinement.fewest_changes_of_nearest(&best.candidate);
    }
    let system = search.system();
    let present = refinement.unless_broken(&system.as_it_is())?;
    if !is_worth_a_change(search, &present, &best) {
        return Ok(present);
    }
    if system.plan().objectives.is_empty() {
        watch.begin("looking for the most room", None);
        return in_the_middle(refinement, best);
    }
    Ok(best)
}

/// True if a candidate keeps limits that the present settings do not, or is better by more than a
/// hair.
fn is_worth_a_change(search: &Search<'_>, present: &Tried, best: &Tried) -> bool {
    let regret = |tried: &Tried| {
        tried.assessment.as_ref().map_or(f64::INFINITY, |assessment| {
            assessment.regret(&search.system().plan().objectives, search.now())
        })
    };
    let is_broken = |known: &Assessment| known.standing() == Standing::Misses;
    let is_unfit =
        present.refuted_by.is_some() || present.assessment.as_ref().is_none_or(is_broken);
    is_unfit || regret(best) < regret(present) - WORTH_A_CHANGE
}

/// The candidate in the middle between those that keep the limits, if it keeps them too: where
/// nothing is to be minimized, room is what makes one candidate better than another.
fn in_the_middle(refinement: &Refinement<'_>, best: Tried) -> Result<Tried, Interrupted> {
    let centred = refinement.centred(best.candidate.clone())?;
    let centred = refinement.measured(&centred)?;
    let round = refinement.with_round_values(centred.clone())?;
    let keeps = |tried: &Tried| {
        tried
            .assessment
            .as_ref()
            .is_some_and(|known| known.violation(refinement.search.caution()) == 0.0)
    };
    Ok([round, centred].into_iter().find(keeps).unwrap_or(best))
}

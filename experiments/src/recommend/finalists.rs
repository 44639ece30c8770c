//! The choice among the best candidates of a search, on random numbers that it has not seen.

use std::ops::Range;

use super::assessment::{Assessment, differs};
use super::coordinate::Coordinate;
use super::refine::Refinement;
use super::search::{INFEASIBLE, Search, Tried};
use super::tunable_system::{Candidate, TunableSystem};
use crate::parallel::in_order;
use crate::watch::{Interrupted, Watch};

/// The number of best candidates that are simulated again with other random numbers.
const FINALISTS: usize = 6;
/// The number of times that the search goes on, if all finalists were only lucky.
const MOST_ROUNDS: u32 = 3;
/// A candidate must be better than the present settings by this share, or keep limits that they do
/// not.
const WORTH_A_CHANGE: f64 = 0.01;

/// The best candidate of a search.
pub(super) enum Best {
    /// It keeps every limit, also on random numbers that the search has not seen.
    KeepsLimits(Candidate),
    /// No candidate does; this one comes nearest.
    Nearest(Candidate),
}

/// Finds the best candidate. If no finalist keeps every limit on other random numbers, the search
/// goes on, with more replications.
pub(super) fn best(search: &Search<'_>) -> Result<Best, Interrupted> {
    let (system, watch) = (search.system(), search.watch());
    let mut round = 0;
    loop {
        watch.begin("simulating the best candidates again", None);
        if let Some(best) = best_of_finalists(search)? {
            return Ok(Best::KeepsLimits(best));
        }
        let nearest = search
            .ranking()
            .into_iter()
            .find(|tried| tried.assessment.is_some())
            .expect("the file as written has been measured");
        let is_hopeless = nearest.score >= INFEASIBLE && round > 0;
        if round == MOST_ROUNDS || is_hopeless {
            return Ok(Best::Nearest(nearest.candidate));
        }
        let runs = search.runs() + u64::from(system.plan().runs) / 4;
        let score = |point: &[f64]| search.score(point);
        let mut strategy = Coordinate::new(system.point(&nearest.candidate), nearest.score, &score);
        search.begin(runs);
        search.run(&mut strategy, runs)?;
        round += 1;
    }
}

/// The best of the finalists that keep every limit on other random numbers. If there is none, the
/// search learns what these have shown.
fn best_of_finalists(search: &Search<'_>) -> Result<Option<Candidate>, Interrupted> {
    let (system, watch) = (search.system(), search.watch());
    let ranking = search.ranking();
    let finalists: Vec<&Tried> =
        ranking.iter().filter(|tried| tried.score < INFEASIBLE).take(FINALISTS).collect();
    let measured: Vec<Assessment> = in_order(&finalists, watch.jobs(), &|_, tried: &&Tried| {
        measure(system, &tried.candidate, second_look(system), watch)
    })
    .into_iter()
    .collect::<Result<_, _>>()?;
    let regret =
        |assessment: &Assessment| assessment.regret(&system.plan().objectives, search.now());
    let best = finalists
        .iter()
        .zip(&measured)
        .filter(|(_, assessment)| assessment.surely_holds())
        .reduce(|best, next| if regret(next.1) < regret(best.1) { next } else { best });
    if best.is_none() {
        for (tried, assessment) in finalists.iter().zip(&measured) {
            search.revise(tried, assessment);
        }
    }
    Ok(best.map(|(tried, _)| tried.candidate.clone()))
}

/// True if a candidate keeps limits that the present settings do not, or is better by more than a
/// hair.
pub(super) fn is_worth_a_change(search: &Search<'_>, ranking: &[Tried], best: &Candidate) -> bool {
    let system = search.system();
    let of = |candidate: &Candidate| ranking.iter().find(|tried| tried.candidate == *candidate);
    let (Some(present), Some(found)) = (of(&system.as_it_is()), of(best)) else { return true };
    let regret = |tried: &Tried| {
        tried.assessment.as_ref().map_or(f64::INFINITY, |assessment| {
            assessment.regret(&system.plan().objectives, search.now())
        })
    };
    present.score >= INFEASIBLE || regret(found) < regret(present) - WORTH_A_CHANGE
}

/// The candidate with the fewest changes that is as good as the best, unless it was only lucky.
pub(super) fn simplified(
    refinement: &Refinement<'_>,
    best: Candidate,
) -> Result<Candidate, Interrupted> {
    let (system, watch) = (refinement.system, refinement.watch);
    let simpler = refinement.fewest_changes(best.clone())?;
    if simpler.levels.iter().zip(&best.levels).all(|(one, other)| !differs(one, other)) {
        return Ok(best);
    }
    let assessment = measure(system, &simpler, second_look(system), watch)?;
    Ok(if assessment.surely_holds() { simpler } else { best })
}

/// The replications that follow those of the search.
fn second_look(system: &TunableSystem) -> Range<u64> {
    let first = u64::from(system.plan().replications);
    first..first + u64::from(system.plan().validations)
}

/// Simulates a candidate that has been measured before.
fn measure(
    system: &TunableSystem,
    candidate: &Candidate,
    replications: Range<u64>,
    watch: &dyn Watch,
) -> Result<Assessment, Interrupted> {
    let order: Vec<usize> = system.conditions().collect();
    system.measure(&system.sound_systems(candidate), &order, replications, watch, &|_| false)
}

//! The choice among the best candidates of a search, on random numbers that it has not seen.

use super::assessment::{Assessment, differs};
use super::confirm::decide;
use super::coordinate::Coordinate;
use super::recommendation::Standing;
use super::refine::Refinement;
use super::search::{INFEASIBLE, Search, Tried};
use super::tunable_system::{Candidate, TunableSystem};
use crate::parallel::in_order;
use crate::watch::{Interrupted, Watch};

/// The number of best candidates that are simulated again with other random numbers.
const FINALISTS: usize = 6;
/// The number of runs of each of them, before the best are simulated as often as the answer.
const FIRST_LOOK: u64 = 20;
/// The first replication of these, which the search has not seen.
const SECOND_LOOK: u64 = 500_000;
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
    let first_look = in_order(&finalists, watch.jobs(), &|_, tried: &&Tried| {
        measure(system, &tried.candidate, watch)
    });
    let mut seen: Vec<(&Tried, Assessment)> = Vec::new();
    for (tried, assessment) in finalists.iter().zip(first_look) {
        seen.push((tried, assessment?));
    }
    let regret =
        |assessment: &Assessment| assessment.regret(&system.plan().objectives, search.now());
    seen.sort_by(|(_, one), (_, other)| regret(one).total_cmp(&regret(other)));
    for (tried, shown) in &mut seen {
        if shown.standing() != Standing::Misses {
            *shown = decide(system, &tried.candidate, SECOND_LOOK, watch)?;
        }
        if shown.standing() == Standing::Holds {
            return Ok(Some(tried.candidate.clone()));
        }
    }
    for (tried, shown) in &seen {
        search.revise(tried, shown);
    }
    Ok(None)
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

/// The candidate with the fewest changes, and with round values, that is as good as the best. If it
/// was only lucky, half of the changes that were taken back are made again, and so on.
pub(super) fn simplified(
    refinement: &Refinement<'_>,
    best: Candidate,
) -> Result<Candidate, Interrupted> {
    let fewest = refinement.fewest_changes(best.clone())?;
    let simplest = refinement.with_round_values(fewest)?;
    let mut taken_back: Vec<usize> = (0..best.levels.len())
        .filter(|&place| differs(&simplest.levels[place], &best.levels[place]))
        .collect();
    while !taken_back.is_empty() {
        let mut simpler = best.clone();
        for &place in &taken_back {
            simpler.levels[place] = simplest.levels[place].clone();
        }
        if keeps_its_promises(refinement, &simpler)? {
            return Ok(simpler);
        }
        taken_back.truncate(taken_back.len() / 2);
    }
    Ok(best)
}

/// True if a candidate keeps every limit as promised on random numbers that the search has not seen.
fn keeps_its_promises(
    refinement: &Refinement<'_>,
    candidate: &Candidate,
) -> Result<bool, Interrupted> {
    let (system, watch) = (refinement.system, refinement.watch);
    if system.systems(candidate).is_err()
        || measure(system, candidate, watch)?.standing() == Standing::Misses
    {
        return Ok(false);
    }
    Ok(decide(system, candidate, SECOND_LOOK, watch)?.standing() == Standing::Holds)
}

/// The candidate in the middle between those that keep the limits, if it keeps them too: where
/// nothing is to be minimized, room is what makes one candidate better than another.
pub(super) fn in_the_middle(
    refinement: &Refinement<'_>,
    best: Candidate,
) -> Result<Candidate, Interrupted> {
    refinement.watch.begin("looking for the most room", None);
    let centred = refinement.centred(best.clone())?;
    for candidate in [refinement.with_round_values(centred.clone())?, centred] {
        if keeps_its_promises(refinement, &candidate)? {
            return Ok(candidate);
        }
    }
    Ok(best)
}

/// Simulates a candidate that has been measured before, until a limit is clearly missed.
fn measure(
    system: &TunableSystem,
    candidate: &Candidate,
    watch: &dyn Watch,
) -> Result<Assessment, Interrupted> {
    let order: Vec<usize> = system.conditions().collect();
    let runs = FIRST_LOOK.min(u64::from(system.plan().validations));
    let replications = SECOND_LOOK..SECOND_LOOK + runs;
    let is_enough = |assessment: &Assessment| assessment.standing() == Standing::Misses;
    system.measure(&system.sound_systems(candidate), &order, replications, watch, &is_enough)
}

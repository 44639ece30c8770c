//! All steps from goals to a recommendation, in their order.

use super::answer::{Answer, best_of_neighbourhood, confirmed};
use super::assessment::Assessment;
use super::cma_es::CmaEs;
use super::confirm::{as_it_is, cost_of_answer, standings, standings_together, strained};
use super::coordinate::Coordinate;
use super::exchange::Exchange;
use super::finalists::chosen;
use super::formulas::formulas;
use super::front::front;
use super::local_search::LocalSearch;
use super::recommendation::{Advice, Conclusion, Recommendation, Standing};
use super::refine::Refinement;
use super::regions::regions;
use super::search::{INFEASIBLE, Search, Tried};
use super::tunable_system::{Candidate, TunableSystem};
use super::unmet::unmet;
use crate::watch::{Interrupted, Watch};

/// The least share of the runs that is for the search.
const LEAST_FOR_SEARCH: f64 = 0.35;
/// The share of the search in which it looks in all directions at once.
const TOGETHER: f64 = 0.24;
/// The stages of the search around the best candidate: the share of the search at which each ends,
/// and the replications for a candidate that may be the best.
const STAGES: [(f64, u64); 7] =
    [(0.36, 3), (0.46, 4), (0.55, 6), (0.69, 8), (0.75, 10), (0.79, 13), (0.91, CONTENDERS)];
/// The stages after which dear settings are pressed, and the share of the search for that.
const PRESSED_AFTER: [usize; 2] = [2, 5];
const PRESSING: f64 = 0.08;
/// The replications for a candidate that may be the answer.
const CONTENDERS: u64 = 16;
/// The share of the search that is spent again on what fresh random numbers have shown.
const AGAIN: f64 = 0.15;
/// The most runs as a multiple of those that the plan allows, rather than to say that nothing was found
/// because the budget was too small.
const MOST_OVERRUN: u64 = 2;
/// The number of times that the search goes on because nothing is confirmed.
const MOST_ROUNDS: u64 = 5;

/// Finds the settings that keep every limit under every condition and serve the objectives best.
/// The answer depends on the scenario and its seed alone, not on the number of threads. If `watch`
/// interrupts it, the answer is the best so far, and says so.
///
/// # Errors
/// [`Interrupted`] if `watch` interrupts it before anything is known.
pub fn recommend(system: &TunableSystem, watch: &dyn Watch) -> Result<Recommendation, Interrupted> {
    recommend_by(&look_for, system, watch)
}

/// A way to search: tries candidates, from each of some starts, until so many runs have been made in
/// all. The last number is a seed.
pub type LookFor<'a> = &'a dyn Fn(&Search<'_>, &[Candidate], u64, u64) -> Result<(), Interrupted>;

/// Does the same as [`recommend`] with another search, to compare searches by their answers.
///
/// # Errors
/// [`Interrupted`] if `watch` interrupts it before anything is known.
pub fn recommend_by(
    look_for: LookFor<'_>,
    system: &TunableSystem,
    watch: &dyn Watch,
) -> Result<Recommendation, Interrupted> {
    watch.begin("measuring the present settings", None);
    let search = Search::new(system, watch)?;
    let (estimates, start) = formulas(system, watch)?;
    let found = sought(look_for, &search, start);
    let found = found.unwrap_or_else(|Interrupted| so_far(&search));
    Ok(Recommendation { estimates, ..found })
}

/// The recommendation without formulas, which the search begins with.
fn sought(
    look_for: LookFor<'_>,
    search: &Search<'_>,
    start: Candidate,
) -> Result<Recommendation, Interrupted> {
    let (system, watch) = (search.system(), search.watch());
    let seed = system.as_written()[0].run.seed;
    let for_search = for_search(system);
    look_for(search, &[system.as_it_is(), start], for_search, seed)?;
    let searched = search.runs();
    let answer = answer(search, for_search, seed)?;
    watch.begin("confirming on fresh random numbers", None);
    let as_it_is = as_it_is(system, answer.round, watch)?;
    let regions = regions(&Refinement::of(search), &answer)?;
    let ranking = search.ranking();
    let conclusion = conclusion(&answer.confirmed, &answer.advice);
    let nearest = (conclusion == Conclusion::Unmet).then_some(&answer);
    let unmet = nearest.map(|answer| unmet(search, &ranking, answer)).transpose()?;
    Ok(Recommendation {
        conclusion,
        limits: standings(system, &as_it_is, &answer.confirmed),
        together: standings_together(system, &as_it_is, &answer.confirmed),
        objectives: objectives(&as_it_is, &answer.confirmed, system),
        strained: strained(system, &answer.chosen.candidate, watch)?,
        front: front(&ranking, system),
        regions,
        nearest_after: unmet.is_some().then_some(answer.found_after),
        unmet: unmet.unwrap_or_default(),
        searched,
        runs_of_end: answer.runs_of_end,
        advice: answer.advice,
        ..nothing_known(search)
    })
}

/// The best settings of a search that was interrupted, with what its runs have shown of them.
fn so_far(search: &Search<'_>) -> Recommendation {
    let system = search.system();
    let ranking = search.ranking();
    let now = search.as_written();
    let measured = |tried: &Tried| Some((tried.candidate.clone(), tried.assessment.clone()?));
    let best = ranking.iter().find_map(measured);
    // If it was just about to go on with other random numbers, nothing else is known.
    let (best, shown) = best.unwrap_or_else(|| (system.as_it_is(), now.clone()));
    Recommendation {
        limits: standings(system, now, &shown),
        together: standings_together(system, now, &shown),
        objectives: objectives(now, &shown, system),
        advice: Refinement::of(search).values_of_nearest(&best),
        ..nothing_known(search)
    }
}

/// A recommendation of which nothing is known but the effort.
fn nothing_known(search: &Search<'_>) -> Recommendation {
    let system = search.system();
    Recommendation {
        plan: system.plan().clone(),
        conclusion: Conclusion::Interrupted,
        advice: Vec::new(),
        estimates: Vec::new(),
        limits: Vec::new(),
        together: Vec::new(),
        objectives: Vec::new(),
        strained: Vec::new(),
        front: Vec::new(),
        regions: Vec::new(),
        unmet: Vec::new(),
        nearest_after: None,
        candidates: search.candidates(),
        searched: search.runs(),
        runs: search.runs(),
        runs_of_end: 0,
        seed: system.as_written()[0].run.seed,
    }
}

/// The objectives with the settings as they are and as recommended.
fn objectives(
    as_it_is: &Assessment,
    recommended: &Assessment,
    system: &TunableSystem,
) -> Vec<(Option<f64>, Option<f64>)> {
    let all = 0..system.plan().objectives.len();
    all.map(|place| (as_it_is.objective(place), recommended.objective(place))).collect()
}

/// The number of runs for the search, of those that the plan allows for everything.
fn for_search(system: &TunableSystem) -> u64 {
    let all = u64::from(system.plan().runs);
    let least = (all as f64 * LEAST_FOR_SEARCH) as u64;
    all.saturating_sub(cost_of_answer(system)).max(least)
}

/// The best candidate that fresh random numbers do not refute, with everything that is said about it.
/// What they refute goes back into the search, which then goes on. The nearest candidate if there is
/// none.
fn answer(search: &Search<'_>, for_search: u64, seed: u64) -> Result<Answer, Interrupted> {
    let plan = search.system().plan();
    search.replicate(CONTENDERS.max(u64::from(plan.replications)));
    let refinement = Refinement::of(search);
    let (mut round, mut attempts) = (0, 0);
    loop {
        let found_after = (search.ranking()[0].found_after, search.runs());
        let chosen = chosen(search, &refinement)?;
        // What is refuted stays refuted: with enough attempts, luck would confirm it.
        let (chosen, confirmed) = if let Some(known) = chosen.refuted_by.clone() {
            (chosen, known)
        } else {
            let mut found = confirmed(&refinement, chosen, round)?;
            if found.holds {
                match best_of_neighbourhood(&refinement, found, &mut round)? {
                    Ok(answer) => return Ok(answer),
                    Err(refuted) => found = refuted,
                }
            }
            (found.tried, found.evidence.known)
        };
        if attempts >= MOST_ROUNDS || search.runs() >= MOST_OVERRUN * u64::from(plan.runs) {
            let advice = refinement.values_of_nearest(&chosen.candidate);
            let runs_of_end = 0;
            return Ok(Answer { chosen, confirmed, advice, round, runs_of_end, found_after });
        }
        if chosen.score >= INFEASIBLE {
            search.take_other_numbers()?;
        }
        (round, attempts) = (round + 1, attempts + 1);
        let half = (for_search as f64 * AGAIN / 2.0) as u64;
        search.begin(search.runs() + 2 * half);
        let until = search.runs() + half;
        Exchange::of(search).made_good(chosen.candidate, until)?;
        let until = until.max(search.runs()) + half;
        look_around(search, until, seed.wrapping_add(100 + attempts))?;
    }
}

/// Searches until `runs` runs have been made in all: from each start in all directions at once, then
/// around the best candidate, in stages with more and more replications, and at last one setting at a
/// time.
///
/// # Errors
/// [`Interrupted`] if the watch interrupts it.
pub fn look_for(
    search: &Search<'_>,
    starts: &[Candidate],
    runs: u64,
    seed: u64,
) -> Result<(), Interrupted> {
    let begin = search.runs();
    let after = |share: f64| begin + (runs.saturating_sub(begin) as f64 * share) as u64;
    let least = u64::from(search.system().plan().replications);
    search.begin(runs);
    search.replicate(STAGES[0].1.max(least));
    in_all_directions(search, starts, after(TOGETHER), seed)?;
    if search.ranking()[0].score >= INFEASIBLE {
        search.take_other_numbers()?;
    }
    for (stage, (share, replications)) in STAGES.into_iter().enumerate() {
        search.replicate(replications.max(least));
        look_around(search, after(share), seed.wrapping_add(10 + stage as u64))?;
        if PRESSED_AFTER.contains(&stage) {
            let best = search.champion(runs)?;
            Exchange::of(search).pressed(best, after(share + PRESSING))?;
        }
    }
    let best = search.champion(runs)?;
    let scores = |points: &[Vec<f64>]| search.scores(points);
    let mut one_by_one =
        Coordinate::new(search.system().point(&best.candidate), best.score, &scores);
    search.run(&mut one_by_one, runs)
}

/// Searches from each start in all directions at once, until `runs` runs have been made in all.
///
/// # Errors
/// [`Interrupted`] if the watch interrupts it.
pub fn in_all_directions(
    search: &Search<'_>,
    starts: &[Candidate],
    runs: u64,
    seed: u64,
) -> Result<(), Interrupted> {
    search.try_all(starts)?;
    let score = |point: &[f64]| search.score(point);
    let (begin, of) = (search.runs(), starts.len() as u64);
    for (place, start) in (0..of).zip(starts) {
        let point = search.system().point(start);
        let until = begin + runs.saturating_sub(begin) * (place + 1) / of;
        search.run(&mut CmaEs::new(&point, seed.wrapping_add(place), &score), until)?;
    }
    Ok(())
}

/// Searches around the best candidate until `runs` runs have been made in all.
fn look_around(search: &Search<'_>, runs: u64, seed: u64) -> Result<(), Interrupted> {
    let system = search.system();
    let promising = search.ranking().swap_remove(0);
    let mut best = search.champion(runs)?;
    if promising.candidate != best.candidate && best.score < INFEASIBLE {
        // It was lucky, but most of its settings may be sound.
        best = Refinement::of(search).with_settings_of(best, &promising.candidate)?;
        let eased = Exchange::of(search).eased(promising.candidate, best.score, runs)?;
        best = eased.unwrap_or(best);
    }
    let scores = |points: &[Vec<f64>]| search.scores(points);
    let may_beat = |point: &[f64], best| search.may_beat(&system.candidate(point), best);
    let point = system.point(&best.candidate);
    search.run(&mut LocalSearch::new(point, best.score, seed, &scores, &may_beat), runs)
}

fn conclusion(confirmed: &Assessment, advice: &[Advice]) -> Conclusion {
    if confirmed.standing() > Standing::Holds {
        Conclusion::Unmet
    } else if advice.iter().any(|advice| advice.is_changed) {
        Conclusion::Change
    } else {
        Conclusion::Keep
    }
}

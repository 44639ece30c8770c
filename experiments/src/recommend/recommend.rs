//! All steps from goals to a recommendation, in their order.

use super::assessment::Assessment;
use super::cma_es::CmaEs;
use super::confirm::{
    Evidence, as_it_is, cost_of_answer, decide_in_round, standings, strained, unmet,
};
use super::coordinate::Coordinate;
use super::finalists::chosen;
use super::formulas::formulas;
use super::front::front;
use super::local_search::LocalSearch;
use super::recommendation::{Advice, Conclusion, Recommendation, Standing};
use super::refine::Refinement;
use super::search::{INFEASIBLE, Search, Tried};
use super::tunable_system::{Candidate, TunableSystem};
use crate::watch::{Interrupted, Watch};

/// The least share of the runs that is for the search.
const LEAST_FOR_SEARCH: f64 = 0.35;
/// The share of the search in which it looks in all directions at once.
const TOGETHER: f64 = 0.25;
/// The stages of the search around the best candidate: the share of the search at which each ends,
/// and the replications for a candidate that may be the best.
const STAGES: [(f64, u64); 7] =
    [(0.38, 3), (0.5, 4), (0.6, 6), (0.68, 8), (0.75, 10), (0.8, 13), (0.85, CONTENDERS)];
/// The replications for a candidate that may be the answer.
const CONTENDERS: u64 = 16;
/// The share of the search that is spent again on what fresh random numbers have shown.
const AGAIN: f64 = 0.15;
/// The most runs as a multiple of those that the plan allows, rather than to say that nothing was found
/// because the budget was too small.
const MOST_OVERRUN: u64 = 2;
/// The number of times that the search goes on because nothing is confirmed.
const MOST_ROUNDS: u64 = 5;
/// The most candidates that are confirmed: for no more are there fresh random numbers in their block.
const MOST_CONFIRMATIONS: u64 = 9;

/// Finds the settings that keep every limit under every condition and serve the objectives best.
/// The answer depends on the scenario and its seed alone, not on the number of threads.
///
/// # Errors
/// [`Interrupted`] if `watch` interrupts it.
pub fn recommend(system: &TunableSystem, watch: &dyn Watch) -> Result<Recommendation, Interrupted> {
    recommend_by(&look_for, system, watch)
}

/// A way to search: tries candidates, from each of some starts, until so many runs have been made in
/// all. The last number is a seed.
pub type LookFor<'a> = &'a dyn Fn(&Search<'_>, &[Candidate], u64, u64) -> Result<(), Interrupted>;

/// Does the same as [`recommend`] with another search, to compare searches by their answers.
///
/// # Errors
/// [`Interrupted`] if `watch` interrupts it.
pub fn recommend_by(
    look_for: LookFor<'_>,
    system: &TunableSystem,
    watch: &dyn Watch,
) -> Result<Recommendation, Interrupted> {
    let plan = system.plan();
    let seed = system.as_written()[0].run.seed;
    watch.begin("measuring the present settings", None);
    let search = Search::new(system, watch)?;
    let (estimates, start) = formulas(system, watch)?;
    let for_search = for_search(system);
    look_for(&search, &[system.as_it_is(), start], for_search, seed)?;
    let searched = search.runs();
    let answer = answer(&search, for_search, seed)?;
    watch.begin("confirming on fresh random numbers", None);
    let as_it_is = as_it_is(system, answer.round, watch)?;
    let ranking = search.ranking();
    let conclusion = conclusion(&answer.confirmed, &answer.advice);
    let is_unmet = conclusion == Conclusion::Unmet;
    let objective = |place| (as_it_is.objective(place), answer.confirmed.objective(place));
    Ok(Recommendation {
        conclusion,
        estimates,
        limits: standings(system, &as_it_is, &answer.confirmed),
        objectives: (0..plan.objectives.len()).map(objective).collect(),
        strained: strained(system, &answer.chosen.candidate, watch)?,
        front: front(&ranking, system),
        unmet: if is_unmet { unmet(system, &ranking, &answer.confirmed) } else { Vec::new() },
        candidates: search.candidates(),
        searched,
        runs: search.runs(),
        runs_of_end: answer.runs_of_end,
        advice: answer.advice,
        seed,
        plan: plan.clone(),
    })
}

/// The number of runs for the search, of those that the plan allows for everything.
fn for_search(system: &TunableSystem) -> u64 {
    let all = u64::from(system.plan().runs);
    let least = (all as f64 * LEAST_FOR_SEARCH) as u64;
    all.saturating_sub(cost_of_answer(system)).max(least)
}

/// The candidate to recommend, with what fresh random numbers have shown.
struct Answer {
    chosen: Tried,
    confirmed: Assessment,
    advice: Vec<Advice>,
    /// The round of confirmation.
    round: u64,
    /// The runs under each condition that each end of a safe range went through.
    runs_of_end: u64,
}

/// The best candidate that fresh random numbers do not refute, with everything that is said about it.
/// What they refute goes back into the search, which then goes on. The nearest candidate if there is
/// none.
fn answer(search: &Search<'_>, for_search: u64, seed: u64) -> Result<Answer, Interrupted> {
    let (system, watch) = (search.system(), search.watch());
    let plan = system.plan();
    search.replicate(CONTENDERS.max(u64::from(plan.replications)));
    let refinement = Refinement::of(search);
    let mut round = 0;
    loop {
        let chosen = chosen(search, &refinement)?;
        // What is refuted stays refuted: with enough attempts, luck would confirm it.
        let confirmed = if let Some(known) = &chosen.refuted_by {
            known.clone()
        } else {
            watch.begin("confirming on fresh random numbers", None);
            let evidence = decide_in_round(system, &chosen.candidate, round, watch)?;
            if evidence.standing() == Standing::Holds {
                return confirmed_answer(&refinement, chosen, evidence, round);
            }
            search.refute(&chosen.candidate, &evidence);
            evidence.known
        };
        if round >= MOST_ROUNDS || search.runs() >= MOST_OVERRUN * u64::from(plan.runs) {
            let advice = refinement.values_of_nearest(&chosen.candidate);
            return Ok(Answer { chosen, confirmed, advice, round, runs_of_end: 0 });
        }
        if chosen.score >= INFEASIBLE {
            search.take_other_numbers()?;
        }
        round += 1;
        let until = search.runs() + (for_search as f64 * AGAIN) as u64;
        search.begin(until);
        look_around(search, until, seed.wrapping_add(100 + round))?;
    }
}

/// A candidate that is confirmed, made simpler and moved to better ends of its safe ranges as far as
/// fresh random numbers confirm that too.
fn confirmed_answer(
    refinement: &Refinement<'_>,
    chosen: Tried,
    evidence: Evidence,
    round: u64,
) -> Result<Answer, Interrupted> {
    let (simplest, evidence) = simplified(refinement, chosen, evidence, round + 1)?;
    best_of_neighbourhood(refinement, simplest, evidence.known, round + 1)
}

/// A confirmed candidate with the advice on each setting; in its place, one with a setting at an end of
/// its safe range as long as that is better, fresh random numbers confirm it, and there are runs left.
fn best_of_neighbourhood(
    refinement: &Refinement<'_>,
    mut chosen: Tried,
    mut confirmed: Assessment,
    mut round: u64,
) -> Result<Answer, Interrupted> {
    let (search, watch) = (refinement.search, refinement.watch);
    let all = u64::from(search.system().plan().runs);
    loop {
        watch.begin("finding how far each setting may move", None);
        let left = all.saturating_sub(search.runs());
        let runs_of_end = refinement.runs_of_end(left);
        let advice = refinement.advice(&chosen.candidate, runs_of_end)?;
        let better = loop {
            if round >= MOST_CONFIRMATIONS || search.runs() >= all {
                break None;
            }
            let Some(better) = refinement.better_end(&chosen, &advice)? else { break None };
            round += 1;
            let shown = decide_in_round(search.system(), &better.candidate, round, watch)?;
            if shown.standing() == Standing::Holds {
                break Some((better, shown.known));
            }
            search.refute(&better.candidate, &shown);
        };
        match better {
            Some(better) => (chosen, confirmed) = better,
            None => return Ok(Answer { chosen, confirmed, advice, round, runs_of_end }),
        }
    }
}

/// A confirmed candidate without changes that bring nothing and with round values, if fresh random
/// numbers confirm that too.
fn simplified(
    refinement: &Refinement<'_>,
    confirmed: Tried,
    shown: Evidence,
    round: u64,
) -> Result<(Tried, Evidence), Interrupted> {
    let watch = refinement.watch;
    if refinement.system.plan().objectives.is_empty() {
        return Ok((confirmed, shown));
    }
    watch.begin("taking back changes that bring nothing", None);
    let simpler = refinement.fewest_changes(confirmed.clone())?;
    let simpler = refinement.with_round_values(simpler)?;
    if simpler.candidate == confirmed.candidate {
        return Ok((confirmed, shown));
    }
    let of_simpler = decide_in_round(refinement.system, &simpler.candidate, round, watch)?;
    if of_simpler.standing() == Standing::Holds {
        return Ok((simpler, of_simpler));
    }
    refinement.search.refute(&simpler.candidate, &of_simpler);
    Ok((confirmed, shown))
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
    }
    let best = search.champion(runs)?;
    let score = |point: &[f64]| search.score(point);
    let mut one_by_one =
        Coordinate::new(search.system().point(&best.candidate), best.score, &score);
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
    }
    let score = |point: &[f64]| search.score(point);
    let may_beat = |point: &[f64], best| search.may_beat(&system.candidate(point), best);
    let point = system.point(&best.candidate);
    search.run(&mut LocalSearch::new(point, best.score, seed, &score, &may_beat), runs)
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

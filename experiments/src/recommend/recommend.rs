//! All steps from goals to a recommendation, in their order.

use super::assessment::Assessment;
use super::cma_es::CmaEs;
use super::confirm::{as_it_is, confirm, standings, strained, unmet};
use super::coordinate::Coordinate;
use super::finalists::{Best, best, in_the_middle, is_worth_a_change, simplified};
use super::formulas::formulas;
use super::front::front;
use super::recommendation::{Advice, Conclusion, Recommendation, Standing};
use super::refine::Refinement;
use super::search::Search;
use super::tunable_system::{Candidate, TunableSystem};
use crate::watch::{Interrupted, Watch};

/// The share of the runs that is for searching in all directions at once.
const TOGETHER: f64 = 0.6;
/// The number of times that the search goes on because fresh random numbers refute its answer.
const MOST_ROUNDS: u64 = 3;

/// Finds the settings that keep every limit under every condition and serve the objectives best.
/// The answer depends on the scenario and its seed alone, not on the number of threads.
///
/// # Errors
/// [`Interrupted`] if `watch` interrupts it.
pub fn recommend(system: &TunableSystem, watch: &dyn Watch) -> Result<Recommendation, Interrupted> {
    let plan = system.plan();
    let seed = system.as_written()[0].run.seed;
    let before = system.runs();
    watch.begin("measuring the present settings", None);
    let search = Search::new(system, watch)?;
    let (estimates, start) = formulas(system, watch)?;
    look_for(&search, &[system.as_it_is(), start], u64::from(plan.runs), seed)?;
    let refinement = Refinement {
        system,
        watch,
        order: search.order(),
        replications: 0..u64::from(plan.replications),
        now: search.now(),
    };
    let (chosen, confirmed, round) = confirmed_answer(&search, &refinement)?;
    watch.begin("finding how far each setting may move", None);
    let is_met = confirmed.standing() == Standing::Holds;
    let advice =
        if is_met { refinement.advice(&chosen)? } else { refinement.values_of_nearest(&chosen) };
    watch.begin("confirming on fresh random numbers", None);
    let as_it_is = as_it_is(system, round, watch)?;
    let ranking = search.ranking();
    let conclusion = conclusion(&confirmed, &advice);
    let is_unmet = conclusion == Conclusion::Unmet;
    let objective = |place| (as_it_is.objective(place), confirmed.objective(place));
    Ok(Recommendation {
        conclusion,
        advice,
        estimates,
        limits: standings(system, &as_it_is, &confirmed),
        objectives: (0..plan.objectives.len()).map(objective).collect(),
        strained: strained(system, &chosen, watch)?,
        front: front(&ranking, system),
        unmet: if is_unmet { unmet(system, &ranking, &confirmed) } else { Vec::new() },
        candidates: search.candidates(),
        searched: search.runs(),
        runs: system.runs() - before,
        runs_of_end: refinement.runs_of_end(),
        seed,
        plan: plan.clone(),
    })
}

/// The best candidate that fresh random numbers do not refute, with what they have shown and the
/// round in which they did. What they refute goes back into the search, which then goes on.
fn confirmed_answer(
    search: &Search<'_>,
    refinement: &Refinement<'_>,
) -> Result<(Candidate, Assessment, u64), Interrupted> {
    let (system, watch) = (search.system(), refinement.watch);
    let mut round = 0;
    loop {
        let best = best(search)?;
        let is_nearest = matches!(best, Best::Nearest(_));
        let chosen = match best {
            Best::Nearest(candidate) => {
                watch.begin("taking back changes that bring nothing", None);
                refinement.fewest_changes_of_nearest(candidate)?
            }
            Best::KeepsLimits(candidate)
                if is_worth_a_change(search, &search.ranking(), &candidate) =>
            {
                if system.plan().objectives.is_empty() {
                    in_the_middle(refinement, candidate)?
                } else {
                    watch.begin("taking back changes that bring nothing", None);
                    simplified(refinement, candidate)?
                }
            }
            Best::KeepsLimits(_) => system.as_it_is(),
        };
        watch.begin("confirming on fresh random numbers", None);
        let confirmed = confirm(system, &chosen, round, watch)?;
        if is_nearest || confirmed.standing() == Standing::Holds || round == MOST_ROUNDS {
            return Ok((chosen, confirmed, round));
        }
        search.refute(&chosen, &confirmed);
        round += 1;
    }
}

/// Tries candidates with `runs` runs in all: from each start in all directions at once, then one
/// setting of the best one found there at a time.
///
/// # Errors
/// [`Interrupted`] if the watch interrupts it.
pub fn look_for(
    search: &Search<'_>,
    starts: &[Candidate],
    runs: u64,
    seed: u64,
) -> Result<(), Interrupted> {
    search.begin(runs);
    search.try_all(starts)?;
    let score = |point: &[f64]| search.score(point);
    let share = runs as f64 / starts.len() as f64;
    for (place, start) in starts.iter().enumerate() {
        let point = search.system().point(start);
        let known = search.score(&point);
        let mut together = CmaEs::new(&point, seed.wrapping_add(place as u64), &score);
        search.run(&mut together, (share * (place as f64 + TOGETHER)) as u64)?;
        let (found, best) = together.best();
        let (found, best) = if known < found { (known, point) } else { (found, best) };
        let mut one_by_one = Coordinate::new(best, found, &score);
        search.run(&mut one_by_one, (share * (place + 1) as f64) as u64)?;
    }
    Ok(())
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

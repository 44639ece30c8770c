//! The limits that no candidate could meet, and how near they can be brought.

use std::iter;

use sim_models::study::{Level, Values};

use super::answer::Answer;
use super::assessment::{Caution, Kept, Miss};
use super::confirm::{add_all, each_run};
use super::recommendation::Unmet;
use super::refine::{breaches, moved};
use super::search::{Search, Tried};
use super::tunable_system::{Candidate, TunableSystem};
use crate::parallel::in_order;
use crate::watch::Interrupted;

/// The first replication of the runs that are made here.
const FRESH: u64 = 800_000;
/// The runs that show which end of its range is the better one for a limit.
const RUNS_OF_END: u64 = 2;
/// The runs with every setting at its best end.
const RUNS_OF_BEST: u64 = 10;
/// The most limits for which that is tried.
const MOST_LIMITS: usize = 4;

/// The limits that the nearest candidate misses.
pub(super) fn unmet(
    search: &Search<'_>,
    ranking: &[Tried],
    nearest: &Answer,
) -> Result<Vec<Unmet>, Interrupted> {
    search.watch().begin("trying every setting at its best end", None);
    let misses = nearest.confirmed.misses(Caution::AsPromised).enumerate();
    misses
        .map(|(number, Miss { condition, limit, .. })| {
            let mut unmet = unmet_limit(search.system(), ranking, condition, limit);
            if number < MOST_LIMITS {
                unmet.at_best_ends =
                    at_best_ends(search, &nearest.chosen.candidate, condition, limit)?;
            }
            Ok(unmet)
        })
        .collect()
}

/// The best figure that any candidate had for a limit, and the limit that it would cost to meet it.
fn unmet_limit(system: &TunableSystem, ranking: &[Tried], condition: usize, place: usize) -> Unmet {
    let limit = &system.limits()[condition][place];
    let known = || {
        ranking.iter().filter_map(|tried| {
            let assessment = tried.assessment.as_ref()?;
            Some((tried, assessment, assessment.of_limit(condition, place)?.mean))
        })
    };
    let best = known()
        .map(|(_, _, figure)| figure)
        .min_by(|one, other| limit.miss(Some(*one)).total_cmp(&limit.miss(Some(*other))));
    let meets = known().find(|(_, _, figure)| limit.bound.holds(*figure));
    let at_the_cost_of = meets.and_then(|(tried, assessment, _)| {
        let at = &tried.candidate.levels[0];
        let breach = breaches(system, assessment, at, Caution::AsPromised).into_iter().next()?;
        Some((breach.condition?, breach.limit))
    });
    Unmet {
        condition: system.plan().conditions[condition].clone(),
        limit: limit.text.clone(),
        unit: limit.unit,
        best,
        is_met_by_others: meets.is_some(),
        at_the_cost_of,
        at_best_ends: None,
    }
}

/// The runs that keep a limit with every setting at the end of its range, or the value of its list, that is
/// best for it with all others as in the nearest candidate; `None` if those values do not go together.
fn at_best_ends(
    search: &Search<'_>,
    nearest: &Candidate,
    condition: usize,
    place: usize,
) -> Result<Option<(Kept, Option<f64>)>, Interrupted> {
    let settings = &search.system().plan().settings;
    let limit = &search.system().limits()[condition][place];
    let mut best = nearest.clone();
    for (setting, parameter) in settings.iter().enumerate() {
        let ends = match &parameter.values {
            Values::Listed(_) => parameter.values.levels(),
            Values::Range(_) => vec![parameter.values.at(0.0), parameter.values.at(1.0)],
        };
        let levels: Vec<Level> = iter::once(nearest.levels[setting].clone()).chain(ends).collect();
        let figure = |_: usize, level: &Level| {
            let candidate = moved(nearest, setting, level.clone());
            let known = measured(search, &candidate, condition, place, RUNS_OF_END)?;
            Ok(known.map_or(f64::INFINITY, |(_, mean)| limit.shortfall(mean)))
        };
        let figures = in_order(&levels, search.watch().jobs(), &figure);
        let figures: Vec<f64> = figures.into_iter().collect::<Result<_, _>>()?;
        let ranked = levels.into_iter().zip(figures).min_by(|one, other| one.1.total_cmp(&other.1));
        best.levels[setting] = ranked.expect("there is the nearest value").0;
    }
    measured(search, &best, condition, place, RUNS_OF_BEST)
}

/// The runs of a candidate that keep a limit, and the mean of its figure; `None` if its settings do not go
/// together.
fn measured(
    search: &Search<'_>,
    candidate: &Candidate,
    condition: usize,
    place: usize,
    runs: u64,
) -> Result<Option<(Kept, Option<f64>)>, Interrupted> {
    let (system, watch) = (search.system(), search.watch());
    let Ok(systems) = system.systems(candidate) else { return Ok(None) };
    let mut known = system.unmeasured();
    let replications = FRESH..FRESH + runs;
    add_all(&mut known, &each_run(system, &systems, replications, &[condition], watch, 1)?);
    let mean = known.of_limit(condition, place).map(|interval| interval.mean);
    Ok(Some((known.kept(condition, place), mean)))
}

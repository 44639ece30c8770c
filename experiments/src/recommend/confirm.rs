//! The answer on fresh random numbers: its limits, its room under strain, and the limits that no
//! candidate could meet.

use std::ops::Range;
use std::sync::Arc;

use sim_models::study::{Strain, strained as strain_system};
use sim_models::system::Blueprint;

use super::assessment::{Assessment, Caution, LimitHere, Miss};
use super::recommendation::{LimitStanding, MeasuredLimit, Standing, Strained, Unmet};
use super::refine::breaches;
use super::search::Tried;
use super::tunable_system::{Candidate, TunableSystem};
use crate::parallel::in_order;
use crate::watch::{Interrupted, Watch};

/// The first replication that confirms an answer; no step before has seen it or any later one.
pub(super) const FRESH: u64 = 1_000_000;
/// The replications from one round of confirmation to the next.
const ROUND: u64 = 100_000;
/// The most runs that decide about a candidate, as a multiple of those that the plan asks for.
pub(super) const MOST: u64 = 4;
/// The numbers of runs after which a candidate is given up if it clearly breaks a promise.
const FIRST_LOOKS: [u64; 3] = [3, 10, 30];
/// The runs under each condition for an end of a safe range, so that something can be said about it.
const RUNS_AROUND_END: u64 = 15;
/// The most runs of the settings of the file, which are only compared with.
const MOST_COMPARED: u64 = 20;

/// The evidence of fresh random numbers on a candidate.
pub(super) struct Evidence {
    pub known: Assessment,
    /// The runs that missed a limit, by condition and replication.
    pub missed: Vec<(usize, u64)>,
}

impl Evidence {
    fn add(&mut self, system: &TunableSystem, runs: Vec<Run>) {
        let missed = runs.iter().filter(|run| run.misses(system));
        self.missed.extend(missed.map(|run| (run.condition, run.replication)));
        add_all(&mut self.known, runs);
    }

    /// The worst standing of any limit.
    pub fn standing(&self) -> Standing {
        self.known.standing()
    }
}

/// Simulates a candidate that has been measured before on the fresh random numbers of a round, on all
/// threads, as often as the plan asks for or oftener.
pub(super) fn decide_in_round(
    system: &TunableSystem,
    candidate: &Candidate,
    round: u64,
    watch: &dyn Watch,
) -> Result<Evidence, Interrupted> {
    let systems = system.sound_systems(candidate);
    let least = u64::from(system.plan().validations);
    let first = FRESH + ROUND * round;
    decide(system, &systems, Looks { first, least, most: MOST * least }, watch, watch.jobs())
}

/// The replications that decide about a candidate.
#[derive(Clone, Copy)]
pub(super) struct Looks {
    /// The first of them.
    pub first: u64,
    /// Their number, unless they leave something open.
    pub least: u64,
    /// Their number if they do.
    pub most: u64,
}

/// The number of runs that an answer takes with everything that is said about it, if each end of a
/// safe range goes through a few.
pub(super) fn cost_of_answer(system: &TunableSystem) -> u64 {
    let plan = system.plan();
    let validations = u64::from(plan.validations);
    let strains = Strain::ALL.len() as u64 * validations.min(MOST_STRAINED);
    let ends = 2 * plan.settings.len() as u64 * RUNS_AROUND_END;
    let under_each = validations + validations.min(MOST_COMPARED) + strains + ends;
    under_each * plan.conditions.len() as u64
}

/// Simulates the settings of the file on the random numbers of a round, to compare with.
pub(super) fn as_it_is(
    system: &TunableSystem,
    round: u64,
    watch: &dyn Watch,
) -> Result<Assessment, Interrupted> {
    let first = FRESH + ROUND * round;
    let runs = u64::from(system.plan().validations).min(MOST_COMPARED);
    on_fresh(system, &system.sound_systems(&system.as_it_is()), first..first + runs, watch)
}

/// Simulates the systems of a candidate until it is clear whether every promise is kept: no further once
/// one is clearly broken, and oftener under conditions in which that stays open.
pub(super) fn decide(
    system: &TunableSystem,
    systems: &[Arc<Blueprint>],
    Looks { first, least, most }: Looks,
    watch: &dyn Watch,
    jobs: usize,
) -> Result<Evidence, Interrupted> {
    let looks = FIRST_LOOKS.into_iter().filter(|look| *look < least).chain([least]);
    let mut shown = Evidence { known: system.unmeasured(), missed: Vec::new() };
    let mut done = 0;
    let mut simulate = |until: u64, conditions: Vec<usize>, shown: &mut Evidence| {
        let replications = first + done..first + until;
        done = until;
        let runs = each_run(system, systems, replications, &conditions, watch, jobs)?;
        shown.add(system, runs);
        Ok(())
    };
    for look in looks {
        simulate(look, system.conditions().collect(), &mut shown)?;
        if shown.standing() == Standing::Misses {
            return Ok(shown);
        }
    }
    let mut runs = least;
    while shown.standing() == Standing::Unsure && runs < most {
        runs *= 2;
        simulate(runs, shown.known.conditions_that(Standing::Unsure), &mut shown)?;
    }
    Ok(shown)
}

fn on_fresh(
    system: &TunableSystem,
    systems: &[Arc<Blueprint>],
    replications: Range<u64>,
    watch: &dyn Watch,
) -> Result<Assessment, Interrupted> {
    let all: Vec<usize> = system.conditions().collect();
    let mut assessment = system.unmeasured();
    add_all(&mut assessment, each_run(system, systems, replications, &all, watch, watch.jobs())?);
    Ok(assessment)
}

/// The values that a run of a candidate has for each reading.
pub(super) struct Run {
    pub condition: usize,
    pub replication: u64,
    pub values: Vec<Option<f64>>,
}

impl Run {
    /// True if it misses a limit.
    fn misses(&self, system: &TunableSystem) -> bool {
        let limits = system.limits()[self.condition].iter().zip(&self.values);
        limits.into_iter().any(|(limit, value)| limit.miss(*value) > 0.0)
    }
}

/// Simulates the systems of a candidate under conditions on several threads; returns all runs, one
/// replication after the other.
pub(super) fn each_run(
    system: &TunableSystem,
    systems: &[Arc<Blueprint>],
    replications: Range<u64>,
    conditions: &[usize],
    watch: &dyn Watch,
    jobs: usize,
) -> Result<Vec<Run>, Interrupted> {
    let under = |replication| conditions.iter().map(move |condition| (*condition, replication));
    let each: Vec<(usize, u64)> = replications.flat_map(under).collect();
    those_runs(system, systems, &each, watch, jobs)
}

/// Simulates the systems of a candidate on several threads, each under a condition and with the random
/// numbers of a replication.
pub(super) fn those_runs(
    system: &TunableSystem,
    systems: &[Arc<Blueprint>],
    each: &[(usize, u64)],
    watch: &dyn Watch,
    jobs: usize,
) -> Result<Vec<Run>, Interrupted> {
    let simulate = |_: usize, (condition, replication): &(usize, u64)| {
        let (condition, replication) = (*condition, *replication);
        let values = system.figures(systems, condition, replication, watch)?;
        watch.advance(1);
        Ok(Run { condition, replication, values })
    };
    in_order(each, jobs, &simulate).into_iter().collect()
}

/// Adds runs to what is known of a candidate.
pub(super) fn add_all(assessment: &mut Assessment, runs: Vec<Run>) {
    for run in runs {
        assessment.add(run.condition, &run.values);
    }
}

/// The standing of every limit with the settings as they are and as recommended.
pub(super) fn standings(
    system: &TunableSystem,
    as_it_is: &Assessment,
    confirmed: &Assessment,
) -> Vec<LimitStanding> {
    let conditions = system.limits().iter().zip(&system.plan().conditions).enumerate();
    let measured = |limit: &LimitHere, condition, place, assessment: &Assessment| {
        let kept = assessment.kept(condition, place);
        let figure = assessment.of_limit(condition, place);
        MeasuredLimit { kept, figure, standing: kept.standing(limit.share) }
    };
    conditions
        .flat_map(|(condition, (limits, name))| {
            limits.iter().enumerate().map(move |(place, limit)| LimitStanding {
                condition: name.clone(),
                limit: limit.text.clone(),
                unit: limit.unit,
                share: limit.share,
                now: measured(limit, condition, place, as_it_is),
                recommended: measured(limit, condition, place, confirmed),
            })
        })
        .collect()
}

/// The most runs under each strain.
const MOST_STRAINED: u64 = 10;

/// The limits that give way under each strain.
pub(super) fn strained(
    system: &TunableSystem,
    candidate: &Candidate,
    watch: &dyn Watch,
) -> Result<Vec<Strained>, Interrupted> {
    let systems = system.sound_systems(candidate);
    let under = |strain: Strain| {
        let systems: Vec<Arc<Blueprint>> =
            systems.iter().map(|system| Arc::new(strain_system(system, strain))).collect();
        let validations = u64::from(system.plan().validations).min(MOST_STRAINED);
        let assessment = on_fresh(system, &systems, FRESH..FRESH + validations, watch)?;
        let breaches = breaches(system, &assessment, &candidate.levels[0], Caution::AsPromised);
        Ok(Strained { strain, breaches })
    };
    Strain::ALL.into_iter().map(under).collect()
}

/// The limits that the nearest candidate misses.
pub(super) fn unmet(system: &TunableSystem, ranking: &[Tried], nearest: &Assessment) -> Vec<Unmet> {
    let misses = nearest.misses(Caution::AsPromised);
    misses
        .map(|Miss { condition, limit, .. }| unmet_limit(system, ranking, condition, limit))
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
    }
}

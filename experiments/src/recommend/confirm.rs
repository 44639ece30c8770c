//! The answer on fresh random numbers: its limits, its room under strain, and the limits that no
//! candidate could meet.

use std::iter;
use std::ops::Range;
use std::sync::Arc;

use sim_models::study::{Strain, strained as strain_system};
use sim_models::system::Blueprint;

use super::assessment::{Assessment, Caution, Miss};
use super::promise::{Part, Promise};
use super::recommendation::{
    LimitStanding, MeasuredLimit, MeasuredTogether, Standing, StandingTogether, Strained,
};
use super::refine::breaches;
use super::tunable_system::{Candidate, TunableSystem};
use crate::parallel::in_order;
use crate::watch::{Interrupted, Watch};

/// The first replication that confirms an answer; no step before has seen it or any later one.
pub(super) const FRESH: u64 = 1_000_000;
/// The replications from one round of confirmation to the next, and the number of rounds for which there
/// are fresh random numbers before the next block.
const ROUND: u64 = 20_000;
pub(super) const MOST_ROUNDS_OF_BLOCK: u64 = 48;
/// The number of rounds for the steps of a walk; the others are for what it has led to.
pub(super) const MOST_ROUNDS_OF_WALK: u64 = 40;
/// The most runs that decide about a candidate, as a multiple of those that the plan asks for.
pub(super) const MOST: u64 = 4;
/// The numbers of runs after which a candidate is given up if it cannot be shown any more that it keeps
/// its promises.
const FIRST_LOOKS: [u64; 7] = [3, 6, 10, 15, 20, 30, 45];
/// The runs under each condition for an end of a safe range, so that something can be said about it, and the
/// number of values that are about checked with so many runs until one is safe.
const RUNS_AROUND_END: u64 = 15;
pub(super) const CHECKS_OF_END: u64 = 2;
/// The most runs of the settings of the file, which are only compared with.
const MOST_COMPARED: u64 = 10;

/// The effort that a decision about a candidate is worth.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effort {
    /// The runs under each condition, unless they leave something open.
    pub least: u64,
    /// The runs under a condition if they do.
    pub most: u64,
    /// The room, in standard deviations of its figure, with which every limit must be kept under a
    /// condition for it to be left alone; `None` if none may be.
    pub room: Option<f64>,
    /// The caution with which they decide. Where runs are scarce, the promised share of them has to do: it
    /// takes many to show it of all.
    pub caution: Caution,
}

/// The evidence of the fresh random numbers of a round on a candidate.
#[derive(Clone, Debug)]
pub(super) struct Evidence {
    pub known: Assessment,
    /// The runs that missed a limit, by condition and replication.
    pub missed: Vec<(usize, u64)>,
    /// The first replication.
    first: u64,
    /// The number of runs under each condition.
    done: Vec<u64>,
}

impl Evidence {
    /// No evidence yet.
    pub fn of_round(system: &TunableSystem, round: u64) -> Self {
        let done = vec![0; system.conditions().len()];
        let first = FRESH + ROUND * round;
        Self { known: system.unmeasured(), missed: Vec::new(), first, done }
    }

    /// Simulates a candidate that has been measured before, on all threads: more often under conditions in
    /// which it stays open whether a promise is kept, and no further once that cannot be shown any more.
    /// With `room`, conditions are left alone once every limit has been kept clearly in them.
    pub fn decide(
        &mut self,
        system: &TunableSystem,
        candidate: &Candidate,
        Effort { least, most, room, caution }: Effort,
        watch: &dyn Watch,
    ) -> Result<(), Interrupted> {
        let systems = system.sound_systems(candidate);
        for look in FIRST_LOOKS.into_iter().filter(|look| *look < least).chain([least]) {
            let is_open = |condition: &usize| {
                room.is_none_or(|room| !self.known.is_settled(*condition, room))
            };
            let open: Vec<usize> = system.conditions().filter(is_open).collect();
            self.simulate(system, &systems, &open, look, watch)?;
            if !self.known.may_still_hold(most, caution) {
                return Ok(());
            }
        }
        let mut runs = least;
        while self.standing() > Standing::Holds
            && runs < most
            && self.known.may_still_hold(most, caution)
        {
            runs *= 2;
            let open = self.known.conditions_that(Standing::Unsure);
            self.simulate(system, &systems, &open, runs, watch)?;
        }
        Ok(())
    }

    /// Simulates until so many runs have been made under each of some conditions.
    fn simulate(
        &mut self,
        system: &TunableSystem,
        systems: &[Arc<Blueprint>],
        conditions: &[usize],
        until: u64,
        watch: &dyn Watch,
    ) -> Result<(), Interrupted> {
        let first = self.first;
        let mut each = Vec::new();
        for condition in conditions.iter().copied() {
            each.extend((self.done[condition]..until).map(|number| (condition, first + number)));
            self.done[condition] = until.max(self.done[condition]);
        }
        let runs = those_runs(system, systems, &each, watch, watch.jobs())?;
        let missed = runs.iter().filter(|run| run.missed_by(system) > 0.0);
        self.missed.extend(missed.map(|run| (run.condition, run.replication)));
        add_all(&mut self.known, &runs);
        Ok(())
    }

    /// The worst standing of any limit.
    pub fn standing(&self) -> Standing {
        self.known.standing()
    }
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
    /// The caution with which they decide.
    pub caution: Caution,
}

/// The number of runs that an answer takes with everything that is said about it, if each end of a
/// safe range goes through a few.
pub(super) fn cost_of_answer(system: &TunableSystem) -> u64 {
    let plan = system.plan();
    let validations = u64::from(plan.validations);
    let strains = Strain::ALL.len() as u64 * validations.min(MOST_STRAINED);
    let ends = 2 * plan.settings.len() as u64 * CHECKS_OF_END * RUNS_AROUND_END;
    let compared = validations.min(MOST_COMPARED);
    // Once when it is found, and once at the end of the walk.
    let under_each = 2 * validations + compared + strains + ends;
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

/// Simulates the systems of a candidate on one thread, in this order of conditions, until more runs miss
/// a limit than may of `most`, and oftener than asked for under conditions in which one is missed.
pub(super) fn until_broken(
    system: &TunableSystem,
    systems: &[Arc<Blueprint>],
    Looks { first, least, most, caution }: Looks,
    order: &[usize],
    watch: &dyn Watch,
) -> Result<Assessment, Interrupted> {
    let looks = [1, 4].into_iter().chain(FIRST_LOOKS.into_iter().skip(2));
    let looks = looks.filter(|look| *look < least).chain([least]);
    let mut known = system.unmeasured();
    let mut done = 0;
    let mut conditions = order.to_vec();
    let doubled = iter::successors(Some(2 * least), |runs| Some(2 * runs));
    for look in looks.chain(doubled.take_while(|runs| *runs <= most)) {
        for condition in conditions {
            let new = first + done..first + look;
            add_all(&mut known, &each_run(system, systems, new, &[condition], watch, 1)?);
            if !known.may_still_hold(most, caution) {
                return Ok(known);
            }
        }
        done = look;
        conditions = order.to_vec();
        if look >= least {
            let misses: Vec<Miss> = known.misses(caution).collect();
            conditions.retain(|condition| misses.iter().any(|miss| miss.condition == *condition));
        }
    }
    Ok(known)
}

fn on_fresh(
    system: &TunableSystem,
    systems: &[Arc<Blueprint>],
    replications: Range<u64>,
    watch: &dyn Watch,
) -> Result<Assessment, Interrupted> {
    let all: Vec<usize> = system.conditions().collect();
    let mut assessment = system.unmeasured();
    add_all(&mut assessment, &each_run(system, systems, replications, &all, watch, watch.jobs())?);
    Ok(assessment)
}

/// The values that a run of a candidate has for each reading.
pub(super) struct Run {
    pub condition: usize,
    pub replication: u64,
    pub values: Vec<Option<f64>>,
}

impl Run {
    /// The distance by which it misses all limits together; zero if it misses none.
    pub fn missed_by(&self, system: &TunableSystem) -> f64 {
        let limits = system.limits()[self.condition].iter().zip(&self.values);
        limits.fold(0.0, |sum, (limit, value)| sum + limit.miss(*value))
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
pub(super) fn add_all(assessment: &mut Assessment, runs: &[Run]) {
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
    let measured = |condition, place, assessment: &Assessment| MeasuredLimit {
        kept: assessment.kept(condition, place),
        figure: assessment.of_limit(condition, place),
        standing: assessment.standing_of(system.promises().of(condition, place)),
    };
    conditions
        .flat_map(|(condition, (limits, name))| {
            limits.iter().enumerate().map(move |(place, limit)| LimitStanding {
                condition: name.clone(),
                limit: limit.text.clone(),
                unit: limit.unit,
                share: limit.share,
                is_part: system.promises().of(condition, place).parts.len() > 1,
                now: measured(condition, place, as_it_is),
                recommended: measured(condition, place, confirmed),
            })
        })
        .collect()
}

/// The standing of every promise about several conditions together, with the settings as they are and as
/// recommended.
pub(super) fn standings_together(
    system: &TunableSystem,
    as_it_is: &Assessment,
    confirmed: &Assessment,
) -> Vec<StandingTogether> {
    let measured = |promise: &Promise, assessment: &Assessment| {
        let kept = assessment.kept_of(promise);
        MeasuredTogether {
            kept: promise.kept(&kept),
            at_least: promise.at_least(&kept),
            standing: promise.standing(&kept),
        }
    };
    let together = system.promises().all.iter().filter(|promise| promise.parts.len() > 1);
    let standing = |promise: &Promise| {
        let Part { condition, limit, .. } = promise.parts[0];
        let name = |part: &Part| (system.plan().conditions[part.condition].clone(), part.weight);
        StandingTogether {
            conditions: promise.parts.iter().map(name).collect(),
            limit: system.limits()[condition][limit].text.clone(),
            share: promise.share,
            now: measured(promise, as_it_is),
            recommended: measured(promise, confirmed),
        }
    };
    together.map(standing).collect()
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

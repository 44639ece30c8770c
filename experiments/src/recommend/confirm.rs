//! The answer on fresh random numbers: its limits, its room under strain, and the limits that no
//! candidate could meet.

use std::sync::Arc;

use sim_core::stats::ConfidenceInterval;
use sim_models::study::{Strain, strained as strain_system};
use sim_models::system::Blueprint;

use super::assessment::{Assessment, Caution, LimitHere, Miss};
use super::recommendation::{LimitStanding, Standing, Strained, Unmet};
use super::refine::breaches;
use super::search::Tried;
use super::tunable_system::{Candidate, TunableSystem};
use crate::parallel::in_order;
use crate::watch::{Interrupted, Watch};

/// The first replication that confirms an answer; no step before has seen it or any later one.
pub(super) const FRESH: u64 = 1_000_000;

/// Simulates a candidate that has been measured before on fresh random numbers, on all threads.
pub(super) fn confirm(
    system: &TunableSystem,
    candidate: &Candidate,
    watch: &dyn Watch,
) -> Result<Assessment, Interrupted> {
    let systems = system.sound_systems(candidate);
    confirm_systems(system, &systems, system.plan().validations, watch)
}

fn confirm_systems(
    system: &TunableSystem,
    systems: &[Arc<Blueprint>],
    validations: u32,
    watch: &dyn Watch,
) -> Result<Assessment, Interrupted> {
    let order: Vec<usize> = system.conditions().collect();
    let fresh: Vec<u64> = (FRESH..FRESH + u64::from(validations)).collect();
    let parts = in_order(&fresh, watch.jobs(), &|_, replication: &u64| {
        system.measure(systems, &order, *replication..replication + 1, watch, &|_| false)
    });
    let nothing = Assessment::new(system.limits(), system.plan().objectives.len());
    parts.into_iter().try_fold(nothing, |all, part| Ok(all.together(part?)))
}

/// The standing of every limit with the settings as they are and as recommended.
pub(super) fn standings(
    system: &TunableSystem,
    as_it_is: &Assessment,
    confirmed: &Assessment,
) -> Vec<LimitStanding> {
    let conditions = system.limits().iter().zip(&system.plan().conditions).enumerate();
    conditions
        .flat_map(|(condition, (limits, name))| {
            limits.iter().enumerate().map(move |(place, limit)| LimitStanding {
                condition: name.clone(),
                limit: limit.text.clone(),
                unit: limit.unit,
                now: standing(limit, as_it_is.of_limit(condition, place)),
                recommended: standing(limit, confirmed.of_limit(condition, place)),
            })
        })
        .collect()
}

fn standing(
    limit: &LimitHere,
    interval: Option<ConfidenceInterval>,
) -> (Option<ConfidenceInterval>, Standing) {
    let standing = match interval {
        Some(interval) if limit.surely_holds(interval) => Standing::Holds,
        Some(interval) if limit.bound.holds(interval.mean) => Standing::Unsure,
        _ => Standing::Misses,
    };
    (interval, standing)
}

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
        let validations = system.plan().validations.div_ceil(2);
        let assessment = confirm_systems(system, &systems, validations, watch)?;
        let breaches = breaches(system, &assessment, &candidate.levels[0], Caution::OnAverage);
        Ok(Strained { strain, breaches })
    };
    Strain::ALL.into_iter().map(under).collect()
}

/// The limits that the nearest candidate misses.
pub(super) fn unmet(system: &TunableSystem, ranking: &[Tried], nearest: &Assessment) -> Vec<Unmet> {
    let misses = nearest.misses(Caution::OnAverage);
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
        let breach = breaches(system, assessment, at, Caution::OnAverage).into_iter().next()?;
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

//! A recommendation checked again, on random numbers that neither the search nor its confirmation
//! has seen.

use std::ops::Range;
use std::sync::Arc;

use sim_models::system::Blueprint;

use super::confirm::{FRESH, Run, add_all, each_run, standings, standings_together};
use super::recommendation::{LimitStanding, Standing, StandingTogether};
use super::tunable_system::TunableSystem;
use crate::watch::{Interrupted, Watch};

/// A recommendation that was checked again.
#[derive(Clone, Debug)]
pub struct Recheck {
    /// The replications that were simulated.
    pub replications: Range<u64>,
    /// The seed that they belong to.
    pub seed: u64,
    /// Every limit under every condition.
    pub limits: Vec<Rechecked>,
    /// Every limit that is promised for several conditions together; the settings as they are have not been
    /// simulated, so these are those of the recommended ones too.
    pub together: Vec<StandingTogether>,
}

/// A limit under a condition that was checked again.
#[derive(Clone, Debug)]
pub struct Rechecked {
    /// The limit and its standing with the recommended settings.
    pub limit: LimitStanding,
    /// The replications that miss the limit.
    pub missed_in: Vec<u64>,
}

impl Recheck {
    /// True if a promise is broken.
    pub fn misses(&self) -> bool {
        self.standings().any(|standing| standing == Standing::Misses)
    }

    /// The standing of each promise.
    pub fn standings(&self) -> impl Iterator<Item = Standing> {
        let by_itself = self.limits.iter().filter(|limit| !limit.limit.is_part);
        let together = self.together.iter().map(|limit| limit.recommended.standing);
        by_itself.map(|limit| limit.limit.recommended.standing).chain(together)
    }
}

/// The first `runs` replications of a block. The search uses replications of block 0, its confirmation those at
/// the beginning of block 1, and nothing but a recheck those of later blocks. `None` if a block has
/// fewer than `runs`.
pub fn block(number: u64, runs: u32) -> Option<Range<u64>> {
    let first = number.checked_mul(FRESH)?;
    (u64::from(runs) <= FRESH).then(|| first..first + u64::from(runs))
}

/// Simulates replications of the systems of a candidate, under each condition, on all threads.
///
/// # Errors
/// [`Interrupted`] if `watch` interrupts it.
pub fn recheck(
    system: &TunableSystem,
    systems: &[Arc<Blueprint>],
    replications: Range<u64>,
    watch: &dyn Watch,
) -> Result<Recheck, Interrupted> {
    watch.begin("checking again", Some(replications.end - replications.start));
    let all: Vec<usize> = system.conditions().collect();
    let runs = each_run(system, systems, replications.clone(), &all, watch, watch.jobs())?;
    let limits = system.limits().iter().enumerate();
    let places: Vec<(usize, usize)> = limits
        .flat_map(|(condition, limits)| (0..limits.len()).map(move |place| (condition, place)))
        .collect();
    let missed_in = |(condition, place): (usize, usize)| {
        let limit = &system.limits()[condition][place];
        let misses = |run: &&Run| run.condition == condition && limit.miss(run.values[place]) > 0.0;
        runs.iter().filter(misses).map(|run| run.replication).collect::<Vec<u64>>()
    };
    let missed: Vec<Vec<u64>> = places.into_iter().map(missed_in).collect();
    let mut all = system.unmeasured();
    add_all(&mut all, &runs);
    let limits = standings(system, &all, &all).into_iter().zip(missed);
    Ok(Recheck {
        limits: limits.map(|(limit, missed_in)| Rechecked { limit, missed_in }).collect(),
        together: standings_together(system, &all, &all),
        seed: systems[0].run.seed,
        replications: replications.clone(),
    })
}

//! A recommendation checked again, on random numbers that neither the search nor its confirmation
//! has seen.

use std::ops::Range;
use std::sync::Arc;

use sim_models::system::Blueprint;

use super::assessment::Assessment;
use super::confirm::{FRESH, one_by_one, standings};
use super::recommendation::{LimitStanding, Standing};
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
    /// True if a limit is missed.
    pub fn misses(&self) -> bool {
        self.limits.iter().any(|limit| limit.limit.recommended.standing == Standing::Misses)
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
    let parts = one_by_one(system, systems, replications.clone(), watch)?;
    let all = parts.iter().cloned().fold(system.unmeasured(), Assessment::together);
    let places = system
        .limits()
        .iter()
        .enumerate()
        .flat_map(|(condition, limits)| (0..limits.len()).map(move |place| (condition, place)));
    let rechecked = |((condition, place), limit): ((usize, usize), LimitStanding)| {
        let misses = |part: &Assessment| part.kept(condition, place).kept == 0;
        let missed = replications.clone().zip(&parts).filter(|(_, part)| misses(part));
        Rechecked { limit, missed_in: missed.map(|(replication, _)| replication).collect() }
    };
    Ok(Recheck {
        limits: places.zip(standings(system, &all, &all)).map(rechecked).collect(),
        seed: systems[0].run.seed,
        replications: replications.clone(),
    })
}

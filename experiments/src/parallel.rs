//! Several runs on several threads.

use std::sync::Arc;

use rayon::prelude::*;
use sim_models::system::Blueprint;

use crate::run::{Finished, Progress, run};

/// Runs all `blueprints` on at most `jobs` threads and returns their results in the order given, whatever finished first.
/// `observe` is told which run has made progress and can break each off.
///
/// # Panics
/// If the operating system refuses to start threads.
pub fn run_all(
    blueprints: &[Arc<Blueprint>],
    jobs: usize,
    observe: &(dyn Fn(usize, Progress) -> std::ops::ControlFlow<()> + Sync),
) -> Vec<Finished> {
    let run_one = |(index, blueprint): (usize, &Arc<Blueprint>)| run(blueprint, 0, &mut |progress| observe(index, progress));
    if jobs == 1 || blueprints.len() == 1 {
        return blueprints.iter().enumerate().map(run_one).collect();
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(jobs).build().expect("the operating system starts threads");
    pool.install(|| blueprints.par_iter().enumerate().map(run_one).collect())
}

//! Several runs on several threads.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rayon::prelude::*;
use sim_models::system::Blueprint;

use crate::run::{Finished, Progress, run};

/// Runs all `blueprints` on at most `jobs` threads and returns their results in the order given,
/// whatever finished first. `observe` is told which run has made progress and can break each off.
///
/// # Panics
/// If the operating system refuses to start threads.
pub fn run_all(
    blueprints: &[Arc<Blueprint>],
    jobs: usize,
    observe: &(dyn Fn(usize, Progress) -> ControlFlow<()> + Sync),
) -> Vec<Finished> {
    in_order(blueprints, jobs, &|index, blueprint| {
        run(blueprint, 0, &mut |progress| observe(index, progress))
    })
}

/// Does something with each of `items` on at most `jobs` threads and returns what came of it in
/// their order, whatever was done first. What is done must depend on the item and its index alone.
///
/// ```
/// let squares = sim_experiments::in_order(&[1, 2, 3], 2, &|_, number| number * number);
/// assert_eq!(squares, [1, 4, 9]);
/// ```
///
/// # Panics
/// If the operating system refuses to start threads.
pub fn in_order<Item: Sync, Result: Send>(
    items: &[Item],
    jobs: usize,
    work: &(dyn Fn(usize, &Item) -> Result + Sync),
) -> Vec<Result> {
    if jobs == 1 || items.len() == 1 {
        return items.iter().enumerate().map(|(index, item)| work(index, item)).collect();
    }
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(jobs)
        .build()
        .expect("the operating system starts threads");
    pool.install(|| {
        items
            .par_iter()
            .with_max_len(1)
            .enumerate()
            .map(|(index, item)| work(index, item))
            .collect()
    })
}

/// Does something with each number below `count` on at most `jobs` threads, each taking the lowest
/// that is left: what is done is done nearly in order, whatever the number of threads, and nothing
/// is kept. The first break ends it.
///
/// # Panics
/// If the operating system refuses to start threads.
pub fn each_in_turn(
    count: u64,
    jobs: usize,
    work: &(dyn Fn(u64) -> ControlFlow<()> + Sync),
) -> ControlFlow<()> {
    let (next, is_broken_off) = (AtomicU64::new(0), AtomicBool::new(false));
    let work_on = || {
        while !is_broken_off.load(Ordering::Relaxed) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                break;
            }
            if work(number).is_break() {
                is_broken_off.store(true, Ordering::Relaxed);
            }
        }
    };
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(jobs)
        .build()
        .expect("the operating system starts threads");
    pool.broadcast(|_| work_on());
    if is_broken_off.into_inner() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

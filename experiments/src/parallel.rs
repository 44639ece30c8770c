//! Work on several threads, with results that do not show it.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use rayon::prelude::*;
use sim_models::system::Blueprint;

use crate::run::{Finished, run_and_tell};
use crate::watch::Watch;

/// Runs all `blueprints` on the threads of `watch` and returns their results in the order given,
/// whichever finishes first. `watch` hears how far each run is.
///
/// # Panics
/// If the operating system refuses to start threads.
pub fn run_all(blueprints: &[Arc<Blueprint>], watch: &dyn Watch) -> Vec<Finished> {
    replay_all(blueprints, 0, watch)
}

/// Does the same as [`run_all`] with another replication of each blueprint's seed.
///
/// # Panics
/// If the operating system refuses to start threads.
pub fn replay_all(
    blueprints: &[Arc<Blueprint>],
    replication: u64,
    watch: &dyn Watch,
) -> Vec<Finished> {
    in_order(blueprints, watch.jobs(), &|index, blueprint| {
        run_and_tell(blueprint, replication, watch, &|progress| watch.reached(index, progress))
    })
}

/// Calls `work` for each of `items` on at most `jobs` threads and returns the results in the order
/// of the items, whichever is done first. A result must depend on the item and its index alone.
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
    pool(jobs).install(|| {
        items
            .par_iter()
            .with_max_len(1)
            .enumerate()
            .map(|(index, item)| work(index, item))
            .collect()
    })
}

/// Calls `work` for each of `numbers` on at most `jobs` threads, each thread taking the lowest
/// number that is left: work is done nearly in order, whatever the number of threads, and nothing
/// is kept. After the first error no thread takes another number.
///
/// # Errors
/// The first error of `work`.
///
/// # Panics
/// If the operating system refuses to start threads.
pub(crate) fn each_in_turn<Error: Send>(
    numbers: Range<u64>,
    jobs: usize,
    work: &(dyn Fn(u64) -> Result<(), Error> + Sync),
) -> Result<(), Error> {
    let next = AtomicU64::new(numbers.start);
    let failure = Mutex::new(None);
    let has_failed = || failure.lock().expect("no thread has panicked").is_some();
    pool(jobs).broadcast(|_| {
        while !has_failed() {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= numbers.end {
                break;
            }
            if let Err(error) = work(number) {
                failure.lock().expect("no thread has panicked").get_or_insert(error);
            }
        }
    });
    failure.into_inner().expect("no thread has panicked").map_or(Ok(()), Err)
}

/// A pool of `jobs` threads.
pub(crate) fn pool(jobs: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new()
        .num_threads(jobs)
        .build()
        .expect("the operating system starts threads")
}

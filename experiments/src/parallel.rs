//! Work on several threads, with results that do not show it.

use std::iter;
use std::num::NonZero;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::thread::available_parallelism;

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use sim_models::system::Blueprint;

use crate::run::{Finished, run_and_tell};
use crate::watch::Watch;

/// Runs all `blueprints` on the threads of `watch` and returns their results in the order given,
/// whichever finishes first. `watch` hears how far each run is.
pub fn run_all(blueprints: &[Arc<Blueprint>], watch: &dyn Watch) -> Vec<Finished> {
    replay_all(blueprints, 0, watch)
}

/// Does the same as [`run_all`] with another replication of each blueprint's seed.
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
pub fn in_order<Item: Sync, Result: Send>(
    items: &[Item],
    jobs: usize,
    work: &(dyn Fn(usize, &Item) -> Result + Sync),
) -> Vec<Result> {
    let Some(pool) = pool(jobs, items.len()) else {
        return items.iter().enumerate().map(|(index, item)| work(index, item)).collect();
    };
    pool.install(|| {
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
/// If another thread has panicked.
pub(crate) fn each_in_turn<Error: Send>(
    numbers: Range<u64>,
    jobs: usize,
    work: &(dyn Fn(u64) -> Result<(), Error> + Sync),
) -> Result<(), Error> {
    let next = AtomicU64::new(numbers.start);
    let failure = Mutex::new(None);
    let has_failed = || failure.lock().expect("no thread has panicked").is_some();
    let take_turns = || {
        while !has_failed() {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= numbers.end {
                break;
            }
            if let Err(error) = work(number) {
                failure.lock().expect("no thread has panicked").get_or_insert(error);
            }
        }
    };
    match pool(jobs, (numbers.end - numbers.start) as usize) {
        Some(pool) => {
            pool.broadcast(|_| take_turns());
        }
        None => take_turns(),
    }
    failure.into_inner().expect("no thread has panicked").map_or(Ok(()), Err)
}

/// The most threads for each core: more are no faster, and a mistyped number must not stop the machine.
const MOST_OF_CORE: usize = 4;
/// The most threads; the operating system takes long to say how many cores there are.
static MOST: LazyLock<usize> =
    LazyLock::new(|| MOST_OF_CORE * available_parallelism().map_or(1, NonZero::get));

/// A pool of at most `jobs` threads for so many pieces of work, as many as make sense and the operating system
/// starts; `None` if the work is done as well without one.
pub(crate) fn pool(jobs: usize, work: usize) -> Option<ThreadPool> {
    let jobs = jobs.min(work);
    if jobs > 1 { started(jobs) } else { None }
}

/// Calls `work`, in which rayon uses at most `jobs` threads, as many as make sense.
pub(crate) fn on_threads<Result: Send>(
    jobs: usize,
    work: impl FnOnce() -> Result + Send,
) -> Result {
    match started(jobs.max(1)) {
        Some(pool) => pool.install(work),
        None => work(),
    }
}

/// As many of `jobs` threads as make sense and the operating system starts; `None` if it starts none.
fn started(jobs: usize) -> Option<ThreadPool> {
    let fewer = iter::successors(Some(jobs.min(*MOST)), |threads| {
        Some(threads / 2).filter(|half| *half > 0)
    });
    fewer.into_iter().find_map(|threads| ThreadPoolBuilder::new().num_threads(threads).build().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_no_more_threads_than_there_is_work_or_sense() {
        let threads = |jobs, work| pool(jobs, work).map_or(1, |pool| pool.current_num_threads());
        assert_eq!(threads(1, 100), 1);
        assert_eq!(threads(100, 1), 1);
        assert_eq!(threads(0, 0), 1);
        assert_eq!(threads(3, 2), 2);
        let cores = available_parallelism().map_or(1, NonZero::get);
        assert_eq!(threads(usize::MAX, usize::MAX), 4 * cores);
    }
}

//! Covariance matrix adaptation: the strategy that searches in many directions at once.

use std::sync::{Arc, Mutex};

use cmaes::objective_function::ParallelObjectiveFunction;
use cmaes::{CMAES, CMAESOptions, DVector};

use super::search::Strategy;

/// The first step size, as a share of the cube's side.
const FIRST_STEP: f64 = 0.25;
/// The step size at which proposals differ by less than the values of settings do.
const CONVERGED: f64 = 0.01;

/// Covariance matrix adaptation (Hansen, "The CMA evolution strategy: a tutorial", 2016) from a
/// point and, when it has converged, from the best point known with a population twice as large (as
/// in Auger and Hansen, "A restart CMA evolution strategy with increasing population size", CEC
/// 2005).
pub struct CmaEs<'a> {
    objective: Objective<'a>,
    seed: u64,
    population: usize,
    state: CMAES<Objective<'a>>,
}

/// The function to minimize, and its best point so far.
#[derive(Clone)]
struct Objective<'a> {
    score: &'a (dyn Fn(&[f64]) -> f64 + Sync),
    best: Arc<Mutex<(f64, Vec<f64>)>>,
}

impl<'a> CmaEs<'a> {
    /// A search that begins at `start` and minimizes `score`.
    pub fn new(start: &[f64], seed: u64, score: &'a (dyn Fn(&[f64]) -> f64 + Sync)) -> Self {
        let objective =
            Objective { score, best: Arc::new(Mutex::new((f64::INFINITY, start.to_vec()))) };
        let population = 4 + libm::floor(3.0 * libm::log(start.len().max(1) as f64)) as usize;
        Self { state: state(start, population, seed, &objective), objective, seed, population }
    }

    /// The score of the best point so far, and the point.
    ///
    /// # Panics
    /// If another thread has panicked.
    pub fn best(&self) -> (f64, Vec<f64>) {
        self.objective.best.lock().expect("no thread has panicked").clone()
    }

    /// Begins again at the best point with a population twice as large.
    fn restart(&mut self) {
        self.population *= 2;
        self.seed = self.seed.wrapping_add(1);
        let start = self.best().1;
        self.state = state(&start, self.population, self.seed, &self.objective);
    }
}

impl Strategy for CmaEs<'_> {
    fn generation(&mut self) {
        let is_over = self.state.next_parallel().is_some();
        if is_over || self.state.sigma() < CONVERGED {
            self.restart();
        }
    }
}

/// A search at its beginning.
fn state<'a>(
    start: &[f64],
    population: usize,
    seed: u64,
    objective: &Objective<'a>,
) -> CMAES<Objective<'a>> {
    // A parallel update would add in another order with another number of threads.
    let options = CMAESOptions::new(start.to_vec(), FIRST_STEP)
        .population_size(population)
        .seed(seed)
        .parallel_update(false);
    options
        .build(objective.clone())
        .expect("some dimensions, a positive step and a population above one")
}

impl ParallelObjectiveFunction for Objective<'_> {
    fn evaluate_parallel(&self, x: &DVector<f64>) -> f64 {
        let point: Vec<f64> = x.iter().map(|share| folded(*share)).collect();
        let score = (self.score)(&point);
        let mut best = self.best.lock().expect("no thread has panicked");
        // Of equally good points, the first in the order of their coordinates, so that threads
        // leave no trace.
        if score < best.0 || score == best.0 && point.iter().lt(best.1.iter()) {
            *best = (score, point);
        }
        score
    }
}

/// A number brought between 0 and 1 by mirrors at both ends.
fn folded(share: f64) -> f64 {
    let share = share.abs() % 2.0;
    if share > 1.0 { 2.0 - share } else { share }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_point_of_a_bent_valley_is_found_and_threads_leave_no_trace() {
        // Rosenbrock's function on the cube, least at 0.75 in every direction.
        let valley = |x: &[f64]| {
            let x: Vec<f64> = x.iter().map(|share| share * 4.0 - 2.0).collect();
            x.windows(2)
                .map(|pair| {
                    100.0 * (pair[1] - pair[0] * pair[0]) * (pair[1] - pair[0] * pair[0])
                        + (1.0 - pair[0]) * (1.0 - pair[0])
                })
                .sum()
        };
        let found = |threads: usize| {
            let score: &(dyn Fn(&[f64]) -> f64 + Sync) = &valley;
            let pool =
                rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            pool.install(|| {
                let mut strategy = CmaEs::new(&[0.2, 0.9, 0.5], 7, score);
                (0..300).for_each(|_| strategy.generation());
                strategy.best()
            })
        };
        let (score, point) = found(1);
        assert!(
            score < 1e-3 && point.iter().all(|share| (share - 0.75).abs() < 0.02),
            "{score} at {point:?}"
        );
        assert_eq!((score, point), found(3));
    }

    #[test]
    fn what_lies_outside_is_mirrored() {
        assert_eq!([-0.25, 0.5, 1.25, 2.5].map(folded), [0.25, 0.5, 0.75, 0.5]);
    }
}

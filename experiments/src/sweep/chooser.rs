//! The values of each point of a design.

use sim_core::random::{Rng, Stream, Streams, uniform};
use sim_models::scenario::SweepPlan;
use sim_models::study::{Design, Level, Values};

/// The number of levels p of each parameter in Morris' design.
const MORRIS_LEVELS: u64 = 4;
/// The length of a step in Morris' design: p/(2(p − 1)).
pub(super) const MORRIS_STEP: f64 = 2.0 / 3.0;

/// Chooses the values of each point, from the plan, the seed and the point's index alone.
#[derive(Clone, Debug)]
pub struct Chooser {
    values: Vec<Values>,
    design: Design,
    seed: u64,
    /// The levels of each parameter, if the design is a grid.
    levels: Vec<Vec<Level>>,
    /// The order of each parameter's strata, if the design is a Latin hypercube.
    strata: Vec<Vec<u32>>,
}

impl Chooser {
    /// The chooser of a plan's points.
    pub fn new(plan: &SweepPlan, seed: u64) -> Self {
        let values: Vec<Values> =
            plan.parameters.iter().map(|parameter| parameter.values.clone()).collect();
        let levels = if plan.design == Design::Grid {
            values.iter().map(Values::levels).collect()
        } else {
            Vec::new()
        };
        let strata = match plan.design {
            Design::LatinHypercube(points) => (0..values.len() as u64)
                .map(|dimension| shuffled(points as u32, &mut stream(seed, dimension, "strata")))
                .collect(),
            _ => Vec::new(),
        };
        Self { values, design: plan.design, seed, levels, strata }
    }

    /// The values of a point, in the order of the parameters.
    pub fn levels(&self, point: u64) -> Vec<Level> {
        if self.design == Design::Grid {
            return self.grid_levels(point);
        }
        let shares = self.shares(point);
        self.values.iter().zip(shares).map(|(values, share)| values.at(share)).collect()
    }

    /// The levels of a point of a grid, in which the last parameter changes fastest.
    fn grid_levels(&self, point: u64) -> Vec<Level> {
        let mut rest = point;
        let mut levels: Vec<Level> = self
            .levels
            .iter()
            .rev()
            .map(|levels| {
                let level = levels[(rest % levels.len() as u64) as usize].clone();
                rest /= levels.len() as u64;
                level
            })
            .collect();
        levels.reverse();
        levels
    }

    /// The position of each parameter along its range, from 0 to 1.
    fn shares(&self, point: u64) -> Vec<f64> {
        let dimensions = self.values.len();
        match self.design {
            Design::Grid => Vec::new(),
            Design::Random(_) => {
                let mut random = stream(self.seed, point, "random");
                (0..dimensions).map(|_| uniform(&mut random)).collect()
            }
            Design::LatinHypercube(points) => {
                let mut random = stream(self.seed, point, "within strata");
                let stratum = |strata: &Vec<u32>| {
                    (f64::from(strata[point as usize]) + uniform(&mut random)) / points as f64
                };
                self.strata.iter().map(stratum).collect()
            }
            Design::Sobol(_) => {
                (0..dimensions).map(|dimension| self.sobol(point, dimension)).collect()
            }
            Design::Morris(_) => self.morris(point),
            Design::Saltelli(_) => {
                let (base, member) =
                    (point / (dimensions as u64 + 2), (point % (dimensions as u64 + 2)) as usize);
                let is_of_companion = |dimension: usize| member == 1 || member == dimension + 2;
                let column = |dimension: usize| {
                    if is_of_companion(dimension) { dimensions + dimension } else { dimension }
                };
                (0..dimensions).map(|dimension| self.sobol(base, column(dimension))).collect()
            }
        }
    }

    /// One coordinate of a Sobol sequence with Owen scrambling (Burley, "Practical hash-based Owen
    /// scrambling", 2020).
    fn sobol(&self, point: u64, dimension: usize) -> f64 {
        f64::from(sobol_burley::sample(point as u32, dimension as u32, self.seed as u32))
    }

    /// A point of a trajectory. A trajectory begins at a random point; each step moves one
    /// parameter, in random order, up or down.
    fn morris(&self, point: u64) -> Vec<f64> {
        let dimensions = self.values.len() as u64;
        let (trajectory, moved) = (point / (dimensions + 1), point % (dimensions + 1));
        let mut random = stream(self.seed, trajectory, "trajectory");
        let order = shuffled(dimensions as u32, &mut random);
        let mut shares: Vec<(f64, f64)> = (0..dimensions)
            .map(|_| {
                let low =
                    (random.next_u64() % (MORRIS_LEVELS / 2)) as f64 / (MORRIS_LEVELS - 1) as f64;
                let high = low + MORRIS_STEP;
                if random.next_u64().is_multiple_of(2) { (low, high) } else { (high, low) }
            })
            .collect();
        for dimension in &order[..moved as usize] {
            let share = &mut shares[*dimension as usize];
            *share = (share.1, share.0);
        }
        shares.into_iter().map(|(share, _)| share).collect()
    }

    /// The parameter that the step from `point` to the next one moves, and whether it goes up.
    pub(super) fn morris_step(&self, point: u64) -> (usize, bool) {
        let (before, after) = (self.morris(point), self.morris(point + 1));
        let moved = (0..before.len())
            .find(|dimension| before[*dimension] != after[*dimension])
            .unwrap_or(0);
        (moved, after[moved] > before[moved])
    }
}

fn stream(seed: u64, number: u64, name: &str) -> Stream {
    Streams::new(seed, number).stream(&format!("sweep/{name}"))
}

/// The numbers below `count` in random order (Fisher and Yates).
fn shuffled(count: u32, random: &mut Stream) -> Vec<u32> {
    let mut numbers: Vec<u32> = (0..count).collect();
    for last in (1..numbers.len()).rev() {
        let other = (uniform(random) * (last + 1) as f64) as usize;
        numbers.swap(last, other);
    }
    numbers
}

#[cfg(test)]
mod tests {
    use sim_models::study::{Parameter, Replications};

    use super::*;

    fn chooser(design: Design, parameters: &[&str]) -> Chooser {
        let parameter = |values: &&str| Parameter {
            path: (*values).to_owned(),
            values: values.parse().expect("values"),
        };
        let plan = SweepPlan {
            parameters: parameters.iter().map(parameter).collect(),
            design,
            figures: Vec::new(),
            replications: Replications { first: 1, most: 1, precision: None },
            abandons: false,
            now: Vec::new(),
        };
        Chooser::new(&plan, 7)
    }

    #[test]
    fn a_grid_combines_every_level_with_every_other() {
        let grid = chooser(Design::Grid, &["1..2 in 2", "a, b, c"]);
        let shown = |point| {
            grid.levels(point).into_iter().map(|level| level.shown).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            (0..6).map(shown).collect::<Vec<_>>(),
            ["1 a", "1 b", "1 c", "2 a", "2 b", "2 c"]
        );
    }

    #[test]
    fn a_latin_hypercube_has_one_point_in_each_stratum_of_each_parameter() {
        let cube = chooser(Design::LatinHypercube(50), &["0.0..1.0", "0.0..1.0", "0.0..1.0"]);
        for dimension in 0..3 {
            let mut strata: Vec<u64> =
                (0..50).map(|point| (cube.shares(point)[dimension] * 50.0) as u64).collect();
            strata.sort_unstable();
            assert!(strata.into_iter().eq(0..50));
        }
    }

    #[test]
    fn a_sobol_sequence_fills_every_box_of_a_net() {
        let sobol = chooser(Design::Sobol(256), &["0.0..1.0", "0.0..1.0"]);
        let mut boxes = std::collections::BTreeMap::new();
        for point in 0..256 {
            let shares = sobol.shares(point);
            *boxes.entry(((shares[0] * 16.0) as u64, (shares[1] * 16.0) as u64)).or_insert(0) += 1;
        }
        assert!(
            boxes.len() == 256 && boxes.values().all(|count| *count == 1),
            "a (0, 8, 2)-net in base 2"
        );
    }

    #[test]
    fn each_step_of_a_trajectory_moves_one_parameter_and_each_is_moved_once() {
        let morris = chooser(Design::Morris(8), &["0.0..1.0", "1..100", "a, b", "1s..10s log"]);
        for trajectory in 0..8 {
            let mut moved: Vec<usize> =
                (0..4).map(|step| morris.morris_step(trajectory * 5 + step).0).collect();
            moved.sort_unstable();
            assert_eq!(moved, [0, 1, 2, 3]);
            for step in 0..4 {
                let (before, after) = (
                    morris.shares(trajectory * 5 + step),
                    morris.shares(trajectory * 5 + step + 1),
                );
                let different = before.iter().zip(&after).filter(|(one, other)| one != other);
                assert_eq!(different.count(), 1);
            }
        }
    }

    #[test]
    fn a_mixture_takes_one_column_from_the_companion() {
        let saltelli = chooser(Design::Saltelli(8), &["0.0..1.0", "0.0..1.0", "0.0..1.0"]);
        let (base, companion, mixture) =
            (saltelli.shares(5), saltelli.shares(6), saltelli.shares(8));
        assert_eq!(mixture, [base[0], companion[1], base[2]]);
    }
}

//! Variance-based sensitivity indices.

use sim_core::stats::student_t_quantile;
use sim_models::scenario::SweepPlan;

/// The number of groups into which the base points are divided. The indices are uncertain by as
/// much as they vary when one group is left out.
const GROUPS: usize = 10;

/// First-order and total indices of each parameter for each figure (Sobol, Mathematics and
/// Computers in Simulation 55, 2001).
#[derive(Clone, Debug)]
pub struct Indices {
    dimensions: usize,
    base_points: u64,
    /// The sums of each group and figure.
    groups: Vec<Vec<Sums>>,
    /// The figures of the base point being read and of its companions, so far.
    members: Vec<Vec<Option<f64>>>,
}

/// The share of a figure's variance that a parameter accounts for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Index {
    /// The share that the parameter accounts for by itself.
    pub first: f64,
    /// Half the length of its 95 % interval, by the delete-a-group jackknife.
    pub first_half_width: f64,
    /// The share that it accounts for together with everything it interacts with.
    pub total: f64,
    /// Half the length of its 95 % interval.
    pub total_half_width: f64,
}

#[derive(Clone, Debug, Default)]
struct Sums {
    count: f64,
    value: f64,
    square: f64,
    /// The sums Σ b(m − a), Σ (m − a) and Σ (a − m)² of each parameter, of the base point's figure
    /// a, its companion's b and the mixture's m.
    mixtures: Vec<[f64; 3]>,
}

impl Sums {
    fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.value += other.value;
        self.square += other.square;
        for (mine, theirs) in self.mixtures.iter_mut().zip(&other.mixtures) {
            mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| *mine += theirs);
        }
    }

    /// The first-order index by Saltelli's estimator, taken about the mean, and the total index by
    /// Jansen's (Saltelli et al., Computer Physics Communications 181, 2010, table 2 b and f);
    /// `None` if the figure does not vary.
    fn indices(&self, parameter: usize) -> Option<(f64, f64)> {
        let mean = self.value / (2.0 * self.count);
        let variance = self.square / (2.0 * self.count) - mean * mean;
        let [products, differences, squares] = self.mixtures[parameter];
        let first = (products - mean * differences) / self.count / variance;
        (variance > 1e-12 * mean * mean).then(|| (first, squares / (2.0 * self.count) / variance))
    }
}

impl Indices {
    pub(super) fn new(plan: &SweepPlan, base_points: u64) -> Self {
        let dimensions = plan.parameters.len();
        let sums = Sums { mixtures: vec![[0.0; 3]; dimensions], ..Sums::default() };
        Self {
            dimensions,
            base_points,
            groups: vec![vec![sums; plan.figures.len()]; GROUPS],
            members: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, point: u64, figures: &[Option<f64>]) {
        let size = self.dimensions as u64 + 2;
        if point.is_multiple_of(size) {
            self.members.clear();
        }
        self.members.push(figures.to_vec());
        if self.members.len() as u64 == size {
            let group = (point / size * GROUPS as u64 / self.base_points) as usize;
            for figure in 0..figures.len() {
                self.add_base_point(group, figure);
            }
        }
    }

    /// Adds a base point to the sums, if it and all its companions could be measured.
    fn add_base_point(&mut self, group: usize, figure: usize) {
        let members: Option<Vec<f64>> =
            self.members.iter().map(|figures| figures[figure]).collect();
        let Some(members) = members else { return };
        let sums = &mut self.groups[group][figure];
        let (base, companion) = (members[0], members[1]);
        sums.count += 1.0;
        sums.value += base + companion;
        sums.square += base * base + companion * companion;
        for (sums, mixture) in sums.mixtures.iter_mut().zip(&members[2..]) {
            let difference = mixture - base;
            sums[0] += companion * difference;
            sums[1] += difference;
            sums[2] += difference * difference;
        }
    }

    /// The indices of each parameter for a figure; `None` if the figure does not vary.
    pub fn of(&self, figure: usize) -> Option<Vec<Index>> {
        (0..self.dimensions).map(|parameter| self.index(figure, parameter)).collect()
    }

    fn index(&self, figure: usize, parameter: usize) -> Option<Index> {
        let all_but = |left_out: Option<usize>| {
            let mut sums = Sums { mixtures: vec![[0.0; 3]; self.dimensions], ..Sums::default() };
            let groups =
                self.groups.iter().enumerate().filter(|(group, _)| Some(*group) != left_out);
            groups.for_each(|(_, group)| sums.add(&group[figure]));
            sums.indices(parameter)
        };
        let (first, total) = all_but(None)?;
        let without: Vec<(f64, f64)> =
            (0..GROUPS).filter_map(|group| all_but(Some(group))).collect();
        let half_width = |of: fn(&(f64, f64)) -> f64| {
            let count = without.len() as f64;
            let mean = without.iter().map(of).sum::<f64>() / count;
            let squares: f64 =
                without.iter().map(|each| (of(each) - mean) * (of(each) - mean)).sum();
            student_t_quantile(0.05, without.len().saturating_sub(1) as u64)
                * libm::sqrt((count - 1.0) / count * squares)
        };
        Some(Index {
            first,
            first_half_width: half_width(|index| index.0),
            total,
            total_half_width: half_width(|index| index.1),
        })
    }
}

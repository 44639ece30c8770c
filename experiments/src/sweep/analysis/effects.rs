//! Main effects and interactions: figures at the levels of one parameter or two, averaged over
//! everything else.

use sim_core::stats::Welford;
use sim_models::scenario::SweepPlan;
use sim_models::study::{Design, Level, Parameter, Values};

use crate::sweep::Estimate;

/// Confidence of the intervals.
const CONFIDENCE: f64 = 0.95;
/// The number of equal parts in which a range that points are drawn from is looked at.
const PARTS: usize = 8;
/// Whole numbers are looked at one by one if there are at most this many.
const MOST_WHOLE: usize = 10;

/// A figure at the levels of one parameter.
#[derive(Clone, Debug)]
pub struct Effects {
    /// The levels, or the parts of a range.
    pub levels: Vec<LevelOrPart>,
    /// The spread of each figure at each level.
    pub figures: Vec<Vec<Spread>>,
    values: Values,
    is_sampled: bool,
    /// True if the points are drawn, and not all combinations.
    are_drawn: bool,
    whole: Vec<Welford>,
}

/// A level of a parameter, or a part of its range.
#[derive(Clone, Debug, PartialEq)]
pub struct LevelOrPart {
    /// The text to show; for a part, its middle.
    pub shown: String,
    /// Its position: the number in a range, the place in a list.
    pub number: f64,
}

/// The spread of a figure over several points.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spread {
    /// Mean and variance.
    pub points: Welford,
    /// The least value.
    pub least: f64,
    /// The greatest value.
    pub most: f64,
    /// The sum of the squares of half the widths of the points' intervals; not a number (NaN) if one has none.
    chance: f64,
}

/// The levels of a parameter in a design, or the middles of the parts of its range, and whether
/// they are such parts.
fn levels_of(plan: &SweepPlan, values: &Values) -> (Vec<LevelOrPart>, bool) {
    let few = values.few(MOST_WHOLE).filter(|_| plan.design != Design::Grid);
    let is_sampled = plan.design != Design::Grid && values.is_range() && few.is_none();
    let levels: Vec<Level> = if let Some(few) = few {
        few
    } else if is_sampled {
        (0..PARTS).map(|part| values.at((part as f64 + 0.5) / PARTS as f64)).collect()
    } else {
        values.levels()
    };
    (
        levels
            .into_iter()
            .map(|level| LevelOrPart { shown: level.shown, number: level.number })
            .collect(),
        is_sampled,
    )
}

impl Effects {
    pub(super) fn new(plan: &SweepPlan, parameter: &Parameter) -> Self {
        let (levels, is_sampled) = levels_of(plan, &parameter.values);
        let figures = vec![vec![Spread::default(); levels.len()]; plan.figures.len()];
        Self {
            levels,
            figures,
            values: parameter.values.clone(),
            is_sampled,
            are_drawn: plan.design != Design::Grid,
            whole: vec![Welford::default(); plan.figures.len()],
        }
    }

    /// True if the levels are numbers with an order.
    pub fn is_range(&self) -> bool {
        self.values.is_range()
    }

    /// The place of a level, or of the part it lies in.
    pub(super) fn bin_of(&self, level: &Level) -> usize {
        if self.is_sampled {
            let share = self.values.share_of(level.number).clamp(0.0, 1.0);
            return ((share * PARTS as f64) as usize).min(PARTS - 1);
        }
        self.levels.iter().position(|known| known.number == level.number).unwrap_or(0)
    }

    pub(super) fn add(&mut self, bin: usize, figures: &[Option<Estimate>]) {
        for ((spreads, whole), figure) in self.figures.iter_mut().zip(&mut self.whole).zip(figures)
        {
            if let Some(figure) = figure {
                spreads[bin].add(figure);
                whole.add(figure.mean);
            }
        }
    }

    /// Half the length of the 95 % interval of a mean at a level; `None` if it is not known. If all combinations are
    /// simulated, only the random numbers of the runs could have been others; if points are drawn, the points too.
    pub fn half_width(&self, spread: &Spread) -> Option<f64> {
        let half_width = if self.are_drawn {
            spread.points.interval(CONFIDENCE).half_width
        } else {
            libm::sqrt(spread.chance) / spread.points.count() as f64
        };
        half_width.is_finite().then_some(half_width)
    }

    /// The share of a figure's variance that this parameter explains by itself; `None` if the
    /// figure does not vary.
    ///
    /// This is η² if every combination is simulated (the main effect's share in an analysis of
    /// variance), and ω² if points are drawn, because ω² does not mistake the luck of the draw for
    /// an effect (Hays, *Statistics for Psychologists*, 1963). Changes within one part of a range
    /// are not seen.
    pub(super) fn explained(&self, figure: usize) -> Option<f64> {
        let whole = &self.whole[figure];
        let sum_of_squares =
            |spread: &Welford| spread.variance() * spread.count().saturating_sub(1) as f64;
        let total = sum_of_squares(whole);
        if total <= f64::EPSILON * whole.mean() * whole.mean() * whole.count() as f64 {
            return None;
        }
        let spreads = || {
            self.figures[figure]
                .iter()
                .map(|spread| &spread.points)
                .filter(|points| points.count() > 0)
        };
        let within: f64 = spreads().map(sum_of_squares).sum();
        let between = (total - within).max(0.0);
        let bins = spreads().count() as f64;
        let free = whole.count() as f64 - bins;
        if !self.is_sampled || free <= 0.0 {
            return Some(between / total);
        }
        let noise = within / free;
        Some(((between - (bins - 1.0) * noise) / (total + noise)).clamp(0.0, 1.0))
    }
}

impl Spread {
    fn add(&mut self, figure: &Estimate) {
        let value = figure.mean;
        let is_first = self.points.count() == 0;
        self.least = if is_first { value } else { self.least.min(value) };
        self.most = if is_first { value } else { self.most.max(value) };
        self.points.add(value);
        let half_width = figure.half_width.unwrap_or(f64::NAN);
        self.chance += half_width * half_width;
    }
}

/// Figures at each combination of the levels of two parameters.
#[derive(Clone, Debug)]
pub struct Cells {
    /// The two parameters.
    pub parameters: (usize, usize),
    /// The levels of each.
    pub levels: (Vec<LevelOrPart>, Vec<LevelOrPart>),
    /// The mean of each figure at each combination, the second parameter changing fastest.
    pub figures: Vec<Vec<Welford>>,
}

impl Cells {
    pub(super) fn new(plan: &SweepPlan, one: usize, other: usize) -> Self {
        let levels = |parameter: usize| levels_of(plan, &plan.parameters[parameter].values).0;
        let levels = (levels(one), levels(other));
        let size = levels.0.len() * levels.1.len();
        Self {
            parameters: (one, other),
            figures: vec![vec![Welford::default(); size]; plan.figures.len()],
            levels,
        }
    }

    pub(super) fn add(&mut self, one: usize, other: usize, figures: &[Option<f64>]) {
        for (cells, figure) in self.figures.iter_mut().zip(figures) {
            if let Some(figure) = figure {
                cells[one * self.levels.1.len() + other].add(*figure);
            }
        }
    }

    /// The mean of a figure at a combination; `None` if no point lies there.
    pub fn mean(&self, figure: usize, one: usize, other: usize) -> Option<f64> {
        let cell = &self.figures[figure][one * self.levels.1.len() + other];
        (cell.count() > 0).then(|| cell.mean())
    }
}

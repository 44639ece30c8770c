//! Elementary effects, which show from few points which parameters matter at all.

use sim_core::stats::{ConfidenceInterval, Welford};
use sim_models::scenario::SweepPlan;

use crate::sweep::Chooser;
use crate::sweep::chooser::MORRIS_STEP;

/// Confidence of the intervals.
const CONFIDENCE: f64 = 0.95;

/// Elementary effects of each parameter on each figure (Morris, Technometrics 33, 1991).
#[derive(Clone, Debug)]
pub struct Screening {
    dimensions: u64,
    /// The effects on each figure of each parameter, and their sizes.
    effects: Vec<Vec<(Welford, Welford)>>,
    /// The point before, with its figures.
    before: Option<(u64, Vec<Option<f64>>)>,
}

/// The elementary effects of a parameter on a figure, as changes over its whole range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Screened {
    /// The mean size of an effect, μ* (Campolongo, Cariboni and Saltelli, Environmental Modelling &
    /// Software 22, 2007).
    pub size: ConfidenceInterval,
    /// The mean effect, μ.
    pub mean: f64,
    /// The standard deviation of the effects, σ: large if the parameter interacts with others or
    /// its effect is not linear.
    pub spread: f64,
}

impl Screening {
    pub(super) fn new(plan: &SweepPlan) -> Self {
        let effects = vec![
            vec![(Welford::default(), Welford::default()); plan.parameters.len()];
            plan.figures.len()
        ];
        Self { dimensions: plan.parameters.len() as u64, effects, before: None }
    }

    pub(super) fn add(&mut self, chooser: &Chooser, point: u64, figures: &[Option<f64>]) {
        let is_a_step = !point.is_multiple_of(self.dimensions + 1);
        if let Some((_, before)) =
            self.before.take().filter(|(before, _)| is_a_step && before + 1 == point)
        {
            let (moved, is_upwards) = chooser.morris_step(point - 1);
            for ((effects, before), after) in self.effects.iter_mut().zip(before).zip(figures) {
                let (Some(before), Some(after)) = (before, after) else { continue };
                let rise = if is_upwards { after - before } else { before - after } / MORRIS_STEP;
                effects[moved].0.add(rise);
                effects[moved].1.add(rise.abs());
            }
        }
        self.before = Some((point, figures.to_vec()));
    }

    /// The effects of each parameter on a figure.
    pub fn of(&self, figure: usize) -> Vec<Screened> {
        let screened = |(effects, sizes): &(Welford, Welford)| Screened {
            size: sizes.interval(CONFIDENCE),
            mean: effects.mean(),
            spread: libm::sqrt(effects.variance()),
        };
        self.effects[figure].iter().map(screened).collect()
    }
}

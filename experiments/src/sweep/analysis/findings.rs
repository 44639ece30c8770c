//! Everything that a sweep shows, collected point by point.

use sim_models::scenario::SweepPlan;
use sim_models::study::{Design, Level};

use super::{Cells, Effects, Front, Indices, Screening};
use crate::sweep::{Chooser, Estimate, Point, PointState};

/// With more parameters than this, there are too many pairs to look at each.
const MOST_PAIRED: usize = 8;
/// The number of failed points that are kept to be shown.
const MOST_SHOWN: usize = 5;

/// Collects the findings of a sweep, point by point.
#[derive(Clone, Debug)]
pub struct Analysis {
    plan: SweepPlan,
    chooser: Chooser,
    findings: Findings,
}

/// The findings of a sweep.
#[derive(Clone, Debug)]
pub struct Findings {
    /// The number of points simulated as often as planned.
    pub measured: u64,
    /// The number of points given up because another one was clearly better.
    pub abandoned: u64,
    /// The number of points whose settings do not go together, or that reached a limit.
    pub failed: u64,
    /// The first of those, each with the reason.
    pub failures: Vec<(u64, PointState)>,
    /// The number of runs simulated.
    pub runs: u64,
    /// The main effects of each parameter: the figures at its levels, over all other parameters.
    pub effects: Vec<Effects>,
    /// The figures at each combination of the levels of two parameters, for each pair of them.
    pub cells: Vec<Cells>,
    /// Points that no other beats in every objective; empty without objectives.
    pub front: Front,
    /// Elementary effects, if the sweep goes along trajectories.
    pub screening: Option<Screening>,
    /// Variance-based indices, if the sweep is made for them.
    pub indices: Option<Indices>,
}

impl Analysis {
    /// The analysis of a sweep before its first point.
    pub fn new(plan: &SweepPlan, chooser: Chooser) -> Self {
        let parameters = plan.parameters.len();
        let effects: Vec<Effects> =
            plan.parameters.iter().map(|parameter| Effects::new(plan, parameter)).collect();
        let paired = if parameters <= MOST_PAIRED { parameters } else { 0 };
        let pairs = (0..paired).flat_map(|one| (one + 1..paired).map(move |other| (one, other)));
        let cells = pairs.map(|(one, other)| Cells::new(plan, one, other)).collect();
        let findings = Findings {
            measured: 0,
            abandoned: 0,
            failed: 0,
            failures: Vec::new(),
            runs: 0,
            effects,
            cells,
            front: Front::default(),
            screening: matches!(plan.design, Design::Morris(_)).then(|| Screening::new(plan)),
            indices: if let Design::Saltelli(base) = plan.design {
                Some(Indices::new(plan, base))
            } else {
                None
            },
        };
        Self { plan: plan.clone(), chooser, findings }
    }

    /// Adds a point; points must come in the order of their indices.
    pub fn add(&mut self, point: &Point) {
        let levels = self.chooser.levels(point.point);
        let findings = &mut self.findings;
        findings.runs += u64::from(point.replications);
        match &point.state {
            PointState::Measured => {
                findings.measured += 1;
                findings.front.add(&self.plan, point);
            }
            PointState::Abandoned(_) => findings.abandoned += 1,
            failure => {
                findings.failed += 1;
                if findings.failures.len() < MOST_SHOWN {
                    findings.failures.push((point.point, failure.clone()));
                }
            }
        }
        let figures: Vec<Option<f64>> =
            point.figures.iter().map(|figure| figure.map(|figure| figure.mean)).collect();
        self.add_to_effects(&levels, &point.figures, &figures);
        if let Some(screening) = &mut self.findings.screening {
            screening.add(&self.chooser, point.point, &figures);
        }
        if let Some(indices) = &mut self.findings.indices {
            indices.add(point.point, &figures);
        }
    }

    fn add_to_effects(
        &mut self,
        levels: &[Level],
        estimates: &[Option<Estimate>],
        figures: &[Option<f64>],
    ) {
        let findings = &mut self.findings;
        let bins: Vec<usize> = findings
            .effects
            .iter()
            .zip(levels)
            .map(|(effects, level)| effects.bin_of(level))
            .collect();
        for (effects, bin) in findings.effects.iter_mut().zip(&bins) {
            effects.add(*bin, estimates);
        }
        for cells in &mut findings.cells {
            cells.add(bins[cells.parameters.0], bins[cells.parameters.1], figures);
        }
    }

    /// The findings from all points added.
    pub fn finish(self) -> Findings {
        self.findings
    }
}

impl Findings {
    /// The share of a figure's variance that each parameter explains by itself, in the order of the
    /// parameters; `None` if the figure does not vary.
    pub fn explained(&self, figure: usize) -> Option<Vec<f64>> {
        self.effects.iter().map(|effects| effects.explained(figure)).collect()
    }

    /// The cells of the two parameters that explain most of a figure; `None` if it does not vary.
    pub fn foremost(&self, figure: usize) -> Option<&Cells> {
        let explained = self.explained(figure)?;
        let weight = |cells: &&Cells| explained[cells.parameters.0] + explained[cells.parameters.1];
        self.cells
            .iter()
            .reduce(|best, next| if weight(&next) > weight(&best) { next } else { best })
    }
}

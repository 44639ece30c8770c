//! A figure over two settings: the mean at each combination of their levels.

use sim_experiments::sweep::analysis::{Cells, Findings};

use crate::plot::extremes;

/// The means of a figure over the two settings that explain most of it.
pub(super) struct HeatMap<'a> {
    /// The place of the figure in the plan.
    pub figure: usize,
    pub cells: &'a Cells,
    /// The lowest mean.
    pub least: f64,
    /// The highest mean.
    pub most: f64,
}

/// A cell of a heat map.
#[derive(Clone, Copy)]
pub(super) struct Heat {
    pub mean: f64,
    /// The place of the mean between the lowest, 0, and the highest, 1.
    pub share: f64,
}

impl<'a> HeatMap<'a> {
    /// The map of a figure; `None` if fewer than two settings have several levels.
    pub fn new(findings: &'a Findings, figure: usize) -> Option<Self> {
        let cells = findings
            .foremost(figure)
            .filter(|cells| cells.levels.0.len() > 1 && cells.levels.1.len() > 1)?;
        let combinations = (0..cells.levels.0.len())
            .flat_map(|row| (0..cells.levels.1.len()).map(move |column| (row, column)));
        let means = combinations.filter_map(|(row, column)| cells.mean(figure, row, column));
        let (least, most) = extremes(means);
        Some(Self { figure, cells, least, most })
    }

    /// The cell at a combination of levels; `None` if no point is there.
    pub fn at(&self, row: usize, column: usize) -> Option<Heat> {
        let mean = self.cells.mean(self.figure, row, column)?;
        let width = self.most - self.least;
        let share = if width > 0.0 { (mean - self.least) / width } else { 0.0 };
        Some(Heat { mean, share })
    }
}

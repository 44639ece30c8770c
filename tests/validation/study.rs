//! A study and its rows: what was found elsewhere, what Fusebox finds, and how far apart they may be.

use std::fmt;

/// A system that others measured or simulated, beside its simulation.
#[derive(Clone, Debug)]
pub struct Study {
    /// The name of the study.
    pub name: &'static str,
    /// Everything that is compared.
    pub rows: Vec<Row>,
}

/// One figure of a study.
#[derive(Clone, Debug)]
pub struct Row {
    /// The figure in words.
    pub figure: String,
    /// The part that the measurement has in the scenario.
    pub basis: Basis,
    /// The figure as it was found elsewhere.
    pub found: f64,
    /// The figure of Fusebox.
    pub simulated: f64,
    /// The distance allowed between the two.
    pub limit: Limit,
}

/// The part that a measured figure has in the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// None: the simulated figure follows from the structure of the system.
    Predicted,
    /// A number of the scenario was set so that this figure is right.
    Calibrated,
}

/// The distance that is allowed between a figure and its simulation.
#[derive(Clone, Copy, Debug)]
pub enum Limit {
    /// Standard errors of the difference, for figures that chance enters on both sides.
    StandardErrors {
        /// The standard error of the difference.
        error: f64,
        /// The number of them.
        most: f64,
    },
    /// A part of the figure that was found.
    Share(f64),
}

/// Rows of a study by how they came out, and the worst of them: a row of the table of all studies.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Rows in all.
    pub rows: usize,
    /// Rows that are predicted and hold.
    pub predicted: usize,
    /// Rows that are calibrated and hold.
    pub calibrated: usize,
    /// Rows that do not hold.
    pub failed: usize,
    /// The largest distance in standard errors, if there are such rows.
    pub worst_z: Option<f64>,
    /// The largest distance as a part of the figure, if there are such rows.
    pub worst_share: Option<f64>,
}

impl Row {
    /// The distance between the figures in the unit of the limit, with its sign.
    pub fn distance(&self) -> f64 {
        let difference = self.simulated - self.found;
        if difference == 0.0 {
            return 0.0;
        }
        match self.limit {
            Limit::StandardErrors { error, .. } => difference / error,
            Limit::Share(_) => difference / self.found,
        }
    }

    /// True if the distance is within the limit.
    pub fn holds(&self) -> bool {
        let (Limit::StandardErrors { most, .. } | Limit::Share(most)) = self.limit;
        self.distance().abs() <= most
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { figure, found, simulated, .. } = self;
        write!(f, "{figure}: {found} found, {simulated} simulated, ")?;
        match self.limit {
            Limit::StandardErrors { .. } => write!(f, "z {:+.2}", self.distance()),
            Limit::Share(_) => write!(f, "{:+.1} %", 100.0 * self.distance()),
        }
    }
}

impl Study {
    /// The rows by how they came out.
    pub fn tally(&self) -> Tally {
        self.rows.iter().fold(Tally::default(), Tally::and)
    }
}

impl Tally {
    fn and(mut self, row: &Row) -> Self {
        self.rows += 1;
        let came_out = match row.basis {
            _ if !row.holds() => &mut self.failed,
            Basis::Predicted => &mut self.predicted,
            Basis::Calibrated => &mut self.calibrated,
        };
        *came_out += 1;
        let worst = match row.limit {
            Limit::StandardErrors { .. } => &mut self.worst_z,
            Limit::Share(_) => &mut self.worst_share,
        };
        *worst = Some(row.distance().abs().max(worst.unwrap_or(0.0)));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_fails_beyond_its_limit_and_the_worst_is_told() {
        let row = |basis, simulated, limit| Row {
            figure: "goodput".to_owned(),
            basis,
            found: 100.0,
            simulated,
            limit,
        };
        let errors = Limit::StandardErrors { error: 2.0, most: 3.0 };
        let study = Study {
            name: "study",
            rows: vec![
                row(Basis::Predicted, 95.0, errors),
                row(Basis::Predicted, 107.0, errors),
                row(Basis::Calibrated, 110.0, Limit::Share(0.1)),
                row(Basis::Calibrated, 89.0, Limit::Share(0.1)),
                row(Basis::Predicted, 100.0, Limit::StandardErrors { error: 0.0, most: 3.0 }),
            ],
        };
        let tally = study.tally();
        assert_eq!((tally.rows, tally.predicted, tally.calibrated, tally.failed), (5, 2, 1, 2));
        assert_eq!((tally.worst_z, tally.worst_share), (Some(3.5), Some(0.11)));
        assert_eq!(study.rows[1].to_string(), "goodput: 100 found, 107 simulated, z +3.50");
    }
}

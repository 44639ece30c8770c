//! A row of the table of figures, and the single figures that it stands for.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::family::{OUTCOME_SETS, Quantile, outcomes_named};
use super::seen::Seen;
use crate::OutcomeSet;

/// A row of the table: one figure, or a family of figures that differ in a parameter.
#[derive(Debug)]
pub struct Row<S: 'static> {
    /// The names, and the function that reads the value off a run.
    pub reads: Reads<S>,
    /// The unit of the value.
    pub unit: FigureUnit,
    /// The parts of a run of which the value is known.
    pub known: Known,
    /// The definition, as it stands in `docs/testing.md`.
    pub means: &'static str,
}

/// A name, and the function that reads the value.
pub type NamedFigure<S> = (&'static str, fn(&Seen<'_, S>) -> Option<f64>);

/// The names of a row, and the function that reads the value.
///
/// A function returns `None` if there is nothing to measure, as for the availability of a workload
/// none of whose requests has ended.
#[derive(Debug)]
pub enum Reads<S: 'static> {
    /// A figure with a name of its own.
    One(&'static str, fn(&Seen<'_, S>) -> Option<f64>),
    /// Figures that differ in a detail, each with its name.
    Several(&'static [NamedFigure<S>]),
    /// A figure for each of these quantiles.
    Quantiles(&'static [Quantile], fn(&Seen<'_, S>, f64) -> Option<f64>),
    /// A figure for each kind of outcome, and for `failures`, `answers` and `rejections`.
    Outcomes(fn(&Seen<'_, S>, OutcomeSet) -> Option<f64>),
}

/// A single figure of a subject.
#[derive(Clone)]
pub struct Figure<S: 'static> {
    name: &'static str,
    unit: FigureUnit,
    known: Known,
    read: Read<S>,
}

/// A reading function with its parameter.
#[derive(Clone)]
enum Read<S> {
    Plain(fn(&Seen<'_, S>) -> Option<f64>),
    Quantile(fn(&Seen<'_, S>, f64) -> Option<f64>, f64),
    Outcomes(fn(&Seen<'_, S>, OutcomeSet) -> Option<f64>, OutcomeSet),
}

/// The unit of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FigureUnit {
    /// 0 to 1.
    Share,
    /// Seconds.
    Time,
    /// Per second.
    Rate,
    /// A number of things.
    Count,
    /// A multiple.
    Factor,
}

/// The parts of a run of which a figure is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// The whole run only.
    WholeRun,
    /// The whole run, and windows that are named before it begins: their latencies are kept while
    /// it lasts.
    KeptWindows,
    /// The same, and each interval by itself.
    KeptWindowsAndIntervals,
    /// Any number of intervals in a row.
    AnyStretch,
}

impl FigureUnit {
    /// The kind of its values in a message: "a share".
    pub fn description(self) -> &'static str {
        match self {
            Self::Share => "a share",
            Self::Time => "a time",
            Self::Rate => "a rate",
            Self::Count => "a number",
            Self::Factor => "a factor",
        }
    }

    /// A value as it is written in a sentence.
    pub fn example(self) -> &'static str {
        match self {
            Self::Share => "99%",
            Self::Time => "400ms",
            Self::Rate => "100/s",
            Self::Count => "5",
            Self::Factor => "1.5x",
        }
    }
}

impl Known {
    /// True of the value in each interval by itself.
    pub fn is_of_each_interval(self) -> bool {
        matches!(self, Self::KeptWindowsAndIntervals | Self::AnyStretch)
    }

    /// True if latencies have to be kept while a run lasts, so that the value over a window is
    /// known afterwards.
    pub fn needs_kept_latencies(self) -> bool {
        matches!(self, Self::KeptWindows | Self::KeptWindowsAndIntervals)
    }
}

impl<S> Row<S> {
    /// The figure of this name, if the row has one.
    pub fn named(&self, name: &str) -> Option<Figure<S>> {
        let (name, read) = match self.reads {
            Reads::One(own, read) => (own == name).then_some((own, Read::Plain(read)))?,
            Reads::Several(figures) => {
                let (own, read) = figures.iter().find(|(own, _)| *own == name)?;
                (*own, Read::Plain(*read))
            }
            Reads::Quantiles(quantiles, read) => {
                let quantile = quantiles.iter().find(|quantile| quantile.name == name)?;
                (quantile.name, Read::Quantile(read, quantile.share))
            }
            Reads::Outcomes(read) => {
                let (own, outcomes) = outcomes_named(name)?;
                (own, Read::Outcomes(read, outcomes))
            }
        };
        Some(Figure { name, unit: self.unit, known: self.known, read })
    }

    /// The names, as messages list them: sets of outcomes, but not each kind of outcome.
    pub fn names(&self) -> Vec<&'static str> {
        match self.reads {
            Reads::One(name, _) => vec![name],
            Reads::Several(figures) => figures.iter().map(|(name, _)| *name).collect(),
            Reads::Quantiles(quantiles, _) => {
                quantiles.iter().map(|quantile| quantile.name).collect()
            }
            Reads::Outcomes(_) => OUTCOME_SETS.iter().map(|(name, _)| *name).collect(),
        }
    }
}

impl<S> Figure<S> {
    /// A figure that is in no table: nobody asks for it by its name.
    pub(super) fn plain(
        name: &'static str,
        unit: FigureUnit,
        known: Known,
        read: fn(&Seen<'_, S>) -> Option<f64>,
    ) -> Self {
        Self { name, unit, known, read: Read::Plain(read) }
    }

    /// True if this is its name.
    pub(in crate::observe) fn is_named(&self, name: &str) -> bool {
        self.name == name
    }

    /// The unit of its values.
    pub fn unit(&self) -> FigureUnit {
        self.unit
    }

    /// The parts of a run of which it is known.
    pub fn known(&self) -> Known {
        self.known
    }

    /// Its value for a subject over a part of a run; `None` if there is nothing to measure.
    pub fn read(&self, seen: &Seen<'_, S>) -> Option<f64> {
        match self.read {
            Read::Plain(read) => read(seen),
            Read::Quantile(read, quantile) => read(seen, quantile),
            Read::Outcomes(read, outcomes) => read(seen, outcomes),
        }
    }
}

/// Its name alone: the address of a function differs from run to run, and the identity of a sweep is
/// a hash over a system as `Debug` writes it.
impl<S> fmt::Debug for Figure<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// Names are unique among the figures of a subject.
impl<S> PartialEq for Figure<S> {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

//! Readings: numbers that are read off a run for a sweep or a search.

use super::measurement::Measurements;
use super::{Aftermath, Bound, TimeWindow};
use crate::observe::{FigureUnit, Measure};
use crate::system::{Id, System, of};

/// A number to be read off a run that is over.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The words in which it was asked for.
    pub text: String,
    /// The number that is meant.
    pub wanted: Wanted,
    /// The bound that it must keep, if it is a limit.
    pub bound: Option<Bound>,
    /// The share of runs that must keep the bound.
    pub share: f64,
}

/// The meaning of a reading.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// The price of all resources together.
    Cost,
    /// A figure.
    Figure {
        /// The figure.
        measure: Measure,
        /// The window; everything counted if there is none.
        window: Option<TimeWindow>,
    },
    /// The only reading of another system, that of [`Blueprint::stressed`] with this id.
    ///
    /// [`Blueprint::stressed`]: crate::system::Blueprint::stressed
    OfStressed(u32),
    /// The share of requests answered before a fault and at the end, the lesser of both.
    Healed {
        /// The workload.
        workload: Id<of::Workload>,
        /// The fault, by its place in the file.
        fault: u32,
    },
    /// The value of a figure in the worst interval: the one furthest on the wrong side of a bound,
    /// or nearest to it on the right side.
    Worst {
        /// The figure.
        measure: Measure,
        /// The bound.
        bound: Bound,
        /// The window; everything counted if there is none.
        window: Option<TimeWindow>,
    },
    /// The time from the beginning of a window until a figure is back to a share of its value
    /// before the first fault; the length of the window if it never comes back.
    Recovery {
        /// The figure.
        measure: Measure,
        /// The share, usually below 1.
        share: f64,
        /// The time before the faults.
        normal: TimeWindow,
        /// The window.
        window: TimeWindow,
    },
}

impl Wanted {
    /// The unit of the number.
    pub fn unit(&self) -> FigureUnit {
        match self {
            Self::Cost => FigureUnit::Count,
            Self::Figure { measure, .. } | Self::Worst { measure, .. } => measure.unit(),
            Self::OfStressed(_) | Self::Healed { .. } => FigureUnit::Share,
            Self::Recovery { .. } => FigureUnit::Time,
        }
    }
}

/// The value of a reading in a run that is over; `None` if there is nothing to measure, or if it takes
/// a run of another system.
pub fn read_off(reading: &Reading, system: &System) -> Option<f64> {
    let measurements = Measurements { system };
    match &reading.wanted {
        Wanted::Cost => Some(system.blueprint().cost()),
        Wanted::Figure { measure, window } => measurements.value(measure, *window),
        Wanted::OfStressed(_) => None,
        Wanted::Healed { workload, fault } => Some(Aftermath::of(system, *workload).healed(*fault)),
        Wanted::Worst { measure, bound, window } => {
            measurements.worst(measure, *bound, *window).map(|worst| worst.value)
        }
        Wanted::Recovery { measure, share, normal, window } => {
            let normal = measurements.normal(measure, *normal)?;
            let back = measurements.back_from(measure, *share, normal, window.from);
            Some(back.unwrap_or(window.to).since(window.from).as_secs_f64())
        }
    }
}

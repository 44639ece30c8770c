//! Verdicts on expectations, and the measurements behind them.

use sim_core::SimTime;

use crate::observe::{FigureUnit, Moment};

/// The verdict on an expectation.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// True if it came about.
    pub holds: bool,
    /// The measurement that decided.
    pub measured: Measured,
    /// The moment of the timeline that comes nearest to it, if there is one.
    pub nearest: Option<Moment>,
}

/// The measurement that decides on an expectation, by the kind of its claim.
#[derive(Clone, Debug, PartialEq)]
pub enum Measured {
    /// A figure, over a window or in its worst interval.
    Figure {
        /// Its value; `None` if there was nothing to measure.
        value: Option<f64>,
        /// The unit of the value.
        unit: FigureUnit,
        /// The beginning of the worst interval, if each of them counts.
        at: Option<SimTime>,
    },
    /// The return of a figure to normal.
    Back {
        /// Its value before the faults.
        normal: Option<f64>,
        /// The highest share of it that was reached in time.
        best: Option<f64>,
        /// The instant at which the share asked for was reached, in time or too late.
        reached: Option<SimTime>,
    },
    /// The number of times that something happened.
    Times {
        /// The number.
        count: u64,
        /// The first time.
        first: Option<SimTime>,
    },
    /// The part of an order that was kept.
    Order {
        /// The instants of the events, up to the first that is missing.
        reached: Vec<SimTime>,
        /// The event that did not follow, in the words of the expectation.
        missing: Option<String>,
    },
    /// Nothing.
    NotKnown(Unknown),
    /// The losses of a run.
    Lost {
        /// Requests that failed.
        failed: u64,
        /// Requests, calls put off and messages that waited at the end.
        waiting: u64,
        /// Calls that could not be put off, and messages given up and not made up for.
        dropped: u64,
    },
}

/// The reason for which it is not known whether something holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// The run was stopped at this instant, before it was decided.
    Stopped(SimTime),
    /// From this instant on, changes that it is about are only counted.
    OnlyCounted(SimTime),
}

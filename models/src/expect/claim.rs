//! Expectations with dense ids in place of names.

use sim_core::SimTime;

use super::{Bound, Occurrence};
use crate::observe::Measure;

/// A sentence under `expect:`.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// The sentence as it was written.
    pub text: String,
    /// The claim that it makes.
    pub claim: Claim,
}

/// A claim about a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Claim {
    /// A figure lies within a bound.
    Figure {
        /// The figure.
        measure: Measure,
        /// Over the whole window, or in each interval of it.
        throughout: Throughout,
        /// The bound.
        bound: Bound,
        /// The window; everything counted if there is none.
        window: Option<TimeWindow>,
    },
    /// A figure is back to a share of its value before the first fault.
    Back {
        /// The figure.
        measure: Measure,
        /// The share, usually below 1.
        share: f64,
        /// The time before the faults.
        normal: TimeWindow,
        /// The time in which it must come back.
        window: TimeWindow,
    },
    /// Something happens a number of times.
    Happens {
        /// The event.
        event: Occurrence,
        /// The number of times.
        times: Times,
        /// The window; the whole run if there is none.
        window: Option<TimeWindow>,
    },
    /// Things happen one after the other.
    InOrder(Vec<Occurrence>),
    /// No request fails, none waits at the end, and nothing that was put off or queued is dropped.
    NothingLost,
}

/// The reach of a bound: the mean over a window, or each interval in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Throughout {
    /// The window as a whole ("is").
    Window,
    /// Each interval in which there is anything to measure ("stays").
    EachInterval,
}

/// A part of a run, from one instant to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeWindow {
    /// The beginning.
    pub from: SimTime,
    /// The end.
    pub to: SimTime,
}

impl TimeWindow {
    /// True for the instants between its ends, and for both ends.
    pub fn contains(self, at: SimTime) -> bool {
        self.from <= at && at <= self.to
    }
}

/// The number of times that something must happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// This often or more.
    AtLeast(u64),
    /// This often or less.
    AtMost(u64),
    /// Exactly this often.
    Exactly(u64),
}

impl Times {
    /// True if a count can only grow further into the same verdict.
    pub(super) fn is_decided_by(self, count: u64) -> bool {
        match self {
            Self::AtLeast(least) => count >= least,
            Self::AtMost(most) | Self::Exactly(most) => count > most,
        }
    }

    /// True if a count is large enough, and not too large.
    pub fn holds(self, count: u64) -> bool {
        match self {
            Self::AtLeast(least) => count >= least,
            Self::AtMost(most) => count <= most,
            Self::Exactly(exact) => count == exact,
        }
    }
}

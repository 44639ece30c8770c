//! Expectations with dense ids in place of names.

use sim_core::{SimDuration, SimTime};

use crate::observe::{FigureUnit, Measure};
use crate::resilience::circuit_breaker::BreakerState;
use crate::system::PoolKind;

/// Something that is expected of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// As it was written.
    pub text: String,
    /// What it claims.
    pub claim: Claim,
}

/// What an expectation claims.
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
        /// When; everything counted if it is not said.
        window: Option<Window>,
    },
    /// A figure is back to a share of what it was before the first fault.
    Back {
        /// The figure.
        measure: Measure,
        /// The share, usually below 1.
        share: f64,
        /// Before the faults.
        normal: Window,
        /// By when.
        window: Window,
    },
    /// Something happens so many times.
    Happens {
        /// What.
        event: Occurrence,
        /// How often.
        times: Times,
        /// When; at any time if it is not said.
        window: Option<Window>,
    },
    /// Things happen one after the other.
    InOrder(Vec<Occurrence>),
    /// No request fails, none waits at the end, and nothing that was put off or queued is dropped.
    NothingLost,
}

/// A figure to be read off a run that is over.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// As it was asked for.
    pub text: String,
    /// What it is.
    pub wanted: Wanted,
    /// What it is held to, if it is a limit.
    pub bound: Option<Bound>,
}

/// What is to be read off a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// What all resources together cost.
    Cost,
    /// A figure over a window; over everything counted if there is none.
    Figure {
        /// The figure.
        measure: Measure,
        /// When.
        window: Option<Window>,
    },
    /// The value in the interval of a window in which a figure is furthest from a bound, or nearest
    /// to missing it.
    Worst {
        /// The figure.
        measure: Measure,
        /// The bound.
        bound: Bound,
        /// When.
        window: Option<Window>,
    },
    /// The time from the beginning of a window until a figure is back to a share of what it was
    /// before the first fault; the rest of the run if it never is.
    Recovery {
        /// The figure.
        measure: Measure,
        /// The share, usually below 1.
        share: f64,
        /// Before the faults.
        normal: Window,
        /// From when on.
        window: Window,
    },
}

impl Wanted {
    /// What it is counted in.
    pub fn unit(&self) -> FigureUnit {
        match self {
            Self::Cost => FigureUnit::Count,
            Self::Figure { measure, .. } | Self::Worst { measure, .. } => measure.unit(),
            Self::Recovery { .. } => FigureUnit::Time,
        }
    }
}

/// Whether a bound is meant for the mean over a window or for each interval in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Throughout {
    /// For the window as a whole ("is").
    Window,
    /// For each interval that has anything to tell ("stays").
    EachInterval,
}

/// A stretch of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// From when.
    pub from: SimTime,
    /// Until when.
    pub to: SimTime,
}

/// What a figure is held against.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bound {
    /// On which side it must lie.
    pub relation: Relation,
    /// Of what.
    pub value: f64,
}

/// On which side of a value a figure must lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// ≥
    AtLeast,
    /// ≤
    AtMost,
    /// >
    Above,
    /// <
    Below,
    /// =
    Exactly,
}

impl Bound {
    /// Whether a figure lies within the bound.
    pub fn holds(self, figure: f64) -> bool {
        match self.relation {
            Relation::AtLeast => figure >= self.value,
            Relation::AtMost => figure <= self.value,
            Relation::Above => figure > self.value,
            Relation::Below => figure < self.value,
            Relation::Exactly => figure == self.value,
        }
    }
}

/// How often something must happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// So often or more.
    AtLeast(u64),
    /// So often or less.
    AtMost(u64),
    /// So often.
    Exactly(u64),
}

impl Times {
    /// Whether that is often enough, and not too often.
    pub fn holds(self, count: u64) -> bool {
        match self {
            Self::AtLeast(least) => count >= least,
            Self::AtMost(most) => count <= most,
            Self::Exactly(exact) => count == exact,
        }
    }
}

/// Something that the timeline of a run may tell of.
#[derive(Clone, Debug, PartialEq)]
pub struct Occurrence {
    /// In the words of the expectation.
    pub text: String,
    /// What it is.
    pub event: Event,
}

/// What happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A fault begins, at this instant; any if there is none.
    FaultBegins(Option<SimTime>),
    /// A fault ends.
    FaultEnds(Option<SimTime>),
    /// A breaker of an edge, by the names of its breakers, enters a state.
    Breaker(Vec<String>, BreakerState),
    /// All slots of a pool of an owner are in use.
    Saturates(String, PoolKind),
    /// The queue of a pool turns requests away.
    Overflows(String, PoolKind),
    /// Nothing that a workload asks for succeeds any more.
    Outage(String),
    /// A balancer ejects an instance of a station, by name and number; any if there is no number.
    Ejected(String),
    /// It takes it back.
    Readmitted(String),
    /// An autoscaler brings a service to so many instances, or to any other number.
    Scales(String, Option<u32>),
    /// A process of a service is killed because it has no memory left.
    OutOfMemory(String),
    /// An alert fires.
    AlertFires(String),
    /// It is resolved.
    AlertResolved(String),
    /// The experiment is called off.
    CalledOff,
    /// Messages pile up in a queue.
    Backlog(String),
    /// A queue in which they did is empty again.
    Drains(String),
    /// An instance fails its health checks.
    Down(String),
}

impl Window {
    /// Whether an instant lies in it, its ends included.
    pub fn contains(self, at: SimTime) -> bool {
        self.from <= at && at <= self.to
    }

    /// Its length.
    pub fn length(self) -> SimDuration {
        self.to.since(self.from)
    }
}

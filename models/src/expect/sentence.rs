//! Sentences as they are written: parts and their places, before their names mean anything.

use std::ops::Range;

use crate::resilience::circuit_breaker::BreakerState;

/// A sentence, and where its parts stand in it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Sentence {
    /// `no request is lost`
    NothingLost,
    /// `order: a, then b`
    InOrder(Vec<WrittenEvent>),
    /// `breaker a -> b opens twice during fault`
    Happens { event: WrittenEvent, times: super::Times, window: Option<WrittenWindow> },
    /// `p99 of web stays below 400ms`
    Figure {
        figure: WrittenFigure,
        is_throughout: bool,
        bound: WrittenBound,
        window: Option<WrittenWindow>,
    },
    /// `goodput of web is back to 95% of normal within 30s after fault`
    Back { figure: WrittenFigure, share: f64, window: WrittenWindow },
}

/// Something that happens.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WrittenEvent {
    pub subject: Subject,
    pub verb: Verb,
    pub at: Range<usize>,
}

/// Whom it happens to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Subject {
    Fault(Option<usize>),
    Breaker(Target),
    Pool(Target),
    Workload(Target),
    Instance(Target),
    Queue(Target),
    Alert(Target),
    Experiment,
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Begins,
    Ends,
    Opens,
    HalfOpens,
    Closes,
    Saturates,
    Overflows,
    GoesOut,
    IsEjected,
    IsReadmitted,
    GoesDown,
    PilesUp,
    Drains,
    Fires,
    IsResolved,
    IsCalledOff,
    ScalesTo(u32),
    RunsOutOfMemory,
}

/// A name: `web`, `b.threads`, `c -> d`, `api#2`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Target {
    pub name: String,
    pub callee: Option<String>,
    pub part: Option<String>,
    pub number: Option<u32>,
    /// Whether it is said to be a queue of messages.
    pub is_queue: bool,
    pub at: Range<usize>,
}

/// A figure of something.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WrittenFigure {
    pub figure: String,
    pub of: Target,
    pub at: Range<usize>,
}

/// What a figure is held against.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WrittenBound {
    pub relation: super::Relation,
    pub value: Value,
    pub at: Range<usize>,
}

/// A number with its unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value {
    Share(f64),
    Time(f64),
    Rate(f64),
    Factor(f64),
    Count(f64),
}

/// When.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WrittenWindow {
    pub kind: WindowKind,
    pub at: Range<usize>,
}

/// A fault by number from 0; the only one, or all of them together, if there is none.
pub(crate) type FaultNumber = Option<usize>;

/// When, in the words of the sentence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum WindowKind {
    BeforeFault(FaultNumber),
    DuringFault(FaultNumber),
    AfterFault(FaultNumber),
    WithinOfFault(sim_core::SimDuration, FaultNumber),
    WithinAfterFault(sim_core::SimDuration, FaultNumber),
    Between(sim_core::SimDuration, sim_core::SimDuration),
    Before(sim_core::SimDuration),
    After(sim_core::SimDuration),
}

/// What could not be read: where, and what could stand there.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Unreadable {
    /// The word that means nothing here; empty at the end of the sentence.
    pub at: Range<usize>,
    /// What could stand in its place.
    pub expected: Vec<&'static str>,
}

/// A condition: `error rate of web over 10s is above 10%`, `breaker a -> b is open`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum WrittenCondition {
    /// A breaker is in a state.
    BreakerIs(Target, BreakerState),
    /// A figure lies within a bound.
    Figure { figure: WrittenFigure, over: Option<sim_core::SimDuration>, bound: WrittenBound },
}

/// A figure to be read off a run: `p99 of web during fault`, `recovery of goodput of web after
/// fault`, `cost`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum WrittenReading {
    /// What all resources together cost.
    Cost,
    /// A figure, over everything counted or a part of the run.
    Figure { figure: WrittenFigure, window: Option<WrittenWindow> },
    /// The time until a figure is back to a share of what it was before the faults.
    Recovery { figure: WrittenFigure, share: f64, window: WrittenWindow },
}

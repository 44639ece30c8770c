//! Sentences as they are written: their parts with places, before their names mean anything.

use std::ops::Range;

use sim_core::SimDuration;

use super::{LifeEvent, Relation, Throughout, Times};
use crate::resilience::circuit_breaker::BreakerState;

/// A sentence under `expect:`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Sentence {
    /// `no request is lost`
    NothingLost,
    /// `order: a, then b`
    InOrder(Vec<WrittenEvent>),
    /// `breaker a -> b opens twice during fault`
    Happens { event: WrittenEvent, times: Times, window: Option<WrittenWindow> },
    /// `p99 of web stays below 400ms`
    Figure {
        figure: WrittenFigure,
        throughout: Throughout,
        bound: WrittenBound,
        window: Option<WrittenWindow>,
    },
    /// `goodput of web is back to 95% of normal within 30s after fault`
    Back { figure: WrittenFigure, share: f64, window: WrittenWindow },
    /// `heals up to 400/s after 20s`
    Heals(WrittenHealing),
}

/// A load up to which a system heals, and the trigger: values of the settings of a stability map.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WrittenHealing {
    pub load: String,
    /// The place of the load.
    pub at: Range<usize>,
    /// The trigger; the last value of its setting if there is none.
    pub trigger: Option<(String, Range<usize>)>,
}

/// A condition of an alert or an experiment.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum WrittenCondition {
    /// `breaker a -> b is open`
    BreakerIs(WrittenTarget, BreakerState),
    /// `error rate of web over 10s is above 10%`
    Figure { figure: WrittenFigure, over: Option<SimDuration>, bound: WrittenBound },
}

/// A number to be read off a run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum WrittenReading {
    /// `cost`
    Cost,
    /// `p99 of web during fault`
    Figure { figure: WrittenFigure, window: Option<WrittenWindow> },
    /// `recovery of goodput of web to 90% of normal after fault`
    Recovery { figure: WrittenFigure, share: f64, window: WrittenWindow },
}

/// An event: `breaker a -> b opens`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WrittenEvent {
    pub subject: WrittenSubject,
    pub verb: Verb,
    pub at: Range<usize>,
}

/// The subject of an event.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum WrittenSubject {
    Fault(FaultNumber),
    Breaker(WrittenTarget),
    /// A pool, or a service: the verb tells which.
    Pool(WrittenTarget),
    Workload(WrittenTarget),
    Instance(WrittenTarget),
    Queue(WrittenTarget),
    Link(WrittenTarget),
    Alert(WrittenTarget),
    Experiment,
}

/// The verb of an event.
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
    Lives(LifeEvent),
    PilesUp,
    Drains,
    Fires,
    IsResolved,
    IsDelivered,
    IsCalledOff,
    ScalesTo(u32),
    RunsOutOfMemory,
}

/// The name of a thing: `web`, `b.threads`, `c -> d`, `api#2`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WrittenTarget {
    pub name: String,
    pub callee: Option<String>,
    pub part: Option<String>,
    pub number: Option<u32>,
    /// True after the word `queue`: the name is that of a queue of messages.
    pub is_queue: bool,
    /// True after the word `link`: the name is that of a link.
    pub is_link: bool,
    pub at: Range<usize>,
}

/// A figure of something: `p99 of web`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WrittenFigure {
    pub figure: String,
    pub of: WrittenTarget,
    /// The class of requests that is meant, and its place.
    pub priority: Option<(String, Range<usize>)>,
    /// The place of the figure's name.
    pub at: Range<usize>,
}

/// A bound: `at least 99%`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WrittenBound {
    pub relation: Relation,
    pub value: WrittenValue,
    pub at: Range<usize>,
}

/// A number with its unit; times are in seconds, rates per second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum WrittenValue {
    Share(f64),
    Time(f64),
    Rate(f64),
    Factor(f64),
    Count(f64),
}

/// A part of a run, and the place of its words.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WrittenWindow {
    pub when: When,
    pub at: Range<usize>,
}

/// A part of a run, by its faults or by the clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum When {
    BeforeFault(FaultNumber),
    DuringFault(FaultNumber),
    AfterFault(FaultNumber),
    WithinOfFault(SimDuration, FaultNumber),
    WithinAfterFault(SimDuration, FaultNumber),
    Between(SimDuration, SimDuration),
    Before(SimDuration),
    After(SimDuration),
}

/// A fault by its number, from 0; without one, the only fault there is, or all faults together.
pub(crate) type FaultNumber = Option<usize>;

/// A place in a sentence that makes no sense.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Unreadable {
    /// The word that means nothing there; empty at the end of the sentence.
    pub at: Range<usize>,
    /// The words that could stand in its place.
    pub expected: Vec<&'static str>,
}

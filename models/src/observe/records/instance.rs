//! Changes of instances.

use sim_core::{SimDuration, SimTime};

use crate::Outcome;
use crate::resilience::load_balancer::Ejection;
use crate::system::{Id, of};

/// A change of the state of an instance, as a balancer sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum InstanceChange {
    /// It is ejected as an outlier.
    Ejected(Ejection),
    /// Its ejection is over.
    Readmitted,
    /// It has failed its health checks.
    Down,
    /// It passes them again.
    Up,
}

/// A change of an instance, as the balancer of an edge sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InstanceRecord {
    /// The time.
    pub at: SimTime,
    /// The edge.
    pub edge: Id<of::Edge>,
    /// The region of the callers that see it; `None` if all callers see the same.
    pub seen_from: Option<Id<of::Region>>,
    /// The instance.
    pub instance: Id<of::Instance>,
    /// The change.
    pub change: InstanceChange,
}

/// A change of the process of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcessChange {
    /// It has taken the steps of its start, and serves.
    Started {
        /// The time since it began.
        after: SimDuration,
    },
    /// Its start has failed, and it has exited.
    StartFailed {
        /// The outcome of its start.
        outcome: Outcome,
        /// The time until it begins again.
        pause: SimDuration,
    },
    /// It is not ready, and balancers no longer choose it.
    NotReady {
        /// The number of probes that failed in a row; `None` if there is no process to probe.
        failures: Option<u32>,
    },
    /// Enough probes have passed, and balancers choose it.
    Ready,
    /// It was killed because its liveness probes failed.
    Killed {
        /// The number of probes that failed in a row.
        failures: u32,
        /// The time until it begins again.
        pause: SimDuration,
    },
}

/// A change of an instance, or of the number of them.
#[derive(Clone, Debug, PartialEq)]
pub enum ScaleRecord {
    /// An autoscaler has brought the instances of a station to another number.
    Scaled {
        /// The station.
        station: Id<of::Station>,
        /// From how many.
        from: u32,
        /// To how many.
        to: u32,
    },
    /// A process ran out of memory and was killed.
    OutOfMemory {
        /// The instance.
        instance: Id<of::Instance>,
        /// The time that it takes to start again.
        restart: SimDuration,
    },
    /// The process of an instance changes.
    Process {
        /// The instance.
        instance: Id<of::Instance>,
        /// The change.
        change: ProcessChange,
    },
    /// A process died, and what it kept in memory with it.
    Forgot {
        /// The instance.
        instance: Id<of::Instance>,
        /// The names of what it kept.
        what: Vec<&'static str>,
    },
}

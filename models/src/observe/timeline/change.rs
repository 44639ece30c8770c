//! Moments: something that changed, and when.

use sim_core::{SimDuration, SimTime};

use crate::Outcome;
use crate::observe::{FigureUnit, InstanceChange, NotKept, ProcessChange};
use crate::resilience::circuit_breaker::{BreakerState, Transition};
use crate::system::PoolKind;

/// Something that changed, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    /// The time.
    pub at: SimTime,
    /// The change.
    pub change: Change,
}

/// Something that changed.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A fault begins.
    FaultBegins {
        /// The target.
        target: String,
        /// The effect, in a few words.
        effect: String,
        /// The time that it lasts; zero if it is over in an instant, `None` if it lasts for ever.
        lasts: Option<SimDuration>,
    },
    /// A fault with a ramp has grown.
    FaultGrows {
        /// The target.
        target: String,
        /// The effect at its full size, in a few words.
        effect: String,
        /// The effect as far as it has grown; `None` if it has reached its full size.
        so_far: Option<String>,
    },
    /// A fault ends.
    FaultEnds {
        /// The target.
        target: String,
        /// The effect, in a few words.
        effect: String,
    },
    /// All slots of a pool are in use, and stay so for a second or more.
    Saturates {
        /// The pool.
        pool: PoolGroup,
    },
    /// More pools of those of an owner are saturated than at first; told when the most are.
    SaturationSpreads {
        /// The pools.
        pool: PoolGroup,
    },
    /// A saturated pool has free slots again.
    Relieved {
        /// The pool.
        pool: PoolGroup,
        /// The time for which it was saturated.
        after: SimDuration,
        /// The longest that its queue has ever been.
        longest_queue: u64,
    },
    /// The queue of a saturated pool begins to grow, for several seconds on end.
    QueueGrows {
        /// The pool.
        pool: PoolGroup,
        /// The growth until it was longest, in requests per second.
        per_second: f64,
        /// The time at which it was longest.
        until: SimTime,
    },
    /// A full queue begins to turn requests away.
    Overflows {
        /// The pool.
        pool: PoolGroup,
        /// The most that its queue may hold.
        limit: u32,
        /// The requests that it turns away until it does so no longer, of those that ask for a slot.
        of: Portion,
    },
    /// A queue that was full turns nobody away any more.
    OverflowEnds {
        /// The pool.
        pool: PoolGroup,
    },
    /// A guard or a limit begins to turn calls away.
    TurnsAway {
        /// The guard or limit.
        by: Limit,
        /// The calls that it turns away until it does so no longer, of those that begin.
        of: Portion,
    },
    /// A guard or a limit turns next to nothing away any more.
    TurnsNothingAway {
        /// The guard or limit.
        by: Limit,
        /// The time for which it did.
        after: SimDuration,
        /// The calls that it turned away.
        calls: u64,
    },
    /// Retries multiply the calls over an edge.
    RetriesAmplify {
        /// The edge.
        edge: String,
        /// The calls that begin until they do so no longer, and all attempts of that time, also those of calls that began
        /// before.
        calls: Portion,
    },
    /// Retries multiply the calls over an edge no longer.
    RetriesAbate {
        /// The edge.
        edge: String,
        /// The time for which they did.
        after: SimDuration,
    },
    /// A breaker changes state.
    Breaker {
        /// Its edge.
        breaker: String,
        /// From which state to which, and why.
        transition: Transition,
    },
    /// Most of the many breakers of an edge are in another state than before.
    Breakers {
        /// The edge.
        edge: String,
        /// The state that most of them are in now.
        state: BreakerState,
        /// The number of all.
        of: usize,
    },
    /// A balancer learns something about an instance.
    Instance {
        /// The edge that the balancer serves.
        edge: String,
        /// The instance, by name and number.
        instance: String,
        /// The change.
        change: InstanceChange,
    },
    /// An autoscaler has brought the instances of a service to another number.
    Scaled {
        /// The service.
        service: String,
        /// From how many.
        from: u32,
        /// To how many.
        to: u32,
    },
    /// A process ran out of memory and was killed.
    OutOfMemory {
        /// The instance, by name and number.
        instance: String,
        /// The time that it takes to start again.
        restart: SimDuration,
    },
    /// The process of an instance changes.
    Process {
        /// The instance, by name and number; the service, if those of several are told as one.
        instance: String,
        /// The change.
        change: ProcessChange,
    },
    /// A process died, and what it kept in memory with it.
    Forgot {
        /// The instance, by name and number.
        instance: String,
        /// The names of what it kept.
        what: Vec<&'static str>,
    },
    /// An operator has done something, or could not because a service did not answer.
    Operated {
        /// The action in words.
        what: String,
        /// The service that did not answer; `None` if the action was carried out.
        waits_for: Option<String>,
    },
    /// Something cannot be done because a service does not answer, or is done at last.
    HeldUp {
        /// The thing.
        what: Dependent,
        /// The service.
        by: String,
        /// True if the service has answered.
        is_over: bool,
    },
    /// An alert fires.
    AlertFires {
        /// Its name.
        alert: String,
        /// The severity.
        severity: String,
    },
    /// An alert is resolved.
    AlertResolved {
        /// Its name.
        alert: String,
    },
    /// An experiment is called off, and its faults are taken back.
    Aborted {
        /// The condition that was met.
        condition: String,
        /// The figure then.
        value: f64,
        /// Its unit.
        unit: FigureUnit,
    },
    /// A link sends without a pause, and has done so for a second or more.
    LinkSaturates {
        /// The link.
        link: String,
        /// The direction, in words.
        direction: String,
    },
    /// A saturated link has nothing to send for a moment.
    LinkRelieved {
        /// The link.
        link: String,
        /// The direction, in words.
        direction: String,
        /// The time for which it was saturated.
        after: SimDuration,
        /// The most messages that waited meanwhile.
        longest_queue: u32,
        /// The messages that it lost meanwhile, in both directions.
        lost: u64,
    },
    /// Messages pile up in a queue: the oldest has waited for ten seconds or more.
    Backlog {
        /// The queue.
        queue: String,
        /// The number that wait.
        waiting: u64,
        /// The age of the oldest.
        oldest: SimDuration,
    },
    /// A queue in which messages had piled up has worked them off.
    Drained {
        /// The queue.
        queue: String,
        /// The number that wait then.
        to: u64,
        /// The time since the moment at which they were told to pile up.
        after: SimDuration,
        /// The most that waited meanwhile.
        most: u64,
        /// The greatest age of a message meanwhile.
        oldest: SimDuration,
    },
    /// The availability of a workload falls below its level.
    AvailabilityFalls {
        /// The workload.
        workload: String,
        /// The level, 0 to 1.
        level: f64,
        /// The availability while it is below, 0 to 1; `None` if no request ends then.
        to: Option<f64>,
    },
    /// The availability of a workload is back at its level.
    AvailabilityRegained {
        /// The workload.
        workload: String,
        /// The level, 0 to 1.
        level: f64,
        /// The time for which it was below.
        after: SimDuration,
    },
    /// A workload whose availability was below its level sends no requests any more, up to the end of arrivals.
    AsksNoMore {
        /// The workload.
        workload: String,
        /// The level, 0 to 1.
        level: f64,
        /// The time for which it was below.
        after: SimDuration,
    },
    /// The availability of a workload is still below its level when faults have been over for a while.
    StillSuffers {
        /// The workload.
        workload: String,
        /// The level, 0 to 1.
        level: f64,
        /// The availability over the last seconds, 0 to 1; `None` if no request ended.
        availability: Option<f64>,
        /// The time since the last fault ended.
        after: SimDuration,
        /// The pool that is short, if one is.
        short: Option<Shortage>,
    },
    /// Nothing succeeds any more.
    OutageBegins {
        /// The workload.
        workload: String,
    },
    /// The same thing changes to and fro many times in short succession.
    Flaps {
        /// The first change, or the widest of those like it.
        change: Box<Change>,
        /// The number of those like it.
        times: usize,
        /// The time of the last of those like it.
        until: SimTime,
        /// True if more may follow that are only counted.
        goes_on: bool,
    },
    /// More changes follow than are told about.
    NotTold {
        /// The things that change.
        of: Counted,
        /// The changes that are only counted.
        not_kept: NotKept,
    },
    /// Something succeeds again.
    OutageEnds {
        /// The workload.
        workload: String,
        /// The time for which nothing did.
        after: SimDuration,
    },
}

/// Things whose changes are only counted when there are too many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Counted {
    /// A breaker, or all of an edge.
    Breaker(String),
    /// Instances as balancers know them.
    Balancers,
    /// The numbers of instances, their processes and their memory.
    Instances,
}

/// A part of what happens in some time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Portion {
    /// The number that it is about.
    pub part: u64,
    /// The number of all.
    pub all: u64,
    /// The time; zero if that is too short for a rate.
    pub time: SimDuration,
}

impl Portion {
    /// The part divided by all; not a number (NaN) if there are none.
    pub fn share(&self) -> f64 {
        self.part as f64 / self.all as f64
    }

    /// All per second.
    pub fn rate(&self) -> f64 {
        self.all as f64 / self.time.as_secs_f64().max(f64::MIN_POSITIVE)
    }

    /// The same of two times together; without a time if one of them has none.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self {
            part: self.part + other.part,
            all: self.all + other.all,
            time: if self.time.is_zero() || other.time.is_zero() {
                SimDuration::ZERO
            } else {
                self.time + other.time
            },
        }
    }
}

/// A guard of a call, or a limit of the station that is called, which turns calls away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The edge or the station.
    pub name: String,
    /// The outcome of the calls that it turns away.
    pub outcome: Outcome,
    /// The permits of a bulkhead.
    pub slots: Option<u32>,
}

/// A pool with hardly a free slot. Rates are per second, over the last seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Shortage {
    /// A station, host or edge.
    pub owner: String,
    /// The rate at which slots are asked for.
    pub asked: f64,
    /// The rate at which it can grant them: that at which it did, divided by its utilization (the utilization
    /// law; Denning and Buzen, "The Operational Analysis of Queueing Network Models", 1978).
    pub possible: f64,
    /// The share of retries among the attempts that lead to it, 0 to 1.
    pub retries: f64,
}

/// Something that depends on a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dependent {
    /// New instances of a service, which its autoscaler wants.
    Instances(String),
    /// The deployment of a service, database or cache.
    Deployment(String),
    /// The delivery of an alert.
    Alert(String),
}

impl Dependent {
    /// The name of what depends on the service.
    pub fn name(&self) -> &str {
        match self {
            Self::Instances(name) | Self::Deployment(name) | Self::Alert(name) => name,
        }
    }
}

/// The pools of one owner: one, or one an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolGroup {
    /// A station, host or edge.
    pub owner: String,
    /// The kind of the slots.
    pub kind: PoolKind,
    /// Slots of each pool.
    pub capacity: u32,
    /// Slots out of service of each of them; `None` if they have not lost the same number.
    pub lost: Option<u32>,
    /// The number of pools that it concerns.
    pub affected: u32,
    /// The number of all that are there.
    pub pools: u32,
}

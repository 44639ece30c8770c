//! Events that expectations speak of, and the moments of a timeline that tell of them.

use sim_core::SimTime;

use crate::observe::{Change, Counted, Dependent, InstanceChange, Moment, ProcessChange};
use crate::resilience::circuit_breaker::BreakerState;
use crate::system::PoolKind;

/// An event in an expectation.
#[derive(Clone, Debug, PartialEq)]
pub struct Occurrence {
    /// The event in the words of the expectation.
    pub text: String,
    /// The event.
    pub event: TimelineEvent,
}

/// Something that the timeline of a run may tell of.
#[derive(Clone, Debug, PartialEq)]
pub enum TimelineEvent {
    /// A fault begins at this instant; any fault if there is none.
    FaultBegins(Option<SimTime>),
    /// A fault ends at this instant; any fault if there is none.
    FaultEnds(Option<SimTime>),
    /// One of these breakers, by the names of their owners, enters a state.
    Breaker(Vec<String>, BreakerState),
    /// All slots of a pool of an owner are in use.
    Saturates(String, PoolKind),
    /// The queue of a pool of an owner turns requests away.
    Overflows(String, PoolKind),
    /// No request of a workload succeeds any more.
    Outage(String),
    /// A balancer ejects an instance (`api#2`), or any instance of a station (`api`).
    Ejected(String),
    /// A balancer takes an instance back.
    Readmitted(String),
    /// An autoscaler brings a service to this number of instances; to any number if there is none.
    Scales(String, Option<u32>),
    /// A process of a service is killed because it has no memory left.
    OutOfMemory(String),
    /// An alert fires.
    AlertFires(String),
    /// An alert is resolved.
    AlertResolved(String),
    /// An alert that fires is delivered by the service that it goes through.
    AlertDelivered(String),
    /// The experiment is called off.
    CalledOff,
    /// Messages pile up in a queue.
    Backlog(String),
    /// A queue in which messages had piled up has worked them off.
    Drains(String),
    /// A link sends without a pause.
    LinkSaturates(String),
    /// An instance fails its health checks.
    Down(String),
    /// Something happens to the process of an instance.
    Process(String, LifeEvent),
}

/// Something that happens to the process of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LifeEvent {
    /// It has taken the steps of its start, and serves.
    Starts,
    /// Its readiness probes fail.
    BecomesUnready,
    /// Its readiness probes pass.
    BecomesReady,
    /// It is killed because its liveness probes fail.
    IsKilled,
}

impl LifeEvent {
    /// True if a change of a process is this event.
    fn is(self, change: ProcessChange) -> bool {
        match self {
            Self::Starts => matches!(change, ProcessChange::Started { .. }),
            Self::BecomesUnready => matches!(change, ProcessChange::NotReady { .. }),
            Self::BecomesReady => change == ProcessChange::Ready,
            Self::IsKilled => matches!(change, ProcessChange::Killed { .. }),
        }
    }
}

impl TimelineEvent {
    /// True if a moment is an occurrence of this event.
    pub(super) fn is(&self, moment: &Moment) -> bool {
        match (self, &moment.change) {
            (Self::FaultBegins(at), Change::FaultBegins { .. })
            | (Self::FaultEnds(at), Change::FaultEnds { .. }) => {
                at.is_none_or(|at| at == moment.at)
            }
            (Self::Breaker(owners, state), Change::Breaker { breaker, transition }) => {
                transition.to == *state && owners.contains(breaker)
            }
            (Self::Saturates(owner, kind), Change::Saturates { pool })
            | (Self::Overflows(owner, kind), Change::Overflows { pool, .. }) => {
                pool.owner == *owner && pool.kind == *kind
            }
            (Self::LinkSaturates(name), Change::LinkSaturates { link, .. }) => link == name,
            (Self::Outage(name), Change::OutageBegins { workload }) => workload == name,
            (Self::AlertFires(name), Change::AlertFires { alert, .. })
            | (Self::AlertResolved(name), Change::AlertResolved { alert }) => name == alert,
            (Self::AlertDelivered(name), Change::HeldUp { what, is_over, .. }) => {
                *is_over && *what == Dependent::Alert(name.clone())
            }
            (Self::CalledOff, Change::Aborted { .. }) => true,
            (Self::Scales(name, number), Change::Scaled { service, to, .. }) => {
                name == service && number.is_none_or(|number| number == *to)
            }
            (Self::Backlog(name), Change::Backlog { queue, .. })
            | (Self::Drains(name), Change::Drained { queue, .. }) => name == queue,
            (Self::Process(name, event), Change::Process { instance, change }) => {
                event.is(*change) && is_instance(name, instance)
            }
            (Self::OutOfMemory(name), Change::OutOfMemory { instance, .. })
            | (
                Self::Ejected(name),
                Change::Instance { instance, change: InstanceChange::Ejected(_), .. },
            )
            | (
                Self::Readmitted(name),
                Change::Instance { instance, change: InstanceChange::Readmitted, .. },
            )
            | (Self::Down(name), Change::Instance { instance, change: InstanceChange::Down, .. }) => {
                is_instance(name, instance)
            }
            _ => false,
        }
    }

    /// True if it may be one of the changes of these things.
    pub(super) fn may_be_of(&self, things: &Counted) -> bool {
        match (self, things) {
            (Self::Breaker(owners, _), Counted::Breaker(breaker)) => owners.contains(breaker),
            (Self::Ejected(_) | Self::Readmitted(_) | Self::Down(_), Counted::Balancers)
            | (Self::Scales(..) | Self::OutOfMemory(_) | Self::Process(..), Counted::Instances) => {
                true
            }
            _ => false,
        }
    }

    /// True if a moment tells of the same thing as this event, whatever happens to it.
    pub(super) fn is_about(&self, moment: &Moment) -> bool {
        match (self, &moment.change) {
            (
                Self::FaultBegins(_) | Self::FaultEnds(_),
                Change::FaultBegins { .. } | Change::FaultGrows { .. } | Change::FaultEnds { .. },
            ) => true,
            (Self::Breaker(owners, _), Change::Breaker { breaker, .. }) => owners.contains(breaker),
            (
                Self::Saturates(owner, _) | Self::Overflows(owner, _),
                Change::Saturates { pool }
                | Change::SaturationSpreads { pool }
                | Change::QueueGrows { pool, .. }
                | Change::Relieved { pool, .. }
                | Change::Overflows { pool, .. }
                | Change::OverflowEnds { pool },
            ) => pool.owner == *owner,
            (
                Self::LinkSaturates(name),
                Change::LinkSaturates { link, .. } | Change::LinkRelieved { link, .. },
            ) => link == name,
            (
                Self::Outage(name),
                Change::OutageBegins { workload }
                | Change::OutageEnds { workload, .. }
                | Change::StillSuffers { workload, .. }
                | Change::AvailabilityFalls { workload, .. }
                | Change::AvailabilityRegained { workload, .. }
                | Change::AsksNoMore { workload, .. },
            ) => workload == name,
            (
                Self::AlertFires(name) | Self::AlertResolved(name) | Self::AlertDelivered(name),
                Change::AlertFires { alert, .. } | Change::AlertResolved { alert },
            ) => name == alert,
            (Self::Scales(name, _), Change::Scaled { service, .. }) => name == service,
            (Self::OutOfMemory(name), Change::OutOfMemory { instance, .. })
            | (Self::Process(name, _), Change::Process { instance, .. }) => {
                is_instance(name, instance)
            }
            (
                Self::Backlog(name) | Self::Drains(name),
                Change::Backlog { queue, .. } | Change::Drained { queue, .. },
            ) => name == queue,
            (
                Self::Ejected(name) | Self::Readmitted(name) | Self::Down(name),
                Change::Instance { instance, .. },
            ) => is_instance(name, instance),
            _ => false,
        }
    }
}

/// True if an instance is the one that is wanted: `api#2` is itself, and `api` is any of its
/// instances.
fn is_instance(wanted: &str, instance: &str) -> bool {
    wanted == instance || instance.split_once('#').is_some_and(|(station, _)| station == wanted)
}

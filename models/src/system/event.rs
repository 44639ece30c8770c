//! Events of the simulated system.

use super::id::{Id, of};
use super::process_plan::ProbeKind;
use crate::resources::Waiter;

/// An event of the simulated system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The next request of an open workload arrives.
    Arrival {
        /// The workload.
        workload: Id<of::Workload>,
    },
    /// The thing that a frame waited for has happened: its work is done, its message has arrived,
    /// or its pause is over.
    Resume(Waiter),
    /// A request reaches its callee over the network, or its client or a retry sends it after a
    /// pause.
    Sent(Waiter),
    /// The first deadline of a ring falls due.
    Deadline {
        /// The ring.
        ring: Id<of::Deadline>,
    },
    /// A deadline whose delay was drawn falls due.
    Expires {
        /// The deadline.
        ring: Id<of::Deadline>,
        /// The wait that it ends.
        waiter: Waiter,
    },
    /// The time that a frame's own caller gave it is up.
    Overdue(Waiter),
    /// A frame learns that its caller no longer waits for an answer.
    Cancel {
        /// The frame.
        callee: u32,
        /// The caller it is expected to work for; if it works for another by now, the message is
        /// too late and is ignored.
        caller: Waiter,
    },
    /// The planned number of users of a workload changes.
    UsersChange {
        /// The workload.
        workload: Id<of::Workload>,
    },
    /// A fault begins.
    FaultBegins {
        /// The fault.
        fault: Id<of::Fault>,
    },
    /// A fault that grows step by step takes its next step.
    FaultGrows {
        /// The fault.
        fault: Id<of::Fault>,
    },
    /// A fault ends.
    FaultEnds {
        /// The fault.
        fault: Id<of::Fault>,
    },
    /// The instances that an edge leads to have a health check.
    HealthCheck {
        /// The edge.
        edge: Id<of::Edge>,
    },
    /// An interval of the outlier detection of an edge ends.
    Sweep {
        /// The edge.
        edge: Id<of::Edge>,
    },
    /// A deferred call over an edge is due to be retried.
    MakeUp {
        /// The edge.
        edge: Id<of::Edge>,
    },
    /// A message queue checks whether something it waits for has happened.
    QueueTick {
        /// The queue.
        queue: Id<of::Queue>,
    },
    /// An autoscaler checks the load of its service.
    Autoscale {
        /// The autoscaler.
        scaler: Id<of::Autoscaler>,
    },
    /// An instance that an autoscaler requested is ready.
    Started {
        /// The autoscaler.
        scaler: Id<of::Autoscaler>,
    },
    /// A process runs out of memory.
    OutOfMemory {
        /// The instance.
        instance: Id<of::Instance>,
    },
    /// A killed process is back in service.
    Restarted {
        /// The instance.
        instance: Id<of::Instance>,
    },
    /// A process exits, or is killed because its probes fail.
    Exits {
        /// The instance.
        instance: Id<of::Instance>,
    },
    /// A probe of an instance is due.
    Probe {
        /// The kind of probe.
        kind: ProbeKind,
        /// The instance.
        instance: Id<of::Instance>,
        /// The life of the process that is probed; in another one it is no longer due.
        life: u32,
    },
    /// An operator gives a planned order.
    Order {
        /// The order.
        order: Id<of::Order>,
    },
    /// The call on which an order depends has been answered.
    OrderAnswered {
        /// The order.
        order: Id<of::Order>,
    },
    /// The time of an order for breakers is over.
    OrderEnds {
        /// The order.
        order: Id<of::Order>,
    },
    /// The instant has come that faults wait for.
    Due {
        /// The trigger of the faults.
        trigger: Id<of::Trigger>,
    },
    /// The warm-up ends: requests that start from here on are counted.
    WarmupEnds,
    /// Arrivals stop.
    ArrivalsEnd,
    /// An interval of the time series ends.
    Sample,
}

/// The kinds of events, as fingerprints tell them apart. The compiler sees to it that they differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
enum Kind {
    MakeUp = of_kind(0, 0),
    Arrival = of_kind(1, 0),
    /// The end of a wait. The epochs of frames are never 0.
    Resume = of_kind(2, 0),
    /// The deadline of a ring, or, with an epoch, of a frame.
    Deadline = of_kind(3, 0),
    UsersChange = of_kind(4, 0),
    FaultBegins = of_kind(5, 0),
    FaultGrows = of_kind(6, 0),
    FaultEnds = of_kind(7, 0),
    WarmupEnds = of_kind(8, 0),
    ArrivalsEnd = of_kind(9, 0),
    Sample = of_kind(10, 0),
    QueueTick = of_kind(10, 1),
    Autoscale = of_kind(10, 2),
    Started = of_kind(10, 3),
    OutOfMemory = of_kind(10, 4),
    Restarted = of_kind(10, 5),
    Exits = of_kind(10, 6),
    ReadinessProbe = of_kind(10, 7),
    LivenessProbe = of_kind(10, 8),
    Overdue = of_kind(11, 0),
    Cancel = of_kind(12, 0),
    Order = of_kind(13, 0),
    OrderAnswered = of_kind(13, 1),
    Due = of_kind(13, 2),
    OrderEnds = of_kind(13, 3),
    HealthCheck = of_kind(14, 0),
    Sweep = of_kind(15, 0),
}

/// The bits of a kind: 0 to 15 in the highest four, and what tells those apart that have no epoch in its place.
const fn of_kind(highest: u64, part: u64) -> u64 {
    highest << 60 | part << 32
}

impl From<ProbeKind> for Kind {
    fn from(kind: ProbeKind) -> Self {
        match kind {
            ProbeKind::Readiness => Self::ReadinessProbe,
            ProbeKind::Liveness => Self::LivenessProbe,
        }
    }
}

impl sim_core::Event for Event {
    #[inline]
    fn digest(self) -> u64 {
        let (kind, subject, epoch) = match self {
            Self::Arrival { workload } => (Kind::Arrival, workload.number(), 0),
            Self::Resume(Waiter { frame, epoch }) | Self::Sent(Waiter { frame, epoch }) => {
                (Kind::Resume, frame, epoch)
            }
            Self::Deadline { ring } => (Kind::Deadline, ring.number(), 0),
            Self::Expires { waiter: Waiter { frame, epoch }, .. } => (Kind::Deadline, frame, epoch),
            Self::UsersChange { workload } => (Kind::UsersChange, workload.number(), 0),
            Self::FaultBegins { fault } => (Kind::FaultBegins, fault.number(), 0),
            Self::FaultGrows { fault } => (Kind::FaultGrows, fault.number(), 0),
            Self::FaultEnds { fault } => (Kind::FaultEnds, fault.number(), 0),
            Self::WarmupEnds => (Kind::WarmupEnds, 0, 0),
            Self::ArrivalsEnd => (Kind::ArrivalsEnd, 0, 0),
            Self::Sample => (Kind::Sample, 0, 0),
            Self::Overdue(Waiter { frame, epoch }) => (Kind::Overdue, frame, epoch),
            Self::MakeUp { edge } => (Kind::MakeUp, edge.number(), 0),
            Self::HealthCheck { edge } => (Kind::HealthCheck, edge.number(), 0),
            Self::Sweep { edge } => (Kind::Sweep, edge.number(), 0),
            Self::QueueTick { queue } => (Kind::QueueTick, queue.number(), 0),
            Self::Autoscale { scaler } => (Kind::Autoscale, scaler.number(), 0),
            Self::Started { scaler } => (Kind::Started, scaler.number(), 0),
            Self::OutOfMemory { instance } => (Kind::OutOfMemory, instance.number(), 0),
            Self::Restarted { instance } => (Kind::Restarted, instance.number(), 0),
            Self::Exits { instance } => (Kind::Exits, instance.number(), 0),
            Self::Probe { kind, instance, .. } => (kind.into(), instance.number(), 0),
            Self::Order { order } => (Kind::Order, order.number(), 0),
            Self::OrderAnswered { order } => (Kind::OrderAnswered, order.number(), 0),
            Self::Due { trigger } => (Kind::Due, trigger.number(), 0),
            Self::OrderEnds { order } => (Kind::OrderEnds, order.number(), 0),
            Self::Cancel { callee, caller } => (Kind::Cancel, callee, caller.epoch),
        };
        kind as u64 ^ u64::from(epoch) << 32 ^ u64::from(subject)
    }

    /// The order of one instant: an interval is closed with what was before; conditions change;
    /// what is under way ends; what has lasted too long is given up; new requests come last, so
    /// that they find what became free.
    #[inline]
    fn rank(self) -> u8 {
        match self {
            Self::Sample | Self::WarmupEnds | Self::ArrivalsEnd => 0,
            Self::FaultEnds { .. }
            | Self::OrderEnds { .. }
            | Self::Restarted { .. }
            | Self::Started { .. } => 1,
            Self::FaultBegins { .. }
            | Self::FaultGrows { .. }
            | Self::OutOfMemory { .. }
            | Self::Exits { .. }
            | Self::Order { .. }
            | Self::OrderAnswered { .. }
            | Self::Due { .. } => 2,
            Self::HealthCheck { .. } | Self::Sweep { .. } | Self::Autoscale { .. } => 3,
            Self::Resume(_) => 4,
            Self::Deadline { .. } | Self::Expires { .. } | Self::Overdue(_) => 5,
            Self::Cancel { .. } => 6,
            Self::Sent(_)
            | Self::QueueTick { .. }
            | Self::MakeUp { .. }
            | Self::Probe { .. }
            | Self::UsersChange { .. } => 7,
            Self::Arrival { .. } => 8,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use sim_core::Event as _;

    use super::*;

    #[test]
    fn an_event_is_small() {
        assert!(size_of::<Event>() <= 16);
    }

    #[test]
    fn events_that_differ_have_digests_that_differ() {
        let of = |number: u32| {
            let waiter = Waiter { frame: number, epoch: number + 1 };
            [
                Event::Arrival { workload: Id::new(number as usize) },
                Event::Resume(waiter),
                Event::Deadline { ring: Id::new(number as usize) },
                Event::Expires { ring: Id::new(number as usize), waiter },
                Event::Overdue(waiter),
                Event::Cancel { callee: number, caller: waiter },
                Event::UsersChange { workload: Id::new(number as usize) },
                Event::FaultBegins { fault: Id::new(number as usize) },
                Event::FaultGrows { fault: Id::new(number as usize) },
                Event::FaultEnds { fault: Id::new(number as usize) },
                Event::HealthCheck { edge: Id::new(number as usize) },
                Event::Sweep { edge: Id::new(number as usize) },
                Event::MakeUp { edge: Id::new(number as usize) },
                Event::QueueTick { queue: Id::new(number as usize) },
                Event::Autoscale { scaler: Id::new(number as usize) },
                Event::Started { scaler: Id::new(number as usize) },
                Event::OutOfMemory { instance: Id::new(number as usize) },
                Event::Restarted { instance: Id::new(number as usize) },
                Event::Exits { instance: Id::new(number as usize) },
                Event::Probe {
                    kind: ProbeKind::Readiness,
                    instance: Id::new(number as usize),
                    life: 0,
                },
                Event::Probe {
                    kind: ProbeKind::Liveness,
                    instance: Id::new(number as usize),
                    life: 0,
                },
                Event::Order { order: Id::new(number as usize) },
                Event::OrderAnswered { order: Id::new(number as usize) },
                Event::OrderEnds { order: Id::new(number as usize) },
                Event::Due { trigger: Id::new(number as usize) },
            ]
        };
        let moments = [Event::WarmupEnds, Event::ArrivalsEnd, Event::Sample];
        let events: Vec<Event> = (0..3).flat_map(of).chain(moments).collect();
        let digests: BTreeSet<u64> = events.iter().map(|event| event.digest()).collect();
        assert_eq!(digests.len(), events.len());
    }
}

//! Events of the simulated system.

use super::process_plan::ProbeKind;
use crate::resources::Waiter;

/// An event of the simulated system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The next request of an open workload arrives.
    Arrival {
        /// The workload.
        workload: u32,
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
        ring: u32,
    },
    /// A deadline whose delay was drawn falls due.
    Expires {
        /// The deadline.
        ring: u32,
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
        workload: u32,
    },
    /// A fault begins.
    FaultBegins {
        /// The fault.
        fault: u32,
    },
    /// A fault that grows step by step takes its next step.
    FaultGrows {
        /// The fault.
        fault: u32,
    },
    /// A fault ends.
    FaultEnds {
        /// The fault.
        fault: u32,
    },
    /// The instances that an edge leads to have a health check.
    HealthCheck {
        /// The edge.
        edge: u32,
    },
    /// An interval of the outlier detection of an edge ends.
    Sweep {
        /// The edge.
        edge: u32,
    },
    /// A deferred call over an edge is due to be retried.
    MakeUp {
        /// The edge.
        edge: u32,
    },
    /// A message queue checks whether something it waits for has happened.
    QueueTick {
        /// The queue.
        queue: u32,
    },
    /// An autoscaler checks the load of its service.
    Autoscale {
        /// The autoscaler.
        scaler: u32,
    },
    /// An instance that an autoscaler requested is ready.
    Started {
        /// The autoscaler.
        scaler: u32,
    },
    /// A process runs out of memory.
    OutOfMemory {
        /// The instance.
        instance: u32,
    },
    /// A killed process is back in service.
    Restarted {
        /// The instance.
        instance: u32,
    },
    /// A process exits, or is killed because its probes fail.
    Exits {
        /// The instance.
        instance: u32,
    },
    /// A probe of an instance is due.
    Probe {
        /// The kind of probe.
        kind: ProbeKind,
        /// The instance.
        instance: u32,
        /// The life of the process that is probed; in another one it is no longer due.
        life: u32,
    },
    /// An operator gives a planned order.
    Order {
        /// The order.
        order: u32,
    },
    /// The call on which an order depends has been answered.
    OrderAnswered {
        /// The order.
        order: u32,
    },
    /// The time of an order for breakers is over.
    OrderEnds {
        /// The order.
        order: u32,
    },
    /// The instant has come that faults wait for.
    Due {
        /// The trigger of the faults.
        trigger: u32,
    },
    /// The warm-up ends: requests that start from here on are counted.
    WarmupEnds,
    /// Arrivals stop.
    ArrivalsEnd,
    /// An interval of the time series ends.
    Sample,
}

impl sim_core::Event for Event {
    #[inline]
    fn digest(self) -> u64 {
        let (kind, subject, epoch) = match self {
            Self::Arrival { workload } => (1, workload, 0),
            Self::Resume(Waiter { frame, epoch }) | Self::Sent(Waiter { frame, epoch }) => {
                (2, frame, epoch)
            }
            Self::Deadline { ring } => (3, ring, 0),
            Self::Expires { waiter: Waiter { frame, epoch }, .. } => (5, frame, epoch),
            Self::UsersChange { workload } => (4, workload, 0),
            Self::FaultBegins { fault } => (5, fault, 0),
            Self::FaultGrows { fault } => (6, fault, 0),
            Self::FaultEnds { fault } => (7, fault, 0),
            Self::WarmupEnds => (8, 0, 0),
            Self::ArrivalsEnd => (9, 0, 0),
            Self::Sample => (10, 0, 0),
            Self::Overdue(Waiter { frame, epoch }) => (11, frame, epoch),
            Self::MakeUp { edge } => (0, edge, 0),
            Self::HealthCheck { edge } => (14, edge, 0),
            Self::Sweep { edge } => (15, edge, 0),
            Self::QueueTick { queue } => (10, queue, 1),
            Self::Autoscale { scaler } => (10, scaler, 2),
            Self::Started { scaler } => (10, scaler, 3),
            Self::OutOfMemory { instance } => (10, instance, 4),
            Self::Restarted { instance } => (10, instance, 5),
            Self::Exits { instance } => (10, instance, 6),
            Self::Probe { kind, instance, .. } => (10, instance, 7 + kind as u32),
            Self::Order { order } => (13, order, 0),
            Self::OrderAnswered { order } => (13, order, 1),
            Self::Due { trigger } => (13, trigger, 2),
            Self::OrderEnds { order } => (13, order, 3),
            Self::Cancel { callee, caller } => (12, callee, caller.epoch),
        };
        (kind << 60) ^ (u64::from(epoch) << 32) ^ u64::from(subject)
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
    use super::*;

    #[test]
    fn an_event_is_small() {
        assert!(size_of::<Event>() <= 16);
    }
}

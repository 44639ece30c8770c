//! What can happen.

use crate::resources::Waiter;

/// An event of the simulated system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The next request of an open workload.
    Arrival {
        /// Which workload.
        workload: u32,
    },
    /// What a frame waited for has come: its work is done, its message has arrived, its pause is
    /// over.
    Resume(Waiter),
    /// The first deadline of a ring falls due.
    Deadline {
        /// Which ring.
        ring: u32,
    },
    /// The time that a frame was given by its own caller is up.
    Overdue(Waiter),
    /// A frame learns that nobody waits for its answer any longer.
    Cancel {
        /// The frame.
        callee: u32,
        /// For whom it works; if for another, the message is late and means nothing.
        caller: Waiter,
    },
    /// The planned number of users changes.
    UsersChange {
        /// Which workload.
        workload: u32,
    },
    /// A fault begins.
    FaultBegins {
        /// Which fault.
        fault: u32,
    },
    /// A fault that grows step by step has grown.
    FaultGrows {
        /// Which fault.
        fault: u32,
    },
    /// A fault ends.
    FaultEnds {
        /// Which fault.
        fault: u32,
    },
    /// The instances that an edge leads to are checked.
    HealthCheck {
        /// Which edge.
        edge: u32,
    },
    /// An interval of the outlier detection of an edge ends.
    Sweep {
        /// Which edge.
        edge: u32,
    },
    /// It is time to make up for a call over an edge that was put off.
    MakeUp {
        /// Which edge.
        edge: u32,
    },
    /// Something that a queue of messages waits for may have come.
    QueueTick {
        /// Which queue.
        queue: u32,
    },
    /// An autoscaler looks at its service.
    Autoscale {
        /// Which autoscaler.
        scaler: u32,
    },
    /// An instance that an autoscaler has asked for is ready.
    Started {
        /// Which autoscaler.
        scaler: u32,
    },
    /// A process has no memory left.
    OutOfMemory {
        /// Which instance.
        instance: u32,
    },
    /// A killed process serves again.
    Restarted {
        /// Which instance.
        instance: u32,
    },
    /// An operator does something.
    Order {
        /// Which of the planned orders.
        order: u32,
    },
    /// Requests that begin from here on are counted.
    WarmupEnds,
    /// No more requests arrive.
    ArrivalsEnd,
    /// The end of an interval of the series.
    Sample,
}

impl sim_core::Event for Event {
    #[inline]
    fn digest(self) -> u64 {
        let (kind, subject, epoch) = match self {
            Self::Arrival { workload } => (1, workload, 0),
            Self::Resume(Waiter { frame, epoch }) => (2, frame, epoch),
            Self::Deadline { ring } => (3, ring, 0),
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
            Self::Order { order } => (13, order, 0),
            Self::Cancel { callee, caller } => (12, callee, caller.epoch),
        };
        (kind << 60) ^ (u64::from(epoch) << 32) ^ u64::from(subject)
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

//! The things that a frame can be.

use super::errand::Purpose;

/// The owner of the steps that a frame runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// A request of an open workload, or a user of a closed one.
    Client,
    /// A request at a station; it holds one of the station's slots.
    Handler,
    /// A branch of a fork; it holds nothing of its own.
    Branch,
    /// A deferred call that is being made; it has no handler.
    Deferred,
    /// A delivery of a message; its instance is its queue.
    Consumer,
    /// A call that compensates for an expired message; its instance is the queue.
    Compensation,
    /// A call on which something depends that operators or automation do.
    Operator(Purpose),
    /// The work of a process before it serves; its instance is the process, and the epoch of its
    /// caller the life of it.
    Start,
    /// A probe: the instance it is sent to, its kind and the life of the process, the latter two in
    /// place of its caller.
    Probe,
    /// The part of a call that a pool of threads carries out. It goes on when its caller has given
    /// up, and then answers nobody.
    Task(TaskOf),
}

/// The owner of the pool that carries out a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TaskOf {
    /// An instance of a service.
    Instance,
    /// A workload.
    Workload,
    /// A queue.
    Queue,
}

impl Role {
    /// The role of a task that a frame with this role hands to a pool.
    pub fn task(self) -> Self {
        match self {
            Self::Handler | Self::Branch | Self::Deferred | Self::Start => {
                Self::Task(TaskOf::Instance)
            }
            Self::Client => Self::Task(TaskOf::Workload),
            Self::Consumer | Self::Compensation | Self::Operator(_) | Self::Probe => {
                Self::Task(TaskOf::Queue)
            }
            Self::Task(owner) => Self::Task(owner),
        }
    }
}

//! The plan of a pool.

use super::blueprint::{Deadline, UNLIMITED};
use super::id::{Id, of};
use crate::resources::{Discipline, HostLimits};

/// The kind of slots in a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PoolKind {
    /// Threads of a service, held from dequeue to reply.
    Threads,
    /// Requests in flight in an asynchronous service.
    Slots,
    /// Connections of a database or cache.
    Connections,
    /// Processors, held while computing.
    Processors,
    /// Permits of a bulkhead on an edge.
    Permits,
    /// Connections to a database that its callers keep open, idle ones included.
    Clients,
}

impl PoolKind {
    /// Returns the kind of slots in one word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Threads => "threads",
            Self::Slots => "slots",
            Self::Connections => "connections",
            Self::Processors => "processors",
            Self::Permits => "permits",
            Self::Clients => "clients",
        }
    }
}

/// The plan of a pool.
#[derive(Clone, Debug)]
pub struct PoolPlan {
    /// Name of its owner: a station, a host or an edge.
    pub owner: String,
    /// Its number among the pools of its owner, from 1; zero if it is the only one.
    pub number: u32,
    /// The instance that it belongs to; `None` if it is no instance's.
    pub instance: Option<Id<of::Instance>>,
    /// The kind of its slots.
    pub kind: PoolKind,
    /// Number of slots, or [`UNLIMITED`].
    pub capacity: u32,
    /// Number of slots handed out before requests queue; usually all.
    pub core: u32,
    /// Maximum queue length, or [`UNLIMITED`].
    pub queue_limit: u32,
    /// Wait limit, if there is one.
    pub wait_deadline: Option<Deadline>,
    /// Order in which the queue is served.
    pub discipline: Discipline,
    /// The limits of a proxy, which has a pool of connections for each instance of the callee.
    pub hosts: Option<HostLimits>,
}

impl PoolPlan {
    /// Returns a pool without limits that is the only one of its owner.
    pub fn unlimited(owner: &str, kind: PoolKind) -> Self {
        Self {
            owner: owner.to_owned(),
            number: 0,
            instance: None,
            kind,
            capacity: UNLIMITED,
            core: UNLIMITED,
            queue_limit: UNLIMITED,
            wait_deadline: None,
            discipline: Discipline::Fifo,
            hosts: None,
        }
    }

    /// Returns the owner, with the pool's number if there are several: `gateway`, `a#2`.
    pub fn label(&self) -> String {
        if self.number == 0 {
            self.owner.clone()
        } else {
            format!("{}#{}", self.owner, self.number)
        }
    }
}

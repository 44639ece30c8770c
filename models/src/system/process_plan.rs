//! The plan of a process: what it does before it serves, and how it is probed.

use sim_core::SimDuration;

use super::id::{Id, of};
use crate::resilience::load_balancer::HealthCheck;

/// The start and the probes of the processes of a service.
#[derive(Clone, Copy, Debug)]
pub struct ProcessPlan {
    /// First of the steps that it takes before it serves; `None` if it serves at once.
    pub start: Option<Id<of::Step>>,
    /// Time between the exit of a process that has just begun and its next start; it doubles each
    /// time.
    pub restart_after: SimDuration,
    /// Class of the calls of its start and of its probes.
    pub priority: u8,
    /// The probes by kind, as far as there are any.
    pub probes: [Option<ProbePlan>; 2],
}

impl ProcessPlan {
    /// Returns the plan of the probes of one kind.
    pub fn probe(&self, kind: ProbeKind) -> Option<ProbePlan> {
        self.probes[kind as usize]
    }

    /// True if its instances are out of service for some time after they have come back.
    pub fn has_to_become_ready(&self) -> bool {
        self.start.is_some() || self.probe(ProbeKind::Readiness).is_some()
    }
}

/// The purpose of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProbeKind {
    /// Decides whether balancers choose the instance.
    Readiness,
    /// Decides whether the process lives on.
    Liveness,
}

impl ProbeKind {
    /// Both kinds, in the order in which probes of one instant are sent.
    pub const ALL: [Self; 2] = [Self::Readiness, Self::Liveness];

    /// Returns its name, which is also that of the caller of these probes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Readiness => "readiness",
            Self::Liveness => "liveness",
        }
    }
}

/// The probes of one kind.
#[derive(Clone, Copy, Debug)]
pub struct ProbePlan {
    /// The call site of each probe.
    pub site: Id<of::CallSite>,
    /// The time between two probes of an instance, and the results in a row that count.
    pub check: HealthCheck,
}

//! Memory of instances, and what requests take of it.

use sim_core::SimDuration;

use crate::language::quantity::{Bytes, Duration};
use crate::language::{Placed, Problems, section};
use crate::resilience::admission::{AdmissionSettings, MemoryLimit};

/// How long a killed process takes to start again, if nothing is said.
const RESTART: SimDuration = SimDuration::from_secs(30);

section! {
    /// The memory of each instance.
    pub(crate) struct Memory {
        /// What there is for requests.
        "limit" => limit: Bytes,
        /// What each request in flight takes, those that queue included.
        "each" => each: Bytes,
        /// How long a process that is killed takes to start again; 30s if left out.
        "restart" => restart: Option<Duration>,
        /// Requests are turned away when those in flight would take more than this.
        "shed above" => shed_above: Option<Placed<Bytes>>,
    }
}

/// Adds the limits that memory sets to what instances turn away.
pub(super) fn with_memory(
    gate: Option<AdmissionSettings>,
    memory: Option<&Placed<Memory>>,
    problems: &mut Problems,
) -> Option<AdmissionSettings> {
    let Some(memory) = memory else { return gate };
    if memory.each.0 == 0 || memory.each.0 > memory.limit.0 {
        let message = "a request takes no memory, or more than there is";
        problems.error(memory.at(), message, "write `{ limit: 512MB, each: 2MB }`");
        return gate;
    }
    if let Some(shed) = memory.shed_above.as_ref().filter(|shed| shed.0 > memory.limit.0) {
        let message = "nothing is turned away before memory runs out";
        problems.error(shed.at(), message, "write less than the limit");
    }
    let requests = |bytes: u64| u32::try_from(bytes / memory.each.0).unwrap_or(u32::MAX);
    let restart = memory.restart.map_or(RESTART, |restart| restart.0);
    Some(AdmissionSettings {
        memory: Some(MemoryLimit { requests: requests(memory.limit.0), restart }),
        in_flight: memory.shed_above.as_ref().map(|shed| requests(shed.0)),
        ..gate.unwrap_or_default()
    })
}

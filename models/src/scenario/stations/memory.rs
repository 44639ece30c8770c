//! Memory of instances, and its use by requests.

use sim_core::SimDuration;

use crate::language::quantity::{Bytes, Duration};
use crate::language::{Placed, Problems, section};
use crate::resilience::admission::{AdmissionSettings, MemoryLimit};

/// Default time for a killed process to start again.
const RESTART: SimDuration = SimDuration::from_secs(30);

section! {
    /// The memory of each instance.
    pub(crate) struct Memory {
        /// The memory that there is for requests, such as `512MB`.
        "limit" => limit: Bytes,
        /// The memory that each request in flight takes, those that queue included, such as `2MB`.
        "each" => each: Bytes,
        /// The time for a killed process to start again; 30s if left out.
        "restart" => restart: Option<Duration>,
        /// The memory of requests in flight above which further ones are turned away; none are if
        /// left out.
        "shed above" => shed_above: Option<Placed<Bytes>>,
    }
}

/// Adds the limits of the memory to the admission settings of instances.
pub(super) fn with_memory(
    gate: Option<AdmissionSettings>,
    memory: Option<&Placed<Memory>>,
    problems: &mut Problems,
) -> Option<AdmissionSettings> {
    let Some(memory) = memory else { return gate };
    if memory.each.0 == 0 || memory.each.0 > memory.limit.0 {
        let message = "`each` must be above zero and at most `limit`";
        problems.error(memory.at(), message, "write `{ limit: 512MB, each: 2MB }`");
        return gate;
    }
    if let Some(shed) = memory.shed_above.as_ref().filter(|shed| shed.0 > memory.limit.0) {
        let message = "memory runs out before anything is turned away";
        problems.error(shed.at(), message, "write less than `limit`");
    }
    if memory.limit.0 / memory.each.0 > u64::from(u32::MAX) {
        let message = "there is room for more than 4294967295 requests";
        problems.error(memory.at(), message, "write a smaller `limit` or a larger `each`");
        return gate;
    }
    let requests = |bytes: u64| (bytes / memory.each.0) as u32;
    let restart = memory.restart.map_or(RESTART, |restart| restart.0);
    Some(AdmissionSettings {
        memory: Some(MemoryLimit { requests: requests(memory.limit.0), restart }),
        in_flight: memory.shed_above.as_ref().map(|shed| requests(shed.0)),
        ..gate.unwrap_or_default()
    })
}

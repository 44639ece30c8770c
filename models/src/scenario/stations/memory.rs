//! Memory of instances, and its use by requests.

use sim_core::SimDuration;

use crate::language::quantity::{Bytes, Duration};
use crate::language::size::SizePhrase;
use crate::language::{Placed, Problems, section};
use crate::resilience::admission::{AdmissionSettings, MemoryLimit, MemoryOfSizes};
use crate::scenario::plan::Plan;

/// Default time for a killed process to start again.
const RESTART: SimDuration = SimDuration::from_secs(30);

section! {
    /// The memory of each instance.
    pub(crate) struct Memory {
        /// The memory that there is for requests, such as `512MB`.
        "limit" => limit: Bytes,
        /// The memory that each request in flight takes, those that queue included, such as `2MB`, or
        /// `lognormal mean 2MB p99 10MB` if they differ.
        "each" => each: SizePhrase,
        /// The time for a killed process to start again; 30s if left out.
        "restart" => restart: Option<Duration>,
        /// The memory of requests in flight above which further ones are turned away; none are if
        /// left out.
        "shed above" => shed_above: Option<Placed<Bytes>>,
    }
}

/// Adds the limits of the memory to the admission settings of instances.
pub(super) fn with_memory(
    admission: Option<AdmissionSettings>,
    memory: Option<&Placed<Memory>>,
    plan: &mut Plan,
    problems: &mut Problems,
) -> Option<AdmissionSettings> {
    let Some(memory) = memory else { return admission };
    let SizePhrase(each) = &memory.each;
    let limit = memory.limit.0;
    if each.mean() <= 0.0 || each.mean() > limit as f64 {
        let message = "`each` must be above zero and at most `limit`";
        problems.error(memory.at(), message, "write `{ limit: 512MB, each: 2MB }`");
        return admission;
    }
    if let Some(shed) = memory.shed_above.as_ref().filter(|shed| shed.0 > limit) {
        let message = "memory runs out before anything is turned away";
        problems.error(shed.at(), message, "write less than `limit`");
    }
    let restart = memory.restart.map_or(RESTART, |restart| restart.0);
    let shed_above = memory.shed_above.as_ref().map(|shed| shed.0);
    let admission = admission.unwrap_or_default();
    let Some(each) = memory.each.constant() else {
        let each = plan.sizes(each);
        let sizes = MemoryOfSizes { each, limit, shed_above: shed_above.unwrap_or(u64::MAX) };
        let memory = MemoryLimit { requests: u32::MAX, sizes: Some(sizes), restart };
        return Some(AdmissionSettings { memory: Some(memory), ..admission });
    };
    if limit / each > u64::from(u32::MAX) {
        let message = "there is room for more than 4294967295 requests";
        problems.error(memory.at(), message, "write a smaller `limit` or a larger `each`");
        return Some(admission);
    }
    let requests = |bytes: u64| (bytes / each) as u32;
    Some(AdmissionSettings {
        memory: Some(MemoryLimit { requests: requests(limit), sizes: None, restart }),
        in_flight: shed_above.map(requests),
        ..admission
    })
}

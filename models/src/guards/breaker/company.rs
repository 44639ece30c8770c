//! Guards that the preset of a breaker brings along.

use sim_core::SimDuration;

use crate::guards::bulkhead::Permits;
use crate::resilience::RetryBudgetPolicy;

/// Guards that the preset of a breaker brings along: a bulkhead in front of it, behind it or in its
/// place, a timeout around the one behind it or behind both, a limit on retries.
#[derive(Debug, Default)]
pub(crate) struct Company {
    pub in_place: Option<Permits>,
    pub retries: Option<RetryBudgetPolicy>,
    pub in_front: Option<Permits>,
    pub timeout_around: Option<SimDuration>,
    pub behind: Option<Permits>,
    pub timeout: Option<SimDuration>,
}

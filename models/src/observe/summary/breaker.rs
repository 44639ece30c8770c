//! The states of breakers.

use schemars::JsonSchema;
use serde::Serialize;
use sim_core::SimTime;

use crate::observe::BreakerRecord;
use crate::resilience::circuit_breaker::BreakerState;
use crate::system::{BreakerPlan, System};

/// The transitions and rejections of a breaker, warm-up included.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct BreakerSummary {
    /// Its edge.
    pub edge: String,
    /// Changes of state.
    pub transitions: u64,
    /// The number of times that it opened.
    pub opened: u64,
    /// Calls it rejected.
    pub rejected: u64,
    /// Seconds in each state.
    pub seconds_in: TimeInState,
}

/// Seconds that a breaker spent in each state.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct TimeInState {
    /// Letting calls through.
    pub closed: f64,
    /// Rejecting.
    pub open: f64,
    /// Probing.
    pub half_open: f64,
}

/// The summaries of all breakers in a run that has reached `now`.
pub(super) fn breakers(system: &System, now: SimTime) -> Vec<BreakerSummary> {
    let breakers = system.blueprint().breakers.iter().zip(system.recorder().breakers());
    let summary_of = |(plan, record): (&BreakerPlan, &BreakerRecord)| {
        let seconds_in = |state: BreakerState| record.time_in(state, now).as_secs_f64();
        BreakerSummary {
            edge: plan.owner.clone(),
            transitions: record.transition_count,
            opened: record.openings,
            rejected: record.rejected,
            seconds_in: TimeInState {
                closed: seconds_in(BreakerState::Closed),
                open: seconds_in(BreakerState::Open),
                half_open: seconds_in(BreakerState::HalfOpen),
            },
        }
    };
    breakers.map(summary_of).collect()
}

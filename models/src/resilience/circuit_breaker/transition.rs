//! The states of a breaker, and its reasons to change from one to another.

use sim_core::SimDuration;

use super::{OperatorOrder, Tally};

/// The three states of a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// Calls pass and are counted.
    Closed,
    /// Calls are rejected.
    Open,
    /// A few probes pass.
    HalfOpen,
}

/// Every change from one state to another.
pub const STATE_CHANGES: [(BreakerState, BreakerState); 6] = [
    (BreakerState::Closed, BreakerState::Open),
    (BreakerState::Open, BreakerState::HalfOpen),
    (BreakerState::HalfOpen, BreakerState::Closed),
    (BreakerState::HalfOpen, BreakerState::Open),
    (BreakerState::Open, BreakerState::Closed),
    (BreakerState::Closed, BreakerState::HalfOpen),
];

/// A change of state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transition {
    /// The state left.
    pub from: BreakerState,
    /// The state entered.
    pub to: BreakerState,
    /// The cause.
    pub reason: Reason,
}

/// The reason why a breaker changed its state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reason {
    /// The share of failures reached its threshold.
    FailureRate {
        /// The share, 0 to 1.
        rate: f64,
        /// The number of results in which it was measured.
        calls: u32,
    },
    /// The share of slow calls reached its threshold.
    SlowCallRate {
        /// The share, 0 to 1.
        rate: f64,
        /// The number of results in which it was measured.
        calls: u32,
    },
    /// This many failures came in a row.
    ConsecutiveFailures(u32),
    /// This many failures were in the window.
    Failures(u32),
    /// The breaker was half-open for as long as it may be.
    StayOver(SimDuration),
    /// The wait of the open state is over.
    WaitOver(SimDuration),
    /// Enough probes went well.
    ProbesSucceeded {
        /// The number that did.
        well: u32,
        /// The number of all.
        of: u32,
    },
    /// A probe failed.
    ProbeFailed,
    /// Its process died, and a new one knows nothing.
    ProcessDied,
    /// An operator stepped in.
    Operator(OperatorOrder),
}

impl Reason {
    /// Enough of the probes counted here went well.
    pub(crate) fn probes_succeeded(tally: Tally) -> Self {
        Self::ProbesSucceeded { well: tally.calls - tally.failures, of: tally.calls }
    }

    /// This many probes went well, and none failed.
    pub(crate) fn all_probes_succeeded(probes: u32) -> Self {
        Self::ProbesSucceeded { well: probes, of: probes }
    }
}

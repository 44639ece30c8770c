//! The window of a breaker, as the breaker itself would show it.

use super::Tally;

/// The shares of failures and of slow calls by which a breaker decides, and the number of slow calls.
///
/// A breaker that does not know one of them, such as one that counts failures in a row, has `None`
/// there.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WindowGauges {
    /// The share of failures, 0 to 1; `None` also while there are fewer calls than it takes to judge
    /// them.
    pub failure_rate: Option<f64>,
    /// The share of slow calls, 0 to 1; `None` also while there are fewer calls than it takes.
    pub slow_call_rate: Option<f64>,
    /// Slow calls in the window.
    pub slow_calls: Option<u32>,
}

impl WindowGauges {
    /// The gauges of a window that holds `tally`, judged from `minimum` calls on.
    pub(super) fn of(tally: Tally, minimum: u32) -> Self {
        let Tally { calls, failures, slow } = tally;
        Self {
            slow_call_rate: share(slow, calls, minimum),
            slow_calls: Some(slow),
            ..Self::of_failures(failures, calls, minimum)
        }
    }

    /// The gauges of a breaker that does not tell slow calls from others.
    pub(super) fn of_failures(failures: u32, calls: u32, minimum: u32) -> Self {
        Self { failure_rate: share(failures, calls, minimum), ..Self::default() }
    }
}

fn share(part: u32, calls: u32, minimum: u32) -> Option<f64> {
    (calls >= minimum.max(1)).then(|| f64::from(part) / f64::from(calls))
}

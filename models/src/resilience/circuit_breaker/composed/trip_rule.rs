//! The rules by which a closed breaker opens.

use std::fmt;

use sim_core::SimDuration;

use crate::language::quantity::Share;
use crate::resilience::circuit_breaker::{Reason, Tally};

/// The rules by which a closed breaker opens; the first that is met opens it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TripRule {
    /// Share of failures in the window at which it opens, 0 to 1.
    pub failure_rate: Option<f64>,
    /// Share of slow calls in the window at which it opens, 0 to 1.
    pub slow_call_rate: Option<f64>,
    /// A call that takes longer is slow.
    pub slow_call: SimDuration,
    /// Number of results from which on the rates are judged; capped at the size of a count window.
    pub minimum_calls: u32,
    /// Failures in a row at which it opens.
    pub consecutive_failures: Option<u32>,
    /// Failures in the window at which it opens.
    pub failures: Option<u32>,
}

impl TripRule {
    /// A rule that is never met.
    pub fn never() -> Self {
        Self {
            failure_rate: None,
            slow_call_rate: None,
            slow_call: SimDuration::MAX,
            minimum_calls: 1,
            consecutive_failures: None,
            failures: None,
        }
    }

    /// The reason to open for a breaker whose window holds `tally`, if there is one.
    pub(super) fn reason_to_open(
        &self,
        failures_in_a_row: u32,
        tally: Tally,
        minimum_calls: u32,
    ) -> Option<Reason> {
        let reaches = |count: u32, threshold: Option<u32>| {
            threshold.is_some_and(|threshold| count >= threshold)
        };
        if reaches(failures_in_a_row, self.consecutive_failures) {
            return Some(Reason::ConsecutiveFailures(failures_in_a_row));
        }
        if reaches(tally.failures, self.failures) {
            return Some(Reason::Failures(tally.failures));
        }
        self.exceeded_rate(tally, minimum_calls)
    }

    /// The rate that has reached its threshold, if one has, judged from `minimum_calls` results on.
    pub(super) fn exceeded_rate(&self, tally: Tally, minimum_calls: u32) -> Option<Reason> {
        if tally.calls == 0 || tally.calls < minimum_calls {
            return None;
        }
        // A healthy breaker, whose parts are zero, is spared the divisions.
        let share =
            |part: u32| if part == 0 { 0.0 } else { f64::from(part) / f64::from(tally.calls) };
        let reaches = |part: u32, threshold: Option<f64>| {
            threshold.is_some_and(|threshold| share(part) >= threshold)
        };
        if reaches(tally.failures, self.failure_rate) {
            return Some(Reason::FailureRate { rate: share(tally.failures), calls: tally.calls });
        }
        reaches(tally.slow, self.slow_call_rate)
            .then(|| Reason::SlowCallRate { rate: share(tally.slow), calls: tally.calls })
    }

    /// True if no rate is judged.
    pub(crate) fn has_no_rate(&self) -> bool {
        self.failure_rate.is_none() && self.slow_call_rate.is_none()
    }
}

impl fmt::Display for TripRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { failure_rate, slow_call_rate, slow_call, .. } = self;
        let share = |share: Option<f64>| share.map(|share| Share(share).to_string());
        let count = |count: Option<u32>| count.map(|count| count.to_string());
        let is_judged = !self.has_no_rate();
        let entries = [
            ("failure rate", share(*failure_rate)),
            ("failures", count(self.failures)),
            ("consecutive failures", count(self.consecutive_failures)),
            ("slow call", slow_call_rate.map(|_| slow_call.to_string())),
            ("slow call rate", share(*slow_call_rate)),
            ("minimum calls", is_judged.then(|| self.minimum_calls.to_string())),
        ];
        let entries = entries.into_iter().filter_map(|(key, value)| Some((key, value?)));
        let entries: Vec<String> = entries.map(|(key, value)| format!("{key}: {value}")).collect();
        f.write_str(&entries.join(", "))
    }
}

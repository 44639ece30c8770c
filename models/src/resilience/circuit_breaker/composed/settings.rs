//! The settings of a breaker composed of parts.

use std::fmt;

use sim_core::SimDuration;

use super::TripRule;
use crate::language::quantity::Share;
use crate::resilience::circuit_breaker::{Wait, WindowLength};

/// The settings of a breaker composed of parts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ComposedSettings {
    /// The window in which results are counted.
    pub window: WindowLength,
    /// The rules by which it opens.
    pub trip: TripRule,
    /// The wait before an open breaker lets its first probe through.
    pub wait: Wait,
    /// Share of the wait, 0 to 1, by which it is spread evenly to either side.
    pub jitter: f64,
    /// The event at which the wait begins.
    pub wait_from: WaitFrom,
    /// The event that ends the open state once the wait is over.
    pub half_opens: HalfOpens,
    /// The limits on the probes, and the rule by which they close it.
    pub half_open: HalfOpenPolicy,
    /// The treatment of results from an earlier state.
    pub late_results: LateResults,
}

/// The limits on the probes of a half-open breaker, and the rule by which they decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HalfOpenPolicy {
    /// Calls admitted while half-open.
    pub permitted_calls: u32,
    /// The way to count these.
    pub permits: PermitCounting,
    /// With a threshold, this many successes close the breaker and the first failure reopens it.
    /// Without one, the rates of the [`TripRule`] decide once, as soon as `permitted_calls` results
    /// are in (or `minimum_calls`, if that is fewer).
    pub success_threshold: Option<u32>,
    /// A breaker that is half-open for longer than this opens again. Without it, probes that never
    /// return keep it half-open for ever.
    pub max_stay: Option<SimDuration>,
}

/// The way in which the permits of a half-open breaker are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PermitCounting {
    /// The limit holds for all calls admitted while half-open.
    #[default]
    Cumulative,
    /// The limit holds for calls under way at one time.
    Concurrent,
}

/// The treatment of the result of a call that was let through in an earlier state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LateResults {
    /// It counts in the state that it finds.
    #[default]
    Counted,
    /// It is dropped.
    Dropped,
}

/// The event at which the wait of the open state begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WaitFrom {
    /// The opening.
    #[default]
    Opening,
    /// The last failure, also one that comes in while the breaker is open.
    LastFailure,
}

/// The event that ends the open state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HalfOpens {
    /// The first call after the wait.
    #[default]
    Lazily,
    /// A timer, at the end of the wait.
    ByTimer,
}

impl fmt::Display for ComposedSettings {
    /// The settings as a scenario writes them; what is off or usual is left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { window, trip, wait, half_open, .. } = self;
        write!(f, "window: {window}, {trip}, wait: {wait}")?;
        if self.jitter > 0.0 {
            write!(f, " jitter {}", Share(self.jitter))?;
        }
        if self.wait_from == WaitFrom::LastFailure {
            f.write_str(", wait from: last failure")?;
        }
        if self.half_opens == HalfOpens::ByTimer {
            f.write_str(", half-opens by: timer")?;
        }
        if self.late_results == LateResults::Dropped {
            f.write_str(", late results: dropped")?;
        }
        write!(f, ", {half_open}")
    }
}

impl fmt::Display for HalfOpenPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { permitted_calls, permits, success_threshold, max_stay } = self;
        write!(f, "half-open calls: {permitted_calls}")?;
        if *permits == PermitCounting::Concurrent {
            f.write_str(", half-open permits: concurrent")?;
        }
        success_threshold.map_or(Ok(()), |it| write!(f, ", success threshold: {it}"))?;
        max_stay.map_or(Ok(()), |it| write!(f, ", half-open max stay: {it}"))
    }
}

impl Default for ComposedSettings {
    /// Opens for 30 s when half of the last hundred calls have failed, judged from ten calls on.
    fn default() -> Self {
        Self {
            window: WindowLength::Calls(100),
            trip: TripRule { failure_rate: Some(0.5), minimum_calls: 10, ..TripRule::never() },
            wait: Wait::Fixed(SimDuration::from_secs(30)),
            jitter: 0.0,
            wait_from: WaitFrom::Opening,
            half_opens: HalfOpens::Lazily,
            half_open: HalfOpenPolicy::default(),
            late_results: LateResults::Counted,
        }
    }
}

impl Default for HalfOpenPolicy {
    /// Three calls in all, judged by the rates.
    fn default() -> Self {
        Self {
            permitted_calls: 3,
            permits: PermitCounting::Cumulative,
            success_threshold: None,
            max_stay: None,
        }
    }
}

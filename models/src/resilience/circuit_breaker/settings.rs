//! What a breaker is composed of, and how each part is set.

use sim_core::SimDuration;

use super::{Wait, WindowLength};

/// When a closed breaker opens: as soon as any of the rules is met.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TripRule {
    /// Share of failures in the window at which it opens, 0 to 1.
    pub failure_rate: Option<f64>,
    /// Share of slow calls in the window at which it opens, 0 to 1.
    pub slow_call_rate: Option<f64>,
    /// A call that takes longer is slow.
    pub slow_call: SimDuration,
    /// Rates are judged from this many results on; capped at the size of a count window.
    pub minimum_calls: u32,
    /// Failures in a row at which it opens.
    pub consecutive_failures: Option<u32>,
    /// Failures in the window at which it opens.
    pub failures: Option<u32>,
}

/// How the permits of a half-open breaker are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PermitCounting {
    /// So many calls are admitted in all.
    #[default]
    Cumulative,
    /// So many calls are under way at one time.
    Concurrent,
}

/// What a half-open breaker makes of its probes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HalfOpenPolicy {
    /// Calls admitted while half-open.
    pub permitted_calls: u32,
    /// In all, or at one time.
    pub permits: PermitCounting,
    /// With a threshold, so many successes close the breaker and the first failure reopens it.
    /// Without one, the rates of the [`TripRule`] decide once as many results are in as calls are
    /// permitted (or the minimum, if that is fewer).
    pub success_threshold: Option<u32>,
    /// Half-open for longer than this opens it again; probes that never return would keep it
    /// half-open for ever otherwise.
    pub max_stay: Option<SimDuration>,
}

/// What becomes of the result of a call that was let through in an earlier state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LateResults {
    /// It counts in the state that it finds.
    #[default]
    Counted,
    /// It is dropped.
    Dropped,
}

/// When the clock of the open state starts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WaitFrom {
    /// With the opening.
    #[default]
    Opening,
    /// With the last failure, also one that comes in while it is open.
    LastFailure,
}

/// What ends the open state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HalfOpens {
    /// The first call after the wait.
    #[default]
    Lazily,
    /// A timer, at the end of the wait.
    ByTimer,
}

/// Everything that can be set on a breaker.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ComposedSettings {
    /// How far it looks back.
    pub window: WindowLength,
    /// When it opens.
    pub trip: TripRule,
    /// How long it stays open.
    pub wait: Wait,
    /// The wait is spread evenly over this share of it to either side, 0 to 1.
    pub jitter: f64,
    /// When the wait begins.
    pub wait_from: WaitFrom,
    /// What ends it.
    pub half_opens: HalfOpens,
    /// How it closes again.
    pub half_open: HalfOpenPolicy,
    /// What becomes of results from an earlier state.
    pub late_results: LateResults,
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

impl Default for ComposedSettings {
    /// Opens at half of at least ten among the last hundred calls, for 30 s.
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

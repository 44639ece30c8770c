//! Additive increase, multiplicative decrease.

use sim_core::SimDuration;

/// What can be set, under the names of `AIMDLimit.Builder`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AimdSettings {
    /// `initialLimit`; 20 by default.
    pub initial_limit: u32,
    /// `minLimit`; 20 by default.
    pub min_limit: u32,
    /// `maxLimit`; 200 by default.
    pub max_limit: u32,
    /// `backoffRatio` by which the limit shrinks, from 0.5 to below 1; 0.9 by default.
    pub backoff_ratio: f64,
    /// `timeout`: a call that takes longer counts as dropped; 5 s by default.
    pub timeout: SimDuration,
}

impl Default for AimdSettings {
    fn default() -> Self {
        Self {
            initial_limit: 20,
            min_limit: 20,
            max_limit: 200,
            backoff_ratio: 0.9,
            timeout: SimDuration::from_secs(5),
        }
    }
}

/// A limit that grows by one with each good call while at least half of it is used, and shrinks by
/// a ratio with each dropped one.
///
/// ```
/// use sim_core::SimDuration;
/// use sim_models::resilience::adaptive_concurrency::{Aimd, AimdSettings};
/// let mut limit = Aimd::new(AimdSettings { initial_limit: 10, min_limit: 1, ..AimdSettings::default() });
/// let quick = SimDuration::from_millis(5);
/// assert_eq!(limit.sample(quick, 5, false), 11);
/// assert_eq!(limit.sample(quick, 1, false), 11, "too little is used to tell");
/// assert_eq!(limit.sample(quick, 5, true), 9);
/// ```
#[derive(Clone, Debug)]
pub struct Aimd {
    settings: AimdSettings,
    limit: u32,
}

impl Aimd {
    /// A limit at its beginning.
    pub fn new(settings: AimdSettings) -> Self {
        Self { settings, limit: settings.initial_limit }
    }

    /// A call has ended: how long it took, how many were in flight, whether it was dropped. Returns
    /// the limit.
    pub fn sample(&mut self, round_trip: SimDuration, in_flight: u32, is_dropped: bool) -> u32 {
        if is_dropped || round_trip > self.settings.timeout {
            self.limit = (f64::from(self.limit) * self.settings.backoff_ratio) as u32;
        } else if u64::from(in_flight) * 2 >= u64::from(self.limit) {
            self.limit += 1;
        }
        self.limit = self.limit.max(self.settings.min_limit).min(self.settings.max_limit);
        self.limit
    }

    /// Calls that may be in flight.
    pub fn limit(&self) -> u32 {
        self.limit
    }
}

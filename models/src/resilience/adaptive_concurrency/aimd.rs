//! Additive increase, multiplicative decrease.

use sim_core::SimDuration;

use crate::language::quantity::Duration;
use crate::language::{Placed, Problems, section};

/// The settings, under the names of `AIMDLimit.Builder`.
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

section! {
    /// A limit that grows by one with each good call and shrinks by a ratio with each dropped one.
    pub(crate) struct AimdSection {
        /// The limit at the beginning; 20 if left out.
        "initialLimit" => initial_limit: Option<Placed<u32>>,
        /// The lowest limit; 20 if left out.
        "minLimit" => min_limit: Option<u32>,
        /// The highest limit; 200 if left out.
        "maxLimit" => max_limit: Option<u32>,
        /// The factor by which a dropped call shrinks it, from 0.5 to below 1; 0.9 if left out.
        "backoffRatio" => backoff_ratio: Option<Placed<f64>>,
        /// The time above which a call counts as dropped; 5s if left out.
        "timeout" => timeout: Option<Duration>,
    }
}

impl AimdSection {
    pub(crate) fn compile(&self, problems: &mut Problems) -> AimdSettings {
        let library = AimdSettings::default();
        let initial = self.initial_limit.as_ref();
        AimdSettings {
            initial_limit: problems.at_least_one(initial, library.initial_limit, "the limit"),
            min_limit: self.min_limit.unwrap_or(library.min_limit),
            max_limit: self.max_limit.unwrap_or(library.max_limit),
            backoff_ratio: problems.within(
                self.backoff_ratio.as_ref(),
                library.backoff_ratio,
                0.5..=0.999_999,
            ),
            timeout: self.timeout.map_or(library.timeout, |timeout| timeout.0),
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

    /// Takes the end of a call: its round trip, the number in flight, and whether it was dropped.
    /// Returns the limit.
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

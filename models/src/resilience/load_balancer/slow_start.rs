//! Slow start: traffic that grows for an instance that has come back.

use std::fmt;

use sim_core::{SimDuration, SimTime};

use crate::language::quantity::{Duration, Share};
use crate::language::{Placed, Problems, section};

/// The growth of an instance's weight from `least` to 1 over `window` after it has come back
/// (Envoy, slow start mode).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SlowStart {
    /// The time until the weight is 1.
    pub window: SimDuration,
    /// The shape: 1 grows evenly, more grows faster at first. Envoy's `aggression`; above 0.
    pub aggression: f64,
    /// The least weight, 0 to 1. Envoy's `min_weight_percent`.
    pub least: f64,
}

/// The default of the least weight, which is Envoy's.
const LEAST_WEIGHT: f64 = 0.1;

section! {
    /// Traffic that grows for an instance that has come back.
    pub(crate) struct SlowStartSection {
        /// The time that the weight takes to grow, such as `30s`.
        "window" => window: Placed<Duration>,
        /// The shape: 1 grows evenly, more grows faster at first; 1 if left out.
        "aggression" => aggression: Option<Placed<f64>>,
        /// The least weight; 10% if left out.
        "least weight" => least: Option<Share>,
    }
}

impl SlowStartSection {
    /// The settings of the section.
    pub(crate) fn compile(&self, problems: &mut Problems) -> SlowStart {
        SlowStart {
            window: problems.above_zero(&self.window),
            aggression: problems.within(self.aggression.as_ref(), 1.0, 0.001..=1_000.0),
            least: self.least.map_or(LEAST_WEIGHT, |share| share.0),
        }
    }
}

impl fmt::Display for SlowStart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { window, aggression, least } = self;
        let least = Share(*least);
        write!(f, "window: {window}, aggression: {aggression}, least weight: {least}")
    }
}

impl SlowStart {
    /// The weight of an instance that came back at `since`.
    pub fn weight(&self, now: SimTime, since: SimTime) -> f64 {
        let elapsed = now.since(since);
        if elapsed >= self.window {
            return 1.0;
        }
        let share = elapsed.as_nanos() as f64 / self.window.as_nanos() as f64;
        libm::pow(share, 1.0 / self.aggression).max(self.least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weight_grows_from_the_least_to_one() {
        let at = SimTime::from_secs;
        let even = SlowStart { window: SimDuration::from_secs(100), aggression: 1.0, least: 0.1 };
        assert_eq!(
            [10, 15, 60, 110, 300].map(|second| even.weight(at(second), at(10))),
            [0.1, 0.1, 0.5, 1.0, 1.0]
        );
        let fast = SlowStart { aggression: 2.0, ..even };
        assert!((fast.weight(at(35), at(10)) - 0.5).abs() < 1e-12, "the root of a quarter");
    }
}

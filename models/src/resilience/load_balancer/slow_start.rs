//! Traffic that grows for an instance that has come back.

use sim_core::{SimDuration, SimTime};

use crate::language::quantity::{Duration, Share};
use crate::language::{Placed, Problems, section};

/// Over `window` after it has come back, an instance's weight grows from `least` to 1 (Envoy, slow
/// start mode).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SlowStart {
    /// How long it takes.
    pub window: SimDuration,
    /// The shape: 1 grows evenly, more grows faster at first. Envoy's `aggression`; above 0.
    pub aggression: f64,
    /// The least weight, 0 to 1. Envoy's `min_weight_percent`.
    pub least: f64,
}

/// The least weight if nothing is said; Envoy's own.
const LEAST_WEIGHT: f64 = 0.1;

section! {
    /// Traffic that grows for an instance that has come back.
    pub(crate) struct SlowStartSection {
        /// How long it takes.
        "window" => window: Placed<Duration>,
        /// The shape: 1 grows evenly, more grows faster at first; 1 if left out.
        "aggression" => aggression: Option<Placed<f64>>,
        /// The least weight; 10% if left out.
        "least weight" => least: Option<Share>,
    }
}

impl SlowStartSection {
    /// The settings that it stands for.
    pub(crate) fn compile(&self, problems: &mut Problems) -> SlowStart {
        SlowStart {
            window: problems.above_zero(&self.window),
            aggression: problems.within(self.aggression.as_ref(), 1.0, 0.001..=1_000.0),
            least: self.least.map_or(LEAST_WEIGHT, |share| share.0),
        }
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

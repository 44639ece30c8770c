//! A limit that follows the queue that TCP Vegas estimates.

use sim_core::SimDuration;
use sim_core::random::{DrawKey, uniform};

use crate::language::{Placed, Problems, section};

/// The settings, under the names of `VegasLimit.Builder`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VegasSettings {
    /// `initialLimit`; 20 by default.
    pub initial_limit: u32,
    /// `maxConcurrency`; 1000 by default.
    pub max_concurrency: u32,
    /// `smoothing`: the weight of each new limit, 0 to 1; 1 by default.
    pub smoothing: f64,
    /// `probeMultiplier`: the shortest round trip is measured anew after about this many samples
    /// times the limit; 30 by default.
    pub probe_multiplier: u32,
}

impl Default for VegasSettings {
    fn default() -> Self {
        Self { initial_limit: 20, max_concurrency: 1_000, smoothing: 1.0, probe_multiplier: 30 }
    }
}

section! {
    /// A limit that follows the queue that TCP Vegas estimates.
    pub(crate) struct VegasSection {
        /// The limit at the beginning; 20 if left out.
        "initialLimit" => initial_limit: Option<Placed<u32>>,
        /// The highest limit; 1000 if left out.
        "maxConcurrency" => max_concurrency: Option<u32>,
        /// The weight of each new limit; 1 if left out.
        "smoothing" => smoothing: Option<Placed<f64>>,
        /// The number of samples, times the limit, after which the shortest round trip is measured
        /// anew; 30 if left out.
        "probeMultiplier" => probe_multiplier: Option<u32>,
    }
}

impl VegasSection {
    pub(crate) fn compile(&self, problems: &mut Problems) -> VegasSettings {
        let library = VegasSettings::default();
        let initial = self.initial_limit.as_ref();
        VegasSettings {
            initial_limit: problems.at_least_one(initial, library.initial_limit, "the limit"),
            max_concurrency: self.max_concurrency.unwrap_or(library.max_concurrency),
            smoothing: problems.within(self.smoothing.as_ref(), library.smoothing, 0.0..=1.0),
            probe_multiplier: self.probe_multiplier.unwrap_or(library.probe_multiplier),
        }
    }
}

/// A limit that grows while the queue that it estimates, `limit × (1 − shortest / present round
/// trip)`, is short, and shrinks when it is long or a call was dropped. The threshold of a long
/// queue depends on the decimal logarithm of the limit.
///
/// The library draws the time of its probes between half and the whole of the multiplier at random;
/// here it is drawn from a key.
#[derive(Clone, Debug)]
pub struct Vegas {
    settings: VegasSettings,
    estimated: f64,
    shortest: u64,
    samples_since_probe: u32,
    probes: u64,
    key: DrawKey,
}

impl Vegas {
    /// A limit at its beginning.
    pub fn new(settings: VegasSettings, key: DrawKey) -> Self {
        let estimated = f64::from(settings.initial_limit);
        Self { settings, estimated, shortest: 0, samples_since_probe: 0, probes: 0, key }
    }

    /// Takes the end of a call: its round trip, the number in flight, and whether it was dropped.
    /// Returns the limit.
    pub fn sample(&mut self, round_trip: SimDuration, in_flight: u32, is_dropped: bool) -> u32 {
        let nanos = round_trip.as_nanos().max(1);
        self.samples_since_probe += 1;
        let jitter = 0.5 + 0.5 * uniform(&mut self.key.child(self.probes).draw());
        let is_probe = jitter * f64::from(self.settings.probe_multiplier) * self.estimated
            <= f64::from(self.samples_since_probe);
        if is_probe {
            self.probes += 1;
            self.samples_since_probe = 0;
        }
        if is_probe || self.shortest == 0 || nanos < self.shortest {
            self.shortest = nanos;
            return self.limit();
        }
        let queue = libm::ceil(self.estimated * (1.0 - self.shortest as f64 / nanos as f64));
        let step = log_10_root(self.estimated as u32);
        let target = if is_dropped {
            self.estimated - step
        } else if f64::from(in_flight) * 2.0 < self.estimated {
            return self.limit();
        } else if queue <= step {
            self.estimated + 6.0 * step
        } else if queue < 3.0 * step {
            self.estimated + step
        } else if queue > 6.0 * step {
            self.estimated - step
        } else {
            return self.limit();
        };
        let target = target.min(f64::from(self.settings.max_concurrency)).max(1.0);
        self.estimated =
            (1.0 - self.settings.smoothing) * self.estimated + self.settings.smoothing * target;
        self.limit()
    }

    /// Calls that may be in flight.
    pub fn limit(&self) -> u32 {
        self.estimated as u32
    }
}

/// The whole part of the decimal logarithm, and at least 1.
fn log_10_root(limit: u32) -> f64 {
    f64::from(limit.max(1).ilog10().max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_without_a_queue_and_shrinks_with_a_long_one() {
        let settings = VegasSettings {
            initial_limit: 10,
            max_concurrency: 20,
            probe_multiplier: 1_000_000,
            ..VegasSettings::default()
        };
        let mut limit = Vegas::new(settings, DrawKey::default());
        let millis = SimDuration::from_millis;
        assert_eq!(limit.sample(millis(10), 10, false), 10, "the first is the shortest");
        assert_eq!(limit.sample(millis(10), 11, false), 16, "no queue: six more");
        assert_eq!(limit.sample(millis(10), 5, false), 16, "too little is used to tell");
        assert_eq!(limit.sample(millis(50), 14, false), 15, "a queue of 16 x (1 - 10/50) = 12.8");
        assert_eq!(limit.sample(millis(11), 14, false), 16, "a queue of 2 is manageable");
        assert_eq!(limit.sample(millis(14), 14, false), 16, "and one of 5 is just right");
        assert_eq!(limit.sample(millis(11), 14, true), 15, "a dropped call shrinks it");
        (0..9).for_each(|_| {
            limit.sample(millis(10), 20, false);
        });
        assert_eq!(limit.limit(), 20);
    }
}

//! The gradient of short against long round trips.

use sim_core::SimDuration;

use crate::language::{Placed, Problems, section};

/// Samples that are averaged plainly before the long average becomes exponential.
const WARM_UP: u32 = 10;

/// The settings, under the names of `Gradient2Limit.Builder`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gradient2Settings {
    /// `initialLimit`; 20 by default.
    pub initial_limit: u32,
    /// `minLimit`; 20 by default.
    pub min_limit: u32,
    /// `maxConcurrency`; 200 by default.
    pub max_concurrency: u32,
    /// `rttTolerance`: the long average may be exceeded by this factor before the limit shrinks;
    /// 1.5 by default.
    pub rtt_tolerance: f64,
    /// `smoothing`: the weight of each new limit, 0 to 1; 0.2 by default.
    pub smoothing: f64,
    /// `queueSize` by which the limit grows while round trips stay short; 4 by default.
    pub queue_size: u32,
    /// `longWindow` of the exponential average, in samples; 600 by default.
    pub long_window: u32,
}

impl Default for Gradient2Settings {
    fn default() -> Self {
        Self {
            initial_limit: 20,
            min_limit: 20,
            max_concurrency: 200,
            rtt_tolerance: 1.5,
            smoothing: 0.2,
            queue_size: 4,
            long_window: 600,
        }
    }
}

section! {
    /// A limit that follows the gradient of long against short round trips.
    pub(crate) struct Gradient2Section {
        /// The limit at the beginning; 20 if left out.
        "initialLimit" => initial_limit: Option<Placed<u32>>,
        /// The lowest limit; 20 if left out.
        "minLimit" => min_limit: Option<u32>,
        /// The highest limit; 200 if left out.
        "maxConcurrency" => max_concurrency: Option<u32>,
        /// The factor by which a round trip may exceed the long average; 1.5 if left out.
        "rttTolerance" => rtt_tolerance: Option<Placed<f64>>,
        /// The weight of each new limit; 0.2 if left out.
        "smoothing" => smoothing: Option<Placed<f64>>,
        /// The number by which it grows while round trips stay short; 4 if left out.
        "queueSize" => queue_size: Option<u32>,
        /// Samples of the long average; 600 if left out.
        "longWindow" => long_window: Option<u32>,
    }
}

impl Gradient2Section {
    pub(crate) fn compile(&self, problems: &mut Problems) -> Gradient2Settings {
        let library = Gradient2Settings::default();
        let initial = self.initial_limit.as_ref();
        Gradient2Settings {
            initial_limit: problems.at_least_one(initial, library.initial_limit, "the limit"),
            min_limit: self.min_limit.unwrap_or(library.min_limit),
            max_concurrency: self.max_concurrency.unwrap_or(library.max_concurrency),
            rtt_tolerance: problems.within(
                self.rtt_tolerance.as_ref(),
                library.rtt_tolerance,
                1.0..=1_000.0,
            ),
            smoothing: problems.within(self.smoothing.as_ref(), library.smoothing, 0.0..=1.0),
            queue_size: self.queue_size.unwrap_or(library.queue_size),
            long_window: self.long_window.unwrap_or(library.long_window),
        }
    }
}

/// A limit that follows the ratio of the long average round trip to the present one, between one
/// half and one.
#[derive(Clone, Debug)]
pub struct Gradient2 {
    settings: Gradient2Settings,
    estimated: f64,
    samples: u32,
    sum: f64,
    long_round_trip: f64,
}

impl Gradient2 {
    /// A limit at its beginning.
    pub fn new(settings: Gradient2Settings) -> Self {
        Self {
            settings,
            estimated: f64::from(settings.initial_limit),
            samples: 0,
            sum: 0.0,
            long_round_trip: 0.0,
        }
    }

    /// Takes the end of a call: its round trip, and the number in flight. Returns the limit.
    pub fn sample(&mut self, round_trip: SimDuration, in_flight: u32) -> u32 {
        let short = round_trip.as_nanos() as f64;
        let long = self.add_to_long_average(short);
        if long / short > 2.0 {
            // After a long overload, this helps the average back to normal.
            self.long_round_trip *= 0.95;
        }
        if f64::from(in_flight) < self.estimated / 2.0 {
            return self.limit();
        }
        let Gradient2Settings {
            rtt_tolerance,
            smoothing,
            queue_size,
            min_limit,
            max_concurrency,
            ..
        } = self.settings;
        let gradient = (rtt_tolerance * long / short).clamp(0.5, 1.0);
        let target = self.estimated * gradient + f64::from(queue_size);
        let smoothed = self.estimated * (1.0 - smoothing) + target * smoothing;
        self.estimated = smoothed.min(f64::from(max_concurrency)).max(f64::from(min_limit));
        self.limit()
    }

    /// Calls that may be in flight.
    pub fn limit(&self) -> u32 {
        self.estimated as u32
    }

    fn add_to_long_average(&mut self, round_trip: f64) -> f64 {
        if self.samples < WARM_UP {
            self.samples += 1;
            self.sum += round_trip;
            self.long_round_trip = self.sum / f64::from(self.samples);
        } else {
            let weight = 2.0 / f64::from(self.settings.long_window + 1);
            self.long_round_trip = self.long_round_trip * (1.0 - weight) + round_trip * weight;
        }
        self.long_round_trip
    }
}

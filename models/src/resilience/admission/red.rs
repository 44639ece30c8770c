//! Random early detection.

use sim_core::{SimDuration, SimTime};

use crate::language::quantity::{Duration, Share};
use crate::language::{Placed, Problems, section};

/// The settings of random early detection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RedSettings {
    /// The average queue below which nothing is dropped.
    pub min: f64,
    /// The average queue from which on everything is dropped.
    pub max: f64,
    /// The probability of a drop just below `max`, 0 to 1.
    pub max_probability: f64,
    /// The weight of each new length in the average, 0 to 1; 0.002 in the source.
    pub weight: f64,
    /// The average service time: while nobody queues, the average length decays as if one request
    /// had passed in each such time.
    pub service_time: SimDuration,
}

/// Settings that apply when the file says nothing; the weight is the source's.
const PROBABILITY: f64 = 0.1;
const WEIGHT: f64 = 0.002;
const SERVICE_TIME: SimDuration = SimDuration::from_millis(1);

section! {
    /// Random early detection.
    pub(crate) struct RedSection {
        /// The average queue below which nothing is dropped, such as `20`.
        "min" => min: f64,
        /// The average queue from which on everything is dropped, such as `60`.
        "max" => max: f64,
        /// The probability of a drop just below `max`; 10% if left out.
        "probability" => probability: Option<Share>,
        /// The weight of each new length in the average; 0.002 if left out.
        "weight" => weight: Option<Placed<f64>>,
        /// The average service time, by which the average length decays while nobody queues; 1ms if
        /// left out.
        "service time" => service_time: Option<Duration>,
    }
}

/// The settings of a section.
pub(crate) fn compile_red(red: &Placed<RedSection>, problems: &mut Problems) -> RedSettings {
    if red.min < 0.0 || red.max <= red.min {
        let help =
            "write the average queues where drops begin and end, such as `{ min: 20, max: 60 }`";
        problems.error(red.at(), "`min` must be at least zero and below `max`", help);
    }
    RedSettings {
        min: red.min,
        max: red.max,
        max_probability: red.probability.map_or(PROBABILITY, |share| share.0),
        weight: problems.within(red.weight.as_ref(), WEIGHT, 0.0..=1.0),
        service_time: red.service_time.map_or(SERVICE_TIME, |time| time.0),
    }
}

/// RED (Floyd and Jacobson, "Random early detection gateways for congestion avoidance", 1993): the
/// average length of the queue decides how likely an arrival is turned away, spread evenly over
/// arrivals.
#[derive(Clone, Copy, Debug)]
pub struct Red {
    settings: RedSettings,
    average: f64,
    /// Arrivals since the last drop.
    count: i64,
    idle_since: Option<SimTime>,
}

impl Red {
    /// A queue that has been empty so far.
    pub fn new(settings: RedSettings) -> Self {
        Self { settings, average: 0.0, count: -1, idle_since: Some(SimTime::ZERO) }
    }

    /// True if an arrival that finds `queue` requests waiting is turned away; `draw` is uniform
    /// between 0 and 1.
    pub fn drops(&mut self, now: SimTime, queue: u32, draw: f64) -> bool {
        let RedSettings { min, max, max_probability, weight, service_time } = self.settings;
        if queue == 0 {
            let idle = now.since(*self.idle_since.get_or_insert(now)).as_nanos() as f64;
            let services = idle / (service_time.as_nanos() as f64).max(1.0);
            self.average *= libm::pow(1.0 - weight, services);
            self.idle_since = Some(now);
        } else {
            self.average += weight * (f64::from(queue) - self.average);
            self.idle_since = None;
        }
        if self.average < min {
            self.count = -1;
            return false;
        }
        if self.average >= max {
            self.count = 0;
            return true;
        }
        self.count += 1;
        let probability = max_probability * (self.average - min) / (max - min);
        let spread = probability / (1.0 - self.count as f64 * probability).max(probability);
        let is_dropped = draw < spread;
        if is_dropped {
            self.count = 0;
        }
        is_dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> RedSettings {
        RedSettings {
            min: 5.0,
            max: 15.0,
            max_probability: 0.1,
            weight: 1.0,
            service_time: SimDuration::from_millis(1),
        }
    }

    /// The share of ten thousand arrivals that are turned away while `queue` wait.
    fn share(queue: u32) -> f64 {
        let mut red = Red::new(settings());
        let mut draws = sim_core::random::Streams::new(1, 0).stream("red");
        (0..10_000)
            .filter(|_| red.drops(SimTime::ZERO, queue, sim_core::random::uniform(&mut draws)))
            .count() as f64
            / 10_000.0
    }

    #[test]
    fn the_share_dropped_grows_between_the_thresholds() {
        assert_eq!((share(4), share(15)), (0.0, 1.0));
        // The source's count makes the arrivals from one drop to the next uniform on 1 to 1/p - 1:
        // 1/(2p) on average.
        for (queue, probability) in [(10, 0.05), (14, 0.09)] {
            let expected = 2.0 * probability;
            assert!(
                (share(queue) - expected).abs() < 0.01,
                "{queue}: {} against {expected}",
                share(queue)
            );
        }
    }

    #[test]
    fn the_average_forgets_while_nobody_queues() {
        let mut red = Red::new(RedSettings { weight: 0.5, ..settings() });
        (0..20).for_each(|_| {
            red.drops(SimTime::ZERO, 20, 0.99);
        });
        assert!(red.drops(SimTime::ZERO, 20, 0.99));
        red.drops(SimTime::from_nanos(1_000_000), 0, 0.99);
        red.drops(SimTime::from_nanos(3_000_000), 0, 0.99);
        assert!(
            (red.average - 20.0 * 0.25).abs() < 0.01,
            "two services' time at one half each: {}",
            red.average
        );
    }
}

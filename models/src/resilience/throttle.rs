//! Throttling by the client, which adapts to what its callee accepts.

use std::fmt;

use sim_core::{SimDuration, SimTime};

/// The number of buckets that the window is divided into; counts leave it one bucket at a time.
const BUCKETS: usize = 40;

/// The settings of a throttle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ThrottleSettings {
    /// The number of requests that are sent for each that is accepted; at least 1. Google's is 2.
    pub multiplier: f64,
    /// The time over which requests are counted. Google's is 2 min.
    pub window: SimDuration,
}

impl Default for ThrottleSettings {
    fn default() -> Self {
        Self { multiplier: 2.0, window: SimDuration::from_secs(120) }
    }
}

impl fmt::Display for ThrottleSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "k: {}, over: {}", self.multiplier, self.window)
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    requests: u64,
    accepts: u64,
}

/// Client-side adaptive throttling (Beyer et al., *Site Reliability Engineering*, 2016, "Handling
/// Overload"): a client that has seen more than a multiple of what was accepted rejects the rest
/// itself, by chance, with max(0, (requests - K accepts) / (requests + 1)). Requests that it rejects
/// count as requests.
///
/// ```
/// use sim_core::SimTime;
/// use sim_models::resilience::{AdaptiveThrottle, ThrottleSettings};
/// let mut throttle = AdaptiveThrottle::new(ThrottleSettings::default());
/// for _ in 0..9 {
///     throttle.note_request(SimTime::ZERO);
/// }
/// throttle.note_accept(SimTime::ZERO);
/// assert_eq!(throttle.chance_to_reject(SimTime::ZERO), 0.7);
/// ```
#[derive(Clone, Debug)]
pub struct AdaptiveThrottle {
    settings: ThrottleSettings,
    buckets: [Counts; BUCKETS],
    /// The number of the newest bucket since the beginning of time.
    newest: u64,
    total: Counts,
}

impl AdaptiveThrottle {
    /// A throttle that has seen nothing.
    pub fn new(settings: ThrottleSettings) -> Self {
        let buckets = [Counts::default(); BUCKETS];
        Self { settings, buckets, newest: 0, total: Counts::default() }
    }

    /// The chance with which the next request is rejected.
    pub fn chance_to_reject(&mut self, now: SimTime) -> f64 {
        self.move_to(now);
        let Counts { requests, accepts } = self.total;
        let excess = requests as f64 - self.settings.multiplier * accepts as f64;
        (excess / (requests as f64 + 1.0)).max(0.0)
    }

    /// Counts a request, sent or rejected.
    pub fn note_request(&mut self, now: SimTime) {
        self.move_to(now);
        self.total.requests += 1;
        self.buckets[self.newest as usize % BUCKETS].requests += 1;
    }

    /// Counts a request that the callee has accepted.
    pub fn note_accept(&mut self, now: SimTime) {
        self.move_to(now);
        self.total.accepts += 1;
        self.buckets[self.newest as usize % BUCKETS].accepts += 1;
    }

    /// Forgets the buckets that have left the window.
    fn move_to(&mut self, now: SimTime) {
        let width = (self.settings.window.as_nanos() / BUCKETS as u64).max(1);
        let newest = now.as_nanos() / width;
        let passed = (newest - self.newest).min(BUCKETS as u64);
        for bucket in newest + 1 - passed..=newest {
            let left = std::mem::take(&mut self.buckets[bucket as usize % BUCKETS]);
            self.total.requests -= left.requests;
            self.total.accepts -= left.accepts;
        }
        self.newest = newest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SimTime {
        SimTime::from_secs(seconds)
    }

    #[test]
    fn the_chance_is_the_excess_over_a_multiple_of_what_is_accepted() {
        let mut throttle = AdaptiveThrottle::new(ThrottleSettings::default());
        assert_eq!(throttle.chance_to_reject(at(0)), 0.0);
        for _ in 0..99 {
            throttle.note_request(at(1));
        }
        assert_eq!(throttle.chance_to_reject(at(1)), 0.99, "nothing is accepted");
        for accepts in 1..=60 {
            throttle.note_accept(at(1));
            let expected = (99.0 - 2.0 * f64::from(accepts)) / 100.0;
            assert_eq!(throttle.chance_to_reject(at(1)), expected.max(0.0));
        }
    }

    #[test]
    fn counts_leave_the_window_in_steps_of_a_fortieth() {
        let mut throttle = AdaptiveThrottle::new(ThrottleSettings::default());
        for second in [0, 2, 3] {
            (0..10).for_each(|_| throttle.note_request(at(second)));
        }
        let requests = |throttle: &mut AdaptiveThrottle, seconds| {
            throttle.move_to(at(seconds));
            throttle.total.requests
        };
        assert_eq!(requests(&mut throttle, 119), 30);
        assert_eq!(requests(&mut throttle, 120), 10, "the first three seconds are gone");
        assert_eq!(requests(&mut throttle, 123), 0);
        assert_eq!(requests(&mut throttle, 100_000), 0);
    }
}

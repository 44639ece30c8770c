//! Cost by recent latency.

use sim_core::{SimDuration, SimTime};

/// The cost of an instance that has calls under way and no history.
const PENALTY: f64 = (u64::MAX >> 17) as f64;

/// The cost of an instance: an average of its latencies that decays exponentially, rises to a
/// higher latency at once, and is multiplied by the calls under way (Finagle, `PeakEwma`).
#[derive(Clone, Copy, Debug)]
pub struct PeakEwma {
    decay: f64,
    cost: f64,
    stamp: SimTime,
}

impl PeakEwma {
    /// A cost without history. `decay` is the time constant; Finagle's default is 10 s.
    pub fn new(decay: SimDuration) -> Self {
        Self { decay: (decay.as_nanos() as f64).max(1.0), cost: 0.0, stamp: SimTime::ZERO }
    }

    /// Takes the latency of a call.
    pub fn observe(&mut self, now: SimTime, latency: SimDuration) {
        let latency = latency.as_nanos() as f64;
        let weight = libm::exp(-(now.since(self.stamp).as_nanos() as f64) / self.decay);
        self.cost = if latency > self.cost {
            latency
        } else {
            self.cost * weight + latency * (1.0 - weight)
        };
        self.stamp = now;
    }

    /// The cost of another call, with `outstanding` under way.
    pub fn cost(&mut self, now: SimTime, outstanding: u32) -> f64 {
        self.observe(now, SimDuration::ZERO);
        if self.cost == 0.0 && outstanding > 0 {
            PENALTY + f64::from(outstanding)
        } else {
            self.cost * f64::from(outstanding + 1)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_rises_at_once_and_decays_slowly() {
        let seconds = SimTime::from_secs;
        let mut instance = PeakEwma::new(SimDuration::from_secs(10));
        assert_eq!(instance.cost(seconds(0), 0), 0.0);
        assert!(instance.cost(seconds(0), 1) > 1e13, "unknown and busy: rather not");
        instance.observe(seconds(1), SimDuration::from_millis(10));
        instance.observe(seconds(1), SimDuration::from_millis(100));
        assert_eq!(
            instance.cost(seconds(1), 1),
            2.0 * 100e6,
            "a peak counts in full, times two calls"
        );
        let later = instance.cost(seconds(11), 0);
        assert!((later - 100e6 * libm::exp(-1.0)).abs() < 1.0, "{later}");
    }
}

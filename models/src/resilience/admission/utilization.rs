//! Shedding by utilization.

use sim_core::{SimDuration, SimTime};

use crate::language::quantity::{Duration, Share};
use crate::language::section;

/// The settings of shedding by utilization.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UtilizationSettings {
    /// The share of slots in use above which requests are turned away, 0 to 1.
    pub above: f64,
    /// The time constant of the average; with zero, only the present moment counts.
    pub over: SimDuration,
}

section! {
    /// Shedding by utilization.
    pub(crate) struct UtilizationSection {
        /// The share of slots in use above which arrivals are turned away, such as `80%`.
        "above" => above: Share,
        /// The time constant of its average; only the present moment counts if left out.
        "over" => over: Option<Duration>,
    }
}

impl UtilizationSection {
    pub(crate) fn compile(&self) -> UtilizationSettings {
        let over = self.over.map_or(SimDuration::ZERO, |over| over.0);
        UtilizationSettings { above: self.above.0, over }
    }
}

/// An exponentially weighted average over time of the share of slots in use.
#[derive(Clone, Copy, Debug)]
pub struct UtilizationLimit {
    settings: UtilizationSettings,
    average: f64,
    seen: f64,
    seen_at: SimTime,
}

impl UtilizationLimit {
    /// A limit with no slot in use yet.
    pub fn new(settings: UtilizationSettings) -> Self {
        Self { settings, average: 0.0, seen: 0.0, seen_at: SimTime::ZERO }
    }

    /// True if an arrival that finds this share in use is turned away. Between arrivals the share
    /// is taken to be the one that the last arrival saw.
    pub fn sheds(&mut self, now: SimTime, in_use: f64) -> bool {
        let elapsed = now.since(self.seen_at).as_nanos() as f64;
        let over = self.settings.over.as_nanos() as f64;
        let weight = if over == 0.0 { 0.0 } else { libm::exp(-elapsed / over) };
        let latest = if over == 0.0 { in_use } else { self.seen };
        self.average = self.average * weight + latest * (1.0 - weight);
        (self.seen, self.seen_at) = (in_use, now);
        self.average > self.settings.above
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_average_ignores_a_moment_and_a_present_share_does_not() {
        let at = SimTime::from_secs;
        let mut present =
            UtilizationLimit::new(UtilizationSettings { above: 0.8, over: SimDuration::ZERO });
        assert_eq!([0.5, 0.9, 0.8].map(|share| present.sheds(at(1), share)), [false, true, false]);
        let mut average = UtilizationLimit::new(UtilizationSettings {
            above: 0.8,
            over: SimDuration::from_secs(10),
        });
        let sheds: Vec<bool> = (0..30).map(|second| average.sheds(at(second), 1.0)).collect();
        // 1 - exp(-t/10) exceeds 0.8 after 16.1 s.
        assert_eq!(sheds.iter().position(|sheds| *sheds), Some(17));
    }
}

//! Autoscaling: the number of instances that there should be.

use std::collections::VecDeque;

use sim_core::{SimDuration, SimTime};

/// The settings of an autoscaler, after Kubernetes' `HorizontalPodAutoscaler`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AutoscalerSettings {
    /// The least number of instances.
    pub min: u32,
    /// The largest number of instances.
    pub max: u32,
    /// The share of slots that should be in use, above 0 and up to 1.
    pub target: f64,
    /// The time between two decisions.
    pub interval: SimDuration,
    /// The time that a new instance takes until it serves.
    pub start_up: SimDuration,
    /// The time to look back for the highest number wanted when scaling down.
    pub stabilization: SimDuration,
}

/// A utilization within this share of the target changes nothing
/// (`--horizontal-pod-autoscaler-tolerance`).
const TOLERANCE: f64 = 0.1;

/// Decides how many instances there should be.
///
/// ```
/// use sim_core::{SimDuration, SimTime};
/// use sim_models::resilience::{Autoscaler, AutoscalerSettings};
/// let seconds = SimDuration::from_secs;
/// let settings = AutoscalerSettings {
///     min: 1, max: 10, target: 0.5, interval: seconds(15), start_up: seconds(60), stabilization: seconds(300),
/// };
/// let mut scaler = Autoscaler::new(settings);
/// assert_eq!(scaler.desired(SimTime::from_secs(15), 2, 1.0), 4);
/// ```
#[derive(Clone, Debug)]
pub struct Autoscaler {
    settings: AutoscalerSettings,
    /// The numbers wanted within the stabilization window, each with its instant; the highest
    /// first.
    wanted: VecDeque<(SimTime, u32)>,
}

impl Autoscaler {
    /// An autoscaler that has not decided anything yet.
    pub fn new(settings: AutoscalerSettings) -> Self {
        Self { settings, wanted: VecDeque::new() }
    }

    /// The number of instances that there should be, when `current` count now and use `utilization`
    /// of their slots on average: `ceil(current × utilization / target)`, unless that is within the
    /// tolerance.
    pub fn desired(&mut self, now: SimTime, current: u32, utilization: f64) -> u32 {
        let AutoscalerSettings { min, max, target, stabilization, .. } = self.settings;
        let ratio = utilization / target;
        let wanted = if (ratio - 1.0).abs() <= TOLERANCE {
            current
        } else {
            libm::ceil(f64::from(current) * ratio - 1e-9) as u32
        };
        let wanted = wanted.clamp(min, max);
        while self.wanted.front().is_some_and(|(at, _)| *at + stabilization <= now) {
            self.wanted.pop_front();
        }
        while self.wanted.back().is_some_and(|(_, before)| *before <= wanted) {
            self.wanted.pop_back();
        }
        self.wanted.push_back((now, wanted));
        let highest = self.wanted.front().map_or(wanted, |(_, highest)| *highest);
        if wanted >= current { wanted } else { highest.min(current) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scaler() -> Autoscaler {
        let seconds = SimDuration::from_secs;
        Autoscaler::new(AutoscalerSettings {
            min: 2,
            max: 10,
            target: 0.5,
            interval: seconds(15),
            start_up: seconds(60),
            stabilization: seconds(300),
        })
    }

    #[test]
    fn it_scales_up_at_once_within_its_limits_and_not_for_a_little() {
        let mut scaler = scaler();
        let at = SimTime::from_secs;
        assert_eq!(scaler.desired(at(15), 4, 0.54), 4, "within the tolerance");
        assert_eq!(scaler.desired(at(30), 4, 0.75), 6);
        assert_eq!(scaler.desired(at(45), 6, 1.0), 10);
    }

    #[test]
    fn it_scales_down_only_when_nothing_more_was_wanted_for_a_while() {
        let mut scaler = scaler();
        let at = SimTime::from_secs;
        assert_eq!(scaler.desired(at(0), 8, 0.5), 8);
        assert_eq!(
            scaler.desired(at(200), 8, 0.1),
            8,
            "eight were wanted less than five minutes ago"
        );
        assert_eq!(scaler.desired(at(310), 8, 0.3), 5);
        assert_eq!(scaler.desired(at(1_000), 5, 0.01), 2);
    }
}

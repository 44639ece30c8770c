//! Autoscaling: the number of instances that there should be.

use std::collections::VecDeque;

use sim_core::{SimDuration, SimTime};

/// The settings of an autoscaler, after Kubernetes' `HorizontalPodAutoscaler`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AutoscalerSettings {
    /// The least number of instances, at least 1.
    pub min: u32,
    /// The largest number of instances.
    pub max: u32,
    /// The load to keep: of a share, above 0 and up to 1; of messages, those for each instance.
    pub target: f64,
    /// The time between two decisions.
    pub interval: SimDuration,
    /// The time that a new instance takes until it serves.
    pub start_up: SimDuration,
    /// The most instances that are added over a while; `None` if there is no limit.
    pub scale_up: Option<ScaleUpLimit>,
    /// The time to look back for the lowest number wanted when scaling up.
    pub scale_up_after: SimDuration,
    /// The time to look back for the highest number wanted when scaling down.
    pub scale_down_after: SimDuration,
}

/// A limit on the instances added in any span of `every` (`behavior.scaleUp`): the higher of the
/// two numbers counts, as with Kubernetes' `selectPolicy: Max`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScaleUpLimit {
    /// A number of instances; 0 if only the share counts.
    pub pods: u32,
    /// A share of those at the beginning of the span, such as 1 for as many again; 0 if only the
    /// number counts.
    pub share: f64,
    /// The length of the span.
    pub every: SimDuration,
}

/// The load that an autoscaler sees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Load {
    /// The share in use of what each instance has, on average over those that are ready.
    Share(f64),
    /// Messages that wait in a queue.
    Messages(u64),
}

/// A load within this share of the target changes nothing
/// (`--horizontal-pod-autoscaler-tolerance`).
const TOLERANCE: f64 = 0.1;

/// Tolerance of a ceiling above a whole number, for the noise of divisions.
const NOISE: f64 = 1e-9;

/// Decides how many instances there should be.
///
/// After `pkg/controller/podautoscaler` of Kubernetes: `replica_calculator.go` for the number
/// wanted, `horizontal.go` (`stabilizeRecommendationWithBehaviors`,
/// `convertDesiredReplicasWithBehaviorRate`) for what becomes of it.
///
/// ```
/// use sim_core::{SimDuration, SimTime};
/// use sim_models::resilience::{Autoscaler, AutoscalerSettings, Load};
/// let seconds = SimDuration::from_secs;
/// let settings = AutoscalerSettings {
///     min: 1, max: 10, target: 0.5, interval: seconds(15), start_up: seconds(60),
///     scale_up: None, scale_up_after: seconds(0), scale_down_after: seconds(300),
/// };
/// let mut scaler = Autoscaler::new(settings);
/// assert_eq!(scaler.desired(SimTime::from_secs(15), (2, 0), Load::Share(1.0)), 4);
/// ```
#[derive(Clone, Debug)]
pub struct Autoscaler {
    settings: AutoscalerSettings,
    /// The highest number wanted lately.
    highest: Recent,
    /// The lowest number wanted lately, negated.
    lowest: Recent,
    /// The instances added, or taken away if negative, within the span of the limit.
    changes: VecDeque<(SimTime, i64)>,
    has_decided: bool,
}

impl Autoscaler {
    /// Takes other settings.
    pub fn change(&mut self, settings: AutoscalerSettings) {
        self.settings = settings;
    }

    /// An autoscaler that has not decided anything yet.
    pub fn new(settings: AutoscalerSettings) -> Self {
        Self {
            settings,
            highest: Recent::over(settings.scale_down_after),
            lowest: Recent::over(settings.scale_up_after),
            changes: VecDeque::new(),
            has_decided: false,
        }
    }

    /// The number of instances that there should be, when some are ready and others start up.
    pub fn desired(&mut self, now: SimTime, (ready, starting): (u32, u32), load: Load) -> u32 {
        let current = ready + starting;
        if !std::mem::replace(&mut self.has_decided, true) {
            // `recordInitialRecommendation`
            self.highest.note(now, current.into());
            self.lowest.note(now, -i64::from(current));
        }
        let wanted = match load {
            Load::Share(share) => self.wanted_for_share(ready, starting, share),
            Load::Messages(messages) => self.wanted_for_messages(current, messages),
        };
        let highest = self.highest.note(now, wanted.into());
        let lowest = -self.lowest.note(now, -i64::from(wanted));
        let stable = i64::from(current).max(lowest).min(highest) as u32;
        let most = self.most(now, current).min(self.settings.max);
        let desired = stable.min(if stable > current { most } else { self.settings.max });
        let desired = desired.max(self.settings.min);
        if desired != current {
            self.changes.push_back((now, i64::from(desired) - i64::from(current)));
        }
        desired
    }

    /// `ceil(ready × share / target)`, unless that is within the tolerance. When scaling up, those
    /// that start count as instances without load, which may leave nothing to add; otherwise they
    /// are set aside (`GetResourceReplicas`).
    fn wanted_for_share(&self, ready: u32, starting: u32, share: f64) -> u32 {
        let current = ready + starting;
        let ratio = share / self.settings.target;
        let is_near = |ratio: f64| (ratio - 1.0).abs() <= TOLERANCE;
        if starting == 0 || ratio <= 1.0 {
            return if is_near(ratio) { current } else { ceil(ratio * f64::from(ready)) };
        }
        let with_starting = ratio * f64::from(ready) / f64::from(current);
        if is_near(with_starting) || with_starting < 1.0 {
            return current;
        }
        ceil(with_starting * f64::from(current))
    }

    /// `ceil(messages / target)`, unless that is within the tolerance: an external metric with an
    /// average value, as KEDA sets it up (`GetExternalPerPodMetricReplicas`).
    fn wanted_for_messages(&self, current: u32, messages: u64) -> u32 {
        let wanted = messages as f64 / self.settings.target;
        if (wanted / f64::from(current.max(1)) - 1.0).abs() <= TOLERANCE {
            return current;
        }
        ceil(wanted)
    }

    /// The most instances that there may be now (`calculateScaleUpLimitWithScalingRules`).
    fn most(&mut self, now: SimTime, current: u32) -> u32 {
        let Some(ScaleUpLimit { pods, share, every }) = self.settings.scale_up else {
            self.changes.clear();
            return u32::MAX;
        };
        while self.changes.front().is_some_and(|(at, _)| *at + every <= now) {
            self.changes.pop_front();
        }
        let changed: i64 = self.changes.iter().map(|(_, change)| change).sum();
        let before = (i64::from(current) - changed).max(0) as u32;
        let by_share = ceil(f64::from(before) * (1.0 + share));
        before.saturating_add(pods).max(by_share).max(current)
    }
}

fn ceil(number: f64) -> u32 {
    libm::ceil(number - NOISE) as u32
}

/// The highest of the numbers noted within a span.
#[derive(Clone, Debug)]
struct Recent {
    span: SimDuration,
    /// Numbers that may yet be the highest, each with its instant; the highest first.
    kept: VecDeque<(SimTime, i64)>,
}

impl Recent {
    fn over(span: SimDuration) -> Self {
        Self { span, kept: VecDeque::new() }
    }

    /// Notes a number, and returns the highest.
    fn note(&mut self, now: SimTime, number: i64) -> i64 {
        while self.kept.front().is_some_and(|(at, _)| *at + self.span <= now) {
            self.kept.pop_front();
        }
        while self.kept.back().is_some_and(|(_, before)| *before <= number) {
            self.kept.pop_back();
        }
        self.kept.push_back((now, number));
        self.kept.front().map_or(number, |(_, highest)| *highest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIKE_KUBERNETES: Option<ScaleUpLimit> =
        Some(ScaleUpLimit { pods: 4, share: 1.0, every: SimDuration::from_secs(15) });

    fn scaler(scale_up: Option<ScaleUpLimit>, scale_up_after: u64) -> Autoscaler {
        let seconds = SimDuration::from_secs;
        Autoscaler::new(AutoscalerSettings {
            min: 2,
            max: 40,
            target: 0.5,
            interval: seconds(15),
            start_up: seconds(60),
            scale_up,
            scale_up_after: seconds(scale_up_after),
            scale_down_after: seconds(300),
        })
    }

    fn at(second: u64) -> SimTime {
        SimTime::from_secs(second)
    }

    #[test]
    fn it_scales_up_at_once_within_its_limits_and_not_for_a_little() {
        let mut scaler = scaler(None, 0);
        assert_eq!(scaler.desired(at(15), (4, 0), Load::Share(0.54)), 4, "within the tolerance");
        assert_eq!(scaler.desired(at(30), (4, 0), Load::Share(0.75)), 6);
        assert_eq!(scaler.desired(at(45), (30, 0), Load::Share(1.0)), 40);
    }

    #[test]
    fn it_scales_down_only_when_nothing_more_was_wanted_for_a_while() {
        let mut scaler = scaler(None, 0);
        assert_eq!(scaler.desired(at(0), (8, 0), Load::Share(0.1)), 8, "it begins with eight");
        assert_eq!(
            scaler.desired(at(200), (8, 0), Load::Share(0.1)),
            8,
            "eight were there less than five minutes ago"
        );
        assert_eq!(scaler.desired(at(310), (8, 0), Load::Share(0.3)), 5);
        assert_eq!(scaler.desired(at(1_000), (5, 0), Load::Share(0.01)), 2);
    }

    /// `behavior.scaleUp` unset: four more, or as many again, in any fifteen seconds.
    #[test]
    fn it_adds_four_or_doubles_in_any_span_of_the_limit() {
        let mut scaler = scaler(LIKE_KUBERNETES, 0);
        let mut current = 2;
        let path = [0, 15, 20, 30, 45].map(|second| {
            current = scaler.desired(at(second), (current, 0), Load::Share(1.0));
            current
        });
        // At 20 s the span of the limit began with four, and eight are there.
        assert_eq!(path, [4, 8, 8, 16, 32], "wanted is twice what there is");
        let mut hungry = Autoscaler::new(AutoscalerSettings { target: 0.01, ..scaler.settings });
        let mut current = 2;
        let path = [0, 15, 20, 30, 45].map(|second| {
            current = hungry.desired(at(second), (current, 0), Load::Share(1.0));
            current
        });
        assert_eq!(path, [6, 12, 12, 24, 40]);
    }

    #[test]
    fn one_of_the_two_limits_may_stand_alone() {
        let path = |limit: ScaleUpLimit| {
            let mut scaler = scaler(Some(limit), 0);
            let mut current = 10;
            [0, 60, 120].map(|second| {
                current = scaler.desired(at(second), (current, 0), Load::Share(1.0));
                current
            })
        };
        let every = SimDuration::from_secs(60);
        assert_eq!(path(ScaleUpLimit { pods: 3, share: 0.0, every }), [13, 16, 19]);
        assert_eq!(path(ScaleUpLimit { pods: 0, share: 0.25, every }), [13, 17, 22]);
    }

    #[test]
    fn it_scales_up_to_the_lowest_wanted_for_a_while() {
        let mut scaler = scaler(None, 60);
        let mut at_load = |second, share| scaler.desired(at(second), (4, 0), Load::Share(share));
        assert_eq!(at_load(0, 1.0), 4, "it begins with four");
        assert_eq!(at_load(30, 0.75), 4);
        assert_eq!(at_load(75, 1.0), 6, "six were wanted 45 s ago");
        assert_eq!(at_load(100, 1.0), 8);
    }

    /// `replica_calculator_test.go`: pods that are not ready count as idle when scaling up, and are
    /// set aside when scaling down.
    #[test]
    fn instances_that_start_are_counted_as_kubernetes_does() {
        let wanted =
            |ready, starting, share| scaler(None, 0).wanted_for_share(ready, starting, share);
        assert_eq!(wanted(4, 0, 1.0), 8);
        assert_eq!(wanted(4, 2, 1.0), 8, "eight in all, and two of them start already");
        assert_eq!(wanted(4, 4, 1.0), 8, "as many as it takes");
        assert_eq!(wanted(4, 6, 1.0), 10, "more than it takes, which is no reason to scale down");
        assert_eq!(wanted(4, 2, 0.25), 2, "half of the four that are ready");
        assert_eq!(wanted(4, 2, 0.5), 6);
    }

    #[test]
    fn messages_are_shared_out() {
        let wanted = |current, messages| {
            let settings = AutoscalerSettings { target: 100.0, ..scaler(None, 0).settings };
            Autoscaler::new(settings).desired(at(0), (current, 0), Load::Messages(messages))
        };
        assert_eq!(wanted(2, 950), 10);
        assert_eq!(wanted(10, 950), 10, "within the tolerance");
        assert_eq!(wanted(10, 1_101), 12);
        assert_eq!(wanted(2, 0), 2, "never below the least");
        assert_eq!(wanted(2, u64::MAX), 40);
    }
}

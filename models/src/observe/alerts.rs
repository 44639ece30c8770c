//! Alerts: conditions on the figures of a run, as a monitoring system would evaluate them.

use sim_core::SimDuration;

use super::{Change, Measure, Moment, Recorder};
use crate::expect::Bound;
use crate::system::Blueprint;

/// A figure over the last stretch of time that lies within a bound.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// As it was written.
    pub text: String,
    /// The figure.
    pub measure: Measure,
    /// The time that it looks back; one interval of the series at least.
    pub over: SimDuration,
    /// The bound.
    pub bound: Bound,
}

/// An alert, with the semantics of Prometheus: it fires when its condition has held at every
/// evaluation for a while, and is resolved at the first at which it does not.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertPlan {
    /// Its name.
    pub name: String,
    /// The severity, in a word.
    pub severity: String,
    /// The condition under which it is pending.
    pub condition: Condition,
    /// The time for which the condition must hold before the alert fires.
    pub hold: SimDuration,
}

impl Condition {
    /// The figure at the end of interval `last`, if it lies within the bound then.
    pub fn met(&self, plan: &Blueprint, recorder: &Recorder, last: usize) -> Option<f64> {
        let width = recorder.sample_width();
        let intervals = (self.over.as_nanos().div_ceil(width.as_nanos()) as usize).max(1);
        let first = (last + 1).saturating_sub(intervals);
        self.measure.over(plan, recorder, first..last + 1).filter(|value| self.bound.holds(*value))
    }
}

/// The moments at which alerts fire and are resolved. Conditions are evaluated at the end of every
/// interval.
pub(super) fn alert_moments(plan: &Blueprint, recorder: &Recorder) -> Vec<Moment> {
    plan.alerts.iter().flat_map(|alert| moments_of(alert, plan, recorder)).collect()
}

fn moments_of(alert: &AlertPlan, plan: &Blueprint, recorder: &Recorder) -> Vec<Moment> {
    let mut moments = Vec::new();
    let (mut pending_since, mut fires) = (None, false);
    for interval in 0..recorder.intervals() {
        let at = recorder.beginning_of(interval + 1);
        let change = if alert.condition.met(plan, recorder, interval).is_some() {
            let since = *pending_since.get_or_insert(at);
            let begins = !fires && at.since(since) >= alert.hold;
            fires |= begins;
            begins.then(|| Change::AlertFires {
                alert: alert.name.clone(),
                severity: alert.severity.clone(),
            })
        } else {
            pending_since = None;
            std::mem::take(&mut fires).then(|| Change::AlertResolved { alert: alert.name.clone() })
        };
        moments.extend(change.map(|change| Moment { at, change }));
    }
    moments
}

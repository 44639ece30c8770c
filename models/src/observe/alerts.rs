//! Alerts: conditions on the figures of a run, as a monitoring system would evaluate them.

use sim_core::{SimDuration, SimTime};

use super::{Change, Measure, Moment, Recorder};
use crate::expect::Bound;
use crate::system::{Blueprint, ThroughPlan};

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
    /// The call by which it is delivered; none if nothing is needed for that.
    pub through: Option<ThroughPlan>,
}

/// A change of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertTurn {
    /// It fires.
    Fires,
    /// It no longer does.
    Resolved,
}

/// The state of an alert from one evaluation to the next.
#[derive(Clone, Copy, Debug, Default)]
pub struct AlertWatch {
    pending_since: Option<SimTime>,
    fires: bool,
}

impl AlertWatch {
    /// True if it fires.
    pub fn fires(&self) -> bool {
        self.fires
    }

    /// Evaluates the alert at the end of an interval.
    pub fn evaluate(
        &mut self,
        alert: &AlertPlan,
        plan: &Blueprint,
        recorder: &Recorder,
        interval: usize,
    ) -> Option<AlertTurn> {
        let at = recorder.beginning_of(interval + 1);
        if alert.condition.met(plan, recorder, interval).is_none() {
            self.pending_since = None;
            return std::mem::take(&mut self.fires).then_some(AlertTurn::Resolved);
        }
        let since = *self.pending_since.get_or_insert(at);
        let begins = !self.fires && at.since(since) >= alert.hold;
        self.fires |= begins;
        begins.then_some(AlertTurn::Fires)
    }
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
    let mut watch = AlertWatch::default();
    let change = |turn| match turn {
        AlertTurn::Fires => {
            Change::AlertFires { alert: alert.name.clone(), severity: alert.severity.clone() }
        }
        AlertTurn::Resolved => Change::AlertResolved { alert: alert.name.clone() },
    };
    let moment = |interval| {
        let turn = watch.evaluate(alert, plan, recorder, interval)?;
        Some(Moment { at: recorder.beginning_of(interval + 1), change: change(turn) })
    };
    (0..recorder.intervals()).filter_map(moment).collect()
}

//! Alerts whose delivery depends on a service.

use super::blueprint::{Blueprint, ThroughPlan};
use super::errand::{Errand, Purpose};
use super::turn::Turn;
use crate::observe::{AlertTurn, AlertWatch};

/// The state of an alert in a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct AlertState {
    watch: AlertWatch,
    /// True while a call is under way that delivers it.
    is_asking: bool,
    /// Number of such calls so far, retries not counted.
    asked: u64,
}

/// The state of all alerts; of none if no delivery depends on a service.
pub(super) fn initial_alerts(blueprint: &Blueprint) -> Vec<AlertState> {
    if blueprint.alerts.iter().all(|alert| alert.through.is_none()) {
        return Vec::new();
    }
    vec![AlertState::default(); blueprint.alerts.len()]
}

impl Turn<'_> {
    /// Evaluates the alerts whose delivery depends on a service, and calls it for each that fires.
    pub fn watch_alerts(&mut self) {
        if self.state.alerts.is_empty() {
            return;
        }
        let Some(last) = self.state.recorder.intervals().checked_sub(1) else { return };
        for (id, plan) in self.plan.alerts.iter().enumerate() {
            let Some(through) = plan.through else { continue };
            let state = &mut self.state.alerts[id];
            let turn = state.watch.evaluate(plan, self.plan, &self.state.recorder, last);
            if turn == Some(AlertTurn::Fires) && !state.is_asking {
                state.is_asking = true;
                let number = state.asked;
                state.asked += 1;
                let errand = Errand { purpose: Purpose::Alert, of: id as u32 };
                let next = self.ask(errand, through, number);
                self.settle(next);
            }
        }
    }

    /// The call by which an alert is delivered, if it still fires.
    pub fn still_tells(&mut self, alert: u32) -> Option<ThroughPlan> {
        let state = &mut self.state.alerts[alert as usize];
        if state.watch.fires() {
            return self.plan.alerts[alert as usize].through;
        }
        state.is_asking = false;
        None
    }

    /// Notes that an alert has been delivered.
    pub fn alert_is_told(&mut self, alert: u32) {
        self.state.alerts[alert as usize].is_asking = false;
    }
}

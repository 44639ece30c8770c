//! Alerts whose delivery depends on a service.

use super::blueprint::{Blueprint, ThroughPlan};
use super::engine::Engine;
use super::errand::Errand;
use super::id::{Id, Table, of};
use crate::observe::{AlertTurn, AlertWatch};

/// The state of an alert in a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct AlertState {
    watch: AlertWatch,
    /// Number of calls to deliver it so far, one each time that it has fired.
    asked: u32,
}

/// The state of all alerts; of none if no delivery depends on a service.
pub(super) fn initial_alerts(blueprint: &Blueprint) -> Table<of::Alert, AlertState> {
    if blueprint.alerts.iter().all(|alert| alert.through.is_none()) {
        return Table::default();
    }
    blueprint.alerts.iter().map(|_| AlertState::default()).collect()
}

impl Engine<'_> {
    /// Evaluates the alerts whose delivery depends on a service, and calls it for each that fires.
    pub fn watch_alerts(&mut self) {
        if self.state.alerts.is_empty() {
            return;
        }
        let Some(last) = self.state.recorder.intervals().checked_sub(1) else { return };
        for (id, plan) in self.plan.alerts.with_ids() {
            let Some(through) = plan.through else { continue };
            let state = &mut self.state.alerts[id];
            let turn = state.watch.evaluate(plan, self.plan, &self.state.recorder, last);
            let errand = Errand::Alert(id);
            match turn {
                Some(AlertTurn::Fires) => {
                    let number = state.asked;
                    state.asked += 1;
                    let next = self.ask(errand, through, number);
                    self.settle(next);
                }
                Some(AlertTurn::Resolved) => self.state.recorder.errand_dropped(errand),
                None => {}
            }
        }
    }

    /// The call by which an alert is delivered, if it still fires as it did when the call was made
    /// for the first time.
    pub fn still_tells(&self, alert: Id<of::Alert>, number: u32) -> Option<ThroughPlan> {
        let state = &self.state.alerts[alert];
        let is_needed = state.watch.fires() && number + 1 == state.asked;
        self.plan.alerts[alert].through.filter(|_| is_needed)
    }
}

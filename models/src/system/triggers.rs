//! Faults that begin when a condition is met, and the times of all faults in a run.

use sim_core::SimTime;

use super::engine::Engine;
use super::errand::Errand;
use super::event::Event;
use super::id::{Id, of};
use super::state::System;
use crate::faults::{Fault, TriggerOn};

/// The state of something that faults wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TriggerState {
    /// It has not happened.
    Waits,
    /// It has happened, and a service has been asked that has not answered yet.
    Asks,
    /// The faults began to count their times at this instant.
    Pulled(SimTime),
}

impl TriggerState {
    fn at(self) -> Option<SimTime> {
        if let Self::Pulled(at) = self { Some(at) } else { None }
    }
}

impl Engine<'_> {
    /// Schedules the faults of a trigger from now on; without one, all faults that have a time.
    pub fn schedule_faults(&mut self, trigger: Option<Id<of::Trigger>>) {
        let plan = self.plan;
        let faults = plan.faults.with_ids();
        for (id, fault) in faults.filter(|(_, fault)| fault.trigger == trigger) {
            let later = |at: SimTime| self.now + at.since(SimTime::ZERO);
            let (begin, end) = (later(fault.begin), later(fault.end));
            if begin < end || fault.is_instantaneous() {
                self.schedule.at(begin, Event::FaultBegins { fault: id });
            }
            if begin < end && end < SimTime::MAX {
                self.schedule.at(end, Event::FaultEnds { fault: id });
            }
        }
    }

    /// Lets the faults begin whose condition is met for the first time. The interval that has just
    /// ended is the last that counts; the faults begin in this instant, in the order of all faults.
    pub fn watch_triggers(&mut self) {
        let plan = self.plan;
        if plan.triggers.is_empty() {
            return;
        }
        let Some(last) = self.state.recorder.intervals().checked_sub(1) else { return };
        for (id, trigger) in plan.triggers.with_ids() {
            let is_waiting = self.state.triggers[id] == TriggerState::Waits;
            let TriggerOn::Condition(condition) = &trigger.on else { continue };
            if is_waiting && condition.met(plan, &self.state.recorder, last).is_some() {
                self.pull_trigger(Some(id));
            }
        }
    }

    /// Schedules the triggers that wait for an instant.
    pub fn schedule_triggers(&mut self) {
        for (id, trigger) in self.plan.triggers.with_ids() {
            if let TriggerOn::Time(at) = trigger.on {
                self.schedule.at(at, Event::Due { trigger: id });
            }
        }
    }

    /// Handles a trigger for which the time has come: its faults begin, or a service is asked first.
    pub fn pull_trigger(&mut self, trigger: Option<Id<of::Trigger>>) {
        let Some(id) = trigger else { return };
        let Some(through) = self.plan.triggers[id].through else {
            return self.trigger_pulled(id);
        };
        self.state.triggers[id] = TriggerState::Asks;
        let next = self.ask(Errand::Batch(id), through, 0);
        self.state.ready.push(next);
    }

    /// Lets the faults of a trigger begin.
    pub fn trigger_pulled(&mut self, id: Id<of::Trigger>) {
        self.state.triggers[id] = TriggerState::Pulled(self.now);
        self.schedule_faults(Some(id));
    }

    /// The time by which a fault counts: since its trigger, or since the beginning of the run.
    #[inline]
    pub fn clock_of(&self, fault: &Fault) -> SimTime {
        let trigger = fault.trigger.and_then(|trigger| self.state.triggers[trigger].at());
        trigger.map_or(self.now, |at| SimTime::ZERO + self.now.since(at))
    }
}

impl System {
    /// The instants at which a fault begins and ends in this run, [`SimTime::MAX`] if it never ends;
    /// `None` if its condition has not been met.
    pub fn span_of(&self, fault: &Fault) -> Option<(SimTime, SimTime)> {
        let Some(trigger) = fault.trigger else { return Some((fault.begin, fault.end)) };
        let at = self.state.triggers[trigger].at()?;
        let later = |since: SimTime| at + since.since(SimTime::ZERO);
        Some((later(fault.begin), later(fault.end)))
    }
}

//! Faults that begin when a condition is met, and the times of all faults in a run.

use sim_core::SimTime;

use super::event::Event;
use super::state::System;
use super::turn::Turn;
use crate::faults::Fault;

impl Turn<'_> {
    /// Schedules the faults of a trigger from now on; without one, all faults that have a time.
    pub fn schedule_faults(&mut self, trigger: Option<u32>) {
        let plan = self.plan;
        let faults = plan.faults.iter().enumerate();
        for (id, fault) in faults.filter(|(_, fault)| fault.trigger == trigger) {
            let fault_id = id as u32;
            let later = |at: SimTime| self.now + at.since(SimTime::ZERO);
            let (begin, end) = (later(fault.begin), later(fault.end));
            if begin < end || fault.is_instantaneous() {
                self.schedule.at(begin, Event::FaultBegins { fault: fault_id });
            }
            if begin < end && end < SimTime::MAX {
                self.schedule.at(end, Event::FaultEnds { fault: fault_id });
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
        for (id, trigger) in plan.triggers.iter().enumerate() {
            let is_waiting = self.state.triggered_at[id].is_none();
            let is_met = trigger
                .condition
                .as_ref()
                .is_some_and(|condition| condition.met(plan, &self.state.recorder, last).is_some());
            if is_waiting && is_met {
                self.state.triggered_at[id] = Some(self.now);
                self.schedule_faults(Some(id as u32));
            }
        }
    }

    /// The time by which a fault counts: since its trigger, or since the beginning of the run.
    #[inline]
    pub fn clock_of(&self, fault: &Fault) -> SimTime {
        let trigger = fault.trigger.and_then(|trigger| self.state.triggered_at[trigger as usize]);
        trigger.map_or(self.now, |at| SimTime::ZERO + self.now.since(at))
    }
}

impl System {
    /// The instants at which a fault begins and ends in this run, [`SimTime::MAX`] if it never ends;
    /// `None` if its condition has not been met.
    pub fn span_of(&self, fault: &Fault) -> Option<(SimTime, SimTime)> {
        let Some(trigger) = fault.trigger else { return Some((fault.begin, fault.end)) };
        let at = self.state.triggered_at[trigger as usize]?;
        let later = |since: SimTime| at + since.since(SimTime::ZERO);
        Some((later(fault.begin), later(fault.end)))
    }
}

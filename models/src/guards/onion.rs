//! The way of a call through its guards.
//!
//! The guards of an edge are nested like the layers of an onion. A call enters them in order
//! ([`Engine::enter_guards`]); its outcome leaves them in the opposite order
//! ([`Engine::is_sent_in_again`]), and each sees it: the bulkhead takes its permit back, the breaker
//! counts, the retry may send the call in again. `guards_passed` is the number of guards that a
//! call has passed, and a [`Hold`] the data that each of them keeps about it.

use super::{Call, Entry, Exit, Guard, Hold};
use crate::Outcome;
use crate::system::{Activity, EdgePlan, Engine, Frame, Next, Parked, Role, Stage};

impl Engine<'_> {
    /// Goes on through the guards that the call has not passed yet; after the last, an attempt is
    /// made.
    #[inline(never)]
    pub fn enter_guards(&mut self, index: u32) -> Next {
        let edge = self.edge_of(index);
        let passed = self.state.frames[index].guards_passed;
        for (position, guard) in (passed..).zip(&edge.guards[usize::from(passed)..]) {
            match guard.enter(Call { index, edge, position }, self) {
                Entry::Passed => {}
                Entry::Waits => {
                    self.state.frames[index].guards_passed = position;
                    self.watch_deadline(index);
                    return Next::Nothing;
                }
                Entry::GoesOnLater => {
                    self.state.frames[index].guards_passed = position + 1;
                    self.watch_deadline(index);
                    return Next::Nothing;
                }
                Entry::Rejected(outcome) => {
                    self.state.frames[index].guards_passed = position;
                    return self.leave_guards(index, outcome);
                }
            }
        }
        self.state.frames[index].guards_passed = edge.guards.len() as u8;
        self.attempt(index)
    }

    /// Sends a call in again after a pause; if each attempt may go elsewhere, its instance is yet to
    /// be chosen, so that guards for each instance see the new one.
    pub fn send_in_again(&mut self, index: u32) -> Next {
        let edge = self.edge_of(index);
        if edge.is_balanced_per_attempt {
            self.state.frames[index].target = edge.only_instance;
        }
        self.enter_guards(index)
    }

    /// Takes a call on that has waited at a guard and passed it.
    pub fn guard_passed(&mut self, index: u32) -> Next {
        self.state.frames[index].guards_passed += 1;
        self.enter_guards(index)
    }

    /// Tells the guards that the call has passed its outcome, the innermost first, until one keeps
    /// it.
    #[inline(never)]
    pub fn is_sent_in_again(&mut self, index: u32, edge: &EdgePlan, outcome: Outcome) -> bool {
        let frame = &self.state.frames[index];
        for position in (frame.first_guard..frame.guards_passed).rev() {
            let guard = &edge.guards[usize::from(position)];
            if let Exit::Kept = guard.leave(Call { index, edge, position }, outcome, self) {
                return true;
            }
        }
        let frame = &mut self.state.frames[index];
        frame.guards_passed = frame.first_guard;
        false
    }

    /// Gives back what a frame that is about to disappear holds in the guards of its call.
    #[cold]
    pub fn abandon_call(&mut self, index: u32) {
        let frame = &self.state.frames[index];
        let is_task = matches!(frame.role, Role::Task(_));
        if frame.is_counted && !is_task {
            self.state.recorder.call_abandoned(frame.called_edge);
            if frame.stage == Stage::Alternative
                && let Hold::Failed(failed) = *self.state.frames.failed_call(index)
            {
                self.state.recorder.call_abandoned(self.plan.sites[failed.site].edge);
            }
        }
        let edge = self.edge_of(index);
        while let Frame { guards_passed, first_guard, .. } = self.state.frames[index]
            && guards_passed > first_guard
        {
            let position = guards_passed - 1;
            edge.guards[usize::from(position)].abandon(Call { index, edge, position }, self);
            self.state.frames[index].guards_passed = position;
        }
    }

    /// Gives up everything that a call waits for inside the guard at `position`, whose time is up.
    #[cold]
    pub fn time_is_up(&mut self, index: u32, position: u8) -> Next {
        let frame = &mut self.state.frames[index];
        frame.given_up_from = frame.given_up_from.min(position + 1);
        self.give_up_waiting(index)
    }

    /// Gives up everything that a call waits for, and lets it leave its guards with a timeout.
    #[cold]
    pub fn give_up_waiting(&mut self, index: u32) -> Next {
        match self.state.frames[index].activity {
            Activity::AwaitingReply => {
                let edge = self.edge_of(index);
                if edge.observes_attempts {
                    self.note_attempt(index, edge, Outcome::Timeout);
                }
                self.withdraw_attempt(index);
            }
            Activity::AwaitingPermit => {
                if let Some(pool) = self.awaited_permits(index) {
                    self.state.pools[pool].leave_queue(self.now, true);
                }
            }
            Activity::AwaitingTask => self.leave_task(index),
            _ => {}
        }
        let waiter = self.state.frames.begin_wait(index, Activity::AwaitingReply);
        if self.is_paused(index) {
            return self.park(index, Parked::Reply { to: waiter, outcome: Outcome::Timeout });
        }
        self.leave_guards(index, Outcome::Timeout)
    }

    /// The guard that a call waits at.
    pub fn guard_waited_at(&self, index: u32) -> Option<&Guard> {
        let passed = self.state.frames[index].guards_passed;
        self.edge_of(index).guards.get(usize::from(passed))
    }
}

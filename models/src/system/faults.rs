//! The start and end of faults.

use sim_core::SimTime;

use super::activity::Activity;
use super::engine::Engine;
use super::frame::Frame;
use super::id::{Id, of};
use super::instance::{InstanceState, Parked};
use super::role::Role;
use super::state::{Aborted, Next};
use crate::Outcome;
use crate::faults::InForce;

impl Engine<'_> {
    /// Starts a fault.
    pub fn fault_begins(&mut self, id: Id<of::Fault>) {
        if self.is_called_off(id) {
            return;
        }
        let fault = &self.plan.faults[id];
        let lasts = !fault.is_instantaneous();
        self.state.faults_in_force += u32::from(lasts);
        self.state.in_force[id] = lasts;
        self.state.recorder.fault_begins(self.now, lasts);
        self.in_order(|engine| fault.effect.begin(id, engine));
    }

    /// True if a fault belongs to an experiment that was aborted.
    fn is_called_off(&self, id: Id<of::Fault>) -> bool {
        self.state.aborted.is_some() && self.plan.experiment.contains(id)
    }

    /// Aborts an experiment as soon as one of its conditions is met: its faults end at once, and
    /// those still to come never start.
    pub fn watch_experiment(&mut self) {
        let plan = self.plan;
        let is_running = self.state.in_force[plan.experiment].contains(&true);
        let Some(last) = self
            .state
            .recorder
            .intervals()
            .checked_sub(1)
            .filter(|_| is_running && self.state.aborted.is_none())
        else {
            return;
        };
        let recorder = &self.state.recorder;
        let met = plan
            .abort_when
            .iter()
            .enumerate()
            .find_map(|(condition, when)| Some((condition, when.met(plan, recorder, last)?)));
        let Some((condition, value)) = met else { return };
        for id in plan.experiment.iter() {
            self.fault_ends(id);
        }
        self.state.aborted = Some(Aborted { at: self.now, condition, value });
    }

    /// Lets a fault grow by one step.
    pub fn fault_grows(&mut self, id: Id<of::Fault>) {
        if !self.state.in_force[id] {
            return;
        }
        let fault = &self.plan.faults[id];
        self.in_order(|engine| fault.effect.grow(id, engine));
    }

    /// Ends a fault, if it is still in force.
    pub fn fault_ends(&mut self, id: Id<of::Fault>) {
        if !std::mem::replace(&mut self.state.in_force[id], false) {
            return;
        }
        self.state.faults_in_force -= 1;
        self.state.recorder.fault_ends(self.now);
        let fault = &self.plan.faults[id];
        self.in_order(|engine| fault.effect.end(id, engine));
    }

    /// Crashes the instances that a fault strikes; their work is lost.
    pub fn crash_instances(&mut self, id: Id<of::Fault>) {
        self.disturb_instances(id, |state| state.crashes += 1);
        for instance in self.plan.faults[id].instances.iter() {
            self.lose_work_of(instance);
        }
    }

    /// Ends a fault that has crashed instances; their processes start.
    pub fn revive_instances(&mut self, id: Id<of::Fault>) {
        for instance in self.plan.faults[id].instances.iter() {
            self.is_back(instance);
        }
    }

    /// Changes the state of each instance that a fault strikes.
    pub fn disturb_instances(&mut self, id: Id<of::Fault>, change: impl Fn(&mut InstanceState)) {
        for instance in self.plan.faults[id].instances.iter() {
            let state = &mut self.state.instances[instance];
            change(state);
            state.note_disturbance();
        }
    }

    /// Breaks the logic of the breakers on an edge, or repairs it.
    pub fn break_guards(&mut self, edge: Id<of::Edge>, begins: bool) {
        for breaker in self.plan.breakers_of(edge) {
            self.state.run_timers_of(breaker, self.now);
            self.state.breakers[breaker].breaks(begins);
        }
    }

    /// Sets the number of slots that a fault takes from each instance it strikes.
    pub fn set_lost_slots(&mut self, id: Id<of::Fault>, lost: u32) {
        for instance in self.plan.faults[id].instances.iter() {
            let lost_slots = &mut self.state.instances[instance].lost_slots;
            lost_slots.retain(|(fault, _)| *fault != id);
            lost_slots.push((id, lost));
            let lost_in_all =
                lost_slots.iter().fold(0_u32, |sum, (_, lost)| sum.saturating_add(*lost));
            let slots = self.plan.instances[instance].slots;
            self.state.pools[slots].lose(self.now, lost_in_all);
            self.state.recorder.pool_loses(self.now, slots, self.state.pools[slots].lost());
            let frames = &self.state.frames;
            while let Some(waiter) =
                self.state.pools[slots].grant_free(self.now, |waiter| frames.is_live(waiter))
            {
                self.state.ready.push(Next::Start(waiter.frame));
            }
        }
    }

    /// Crashes an instance: everything that runs or waits there is lost, and its callers see their
    /// connections reset, in the order in which their requests came.
    ///
    /// Waiting frames leave their queues first, so that nothing given back below goes to another
    /// victim.
    pub fn lose_work_of(&mut self, instance: Id<of::Instance>) {
        if self.state.instances[instance].crashes == 1 {
            self.forget_old_exits(instance);
        }
        self.stop_starting(instance);
        self.state.instances[instance].held_up = 0;
        let missed = std::mem::take(&mut self.state.instances[instance].parked);
        let is_here = |frame: &Frame| {
            let is_on_the_network = matches!(
                frame.activity,
                Activity::InTransit | Activity::ReplyInTransit | Activity::Lost
            ) || frame.activity.is_resending();
            frame.is_on_an_instance() && frame.instance() == instance && !is_on_the_network
        };
        let mut victims = self.state.frames.matching(is_here);
        victims.sort_by_key(|&index| {
            let frame = &self.state.frames[index];
            if frame.role == Role::Handler { frame.entered_at } else { SimTime::ZERO }
        });
        let held_before: Vec<Activity> =
            victims.iter().map(|&index| self.state.frames[index].activity).collect();
        for &index in &victims {
            if self.state.frames[index].activity == Activity::AwaitingReply {
                self.withdraw_attempt(index);
            }
            self.leave_queues(index);
        }
        for (index, activity) in victims.into_iter().zip(held_before) {
            self.lose(index, activity);
        }
        for parked in missed {
            if let Parked::Arrival(waiter) = parked
                && self.state.frames.is_live(waiter)
            {
                let refusal = self.answer(waiter.frame, Outcome::Refused);
                self.state.ready.push(refusal);
            }
        }
        self.forget(instance);
    }

    /// Removes a frame from the queue in which it waits, and forgets what it waits for; all references to the frame become stale.
    pub fn leave_queues(&mut self, index: u32) {
        let frame = &self.state.frames[index];
        let instance = self.plan.instances[frame.instance()];
        let queue = match frame.activity {
            Activity::Queued => Some(instance.slots),
            Activity::AwaitingProcessor => instance.processors,
            Activity::AwaitingPermit => self.awaited_permits(index),
            Activity::AwaitingResource => self.state.frames.last_kept(index).map(|kept| kept.pool),
            _ => None,
        };
        if let Some(pool) = queue {
            self.state.pools[pool].leave_queue(self.now, false);
        }
        let activity = self.state.frames[index].activity;
        if activity == Activity::AwaitingResource {
            self.state.frames.forget_last_kept(index);
        }
        self.state.frames.begin_wait(index, activity);
    }

    /// Gives back everything except the slot that a frame holds, because the frame will not
    /// continue.
    pub fn stop(&mut self, index: u32, activity: Activity) {
        match activity {
            Activity::Working => self.release_processor(index),
            activity if activity.is_in_call() => self.abandon_call(index),
            _ => {}
        }
        self.give_all_back(index);
    }

    fn lose(&mut self, index: u32, activity: Activity) {
        self.stop(index, activity);
        let frame = &mut self.state.frames[index];
        match frame.role {
            Role::Handler => {}
            Role::Client
            | Role::Branch
            | Role::Consumer
            | Role::Compensation
            | Role::Operator(_)
            | Role::Start
            | Role::Probe
            | Role::Task(_) => {
                return self.state.frames.release(index);
            }
            Role::Deferred => {
                self.deferred_call_ended(index, Outcome::Refused);
                return;
            }
        }
        if activity == Activity::Queued {
            self.leave_admission(index, Outcome::Refused);
        } else {
            self.release_slot(index, Outcome::Refused);
        }
        let reply = self.answer(index, Outcome::Refused);
        self.state.ready.push(reply);
    }
}

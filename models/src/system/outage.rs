//! Faults that begin and end.

use sim_core::SimDuration;

use super::event::Event;
use super::frame::{Activity, Frame, Role};
use super::state::{Aborted, Next, Parked};
use super::turn::Turn;
use crate::Outcome;
use crate::faults::Effect;

/// A leak with a ramp loses its slots in this many steps at most.
const LEAK_STEPS: u32 = 100;

impl Turn<'_> {
    /// A fault begins.
    pub fn fault_begins(&mut self, id: u32) {
        self.state.faults_in_force += 1;
        let plan = self.plan;
        let fault = &plan.faults[id as usize];
        match &fault.effect {
            Effect::Slow { .. } | Effect::Cold { .. } => {
                self.for_each_instance(id, |state| state.slowed_by.push(id))
            }
            Effect::Errors { .. } => self.for_each_instance(id, |state| state.failing_by.push(id)),
            Effect::Pause => self.for_each_instance(id, |state| state.pauses += 1),
            Effect::Refuse { edge: None } => {
                self.for_each_instance(id, |state| state.refusals += 1)
            }
            Effect::Refuse { edge: Some(edge) } => self.state.edges[*edge as usize].refusals += 1,
            Effect::BlackHole { edge } => self.state.edges[*edge as usize].black_holes += 1,
            Effect::SlowEdge { edge, .. } => self.state.edges[*edge as usize].slowed_by.push(id),
            Effect::LoseSlots { .. } => self.fault_grows(id),
            Effect::Surge { .. } => {}
            Effect::Flush { cache } => self.state.caches[*cache as usize].flush(),
            Effect::Cut { from, to } => self.state.cuts.push((*from, *to)),
            Effect::BreakGuard { edge } => self.break_guards(*edge, true),
            Effect::Crash | Effect::Restart => {
                self.for_each_instance(id, |state| state.crashes += 1);
                fault.instances.clone().for_each(|instance| self.lose_work_of(instance));
            }
        }
    }

    /// Whether a fault belongs to an experiment that was called off.
    pub fn is_called_off(&self, id: u32) -> bool {
        self.state.aborted.is_some() && self.plan.experiment.contains(&(id as usize))
    }

    /// Calls an experiment off as soon as one of its conditions is met: its faults end at once, and
    /// those to come never begin.
    pub fn watch_experiment(&mut self) {
        let plan = self.plan;
        let experiment = &plan.faults[plan.experiment.clone()];
        let is_running =
            experiment.iter().any(|fault| fault.begin < self.now && self.now <= fault.end);
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
        for id in plan.experiment.clone() {
            let fault = &plan.faults[id];
            if fault.begin < self.now && self.now < fault.end {
                self.fault_ends(id as u32);
            }
        }
        self.state.aborted = Some(Aborted { at: self.now, condition, value });
    }

    /// A leak has swallowed more slots.
    pub fn fault_grows(&mut self, id: u32) {
        let fault = &self.plan.faults[id as usize];
        let Effect::LoseSlots { count } = fault.effect else { return };
        let lost = (f64::from(count) * fault.intensity(self.now)) as u32;
        self.set_lost_slots(id, lost);
        let full = fault.begin + fault.ramp;
        let step = SimDuration::from_nanos(
            (fault.ramp.as_nanos() / u64::from(count.clamp(1, LEAK_STEPS))).max(1),
        );
        let next = (self.now + step).min(full);
        if self.now < next && next < fault.end {
            self.schedule.at(next, Event::FaultGrows { fault: id });
        }
    }

    /// A fault ends.
    pub fn fault_ends(&mut self, id: u32) {
        self.state.faults_in_force -= 1;
        let plan = self.plan;
        let fault = &plan.faults[id as usize];
        match &fault.effect {
            Effect::Slow { .. } | Effect::Cold { .. } => {
                self.for_each_instance(id, |state| state.slowed_by.retain(|other| *other != id));
            }
            Effect::Errors { .. } => {
                self.for_each_instance(id, |state| state.failing_by.retain(|other| *other != id))
            }
            Effect::Refuse { edge: None } => {
                self.for_each_instance(id, |state| state.refusals -= 1)
            }
            Effect::Refuse { edge: Some(edge) } => self.state.edges[*edge as usize].refusals -= 1,
            Effect::BlackHole { edge } => self.state.edges[*edge as usize].black_holes -= 1,
            Effect::SlowEdge { edge, .. } => {
                self.state.edges[*edge as usize].slowed_by.retain(|other| *other != id)
            }
            Effect::LoseSlots { .. } => self.set_lost_slots(id, 0),
            Effect::Crash | Effect::Restart => {
                self.for_each_instance(id, |state| state.crashes -= 1)
            }
            Effect::Surge { .. } | Effect::Flush { .. } => {}
            Effect::Cut { from, to } => {
                if let Some(position) = self.state.cuts.iter().position(|cut| *cut == (*from, *to))
                {
                    self.state.cuts.swap_remove(position);
                }
            }
            Effect::BreakGuard { edge } => self.break_guards(*edge, false),
            Effect::Pause => {
                self.for_each_instance(id, |state| state.pauses -= 1);
                for instance in fault.instances.clone() {
                    if self.state.instances[instance as usize].pauses == 0 {
                        self.state.ready.push(Next::CatchUp(instance));
                    }
                }
            }
        }
    }

    fn for_each_instance(&mut self, id: u32, change: impl Fn(&mut super::state::InstanceState)) {
        for instance in self.plan.faults[id as usize].instances.clone() {
            let state = &mut self.state.instances[instance as usize];
            change(state);
            state.note_disturbance();
        }
    }

    fn break_guards(&mut self, edge: u32, begins: bool) {
        for breaker in self.plan.breakers_of(edge) {
            self.state.run_timers_of(breaker, self.now);
            self.state.breakers[breaker as usize].breaks(begins);
        }
    }

    fn set_lost_slots(&mut self, id: u32, lost: u32) {
        for instance in self.plan.faults[id as usize].instances.clone() {
            let lost_slots = &mut self.state.instances[instance as usize].lost_slots;
            lost_slots.retain(|(fault, _)| *fault != id);
            lost_slots.push((id, lost));
            let lost_in_all =
                lost_slots.iter().fold(0_u32, |sum, (_, lost)| sum.saturating_add(*lost));
            let slots = self.plan.instances[instance as usize].slots as usize;
            self.state.pools[slots].lose(self.now, lost_in_all);
            let frames = &self.state.frames;
            while let Some(waiter) =
                self.state.pools[slots].grant_free(self.now, |waiter| frames.is_live(waiter))
            {
                self.state.ready.push(Next::Start(waiter.frame));
            }
        }
    }

    /// A crash: whatever runs or waits on the instance is gone, and its callers see their
    /// connections reset.
    ///
    /// Those who wait leave their queues first, so that nothing given back below is handed to
    /// another victim.
    pub fn lose_work_of(&mut self, instance: u32) {
        self.state.instances[instance as usize].held_up = 0;
        for parked in std::mem::take(&mut self.state.instances[instance as usize].parked) {
            if let Parked::Arrival(waiter) = parked
                && self.state.frames.is_live(waiter)
            {
                let refusal = self.answer(waiter.frame, Outcome::Refused);
                self.state.ready.push(refusal);
            }
        }
        let is_here = |frame: &Frame| {
            let is_on_the_network =
                matches!(frame.activity, Activity::InTransit | Activity::ReplyInTransit);
            frame.is_on_an_instance() && frame.instance == instance && !is_on_the_network
        };
        let victims = self.state.frames.matching(is_here);
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
    }

    /// A frame leaves the queue that it waits in, and all references to it become stale.
    pub fn leave_queues(&mut self, index: u32) {
        let frame = &self.state.frames[index];
        let instance = self.plan.instances[frame.instance as usize];
        let queue = match frame.activity {
            Activity::Queued => Some(instance.slots as usize),
            Activity::AwaitingProcessor => Some(instance.processors as usize),
            Activity::AwaitingPermit => self.awaited_permits(index),
            _ => None,
        };
        if let Some(pool) = queue {
            self.state.pools[pool].leave_queue(self.now, false);
        }
        let activity = self.state.frames[index].activity;
        self.state.frames.begin_wait(index, activity);
    }

    /// Gives back what a frame that will not go on holds besides its slot.
    pub fn stop(&mut self, index: u32, activity: Activity) {
        match activity {
            Activity::Working => self.release_processor(index),
            activity if activity.is_in_call() => self.abandon_call(index),
            _ => {}
        }
    }

    fn lose(&mut self, index: u32, activity: Activity) {
        self.stop(index, activity);
        let frame = &mut self.state.frames[index];
        match frame.role {
            Role::Handler => {}
            Role::Client | Role::Branch | Role::Consumer | Role::Compensation => {
                return self.state.frames.release(index);
            }
            Role::Deferred => {
                self.deferred_call_ended(index, Outcome::Refused);
                return;
            }
        }
        frame.outcome = Outcome::Refused;
        if activity == Activity::Queued {
            self.leave_gate(index, Outcome::Refused);
        } else {
            self.release_slot(index, Outcome::Refused);
        }
        self.state.ready.push(Next::Reply(index));
    }
}

//! Instances that come and go: autoscalers, and processes that run out of memory.

use std::collections::VecDeque;

use sim_core::SimTime;

use super::blueprint::{Blueprint, ThroughPlan};
use super::engine::Engine;
use super::errand::Errand;
use super::event::Event;
use super::id::{Id, of};
use super::scaling_plan::{AutoscalerPlan, Watched};
use crate::resilience::{Autoscaler, Load};

/// The state of an autoscaler.
#[derive(Clone, Debug)]
pub(crate) struct ScalerState {
    pub scaler: Autoscaler,
    /// Number of instances that serve.
    pub running: u32,
    /// The numbers of the calls for instances that are wanted and not granted yet, in their order.
    asking: Vec<u32>,
    /// Number of such calls so far.
    asked: u32,
    /// The times at which the instances that are starting up will serve, in order.
    pub starting: VecDeque<SimTime>,
    /// The use of each instance up to the last decision.
    pub seen: Vec<SeenUse>,
}

/// The use of an instance up to a time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SeenUse {
    /// The time: the last decision, or the start of the instance if that was later.
    pub at: SimTime,
    /// The slots in use, integrated over time (slot-nanoseconds).
    pub busy: i128,
}

/// The state of an autoscaler at the beginning of a run.
pub(super) fn initial_scaler(plan: &AutoscalerPlan, blueprint: &Blueprint) -> ScalerState {
    let instances = blueprint.stations[plan.station].instances.len();
    ScalerState {
        scaler: Autoscaler::new(plan.settings),
        running: plan.from,
        asking: Vec::new(),
        asked: 0,
        starting: VecDeque::new(),
        seen: vec![SeenUse::default(); instances as usize],
    }
}

impl Engine<'_> {
    /// Starts an autoscaler: at first only the planned initial instances run.
    pub fn begin_autoscaling(&mut self, scaler: Id<of::Autoscaler>) {
        let plan = self.plan.autoscalers[scaler];
        self.state.autoscalers[scaler].running = plan.from;
        self.show_running(scaler);
        if !plan.is_manual {
            self.schedule.after(plan.settings.interval, Event::Autoscale { scaler });
        }
    }

    /// Lets an autoscaler decide, based on the load since its last decision.
    #[cold]
    pub fn autoscale(&mut self, scaler: Id<of::Autoscaler>) {
        let plan = self.plan.autoscalers[scaler];
        let (ready, load) = self.load(scaler);
        let state = &mut self.state.autoscalers[scaler];
        let current = state.running + (state.asking.len() + state.starting.len()) as u32;
        let desired = state.scaler.desired(self.now, (ready, current - ready), load);
        for _ in current..desired {
            match plan.through {
                None => self.start_up(scaler),
                Some(through) => self.ask_for_instance(scaler, through),
            }
        }
        // Kubernetes takes pods away that are not ready before others, and the youngest first.
        let mut surplus = current.saturating_sub(desired);
        surplus -= self.ask_for_fewer(scaler, surplus);
        let state = &mut self.state.autoscalers[scaler];
        while surplus > 0 && state.starting.pop_back().is_some() {
            surplus -= 1;
        }
        if surplus > 0 {
            let running = state.running - surplus;
            self.resize(scaler, running);
        }
        self.schedule.after(plan.settings.interval, Event::Autoscale { scaler });
    }

    /// Starts a new instance, which takes a while.
    fn start_up(&mut self, scaler: Id<of::Autoscaler>) {
        let span = self.plan.autoscalers[scaler].settings.start_up;
        self.state.autoscalers[scaler].starting.push_back(self.now + span);
        self.schedule.after(span, Event::Started { scaler });
    }

    /// Asks a service for a new instance.
    fn ask_for_instance(&mut self, scaler: Id<of::Autoscaler>, through: ThroughPlan) {
        let state = &mut self.state.autoscalers[scaler];
        let number = state.asked;
        state.asked += 1;
        state.asking.push(number);
        let errand = Errand::Instance(scaler);
        let next = self.ask(errand, through, number);
        self.settle(next);
    }

    /// Forgets up to `surplus` calls for instances, the latest first, and returns how many; their
    /// answers no longer count.
    fn ask_for_fewer(&mut self, scaler: Id<of::Autoscaler>, surplus: u32) -> u32 {
        let asking = &mut self.state.autoscalers[scaler].asking;
        let kept = asking.len().saturating_sub(surplus as usize);
        let forgotten = asking.len() - kept;
        asking.truncate(kept);
        if kept == 0 && forgotten > 0 {
            self.state.recorder.errand_dropped(Errand::Instance(scaler));
        }
        forgotten as u32
    }

    /// The call by which an autoscaler asks for an instance, if that is still wanted.
    pub fn still_asks(&self, scaler: Id<of::Autoscaler>, number: u32) -> Option<ThroughPlan> {
        let asking = &self.state.autoscalers[scaler].asking;
        self.plan.autoscalers[scaler].through.filter(|_| asking.contains(&number))
    }

    /// Handles the answer that an autoscaler may have one more instance.
    pub fn instance_is_granted(&mut self, scaler: Id<of::Autoscaler>, number: u32) {
        self.state.autoscalers[scaler].asking.retain(|asked| *asked != number);
        self.start_up(scaler);
    }

    /// Adds a new instance, whose process begins, unless it has been taken away again.
    #[cold]
    pub fn started(&mut self, scaler: Id<of::Autoscaler>) {
        let state = &mut self.state.autoscalers[scaler];
        if state.starting.front() != Some(&self.now) {
            return;
        }
        state.starting.pop_front();
        let (number, running) = (state.running, state.running + 1);
        self.see_use(scaler, number);
        self.resize(scaler, running);
        let station = self.plan.autoscalers[scaler].station;
        self.begin_process(self.plan.stations[station].instances.nth(number));
    }

    pub fn resize(&mut self, scaler: Id<of::Autoscaler>, running: u32) {
        let plan = self.plan.autoscalers[scaler];
        let before = std::mem::replace(&mut self.state.autoscalers[scaler].running, running);
        self.state.recorder.scaled(self.now, plan.station, before, running);
        let instances = self.plan.stations[plan.station].instances;
        for gone in running..before {
            self.process_is_taken_away(instances.nth(gone));
        }
        self.show_running(scaler);
    }

    /// Tells the balancers which instances run. They send nothing to the others, where work in
    /// progress is finished; proxies close their connections there.
    pub fn show_running(&mut self, scaler: Id<of::Autoscaler>) {
        let station = self.plan.autoscalers[scaler].station;
        let running = self.state.autoscalers[scaler].running;
        self.state.recorder.instances_run(self.now, self.plan, station, running);
        for (edge, state) in self.plan.edges.iter().zip(&mut self.state.edges) {
            if edge.callee == station {
                for balancer in &mut state.balancers {
                    balancer.set_present(self.now, running);
                }
                for pool in edge.pools_of_hosts() {
                    self.state.pools[pool].set_present_hosts(running);
                }
            }
        }
        self.close_scaled_away();
    }

    /// Prepares the autoscalers for the reset of the pools' statistics.
    pub fn pools_forget_for_autoscalers(&mut self) {
        for scaler in self.plan.autoscalers.ids() {
            for number in 0..self.state.autoscalers[scaler].seen.len() as u32 {
                let busy = self.busy_time(scaler, number);
                self.state.autoscalers[scaler].seen[number as usize].busy -= busy;
            }
        }
    }

    /// The pool whose use an autoscaler looks at, of the instance with this number.
    fn watched_pool(&self, scaler: Id<of::Autoscaler>, number: u32) -> Id<of::Pool> {
        let plan = self.plan.autoscalers[scaler];
        let instance = self.plan.stations[plan.station].instances.nth(number);
        let instance = &self.plan.instances[instance];
        match plan.watches {
            Watched::Processors => instance.processors.expect("there are some to look at"),
            Watched::Slots | Watched::Queue(_) => instance.slots,
        }
    }

    fn busy_time(&self, scaler: Id<of::Autoscaler>, number: u32) -> i128 {
        self.state.pools[self.watched_pool(scaler, number)].busy_time(self.now)
    }

    /// Looks at the use of an instance; returns the share in use since the last look, or `None` if
    /// no time has passed.
    fn see_use(&mut self, scaler: Id<of::Autoscaler>, number: u32) -> Option<f64> {
        let now = SeenUse { at: self.now, busy: self.busy_time(scaler, number) };
        let capacity = self.plan.pools[self.watched_pool(scaler, number)].capacity;
        let seen = &mut self.state.autoscalers[scaler].seen[number as usize];
        let before = std::mem::replace(seen, now);
        let span = now.at.since(before.at);
        let busy = (now.busy - before.busy) as f64;
        (!span.is_zero()).then(|| busy / span.as_nanos() as f64 / f64::from(capacity))
    }

    /// Returns the number of instances that are ready, and their load since the last decision. An
    /// instance that has only just started has no load yet, and is not ready to an autoscaler; nor is
    /// one whose process has never served.
    fn load(&mut self, scaler: Id<of::Autoscaler>) -> (u32, Load) {
        let running = self.state.autoscalers[scaler].running;
        if let Watched::Queue(queue) = self.plan.autoscalers[scaler].watches {
            let waiting = self.state.queues[queue].messages.depth();
            return (running, Load::Messages(waiting));
        }
        let (mut ready, mut total) = (0, 0.0);
        for number in 0..running {
            let station = self.plan.autoscalers[scaler].station;
            let instances = self.plan.stations[station].instances;
            let has_served = self.has_served(instances.nth(number));
            if let Some(share) = self.see_use(scaler, number).filter(|_| has_served) {
                ready += 1;
                total += share;
            }
        }
        (ready, Load::Share(total / f64::from(ready.max(1))))
    }

    /// Kills a process that has accepted one request more than its memory holds. This always goes
    /// through the event list, so that nothing from this instant is still on its way to its frames.
    pub fn run_out_of_memory(&mut self, instance: Id<of::Instance>) {
        if !std::mem::replace(&mut self.state.instances[instance].is_dying, true) {
            self.schedule.after(sim_core::SimDuration::ZERO, Event::OutOfMemory { instance });
        }
    }

    /// Kills a process with all its work, and schedules its restart.
    #[cold]
    pub fn out_of_memory(&mut self, instance: Id<of::Instance>) {
        let admission = self.plan.instances[instance].admission;
        debug_assert!(admission.is_some(), "only an instance with a limit runs out of memory");
        if let Some(memory) = admission.and_then(|id| self.plan.admissions[id].memory) {
            self.state.recorder.out_of_memory(self.now, instance, memory.restart);
            self.restart_instance(instance, memory.restart);
        }
    }
}

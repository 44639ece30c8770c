//! Instances that come and go: autoscalers, and processes that run out of memory.

use super::blueprint::NONE;
use super::event::Event;
use super::turn::Turn;

impl Turn<'_> {
    /// Starts an autoscaler: at first only the planned initial instances run.
    pub fn begin_autoscaling(&mut self, scaler: u32) {
        let plan = self.plan.autoscalers[scaler as usize];
        self.state.autoscalers[scaler as usize].running = plan.from;
        self.show_running(scaler);
        self.schedule.after(plan.settings.interval, Event::Autoscale { scaler });
    }

    /// Lets an autoscaler decide, based on the utilization since its last decision.
    #[cold]
    pub fn autoscale(&mut self, scaler: u32) {
        let plan = self.plan.autoscalers[scaler as usize];
        let utilization = self.utilization_since(scaler);
        let state = &mut self.state.autoscalers[scaler as usize];
        let counted_on = state.running + state.starting;
        // Instances that are starting up are expected to take their share of the load.
        let utilization = utilization * f64::from(state.running) / f64::from(counted_on.max(1));
        let desired = state.scaler.desired(self.now, counted_on, utilization);
        if desired > counted_on {
            state.starting += desired - counted_on;
            for _ in counted_on..desired {
                self.schedule.after(plan.settings.start_up, Event::Started { scaler });
            }
        } else if desired < counted_on && state.starting == 0 {
            self.resize(scaler, desired);
        }
        self.schedule.after(plan.settings.interval, Event::Autoscale { scaler });
    }

    /// Adds a new instance that is ready to serve.
    #[cold]
    pub fn started(&mut self, scaler: u32) {
        let state = &mut self.state.autoscalers[scaler as usize];
        state.starting -= 1;
        let running = state.running + 1;
        self.resize(scaler, running);
    }

    fn resize(&mut self, scaler: u32, running: u32) {
        let plan = self.plan.autoscalers[scaler as usize];
        let before =
            std::mem::replace(&mut self.state.autoscalers[scaler as usize].running, running);
        self.state.recorder.scaled(self.now, plan.station, before, running);
        self.show_running(scaler);
    }

    /// Tells the balancers which instances run. They send nothing to the others, where work in
    /// progress is finished; proxies close their connections there.
    fn show_running(&mut self, scaler: u32) {
        let station = self.plan.autoscalers[scaler as usize].station;
        let running = self.state.autoscalers[scaler as usize].running;
        self.state.recorder.instances_run(self.now, self.plan, station, running);
        for (edge, state) in self.plan.edges.iter().zip(&mut self.state.edges) {
            if edge.callee == station {
                state.balancer.set_present(self.now, running);
                for pool in edge.pools_of_hosts() {
                    self.state.pools[pool as usize].set_present_hosts(running);
                }
            }
        }
    }

    /// Prepares the autoscalers for the reset of the pools' statistics.
    pub fn pools_forget_for_autoscalers(&mut self) {
        for scaler in 0..self.plan.autoscalers.len() as u32 {
            let busy = self.busy_time(scaler);
            self.state.autoscalers[scaler as usize].busy_before -= busy;
        }
    }

    fn busy_time(&self, scaler: u32) -> i128 {
        let station = self.plan.autoscalers[scaler as usize].station;
        let instances = self.plan.stations[station as usize].instances.clone();
        let pools = instances.map(|instance| self.plan.instances[instance as usize].slots as usize);
        pools.map(|pool| self.state.pools[pool].busy_time(self.now)).sum()
    }

    /// Returns the average share of the running instances' slots that has been in use since the
    /// last decision.
    fn utilization_since(&mut self, scaler: u32) -> f64 {
        let plan = self.plan.autoscalers[scaler as usize];
        let first = self.plan.stations[plan.station as usize].instances.start;
        let capacity = self.plan.pools[self.plan.instances[first as usize].slots as usize].capacity;
        let busy = self.busy_time(scaler);
        let state = &mut self.state.autoscalers[scaler as usize];
        let since = busy - std::mem::replace(&mut state.busy_before, busy);
        let slots = f64::from(capacity) * f64::from(state.running.max(1));
        since as f64 / plan.settings.interval.as_nanos() as f64 / slots
    }

    /// Kills a process that has accepted one request more than its memory holds. This always goes
    /// through the event list, so that nothing from this instant is still on its way to its frames.
    pub fn run_out_of_memory(&mut self, instance: u32) {
        if !std::mem::replace(&mut self.state.instances[instance as usize].is_dying, true) {
            self.schedule.after(sim_core::SimDuration::ZERO, Event::OutOfMemory { instance });
        }
    }

    /// Kills a process with all its work, and schedules its restart.
    #[cold]
    pub fn out_of_memory(&mut self, instance: u32) {
        let state = &mut self.state.instances[instance as usize];
        state.crashes += 1;
        state.note_disturbance();
        self.state.faults_in_force += 1;
        let gate = self.plan.instances[instance as usize].gate;
        debug_assert!(gate != NONE, "only an instance with a limit runs out of memory");
        if let Some(memory) = self.plan.gates[gate as usize].memory {
            self.state.recorder.out_of_memory(self.now, instance, memory.restart);
            self.schedule.after(memory.restart, Event::Restarted { instance });
        }
        self.lose_work_of(instance);
    }

    /// Puts a killed process back into service.
    #[cold]
    pub fn restarted(&mut self, instance: u32) {
        let state = &mut self.state.instances[instance as usize];
        state.crashes -= 1;
        state.is_dying = false;
        state.note_disturbance();
        self.state.faults_in_force -= 1;
    }
}

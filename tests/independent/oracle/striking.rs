//! The effects of faults on instances.

use super::super::net::{Fault, Strike};
use super::pool::PoolName;
use super::{Event, Oracle};

impl Oracle<'_> {
    pub(super) fn fault_begins(&mut self, fault: &Fault) {
        let Some(struck) = fault.strike.struck() else { return };
        for &instance in &struck.instances {
            let state = &mut self.instances[struck.service][instance];
            match fault.strike {
                Strike::Crash(_) => self.crash(struck.service, instance),
                Strike::Pause(_) => state.paused += 1,
                Strike::Refuse(_) => state.refusing += 1,
                _ => {}
            }
        }
    }

    pub(super) fn fault_ends(&mut self, fault: &Fault) {
        let Some(struck) = fault.strike.struck() else { return };
        for &instance in &struck.instances {
            let state = &mut self.instances[struck.service][instance];
            match fault.strike {
                Strike::Crash(_) => state.crashed -= 1,
                Strike::Pause(_) => {
                    state.paused -= 1;
                    self.catch_up(struck.service, instance);
                }
                Strike::Refuse(_) => state.refusing -= 1,
                _ => {}
            }
        }
    }

    /// An instance goes on with what it has missed.
    fn catch_up(&mut self, service: usize, instance: usize) {
        while self.instances[service][instance].paused == 0
            && let Some(event) = self.instances[service][instance].missed.pop_front()
        {
            self.handle(event);
        }
    }

    fn crash(&mut self, service: usize, instance: usize) {
        let is_here = |visit: &usize| {
            let visit = &self.visits[*visit];
            (visit.service, visit.instance) == (service, instance) && !visit.is_gone
        };
        let lost: Vec<usize> = (0..self.visits.len()).filter(is_here).collect();
        self.instances[service][instance].crashed += 1;
        let missed = std::mem::take(&mut self.instances[service][instance].missed);
        for visit in &lost {
            self.visits[*visit].is_gone = true;
        }
        self.forget_process(service, instance);
        for visit in lost {
            self.respond(self.visits[visit].request, "refused");
        }
        for event in missed {
            if let Event::Accepted(request) = event {
                self.respond(request, "refused");
            }
        }
    }

    /// Lets everything die that a process kept in its memory.
    fn forget_process(&mut self, service: usize, instance: usize) {
        let here = Some((service, instance));
        for call in 0..self.calls.len() {
            if !self.calls[call].is_over && self.calling_instance(call) == here {
                self.lose_call(call);
            }
        }
        for pool in 0..self.pools.len() {
            let is_here = match self.pools[pool].name {
                PoolName::Threads { service, instance }
                | PoolName::Processors { service, instance }
                | PoolName::Own { service, instance } => Some((service, instance)) == here,
                PoolName::Bulkhead { edge, instance: caller, .. } => {
                    self.is_caller(edge, service) && caller == instance
                }
            };
            if is_here {
                self.pools[pool].die(self.now);
            }
        }
        for breaker in 0..self.breakers.len() {
            let state = &self.breakers[breaker];
            if self.is_caller(state.edge, service) && state.caller == Some(instance) {
                self.breakers[breaker].die();
                self.breaker_changed(breaker);
            }
        }
        let net = self.net;
        let is_here = |edge: usize, caller: usize| {
            net.edges[edge].caller == super::Calling::Service(service) && caller == instance
        };
        self.successes.retain(|(edge, caller), _| !is_here(*edge, *caller));
        self.admitted.retain(|(edge, _, caller), _| !is_here(*edge, *caller));
    }

    fn is_caller(&self, edge: usize, service: usize) -> bool {
        self.net.edges[edge].caller == super::Calling::Service(service)
    }
}

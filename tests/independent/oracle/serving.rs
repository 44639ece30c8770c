//! What instances do with requests, and what faults do to instances.

use super::super::net::{Fault, Step, Strike};
use super::{At, Caller, Event, Oracle, Visit};

impl Oracle<'_> {
    pub(super) fn arrives(&mut self, request: usize) {
        if self.is_cut(request) {
            return;
        }
        let service = self.net.edges[self.edge_of(request)].callee;
        let instance = self.requests[request].target;
        let state = &self.instances[service][instance];
        if state.crashed > 0 {
            return self.respond(request, "refused");
        }
        if state.paused > 0 {
            return self.instances[service][instance].missed.push_back(Event::Accepted(request));
        }
        self.accepted(request);
    }

    pub(super) fn accepted(&mut self, request: usize) {
        let service = self.net.edges[self.edge_of(request)].callee;
        let instance = self.requests[request].target;
        let state = &self.instances[service][instance];
        let plan = &self.net.services[service];
        let (busy, waiting) = (state.busy, state.queue.len() as u32);
        if busy >= plan.threads && plan.queue.is_some_and(|queue| waiting >= queue) {
            return self.respond(request, "queue full");
        }
        let visit = self.visits.len();
        self.requests[request].visit = Some(visit);
        let instance = (service, instance);
        self.visits.push(Visit { request, instance, step: 0, at: At::Queue });
        if busy < plan.threads {
            self.instances[service][instance.1].busy += 1;
            self.step(visit);
        } else {
            self.instances[service][instance.1].queue.push_back(visit);
            if let Some(limit) = plan.max_wait {
                self.plan(self.now + limit, Event::WaitEnds(visit));
            }
        }
    }

    /// Keeps an event for the end of the pause if the instance of a visit is paused.
    pub(super) fn is_missed(&mut self, visit: usize, event: Event) -> bool {
        let (service, instance) = self.visits[visit].instance;
        let state = &mut self.instances[service][instance];
        if state.paused > 0 {
            state.missed.push_back(event);
        }
        state.paused > 0
    }

    pub(super) fn step(&mut self, visit: usize) {
        let (service, instance) = self.visits[visit].instance;
        let plan = &self.net.services[service];
        match plan.steps.get(self.visits[visit].step) {
            None => self.leave(visit, "ok"),
            Some(Step::Work(length)) => {
                self.visits[visit].at = At::Work;
                self.plan(self.now + length, Event::WorkEnds(visit));
            }
            Some(Step::Calls(edges)) => {
                self.visits[visit].at = At::Calls { pending: edges.len(), has_failed: false };
                for edge in edges {
                    if self.visits[visit].at != At::Gone {
                        self.begin_call(*edge, plan.region_of(instance), Caller::Visit(visit));
                    }
                }
            }
        }
    }

    /// The thread goes to the first that waits, and the answer to the caller.
    pub(super) fn leave(&mut self, visit: usize, outcome: &'static str) {
        self.give_back(visit);
        self.respond(self.visits[visit].request, outcome);
    }

    pub(super) fn give_back(&mut self, visit: usize) {
        self.visits[visit].at = At::Gone;
        let (service, instance) = self.visits[visit].instance;
        let state = &mut self.instances[service][instance];
        match state.queue.pop_front() {
            Some(next) => self.step(next),
            None => state.busy -= 1,
        }
    }

    pub(super) fn respond(&mut self, request: usize, outcome: &'static str) {
        if self.is_cut(request) {
            return;
        }
        match self.latency(request) {
            0 => self.answered(request, outcome),
            latency => self.plan(self.now + latency, Event::Answer { request, outcome }),
        }
    }

    /// Nobody waits for the answer any longer: the callee stops.
    pub(super) fn cancelled(&mut self, request: usize) {
        if self.is_cut(request) {
            return;
        }
        let service = self.net.edges[self.edge_of(request)].callee;
        let instance = self.requests[request].target;
        let state = &mut self.instances[service][instance];
        if state.paused > 0 {
            return state.missed.push_back(Event::Cancelled(request));
        }
        let Some(visit) = self.requests[request].visit else { return };
        match self.visits[visit].at {
            At::Gone => {}
            At::Queue => {
                self.visits[visit].at = At::Gone;
                self.instances[service][instance].queue.retain(|it| *it != visit);
            }
            At::Work | At::Calls { .. } => {
                self.abandon_calls(visit);
                self.give_back(visit);
            }
        }
    }

    pub(super) fn abandon_calls(&mut self, visit: usize) {
        for call in &mut self.calls {
            call.is_over |= matches!(call.caller, Caller::Visit(it) if it == visit);
        }
    }

    pub(super) fn fault_begins(&mut self, fault: &Fault) {
        for &(service, instance) in fault.strike.instances() {
            match fault.strike {
                Strike::Crash(_) => self.crash(service, instance),
                Strike::Pause(_) => self.instances[service][instance].paused += 1,
                _ => self.instances[service][instance].refusing += 1,
            }
        }
    }

    pub(super) fn fault_ends(&mut self, fault: &Fault) {
        for &(service, instance) in fault.strike.instances() {
            let state = &mut self.instances[service][instance];
            match fault.strike {
                Strike::Crash(_) => state.crashed -= 1,
                Strike::Pause(_) => {
                    state.paused -= 1;
                    while self.instances[service][instance].paused == 0
                        && let Some(event) = self.instances[service][instance].missed.pop_front()
                    {
                        self.handle(event);
                    }
                }
                _ => state.refusing -= 1,
            }
        }
    }

    pub(super) fn inside(&self, service: usize, instance: usize) -> Vec<usize> {
        let here = |visit: &usize| {
            let state = &self.visits[*visit];
            state.instance == (service, instance) && state.at != At::Gone
        };
        (0..self.visits.len()).filter(here).collect()
    }

    pub(super) fn crash(&mut self, service: usize, instance: usize) {
        let lost = self.inside(service, instance);
        let state = &mut self.instances[service][instance];
        state.crashed += 1;
        state.busy = 0;
        state.queue.clear();
        let missed = std::mem::take(&mut state.missed);
        for visit in &lost {
            self.visits[*visit].at = At::Gone;
            self.abandon_calls(*visit);
        }
        for visit in lost {
            self.respond(self.visits[visit].request, "refused");
        }
        for event in missed {
            if let Event::Accepted(request) = event {
                self.respond(request, "refused");
            }
        }
    }
}

//! The work of instances on requests.

use super::super::net::{Fault, Strike};
use super::pool::{PoolName, Taken, Waiter};
use super::{Event, Oracle, Visit};

impl Oracle<'_> {
    pub(super) fn arrives(&mut self, request: usize) {
        if self.is_cut(request) || self.requests[request].is_cancelled {
            return;
        }
        let state = &mut self.instances[self.net.edges[self.requests[request].edge].callee]
            [self.requests[request].target];
        if state.crashed > 0 {
            return self.respond(request, "refused");
        }
        if state.paused > 0 {
            return state.missed.push_back(Event::Accepted(request));
        }
        self.accepted(request);
    }

    pub(super) fn accepted(&mut self, request: usize) {
        let (service, instance) = (self.callee_of(request), self.requests[request].target);
        let visit = self.visits.len();
        let pool = self.pool(PoolName::Threads { service, instance });
        let taken = self.pools[pool].take(self.now, Waiter::Visit(visit));
        if taken == Taken::Full {
            return self.respond(request, "queue full");
        }
        self.requests[request].visit = Some(visit);
        self.visits.push(Visit {
            request,
            service,
            instance,
            deadline: self.requests[request].deadline,
            is_waiting: taken != Taken::Granted,
            is_gone: false,
            is_degraded: false,
            fails_later: None,
        });
        match (taken, self.net.services[service].slots.max_wait) {
            (Taken::Granted, _) => self.visit_begins(visit),
            (Taken::Waits(ticket), Some(most)) => {
                self.plan(self.now + most, Event::WaitEnds { pool, ticket });
            }
            _ => {}
        }
    }

    /// The failure that a fault makes an instance answer with.
    fn error_of(&self, service: usize, instance: usize) -> Option<&'static str> {
        let errors = self.in_force().filter_map(|fault: &Fault| match &fault.strike {
            Strike::Errors(struck, outcome)
                if struck.service == service && struck.instances.contains(&instance) =>
            {
                Some(*outcome)
            }
            _ => None,
        });
        errors.into_iter().next()
    }

    pub(super) fn visit_begins(&mut self, visit: usize) {
        let state = &mut self.visits[visit];
        state.is_waiting = false;
        let (service, instance) = (state.service, state.instance);
        if self.is_expired(visit) {
            return self.leave(visit, "expired");
        }
        if let Some(outcome) = self.error_of(service, instance) {
            return self.leave(visit, outcome);
        }
        let steps = &self.net.services[service].steps;
        let strand = self.add_strand(visit, None, steps, 1);
        self.go_on(strand);
    }

    /// True if the time is up that its caller waits.
    pub(super) fn is_expired(&self, visit: usize) -> bool {
        self.visits[visit].deadline.is_some_and(|deadline| self.now >= deadline)
    }

    pub(super) fn wait_ends(&mut self, pool: usize, ticket: u64) {
        let Some(waiter) = self.pools[pool].waits(ticket) else { return };
        let visit = match waiter {
            Waiter::Visit(visit) => Some(visit),
            Waiter::Processor(strand) | Waiter::Pool(strand) => Some(self.strands[strand].visit),
            Waiter::Call { .. } => None,
        };
        if visit.is_some_and(|it| self.is_missed(it, Event::WaitEnds { pool, ticket })) {
            return;
        }
        self.pools[pool].expire(self.now, ticket);
        match waiter {
            Waiter::Visit(visit) => {
                self.visits[visit].is_gone = true;
                self.respond(self.visits[visit].request, "wait exceeded");
            }
            Waiter::Processor(_) => {}
            Waiter::Pool(strand) => self.strand_ends(strand, Some("server error")),
            Waiter::Call { call, layer } => self.ascend(call, layer, "rejected by bulkhead"),
        }
    }

    /// Keeps an event for the end of the pause if the instance of a visit is paused.
    pub(super) fn is_missed(&mut self, visit: usize, event: Event) -> bool {
        let (service, instance) = (self.visits[visit].service, self.visits[visit].instance);
        let state = &mut self.instances[service][instance];
        if state.paused > 0 {
            state.missed.push_back(event);
        }
        state.paused > 0
    }

    /// The answer goes to the caller, and the thread to the first that waits.
    pub(super) fn leave(&mut self, visit: usize, outcome: &'static str) {
        self.visits[visit].is_gone = true;
        self.respond(self.visits[visit].request, outcome);
        self.release_thread(visit);
    }

    fn release_thread(&mut self, visit: usize) {
        let (service, instance) = (self.visits[visit].service, self.visits[visit].instance);
        let pool = self.pool(PoolName::Threads { service, instance });
        self.release(pool);
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
        let (service, instance) = (self.callee_of(request), self.requests[request].target);
        let state = &mut self.instances[service][instance];
        if state.paused > 0 {
            return state.missed.push_back(Event::Cancelled(request));
        }
        let Some(visit) = self.requests[request].visit else {
            self.requests[request].is_cancelled = true;
            return;
        };
        if self.visits[visit].is_gone {
            return;
        }
        self.visits[visit].is_gone = true;
        if self.visits[visit].is_waiting {
            let pool = self.pool(PoolName::Threads { service, instance });
            return self.pools[pool].forget(self.now, Waiter::Visit(visit));
        }
        for call in self.calls_of(visit) {
            self.abandon(call);
        }
        self.release_strands(visit);
        self.release_thread(visit);
    }
}

//! Calls, their attempts and requests, and what of them gets through.

use super::super::net::{Fault, Strike};
use super::{At, Call, Caller, Event, Oracle, Request};

impl Oracle<'_> {
    pub(super) fn begin_call(&mut self, edge: usize, region: usize, caller: Caller) {
        let call = self.calls.len();
        self.calls.push(Call {
            edge,
            caller,
            region,
            attempt: 0,
            target: usize::MAX,
            requests: Vec::new(),
            open: 0,
            is_over: false,
        });
        if let Some(limit) = self.net.edges[edge].call_timeout {
            self.plan(self.now + limit, Event::CallTimesOut(call));
        }
        self.attempt(call);
    }

    pub(super) fn attempt(&mut self, call: usize) {
        let plan = &self.net.edges[self.calls[call].edge];
        self.calls[call].attempt += 1;
        self.calls[call].requests.clear();
        self.calls[call].open = 0;
        let attempt = self.calls[call].attempt;
        if let Some(limit) = plan.timeout {
            self.plan(self.now + limit, Event::AttemptTimesOut { call, attempt });
        }
        if let Some((delay, _)) = plan.hedge {
            self.plan(self.now + delay, Event::Hedge { call, attempt });
        }
        if attempt == 1 {
            self.calls[call].target = self.choose(call);
        }
        self.send(call, self.calls[call].target);
    }

    pub(super) fn hedge(&mut self, call: usize, attempt: u32) {
        let state = &self.calls[call];
        let Some((delay, most)) = self.net.edges[state.edge].hedge else { return };
        if state.is_over || state.attempt != attempt || state.open == 0 {
            return;
        }
        if state.requests.len() + 1 < most {
            self.plan(self.now + delay, Event::Hedge { call, attempt });
        }
        let target = self.choose(call);
        self.send(call, target);
    }

    pub(super) fn choose(&mut self, call: usize) -> usize {
        let state = &self.calls[call];
        let turn = self.turns.entry((state.edge, state.region)).or_insert(0);
        let chosen = *turn % self.net.services[self.net.edges[state.edge].callee].instances;
        *turn += 1;
        chosen
    }

    pub(super) fn send(&mut self, call: usize, target: usize) {
        let request = self.requests.len();
        let state = &mut self.calls[call];
        self.requests.push(Request { call, attempt: state.attempt, target, visit: None });
        state.requests.push(request);
        state.open += 1;
        self.edges[state.edge].attempts += 1;
        if self.is_cut(request) {
            return;
        }
        let service = self.net.edges[self.edge_of(request)].callee;
        if self.instances[service][target].refusing > 0 {
            return self.answered(request, "refused");
        }
        match self.latency(request) {
            0 => self.arrives(request),
            latency => self.plan(self.now + latency, Event::Arrives(request)),
        }
    }

    pub(super) fn edge_of(&self, request: usize) -> usize {
        self.calls[self.requests[request].call].edge
    }

    pub(super) fn regions_of(&self, request: usize) -> (usize, usize) {
        let callee = &self.net.services[self.net.edges[self.edge_of(request)].callee];
        let target = callee.region_of(self.requests[request].target);
        (self.calls[self.requests[request].call].region, target)
    }

    pub(super) fn latency(&self, request: usize) -> u64 {
        let (from, to) = self.regions_of(request);
        self.net.edges[self.edge_of(request)].latency + self.net.between(from, to)
    }

    pub(super) fn is_in_force(&self, fault: &Fault) -> bool {
        (fault.at..fault.at + fault.lasts).contains(&self.now)
    }

    /// True if nothing gets through between the caller and the instance of a request.
    pub(super) fn is_cut(&self, request: usize) -> bool {
        let (edge, (from, to)) = (self.edge_of(request), self.regions_of(request));
        self.net.faults.iter().filter(|fault| self.is_in_force(fault)).any(|fault| {
            match fault.strike {
                Strike::BlackHole(which) => which == edge,
                Strike::Cut(one, other) => (one, other) == (from, to) || (other, one) == (from, to),
                _ => false,
            }
        })
    }

    pub(super) fn answered(&mut self, request: usize, outcome: &'static str) {
        let (call, attempt) = (self.requests[request].call, self.requests[request].attempt);
        let state = &mut self.calls[call];
        let is_late = state.is_over || state.attempt != attempt || state.open == 0;
        if is_late || self.is_cut(request) {
            return;
        }
        let state = &mut self.calls[call];
        state.open -= 1;
        if outcome != "ok" && state.open > 0 {
            state.requests.retain(|it| *it != request);
            state.requests.insert(0, request);
            return;
        }
        state.open = 0;
        if self.net.edges[state.edge].cancels_losers {
            for loser in state.requests.clone().into_iter().filter(|it| *it != request) {
                match self.latency(loser) {
                    0 => self.cancelled(loser),
                    latency => self.plan(self.now + latency, Event::Cancelled(loser)),
                }
            }
        }
        self.attempt_ended(call, outcome);
    }

    pub(super) fn attempt_ended(&mut self, call: usize, outcome: &'static str) {
        let state = &mut self.calls[call];
        let (most, backoff) = self.net.edges[state.edge].retry;
        state.open = 0;
        if outcome == "ok" || state.attempt >= most {
            return self.call_ended(call, outcome);
        }
        self.plan(self.now + backoff, Event::Retry(call));
    }

    pub(super) fn call_ended(&mut self, call: usize, outcome: &'static str) {
        self.calls[call].is_over = true;
        *self.edges[self.calls[call].edge].ended.entry(outcome).or_default() += 1;
        match self.calls[call].caller {
            Caller::Workload { which, since } => {
                let counts = &mut self.workloads[which];
                *counts.ended.entry(outcome).or_default() += 1;
                counts.latency += self.now - since;
            }
            Caller::Visit(visit) => {
                let At::Calls { pending, has_failed } = self.visits[visit].at else { return };
                let has_failed = has_failed || outcome != "ok";
                if pending > 1 {
                    self.visits[visit].at = At::Calls { pending: pending - 1, has_failed };
                } else if has_failed {
                    self.leave(visit, "server error");
                } else {
                    self.visits[visit].step += 1;
                    self.step(visit);
                }
            }
        }
    }
}

//! Requests on their way between callers and instances.

use super::super::net::{Fault, Slow, Strike};
use super::{Event, Noted, Oracle};

impl Oracle<'_> {
    pub(super) fn send_attempt(&mut self, call: usize) {
        self.planned += 1;
        let sending = self.planned;
        let state = &mut self.calls[call];
        state.sending = sending;
        state.requests.clear();
        state.open = 0;
        if let Some((delay, _)) = self.net.edges[state.edge].hedge {
            self.plan(self.now + delay, Event::Hedge { call, sending });
        }
        let inside = self.calls[call].layers.len();
        let target = self.target(call, inside);
        self.send(call, target);
    }

    /// The call that an attempt now belongs to: it may go on in a pool of threads.
    fn sender(&self, call: usize, sending: u64) -> Option<usize> {
        let is_it = |it: usize| self.calls[it].sending == sending && self.calls[it].open > 0;
        let found = (call..self.calls.len()).find(|it| is_it(*it))?;
        (!self.calls[found].is_over).then_some(found)
    }

    pub(super) fn hedge(&mut self, call: usize, sending: u64) {
        let Some(call) = self.sender(call, sending) else { return };
        let state = &self.calls[call];
        let Some((delay, most)) = self.net.edges[state.edge].hedge else { return };
        if state.requests.len() + 1 < most {
            self.plan(self.now + delay, Event::Hedge { call, sending });
        }
        let target = self.choose(call);
        self.send(call, target);
    }

    /// The instance that a call goes to, chosen at a guard or when it is sent.
    pub(super) fn target(&mut self, call: usize, layer: usize) -> usize {
        if let Some((target, _)) = self.calls[call].target {
            return target;
        }
        let target = self.choose(call);
        self.calls[call].target = Some((target, layer));
        target
    }

    fn choose(&mut self, call: usize) -> usize {
        let state = &self.calls[call];
        let turn = self.turns.entry((state.edge, state.region)).or_insert(0);
        let chosen = *turn % self.net.services[self.net.edges[state.edge].callee].instances;
        *turn += 1;
        chosen
    }

    fn send(&mut self, call: usize, target: usize) {
        let request = self.requests.len();
        let deadline = self.deadline(call);
        let state = &mut self.calls[call];
        self.requests.push(super::Request {
            call,
            sending: state.sending,
            edge: state.edge,
            region: state.region,
            target,
            deadline,
            visit: None,
            is_cancelled: false,
        });
        state.requests.push(request);
        state.open += 1;
        let edge = state.edge;
        self.note(Noted::Attempt(edge));
        if self.is_cut(request) {
            return;
        }
        let service = self.net.edges[edge].callee;
        let is_refused =
            |fault: &Fault| matches!(fault.strike, Strike::RefuseEdge(it) if it == edge);
        if self.instances[service][target].refusing > 0 || self.in_force().any(is_refused) {
            return self.answered(request, "refused");
        }
        match self.latency(request) {
            0 => self.arrives(request),
            latency => self.plan(self.now + latency, Event::Arrives(request)),
        }
    }

    pub(super) fn callee_of(&self, request: usize) -> usize {
        self.net.edges[self.requests[request].edge].callee
    }

    fn regions_of(&self, request: usize) -> (usize, Option<usize>) {
        let callee = &self.net.services[self.callee_of(request)];
        let target = (!callee.is_database).then(|| callee.region_of(self.requests[request].target));
        (self.requests[request].region, target)
    }

    pub(super) fn latency(&self, request: usize) -> u64 {
        let (from, to) = self.regions_of(request);
        let edge = self.requests[request].edge;
        let slow = self.in_force().filter_map(|fault| match fault.strike {
            Strike::SlowEdge(it, slow) if it == edge => Some(slow),
            _ => None,
        });
        slowed(self.net.edges[edge].latency, slow) + to.map_or(0, |to| self.net.between(from, to))
    }

    /// The faults in force, in the order in which they began.
    pub(super) fn in_force(&self) -> impl Iterator<Item = &Fault> {
        let now = self.now;
        let faults = self.net.faults.iter();
        let mut faults: Vec<&Fault> =
            faults.filter(|it| (it.at..it.at + it.lasts).contains(&now)).collect();
        faults.sort_by_key(|it| it.at);
        faults.into_iter()
    }

    /// True if nothing gets through between the caller and the instance of a request.
    pub(super) fn is_cut(&self, request: usize) -> bool {
        let (edge, (from, to)) = (self.requests[request].edge, self.regions_of(request));
        self.in_force().any(|fault| match fault.strike {
            Strike::BlackHole(which) => which == edge,
            Strike::Cut(one, other) => {
                (one, Some(other)) == (from, to) || (other, Some(one)) == (from, to)
            }
            _ => false,
        })
    }

    pub(super) fn answered(&mut self, request: usize, outcome: &'static str) {
        let sent = &self.requests[request];
        let (call, sending) = (sent.call, sent.sending);
        let state = &self.calls[call];
        let is_late = state.is_over || state.sending != sending || state.open == 0;
        if is_late || self.is_cut(request) {
            return;
        }
        let state = &mut self.calls[call];
        state.open -= 1;
        let is_good = outcome == "ok" || outcome == "degraded";
        if !is_good && state.open > 0 {
            return;
        }
        state.open = 0;
        if self.net.edges[state.edge].cancels_losers {
            self.cancel(call, request);
        }
        let depth = self.calls[call].depth;
        self.ascend(call, depth, outcome);
    }

    /// Tells the callee of a call that is given up, if the call does so.
    pub(super) fn cancel_requests(&mut self, call: usize, except: usize) {
        let state = &self.calls[call];
        if self.net.edges[state.edge].cancels && state.open > 0 {
            self.cancel(call, except);
        }
    }

    fn cancel(&mut self, call: usize, except: usize) {
        for loser in self.calls[call].requests.clone().into_iter().filter(|it| *it != except) {
            match self.latency(loser) {
                0 => self.cancelled(loser),
                latency => self.plan(self.now + latency, Event::Cancelled(loser)),
            }
        }
    }
}

/// A time with the faults that are in force.
pub(super) fn slowed(time: u64, slow: impl Iterator<Item = Slow>) -> u64 {
    let (mut factor, mut added, mut time) = (1, 0, time);
    for slow in slow {
        match slow {
            Slow::By(by) => factor *= by,
            Slow::Adding(more) => added += more,
            Slow::To(other) => time = other,
        }
    }
    time * factor + added
}

//! The guards of a call, on its way in and on the way out of its outcome.

use super::super::net::{Backoff, Breaker, Bulkhead, Guard, RateLimit, Retry, Scope};
use super::breaker::BreakerState;
use super::pool::{PoolName, Taken, Waiter};
use super::{Caller, Event, Noted, Oracle};

/// Outcomes that say something about the callee.
const FAILURES: [&str; 7] =
    ["server error", "timeout", "refused", "queue full", "wait exceeded", "expired", "shed"];

impl<'a> Oracle<'a> {
    /// The guards of a call; the plan outlives the call.
    fn guards(&self, call: usize) -> &'a [Guard] {
        &self.net.edges[self.calls[call].edge].guards
    }

    /// A call passes its guards from `layer` on, and is sent after the last.
    pub(super) fn descend(&mut self, call: usize, layer: usize) {
        for layer in layer..self.guards(call).len() {
            let is_let_in = match &self.guards(call)[layer] {
                Guard::RateLimit(plan) => self
                    .is_within(call, layer, *plan)
                    .map_or(Some("rejected by rate limit"), |()| None),
                Guard::Timeout(limit) => {
                    let timer = self.timer(call, layer);
                    self.calls[call].layers[layer].since = self.now;
                    self.plan(self.now + limit, Event::TimesOut(timer));
                    None
                }
                Guard::Bulkhead(_) => match self.take_slot(call, layer) {
                    Taken::Granted => None,
                    Taken::Full => Some("rejected by bulkhead"),
                    Taken::Waits(_) => return,
                },
                Guard::Breaker(plan) => self.ask_breaker(call, layer, plan),
                Guard::Retry(_) => {
                    self.calls[call].layers[layer].attempts = 1;
                    None
                }
            };
            if let Some(rejection) = is_let_in {
                return self.ascend(call, layer, rejection);
            }
            self.calls[call].depth = layer + 1;
        }
        self.send_attempt(call);
    }

    fn timer(&mut self, call: usize, layer: usize) -> u64 {
        self.planned += 1;
        self.timers.insert(self.planned, (call, layer));
        self.calls[call].layers[layer].timer = self.planned;
        self.planned
    }

    fn is_within(&mut self, call: usize, layer: usize, plan: RateLimit) -> Option<()> {
        let (edge, instance) = (self.calls[call].edge, self.calls[call].instance);
        let now = self.now;
        let admitted = self.admitted.entry((edge, layer, instance)).or_default();
        let counts = |at: &&u64| {
            if plan.is_sliding {
                now - **at < plan.span
            } else {
                *at / plan.span == now / plan.span
            }
        };
        let is_free = admitted.iter().filter(counts).count() < plan.calls as usize;
        is_free.then(|| admitted.push(now))
    }

    fn bulkhead(&mut self, call: usize, layer: usize) -> usize {
        let (edge, instance) = (self.calls[call].edge, self.calls[call].instance);
        self.pool(PoolName::Bulkhead { edge, layer, instance })
    }

    fn take_slot(&mut self, call: usize, layer: usize) -> Taken {
        let pool = self.bulkhead(call, layer);
        self.calls[call].depth = layer;
        let taken = self.pools[pool].take(self.now, Waiter::Call { call, layer });
        match (taken, self.pools[pool].max_wait) {
            (Taken::Granted, _) => self.calls[call].layers[layer].is_held = true,
            (Taken::Waits(ticket), Some(most)) => {
                self.plan(self.now + most, Event::WaitEnds { pool, ticket });
            }
            _ => {}
        }
        taken
    }

    fn ask_breaker(
        &mut self,
        call: usize,
        layer: usize,
        plan: &'a Breaker,
    ) -> Option<&'static str> {
        let breaker = self.breaker(call, layer, plan);
        let is_let_through = self.breakers[breaker].lets_through(self.now);
        self.breaker_changed(breaker);
        if !is_let_through {
            self.note(Noted::BreakerRejects(self.breakers[breaker].name.clone()));
            return Some("rejected by breaker");
        }
        let generation = self.breakers[breaker].generation;
        let kept = &mut self.calls[call].layers[layer];
        (kept.breaker, kept.generation, kept.since) = (breaker, generation, self.now);
        kept.is_watched = true;
        None
    }

    /// The number of the breaker that a call has to ask, made when somebody asks it first.
    fn breaker(&mut self, call: usize, layer: usize, plan: &'a Breaker) -> usize {
        let callee = (plan.scope == Scope::CalleeInstance).then(|| self.target(call, layer));
        let state = &self.calls[call];
        let caller = (plan.scope != Scope::Shared).then_some(state.instance);
        let edge = state.edge;
        let found = self
            .breakers
            .iter()
            .position(|it| (it.edge, it.caller, it.callee) == (edge, caller, callee));
        found.unwrap_or_else(|| {
            let edge_plan = &self.net.edges[edge];
            let name = self.net.name(edge_plan);
            let (from, to) = name.split_once(" -> ").expect("the name of an edge has an arrow");
            let numbered = |name: &str, instance: Option<usize>, all: usize| match instance {
                Some(instance) if all > 1 => format!("{name}#{}", instance + 1),
                _ => name.to_owned(),
            };
            let from = numbered(from, caller, self.net.callers(edge_plan));
            let to = numbered(to, callee, self.net.services[edge_plan.callee].instances);
            let mut made = BreakerState::new(plan, edge, format!("{from} -> {to}"));
            (made.caller, made.callee) = (caller, callee);
            self.breakers.push(made);
            self.breakers.len() - 1
        })
    }

    /// Notes the changes of a breaker, and plans the next that it makes by itself.
    pub(super) fn breaker_changed(&mut self, breaker: usize) {
        let state = &mut self.breakers[breaker];
        let changes = std::mem::take(&mut state.changes);
        let name = state.name.clone();
        if let Some(at) = state.turns_at.take() {
            let number = state.generation;
            self.plan(at, Event::BreakerTurns { breaker, number });
        }
        for state in changes {
            self.note(Noted::Breaker { name: name.clone(), state });
        }
    }

    /// An outcome passes the guards outside of `layer`, from the inside out.
    pub(super) fn ascend(&mut self, call: usize, layer: usize, outcome: &'static str) {
        for layer in (self.calls[call].floor..layer).rev() {
            if let (Guard::Retry(plan), false) =
                (&self.guards(call)[layer], self.calls[call].is_over)
                && self.plan_retry(call, layer, plan, outcome)
            {
                return;
            }
            self.leave_guard(call, layer, outcome);
        }
        if !self.calls[call].is_over {
            self.calls[call].depth = 0;
            self.passed(call, outcome);
        }
    }

    /// True if a call is tried again.
    fn plan_retry(&mut self, call: usize, layer: usize, plan: &Retry, outcome: &str) -> bool {
        let attempts = self.calls[call].layers[layer].attempts;
        if !FAILURES.contains(&outcome) || attempts >= plan.attempts {
            return false;
        }
        let next = self.now + backoff(plan.backoff, attempts);
        if self.calls[call].deadline.is_some_and(|deadline| next >= deadline) {
            return false;
        }
        // From now on the choice is known out here, whatever goes on further in.
        if let Some((_, chosen_at)) = &mut self.calls[call].target {
            *chosen_at = layer.min(*chosen_at);
        }
        self.calls[call].depth = layer + 1;
        let timer = self.timer(call, layer);
        self.plan(next, Event::Retry(timer));
        true
    }

    pub(super) fn retry(&mut self, timer: u64) {
        let (call, layer) = self.timers[&timer];
        let state = &mut self.calls[call];
        if state.is_over || state.layers[layer].timer != timer {
            return;
        }
        state.layers[layer].timer = 0;
        state.layers[layer].attempts += 1;
        if self.net.edges[state.edge].chooses_anew {
            state.target = None;
        }
        self.descend(call, layer + 1);
    }

    /// A guard sees an outcome, and lets go of the call.
    fn leave_guard(&mut self, call: usize, layer: usize, outcome: &'static str) {
        let kept = &mut self.calls[call].layers[layer];
        kept.timer = 0;
        if std::mem::take(&mut kept.is_watched) {
            let (breaker, generation, since) = (kept.breaker, kept.generation, kept.since);
            if outcome.starts_with("rejected") {
                self.breakers[breaker].no_result(generation);
            } else {
                let is_failure = FAILURES.contains(&outcome);
                self.breakers[breaker].result(self.now, generation, is_failure, self.now - since);
            }
            self.breaker_changed(breaker);
        }
        if std::mem::take(&mut self.calls[call].layers[layer].is_held) {
            let pool = self.bulkhead(call, layer);
            self.release(pool);
        }
    }

    pub(super) fn times_out(&mut self, timer: u64) {
        let (call, layer) = self.timers[&timer];
        if self.calls[call].is_over || self.calls[call].layers[layer].timer != timer {
            return;
        }
        self.give_up_inside(call, layer + 1);
        self.leave_guard(call, layer, "timeout");
        self.ascend(call, layer, "timeout");
    }

    /// Ends everything further in than `layer` with a timeout.
    fn give_up_inside(&mut self, call: usize, layer: usize) {
        let depth = self.let_threads_go_on(call, layer, true);
        self.calls[call].open = 0;
        self.calls[call].sending = 0;
        for inner in (layer..depth).rev() {
            self.leave_guard(call, inner, "timeout");
        }
    }

    /// No call goes on beyond the deadline of the request that makes it.
    pub(super) fn deadline_passes(&mut self, call: usize) {
        let state = &self.calls[call];
        if !state.is_over && state.failure.is_empty() {
            self.give_up_inside(call, 0);
            self.passed(call, "timeout");
        }
    }

    /// The time up to which a request may be answered, if its callee is told.
    pub(super) fn deadline(&self, call: usize) -> Option<u64> {
        let state = &self.calls[call];
        let guards = self.guards(call).iter().zip(&state.layers);
        let limits = guards.filter_map(|(guard, layer)| match guard {
            Guard::Timeout(limit) if layer.timer > 0 => Some(layer.since + limit),
            _ => None,
        });
        let earliest = limits.chain(state.deadline).min();
        earliest.filter(|_| self.net.edges[state.edge].passes_deadline)
    }

    /// Gives up what is further in than `layer`, but for work in a pool of threads that is not
    /// interrupted; returns the guard up to which the call has been given up.
    pub(super) fn let_threads_go_on(
        &mut self,
        call: usize,
        layer: usize,
        is_timeout: bool,
    ) -> usize {
        let kept_at = (layer..self.calls[call].depth.max(layer)).find(|inner| {
            matches!(
                self.guards(call)[*inner],
                Guard::Bulkhead(Bulkhead::Threads { is_interruptible: false, .. })
            )
        });
        if let Some(inner) = kept_at.or_else(|| self.waits_for_thread(call)) {
            self.goes_on_alone(call, inner);
            return inner;
        }
        self.cancel_requests(call, usize::MAX);
        self.stop_waiting(call, is_timeout);
        self.calls[call].depth
    }

    /// The guard at which a call waits for a thread that is not interrupted.
    fn waits_for_thread(&self, call: usize) -> Option<usize> {
        let state = &self.calls[call];
        let guard = self.guards(call).get(state.depth)?;
        let is_thread =
            matches!(guard, Guard::Bulkhead(Bulkhead::Threads { is_interruptible: false, .. }));
        let waiter = Waiter::Call { call, layer: state.depth };
        let waits = self.pools.iter().any(|pool| pool.has(waiter));
        (is_thread && waits).then_some(state.depth)
    }

    /// Lets the part in a pool of threads go on, though the call has got an outcome.
    fn goes_on_alone(&mut self, call: usize, layer: usize) {
        let alone = self.calls.len();
        let mut state = self.calls[call].clone();
        (state.caller, state.floor) = (Caller::Nobody, layer);
        for outer in &mut state.layers[..layer] {
            *outer = super::Layer::default();
        }
        for request in &state.requests {
            self.requests[*request].call = alone;
        }
        for place in self.timers.values_mut().filter(|it| it.0 == call && it.1 >= layer) {
            place.0 = alone;
        }
        let waiter = |call| Waiter::Call { call, layer: state.depth };
        for pool in &mut self.pools {
            pool.replace(waiter(call), waiter(alone));
        }
        self.calls.push(state);
        let left = &mut self.calls[call];
        left.requests.clear();
        (left.sending, left.open) = (0, 0);
        left.target = left.target.filter(|it| it.1 < layer);
        for inner in &mut left.layers[layer..] {
            *inner = super::Layer::default();
        }
    }

    /// Ends the wait for a permit; one that a timeout ends has been too long.
    fn stop_waiting(&mut self, call: usize, is_too_long: bool) {
        let waiter = Waiter::Call { call, layer: self.calls[call].depth };
        for pool in self.pools.iter_mut().filter(|it| it.has(waiter)) {
            pool.forget(self.now, waiter);
            pool.record.expired += u64::from(is_too_long);
        }
    }

    /// A call that is abandoned gives back what it has, from the guard at `depth` outwards.
    pub(super) fn give_back(&mut self, call: usize, depth: usize) {
        for layer in (0..depth).rev() {
            let kept = &mut self.calls[call].layers[layer];
            kept.timer = 0;
            if std::mem::take(&mut kept.is_watched) {
                let (breaker, generation) = (kept.breaker, kept.generation);
                self.breakers[breaker].no_result(generation);
            }
            if std::mem::take(&mut self.calls[call].layers[layer].is_held) {
                let pool = self.bulkhead(call, layer);
                self.release(pool);
            }
        }
    }
}

/// The wait after a number of attempts.
fn backoff(backoff: Backoff, attempts: u32) -> u64 {
    match backoff {
        Backoff::Fixed(wait) => wait,
        Backoff::Exponential { first, most } => (first << (attempts - 1)).min(most),
        Backoff::Fibonacci { first, most } => {
            let (mut wait, mut next) = (first, first);
            for _ in 1..attempts {
                (wait, next) = (next, wait + next);
            }
            wait.min(most)
        }
    }
}

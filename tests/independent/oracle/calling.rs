//! Calls from their beginning to their end, with what is tried when they have failed.

use super::super::net::Fallback;
use super::{Call, Caller, Event, Layer, Noted, Oracle};

impl Oracle<'_> {
    pub(super) fn begin_call(
        &mut self,
        edge: usize,
        region: usize,
        instance: usize,
        caller: Caller,
    ) {
        let call = self.calls.len();
        let layers = vec![Layer::default(); self.net.edges[edge].guards.len()];
        let deadline = match caller {
            Caller::Strand(strand) => self.visits[self.strands[strand].visit].deadline,
            Caller::Call(first) => self.calls[first].deadline,
            Caller::Workload { .. } | Caller::Nobody => None,
        };
        if let Some(at) = deadline {
            self.plan(at, Event::DeadlinePasses(call));
        }
        self.calls.push(Call {
            edge,
            caller,
            region,
            instance,
            began: self.now,
            deadline,
            target: None,
            layers,
            depth: 0,
            floor: 0,
            sending: 0,
            requests: Vec::new(),
            open: 0,
            failure: "",
            fallback: 0,
            is_over: false,
        });
        self.note(Noted::Begun(edge));
        self.descend(call, 0);
    }

    /// The outcome has passed all guards.
    pub(super) fn passed(&mut self, call: usize, outcome: &'static str) {
        let state = &mut self.calls[call];
        if matches!(state.caller, Caller::Nobody) {
            state.is_over = true;
            return;
        }
        let (edge, instance) = (state.edge, state.instance);
        if outcome == "ok" || outcome == "degraded" {
            self.successes.insert((edge, instance), self.now);
            return self.call_ends(call, outcome);
        }
        state.failure = outcome;
        if !self.net.edges[edge].fallbacks.is_empty() {
            self.note(Noted::FellBack { edge, outcome });
        }
        self.fall_back(call);
    }

    /// Tries the next fallback.
    fn fall_back(&mut self, call: usize) {
        let state = &mut self.calls[call];
        let (edge, region, instance) = (state.edge, state.region, state.instance);
        let next = self.net.edges[edge].fallbacks.get(state.fallback);
        state.fallback += 1;
        match next {
            None => self.call_ends(call, self.calls[call].failure),
            Some(Fallback::Default) => self.call_ends(call, "degraded"),
            Some(Fallback::Cached { latency, max_age }) => {
                let last = self.successes.get(&(edge, instance));
                let is_there =
                    max_age.is_none_or(|most| last.is_some_and(|last| self.now - last <= most));
                if is_there {
                    self.plan(self.now + latency, Event::CacheAnswers(call));
                } else {
                    self.fall_back(call);
                }
            }
            Some(Fallback::Call(other)) => {
                self.begin_call(*other, region, instance, Caller::Call(call));
            }
        }
    }

    pub(super) fn cache_answers(&mut self, call: usize) {
        if !self.calls[call].is_over {
            self.call_ends(call, "degraded");
        }
    }

    fn call_ends(&mut self, call: usize, outcome: &'static str) {
        let state = &mut self.calls[call];
        state.is_over = true;
        let (edge, caller, latency) = (state.edge, state.caller, self.now - state.began);
        self.note(Noted::Ended { edge, outcome, latency });
        match caller {
            Caller::Workload { which, since } => {
                let latency = self.now - since;
                self.note(Noted::RequestEnded { workload: which, outcome, latency });
            }
            Caller::Strand(strand) => self.call_ended(strand, edge, outcome),
            Caller::Call(first) if outcome == "ok" || outcome == "degraded" => {
                self.call_ends(first, "degraded");
            }
            Caller::Call(first) => {
                self.calls[first].failure = outcome;
                self.fall_back(first);
            }
            Caller::Nobody => {}
        }
    }

    /// The calls of a visit, with those that are made in their place.
    pub(super) fn calls_of(&self, visit: usize) -> Vec<usize> {
        let belongs = |call: &usize| {
            let mut call = *call;
            while let Caller::Call(first) = self.calls[call].caller {
                call = first;
            }
            matches!(self.calls[call].caller, Caller::Strand(it) if self.strands[it].visit == visit)
        };
        (0..self.calls.len()).filter(|it| !self.calls[*it].is_over).filter(belongs).collect()
    }

    /// Nobody waits for a call any longer, and its process goes on.
    pub(super) fn abandon(&mut self, call: usize) {
        self.note(Noted::Abandoned(self.calls[call].edge));
        let depth = self.let_threads_go_on(call, 0, false);
        self.calls[call].is_over = true;
        self.give_back(call, depth);
    }

    /// The process that makes a call has died.
    pub(super) fn lose_call(&mut self, call: usize) {
        self.calls[call].is_over = true;
        if !matches!(self.calls[call].caller, Caller::Nobody) {
            self.note(Noted::Abandoned(self.calls[call].edge));
        }
        // A breaker that outlives the process gets its permit back.
        for layer in self.calls[call].layers.clone().iter().filter(|it| it.is_watched) {
            self.breakers[layer.breaker].no_result(layer.generation);
        }
        self.cancel_requests(call, usize::MAX);
    }
}

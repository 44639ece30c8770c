//! Edges: timeouts, latencies and guards between a caller and a callee.

use sim_core::Distribution;

use super::super::breaker::Breaker;
use super::super::problem::{Problem, did_you_mean};
use super::super::schema::{self, Bulkhead, Call};
use super::super::tree::normalize_edge;
use super::{Caller, Compiler, most};
use crate::OutcomeSet;
use crate::resilience::{Balance, Fallback, RetryPolicy};
use crate::system::{EdgePlan, Guard, NONE, PoolKind, PoolPlan, UNLIMITED};

impl Compiler<'_> {
    pub(super) fn guards(&mut self) {
        let scenario = self.scenario;
        let fallback_settings = scenario.defaults.calls.clone().unwrap_or_default();
        for index in 0..self.edges.len() {
            let (caller, callee) = (self.edges[index].caller, self.edges[index].callee);
            let name = self.edge_name(caller, callee);
            let own = scenario.calls.iter().find(|(written, _)| normalize_edge(written) == name).map(|(_, call)| call);
            let path = if own.is_some() { format!("calls.{name}") } else { "defaults.calls".to_owned() };
            let plan = self.edge_plan(caller, callee, own.unwrap_or(&fallback_settings), &path);
            self.blueprint.edges.push(plan);
        }
        for written in scenario.calls.keys() {
            self.check_edge_name(written);
        }
    }

    pub(super) fn caller_name(&self, caller: Caller) -> String {
        match caller {
            Caller::Workload(index) => {
                self.scenario.workloads.get_index(index as usize).map_or_else(String::new, |(name, _)| name.clone())
            }
            Caller::Station(id) => self.blueprint.stations[id as usize].name.clone(),
        }
    }

    pub(super) fn edge_name(&self, caller: Caller, callee: u32) -> String {
        format!("{} -> {}", self.caller_name(caller), self.blueprint.stations[callee as usize].name)
    }

    /// Every key under `calls:` names an edge that some handler uses.
    fn check_edge_name(&mut self, written: &str) {
        let at = self.key_at(&format!("calls.{written}"));
        let Some((caller, callee)) = written.split_once("->") else {
            self.error(at, format!("`{written}` is not an edge"), "write `caller -> callee`");
            return;
        };
        let (caller, callee) = (caller.trim(), callee.trim());
        let callers: Vec<&str> = self.scenario.workloads.keys().chain(self.stations.keys()).map(String::as_str).collect();
        let unknown =
            if callers.contains(&caller) { (!self.stations.contains_key(callee)).then_some(callee) } else { Some(caller) };
        if let Some(unknown) = unknown {
            let help = did_you_mean(unknown, callers.iter().copied())
                .map_or_else(|| "it must be defined above".to_owned(), |meant| format!("did you mean `{meant}`?"));
            self.error(at, format!("there is no `{unknown}`"), help);
            return;
        }
        let edges: Vec<String> = self.edges.iter().map(|edge| self.edge_name(edge.caller, edge.callee)).collect();
        if !edges.contains(&normalize_edge(written)) {
            self.problems.add(
                Problem::warning(format!("`{caller}` never calls `{callee}`: these settings have no effect"), at)
                    .labelled("unused")
                    .with_help(format!("calls that are made: {}", edges.join(", "))),
            );
        }
    }

    fn edge_plan(&mut self, caller: Caller, callee: u32, call: &Call, path: &str) -> EdgePlan {
        let latency = call.latency.as_ref().map_or(NONE, |latency| self.distribution(latency, &format!("{path}.latency")));
        let mut guards = Vec::new();
        self.one_of(call.timeout.is_some(), of_breaker(call, |breaker| breaker.timeout).is_some(), "timeout", path);
        let timeout = call.timeout.or(of_breaker(call, Self::timeout_of));
        let of_preset = call.breaker.as_ref().and_then(Self::bulkhead_of);
        let has_permits = of_breaker(call, |breaker| breaker.bulkhead_max_concurrent).is_some()
            || of_breaker(call, |breaker| breaker.bulkhead_max_wait).is_some();
        self.one_of(call.bulkhead.is_some(), has_permits, "bulkhead", path);
        if let Some(bulkhead) = call.bulkhead.as_ref().or(of_preset.as_ref()) {
            guards.extend(self.bulkhead(caller, callee, bulkhead, &format!("{path}.bulkhead")));
        }
        if let Some(breaker) = &call.breaker {
            guards.push(self.breaker(caller, callee, breaker, &format!("{path}.breaker")));
        }
        if let Some(retry) = &call.retry {
            let attempts = self.at_least_one(retry.attempts, "attempts", &format!("{path}.retry.attempts"));
            let on = retry.on.as_deref().map_or_else(OutcomeSet::callee_failures, OutcomeSet::of);
            guards.push(Guard::Retry(RetryPolicy { attempts: attempts.min(u32::from(u16::MAX)), backoff: retry.backoff.0, on }));
        }
        EdgePlan {
            caller: self.caller_name(caller),
            caller_first_instance: match caller {
                Caller::Workload(index) => index,
                Caller::Station(id) => self.blueprint.stations[id as usize].instances.start,
            },
            callee,
            callee_instances: self.blueprint.stations[callee as usize].instances.clone(),
            guards,
            latency,
            timeout: self.deadline(timeout, &format!("{path}.timeout")),
            connect_timeout: self.deadline(call.connect_timeout, &format!("{path}.connect timeout")),
            balance: match call.balance {
                None | Some(schema::Balance::RoundRobin) => Balance::RoundRobin,
                Some(schema::Balance::Random) => Balance::Random,
                Some(schema::Balance::LeastOutstanding) => Balance::LeastOutstanding,
            },
            is_balanced_per_attempt: call.new_instance_per_attempt.unwrap_or(false),
            fallback: call.fallback.as_ref().map(|fallback| self.fallback(fallback, &format!("{path}.fallback"))),
        }
    }

    /// What the call and its breaker's preset both say is said twice.
    fn one_of(&mut self, is_with_call: bool, is_with_breaker: bool, what: &str, path: &str) {
        if is_with_call && is_with_breaker {
            let at = self.key_at(&format!("{path}.{what}"));
            self.error(at, format!("the {what} of this call is there twice"), "write it with the call or with its breaker");
        }
    }

    fn fallback(&mut self, fallback: &schema::Fallback, path: &str) -> Fallback {
        match fallback {
            schema::Fallback::Default => Fallback::Default,
            schema::Fallback::Cached(cached) => Fallback::Cached {
                hit_rate: cached.hit_rate.0,
                latency: match &cached.latency {
                    Some(latency) => self.read_distribution(latency, &format!("{path}.cached.latency")),
                    None => Distribution::Constant { value: 0.0 },
                },
            },
        }
    }

    pub(super) fn caller_instances(&self, caller: Caller) -> u32 {
        match caller {
            Caller::Workload(_) => 1,
            Caller::Station(id) => self.blueprint.stations[id as usize].instances.len() as u32,
        }
    }

    fn bulkhead(&mut self, caller: Caller, callee: u32, bulkhead: &Bulkhead, path: &str) -> Option<Guard> {
        let (capacity, queue_limit, max_wait) = match (bulkhead.semaphore, bulkhead.threads) {
            (Some(permits), None) => {
                if bulkhead.queue.is_some() {
                    let at = self.key_at(&format!("{path}.queue"));
                    self.error(at, "a semaphore has no queue", "say how long a call may wait with `max wait`, or use `threads`");
                }
                let may_wait = bulkhead.max_wait.is_some_and(|wait| !wait.0.is_zero());
                (permits, if may_wait { UNLIMITED } else { 0 }, bulkhead.max_wait.filter(|_| may_wait))
            }
            (None, Some(threads)) => (threads, bulkhead.queue.unwrap_or(0), bulkhead.max_wait),
            _ => {
                if !self.was_removed(path) {
                    let at = self.value_at(path);
                    self.error(
                        at,
                        "a bulkhead is either a semaphore or a pool of threads",
                        "write `semaphore: 25`, or `threads: 10` with a `queue`",
                    );
                }
                return None;
            }
        };
        let capacity = self.at_least_one(capacity, "a bulkhead", path);
        let wait_deadline = self.deadline(max_wait, &format!("{path}.max wait"));
        let first_pool = self.blueprint.pools.len() as u32;
        let owner = self.edge_name(caller, callee);
        let instances = self.caller_instances(caller);
        if !self.may_have(u64::from(first_pool) + u64::from(instances), most::POOLS, "pools", path) {
            return None;
        }
        for instance in 0..instances {
            let number = if instances == 1 { 0 } else { instance + 1 };
            self.blueprint.pools.push(PoolPlan {
                owner: owner.clone(),
                number,
                kind: PoolKind::Permits,
                capacity,
                queue_limit,
                wait_deadline,
            });
        }
        Some(Guard::Bulkhead { first_pool })
    }
}

/// A setting of a call that is written with its breaker.
fn of_breaker<T>(call: &Call, setting: impl Fn(&Breaker) -> Option<T>) -> Option<T> {
    call.breaker.as_ref().and_then(setting)
}

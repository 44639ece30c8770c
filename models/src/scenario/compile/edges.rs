//! Edges: timeouts, latencies and guards between a caller and a callee.

use sim_core::{Distribution, SimDuration};

use super::super::problem::{Problem, did_you_mean};
use super::super::schema::{self, Breaker, Bulkhead, Call};
use super::super::tree::normalize_edge;
use super::{Caller, Compiler, most};
use crate::OutcomeSet;
use crate::resilience::circuit_breaker::{HalfOpenPolicy, Settings, TripRule, Wait, WindowKind};
use crate::resilience::{Balance, Fallback, RetryPolicy};
use crate::system::{BreakerPlan, EdgePlan, Guard, NONE, PoolKind, PoolPlan, Scope, UNLIMITED};

/// Defaults of a breaker; those of the article that the project began with.
mod default {
    use sim_core::SimDuration;

    pub const WINDOW_CALLS: u32 = 100;
    pub const FAILURE_RATE: f64 = 0.5;
    pub const MINIMUM_CALLS: u32 = 10;
    pub const WAIT: SimDuration = SimDuration::from_secs(30);
    pub const HALF_OPEN_CALLS: u32 = 3;
}

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
        if let Some(bulkhead) = &call.bulkhead {
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
            timeout: self.deadline(call.timeout, &format!("{path}.timeout")),
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

    fn caller_instances(&self, caller: Caller) -> u32 {
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

    fn breaker(&mut self, caller: Caller, callee: u32, breaker: &Breaker, path: &str) -> Guard {
        let settings = self.breaker_settings(breaker, path);
        let scope = match breaker.scope {
            None | Some(schema::Scope::CallerInstance) => Scope::CallerInstance,
            Some(schema::Scope::CalleeInstance) => Scope::CalleeInstance,
            Some(schema::Scope::Shared) => Scope::Edge,
        };
        let counts = breaker.counts.as_deref().map_or_else(OutcomeSet::callee_failures, OutcomeSet::of);
        let first = self.blueprint.breakers.len() as u32;
        let callees = self.blueprint.stations[callee as usize].instances.len() as u64;
        let count = match scope {
            Scope::Edge => 1,
            Scope::CallerInstance => u64::from(self.caller_instances(caller)),
            Scope::CalleeInstance => u64::from(self.caller_instances(caller)) * callees,
        };
        let looked_back = match settings.window {
            WindowKind::Calls(size) | WindowKind::Seconds(size) => u64::from(size),
        };
        self.looked_back = self.looked_back.saturating_add(count.saturating_mul(looked_back));
        if self.may_have(u64::from(first) + count, most::BREAKERS, "breakers", path)
            && self.may_have(self.looked_back, most::LOOKED_BACK, "calls or seconds for breakers to remember", path)
        {
            for owner in self.breaker_owners(caller, callee, scope) {
                self.blueprint.breakers.push(BreakerPlan { owner, settings });
            }
        }
        Guard::Breaker { first, scope, counts }
    }

    fn breaker_owners(&self, caller: Caller, callee: u32, scope: Scope) -> Vec<String> {
        let (from, to) = (self.caller_name(caller), self.blueprint.stations[callee as usize].name.clone());
        let numbered = |name: &str, instances: u32| -> Vec<String> {
            if instances == 1 {
                vec![name.to_owned()]
            } else {
                (1..=instances).map(|number| format!("{name}#{number}")).collect()
            }
        };
        let callers = numbered(&from, self.caller_instances(caller));
        match scope {
            Scope::Edge => vec![format!("{from} -> {to}")],
            Scope::CallerInstance => callers.iter().map(|from| format!("{from} -> {to}")).collect(),
            Scope::CalleeInstance => {
                let callees = numbered(&to, self.blueprint.stations[callee as usize].instances.len() as u32);
                callers.iter().flat_map(|from| callees.iter().map(move |to| format!("{from} -> {to}"))).collect()
            }
        }
    }

    fn breaker_settings(&mut self, breaker: &Breaker, path: &str) -> Settings {
        let window = breaker.window.map_or(WindowKind::Calls(default::WINDOW_CALLS), |window| window.0);
        let minimum_calls = breaker.minimum_calls.unwrap_or(default::MINIMUM_CALLS);
        if let (WindowKind::Calls(size), Some(minimum)) = (window, breaker.minimum_calls)
            && size < minimum
        {
            let at = self.value_at(&format!("{path}.minimum calls"));
            self.error(
                at,
                format!("a window of {size} calls never holds the {minimum} that the breaker waits for"),
                format!("make the window at least {minimum} calls, or the minimum at most {size}"),
            );
        }
        let slow_call_rate = match (breaker.slow_call, breaker.slow_call_rate) {
            (None, Some(_)) => {
                let at = self.key_at(&format!("{path}.slow call rate"));
                self.error(
                    at,
                    "there is no telling which calls are slow",
                    "write how long a slow call takes, such as `slow call: 2s`",
                );
                None
            }
            (Some(_), rate) => Some(rate.map_or(1.0, |share| share.0)),
            (None, None) => None,
        };
        let has_rule = slow_call_rate.is_some() || breaker.consecutive_failures.is_some();
        let failure_rate = breaker.failure_rate.map(|share| share.0).or((!has_rule).then_some(default::FAILURE_RATE));
        let consecutive_failures = breaker
            .consecutive_failures
            .map(|count| self.at_least_one(count, "consecutive failures", &format!("{path}.consecutive failures")));
        let permitted_calls = self.at_least_one(
            breaker.half_open_calls.unwrap_or(default::HALF_OPEN_CALLS.max(breaker.success_threshold.unwrap_or(1))),
            "half-open calls",
            &format!("{path}.half-open calls"),
        );
        if let Some(threshold) = breaker.success_threshold.filter(|threshold| *threshold > permitted_calls || *threshold == 0) {
            let at = self.value_at(&format!("{path}.success threshold"));
            self.error(
                at,
                format!("{permitted_calls} probes never give {threshold} successes"),
                "permit at least as many half-open calls as the threshold asks for",
            );
        }
        Settings {
            window,
            trip: TripRule {
                failure_rate,
                slow_call_rate,
                slow_call: breaker.slow_call.map_or(SimDuration::MAX, |duration| duration.0),
                minimum_calls: minimum_calls.max(1),
                consecutive_failures,
            },
            wait: breaker.wait.map_or(Wait::Fixed(default::WAIT), |wait| wait.0),
            half_open: HalfOpenPolicy { permitted_calls, success_threshold: breaker.success_threshold },
        }
    }
}

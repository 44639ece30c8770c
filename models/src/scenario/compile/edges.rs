//! Edges: what lies between a caller and a callee.

use super::super::call::Call;
use super::super::problem::{Problem, did_you_mean};
use super::super::tree::normalize_edge;
use super::{Caller, Compiler};
use crate::system::{EdgePlan, Guard, NONE};

impl Compiler<'_> {
    pub(super) fn guards(&mut self) {
        let scenario = self.scenario;
        let fallback_settings = scenario.defaults.calls.clone().unwrap_or_default();
        // Alternatives are called over edges that no handler uses; those come to light here.
        let mut index = 0;
        while index < self.edges.len() {
            let (caller, callee) = (self.edges[index].caller, self.edges[index].callee);
            let name = self.edge_name(caller, callee);
            let own = scenario
                .calls
                .iter()
                .find(|(written, _)| normalize_edge(written) == name)
                .map(|(_, call)| call);
            let path =
                if own.is_some() { format!("calls.{name}") } else { "defaults.calls".to_owned() };
            let plan = self.edge_plan(caller, callee, own.unwrap_or(&fallback_settings), &path);
            self.blueprint.edges.push(plan);
            index += 1;
        }
        self.check_alternatives();
        for written in scenario.calls.keys() {
            self.check_edge_name(written);
        }
    }

    pub(super) fn caller_name(&self, caller: Caller) -> String {
        match caller {
            Caller::Workload(index) => self
                .scenario
                .workloads
                .get_index(index as usize)
                .map_or_else(String::new, |(name, _)| name.clone()),
            Caller::Station(id) => self.blueprint.stations[id as usize].name.clone(),
            Caller::Queue(index) => self
                .scenario
                .queues
                .get_index(index as usize)
                .map_or_else(String::new, |(name, _)| name.clone()),
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
        let callers: Vec<&str> = self
            .scenario
            .workloads
            .keys()
            .chain(self.scenario.queues.keys())
            .chain(self.stations.keys())
            .map(String::as_str)
            .collect();
        let unknown = if callers.contains(&caller) {
            (!self.stations.contains_key(callee)).then_some(callee)
        } else {
            Some(caller)
        };
        if let Some(unknown) = unknown {
            let help = did_you_mean(unknown, callers.iter().copied()).map_or_else(
                || "it must be defined above".to_owned(),
                |meant| format!("did you mean `{meant}`?"),
            );
            self.error(at, format!("there is no `{unknown}`"), help);
            return;
        }
        let edges: Vec<String> =
            self.edges.iter().map(|edge| self.edge_name(edge.caller, edge.callee)).collect();
        if !edges.contains(&normalize_edge(written)) {
            self.problems.add(
                Problem::warning(
                    format!("`{caller}` never calls `{callee}`: these settings have no effect"),
                    at,
                )
                .labelled("unused")
                .with_help(format!("calls that are made: {}", edges.join(", "))),
            );
        }
    }

    fn edge_plan(&mut self, caller: Caller, callee: u32, call: &Call, path: &str) -> EdgePlan {
        let latency = call
            .latency
            .as_ref()
            .map_or(NONE, |latency| self.distribution(latency, &format!("{path}.latency")));
        let (guards, timeout) = self.pipeline(caller, callee, call, path);
        let mut balance = self.balancing(callee, call.balance.as_ref(), &format!("{path}.balance"));
        self.add_outlier_detection(call, &mut balance, path);
        let fallbacks = self.fallbacks(caller, call.fallback.as_ref(), &format!("{path}.fallback"));
        EdgePlan {
            caller: self.caller_name(caller),
            caller_first_instance: match caller {
                Caller::Workload(index) | Caller::Queue(index) => index,
                Caller::Station(id) => self.blueprint.stations[id as usize].instances.start,
            },
            caller_instances: self.caller_instances(caller),
            callee,
            callee_instances: self.blueprint.stations[callee as usize].instances.clone(),
            is_elaborate: call.propagate_deadline.unwrap_or(false)
                || matches!(guards.last(), Some(Guard::Hedge(_))),
            guards,
            latency,
            timeout,
            connect_timeout: self
                .deadline(call.connect_timeout, &format!("{path}.connect timeout")),
            observes_attempts: balance.observes_attempts(),
            balance,
            is_balanced_per_attempt: call.new_instance_per_attempt.unwrap_or(false),
            propagates_deadline: call.propagate_deadline.unwrap_or(false),
            cancels: call.cancellation.unwrap_or(false),
            fallbacks_on: fallbacks.iter().map(|(_, on)| *on).collect(),
            fallbacks: fallbacks.into_iter().map(|(fallback, _)| fallback).collect(),
        }
    }

    pub(super) fn caller_instances(&self, caller: Caller) -> u32 {
        match caller {
            Caller::Workload(_) | Caller::Queue(_) => 1,
            Caller::Station(id) => self.blueprint.stations[id as usize].instances.len() as u32,
        }
    }
}

//! Warnings about settings that change nothing in a run.

use std::collections::BTreeSet;

use super::Graph;
use crate::OutcomeSet;
use crate::guards::{Guard, Retry};
use crate::language::{Location, Placed, Problem, ProblemKind, Problems};
use crate::resilience::load_balancer::Balance;
use crate::steps::Op;
use crate::system::{EdgePlan, Id, PoolKind, UNLIMITED, of};

impl Graph<'_> {
    pub(super) fn settings_without_effect(&self, problems: &mut Problems) {
        let has_branches = self.blueprint.program.iter().any(|op| matches!(op, Op::Fork(_)));
        let scalers = self.blueprint.autoscalers.iter();
        let scaled: BTreeSet<Id<of::Station>> = scalers.map(|scaler| scaler.station).collect();
        for (index, edge) in self.blueprint.edges.with_ids() {
            self.retry_that_never_tries_again(index, edge, problems);
            if !has_branches {
                self.bulkhead_that_is_never_full(index, edge, problems);
            }
            self.attempts_with_nowhere_else_to_go(index, edge, problems);
            self.choice_of_one(index, edge, problems);
            let scales = scaled.contains(&edge.callee);
            self.changes_of_instances_that_stay(index, edge, scales, problems);
            self.ejections_that_never_come(index, edge, problems);
        }
        self.processors_that_nobody_needs(problems);
        self.pools_that_nobody_holds(problems);
        self.contention_that_never_comes(problems);
    }

    fn retry_that_never_tries_again(
        &self,
        index: Id<of::Edge>,
        edge: &EdgePlan,
        problems: &mut Problems,
    ) {
        let tries_once = |guard: &Guard| matches!(guard, Guard::Retry(Retry { policy, .. }) if policy.attempts == 1);
        let on_nothing = |guard: &Guard| matches!(guard, Guard::Retry(Retry { policy, .. }) if policy.on == OutcomeSet::of(&[]));
        let (reason, help) = if edge.guards.iter().any(tries_once) {
            ("it has one attempt", "`attempts` counts the first as well; write 2 for one retry")
        } else if edge.guards.iter().any(on_nothing) {
            ("`on` has no outcomes", "list outcomes under `on`, or leave it out")
        } else {
            return;
        };
        let message = format!("the retry of `{}` changes nothing: {reason}", self.name(index));
        without_effect(message, self.at(index, "retry"), help, problems);
    }

    /// A limit on the calls of an instance that has no more threads than that to make them with.
    fn bulkhead_that_is_never_full(
        &self,
        index: Id<of::Edge>,
        edge: &EdgePlan,
        problems: &mut Problems,
    ) {
        let blueprint = self.blueprint;
        let caller = self.station(&edge.caller);
        let Some(caller) = caller.filter(|_| edge.is_caller_a_service) else { return };
        let Some(first) = blueprint.stations[caller].instances.first() else { return };
        let slots = &blueprint.pools[blueprint.instances[first].slots];
        if slots.capacity == UNLIMITED {
            return;
        }
        // Work that outlives its caller holds permits beside those of the threads.
        let outlives = |guard: &Guard| matches!(guard, Guard::Bulkhead(it) if it.outlives_timeouts);
        if edge.guards.iter().any(outlives) {
            return;
        }
        for guard in &edge.guards {
            let Guard::Bulkhead(bulkhead) = guard else { continue };
            let permits = &blueprint.pools[bulkhead.first_pool];
            let is_own = permits.kind != PoolKind::Connections;
            if is_own && permits.capacity >= slots.capacity && permits.capacity != UNLIMITED {
                let (caller, threads) = (&edge.caller, slots.capacity);
                let kind = slots.kind.name();
                let message = format!(
                    "the bulkhead of `{}` is never full: `{caller}` has {threads} {kind} to call with",
                    self.name(index)
                );
                let help = format!("write fewer than {threads}, or leave it out");
                without_effect(message, self.at(index, "bulkhead"), &help, problems);
            }
        }
    }

    fn attempts_with_nowhere_else_to_go(
        &self,
        index: Id<of::Edge>,
        edge: &EdgePlan,
        problems: &mut Problems,
    ) {
        if !edge.is_balanced_per_attempt {
            return;
        }
        let retries = edge.guards.iter().any(|guard| matches!(guard, Guard::Retry(_)));
        let reason = match edge.callee_instances.len() {
            1 => format!("`{}` has one instance", self.callee(edge)),
            _ if !retries => "nothing is tried again".to_owned(),
            _ => return,
        };
        let message = format!("`new instance per attempt` changes nothing: {reason}");
        let at = self.at(index, "new instance per attempt");
        without_effect(message, at, "leave it out", problems);
    }

    fn choice_of_one(&self, index: Id<of::Edge>, edge: &EdgePlan, problems: &mut Problems) {
        let is_chosen = edge.balance.balance != Balance::RoundRobin;
        if is_chosen && edge.callee_instances.len() == 1 {
            let message =
                format!("`balance` changes nothing: `{}` has one instance", self.callee(edge));
            without_effect(message, self.at(index, "balance"), "leave it out", problems);
        }
    }

    fn changes_of_instances_that_stay(
        &self,
        index: Id<of::Edge>,
        edge: &EdgePlan,
        scales: bool,
        problems: &mut Problems,
    ) {
        let takes_out = edge.balance.takes_instances_out();
        let idle = [
            ("slow start", edge.balance.slow_start.is_some() && !takes_out && !scales),
            ("update merge window", !edge.balance.update_merge_window.is_zero() && !takes_out),
        ];
        for (key, _) in idle.into_iter().filter(|(_, is_idle)| *is_idle) {
            let callee = self.callee(edge);
            let message = format!(
                "`{key}` changes nothing: no instance of `{callee}` is ever left out, so none comes back"
            );
            let help = "add a `health check` or `outlier detection`, or leave it out";
            let at = self.at(index, "balance").or_else(|| self.at(index, "breaker"));
            without_effect(message, at, help, problems);
        }
    }

    /// Outlier detection whose percentage is less than one instance.
    fn ejections_that_never_come(
        &self,
        index: Id<of::Edge>,
        edge: &EdgePlan,
        problems: &mut Problems,
    ) {
        let Some(outliers) = edge.balance.outlier_detection else { return };
        let instances = edge.callee_instances.len();
        let one = 100.0 / f64::from(instances.max(1));
        if outliers.always_ejects_one_host || one <= f64::from(outliers.max_ejection_percent) {
            return;
        }
        let message = format!(
            "outlier detection of `{}` changes nothing: one of {instances} is more than {} % of them",
            self.name(index),
            outliers.max_ejection_percent
        );
        let help = format!("write a percentage of at least {}", libm::ceil(one));
        let at = self.at(index, "balance").or_else(|| self.at(index, "breaker"));
        without_effect(message, at, &help, problems);
    }

    fn pools_that_nobody_holds(&self, problems: &mut Problems) {
        for (owner, service) in self.file.services.iter() {
            let Some(station) = self.station(owner) else { continue };
            for (number, (name, pool)) in service.pools.iter().enumerate() {
                let takes = |op: &Op| matches!(op, Op::Take { resource, .. } if *resource as usize == number);
                if self.operations[station].iter().any(takes) {
                    continue;
                }
                let message =
                    format!("the pool `{name}` changes nothing: `{owner}` never holds it");
                let help = format!(
                    "write `{{ hold: {name}, steps: [ … ] }}` around the steps that need one"
                );
                without_effect(message, Some(pool.key()), &help, problems);
            }
        }
    }

    /// Contention of a service that does no work, or lets in one request at a time.
    fn contention_that_never_comes(&self, problems: &mut Problems) {
        let services = self.file.services.iter();
        let written = services
            .map(|(name, service)| (name, &service.contention))
            .chain(self.file.databases.iter().map(|(name, it)| (name, &it.contention)));
        for (name, contention) in written {
            let (Some(contention), Some(station)) = (contention, self.station(name)) else {
                continue;
            };
            let first = self.blueprint.stations[station].instances.nth(0);
            let instance = &self.blueprint.instances[first];
            let slots = &self.blueprint.pools[instance.slots];
            let works = self.operations[station].iter().any(|op| matches!(op, Op::Work(_)));
            let reason = if !works {
                "does no work"
            } else if slots.capacity == 1 && contention.per_message.is_none() {
                "lets in one request at a time"
            } else {
                continue;
            };
            let message = format!("`contention` changes nothing: `{name}` {reason}");
            let help = "it makes steps of `work`, and queries, take longer";
            without_effect(message, Some(contention.key()), help, problems);
        }
    }

    fn processors_that_nobody_needs(&self, problems: &mut Problems) {
        for (name, service) in self.file.services.iter() {
            let Some(cpus) = service.cpus.as_ref().map(Placed::key) else { continue };
            let Some(station) = self.station(name) else { continue };
            let does = |wanted: fn(&Op) -> bool| self.operations[station].iter().any(wanted);
            if does(|op| matches!(op, Op::Work(_))) {
                continue;
            }
            let reason = if does(|op| matches!(op, Op::Pause(_))) {
                "only pauses"
            } else {
                "only calls others"
            };
            let message = format!("`cpus` changes nothing: `{name}` {reason}");
            without_effect(message, Some(cpus), "a step `work` needs a processor", problems);
        }
    }
}

pub(super) fn without_effect(
    message: String,
    at: Option<Location>,
    help: &str,
    problems: &mut Problems,
) {
    let problem = Problem::warning(message, at).of_kind(ProblemKind::WithoutEffect);
    problems.add(problem.labelled("no effect").with_help(help));
}

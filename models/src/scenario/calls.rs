//! Calls: what lies between a caller and a callee.

use super::fallbacks::{FallbackList, check_alternatives, compile_fallbacks};
use super::links::link_of;
use super::names::Names;
use super::operator::OPERATOR;
use super::plan::{Caller, Edge, Plan};
use super::stations::probe_edge;
use super::through::is_anything_through;
use crate::guards::{Guard, GuardsSection, outlier_detection_of, pipeline};
use crate::language::distribution::DurationPhrase;
use crate::language::{Location, Placed, Problem, Problems, Short, part_left_out, section};
use crate::resilience::load_balancer::{BalanceSection, compile_balance};
use crate::system::{EdgePlan, Id, ProbeKind};

section! {
    /// Settings of the calls from a caller to a callee. Their guards apply in this order: rate
    /// limit, call timeout, bulkhead, breaker, retry, pool, timeout of each attempt, hedge; `guards`
    /// lists them in another.
    pub(crate) struct CallSection {
        /// The longest wait for a connection; as long as for the answer if left out.
        "connect timeout" => connect_timeout: Option<Placed<DurationPhrase>>,
        /// Network latency in each direction.
        "latency" => latency: Option<Placed<DurationPhrase>>,
        /// The link that its messages go over; none if left out.
        "link" => link: Option<Placed<String>>,
        /// The way to choose an instance of the callee; round robin if left out.
        "balance" => balance: Option<Placed<Short<BalanceSection>>>,
        /// True if each attempt of a retry may go to another instance; if left out, only with the
        /// limits of a proxy.
        "new instance per attempt" => new_instance_per_attempt: Option<Placed<bool>>,
        /// True if the callee stops working when the caller has given up; false if left out: it
        /// works on for nobody.
        "cancellation" => cancellation: Option<bool>,
        /// True if the callee learns how much time is left, stops when it is up, and passes the
        /// deadline on; false if left out.
        "propagate deadline" => propagate_deadline: Option<Placed<bool>>,
        .. => guards: GuardsSection,
        /// The substitute when the call has failed for good: `default`, one fallback, or a list that
        /// is tried in order.
        "fallback" => fallback: Option<FallbackList>,
    }
}

/// Compiles all edges that handlers use.
pub(crate) fn compile_calls(names: &Names<'_>, plan: &mut Plan, problems: &mut Problems) {
    let nothing = Placed::new(CallSection::nothing(), Location::default());
    let default = names.file.defaults.calls.as_ref().unwrap_or(&nothing);
    // Fallbacks may call over edges that no handler uses; this loop discovers them.
    let mut index = 0;
    while index < plan.edges.len() {
        let edge = plan.edges[index];
        if let Caller::Probe(kind) = edge.caller {
            let compiled = probe_edge(kind, edge, names, plan, problems);
            plan.blueprint.edges.push(compiled);
            index += 1;
            continue;
        }
        let name = plan.edge_name(edge, names);
        let call = names.file.calls.get(&name).unwrap_or(default);
        let compiled = compile(call, edge, names, plan, problems);
        plan.blueprint.edges.push(compiled);
        index += 1;
    }
    check_alternatives(names, plan, problems);
    let is_anything_through = is_anything_through(names);
    for (written, call) in names.file.calls.iter() {
        check_edge_name(written, call.key(), is_anything_through, names, plan, problems);
    }
}

impl CallSection {
    /// A call without any settings.
    fn nothing() -> Self {
        part_left_out().expect("a call needs no settings")
    }

    /// The place of a setting; a guard may be written in the list.
    pub fn place_of(&self, setting: &str) -> Option<Location> {
        match setting {
            "propagate deadline" => self.propagate_deadline.as_ref().map(Placed::key),
            "new instance per attempt" => self.new_instance_per_attempt.as_ref().map(Placed::key),
            "balance" => self.balance.as_ref().map(Placed::key),
            guard => self.guards.place_of(guard),
        }
    }
}

fn compile(
    call: &Placed<CallSection>,
    edge: Edge,
    names: &Names<'_>,
    plan: &mut Plan,
    problems: &mut Problems,
) -> EdgePlan {
    let latency = call.latency.as_ref();
    let latency = latency.map(|latency| plan.distribution(latency, names, problems));
    let link = link_of(call.link.as_ref(), names, problems);
    // Whoever asks if messages take time need not ask about links as well.
    let latency = match latency {
        None if link.is_some() => Some(plan.instant()),
        latency => latency,
    };
    let guards = pipeline(&call.guards, edge, call.at(), names, plan, problems);
    let callee = plan.blueprint.stations[edge.callee].clone();
    let mut balance = compile_balance(call.balance.as_ref(), &callee, problems);
    outlier_detection_of(&call.guards.written(), &mut balance, problems);
    let fallbacks = compile_fallbacks(edge.caller, call.fallback.as_ref(), names, plan, problems);
    let propagates_deadline = call.propagate_deadline.as_ref().is_some_and(|it| **it);
    let has_hedge = matches!(guards.guards.last(), Some(Guard::Hedge(_)));
    let chooses_anew = callee.instances.len() > 1 && tries_again_through_proxy(&guards.guards);
    EdgePlan {
        caller: plan.caller_name(edge.caller, names),
        is_caller_a_service: matches!(edge.caller, Caller::Station(_)),
        is_for_probes: false,
        first_caller: match edge.caller {
            Caller::Workload(id) => Id::at(id),
            Caller::Queue(id) => Id::at(id),
            Caller::Operator | Caller::Probe(_) => Id::NOWHERE,
            Caller::Station(id) => {
                plan.blueprint.stations[id].instances.first().map_or(Id::NOWHERE, Id::at)
            }
        },
        caller_instances: plan.caller_instances(edge.caller),
        caller_regions: plan.caller_regions(edge.caller),
        callee: edge.callee,
        only_instance: match callee.instances.len() {
            1 if !balance.takes_instances_out() && callee.process.is_none() => {
                callee.instances.first()
            }
            _ => None,
        },
        callee_instances: callee.instances,
        is_elaborate: propagates_deadline || has_hedge,
        guards: guards.guards,
        latency,
        link,
        timeout: guards.attempt_timeout,
        connect_timeout: plan.deadline(call.connect_timeout.as_ref(), names, problems),
        observes_attempts: balance.observes_attempts(),
        balance,
        is_balanced_per_attempt: call
            .new_instance_per_attempt
            .as_ref()
            .map_or(chooses_anew, |it| **it),
        propagates_deadline,
        cancels: call.cancellation.unwrap_or(false),
        fallbacks_on: fallbacks.iter().map(|(_, on)| *on).collect(),
        fallbacks: fallbacks.into_iter().map(|(fallback, _)| fallback).collect(),
    }
}

/// True if retries go through the limits of a proxy, which chooses an instance for each of them
/// (Envoy's `Filter::doRetry` in `source/common/router/router.cc`).
fn tries_again_through_proxy(guards: &[Guard]) -> bool {
    let is_retry = |guard: &Guard| matches!(guard, Guard::Retry(_));
    let is_proxy = |guard: &Guard| matches!(guard, Guard::Bulkhead(it) if it.has_hosts);
    guards.iter().skip_while(|guard| !is_retry(guard)).any(is_proxy)
}

/// Notes a key under `calls:` that does not name an edge that some handler uses.
fn check_edge_name(
    written: &str,
    at: Location,
    is_anything_through: bool,
    names: &Names<'_>,
    plan: &Plan,
    problems: &mut Problems,
) {
    let Some((caller, callee)) = written.split_once(" -> ") else {
        problems.error(at, format!("`{written}` is not an edge"), "write `caller -> callee`");
        return;
    };
    let mut callers = names.callers(caller).filter(|caller| match caller {
        Caller::Operator => is_anything_through,
        Caller::Probe(_) => false,
        _ => true,
    });
    let unknown = match callers.next() {
        Some(_) => names.find_station(callee).is_none().then_some(callee),
        None => Some(caller),
    };
    if let Some(unknown) = unknown {
        let queues = names.file.queues.names();
        let operator = is_anything_through.then_some(OPERATOR);
        let known = names.file.workloads.names().chain(queues).chain(names.stations());
        let help = problems.meant(unknown, known.chain(operator), || not_a_caller(unknown, callee));
        problems.error(at, format!("there is no `{unknown}`"), help);
        return;
    }
    if plan.find_edge(written, names).is_none() {
        let message = format!("`{caller}` never calls `{callee}`: these settings have no effect");
        let help = format!("the calls of this scenario are: {}", plan.some_edge_names(names));
        let problem = Problem::warning(message, Some(at));
        problems.add(problem.labelled("unused").with_help(help));
    }
}

/// Advice about a name that calls nothing.
fn not_a_caller(name: &str, callee: &str) -> String {
    if name == OPERATOR {
        return format!("write `through: {callee}` where something needs an answer of `{callee}`");
    }
    if ProbeKind::ALL.iter().any(|kind| kind.name() == name) {
        return format!("probes pass no guards; `{name}` has a `timeout` of its own");
    }
    "it must be defined above".to_owned()
}

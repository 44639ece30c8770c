//! Actions of operators and automation at planned instants, on breakers, settings, processes and
//! queues.

use sim_core::{SimDuration, SimTime};

use super::changes::Settings;
use super::file::Scenario;
use super::names::Names;
use super::plan::{Plan, span_or};
use super::through::Through;
use crate::faults::{
    Effect, Fault, FaultTarget, Part, Reach, Restart, TriggerOn, in_steps, must_have_breaker,
    target_of,
};
use crate::language::quantity::Duration;
use crate::language::{Placed, Problem, Problems, one_of, section};
use crate::resilience::circuit_breaker::OperatorOrder;
use crate::system::{Act, Id, Ids, OrderPlan, of};

/// The name of an operator as a caller.
pub(super) const OPERATOR: &str = "operator";
/// Default time for which a restarted process is gone.
const RESTART: SimDuration = SimDuration::from_secs(10);

section! {
    /// Something that an operator, or automation, does at an instant.
    pub(crate) struct Operation {
        /// The time of the action; the beginning of the run if left out.
        "at" => at: Option<Placed<Duration>>,
        .. => through: Through,
        .. => act: Written,
    }
}

one_of! {
    /// An action of an operator.
    pub(crate) enum Written("operation") {
        /// Rejects every call.
        "force open" => ForceOpen(ForceOpen),
        /// Lets every call pass, and forgets what was counted.
        "force closed" => ForceClosed(ForceClosed),
        /// Lets every call pass, uncounted; when enabled again, the breaker goes on where it was.
        "disable" => Disable(Disable),
        /// Ends one of these states.
        "enable" => Enable(Enable),
        /// Makes the breaker start afresh, closed.
        "reset" => Reset(Reset),
        /// Gives settings other values, from this instant on.
        "set" => Set(Set),
        /// Restarts the processes of a service, database or cache.
        "restart" => Restart(RestartSection),
        /// Drops all messages that wait in a queue.
        "purge" => Purge(Purge),
    }
}

section! {
    /// Rejects every call.
    pub(crate) struct ForceOpen {
        /// The edge.
        "force open" => edge: Placed<String>,
        /// The time that it lasts; to the end of the run if left out.
        "for" => lasts: Option<Duration>,
    }
}

section! {
    /// Lets every call pass, and forgets what was counted.
    pub(crate) struct ForceClosed {
        /// The edge.
        "force closed" => edge: Placed<String>,
        /// The time that it lasts; to the end of the run if left out.
        "for" => lasts: Option<Duration>,
    }
}

section! {
    /// Lets every call pass, uncounted; when enabled again, the breaker goes on where it was.
    pub(crate) struct Disable {
        /// The edge.
        "disable" => edge: Placed<String>,
        /// The time that it lasts; to the end of the run if left out.
        "for" => lasts: Option<Duration>,
    }
}

section! {
    /// Ends a forced or disabled state.
    pub(crate) struct Enable {
        /// The edge.
        "enable" => edge: Placed<String>,
    }
}

section! {
    /// Makes the breaker start afresh, closed.
    pub(crate) struct Reset {
        /// The edge.
        "reset" => edge: Placed<String>,
    }
}

section! {
    /// Gives settings other values, from this instant on.
    pub(crate) struct Set {
        /// The settings, by their paths, such as `workloads.web.rate: 20%`.
        "set" => settings: Placed<Settings>,
    }
}

section! {
    /// Restarts the processes of a service, database or cache: what is in flight is lost.
    pub(crate) struct RestartSection {
        /// The service, database or cache.
        "restart" => target: Placed<String>,
        .. => reach: Reach,
        /// The time for which they are gone; 10s if left out.
        "for" => lasts: Option<Placed<Duration>>,
    }
}

section! {
    /// Drops all messages that wait in a queue.
    pub(crate) struct Purge {
        /// The queue.
        "purge" => queue: Placed<String>,
    }
}

/// Compiles the actions of operators, in the order of their times.
pub(crate) fn compile_operations(names: &Names<'_>, plan: &mut Plan, problems: &mut Problems) {
    let mut changes = 0;
    for (_, operation) in by_time(names.file) {
        let through = operation.through.plan(plan);
        note_idle(operation, plan, problems);
        if let Some((act, summary)) = act_of(operation, &mut changes, names, plan, problems) {
            let at = time_of(operation);
            plan.blueprint.orders.push(OrderPlan { at, act, summary, through });
        }
    }
}

/// The actions of a file with their places in its list, in the order of their times.
pub(super) fn by_time(file: &Scenario) -> Vec<(usize, &Placed<Operation>)> {
    let mut operations: Vec<_> = file.operator.iter().enumerate().collect();
    operations.sort_by_key(|(_, operation)| time_of(operation));
    operations
}

/// The instant of an action.
pub(super) fn time_of(operation: &Operation) -> SimTime {
    SimTime::ZERO + span_or(operation.at.as_ref(), SimDuration::ZERO)
}

/// An action and its words.
fn act_of(
    operation: &Placed<Operation>,
    changes: &mut usize,
    names: &Names<'_>,
    plan: &mut Plan,
    problems: &mut Problems,
) -> Option<(Act, String)> {
    let mut breakers = |order, edge: &Placed<String>, lasts: Option<Duration>| {
        let lasts = lasts.map(|Duration(lasts)| lasts);
        let act =
            Act::Breaker { order, edge: edge_with_breaker(edge, names, plan, problems)?, lasts };
        let words = match order {
            OperatorOrder::ForceOpen => "forces open",
            OperatorOrder::ForceClosed => "forces closed",
            OperatorOrder::Disable => "disables",
            OperatorOrder::Enable => "enables",
            OperatorOrder::Reset => "resets",
        };
        Some((act, format!("{words} the breaker of {}", **edge)))
    };
    match &operation.act {
        Written::ForceOpen(act) => breakers(OperatorOrder::ForceOpen, &act.edge, act.lasts),
        Written::ForceClosed(act) => breakers(OperatorOrder::ForceClosed, &act.edge, act.lasts),
        Written::Disable(act) => breakers(OperatorOrder::Disable, &act.edge, act.lasts),
        Written::Enable(act) => breakers(OperatorOrder::Enable, &act.edge, None),
        Written::Reset(act) => breakers(OperatorOrder::Reset, &act.edge, None),
        Written::Set(act) => {
            if act.settings.is_empty() {
                let help = "write a path and a value, such as `set: { workloads.web.rate: 20% }`";
                problems.error(act.settings.at(), "this sets nothing", help);
            }
            let change = Id::new(*changes);
            *changes += 1;
            Some((Act::Change(change), format!("sets {}", act.settings.in_words())))
        }
        Written::Restart(act) => {
            let trigger = restart(act, time_of(operation), names, plan, problems)?;
            Some((Act::Begin(trigger), format!("restarts {}", *act.target)))
        }
        Written::Purge(act) => {
            let queues = &names.file.queues;
            let Some(queue) = queues.get_index_of(act.queue.as_str()) else {
                let help = "list it under `queues:`";
                problems.no_such("queue", &act.queue, act.queue.at(), queues.names(), help);
                return None;
            };
            Some((Act::Purge(Id::new(queue)), format!("purges {}", *act.queue)))
        }
    }
}

fn edge_with_breaker(
    target: &Placed<String>,
    names: &Names<'_>,
    plan: &Plan,
    problems: &mut Problems,
) -> Option<Id<of::Edge>> {
    match target_of(target, names, plan, problems)? {
        FaultTarget::Edge(edge) => {
            must_have_breaker(edge, target, plan, problems);
            Some(edge)
        }
        FaultTarget::Station(_) => {
            let message = "operators act on the breaker of a call";
            problems.error(target.at(), message, "write `caller -> callee`");
            None
        }
    }
}

/// The trigger of a restart, which is a fault that begins when the operator says so.
fn restart(
    act: &RestartSection,
    at: SimTime,
    names: &Names<'_>,
    plan: &mut Plan,
    problems: &mut Problems,
) -> Option<Id<of::Trigger>> {
    let FaultTarget::Station(station) = target_of(&act.target, names, plan, problems)? else {
        let message = "only a service, database or cache can be restarted";
        problems.error(act.target.at(), message, "write its name");
        return None;
    };
    let lasts = act.lasts.as_ref().map_or(RESTART, |lasts| problems.above_zero(lasts));
    let trigger = plan.trigger(TriggerOn::Operator, None);
    let whole = Fault {
        begin: SimTime::ZERO,
        end: SimTime::ZERO + lasts,
        ramp: SimDuration::ZERO,
        effect: Effect::Restart(Restart::alone()),
        target: (*act.target).clone(),
        instances: Ids::none(),
        part: Part::Whole,
        place: None,
        trigger: Some(trigger),
        victim: None,
    };
    let there = plan.instances_at(station, at);
    let faults = in_steps(&whole, station, there, Some(&act.reach), plan, problems);
    plan.blueprint.faults.extend(faults);
    Some(trigger)
}

fn note_idle(operation: &Placed<Operation>, plan: &Plan, problems: &mut Problems) {
    let run = plan.blueprint.run;
    let at = time_of(operation);
    let lasts = match &operation.act {
        Written::ForceOpen(act) => act.lasts,
        Written::ForceClosed(act) => act.lasts,
        Written::Disable(act) => act.lasts,
        _ => None,
    };
    let reason = if at >= SimTime::ZERO + run.duration + run.drain {
        Some(format!("it comes at {}, when the run is over", at.since(SimTime::ZERO)))
    } else {
        lasts.filter(|lasts| lasts.0.is_zero()).map(|_| "it lasts no time".to_owned())
    };
    if let Some(reason) = reason {
        let message = format!("this order changes nothing: {reason}");
        let problem = Problem::warning(message, Some(operation.at()));
        problems.add(problem.labelled("no effect"));
    }
}

//! Actions of operators on breakers.

use sim_core::{SimDuration, SimTime};

use super::names::Names;
use super::plan::{Plan, span_or};
use crate::faults::{FaultTarget, must_have_breaker, target_of};
use crate::language::quantity::Duration;
use crate::language::{Placed, Problem, Problems, one_of, section};
use crate::resilience::circuit_breaker::OperatorOrder;
use crate::system::OrderPlan;

section! {
    /// Something that an operator does to the breakers of an edge `a -> b`.
    pub(crate) struct Operation {
        /// The time of the action; the beginning of the run if left out.
        "at" => at: Option<Placed<Duration>>,
        .. => act: Act,
    }
}

one_of! {
    /// An action of an operator.
    pub(crate) enum Act("operation") {
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

impl Act {
    /// The order, the edge whose breakers receive it, and how long it is in force.
    fn parts(&self) -> (OperatorOrder, &Placed<String>, Option<Duration>) {
        match self {
            Self::ForceOpen(act) => (OperatorOrder::ForceOpen, &act.edge, act.lasts),
            Self::ForceClosed(act) => (OperatorOrder::ForceClosed, &act.edge, act.lasts),
            Self::Disable(act) => (OperatorOrder::Disable, &act.edge, act.lasts),
            Self::Enable(act) => (OperatorOrder::Enable, &act.edge, None),
            Self::Reset(act) => (OperatorOrder::Reset, &act.edge, None),
        }
    }
}

/// Compiles the actions of operators.
pub(crate) fn compile_operations(names: &Names<'_>, plan: &mut Plan, problems: &mut Problems) {
    for operation in &names.file.operator {
        let (order, target, lasts) = operation.act.parts();
        let at = SimTime::ZERO + span_or(operation.at.as_ref(), SimDuration::ZERO);
        let edge = match target_of(target, names, plan, problems) {
            Some(FaultTarget::Edge(edge)) => edge,
            Some(FaultTarget::Station(_)) => {
                let message = "operators act on the breaker of a call";
                problems.error(target.at(), message, "write `caller -> callee`");
                continue;
            }
            None => continue,
        };
        must_have_breaker(edge, target, plan, problems);
        let run = plan.blueprint.run;
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
        plan.blueprint.orders.push(OrderPlan { at, order, edge });
        if let Some(Duration(lasts)) = lasts {
            plan.blueprint.orders.push(OrderPlan {
                at: at + lasts,
                order: OperatorOrder::Enable,
                edge,
            });
        }
    }
}

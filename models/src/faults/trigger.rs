//! Faults that begin when a condition on the figures of the run is met.

use sim_core::SimTime;

use super::{FaultKind, FaultSection};
use crate::language::Problems;
use crate::observe::Condition;
use crate::scenario::{Names, Plan, compile_condition};
use crate::system::{Id, ThroughPlan, of};

/// Something that a fault waits for.
#[derive(Clone, Debug, PartialEq)]
pub struct Trigger {
    /// The thing that comes first.
    pub on: TriggerOn,
    /// The call that must be answered then; none if nothing else must happen.
    pub through: Option<ThroughPlan>,
}

/// The thing that a fault waits for first.
#[derive(Clone, Debug, PartialEq)]
pub enum TriggerOn {
    /// An instant.
    Time(SimTime),
    /// A condition, which is checked at the end of each interval of the series, until it is met.
    Condition(Condition),
    /// The batch of a deployment that is before it, which must serve again.
    Batch,
    /// An operator, who decides at a planned time.
    Operator,
}

/// The trigger of a fault; `None` if it begins at a time, whatever else happens.
pub(super) fn compile_trigger(
    section: &FaultSection,
    names: &Names<'_>,
    plan: &mut Plan,
    problems: &mut Problems,
) -> Option<Id<of::Trigger>> {
    let through = section.through(plan);
    let Some(when) = &section.when else {
        return through
            .map(|through| plan.trigger(TriggerOn::Time(section.begin()), Some(through)));
    };
    if let Some(at) = &section.at {
        let message = "this fault begins at a time and when a condition is met";
        problems.error(at.key(), message, "keep one of `at` and `when`");
    }
    if let Some(every) = section.kind.span().and_then(|span| span.every.as_ref()) {
        let message = "a fault that a condition begins does not repeat";
        problems.error(every.key(), message, "leave out `every`, or write `at`");
    }
    if matches!(section.kind, FaultKind::Surge(_)) {
        let message = "a surge cannot wait for a condition";
        problems.error(when.key(), message, "write `at`: arrivals are planned before the run");
    }
    let condition = compile_condition(when, names, plan, problems)?;
    Some(plan.trigger(TriggerOn::Condition(condition), through))
}

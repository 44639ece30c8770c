//! Faults that begin when a condition on the figures of the run is met.

use super::{FaultKind, FaultSection};
use crate::language::Problems;
use crate::observe::Condition;
use crate::scenario::{Names, Plan, compile_condition};

/// The condition at which a fault begins.
#[derive(Clone, Debug, PartialEq)]
pub struct Trigger {
    /// The condition; it is checked at the end of each interval of the series, until it is met.
    /// `None` if an operator decides.
    pub condition: Option<Condition>,
}

/// The id of the trigger of a fault; `None` if it begins at a time.
pub(super) fn compile_trigger(
    section: &FaultSection,
    names: &Names<'_>,
    plan: &mut Plan,
    problems: &mut Problems,
) -> Option<u32> {
    let when = section.when.as_ref()?;
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
    plan.blueprint.triggers.push(Trigger { condition: Some(condition) });
    Some(plan.blueprint.triggers.len() as u32 - 1)
}

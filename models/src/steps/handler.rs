//! Handlers: sequences of steps, each ending with an answer.

use super::{Op, Step};
use crate::language::{Location, Placed, Problems};
use crate::scenario::{Caller, MOST_STEPS, Names, Plan};
use crate::system::{Id, of};

/// Compiles the handler of an operation of a station; `steps` adds the body.
pub(crate) fn handler(
    station: Id<of::Station>,
    operation: &str,
    at: Location,
    plan: &mut Plan,
    problems: &mut Problems,
    steps: impl FnOnce(&mut Plan, &mut Problems),
) {
    plan.begin_operation(station, operation);
    let first = plan.next_step();
    steps(plan, problems);
    plan.push(Op::Answer);
    if plan.blueprint.program.since(first).len() as usize > MOST_STEPS {
        let message = format!("this handler has more than {MOST_STEPS} steps");
        problems.error(at, message, "repeat less often: every repetition counts");
    }
}

/// Compiles steps, one after the other.
pub(crate) fn sequence(
    caller: Caller,
    steps: &[Placed<Step>],
    names: &Names<'_>,
    plan: &mut Plan,
    problems: &mut Problems,
) {
    for step in steps {
        if plan.blueprint.program.len() < 8 * MOST_STEPS {
            Step::compile(step, caller, names, plan, problems);
        }
    }
}

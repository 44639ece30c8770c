//! Choosing by chance.

use super::{Compile, Op, Step, sequence};
use crate::language::quantity::Share;
use crate::language::{Placed, Problems, section};
use crate::scenario::{Caller, Names, Plan};

section! {
    /// Chooses by chance.
    pub(crate) struct Branch {
        /// The probability of `then`.
        "branch" => branch: Share,
        /// The steps that are taken with that probability.
        "then" => then: Vec<Placed<Step>>,
        /// The steps that are taken otherwise.
        "else" => otherwise: Vec<Placed<Step>>,
    }
}

impl Compile for Branch {
    const IS_FOR_CLIENTS: bool = true;

    fn compile(&self, caller: Caller, names: &Names<'_>, plan: &mut Plan, problems: &mut Problems) {
        let chance = plan.push(Op::Answer);
        sequence(caller, &self.then, names, plan, problems);
        let jump = plan.push(Op::Answer);
        let (probability, otherwise) = (self.branch.0 as f32, plan.next_step());
        plan.blueprint.program[chance] = Op::Chance { probability, otherwise, needs_answer: false };
        sequence(caller, &self.otherwise, names, plan, problems);
        plan.blueprint.program[jump] = Op::Jump(plan.next_step());
    }
}

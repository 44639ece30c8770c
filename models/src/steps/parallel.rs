//! Doing several things side by side.

use super::{Compile, Op, Step, sequence};
use crate::language::{Placed, Problems, section};
use crate::scenario::{Caller, Names, Plan};
use crate::system::BranchTable;

section! {
    /// Runs lists of steps side by side.
    pub(crate) struct Parallel {
        /// The lists.
        "parallel" => parallel: Vec<Vec<Placed<Step>>>,
    }
}

impl Compile for Parallel {
    fn compile(&self, caller: Caller, names: &Names<'_>, plan: &mut Plan, problems: &mut Problems) {
        if self.parallel.is_empty() {
            return;
        }
        let table = plan.blueprint.tables.push(BranchTable::default());
        plan.push(Op::Fork(table));
        let mut entries = Vec::new();
        for steps in &self.parallel {
            entries.push(plan.next_step());
            sequence(caller, steps, names, plan, problems);
            plan.push(Op::Answer);
        }
        let join = Some(plan.next_step());
        plan.blueprint.tables[table] = BranchTable { entries, cumulative: Vec::new(), join };
    }
}

//! Computing for a while.

use super::{Compile, Op};
use crate::language::distribution::DurationPhrase;
use crate::language::{Placed, Problems, section};
use crate::scenario::{Caller, Names, Plan};

section! {
    /// Computes for a while.
    pub(crate) struct Work {
        /// The time that it computes; it holds a processor meanwhile, if those are limited.
        "work" => work: Placed<DurationPhrase>,
    }
}

impl Compile for Work {
    fn compile(&self, _: Caller, names: &Names<'_>, plan: &mut Plan, problems: &mut Problems) {
        let distribution = plan.distribution(&self.work, names, problems);
        plan.push(Op::Work(distribution));
    }
}

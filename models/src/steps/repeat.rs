//! Doing something several times.

use super::{Compile, Step, sequence};
use crate::language::{Placed, Problems, section};
use crate::scenario::{Caller, MOST_STEPS, Names, Plan};

section! {
    /// Takes `steps` several times.
    pub(crate) struct Repeat {
        /// The number of times.
        "repeat" => repeat: u32,
        /// The steps.
        "steps" => steps: Vec<Placed<Step>>,
    }
}

impl Compile for Repeat {
    const IS_FOR_CLIENTS: bool = true;

    fn compile(&self, caller: Caller, names: &Names<'_>, plan: &mut Plan, problems: &mut Problems) {
        for _ in 0..self.repeat.min(MOST_STEPS as u32 + 1) {
            let (steps, errors) = (plan.next_step(), problems.errors());
            sequence(caller, &self.steps, names, plan, problems);
            // What adds nothing once never does, and what is wrong once always is.
            if plan.next_step() == steps || problems.errors() > errors {
                break;
            }
        }
    }
}

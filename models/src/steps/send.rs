//! Sending a message.

use super::{Compile, Op};
use crate::language::{Placed, Problems, section};
use crate::scenario::{Caller, Names, Plan};

section! {
    /// Sends a message to a queue and goes on.
    pub(crate) struct Send {
        /// The queue.
        "send" => send: Placed<String>,
    }
}

impl Compile for Send {
    fn compile(&self, _: Caller, names: &Names<'_>, plan: &mut Plan, problems: &mut Problems) {
        if let Some(queue) = names.queue(&self.send, problems) {
            plan.push(Op::Send(queue));
        }
    }
}

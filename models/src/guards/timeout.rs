//! Limits on the time for everything inside them.

use sim_core::SimTime;

use super::{Call, Entry, Exit, Guards, Hold, Site};
use crate::Outcome;
use crate::language::distribution::DurationPhrase;
use crate::language::{Placed, Problems};
use crate::resources::Waiter;
use crate::scenario::{Names, Plan};
use crate::system::{Ends, NONE, Turn};

/// Limits the time for everything inside it.
#[derive(Clone, Debug, PartialEq)]
pub struct Timeout {
    /// Dense id of the deadline.
    pub deadline: u32,
}

/// A timeout that is set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Set {
    /// Its number.
    pub number: u32,
    /// The instant at which it was set.
    pub since: SimTime,
}

impl Guards for Timeout {
    type Section = DurationPhrase;

    fn compile(
        span: &DurationPhrase,
        site: &Site,
        names: &Names<'_>,
        plan: &mut Plan,
        problems: &mut Problems,
    ) -> Option<Self> {
        let span = Placed::new(span.clone(), site.at);
        let deadline = plan.deadline_of(&span, Ends::Guard(site.position), names, problems);
        Some(Self { deadline })
    }

    fn enter(&self, call: Call<'_>, turn: &mut Turn<'_>) -> Entry {
        let frame = &mut turn.state.frames[call.index];
        frame.timeouts_set = frame.timeouts_set.wrapping_add(1).max(1);
        let number = frame.timeouts_set;
        let set = Set { number, since: turn.now };
        *turn.state.frames.hold(call.index, call.position) = Hold::Timeout(set);
        turn.set_deadline(self.deadline, Waiter { frame: call.index, epoch: number });
        Entry::Passed
    }

    fn leave(&self, call: Call<'_>, _: Outcome, turn: &mut Turn<'_>) -> Exit {
        self.abandon(call, turn);
        Exit::Passed
    }

    /// Cancels the timeout.
    fn abandon(&self, call: Call<'_>, turn: &mut Turn<'_>) {
        *turn.state.frames.hold(call.index, call.position) = Hold::Nothing;
        let frame = &mut turn.state.frames[call.index];
        if frame.given_up_from == call.position + 1 {
            frame.given_up_from = u8::MAX;
        }
    }
}

impl Timeout {
    /// The instant at which the timeout of a call falls due, if it is set and constant.
    pub(crate) fn due(&self, call: Call<'_>, turn: &Turn<'_>) -> Option<SimTime> {
        let Hold::Timeout(set) = turn.state.frames.held(call.index, call.position) else {
            return None;
        };
        let timeout = turn.plan.deadline(self.deadline)?;
        (timeout.drawn == NONE).then(|| set.since + timeout.span)
    }
}

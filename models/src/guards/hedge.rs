//! Hedged requests: when an attempt takes long, another request is sent, and the first good answer
//! counts.

use super::{Call, Entry, Exit, Guards, Hold, Site};
use crate::Outcome;
use crate::language::distribution::DurationPhrase;
use crate::language::{Placed, Problems, section};
use crate::resources::Waiter;
use crate::scenario::{Names, Plan};
use crate::system::{Deadline, EdgePlan, Ends, Engine, NO_FRAME, Next, Parked, Way};

/// Most requests that a hedge sends for one attempt.
pub const MOST_REQUESTS: usize = 4;

section! {
    /// Hedged requests: the first good answer counts.
    pub(crate) struct HedgeSection {
        /// The time that an attempt waits for an answer before another request is sent, such as
        /// `50ms`.
        "delay" => delay: Placed<DurationPhrase>,
        /// Requests in all, the first included, up to 4; 2 if left out.
        "max" => max: Option<Placed<u8>>,
        /// True if the others are cancelled once one is answered; true if left out.
        "cancel losers" => cancel_losers: Option<bool>,
    }
}

/// Sends another request when an attempt takes long ("The tail at scale", Dean and Barroso, 2013);
/// the innermost guard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hedge {
    /// The wait before each further request.
    pub delay: Deadline,
    /// Requests in all, the first included.
    pub requests: u8,
    /// True if the others are cancelled once one has been answered.
    pub cancels_losers: bool,
}

/// The requests that a hedge has sent for one attempt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hedged {
    /// Their frames at the callee.
    pub callees: [u32; MOST_REQUESTS],
    /// The number that have been sent.
    pub sent: u8,
    /// The number that are not known to have failed.
    pub outstanding: u8,
}

impl Hedged {
    /// No request has been sent.
    fn none() -> Self {
        Self { callees: [NO_FRAME; MOST_REQUESTS], sent: 0, outstanding: 0 }
    }
}

impl Guards for Hedge {
    type Section = HedgeSection;

    fn compile(
        section: &HedgeSection,
        _: &Site,
        names: &Names<'_>,
        plan: &mut Plan,
        problems: &mut Problems,
    ) -> Option<Self> {
        let most = MOST_REQUESTS as u8;
        let requests = section.max.as_ref().map_or(2, |max| **max);
        if let Some(max) = section.max.as_ref().filter(|max| !(2..=most).contains(&***max)) {
            let help = format!("write a number from 2 to {most}");
            problems.error(max.at(), format!("a hedge cannot send {requests} requests"), help);
        }
        Some(Self {
            delay: plan.deadline_of(&section.delay, Ends::Patience, names, problems),
            requests: requests.clamp(1, most),
            cancels_losers: section.cancel_losers.unwrap_or(true),
        })
    }

    fn enter(&self, call: Call<'_>, engine: &mut Engine<'_>) -> Entry {
        *engine.state.frames.hold(call.index, call.position) = Hold::Hedge(Hedged::none());
        Entry::Passed
    }

    /// Takes an answer to a hedged attempt: a failure counts only if no other request can still be
    /// answered.
    fn leave(&self, call: Call<'_>, outcome: Outcome, engine: &mut Engine<'_>) -> Exit {
        let Hold::Hedge(hedged) = engine.state.frames.hold(call.index, call.position) else {
            return Exit::Passed;
        };
        if !outcome.is_good() && hedged.outstanding > 1 {
            hedged.outstanding -= 1;
            return Exit::Kept;
        }
        let Hedged { callees, sent, .. } = *hedged;
        if outcome.is_good() && self.cancels_losers && sent > 1 {
            let epoch = engine.state.frames[call.index].epoch;
            let caller = Waiter { frame: call.index, epoch };
            for callee in callees {
                engine.send_cancellation(callee, caller);
            }
        }
        Exit::Passed
    }
}

impl Hedge {
    /// Remembers a request sent for a hedged attempt, and sets the time of the next.
    pub(crate) fn note_request(
        self,
        position: u8,
        callee: u32,
        caller: Waiter,
        engine: &mut Engine<'_>,
    ) {
        let Hold::Hedge(hedged) = engine.state.frames.hold(caller.frame, position) else {
            unreachable!("an attempt has passed its hedge")
        };
        hedged.callees[usize::from(hedged.sent)] = callee;
        hedged.sent += 1;
        hedged.outstanding += 1;
        if hedged.sent < self.requests {
            engine.set_deadline(Some(self.delay), caller);
        }
    }
}

impl Engine<'_> {
    /// Sends another request, to an instance chosen anew, when an attempt has taken as long as the
    /// delay of its hedge.
    pub fn hedge(&mut self, waiter: Waiter) -> Next {
        let index = waiter.frame;
        if self.is_paused(index) {
            return self.park(index, Parked::Hedge(waiter));
        }
        let edge = self.edge_of(index);
        let edge_id = self.state.frames[index].called_edge;
        let Some(target) = self.choose_target(index, edge) else { return Next::Nothing };
        let frame = &mut self.state.frames[index];
        frame.attempts += 1;
        if frame.is_counted {
            self.state.recorder.attempt_begins(edge_id);
            self.state.recorder.attempt_is_hedged(edge_id);
        }
        let way = self.way_of_request(index, target);
        if way == Way::Refused {
            self.note_refused_hedge(waiter, edge);
            return Next::Nothing;
        }
        self.send(index, edge, target, waiter, way)
    }

    /// Counts a hedged request that was refused at once; the earlier ones may still be answered.
    fn note_refused_hedge(&mut self, caller: Waiter, edge: &EdgePlan) {
        let Some((plan, position)) = edge.hedge() else { return };
        plan.note_request(position, NO_FRAME, caller, self);
        if let Hold::Hedge(hedged) = self.state.frames.hold(caller.frame, position) {
            hedged.outstanding -= 1;
        }
    }

    /// True if a failure is not the end of an attempt, because another request of its hedge is
    /// still under way.
    pub fn others_may_answer(&mut self, index: u32, edge: &EdgePlan, outcome: Outcome) -> bool {
        if outcome.is_good() {
            return false;
        }
        let Some((_, position)) = edge.hedge() else { return false };
        let held = self.state.frames.hold(index, position);
        matches!(held, Hold::Hedge(hedged) if hedged.outstanding > 1)
    }

    /// The requests of a hedged attempt, by their frames at the callees.
    pub fn requests_of_hedge(
        &mut self,
        index: u32,
        edge: &EdgePlan,
    ) -> Option<[u32; MOST_REQUESTS]> {
        let (_, position) = edge.hedge()?;
        let Hold::Hedge(hedged) = self.state.frames.hold(index, position) else { return None };
        Some(hedged.callees)
    }

    /// The requests of a hedged attempt, which stop being outstanding.
    pub fn give_up_hedged(&mut self, index: u32, edge: &EdgePlan) -> Option<[u32; MOST_REQUESTS]> {
        let (_, position) = edge.hedge()?;
        let Hold::Hedge(hedged) = self.state.frames.hold(index, position) else { return None };
        hedged.outstanding = 0;
        Some(hedged.callees)
    }
}

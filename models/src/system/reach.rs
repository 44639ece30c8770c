//! Who can be reached: the one place that knows which faults keep a message from its receiver.
//!
//! Requests, hedged requests, answers, cancellations and health checks all ask here. A message that
//! disappears leaves a frame behind that is [`Activity::Lost`], for as long as its caller waits: the
//! caller cannot tell it from one that is still being worked on, and neither can a balancer that
//! counts requests without an answer.

use super::activity::Activity;
use super::blueprint::EdgePlan;
use super::engine::Engine;
use super::frame::NO_FRAME;
use super::id::{Id, of};
use super::role::Role;
use super::state::Next;
use crate::guards::MOST_REQUESTS;
use crate::resources::Waiter;

/// The way of a request to an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// The request arrives.
    Open,
    /// The connection is refused at once.
    Refused,
    /// The request disappears; nothing ever comes back.
    Severed,
}

impl Engine<'_> {
    /// The way of a request that a frame sends to an instance now.
    #[inline]
    pub fn way_of_request(&self, index: u32, target: Id<of::Instance>) -> Way {
        if self.state.faults_in_force == 0 {
            return Way::Open;
        }
        self.way_to(self.state.frames[index].called_edge, self.region_of(index), target)
    }

    /// The way of a request over an edge from a region to an instance. What a crashed or paused
    /// instance does with the request is its own affair.
    #[cold]
    fn way_to(
        &self,
        edge: Id<of::Edge>,
        from: Option<Id<of::Region>>,
        instance: Id<of::Instance>,
    ) -> Way {
        if self.is_severed(edge, from, instance) {
            return Way::Severed;
        }
        let is_refused =
            self.state.edges[edge].refusals > 0 || self.state.instances[instance].refusals > 0;
        if is_refused { Way::Refused } else { Way::Open }
    }

    /// True if nothing gets through between a region and an instance over an edge, in either
    /// direction.
    fn is_severed(
        &self,
        edge: Id<of::Edge>,
        from: Option<Id<of::Region>>,
        instance: Id<of::Instance>,
    ) -> bool {
        if self.state.edges[edge].black_holes > 0 {
            return true;
        }
        let to = self.plan.instances[instance].region;
        let Some((from, to)) = from.zip(to) else { return false };
        self.state.cuts.iter().any(|cut| *cut == (from, to) || *cut == (to, from))
    }

    /// True if an instance answers a health check from a region: it can be reached, serves, and is
    /// not paused.
    #[cold]
    pub fn answers_checks(
        &self,
        edge: Id<of::Edge>,
        from: Option<Id<of::Region>>,
        instance: Id<of::Instance>,
    ) -> bool {
        let condition = &self.state.instances[instance];
        condition.crashes == 0
            && !condition.is_starting
            && condition.pauses == 0
            && self.way_to(edge, from, instance) == Way::Open
    }

    /// True if a message between a frame at an instance and its caller disappears now.
    #[inline]
    pub fn is_swallowed(&self, callee: u32) -> bool {
        self.state.faults_in_force > 0 && self.is_cut_off(callee)
    }

    #[cold]
    fn is_cut_off(&self, callee: u32) -> bool {
        let frame = &self.state.frames[callee];
        if frame.role != Role::Handler {
            return false;
        }
        self.is_severed(frame.edge, self.region_of_caller(callee), frame.instance())
    }

    /// Lets the message of a request disappear, on its way to the instance or back.
    #[cold]
    pub fn swallow(&mut self, callee: u32) -> Next {
        let frame = &self.state.frames[callee];
        let (caller, instance) = (frame.caller, frame.instance());
        if !self.state.frames.is_live(caller) {
            self.state.frames.release(callee);
            return Next::Nothing;
        }
        self.state.lost += 1;
        self.state.instances[instance].lost += 1;
        self.state.frames.begin_wait(callee, Activity::Lost);
        Next::Nothing
    }

    /// Forgets the lost messages of an attempt that is over.
    #[inline]
    pub fn forget_lost(&mut self, index: u32, edge: &EdgePlan) {
        if self.state.lost > 0 {
            self.forget_lost_of(index, edge);
        }
    }

    #[cold]
    fn forget_lost_of(&mut self, index: u32, edge: &EdgePlan) {
        let frame = &self.state.frames[index];
        let (caller, callee) = (Waiter { frame: index, epoch: frame.epoch }, frame.callee);
        for callee in self.requests_of_hedge(index, edge).unwrap_or([callee; MOST_REQUESTS]) {
            self.forget_if_lost(callee, caller);
        }
    }

    fn forget_if_lost(&mut self, callee: u32, caller: Waiter) {
        if callee != NO_FRAME
            && self.works_for(callee, caller)
            && self.state.frames[callee].activity == Activity::Lost
        {
            self.state.lost -= 1;
            self.state.instances[self.state.frames[callee].instance()].lost -= 1;
            self.state.frames.release(callee);
        }
    }
}

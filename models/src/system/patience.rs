//! Calls that take too long: deadlines passed on to the callee, cancellation, hedged requests.

use sim_core::{SimDuration, SimTime};

use super::blueprint::{EdgePlan, Guard, HedgePlan, NONE};
use super::event::Event;
use super::frame::{Activity, Hedged, Hold, MOST_REQUESTS, Role};
use super::state::Next;
use super::turn::{Turn, draw_tag};
use crate::Outcome;
use crate::resources::Waiter;

impl Turn<'_> {
    /// What few requests need: the callee is told how much time is left, the next request of a
    /// hedge is planned.
    #[cold]
    pub fn elaborate(&mut self, index: u32, edge: &EdgePlan, callee: u32, caller: Waiter) {
        self.state.frames[callee].deadline = self.deadline_of_attempt(index, edge, caller);
        if let Some((plan, position)) = edge.hedge() {
            self.note_request(index, plan, position, callee, caller);
        }
    }

    /// When the callee of an attempt will have to be done, if the edge tells it: the first of all
    /// timeouts in force. A frame with less time than the attempt's own timeout is woken when its
    /// time is up.
    fn deadline_of_attempt(&mut self, index: u32, edge: &EdgePlan, caller: Waiter) -> SimTime {
        let frame = &self.state.frames[index];
        let (mut deadline, attempt_began) = (frame.deadline, frame.since);
        let of_attempt = match edge.timeout {
            NONE => SimTime::MAX,
            id => attempt_began + self.plan.deadlines[id as usize].span,
        };
        if deadline < of_attempt {
            self.schedule.at(deadline, Event::Overdue(caller));
        }
        deadline = deadline.min(of_attempt);
        if !edge.propagates_deadline {
            return SimTime::MAX;
        }
        for (position, guard) in edge.guards.iter().enumerate() {
            if let (Guard::Timeout { deadline: id }, Hold::Timeout { since, .. }) =
                (guard, self.state.frames.held(index, position as u8))
            {
                deadline = deadline.min(since + self.plan.deadlines[*id as usize].span);
            }
        }
        deadline
    }

    /// A frame whose caller waits only so long does not wait for a guard any longer either.
    pub fn watch_deadline(&mut self, index: u32) {
        let frame = &self.state.frames[index];
        if frame.deadline < SimTime::MAX {
            self.schedule.at(
                frame.deadline.max(self.now),
                Event::Overdue(Waiter { frame: index, epoch: frame.epoch }),
            );
        }
    }

    /// The time that a frame was given is up while it waits for an answer, or for a guard to let
    /// its call pass.
    pub fn overdue(&mut self, waiter: Waiter) -> Next {
        let Waiter { frame: index, .. } = waiter;
        let waits = |activity| {
            use Activity::{AwaitingPermit, AwaitingReply, AwaitingTurn, WaitingInVain};
            matches!(activity, AwaitingReply | AwaitingPermit | AwaitingTurn | WaitingInVain)
        };
        if !self.state.frames.is_live(waiter) || !waits(self.state.frames[index].activity) {
            return Next::Nothing;
        }
        self.state.frames[index].given_up_from = 0;
        self.give_up_waiting(index)
    }

    /// An attempt is given up: none of its requests can be answered any more. Their callees learn
    /// about it, if the edge cancels and the caller does not stand still.
    #[cold]
    pub fn withdraw_attempt(&mut self, index: u32) {
        let edge = self.edge_of(index);
        let cancels = edge.cancels && !self.is_paused(index);
        let frame = &self.state.frames[index];
        let (caller, callee) = (Waiter { frame: index, epoch: frame.epoch }, frame.callee);
        if let Some((_, position)) = edge.hedge()
            && let Hold::Hedge(hedged) = self.state.frames.hold(index, position)
        {
            hedged.outstanding = 0;
            let callees = hedged.callees;
            if cancels {
                for callee in callees {
                    self.send_cancellation(callee, caller);
                }
            }
        } else if cancels {
            self.send_cancellation(callee, caller);
        }
    }

    /// Always by way of the event list, so that nothing of this instant is still on its way to the
    /// frame.
    fn send_cancellation(&mut self, callee: u32, caller: Waiter) {
        if callee == NONE || !self.works_for(callee, caller) {
            return;
        }
        let frame = &self.state.frames[callee];
        let (edge, key) = (frame.edge, frame.key.child(draw_tag::CANCELLATION));
        let latency = if self.has_network_latency(edge) {
            self.network_latency(edge, key)
        } else {
            SimDuration::ZERO
        };
        self.schedule.after(latency, Event::Cancel { callee, caller });
    }

    fn works_for(&self, callee: u32, caller: Waiter) -> bool {
        let frame = &self.state.frames[callee];
        frame.activity != Activity::Free && frame.caller == caller
    }

    /// A frame stops and gives back what it holds, because nobody waits for its answer. A process
    /// that stands still does not notice, and an answer on its way cannot be called back.
    pub fn cancel(&mut self, callee: u32, caller: Waiter) {
        if !self.works_for(callee, caller) || self.is_paused(callee) {
            return;
        }
        let activity = self.state.frames[callee].activity;
        match activity {
            Activity::ReplyInTransit => return,
            Activity::AwaitingReply => self.withdraw_attempt(callee),
            Activity::AwaitingBranches => {
                let parent = Waiter { frame: callee, epoch: self.state.frames[callee].epoch };
                let mut from = 0;
                while let Some(branch) = self.state.frames.next_working_for(parent, from) {
                    self.cancel_branch(branch, parent);
                    from = branch + 1;
                }
            }
            _ => {}
        }
        self.leave_queues(callee);
        self.stop(callee, activity);
        match activity {
            Activity::InTransit => {}
            Activity::Queued => self.leave_gate(callee, Outcome::Refused),
            _ if self.state.frames[callee].role == Role::Handler => {
                self.release_slot(callee, Outcome::Refused)
            }
            _ => {}
        }
        self.state.frames.release(callee);
    }

    /// A branch of a cancelled handler stops with it; its own branches, if any, by way of the event
    /// list.
    fn cancel_branch(&mut self, branch: u32, parent: Waiter) {
        self.schedule.after(SimDuration::ZERO, Event::Cancel { callee: branch, caller: parent });
    }

    /// Remembers a request sent for a hedged attempt, and sets the time of the next.
    fn note_request(
        &mut self,
        index: u32,
        plan: HedgePlan,
        position: u8,
        callee: u32,
        caller: Waiter,
    ) {
        let Hold::Hedge(hedged) = self.state.frames.hold(index, position) else {
            unreachable!("an attempt has passed its hedge")
        };
        hedged.callees[usize::from(hedged.sent)] = callee;
        hedged.sent += 1;
        hedged.outstanding += 1;
        if hedged.sent < plan.requests {
            self.set_deadline(plan.delay, caller);
        }
    }

    /// An attempt has taken as long as its hedge is patient: another request is sent, to an
    /// instance chosen anew.
    pub fn hedge(&mut self, waiter: Waiter) -> Next {
        let index = waiter.frame;
        if self.is_paused(index) {
            return Next::Nothing;
        }
        let edge = self.edge_of(index);
        let edge_id = self.state.frames[index].called_edge;
        let target = self.choose_target(index, edge_id);
        let frame = &mut self.state.frames[index];
        frame.attempts += 1;
        if frame.is_counted {
            self.state.recorder.attempt_begins(edge_id);
        }
        if self.state.faults_in_force > 0 && self.is_unreachable(edge_id, target) {
            return Next::Nothing;
        }
        self.send(index, edge, target, waiter)
    }

    /// Whether a failure is not the end of an attempt, because another request of its hedge is
    /// under way.
    pub fn others_may_answer(&mut self, index: u32, edge: &EdgePlan, outcome: Outcome) -> bool {
        !outcome.is_good()
            && edge.hedge().is_some_and(
                |(_, position)| matches!(self.state.frames.hold(index, position), Hold::Hedge(hedged) if hedged.outstanding > 1),
            )
    }

    /// An answer has come to a hedged attempt: a failure counts only if no other request can still
    /// be answered. Whether the attempt is over.
    pub fn is_decided(&mut self, index: u32, plan: HedgePlan, position: u8, is_good: bool) -> bool {
        let Hold::Hedge(hedged) = self.state.frames.hold(index, position) else { return true };
        if !is_good && hedged.outstanding > 1 {
            hedged.outstanding -= 1;
            return false;
        }
        let Hedged { callees, sent, .. } = *hedged;
        if is_good && plan.cancels_losers && sent > 1 {
            let caller = Waiter { frame: index, epoch: self.state.frames[index].epoch };
            for callee in callees {
                self.send_cancellation(callee, caller);
            }
        }
        true
    }
}

impl Hedged {
    /// No request has been sent.
    pub fn none() -> Self {
        Self { callees: [NONE; MOST_REQUESTS], sent: 0, outstanding: 0 }
    }
}

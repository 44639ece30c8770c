//! Calls that take too long: deadlines passed on to the callee, cancellation, hedged requests.

use sim_core::{SimDuration, SimTime};

use super::activity::Activity;
use super::blueprint::EdgePlan;
use super::draw::Draw;
use super::engine::Engine;
use super::event::Event;
use super::frame::NO_FRAME;
use super::instance::Parked;
use super::role::Role;
use super::state::Next;
use crate::Outcome;
use crate::guards::{Call, Guard};
use crate::resources::Waiter;

impl Engine<'_> {
    /// Does the extra work that few requests need: tells the callee how much time is left, and
    /// plans the next request of a hedge.
    #[cold]
    pub fn elaborate(&mut self, index: u32, edge: &EdgePlan, callee: u32, caller: Waiter) {
        self.state.frames[callee].deadline = self.deadline_of_attempt(index, edge, caller);
        if let Some((plan, position)) = edge.hedge() {
            plan.note_request(position, callee, caller, self);
        }
    }

    /// Returns the time by which the callee of an attempt must be done, if the edge passes it on:
    /// the earliest of all timeouts in force that are constant; who loses patience by chance does
    /// not know when. A frame that has less time than the attempt's own
    /// timeout is woken when its time is up.
    fn deadline_of_attempt(&mut self, index: u32, edge: &EdgePlan, caller: Waiter) -> SimTime {
        let frame = &self.state.frames[index];
        let (mut deadline, attempt_began) = (frame.deadline, frame.since);
        let of_attempt = match edge.timeout.map(|timeout| self.plan.deadline(timeout)) {
            Some(timeout) if timeout.drawn.is_none() => attempt_began + timeout.span,
            _ => SimTime::MAX,
        };
        if deadline < of_attempt {
            self.schedule.at(deadline, Event::Overdue(caller));
        }
        deadline = deadline.min(of_attempt);
        if !edge.propagates_deadline {
            return SimTime::MAX;
        }
        deadline.min(self.timeout_around(index, edge, edge.guards.len()))
    }

    /// Returns the earliest instant at which one of the first guards of a call gives it up, as many
    /// as are counted.
    fn timeout_around(&self, index: u32, edge: &EdgePlan, guards: usize) -> SimTime {
        let due = |(position, guard): (u8, &Guard)| match guard {
            Guard::Timeout(timeout) => timeout.due(Call { index, edge, position }, self),
            _ => None,
        };
        (0..).zip(&edge.guards[..guards]).filter_map(due).min().unwrap_or(SimTime::MAX)
    }

    /// Returns the time by which a task that a call hands to the pool of a guard must be done, as
    /// far as it is told.
    pub fn deadline_of_task(&self, call: Call<'_>) -> SimTime {
        let Call { index, edge, position } = call;
        let told = self.state.frames[index].deadline;
        if !edge.propagates_deadline {
            return told;
        }
        told.min(self.timeout_around(index, edge, usize::from(position)))
    }

    /// Watches the deadline of a frame that waits for a guard: it waits no longer than its own
    /// caller does.
    pub fn watch_deadline(&mut self, index: u32) {
        let frame = &self.state.frames[index];
        if frame.deadline < SimTime::MAX {
            self.schedule.at(
                frame.deadline.max(self.now),
                Event::Overdue(Waiter { frame: index, epoch: frame.epoch }),
            );
        }
    }

    /// Handles a frame whose time is up while it waits for an answer, or for a guard to let its
    /// call pass.
    pub fn overdue(&mut self, waiter: Waiter) -> Next {
        let Waiter { frame: index, .. } = waiter;
        let waits = |activity| {
            use Activity::{
                AwaitingPermit, AwaitingReply, AwaitingTask, AwaitingTurn, Connecting,
                WaitingInVain,
            };
            matches!(
                activity,
                AwaitingReply
                    | AwaitingPermit
                    | AwaitingTask
                    | AwaitingTurn
                    | Connecting
                    | WaitingInVain
            )
        };
        if !self.state.frames.is_live(waiter) || !waits(self.state.frames[index].activity) {
            return Next::Nothing;
        }
        self.state.frames[index].given_up_from = 0;
        self.give_up_waiting(index)
    }

    /// Gives up an attempt: none of its requests can be answered any more. Their callees learn
    /// about it if the edge cancels and the caller is not paused.
    #[cold]
    pub fn withdraw_attempt(&mut self, index: u32) {
        let edge = self.edge_of(index);
        let cancels = edge.cancels && !self.is_paused(index);
        self.forget_lost(index, edge);
        let frame = &self.state.frames[index];
        let (caller, callee) = (Waiter { frame: index, epoch: frame.epoch }, frame.callee);
        if let Some(callees) = self.give_up_hedged(index, edge) {
            for callee in callees.into_iter().filter(|_| cancels) {
                self.send_cancellation(callee, caller);
            }
        } else if cancels {
            self.send_cancellation(callee, caller);
        }
    }

    /// Sends a cancellation to a callee. It always goes through the event list, so that nothing
    /// from this instant is still on its way to the frame.
    pub fn send_cancellation(&mut self, callee: u32, caller: Waiter) {
        if callee == NO_FRAME || !self.works_for(callee, caller) {
            return;
        }
        if self.is_swallowed(callee) {
            return;
        }
        let key = self.state.frames[callee].key.child(Draw::Cancellation.tag());
        let latency = self.latency_between(callee, caller.frame, key);
        self.schedule.after(latency, Event::Cancel { callee, caller });
    }

    pub fn works_for(&self, callee: u32, caller: Waiter) -> bool {
        let frame = &self.state.frames[callee];
        frame.activity != Activity::Free && frame.caller == caller
    }

    /// Stops a frame whose answer is no longer awaited, and gives back what it holds. A paused
    /// process notices when it resumes, and an answer on its way cannot be called back.
    pub fn cancel(&mut self, callee: u32, caller: Waiter) {
        if !self.works_for(callee, caller) || self.is_swallowed(callee) {
            return;
        }
        if self.is_paused(callee) {
            self.park(callee, Parked::Cancel { callee, caller });
            return;
        }
        let activity = self.state.frames[callee].activity;
        match activity {
            Activity::ReplyInTransit | Activity::ResendingReply | Activity::Lost => return,
            Activity::AwaitingReply => self.withdraw_attempt(callee),
            Activity::AwaitingBranches => {
                let parent = Waiter { frame: callee, epoch: self.state.frames[callee].epoch };
                // Those first that wait for a place, so that none gets it from one that goes as well.
                for waits in [true, false] {
                    let mut from = 0;
                    while let Some(branch) = self.state.frames.next_working_for(parent, from) {
                        if self.state.frames[branch].activity.is_waiting_for_a_place() == waits {
                            self.cancel_branch(branch, parent);
                        }
                        from = branch + 1;
                    }
                }
            }
            _ => {}
        }
        self.leave_queues(callee);
        self.stop(callee, activity);
        match activity {
            Activity::InTransit | Activity::ResendingRequest => {}
            Activity::Queued => self.leave_admission(callee, Outcome::Refused),
            _ if self.state.frames[callee].role == Role::Handler => {
                self.release_slot(callee, Outcome::Refused);
            }
            _ => {}
        }
        self.state.frames.release(callee);
    }

    /// Stops a branch of a cancelled handler, through the event list; branches of its own follow
    /// the same way.
    fn cancel_branch(&mut self, branch: u32, parent: Waiter) {
        self.schedule.after(SimDuration::ZERO, Event::Cancel { callee: branch, caller: parent });
    }
}

//! Workloads: requests that arrive, and users who wait for their answers.

use sim_core::SimTime;

use super::activity::Activity;
use super::blueprint::Source;
use super::draw::Draw;
use super::engine::Engine;
use super::event::Event;
use super::id::{Id, of};
use super::role::Role;
use super::state::{Next, UserState};
use crate::Outcome;
use crate::resources::Waiter;

impl Engine<'_> {
    /// Schedules the first arrival of an open workload, or starts the first users of a closed one.
    pub fn begin_workload(&mut self, workload: Id<of::Workload>) {
        match self.plan.workloads[workload].source {
            Source::Open(_) => self.schedule_arrival(workload),
            Source::Closed { .. } => self.users_change(workload),
        }
    }

    /// Handles the arrival of a request of an open workload.
    #[inline]
    pub fn arrival(&mut self, workload: Id<of::Workload>) -> Next {
        if self.state.have_arrivals_ended {
            return Next::Nothing;
        }
        let state = &mut self.state.workloads[workload];
        if state.next_at != self.now {
            return Next::Nothing;
        }
        let key = state.key.child(state.begun);
        state.begun += 1;
        self.schedule_arrival(workload);
        let entry = self.plan.workloads[workload].entry;
        let client =
            self.allocate(key, Role::Client, Id::at(workload), entry, self.state.has_warmed_up);
        self.state.frames[client].priority = self.plan.workloads[workload].priority;
        self.state.frames.set_request(client, key.bits());
        Next::Run(client)
    }

    /// Adjusts to a new planned number of users: starts those that are missing. Surplus users leave
    /// by themselves.
    pub fn users_change(&mut self, workload: Id<of::Workload>) {
        let plan = self.plan;
        let Source::Closed { users, .. } = &plan.workloads[workload].source else {
            return;
        };
        if self.state.have_arrivals_ended {
            return;
        }
        if let Some(next) = users.next_change(self.now) {
            self.schedule.at(next, Event::UsersChange { workload });
        }
        // One frame over the limit is enough to reach it.
        let planned = u64::from(users.users_at(self.now))
            .min(self.plan.limits.in_flight.saturating_add(1)) as u32;
        let state = &mut self.state.workloads[workload];
        if state.users.len() < planned as usize {
            state.users.resize(planned as usize, UserState::default());
        }
        // All others are there: a user leaves only if the plan no longer includes it.
        let before = std::mem::replace(&mut state.planned, planned);
        for user in (before..planned).rev() {
            let state = &mut self.state.workloads[workload];
            let UserState { is_there, iteration } = state.users[user as usize];
            if !is_there {
                state.users[user as usize].is_there = true;
                let key = state.key.child(u64::from(user)).child(u64::from(iteration));
                let entry = plan.workloads[workload].begin;
                let client = self.allocate(
                    key,
                    Role::Client,
                    Id::at(workload),
                    entry,
                    self.state.has_warmed_up,
                );
                let frame = &mut self.state.frames[client];
                (frame.caller, frame.priority) =
                    (Waiter { frame: user, epoch: iteration }, plan.workloads[workload].priority);
                self.state.frames.set_request(client, key.bits());
                self.state.ready.push(Next::Run(client));
            }
        }
    }

    /// Handles a client that has run all its steps: a request is done, a user thinks.
    pub fn iteration_ends(&mut self, index: u32) -> Next {
        let workload = self.state.frames[index].workload();
        match self.plan.workloads[workload].source {
            Source::Open(_) => {
                self.state.frames.release(index);
                Next::Nothing
            }
            Source::Closed { think, .. } => {
                let key = self.state.frames[index].key.child(Draw::Think.tag());
                let pause = self.plan.distributions[think].sample_duration(&mut key.draw());
                // Goes through the event list even without a pause: a user whose requests fail at
                // once starts over and over within one instant, and only events can be limited or
                // interrupted.
                self.wait(index, Activity::Thinking, pause)
            }
        }
    }

    /// Ends the session of a user whose request has failed, if sessions end with failures: the rest
    /// of its steps is left out.
    #[cold]
    pub fn session_ends(&mut self, index: u32, outcome: Outcome) -> Option<Next> {
        let workload = self.state.frames[index].workload();
        let Source::Closed { begin_again, .. } = self.plan.workloads[workload].source else {
            return None;
        };
        let begin_again = begin_again?;
        let frame = &mut self.state.frames[index];
        frame.outcome = outcome;
        let key = frame.key.child(Draw::Session.tag());
        let pause = self.plan.distributions[begin_again].sample_duration(&mut key.draw());
        Some(self.wait(index, Activity::Thinking, pause))
    }

    /// Starts a user's next iteration, or lets the user leave if the plan no longer includes it.
    pub fn next_iteration(&mut self, index: u32) -> Next {
        let frame = &self.state.frames[index];
        let (workload, Waiter { frame: user, epoch: iteration }) = (frame.workload(), frame.caller);
        let plan = &self.plan.workloads[workload];
        let Source::Closed { users, .. } = &plan.source else { unreachable!("only users think") };
        let state = &mut self.state.workloads[workload];
        let iteration = iteration.wrapping_add(1);
        if self.state.have_arrivals_ended || user >= users.users_at(self.now) {
            state.users[user as usize] = UserState { is_there: false, iteration };
            self.state.frames.release(index);
            return Next::Nothing;
        }
        let key = state.key.child(u64::from(user)).child(u64::from(iteration));
        let frame = &mut self.state.frames[index];
        frame.key = key;
        frame.caller = Waiter { frame: user, epoch: iteration };
        // Only the end of a session leaves a failure behind.
        frame.step = if frame.outcome.is_good() { plan.entry } else { plan.begin };
        frame.outcome = Outcome::Ok;
        frame.is_counted = self.state.has_warmed_up;
        self.state.frames.set_request(index, key.bits());
        Next::Run(index)
    }

    /// Stops arrivals; users who are only thinking leave.
    pub fn arrivals_end(&mut self) {
        self.state.have_arrivals_ended = true;
        for index in self
            .state
            .frames
            .matching(|frame| frame.role == Role::Client && frame.activity == Activity::Thinking)
        {
            let frame = &self.state.frames[index];
            let (workload, user) = (frame.workload(), frame.caller.frame as usize);
            self.state.workloads[workload].users[user].is_there = false;
            self.state.frames.release(index);
        }
    }

    /// Plans the next arrival of an open workload.
    fn schedule_arrival(&mut self, workload: Id<of::Workload>) {
        let state = &mut self.state.workloads[workload];
        let next = state.arrivals.as_mut().and_then(super::super::workload::Arrivals::next);
        self.expect_arrival(workload, next);
    }

    /// Plans an arrival in place of the one planned before, if there is one.
    pub fn expect_arrival(&mut self, workload: Id<of::Workload>, next: Option<SimTime>) {
        let end = SimTime::ZERO + self.plan.run.duration;
        let next = next.filter(|at| *at < end);
        self.state.workloads[workload].next_at = next.unwrap_or(SimTime::MAX);
        if let Some(at) = next {
            self.schedule.at(at, Event::Arrival { workload });
        }
    }
}

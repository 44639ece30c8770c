//! The handling of one event.

use sim_core::random::DrawKey;
use sim_core::{Schedule, SimDuration, SimTime};

use super::activity::Activity;
use super::blueprint::{Blueprint, Deadline, Ends};
use super::draw::Draw;
use super::event::Event;
use super::footprint::Growth;
use super::frame::Frames;
use super::id::{Id, of};
use super::instance::Parked;
use super::role::Role;
use super::state::{LimitReached, Next, State, System};
use crate::resources::Waiter;

/// The number of things that may follow one another within an instant: more than ten million users make who
/// begin at once.
pub const MOST_WITHIN_AN_INSTANT: u64 = 80_000_000;

/// The blueprint, the state and the schedule while one event is handled.
pub(crate) struct Engine<'a> {
    pub plan: &'a Blueprint,
    pub state: &'a mut State,
    pub schedule: &'a mut Schedule<Event>,
    pub now: SimTime,
}

impl Ends {
    /// True if the thing that a deadline ends has not ended yet.
    fn is_awaited(self, frames: &Frames, waiter: Waiter) -> bool {
        match self {
            Self::Wait | Self::Patience => frames.is_live(waiter),
            Self::Guard(position) => frames.is_timeout_set(waiter, position),
        }
    }
}

impl<'a> Engine<'a> {
    pub fn new(system: &'a mut System, schedule: &'a mut Schedule<Event>) -> Self {
        let now = schedule.now();
        Self { plan: &system.plan, state: &mut system.state, schedule, now }
    }

    /// Schedules the events known from the start.
    #[cold]
    pub fn begin(&mut self) {
        for workload in self.plan.workloads.ids() {
            self.begin_workload(workload);
        }
        self.schedule_faults(None);
        for edge in self.plan.edges.ids() {
            self.begin_watching(edge, None);
        }
        for scaler in self.plan.autoscalers.ids() {
            self.begin_autoscaling(scaler);
        }
        self.open_pools();
        self.begin_probing();
        self.schedule_orders();
        self.schedule_triggers();
        let run = self.plan.run;
        if !run.warmup.is_zero() {
            self.schedule.at(SimTime::ZERO + run.warmup, Event::WarmupEnds);
        }
        self.schedule.at(SimTime::ZERO + run.duration, Event::ArrivalsEnd);
        self.schedule.after(self.state.recorder.sample_width(), Event::Sample);
        self.settle(Next::Nothing);
    }

    #[inline]
    pub fn handle(&mut self, event: Event) {
        let next = match event {
            Event::Resume(waiter) | Event::Sent(waiter) => self.resume(waiter),
            Event::Arrival { workload } => self.arrival(workload),
            Event::Deadline { ring } => {
                self.deadlines_due(ring);
                Next::Nothing
            }
            other => self.handle_rare(other),
        };
        self.settle(next);
    }

    fn handle_rare(&mut self, event: Event) -> Next {
        match event {
            Event::Resume(_) | Event::Sent(_) | Event::Arrival { .. } | Event::Deadline { .. } => {
                unreachable!("`handle` takes care of these frequent events")
            }
            Event::Expires { ring, waiter } => return self.expires(ring, waiter),
            Event::Overdue(waiter) => return self.overdue(waiter),
            Event::Cancel { callee, caller } => self.cancel(callee, caller),
            Event::UsersChange { workload } => self.users_change(workload),
            Event::FaultBegins { fault } => self.fault_begins(fault),
            Event::FaultGrows { fault } => self.fault_grows(fault),
            Event::FaultEnds { fault } => self.fault_ends(fault),
            Event::MakeUp { edge } => return self.make_up(edge),
            Event::QueueTick { queue } => self.queue_tick(queue),
            Event::Autoscale { scaler } => self.autoscale(scaler),
            Event::Started { scaler } => self.started(scaler),
            Event::OutOfMemory { instance } => self.out_of_memory(instance),
            Event::Restarted { instance } => self.restarted(instance),
            Event::Exits { instance } => self.exits(instance),
            Event::Probe { kind, instance, life } => return self.probe(kind, instance, life),
            Event::HealthCheck { edge } => self.check_health(edge),
            Event::Sweep { edge } => self.sweep_outliers(edge),
            Event::Order { order } => return self.order_given(order),
            Event::OrderAnswered { order } => return self.order_answered(order),
            Event::OrderEnds { order } => self.order_ends(order),
            Event::Due { trigger } => self.pull_trigger(Some(trigger)),
            Event::WarmupEnds => self.warmup_ends(),
            Event::ArrivalsEnd => self.arrivals_end(),
            Event::Sample => self.sample(),
        }
        Next::Nothing
    }

    /// Does something of which several things follow in this instant: in the order in which they are
    /// noted, and not the last one first.
    pub fn in_order<T>(&mut self, act: impl FnOnce(&mut Self) -> T) -> T {
        if std::mem::replace(&mut self.state.is_in_order, true) {
            return act(self);
        }
        let first = self.state.ready.len();
        let done = act(self);
        self.state.ready[first..].reverse();
        self.state.is_in_order = false;
        done
    }

    /// Does everything that follows within this instant, depth first; what follows without end, until a limit
    /// is reached.
    #[inline]
    pub fn settle(&mut self, next: Next) {
        self.settle_within(next, MOST_WITHIN_AN_INSTANT);
    }

    /// Does the same with at most so many deliveries.
    #[inline]
    fn settle_within(&mut self, mut next: Next, most_deliveries: u64) {
        let mut deliveries_left = most_deliveries;
        loop {
            next = match next {
                Next::Run(frame) => self.run(frame),
                // Only calls within calls and deliveries go on without end in one instant; the former take
                // ever more frames.
                Next::Arrive(_) if self.state.limit_reached.is_some() => return,
                Next::Arrive(frame) => self.arrive(frame),
                Next::Reply(frame) => self.reply(frame),
                Next::Start(frame) => self.slot_granted(frame),
                Next::Work(frame) => self.processor_granted(frame),
                Next::Permit(frame) => self.permit_granted(frame),
                Next::Resource(frame) => self.resource_granted(frame),
                Next::Ask(frame) => self.enter_guards(frame),
                Next::Deliver(queue) => {
                    deliveries_left -= 1;
                    if deliveries_left == 0 {
                        let reached = LimitReached::Standstill(most_deliveries);
                        self.state.limit_reached.get_or_insert(reached);
                        return;
                    }
                    self.run_delivery(queue)
                }
                Next::Fetched(frame) => self.fetched(frame, true),
                Next::NotFetched(frame) => self.fetched(frame, false),
                Next::CatchUp(instance) => self.catch_up(instance),
                Next::Nothing => match self.state.ready.pop() {
                    Some(waiting) => waiting,
                    None => return,
                },
            }
        }
    }

    #[inline]
    fn resume(&mut self, waiter: Waiter) -> Next {
        if !self.state.frames.is_live(waiter) {
            return Next::Nothing;
        }
        let index = waiter.frame;
        let activity = self.state.frames[index].activity;
        if self.state.faults_in_force > 0
            && let Some(next) = self.is_kept_from_resuming(waiter, activity)
        {
            return next;
        }
        self.resume_unpaused(index, activity)
    }

    /// Handles a frame that a fault keeps from resuming: its message disappears, or its instance is
    /// paused. Returns `None` if no fault does.
    #[cold]
    fn is_kept_from_resuming(&mut self, waiter: Waiter, activity: Activity) -> Option<Next> {
        let index = waiter.frame;
        if matches!(activity, Activity::InTransit | Activity::ReplyInTransit) {
            return self.is_swallowed(index).then(|| self.swallow(index));
        }
        let is_parked = self.is_paused(index) && !activity.is_resending();
        is_parked.then(|| self.park(index, Parked::Resume(waiter)))
    }

    #[inline]
    pub fn resume_unpaused(&mut self, index: u32, activity: Activity) -> Next {
        match activity {
            Activity::Working => {
                self.release_processor(index);
                self.state.frames[index].activity = Activity::Pausing;
                self.go_to_next(index)
            }
            Activity::Pausing => self.go_to_next(index),
            Activity::Sending => self.sending_ended(index),
            Activity::AwaitingFetch | Activity::Starting => Next::Run(index),
            Activity::Delayed => self.request_processor(index),
            Activity::InTransit => Next::Arrive(index),
            Activity::BackingOff => self.send_in_again(index),
            Activity::AwaitingTurn => self.guard_passed(index),
            Activity::Connecting => self.enter_guards(index),
            Activity::WaitingInVain => {
                self.leave_guards(index, crate::Outcome::RejectedByRateLimit)
            }
            Activity::FallingBack => self.end_call(index, crate::Outcome::Degraded),
            Activity::ReplyInTransit => Next::Reply(index),
            Activity::ResendingRequest => self.resend(index, Activity::InTransit),
            Activity::ResendingReply => self.resend(index, Activity::ReplyInTransit),
            Activity::Thinking => self.next_iteration(index),
            Activity::AskingAgain => self.ask_again(index),
            Activity::Free
            | Activity::Running
            | Activity::Queued
            | Activity::AwaitingProcessor
            | Activity::AwaitingResource
            | Activity::AwaitingPermit
            | Activity::AwaitingReply
            | Activity::AwaitingTask
            | Activity::AwaitingBranches
            | Activity::Lost => {
                unreachable!("no event resumes a frame that is {activity:?}")
            }
        }
    }

    fn deadlines_due(&mut self, ring: Id<of::Deadline>) {
        let ends = self.plan.deadlines[ring].ends;
        if let Some(waiter) = self.state.rings[ring].pop_due(self.now)
            && ends.is_awaited(&self.state.frames, waiter)
        {
            let next = self.deadline_reached(ends, waiter);
            self.settle(next);
        }
        // Even one that is due now has an event of its own: deadlines of other rings may come first.
        let frames = &self.state.frames;
        if let Some((due, place)) =
            self.state.rings[ring].next_live(|waiter| ends.is_awaited(frames, *waiter))
        {
            self.schedule.at_reserved(due, place, Event::Deadline { ring });
        }
    }

    /// Handles a wait that has lasted too long. A paused process notices it when it resumes.
    #[cold]
    pub fn deadline_passed(&mut self, index: u32) -> Next {
        let activity = self.state.frames[index].activity;
        if activity != Activity::AwaitingReply && self.is_paused(index) {
            let epoch = self.state.frames[index].epoch;
            return self.park(index, Parked::Deadline(Waiter { frame: index, epoch }));
        }
        match activity {
            Activity::AwaitingReply => self.attempt_timed_out(index),
            Activity::Queued => self.wait_exceeded(index),
            Activity::AwaitingPermit => self.permit_wait_exceeded(index),
            Activity::Connecting => self.leave_guards(index, crate::Outcome::Timeout),
            Activity::AwaitingResource => self.resource_wait_exceeded(index),
            activity => unreachable!("no deadline is set for a frame that is {activity:?}"),
        }
    }

    /// Sets the deadline of a wait, if it has one.
    #[inline]
    pub fn set_deadline(&mut self, deadline: Option<Deadline>, waiter: Waiter) {
        match deadline {
            Some(Deadline::Constant(ring)) => {
                let place = self.schedule.reserve();
                if let Some(due) = self.state.rings[ring].push(self.now, place, waiter) {
                    self.watch_ring(ring, due, place);
                }
            }
            Some(Deadline::Drawn(ring)) => self.set_drawn_deadline(ring, waiter),
            None => {}
        }
    }

    /// Schedules the event for the first deadline of a ring.
    #[inline(never)]
    fn watch_ring(&mut self, ring: Id<of::Deadline>, due: SimTime, place: u64) {
        self.schedule.at_reserved(due, place, Event::Deadline { ring });
    }

    /// Sets a deadline whose delay is drawn for this wait.
    #[cold]
    fn set_drawn_deadline(&mut self, ring: Id<of::Deadline>, waiter: Waiter) {
        let span = self.drawn_span(ring, waiter);
        self.schedule.after(span, Event::Expires { ring, waiter });
    }

    /// Sets the deadline for what a wait goes over into that began at `since`.
    #[cold]
    pub fn set_rest_of_deadline(
        &mut self,
        deadline: Option<Deadline>,
        since: SimTime,
        waiter: Waiter,
    ) {
        if since == self.now {
            return self.set_deadline(deadline, waiter);
        }
        let (ring, span) = match deadline {
            Some(Deadline::Constant(ring)) => (ring, self.plan.deadlines[ring].span),
            Some(Deadline::Drawn(ring)) => (ring, self.drawn_span(ring, waiter)),
            None => return,
        };
        self.schedule.at((since + span).max(self.now), Event::Expires { ring, waiter });
    }

    /// Draws the delay of a deadline for a wait; one call draws the same however often it is asked.
    fn drawn_span(&self, ring: Id<of::Deadline>, waiter: Waiter) -> SimDuration {
        let frame = &self.state.frames[waiter.frame];
        let attempt = if frame.activity.is_in_call() { frame.attempts } else { 0 };
        let tag = Draw::Patience.of_attempt(attempt);
        let key = frame.key.child(frame.step_number() | tag).child(u64::from(ring.number()));
        let drawn = self.plan.deadlines[ring].drawn;
        let drawn = drawn.expect("a deadline that is drawn has a distribution");
        self.plan.distributions[drawn].sample_duration(&mut key.draw())
    }

    /// Handles a deadline whose delay was drawn.
    #[cold]
    fn expires(&mut self, ring: Id<of::Deadline>, waiter: Waiter) -> Next {
        let ends = self.plan.deadlines[ring].ends;
        if ends.is_awaited(&self.state.frames, waiter) {
            return self.deadline_reached(ends, waiter);
        }
        Next::Nothing
    }

    fn deadline_reached(&mut self, ends: Ends, waiter: Waiter) -> Next {
        match ends {
            Ends::Wait => self.deadline_passed(waiter.frame),
            Ends::Guard(position) => self.time_is_up(waiter.frame, position),
            Ends::Patience => self.hedge(waiter),
        }
    }

    /// Makes a frame wait for a duration.
    #[inline]
    pub fn wait(&mut self, index: u32, activity: Activity, span: SimDuration) -> Next {
        let waiter = self.state.frames.begin_wait(index, activity);
        let is_sent =
            matches!(activity, Activity::InTransit | Activity::Thinking | Activity::BackingOff);
        let event = if is_sent { Event::Sent(waiter) } else { Event::Resume(waiter) };
        self.schedule.after(span, event);
        Next::Nothing
    }

    /// Allocates a frame; exceeding the limit ends the run.
    #[inline]
    pub fn allocate(
        &mut self,
        key: DrawKey,
        role: Role,
        place: Id<of::Place>,
        entry: Id<of::Step>,
        is_counted: bool,
    ) -> u32 {
        if self.state.frames.in_use() as u64 >= self.state.most_frames {
            self.have_too_many_frames();
        }
        self.state.frames.allocate(key, role, place, entry, is_counted)
    }

    /// Ends the run because of the limit that the number of frames has reached.
    #[cold]
    fn have_too_many_frames(&mut self) {
        let limits = self.plan.limits;
        let reached = if self.state.frames.in_use() as u64 >= limits.in_flight {
            LimitReached::InFlight(limits.in_flight)
        } else {
            LimitReached::Memory { limit: limits.memory, most: Growth::InFlight }
        };
        self.state.limit_reached.get_or_insert(reached);
    }

    #[cold]
    fn warmup_ends(&mut self) {
        self.state.has_warmed_up = true;
        self.state.recorder.pools_reset(self.now, &self.state.pools);
        self.pools_forget_for_autoscalers();
        for pool in &mut self.state.pools {
            pool.reset_usage(self.now);
        }
    }

    #[cold]
    fn sample(&mut self) {
        self.state.run_breaker_timers(self.now);
        let State { recorder, pools, breakers, queues, links, .. } = &mut *self.state;
        recorder.sample(self.now, pools, breakers, queues, links);
        self.watch_experiment();
        self.watch_triggers();
        self.watch_alerts();
        self.schedule.after(self.state.recorder.sample_width(), Event::Sample);
    }
}

#[cfg(test)]
mod tests {
    use sim_core::Simulation;

    use super::*;
    use crate::scenario::{Input, Overrides, load};

    /// The limit that a request reaches with at most a thousand deliveries, and the messages that are sent, if each is sent
    /// on to the next of some queues, and from the last to the first if that is endless.
    fn limit_reached(queues: usize, is_endless: bool) -> (Option<LimitReached>, u64) {
        let last = if is_endless { "{ send: q0 }" } else { "{ pause: 1s }" };
        let step = |queue: usize| match queue {
            it if it + 1 < queues => format!("{{ send: q{} }}", it + 1),
            _ => last.to_owned(),
        };
        let services: Vec<String> =
            (0..queues).map(|it| format!("s{it}: {{ handle: [ {} ] }}", step(it))).collect();
        let deliver: Vec<String> =
            (0..queues).map(|it| format!("q{it}: {{ deliver to: s{it} }}")).collect();
        let text = format!(
            "{{ workloads: {{ web: {{ to: front, arrivals: constant 1/s }} }}, services: {{ front: {{ handle: [ {{ send: q0 }} ] }}, {} }}, queues: {{ {} }} }}",
            services.join(", "),
            deliver.join(", ")
        );
        let input = Input { name: "example.yaml".into(), text, folder: ".".into() };
        let loaded = load(&input, &Overrides::default());
        let blueprint = loaded.blueprint.unwrap_or_else(|| panic!("{:?}", loaded.problems));
        let mut simulation = Simulation::new(System::new(blueprint, 0));
        let (system, schedule) = simulation.parts();
        let mut engine = Engine::new(system, schedule);
        engine.begin();
        engine.now = SimTime::from_secs(1);
        let next = engine.arrival(Id::new(0));
        engine.settle_within(next, 1_000);
        let sent = engine.state.recorder.queues().iter().map(|queue| queue.sent).sum();
        (engine.state.limit_reached, sent)
    }

    #[test]
    fn deliveries_that_follow_each_other_without_end_are_stopped() {
        for queues in [1, 2, 7] {
            let stopped = Some(LimitReached::Standstill(1_000));
            assert_eq!(limit_reached(queues, true), (stopped, 1_000), "{queues}");
        }
    }

    #[test]
    fn many_deliveries_that_end_are_not_stopped() {
        assert_eq!(limit_reached(300, false), (None, 300));
    }
}

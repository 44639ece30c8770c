//! The state of a system, and its place in the kernel.

use std::collections::VecDeque;
use std::sync::Arc;

use sim_core::random::{DrawKey, Streams};
use sim_core::{DeadlineRing, Model, Schedule, SimTime};

use super::blueprint::{Blueprint, Source};
use super::event::Event;
use super::frame::{Frames, Role};
use super::turn::Turn;
use crate::Outcome;
use crate::observe::Recorder;
use crate::resilience::admission::Admission;
use crate::resilience::{Autoscaler, Breaker, LoadBalancer, RateLimiter, RetryBudget};
use crate::resources::{IdempotencyKeys, KeyedCache, Message, MessageQueue, Pool, Waiter};
use crate::workload::{ArrivalProcess, Arrivals};

/// About what one idempotency key takes.
const BYTES_OF_KEY: usize = 64;

/// What follows within the same instant.
///
/// Whatever handles a part of an event returns what follows from it; what else follows waits on the
/// `ready` stack. No part calls the next, so chains of calls and replies may be as long as they
/// like.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Next {
    /// Nothing: something is awaited, or has ended.
    Nothing,
    /// A frame arrives at its instance.
    Arrive(u32),
    /// A frame has been given a slot and starts its handler.
    Start(u32),
    /// A frame runs its present step.
    Run(u32),
    /// A frame has been given a processor.
    Work(u32),
    /// A frame has been given a permit.
    Permit(u32),
    /// A frame that waited for a breaker's test asks its guards again.
    Ask(u32),
    /// A frame has ended; its caller is answered.
    Reply(u32),
    /// Somebody has fetched what a frame waited for.
    Fetched(u32),
    /// Somebody has failed to fetch what a frame waited for.
    NotFetched(u32),
    /// An instance that goes on after a pause notices the next of what it has missed.
    CatchUp(u32),
}

/// What has happened to an instance.
#[derive(Clone, Debug, Default)]
pub(crate) struct InstanceState {
    /// Whether any fault is in force here.
    pub is_disturbed: bool,
    /// How many faults have crashed it.
    pub crashes: u32,
    /// How many faults have paused it.
    pub pauses: u32,
    /// How many faults make it refuse connections.
    pub refusals: u32,
    /// Faults that slow it, by id.
    pub slowed_by: Vec<u32>,
    /// Faults that make it answer errors, by id.
    pub failing_by: Vec<u32>,
    /// Slots lost to each fault, by id; faults that overlap add up.
    pub lost_slots: Vec<(u32, u32)>,
    /// What happened to its frames while it was paused.
    pub parked: VecDeque<Parked>,
    /// Whether it is about to be killed, or has been and is not back.
    pub is_dying: bool,
    /// Requests among that: accepted, and not yet taken note of.
    pub held_up: u32,
}

/// Something that a paused instance will notice when it goes on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Parked {
    /// A request has come.
    Arrival(Waiter),
    /// What a frame waited for has come.
    Resume(Waiter),
    /// A frame is answered.
    Reply {
        /// Who is answered, if they still wait.
        to: Waiter,
        /// With what.
        outcome: Outcome,
    },
}

impl InstanceState {
    /// Notes whether any fault is left in force.
    pub fn note_disturbance(&mut self) {
        let is_reachable = self.crashes == 0 && self.pauses == 0 && self.refusals == 0;
        self.is_disturbed =
            !is_reachable || !self.slowed_by.is_empty() || !self.failing_by.is_empty();
    }
}

/// What has happened to an edge.
#[derive(Clone, Debug)]
pub(crate) struct EdgeState {
    pub balancer: LoadBalancer,
    /// Faults that slow its messages, by id.
    pub slowed_by: Vec<u32>,
    /// How many faults swallow its messages.
    pub black_holes: u32,
    /// How many faults refuse its connections.
    pub refusals: u32,
    /// When it last had a good answer, if it has had one.
    pub last_answer: Option<sim_core::SimTime>,
    /// Calls put off until later, the oldest first.
    pub deferred: VecDeque<Deferred>,
}

/// A call put off until later.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deferred {
    /// What its draws are keyed by.
    pub key: DrawKey,
    /// The request that it comes from.
    pub request: u64,
    /// The operation to call.
    pub entry: u32,
    /// The instance, or workload, that calls.
    pub instance: u32,
    /// Its class.
    pub priority: u8,
    /// Whether it is counted.
    pub is_counted: bool,
}

/// What a queue of messages is up to.
#[derive(Clone, Debug)]
pub(crate) struct QueueState {
    /// What waits.
    pub messages: MessageQueue,
    /// Deliveries under way in each partition.
    pub in_flight: Vec<u32>,
    /// Until when each partition pauses.
    pub paused_until: Vec<SimTime>,
    /// Before this no delivery begins.
    pub next_delivery: SimTime,
    /// When it looks again.
    pub tick_at: Option<SimTime>,
}

/// What an autoscaler is up to.
#[derive(Clone, Debug)]
pub(crate) struct ScalerState {
    pub scaler: Autoscaler,
    /// Instances that serve.
    pub running: u32,
    /// Instances that start up.
    pub starting: u32,
    /// Slots in use times nanoseconds when it last looked.
    pub busy_before: i128,
}

/// What a workload is up to.
#[derive(Clone, Debug)]
pub(crate) struct WorkloadState {
    /// What its requests are keyed by.
    pub key: DrawKey,
    /// Its arrivals, if it is open.
    pub arrivals: Option<Arrivals>,
    /// Requests begun by arrival; users begun, if it is closed.
    pub begun: u64,
    /// Whether each user, by number, is at work.
    pub users: Vec<bool>,
}

/// How an experiment was called off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Aborted {
    /// When.
    pub at: SimTime,
    /// The condition that was met, by number.
    pub condition: usize,
    /// The figure then.
    pub value: f64,
}

/// A limit that a run has reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitReached {
    /// Too many events.
    Events(u64),
    /// Too many requests and calls in flight.
    InFlight(u64),
    /// Too much memory.
    Memory(u64),
}

/// A simulated system: its state, and what happened so far.
#[derive(Clone, Debug)]
pub struct System {
    pub(super) blueprint: Arc<Blueprint>,
    pub(super) state: State,
}

/// Everything that changes while a system runs.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub frames: Frames,
    pub pools: Vec<Pool>,
    pub breakers: Vec<Breaker>,
    /// Who waits for the end of which test of each breaker.
    pub test_waiters: Vec<Vec<(u64, Waiter)>>,
    pub rate_limiters: Vec<RateLimiter>,
    pub retry_budgets: Vec<RetryBudget>,
    pub gates: Vec<Admission>,
    pub rings: Vec<DeadlineRing<Waiter>>,
    pub instances: Vec<InstanceState>,
    pub edges: Vec<EdgeState>,
    pub workloads: Vec<WorkloadState>,
    pub queues: Vec<QueueState>,
    pub keys: Vec<IdempotencyKeys>,
    pub caches: Vec<KeyedCache>,
    pub autoscalers: Vec<ScalerState>,
    /// Pairs of regions between which nothing gets through.
    pub cuts: Vec<(u32, u32)>,
    /// Messages that wait to be consumed, or are being delivered.
    pub messages: u64,
    /// What follows within this instant after what is being handled, the last first.
    pub ready: Vec<Next>,
    /// Calls put off until later, over all edges.
    pub deferred: u64,
    /// Faults that have begun and not ended; as long as there are none, nobody looks for what they
    /// do.
    pub faults_in_force: u32,
    pub recorder: Recorder,
    pub has_warmed_up: bool,
    pub have_arrivals_ended: bool,
    pub limit_reached: Option<LimitReached>,
    pub aborted: Option<Aborted>,
}

impl System {
    /// A system at rest: replication `replication` of the blueprint's seed.
    pub fn new(blueprint: Arc<Blueprint>, replication: u64) -> Self {
        let streams = Streams::new(blueprint.run.seed, replication);
        let state = State {
            frames: Frames::new(blueprint.depth(), blueprint.tracks_requests),
            pools: blueprint
                .pools
                .iter()
                .map(|plan| {
                    Pool::new(plan.capacity, plan.queue_limit)
                        .with_core(plan.core)
                        .with_discipline(&plan.discipline)
                })
                .collect(),
            test_waiters: vec![Vec::new(); blueprint.breakers.len()],
            breakers: blueprint
                .breakers
                .iter()
                .map(|plan| initial_breaker(plan, &streams))
                .collect(),
            rate_limiters: blueprint
                .rate_limits
                .iter()
                .map(|limit| RateLimiter::new(*limit))
                .collect(),
            gates: blueprint
                .gates
                .iter()
                .enumerate()
                .map(|(number, settings)| {
                    Admission::new(
                        *settings,
                        DrawKey::root(&mut streams.stream(&format!("gate {number}"))),
                    )
                })
                .collect(),
            retry_budgets: blueprint
                .retry_budgets
                .iter()
                .map(|policy| RetryBudget::new(*policy))
                .collect(),
            rings: blueprint.deadlines.iter().map(|plan| DeadlineRing::new(plan.span)).collect(),
            instances: vec![InstanceState::default(); blueprint.instances.len()],
            edges: blueprint.edges.iter().map(|edge| initial_edge(&blueprint, edge)).collect(),
            workloads: blueprint
                .workloads
                .iter()
                .map(|workload| initial_workload(workload, &streams))
                .collect(),
            queues: blueprint.queues.iter().map(initial_queue).collect(),
            keys: blueprint
                .idempotency
                .iter()
                .map(|lifetime| IdempotencyKeys::new(*lifetime))
                .collect(),
            caches: blueprint.caches.iter().map(KeyedCache::new).collect(),
            autoscalers: blueprint.autoscalers.iter().map(initial_scaler).collect(),
            cuts: Vec::new(),
            messages: 0,
            ready: Vec::with_capacity(64),
            deferred: 0,
            faults_in_force: 0,
            recorder: Recorder::new(&blueprint),
            has_warmed_up: blueprint.run.warmup.is_zero(),
            have_arrivals_ended: false,
            limit_reached: None,
            aborted: None,
        };
        Self { blueprint, state }
    }

    /// Schedules what is known from the beginning: first arrivals, faults, warm-up, the end.
    pub fn begin(&mut self, schedule: &mut Schedule<Event>) {
        Turn::new(self, schedule).begin();
    }

    /// Ends the run because a limit is reached that the system itself does not watch.
    pub fn stop_at(&mut self, limit: LimitReached) {
        self.state.limit_reached = Some(limit);
    }

    /// Closes the last interval of the series at the end of a run.
    pub fn close(&mut self, now: sim_core::SimTime) {
        self.state.run_breaker_timers(now);
        let State { recorder, pools, breakers, queues, .. } = &mut self.state;
        recorder.sample(now, pools, breakers, queues);
    }

    /// The blueprint it was made from.
    pub fn blueprint(&self) -> &Arc<Blueprint> {
        &self.blueprint
    }

    /// What happened so far.
    pub fn recorder(&self) -> &Recorder {
        &self.state.recorder
    }

    /// Its pools, in the order of [`Blueprint::pools`].
    pub fn pools(&self) -> &[Pool] {
        &self.state.pools
    }

    /// Its breakers, in the order of [`Blueprint::breakers`].
    pub fn breakers(&self) -> &[Breaker] {
        &self.state.breakers
    }

    /// How the experiment was called off, if it was.
    pub fn aborted(&self) -> Option<Aborted> {
        self.state.aborted
    }

    /// The limit that ended the run, if one did.
    pub fn limit_reached(&self) -> Option<LimitReached> {
        self.state.limit_reached
    }

    /// Requests that began after the warm-up and are still in flight, counted one by one, by
    /// workload.
    pub fn requests_in_flight(&self) -> Vec<u64> {
        let mut in_flight = vec![0; self.blueprint.workloads.len()];
        for index in self.state.frames.matching(|frame| {
            frame.role == Role::Client && frame.is_counted && frame.activity.is_in_call()
        }) {
            in_flight[self.state.frames[index].instance as usize] += 1;
        }
        in_flight
    }

    /// Whether nothing is held and nobody waits: every frame, slot, permit and connection has been
    /// given back.
    pub fn is_drained(&self) -> bool {
        self.state.frames.in_use() == 0
            && self.state.pools.iter().all(|pool| pool.in_use() == 0 && pool.queue_length() == 0)
    }

    /// Calls over an edge that were put off and have not been made up for.
    pub fn deferred(&self, edge: usize) -> u64 {
        self.state.edges[edge].deferred.len() as u64
    }

    /// Messages of a queue that wait, and deliveries of it under way.
    pub fn messages(&self, queue: usize) -> (u64, u64) {
        let state = &self.state.queues[queue];
        (state.messages.depth(), state.in_flight.iter().map(|number| u64::from(*number)).sum())
    }

    /// Frames in use: clients, requests at stations, branches.
    pub fn frames_in_use(&self) -> u64 {
        self.state.frames.in_use() as u64
    }
}

impl Model for System {
    type Event = Event;

    #[inline]
    fn handle(&mut self, event: Event, schedule: &mut Schedule<Event>) {
        Turn::new(self, schedule).handle(event);
    }

    #[inline]
    fn is_finished(&self) -> bool {
        let is_idle = || {
            self.state.frames.in_use() == 0 && self.state.deferred == 0 && self.state.messages == 0
        };
        self.state.limit_reached.is_some() || (self.state.have_arrivals_ended && is_idle())
    }
}

fn initial_edge(blueprint: &Blueprint, edge: &super::EdgePlan) -> EdgeState {
    let instances = blueprint.stations[edge.callee as usize].instances.len() as u32;
    EdgeState {
        balancer: LoadBalancer::new(edge.balance.clone(), instances),
        slowed_by: Vec::new(),
        black_holes: 0,
        refusals: 0,
        last_answer: None,
        deferred: VecDeque::new(),
    }
}

fn initial_scaler(plan: &super::AutoscalerPlan) -> ScalerState {
    ScalerState {
        scaler: Autoscaler::new(plan.settings),
        running: plan.from,
        starting: 0,
        busy_before: 0,
    }
}

fn initial_queue(plan: &super::QueuePlan) -> QueueState {
    QueueState {
        messages: MessageQueue::new(plan.partitions, plan.lanes, plan.capacity),
        in_flight: vec![0; plan.partitions as usize],
        paused_until: vec![SimTime::ZERO; plan.partitions as usize],
        next_delivery: SimTime::ZERO,
        tick_at: None,
    }
}

fn initial_breaker(plan: &super::BreakerPlan, streams: &Streams) -> Breaker {
    let key = DrawKey::root(&mut streams.stream(&format!("{}/breaker", plan.owner)));
    let breaker = Breaker::new(plan.settings, key).failing(plan.fails_open);
    match plan.store_delay {
        Some(delay) => breaker.shared_through_store(delay),
        None => breaker,
    }
}

fn initial_workload(workload: &super::WorkloadPlan, streams: &Streams) -> WorkloadState {
    let arrivals = match &workload.source {
        Source::Open(process) => Some(Arrivals::new(
            ArrivalProcess::clone(process),
            streams.stream(&format!("{}/arrivals", workload.name)),
        )),
        Source::Closed { .. } => None,
    };
    WorkloadState {
        key: DrawKey::root(&mut streams.stream(&format!("{}/requests", workload.name))),
        arrivals,
        begun: 0,
        users: Vec::new(),
    }
}

impl State {
    /// Lets every change of a breaker's state that is due by `now` happen. Nobody notices one
    /// before asking, so it is enough that this comes first whenever somebody does.
    pub fn run_breaker_timers(&mut self, now: sim_core::SimTime) {
        for breaker in 0..self.breakers.len() as u32 {
            self.run_timers_of(breaker, now);
        }
    }

    /// The same for one breaker.
    #[inline]
    pub fn run_timers_of(&mut self, breaker: u32, now: sim_core::SimTime) {
        while let Some((at, transition)) = self.breakers[breaker as usize].due_transition(now) {
            self.recorder.breaker_changes(at, breaker, transition);
        }
    }

    /// Bytes held by what grows with the load.
    pub fn bytes(&self) -> u64 {
        let queued: u64 = self.pools.iter().map(|pool| u64::from(pool.queue_length())).sum();
        let deferred = self.deferred * size_of::<Deferred>() as u64;
        let messages: u64 = self
            .queues
            .iter()
            .map(|queue| queue.messages.depth() * size_of::<Message>() as u64)
            .sum();
        let keys: u64 = self.keys.iter().map(|keys| (keys.len() * BYTES_OF_KEY) as u64).sum();
        deferred
            + messages
            + keys
            + self.frames.bytes()
            + queued * size_of::<Waiter>() as u64
            + self.recorder.bytes()
    }
}

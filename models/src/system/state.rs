//! The state of a system, and its interface to the kernel.

use std::collections::VecDeque;
use std::sync::Arc;

use sim_core::random::{DrawKey, Streams};
use sim_core::{DeadlineRing, Model, Schedule, SimTime};

use super::alerting::{AlertState, initial_alerts};
use super::blueprint::{Blueprint, CachePlan, Source};
use super::engine::Engine;
use super::event::Event;
use super::footprint::Growth;
use super::frame::Frames;
use super::id::{Id, Table, of};
use super::instance::InstanceState;
use super::links::LinkState;
use super::operator::Operator;
use super::process::{ProcessState, initial_processes};
use super::role::Role;
use super::scaling::{ScalerState, initial_scaler};
use super::triggers::TriggerState;
use crate::faults::with_victims;
use crate::guards::Connection;
use crate::observe::Recorder;
use crate::resilience::admission::Admission;
use crate::resilience::{
    AdaptiveThrottle, BreakerInService, LoadBalancer, RateLimiter, RetryBudget,
};
use crate::resources::{IdempotencyKeys, KeyedCache, MessageQueue, Pool, Waiter};
use crate::workload::{ArrivalProcess, Arrivals};

/// The next thing to do within the same instant.
///
/// Code that handles part of an event returns what follows from it; anything further waits on the
/// `ready` stack. No part calls the next one, so chains of calls and replies can be of any length.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Next {
    /// Nothing: the frame waits for something, or has ended.
    Nothing,
    /// A frame arrives at its instance.
    Arrive(u32),
    /// A frame has got a slot and starts its handler.
    Start(u32),
    /// A frame runs its current step.
    Run(u32),
    /// A frame has got a processor.
    Work(u32),
    /// A frame has got a permit.
    Permit(u32),
    /// A frame has got what it waited for of a pool of its service.
    Resource(u32),
    /// A frame that waited for a breaker's test call asks its guards again.
    Ask(u32),
    /// The next delivery that a queue has begun runs its first step.
    Deliver(Id<of::Queue>),
    /// A frame has ended; its caller is answered.
    Reply(u32),
    /// The value that a frame waited for has been fetched.
    Fetched(u32),
    /// The value that a frame waited for could not be fetched.
    NotFetched(u32),
    /// An instance resumes after a pause and handles the next thing it missed.
    CatchUp(Id<of::Instance>),
}

/// The state of an edge.
#[derive(Clone, Debug)]
pub(crate) struct EdgeState {
    /// The balancers, one for each region of its callers.
    pub balancers: Vec<LoadBalancer>,
    /// Key of their draws.
    pub balancer_key: DrawKey,
    /// Faults that slow its messages.
    pub slowed_by: Vec<Id<of::Fault>>,
    /// Number of faults that swallow its messages.
    pub black_holes: u32,
    /// Number of faults that refuse its connections.
    pub refusals: u32,
    /// For each instance of its caller, the time of the last good answer, if there was one.
    pub last_answers: Vec<Option<SimTime>>,
    /// Calls deferred until later, oldest first.
    pub deferred: VecDeque<Deferred>,
}

/// A call deferred until later.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deferred {
    /// Key for its random draws.
    pub key: DrawKey,
    /// The request that it comes from.
    pub request: u64,
    /// First step of the operation to call.
    pub entry: Id<of::Step>,
    /// The place of the frame that puts it off.
    pub place: Id<of::Place>,
    /// Its class.
    pub priority: u8,
    /// True if it counts in the results.
    pub is_counted: bool,
}

/// The state of a message queue.
#[derive(Clone, Debug)]
pub(crate) struct QueueState {
    /// Its messages.
    pub messages: MessageQueue,
    /// Deliveries that begin in this instant, in order.
    pub begun: VecDeque<u32>,
    /// The partition that is the first to have a turn.
    pub next_partition: u32,
    /// Time until which each partition pauses.
    pub paused_until: Vec<SimTime>,
    /// Earliest time for the next delivery.
    pub next_delivery: SimTime,
    /// Time of its next check, if one is planned.
    pub tick_at: Option<SimTime>,
}

/// A user of a closed workload.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct UserState {
    pub is_there: bool,
    /// The iteration that the user begins next; who comes back goes on counting.
    pub iteration: u32,
}

/// The state of a workload.
#[derive(Clone, Debug)]
pub(crate) struct WorkloadState {
    /// Key for the random draws of its requests.
    pub key: DrawKey,
    /// Its arrivals, if it is open.
    pub arrivals: Option<Arrivals>,
    /// Time of the next arrival; [`SimTime::MAX`] if there is none.
    pub next_at: SimTime,
    /// Number of requests started by arrival, or of users started if it is closed.
    pub begun: u64,
    /// The users, by number.
    pub users: Vec<UserState>,
    /// The number of users that were planned when it last changed.
    pub planned: u32,
}

/// The abort of an experiment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Aborted {
    /// Time of the abort.
    pub at: SimTime,
    /// Number of the condition that was met.
    pub condition: usize,
    /// Value of the measured figure at that time.
    pub value: f64,
}

/// The limit that a run has reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitReached {
    /// Number of events.
    Events(u64),
    /// Number of requests and calls in flight.
    InFlight(u64),
    /// Memory.
    Memory {
        /// The limit in bytes.
        limit: u64,
        /// What takes most of it.
        most: Growth,
    },
    /// This many events, or things that follow from one, while the clock hardly moved.
    Standstill(u64),
}

/// A simulated system: its state and everything recorded so far.
#[derive(Clone, Debug)]
pub struct System {
    pub(super) blueprint: Arc<Blueprint>,
    /// The settings in force: those of the blueprint until an operator changes them.
    pub(super) plan: Arc<Blueprint>,
    pub(super) state: State,
}

/// Everything that changes during a run.
#[derive(Clone, Debug)]
pub(crate) struct State {
    /// The replication of the blueprint's seed that this is.
    pub replication: u64,
    pub frames: Frames,
    pub pools: Table<of::Pool, Pool>,
    /// For each pool of connections that a caller keeps, those that are idle, the last used last.
    pub kept: Table<of::Pool, Vec<Connection>>,
    pub breakers: Table<of::Breaker, BreakerInService>,
    /// For each breaker, the frames that wait for the result of a test call, with the test's
    /// number.
    pub test_waiters: Table<of::Breaker, Vec<(u64, Waiter)>>,
    pub rate_limiters: Table<of::RateLimit, RateLimiter>,
    pub throttles: Table<of::Throttle, AdaptiveThrottle>,
    pub retry_budgets: Table<of::RetryBudget, RetryBudget>,
    pub admissions: Table<of::Admission, Admission>,
    pub rings: Table<of::Deadline, DeadlineRing<Waiter>>,
    pub instances: Table<of::Instance, InstanceState>,
    /// The processes of all instances; empty if none has a start or probes.
    pub processes: Table<of::Instance, ProcessState>,
    /// Restarts that are over, but whose instances do not all serve yet, by the ids of the faults;
    /// the next batch waits for them.
    pub awaited_batches: Vec<Id<of::Fault>>,
    pub edges: Table<of::Edge, EdgeState>,
    pub workloads: Table<of::Workload, WorkloadState>,
    pub links: Table<of::Link, LinkState>,
    pub queues: Table<of::Queue, QueueState>,
    pub keys: Table<of::IdempotencyKeys, IdempotencyKeys>,
    pub caches: Table<of::Cache, KeyedCache>,
    pub autoscalers: Table<of::Autoscaler, ScalerState>,
    /// Pairs of regions that cannot reach each other.
    pub cuts: Vec<(Id<of::Region>, Id<of::Region>)>,
    /// Number of requests whose messages were lost and for which their callers still wait.
    pub lost: u32,
    /// Number of messages that wait to be consumed or are being delivered.
    pub messages: u64,
    /// Further things to do within this instant, the last one first.
    pub ready: Vec<Next>,
    /// True while things are noted in `ready` that will be turned round.
    pub is_in_order: bool,
    /// Number of deferred calls over all edges.
    pub deferred: u64,
    /// Number of faults in force and of processes that start, and one more if any station has
    /// contention; while it is zero, all checks for faults are skipped.
    pub faults_in_force: u32,
    /// For each fault, true while it is in force.
    pub in_force: Table<of::Fault, bool>,
    pub operator: Operator,
    pub recorder: Recorder,
    pub has_warmed_up: bool,
    pub have_arrivals_ended: bool,
    pub limit_reached: Option<LimitReached>,
    /// The most frames that the limits on requests in flight and on memory allow.
    pub most_frames: u64,
    pub aborted: Option<Aborted>,
    pub triggers: Table<of::Trigger, TriggerState>,
    /// The alerts whose delivery depends on a service; the others are evaluated after the run.
    pub alerts: Table<of::Alert, AlertState>,
}

impl System {
    /// Creates a system at rest, for replication `replication` of the blueprint's seed.
    pub fn new(blueprint: Arc<Blueprint>, replication: u64) -> Self {
        let streams = Streams::new(blueprint.run.seed, replication);
        let blueprint = with_victims(blueprint, &streams);
        let frames =
            Frames::new(blueprint.depth(), blueprint.nesting as usize, blueprint.tracks_requests);
        let state = State {
            replication,
            pools: blueprint
                .pools
                .iter()
                .map(|plan| {
                    Pool::new(plan.capacity, plan.queue_limit)
                        .with_core(plan.core)
                        .with_discipline(&plan.discipline)
                        .with_hosts(plan.hosts)
                })
                .collect(),
            kept: blueprint.pools.iter().map(|_| Vec::new()).collect(),
            test_waiters: blueprint.breakers.iter().map(|_| Vec::new()).collect(),
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
            throttles: blueprint
                .throttles
                .iter()
                .map(|settings| AdaptiveThrottle::new(*settings))
                .collect(),
            admissions: blueprint
                .admissions
                .with_ids()
                .map(|(id, settings)| {
                    Admission::new(
                        *settings,
                        DrawKey::root(&mut streams.stream(&format!("gate {}", id.number()))),
                    )
                })
                .collect(),
            retry_budgets: blueprint
                .retry_budgets
                .iter()
                .map(|policy| RetryBudget::new(*policy))
                .collect(),
            rings: blueprint.deadlines.iter().map(|plan| DeadlineRing::new(plan.span)).collect(),
            instances: blueprint.instances.iter().map(InstanceState::at_rest).collect(),
            processes: initial_processes(&blueprint, &streams),
            awaited_batches: Vec::new(),
            edges: blueprint
                .edges
                .iter()
                .map(|edge| initial_edge(&blueprint, edge, &streams))
                .collect(),
            workloads: blueprint
                .workloads
                .iter()
                .map(|workload| initial_workload(workload, &streams))
                .collect(),
            links: blueprint.links.iter().map(LinkState::new).collect(),
            queues: blueprint.queues.iter().map(initial_queue).collect(),
            keys: blueprint
                .idempotency
                .iter()
                .map(|lifetime| IdempotencyKeys::new(*lifetime))
                .collect(),
            caches: blueprint
                .caches
                .iter()
                .map(|plan| initial_cache(&blueprint, plan, &streams))
                .collect(),
            autoscalers: blueprint
                .autoscalers
                .iter()
                .map(|plan| initial_scaler(plan, &blueprint))
                .collect(),
            cuts: Vec::new(),
            lost: 0,
            messages: 0,
            ready: Vec::with_capacity(64),
            is_in_order: false,
            deferred: 0,
            in_force: blueprint.faults.iter().map(|_| false).collect(),
            faults_in_force: u32::from(!blueprint.contentions.is_empty()),
            recorder: Recorder::new(&blueprint),
            has_warmed_up: blueprint.run.warmup.is_zero(),
            have_arrivals_ended: false,
            limit_reached: None,
            most_frames: frames.most(blueprint.limits),
            frames,
            aborted: None,
            operator: Operator::default(),
            triggers: blueprint.triggers.iter().map(|_| TriggerState::Waits).collect(),
            alerts: initial_alerts(&blueprint),
        };
        Self { plan: Arc::clone(&blueprint), blueprint, state }
    }

    /// Schedules the events known from the start: first arrivals, faults, the end of the warm-up
    /// and of the run.
    pub fn begin(&mut self, schedule: &mut Schedule<Event>) {
        Engine::new(self, schedule).begin();
    }

    /// Ends the run because of a limit that the system does not check itself.
    pub fn stop_at(&mut self, limit: LimitReached) {
        self.state.limit_reached = Some(limit);
    }

    /// Closes the last interval of the time series at the end of a run.
    pub fn close(&mut self, now: sim_core::SimTime) {
        self.state.run_breaker_timers(now);
        let State { recorder, pools, breakers, queues, links, .. } = &mut self.state;
        recorder.sample(now, pools, breakers, queues, links);
    }

    /// The blueprint that the system was made from.
    pub fn blueprint(&self) -> &Arc<Blueprint> {
        &self.blueprint
    }

    /// Everything recorded so far.
    pub fn recorder(&self) -> &Recorder {
        &self.state.recorder
    }

    /// The pools.
    pub fn pools(&self) -> &Table<of::Pool, Pool> {
        &self.state.pools
    }

    /// The links.
    pub fn links(&self) -> &Table<of::Link, LinkState> {
        &self.state.links
    }

    /// The breakers.
    pub fn breakers(&self) -> &Table<of::Breaker, BreakerInService> {
        &self.state.breakers
    }

    /// The replication of the blueprint's seed, from 0.
    pub fn replication(&self) -> u64 {
        self.state.replication
    }

    /// The abort of the experiment, if it was aborted.
    pub fn aborted(&self) -> Option<Aborted> {
        self.state.aborted
    }

    /// The limit that ended the run, if one did.
    pub fn limit_reached(&self) -> Option<LimitReached> {
        self.state.limit_reached
    }

    /// Counts, one by one, the requests that started after the warm-up and are still in flight;
    /// returns one number per workload.
    pub fn requests_in_flight(&self) -> Table<of::Workload, u64> {
        let mut in_flight: Table<_, u64> = self.blueprint.workloads.iter().map(|_| 0).collect();
        for index in self.state.frames.matching(|frame| {
            frame.role == Role::Client && frame.is_counted && frame.activity.is_in_call()
        }) {
            in_flight[self.state.frames[index].workload()] += 1;
        }
        in_flight
    }
}

impl Model for System {
    type Event = Event;

    #[inline]
    fn handle(&mut self, event: Event, schedule: &mut Schedule<Event>) {
        match event {
            Event::Order { .. } | Event::OrderAnswered { .. } => self.operate(event, schedule),
            event => Engine::new(self, schedule).handle(event),
        }
    }

    #[inline]
    fn is_finished(&self) -> bool {
        let is_idle = || {
            self.state.frames.in_use() == 0 && self.state.deferred == 0 && self.state.messages == 0
        };
        self.state.limit_reached.is_some() || (self.state.have_arrivals_ended && is_idle())
    }
}

fn initial_cache(blueprint: &Blueprint, plan: &CachePlan, streams: &Streams) -> KeyedCache {
    let name = blueprint.stations.get(plan.station).map_or("", |station| &station.name);
    KeyedCache::new(&plan.settings, DrawKey::root(&mut streams.stream(&format!("{name}/cache"))))
}

/// The balancers of an edge, to which all instances are in order.
pub(crate) fn balancers(
    blueprint: &Blueprint,
    edge: &super::EdgePlan,
    key: DrawKey,
) -> Vec<LoadBalancer> {
    let instances = edge.callee_instances.len();
    let balancer = |key| {
        let balancer = LoadBalancer::new(edge.balance.clone(), instances, key);
        if blueprint.has_regions(edge.callee) {
            balancer
                .in_regions(blueprint.regions_of(edge.callee).flatten().map(Id::number).collect())
        } else {
            balancer
        }
    };
    (0..edge.caller_regions.len() as u64)
        .map(|region| if region == 0 { key } else { key.child(region) })
        .map(balancer)
        .collect()
}

fn initial_edge(blueprint: &Blueprint, edge: &super::EdgePlan, streams: &Streams) -> EdgeState {
    let callee = &blueprint.stations[edge.callee];
    let outliers = format!("outliers {} -> {}", edge.caller, callee.name);
    let key = DrawKey::root(&mut streams.stream(&outliers));
    EdgeState {
        balancers: balancers(blueprint, edge, key),
        balancer_key: key,
        slowed_by: Vec::new(),
        black_holes: 0,
        refusals: 0,
        last_answers: vec![None; edge.caller_instances as usize],
        deferred: VecDeque::new(),
    }
}

fn initial_queue(plan: &super::QueuePlan) -> QueueState {
    QueueState {
        messages: MessageQueue::new(plan.messages),
        begun: VecDeque::new(),
        next_partition: 0,
        paused_until: vec![SimTime::ZERO; plan.messages.partitions as usize],
        next_delivery: SimTime::ZERO,
        tick_at: None,
    }
}

fn initial_breaker(plan: &super::BreakerPlan, streams: &Streams) -> BreakerInService {
    let key = DrawKey::root(&mut streams.stream(&format!("{}/breaker", plan.owner)));
    let breaker = BreakerInService::new(plan.settings, key).failing(plan.fails_open);
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
        next_at: SimTime::MAX,
        begun: 0,
        users: Vec::new(),
        planned: 0,
    }
}

impl State {
    /// Applies every change of a breaker's state that is due by `now`. A change only matters to
    /// code that asks for the state, so it is enough to call this first whenever the state is
    /// needed.
    pub fn run_breaker_timers(&mut self, now: sim_core::SimTime) {
        for breaker in self.breakers.ids() {
            self.run_timers_of(breaker, now);
        }
    }

    /// Like [`run_breaker_timers`](Self::run_breaker_timers), for one breaker.
    #[inline]
    pub fn run_timers_of(&mut self, breaker: Id<of::Breaker>, now: sim_core::SimTime) {
        while let Some((at, transition)) = self.breakers[breaker].due_transition(now) {
            self.recorder.breaker_changes(at, breaker, transition);
        }
    }
}

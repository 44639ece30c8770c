//! A scenario compiled to dense ids: what the hot path reads and never changes.

use sim_core::{Distribution, SimDuration, SimTime};

use super::program::{BranchTable, CallSite};
use crate::OutcomeSet;
use crate::expect::{Expectation, Reading};
use crate::faults::Fault;
use crate::guards::{Guard, Hedge, Scope};
use crate::observe::{AlertPlan, Condition, LatencyWindow};
use crate::resilience::admission::AdmissionSettings;
use crate::resilience::{
    AutoscalerSettings, Backoff, Balancing, Fallback, RateLimit, RetryBudgetPolicy, circuit_breaker,
};
use crate::resources::{CacheSettings, Discipline};
use crate::steps::Op;
use crate::workload::{ArrivalProcess, UserPlan};

/// Stands for "none" where a dense id is expected.
pub const NONE: u32 = u32::MAX;
/// Stands for "no limit" in capacities and queue lengths.
pub const UNLIMITED: u32 = u32::MAX;

/// Everything about a scenario that does not change while it runs.
#[derive(Clone, Debug)]
pub struct Blueprint {
    /// The scenario's name.
    pub name: String,
    /// How long, from which seed.
    pub run: RunPlan,
    /// What stops the run early.
    pub limits: Limits,
    /// Where requests come from.
    pub workloads: Vec<WorkloadPlan>,
    /// Services, databases and caches.
    pub stations: Vec<StationPlan>,
    /// Instances of all stations; those of one station are neighbours.
    pub instances: Vec<InstancePlan>,
    /// Threads, connections, processors and permits.
    pub pools: Vec<PoolPlan>,
    /// Who calls whom, and what guards the way.
    pub edges: Vec<EdgePlan>,
    /// Calls in handlers.
    pub sites: Vec<CallSite>,
    /// The steps of all handlers, one after the other.
    pub program: Vec<Op>,
    /// Branches of forks and choices.
    pub tables: Vec<BranchTable>,
    /// Service times, latencies, think times: in nanoseconds.
    pub distributions: Vec<Distribution>,
    /// Circuit breakers, one for each scope of each edge that has one.
    pub breakers: Vec<BreakerPlan>,
    /// Rate limits, one for each scope of each edge that has one.
    pub rate_limits: Vec<RateLimit>,
    /// What instances turn away, one for each that turns anything away.
    pub gates: Vec<AdmissionSettings>,
    /// Budgets of retries, one for each caller instance of each edge that has one.
    pub retry_budgets: Vec<RetryBudgetPolicy>,
    /// Timeouts, limits of waits and delays of hedges: whatever lies a constant span ahead.
    pub deadlines: Vec<DeadlinePlan>,
    /// Queues of messages.
    pub queues: Vec<QueuePlan>,
    /// Caches that know what is in them.
    pub caches: Vec<CacheSettings>,
    /// What decides how many instances there are.
    pub autoscalers: Vec<AutoscalerPlan>,
    /// Latencies between regions, as distribution ids, row by row; empty if nothing is said about
    /// regions.
    pub distances: Vec<u32>,
    /// How many regions there are.
    pub regions: u32,
    /// Whether requests have an identity, or places a distance: what few systems ask for, and the
    /// others need not look for.
    pub is_elaborate: bool,
    /// How many customers all workloads together serve; zero if nobody asks.
    pub customers: u64,
    /// Names of what handlers do to the world, and should do once for each request.
    pub effects: Vec<String>,
    /// How long each service that has idempotency keys remembers them.
    pub idempotency: Vec<SimDuration>,
    /// Whether frames know the request that they work for.
    pub tracks_requests: bool,
    /// What breaks.
    pub faults: Vec<Fault>,
    /// What operators do.
    pub orders: Vec<OrderPlan>,
    /// The faults that belong to an experiment, as ids.
    pub experiment: std::ops::Range<usize>,
    /// What calls the experiment off.
    pub abort_when: Vec<Condition>,
    /// What a monitoring system would call people for.
    pub alerts: Vec<AlertPlan>,
    /// What is expected of a run.
    pub expectations: Vec<Expectation>,
    /// Stretches whose latencies the expectations ask for.
    pub latency_windows: Vec<LatencyWindow>,
    /// What is read off the run when it is over.
    pub readings: Vec<Reading>,
    /// What resources cost.
    pub prices: Prices,
}

/// A queue of messages, and how it is consumed.
#[derive(Clone, Debug)]
pub struct QueuePlan {
    /// Its name.
    pub name: String,
    /// How many partitions it has; each is delivered in order.
    pub partitions: u32,
    /// Which partition a message goes to.
    pub partition_by: PartitionBy,
    /// Lanes of each partition: one, or one for each class, the highest served first.
    pub lanes: u32,
    /// How many messages may wait.
    pub capacity: u64,
    /// How long it takes to accept a message, as a distribution id; [`NONE`] if no time.
    pub latency: u32,
    /// The steps of a delivery; [`NONE`] if nobody consumes it.
    pub entry: u32,
    /// Deliveries under way at one time, in each partition.
    pub concurrency: u32,
    /// Least time between the beginnings of two deliveries.
    pub interval: SimDuration,
    /// Deliveries of a message at most.
    pub attempts: u32,
    /// The pause between them.
    pub backoff: Backoff,
    /// How long a partition pauses when a breaker rejects a delivery.
    pub pause: SimDuration,
    /// The queue for messages whose deliveries have all failed; [`NONE`] if they are only counted.
    pub dead_letters: u32,
    /// Messages that have waited so long are given up.
    pub lifetime: Option<SimDuration>,
    /// The steps that make up for each of those; [`NONE`] if nothing does.
    pub on_expiry: u32,
}

/// What decides how many instances of a station there are.
#[derive(Clone, Copy, Debug)]
pub struct AutoscalerPlan {
    /// The station.
    pub station: u32,
    /// Instances at the beginning.
    pub from: u32,
    /// How it decides.
    pub settings: AutoscalerSettings,
}

/// Which partition a message goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartitionBy {
    /// By its key: evenly.
    Request,
    /// By the class of its request: the highest to the first.
    Priority,
}

/// Something that lies a constant span ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeadlinePlan {
    /// The span.
    pub span: SimDuration,
    /// What it ends.
    pub ends: Ends,
}

/// What a deadline ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// The wait that a frame has begun.
    Wait,
    /// Everything inside the guard at this position.
    Guard(u8),
    /// The patience of a hedge: it sends another request.
    Patience,
}

/// How long to run, and from which seed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RunPlan {
    /// Arrivals stop here.
    pub duration: SimDuration,
    /// Requests that begin before are simulated and not counted.
    pub warmup: SimDuration,
    /// After the arrivals have stopped, work in flight may go on for this long.
    pub drain: SimDuration,
    /// The seed of all random streams.
    pub seed: u64,
    /// Availability below which a workload is said to suffer, 0 to 1.
    pub availability_level: f64,
}

/// What stops a run that would not end, or not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Events handled.
    pub events: u64,
    /// Requests and calls in flight at one time.
    pub in_flight: u64,
    /// Approximate memory of the simulated system in bytes.
    pub memory: u64,
}

/// A source of requests.
#[derive(Clone, Debug)]
pub struct WorkloadPlan {
    /// Its name.
    pub name: String,
    /// Open or closed.
    pub source: Source,
    /// What a user does first, once; the same as `entry` if nothing special.
    pub begin: u32,
    /// What a request, or an iteration of a user, does.
    pub entry: u32,
    /// The class of its requests, and of whatever they call; 0 is the highest.
    pub priority: u8,
    /// What its answers are worth.
    pub value: AnswerValue,
    /// Where its clients are; [`NONE`] if nowhere in particular.
    pub region: u32,
}

/// What answers are worth, in whatever currency.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AnswerValue {
    /// One in full.
    pub ok: f64,
    /// One by a fallback.
    pub degraded: f64,
}

/// How requests come about.
#[derive(Clone, Debug)]
pub enum Source {
    /// They arrive, whatever happens to earlier ones.
    Open(ArrivalProcess),
    /// Users send, wait for the answer, think, repeat.
    Closed {
        /// How many users there are.
        users: UserPlan,
        /// Time between an answer and the next request, as a distribution id.
        think: u32,
    },
}

/// What a station is, for reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StationKind {
    /// Runs handlers.
    Service,
    /// Answers queries.
    Database,
    /// Answers look-ups.
    Cache,
}

/// A service, database or cache.
#[derive(Clone, Debug)]
pub struct StationPlan {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: StationKind,
    /// Its instances, as dense ids.
    pub instances: std::ops::Range<u32>,
}

/// One instance of a station.
#[derive(Clone, Copy, Debug)]
pub struct InstancePlan {
    /// Whose it is.
    pub station: u32,
    /// Its threads, slots or connections.
    pub slots: u32,
    /// Its processors, possibly those of a host shared with others; [`NONE`] if computing is not
    /// limited.
    pub processors: u32,
    /// What it turns away, as an id of a gate; [`NONE`] if it takes what its queue holds, in order.
    pub gate: u32,
    /// The idempotency keys that it shares with the other instances; [`NONE`] if it has none.
    pub keys: u32,
    /// Its region; [`NONE`] if it is in none.
    pub region: u32,
}

/// What the slots of a pool are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolKind {
    /// Threads of a service, held from dequeue to reply.
    Threads,
    /// Requests in flight in an asynchronous service.
    Slots,
    /// Connections of a database or cache.
    Connections,
    /// Processors, held while computing.
    Processors,
    /// Permits of a bulkhead on an edge.
    Permits,
}

impl PoolKind {
    /// What the slots are, in one word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Threads => "threads",
            Self::Slots => "slots",
            Self::Connections => "connections",
            Self::Processors => "processors",
            Self::Permits => "permits",
        }
    }
}

/// A pool to be made.
#[derive(Clone, Debug)]
pub struct PoolPlan {
    /// Whose it is: a station, a host, an edge.
    pub owner: String,
    /// Its number among the pools of its owner, from 1; zero if it is the only one.
    pub number: u32,
    /// What its slots are.
    pub kind: PoolKind,
    /// How many there are, or [`UNLIMITED`].
    pub capacity: u32,
    /// How many of them are given out before anybody queues; usually all.
    pub core: u32,
    /// How many may wait, or [`UNLIMITED`].
    pub queue_limit: u32,
    /// Longest wait, as an id of a deadline; [`NONE`] if there is no limit.
    pub wait_deadline: u32,
    /// The order in which the queue is served.
    pub discipline: Discipline,
}

impl EdgePlan {
    /// Whether another service is called when this one has failed.
    pub fn has_alternative(&self) -> bool {
        self.fallbacks.iter().any(|fallback| matches!(fallback, Fallback::Alternative { .. }))
    }

    /// The number of instances of a guard that there are in a scope.
    pub fn count_in(&self, scope: Scope) -> u32 {
        match scope {
            Scope::Edge => 1,
            Scope::CallerInstance => self.caller_instances,
            Scope::CalleeInstance => self.caller_instances * self.callee_instances.len() as u32,
        }
    }

    /// The hedge of attempts, and the position of that guard.
    #[inline]
    pub fn hedge(&self) -> Option<(Hedge, u8)> {
        match self.guards.last() {
            Some(Guard::Hedge(plan)) => Some((*plan, self.guards.len() as u8 - 1)),
            _ => None,
        }
    }
}

/// What resources cost, in whatever unit; nothing if it is not said.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Prices {
    /// An instance of a service.
    pub instance: f64,
    /// A thread.
    pub thread: f64,
    /// A slot of an asynchronous service.
    pub slot: f64,
    /// A connection.
    pub connection: f64,
}

impl Prices {
    /// True if anything costs anything.
    pub fn are_set(&self) -> bool {
        [self.instance, self.thread, self.slot, self.connection].iter().any(|price| *price > 0.0)
    }
}

impl Blueprint {
    /// A system of nothing yet.
    pub(crate) fn new(name: &str, run: RunPlan, limits: Limits) -> Self {
        Self {
            name: name.to_owned(),
            run,
            limits,
            workloads: Vec::new(),
            stations: Vec::new(),
            instances: Vec::new(),
            pools: Vec::new(),
            edges: Vec::new(),
            sites: Vec::new(),
            program: Vec::new(),
            tables: Vec::new(),
            distributions: Vec::new(),
            breakers: Vec::new(),
            rate_limits: Vec::new(),
            gates: Vec::new(),
            retry_budgets: Vec::new(),
            deadlines: Vec::new(),
            queues: Vec::new(),
            caches: Vec::new(),
            autoscalers: Vec::new(),
            distances: Vec::new(),
            regions: 0,
            is_elaborate: false,
            customers: 0,
            effects: Vec::new(),
            idempotency: Vec::new(),
            tracks_requests: false,
            faults: Vec::new(),
            orders: Vec::new(),
            experiment: 0..0,
            abort_when: Vec::new(),
            alerts: Vec::new(),
            expectations: Vec::new(),
            latency_windows: Vec::new(),
            readings: Vec::new(),
            prices: Prices::default(),
        }
    }

    /// What all instances, threads, slots and connections cost that there are when the run begins;
    /// those without a limit are not counted.
    pub fn cost(&self) -> f64 {
        let services = self.stations.iter().filter(|station| station.kind == StationKind::Service);
        let instances: f64 =
            services.map(|station| station.instances.len() as f64 * self.prices.instance).sum();
        let price = |pool: &&PoolPlan| match pool.kind {
            PoolKind::Threads => self.prices.thread,
            PoolKind::Slots => self.prices.slot,
            PoolKind::Connections => self.prices.connection,
            PoolKind::Processors | PoolKind::Permits => 0.0,
        };
        let limited = self.pools.iter().filter(|pool| pool.capacity != UNLIMITED);
        instances + limited.map(|pool| f64::from(pool.capacity) * price(&pool)).sum::<f64>()
    }

    /// The breakers of an edge, as dense ids.
    pub fn breakers_of(&self, edge: u32) -> impl Iterator<Item = u32> + use<> {
        let plan = &self.edges[edge as usize];
        let breakers = plan.guards.iter().filter_map(|guard| match guard {
            Guard::Breaker(breaker) => Some(breaker),
            _ => None,
        });
        let ranges: Vec<std::ops::Range<u32>> = breakers
            .map(|breaker| breaker.first..breaker.first + plan.count_in(breaker.scope))
            .collect();
        ranges.into_iter().flatten()
    }

    /// What guards and fallbacks keep about one call at most: one thing for each guard of an edge,
    /// and one for its fallbacks if they make further calls.
    pub fn depth(&self) -> usize {
        let guards = self.edges.iter().map(|edge| edge.guards.len()).max().unwrap_or(0);
        guards + usize::from(self.edges.iter().any(EdgePlan::has_alternative))
    }
}

impl PoolPlan {
    /// A pool without limits, the only one of its owner.
    pub fn unlimited(owner: &str, kind: PoolKind) -> Self {
        Self {
            owner: owner.to_owned(),
            number: 0,
            kind,
            capacity: UNLIMITED,
            core: UNLIMITED,
            queue_limit: UNLIMITED,
            wait_deadline: NONE,
            discipline: Discipline::Fifo,
        }
    }

    /// The owner, with the pool's number if there are several: `gateway`, `a#2`.
    pub fn label(&self) -> String {
        if self.number == 0 {
            self.owner.clone()
        } else {
            format!("{}#{}", self.owner, self.number)
        }
    }
}

/// The way from a caller to a callee.
#[derive(Clone, Debug)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a setting of its own, and read on its own"
)]
pub struct EdgePlan {
    /// The caller's name.
    pub caller: String,
    /// The first instance of the caller; for a workload, its own id.
    pub caller_first_instance: u32,
    /// How many instances the caller has.
    pub caller_instances: u32,
    /// The callee, as a station id.
    pub callee: u32,
    /// Its instances, as dense ids.
    pub callee_instances: std::ops::Range<u32>,
    /// Guards in the order in which a call meets them; the timeout of each attempt, the innermost,
    /// is not among them.
    pub guards: Vec<Guard>,
    /// Network latency in each direction, as a distribution id; [`NONE`] if none.
    pub latency: u32,
    /// Timeout of each attempt, as a deadline id; [`NONE`] if none.
    pub timeout: u32,
    /// Timeout of connecting, as a deadline id; [`NONE`] if none.
    pub connect_timeout: u32,
    /// How instances of the callee are chosen.
    pub balance: Balancing,
    /// Whether the balancer wants to know how each attempt ends.
    pub observes_attempts: bool,
    /// Whether each attempt of a retry goes to a newly chosen instance.
    pub is_balanced_per_attempt: bool,
    /// Whether the callee learns how much time is left, and stops when it is up.
    pub propagates_deadline: bool,
    /// Whether the callee learns that nobody waits any longer, and stops.
    pub cancels: bool,
    /// Whether sending a request takes more than sending it: a deadline is passed on, or a hedge
    /// planned.
    pub is_elaborate: bool,
    /// What to turn to when the call has failed for good, one after the other.
    pub fallbacks: Vec<Fallback>,
    /// The failures that each of those is for.
    pub fallbacks_on: Vec<OutcomeSet>,
}

/// What a handler makes of a failed call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// It fails at once.
    Fail,
    /// It goes on, and fails when it is done.
    FailLater,
    /// It goes on, and its answer is degraded.
    Degrade,
    /// It goes on as if nothing had happened.
    Ignore,
}

/// A breaker to be made.
#[derive(Clone, Debug)]
pub struct BreakerPlan {
    /// Its edge, `a -> b`, with the numbers of the instances if there are several.
    pub owner: String,
    /// How it is set.
    pub settings: circuit_breaker::BreakerSettings,
    /// Whether calls pass while its own logic fails.
    pub fails_open: bool,
    /// How long callers take to learn of its state, if they share it through a store.
    pub store_delay: Option<SimDuration>,
}

/// Something that an operator does.
#[derive(Clone, Debug)]
pub struct OrderPlan {
    /// When.
    pub at: SimTime,
    /// What.
    pub order: circuit_breaker::Order,
    /// The edge whose breakers are told.
    pub edge: u32,
}

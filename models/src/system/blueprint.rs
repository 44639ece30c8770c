//! A scenario compiled to dense ids: the hot path reads it and never changes it.

use std::sync::Arc;

use sim_core::random::KeyedDraw;
use sim_core::{Distribution, SimDuration, SimTime};

use super::contention::Contention;
use super::id::{Id, Ids, Table, of};
use super::links::LinkPlan;
use super::pool_plan::PoolPlan;
use super::prices::Prices;
use super::process_plan::ProcessPlan;
use super::program::{BranchTable, CallSite};
use super::scaling_plan::AutoscalerPlan;
use crate::OutcomeSet;
use crate::expect::{Expectation, Reading};
use crate::faults::{Fault, Trigger};
use crate::guards::{Guard, Hedge, Scope};
use crate::observe::{AlertPlan, Condition, LatencyWindow, Watched};
use crate::resilience::admission::AdmissionSettings;
use crate::resilience::retry::PausesSoFar;
use crate::resilience::{
    Backoff, Balancing, Fallback, RateLimitPolicy, RetryBudgetPolicy, ThrottleSettings,
    circuit_breaker,
};
use crate::resources::{CacheSettings, MessageLimits};
use crate::steps::Op;
use crate::workload::{ArrivalProcess, UserPlan};

/// The value for "no limit" in capacities and queue lengths.
pub const UNLIMITED: u32 = u32::MAX;

/// Something about each way from a region to another.
pub type BetweenRegions<V> = Table<of::Region, Table<of::Region, V>>;

/// Everything about a scenario that does not change during a run.
#[derive(Clone, Debug)]
pub struct Blueprint {
    /// The scenario's name.
    pub name: String,
    /// Length of the run, and its seed.
    pub run: RunPlan,
    /// Limits that stop the run early.
    pub limits: Limits,
    /// Sources of requests.
    pub workloads: Table<of::Workload, WorkloadPlan>,
    /// Services, databases and caches.
    pub stations: Table<of::Station, StationPlan>,
    /// Instances of all stations; those of the same station are adjacent.
    pub instances: Table<of::Instance, InstancePlan>,
    /// Contention: the growth of work with load, one for each station that has any.
    pub contentions: Table<of::Contention, Contention>,
    /// Pools of threads, connections, processors and permits.
    pub pools: Table<of::Pool, PoolPlan>,
    /// Edges from callers to callees, with their guards.
    pub edges: Table<of::Edge, EdgePlan>,
    /// Call sites in handlers.
    pub sites: Table<of::CallSite, CallSite>,
    /// The steps of all handlers, one handler after the other.
    pub program: Table<of::Step, Op>,
    /// Branch tables of forks and choices.
    pub tables: Table<of::Branches, BranchTable>,
    /// Service times, latencies and think times, in nanoseconds.
    pub distributions: Table<of::Distribution, Distribution>,
    /// Circuit breakers: one for each scope of each edge that has one.
    pub breakers: Table<of::Breaker, BreakerPlan>,
    /// Rate limits: one for each scope of each edge that has one.
    pub rate_limits: Table<of::RateLimit, RateLimitPolicy>,
    /// Throttles of clients: one for each caller instance of each edge that has one.
    pub throttles: Table<of::Throttle, ThrottleSettings>,
    /// Admission settings: one for each instance that turns requests away.
    pub admissions: Table<of::Admission, AdmissionSettings>,
    /// Retry budgets: one for each caller instance of each edge that has one.
    pub retry_budgets: Table<of::RetryBudget, RetryBudgetPolicy>,
    /// Everything that falls due after a delay: timeouts, wait limits and delays of hedges. See
    /// [`deadline`](Self::deadline).
    pub deadlines: Table<of::Deadline, DeadlinePlan>,
    /// Queues of messages.
    pub queues: Table<of::Queue, QueuePlan>,
    /// Caches that know their contents.
    pub caches: Table<of::Cache, CachePlan>,
    /// Autoscalers, which set the number of instances.
    pub autoscalers: Table<of::Autoscaler, AutoscalerPlan>,
    /// Latencies from each region to each other; empty if the scenario has no regions.
    pub distances: BetweenRegions<Option<Id<of::Distribution>>>,
    /// Links that messages go over.
    pub links: Table<of::Link, LinkPlan>,
    /// The link from each region to each other; empty if there are none.
    pub links_between: BetweenRegions<Option<Id<of::Link>>>,
    /// Names of the regions.
    pub regions: Table<of::Region, String>,
    /// True if any feature needs request identities or distances; lets other systems skip those
    /// checks.
    pub is_elaborate: bool,
    /// Maximum number of resources that a handler holds at a time, one inside the other.
    pub nesting: u32,
    /// Number of customers that all workloads together serve; zero if the scenario does not use
    /// customers.
    pub customers: u64,
    /// Names of the side effects of handlers, each of which should happen once per request.
    pub effects: Table<of::Effect, String>,
    /// For each service with idempotency keys, the time for which it remembers them.
    pub idempotency: Table<of::IdempotencyKeys, SimDuration>,
    /// True if frames record the request that they work for.
    pub tracks_requests: bool,
    /// Faults that occur during the run.
    pub faults: Table<of::Fault, Fault>,
    /// Conditions at which faults begin.
    pub triggers: Table<of::Trigger, Trigger>,
    /// Actions of operators.
    pub orders: Table<of::Order, OrderPlan>,
    /// The system after each order that changes settings.
    pub changes: Table<of::Change, Arc<Blueprint>>,
    /// Systems that limits on healing are about: this one with another load and with a trigger. Each
    /// has one reading.
    pub stressed: Vec<Arc<Blueprint>>,
    /// The faults that belong to an experiment.
    pub experiment: Ids<of::Fault>,
    /// Conditions that abort the experiment.
    pub abort_when: Vec<Condition>,
    /// Alerts that a monitoring system would raise.
    pub alerts: Table<of::Alert, AlertPlan>,
    /// Expectations that the run is checked against.
    pub expectations: Vec<Expectation>,
    /// Time windows for which an expectation needs latencies.
    pub latency_windows: Vec<LatencyWindow>,
    /// Things whose figures are kept only because a sentence asks for them.
    pub watched: Watched,
    /// Figures to read off the finished run.
    pub readings: Vec<Reading>,
    /// Prices of the resources.
    pub prices: Prices,
}

/// A message queue and its consumer.
#[derive(Clone, Debug)]
pub struct QueuePlan {
    /// Its name.
    pub name: String,
    /// Its partitions, their lanes and places, and its capacity.
    pub messages: MessageLimits,
    /// Rule that assigns messages to partitions.
    pub partition_by: PartitionBy,
    /// Time to accept a message; `None` if it takes no time.
    pub latency: Option<Id<of::Distribution>>,
    /// First step of a delivery; `None` if the queue has no consumer.
    pub entry: Option<Id<of::Step>>,
    /// Minimum time between the starts of two deliveries, of whatever kind.
    pub interval: SimDuration,
    /// Maximum number of deliveries of one message.
    pub attempts: u32,
    /// Pause between deliveries of the same message.
    pub pauses: Pauses,
    /// Pause of a partition after a breaker rejects a delivery.
    pub pause: SimDuration,
    /// The queue for messages whose deliveries all failed; `None` if they are only counted.
    pub dead_letters: Option<Id<of::Queue>>,
    /// Time after which a waiting message is dropped.
    pub lifetime: Option<SimDuration>,
    /// First step of the call that compensates for a dropped message, if there is one.
    pub on_expiry: Option<Id<of::Step>>,
}

impl QueuePlan {
    /// True if the partition of a message depends on its request.
    pub fn parts_requests(&self) -> bool {
        self.messages.partitions > 1 && self.partition_by == PartitionBy::Request
    }
}

/// The pauses between attempts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pauses {
    /// Pauses by the number of attempts; the mean if they are drawn.
    pub backoff: Backoff,
    /// The distribution that each pause is drawn from; `None` if they are not.
    pub drawn: Option<Id<of::Distribution>>,
}

/// A cache that knows its contents.
#[derive(Clone, Debug)]
pub struct CachePlan {
    /// Its station.
    pub station: Id<of::Station>,
    /// Its keys and their lifetime.
    pub settings: CacheSettings,
}

/// Rule that assigns messages to partitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartitionBy {
    /// By the identity of the request: all messages of one request go to the same partition, and
    /// requests are spread evenly.
    Request,
    /// By the class of its request: the highest class goes to the first partition.
    Priority,
}

/// A deadline to set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deadline {
    /// Its delay is constant, so those of its kind fall due in the order in which they are set.
    Constant(Id<of::Deadline>),
    /// Its delay is drawn anew each time.
    Drawn(Id<of::Deadline>),
}

/// A kind of deadline that falls due after a delay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeadlinePlan {
    /// The delay; its mean if it is drawn.
    pub span: SimDuration,
    /// The distribution that it is drawn from; `None` if it is constant.
    pub drawn: Option<Id<of::Distribution>>,
    /// The thing it ends.
    pub ends: Ends,
}

/// The thing that a deadline ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// The wait that a frame has started.
    Wait,
    /// Everything inside the guard at this position.
    Guard(u8),
    /// The patience of a hedge: it sends another request.
    Patience,
}

/// Length of a run, and its seed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RunPlan {
    /// Time at which arrivals stop.
    pub duration: SimDuration,
    /// Warm-up: requests that start before its end are simulated but not counted.
    pub warmup: SimDuration,
    /// Time for which work in flight may continue after arrivals have stopped.
    pub drain: SimDuration,
    /// Seed of all random streams.
    pub seed: u64,
    /// Availability below which a workload counts as suffering, 0 to 1.
    pub availability_level: f64,
}

/// Limits for a run that would otherwise not end, or not fit in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Maximum number of events handled.
    pub events: u64,
    /// Maximum number of requests and calls in flight at a time.
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
    /// First step of what a user does once at the start; the same as `entry` if nothing special.
    pub begin: Id<of::Step>,
    /// First step of a request, or of one iteration of a user.
    pub entry: Id<of::Step>,
    /// Class of its requests and of everything they call; 0 is the highest.
    pub priority: u8,
    /// Value of its answers.
    pub value: AnswerValue,
    /// Region of its clients; `None` if they are in no particular region.
    pub region: Option<Id<of::Region>>,
}

/// The value of answers, in any currency.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AnswerValue {
    /// Value of a full answer.
    pub ok: f64,
    /// Value of an answer given by a fallback.
    pub degraded: f64,
}

/// The origin of requests.
#[derive(Clone, Debug)]
pub enum Source {
    /// Requests arrive regardless of what happens to earlier ones.
    Open(ArrivalProcess),
    /// Users send a request, wait for the answer, think, and repeat.
    Closed {
        /// Number of users over time.
        users: UserPlan,
        /// Time between an answer and the next request.
        think: Id<of::Distribution>,
        /// Time between a failed request, which ends the session of its user, and the next session;
        /// `None` if users go on after failures.
        begin_again: Option<Id<of::Distribution>>,
    },
}

/// The kind of a station, for reports.
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
    /// Its kind.
    pub kind: StationKind,
    /// Its instances.
    pub instances: Ids<of::Instance>,
    /// The start and the probes of its processes; `None` if they serve at once and nobody probes
    /// them.
    pub process: Option<ProcessPlan>,
}

/// An instance of a station.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InstancePlan {
    /// The station it belongs to.
    pub station: Id<of::Station>,
    /// The pool of its threads, slots or connections.
    pub slots: Id<of::Pool>,
    /// The first of the pools that its handlers hold over several steps, if they hold any.
    pub resources: Option<Id<of::Pool>>,
    /// The pool of its processors, which may belong to a host shared with others; `None` if
    /// computing is not limited.
    pub processors: Option<Id<of::Pool>>,
    /// Its admission control; `None` if it accepts everything that fits in its queue, in order.
    pub admission: Option<Id<of::Admission>>,
    /// The set of idempotency keys that it shares with the station's other instances, if
    /// it has any.
    pub keys: Option<Id<of::IdempotencyKeys>>,
    /// Its region, if it has one.
    pub region: Option<Id<of::Region>>,
    /// The pool of the connections that its callers may keep open; `None` if they are not limited.
    pub clients: Option<Id<of::Pool>>,
    /// The growth of its work with its load; `None` if work takes as long as it takes.
    pub contention: Option<Id<of::Contention>>,
}

impl EdgePlan {
    /// The pools of proxies that keep connections to each instance of the callee apart.
    pub fn pools_of_hosts(&self) -> impl Iterator<Item = Id<of::Pool>> {
        let bulkheads = self.guards.iter().filter_map(|guard| match guard {
            Guard::Bulkhead(bulkhead) if bulkhead.has_hosts => Some(bulkhead.first_pool),
            _ => None,
        });
        bulkheads.flat_map(|first| Ids::new(first, self.caller_instances).iter())
    }

    /// The number of the caller at a place, from 0.
    #[inline]
    pub(crate) fn number_of_caller(&self, place: Id<of::Place>) -> u32 {
        place.number() - self.first_caller.number()
    }

    /// The instances of the caller; none if it is no service.
    pub(crate) fn callers(&self) -> Ids<of::Instance> {
        if !self.is_caller_a_service {
            return Ids::none();
        }
        Ids::new(self.first_caller.of(), self.caller_instances)
    }

    /// The number of an instance among those of the caller, from 0; `None` if it is none of them.
    pub fn caller_number(&self, instance: Id<of::Instance>) -> Option<u32> {
        let callers = self.callers();
        callers.contains(instance).then(|| callers.number_of(instance))
    }

    /// True if a fallback calls another service when this one has failed.
    pub fn has_alternative(&self) -> bool {
        self.fallbacks.iter().any(|fallback| matches!(fallback, Fallback::Alternative { .. }))
    }

    /// Returns the number of instances of a guard with this scope.
    pub fn count_in(&self, scope: Scope) -> u32 {
        match scope {
            Scope::Edge => 1,
            Scope::CallerInstance => self.caller_instances,
            Scope::CalleeInstance => self.caller_instances * self.callee_instances.len(),
        }
    }

    /// Returns the hedge of attempts and the position of that guard.
    #[inline]
    pub fn hedge(&self) -> Option<(Hedge, u8)> {
        match self.guards.last() {
            Some(Guard::Hedge(plan)) => Some((*plan, self.guards.len() as u8 - 1)),
            _ => None,
        }
    }
}

impl Blueprint {
    /// The name of an edge, `caller -> callee`.
    pub fn name_of_edge(&self, edge: Id<of::Edge>) -> String {
        let plan = &self.edges[edge];
        format!("{} -> {}", plan.caller, self.stations[plan.callee].name)
    }

    /// Creates the blueprint of an empty system.
    pub(crate) fn new(name: &str, run: RunPlan, limits: Limits) -> Self {
        Self {
            name: name.to_owned(),
            run,
            limits,
            workloads: Table::default(),
            stations: Table::default(),
            instances: Table::default(),
            contentions: Table::default(),
            pools: Table::default(),
            edges: Table::default(),
            sites: Table::default(),
            program: Table::default(),
            tables: Table::default(),
            distributions: Table::default(),
            breakers: Table::default(),
            rate_limits: Table::default(),
            throttles: Table::default(),
            admissions: Table::default(),
            retry_budgets: Table::default(),
            deadlines: Table::default(),
            queues: Table::default(),
            caches: Table::default(),
            autoscalers: Table::default(),
            distances: Table::default(),
            links: Table::default(),
            links_between: Table::default(),
            regions: Table::default(),
            is_elaborate: false,
            nesting: 0,
            customers: 0,
            effects: Table::default(),
            idempotency: Table::default(),
            tracks_requests: false,
            faults: Table::default(),
            triggers: Table::default(),
            orders: Table::default(),
            changes: Table::default(),
            stressed: Vec::new(),
            experiment: Ids::none(),
            abort_when: Vec::new(),
            alerts: Table::default(),
            expectations: Vec::new(),
            latency_windows: Vec::new(),
            watched: Watched::default(),
            readings: Vec::new(),
            prices: Prices::default(),
        }
    }

    /// Returns the pause after the `attempts`-th attempt, counted from 1.
    pub fn pause(
        &self,
        pauses: Pauses,
        attempts: u32,
        so_far: &mut PausesSoFar,
        draw: &mut KeyedDraw,
    ) -> SimDuration {
        match pauses.drawn {
            None => pauses.backoff.wait(attempts, so_far, draw),
            Some(drawn) => self.distributions[drawn].sample_duration(draw),
        }
    }

    /// Returns the plan of a deadline.
    pub fn deadline(&self, deadline: Deadline) -> &DeadlinePlan {
        let (Deadline::Constant(id) | Deadline::Drawn(id)) = deadline;
        &self.deadlines[id]
    }

    /// Returns the breakers of an edge.
    pub fn breakers_of(&self, edge: Id<of::Edge>) -> impl Iterator<Item = Id<of::Breaker>> + use<> {
        let plan = &self.edges[edge];
        let breakers = plan.guards.iter().filter_map(|guard| match guard {
            Guard::Breaker(breaker) => Some(breaker),
            _ => None,
        });
        let of_guards: Vec<Ids<of::Breaker>> =
            breakers.map(|breaker| Ids::new(breaker.first, plan.count_in(breaker.scope))).collect();
        of_guards.into_iter().flat_map(Ids::iter)
    }

    /// Returns the maximum number of items that guards and fallbacks keep about one call: one for
    /// each guard of an edge, and one for its fallbacks if they make further calls.
    pub fn depth(&self) -> usize {
        let guards = self.edges.iter().map(|edge| edge.guards.len()).max().unwrap_or(0);
        guards + usize::from(self.edges.iter().any(EdgePlan::has_alternative))
    }
}

/// An edge from a caller to a callee.
#[derive(Clone, Debug)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a setting of its own, and read on its own"
)]
pub struct EdgePlan {
    /// The caller's name.
    pub caller: String,
    /// True if the caller is a service, which has instances, and no workload or queue.
    pub is_caller_a_service: bool,
    /// True if its calls are probes, which go to each instance from outside.
    pub is_for_probes: bool,
    /// The first of the places that its callers are at: an instance, a workload or a queue.
    pub first_caller: Id<of::Place>,
    /// Number of instances of the caller.
    pub caller_instances: u32,
    /// The regions of the caller's instances, each once. Callers in each have a balancer of their
    /// own, because what they can reach differs; `None` stands for callers without a region.
    pub caller_regions: Vec<Option<Id<of::Region>>>,
    /// The callee.
    pub callee: Id<of::Station>,
    /// The callee's instances.
    pub callee_instances: Ids<of::Instance>,
    /// The callee's instance if it has just one that is always there; otherwise `None`, and the
    /// balancer chooses.
    pub only_instance: Option<Id<of::Instance>>,
    /// Guards in the order in which a call meets them; the timeout of each attempt, which is
    /// innermost, is not among them.
    pub guards: Vec<Guard>,
    /// Network latency in each direction; `None` if there is none.
    pub latency: Option<Id<of::Distribution>>,
    /// The link that its messages go over; `None` if there is none, or one between regions.
    pub link: Option<Id<of::Link>>,
    /// Timeout of each attempt, if there is one.
    pub timeout: Option<Deadline>,
    /// Connect timeout, if there is one.
    pub connect_timeout: Option<Deadline>,
    /// Load balancing between the callee's instances.
    pub balance: Balancing,
    /// True if the balancer needs to know how each attempt ends.
    pub observes_attempts: bool,
    /// True if each attempt of a retry goes to a newly chosen instance.
    pub is_balanced_per_attempt: bool,
    /// True if the callee learns how much time is left and stops when it is up.
    pub propagates_deadline: bool,
    /// True if the callee learns when the caller no longer waits, and then stops.
    pub cancels: bool,
    /// True if sending a request involves extra work: passing on a deadline, or planning a hedge.
    pub is_elaborate: bool,
    /// Fallbacks to try, in order, when the call has finally failed.
    pub fallbacks: Vec<Fallback>,
    /// For each fallback, the failures it applies to.
    pub fallbacks_on: Vec<OutcomeSet>,
}

/// The effect of a failed call on its handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// The handler fails at once.
    Fail,
    /// The handler continues, and fails at its end.
    FailLater,
    /// The handler continues, and its answer is degraded.
    Degrade,
    /// The handler continues as if nothing had happened.
    Ignore,
}

/// The plan of a breaker.
#[derive(Clone, Debug)]
pub struct BreakerPlan {
    /// Its edge, `a -> b`, with instance numbers if there are several instances.
    pub owner: String,
    /// Its settings.
    pub settings: circuit_breaker::BreakerSettings,
    /// True if calls pass while the breaker's own logic is broken.
    pub fails_open: bool,
    /// Delay after which callers learn its state, if they share it through a store.
    pub store_delay: Option<SimDuration>,
    /// True if the file says which outcomes count, and does not leave it to the library.
    pub has_own_outcomes: bool,
}

/// A planned action of an operator.
#[derive(Clone, Debug)]
pub struct OrderPlan {
    /// Time of the action.
    pub at: SimTime,
    /// The action.
    pub act: Act,
    /// The action in a few words.
    pub summary: String,
    /// The call by which it is carried out; none if it needs nobody.
    pub through: Option<ThroughPlan>,
}

/// A call on which an action depends: it is carried out when the call is answered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ThroughPlan {
    /// First step of the call.
    pub entry: Id<of::Step>,
    /// Pause after a call that has failed, before the next.
    pub again_after: SimDuration,
}

/// An action of an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Gives an order to the breakers of an edge.
    Breaker {
        /// The order given.
        order: circuit_breaker::OperatorOrder,
        /// The edge whose breakers receive the order.
        edge: Id<of::Edge>,
        /// The time after which they are enabled again; none if they are not.
        lasts: Option<SimDuration>,
    },
    /// Goes on with other settings.
    Change(Id<of::Change>),
    /// Lets the faults of a trigger begin, such as a restart.
    Begin(Id<of::Trigger>),
    /// Drops all messages that wait in a queue.
    Purge(Id<of::Queue>),
}

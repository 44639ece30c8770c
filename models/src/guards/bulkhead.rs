//! Limits on calls in flight.

use sim_core::SimTime;

use super::{Call, Entry, Exit, Guard, Guards, Hold, Site, one_of_several};
use crate::Outcome;
use crate::language::distribution::DurationPhrase;
use crate::language::quantity::Duration;
use crate::language::{Placed, Problems, one_of, section};
use crate::resources::{Answer, HostLimits, ProxyLimits};
use crate::scenario::{Caller, Names, Plan, most};
use crate::system::{Activity, Engine, Id, Next, PoolKind, PoolPlan, UNLIMITED, of};

one_of! {
    /// A limit on calls in flight: written in full, or, with `preset`, a library's.
    pub(crate) enum BulkheadSection("bulkhead") by "preset" or "" {
        /// Written in full.
        "" => Own(OwnBulkhead),
        /// Resilience4j's `Bulkhead` (Java), a semaphore.
        "resilience4j" => Resilience4j(Resilience4jBulkhead),
        /// Resilience4j's `ThreadPoolBulkhead` (Java).
        "resilience4j thread pool" => Resilience4jThreadPool(Resilience4jThreadPool),
        /// Polly's concurrency limiter (.NET).
        "polly" => Polly(PollyLimiter),
        /// cockatiel's `bulkhead` (Node).
        "cockatiel" => Cockatiel(CockatielBulkhead),
    }
}

section! {
    /// A limit that is written in full.
    pub(crate) struct OwnBulkhead {
        .. => kind: BulkheadKind,
    }
}

section! {
    /// Resilience4j's `BulkheadConfig`.
    pub(crate) struct Resilience4jBulkhead {
        /// Calls in flight at a time; 25 if left out.
        "maxConcurrentCalls" => max_concurrent_calls: Option<Placed<u32>>,
        /// The time that a call may wait; not at all if left out.
        "maxWaitDuration" => max_wait_duration: Option<Placed<Duration>>,
    }
}

section! {
    /// Resilience4j's `ThreadPoolBulkheadConfig`.
    pub(crate) struct Resilience4jThreadPool {
        /// The most threads; 4 if left out, as on a machine with four processors.
        "maxThreadPoolSize" => max_thread_pool_size: Option<Placed<u32>>,
        /// Threads that work before calls queue; one less than `maxThreadPoolSize` if left out, as
        /// on a machine with as many processors.
        "coreThreadPoolSize" => core_thread_pool_size: Option<Placed<u32>>,
        /// Calls that may wait for a thread; 100 if left out.
        "queueCapacity" => queue_capacity: Option<u32>,
    }
}

section! {
    /// .NET's `ConcurrencyLimiterOptions`, as Polly's rate limiter strategy has them.
    pub(crate) struct PollyLimiter {
        /// Calls in flight at a time; 1000 if left out.
        "PermitLimit" => permit_limit: Option<Placed<u32>>,
        /// Calls that may wait; none if left out.
        "QueueLimit" => queue_limit: Option<u32>,
    }
}

section! {
    /// The arguments of cockatiel's `bulkhead`.
    pub(crate) struct CockatielBulkhead {
        /// The number of calls in flight at a time.
        "limit" => limit: Placed<u32>,
        /// Calls that may wait; none if left out.
        "queue" => queue: Option<u32>,
    }
}

one_of! {
    /// A limit on calls in flight: a semaphore with a longest wait, threads with a queue, or
    /// connections that calls wait for.
    pub(crate) enum BulkheadKind("bulkhead") {
        /// Permits of a semaphore.
        "semaphore" => Semaphore(Semaphore),
        /// Threads of a pool of its own.
        "threads" => Threads(Threads),
        /// Connections of a pool of its own.
        "connections" => Connections(Connections),
    }
}

section! {
    /// Permits of a semaphore.
    pub(crate) struct Semaphore {
        /// The number of permits.
        "semaphore" => permits: Placed<u32>,
        /// The time that a call may wait; not at all if left out.
        "max wait" => max_wait: Option<Placed<DurationPhrase>>,
        /// True if a timeout outside ends the work and gives its permit back; false if the work goes
        /// on, and keeps it. True if left out.
        "interruptible" => interruptible: Option<bool>,
    }
}

section! {
    /// Threads of a pool of its own.
    pub(crate) struct Threads {
        /// The number of threads.
        "threads" => threads: Placed<u32>,
        /// The number of them that work before calls queue; the others begin when the queue is
        /// full. All if left out.
        "core" => core: Option<Placed<u32>>,
        /// The most calls that may wait for one; none if left out.
        "queue" => queue: Option<u32>,
        /// The time that a call may wait; for ever if left out.
        "max wait" => max_wait: Option<Placed<DurationPhrase>>,
        /// True if a timeout outside interrupts the work, which gives its thread back; false if the
        /// caller no longer waits, but the work goes on and keeps its thread, or its place in the
        /// queue. False if left out.
        "interruptible" => interruptible: Option<bool>,
    }
}

section! {
    /// Connections of a pool of its own.
    pub(crate) struct Connections {
        /// The number of connections.
        "connections" => connections: Placed<u32>,
        /// The most calls that may wait for one; no limit if left out.
        "queue" => queue: Option<u32>,
        /// The time that a call may wait; for ever if left out.
        "max wait" => max_wait: Option<Placed<DurationPhrase>>,
        /// True if a timeout outside ends the work and gives its connection back; false if the work
        /// goes on, and keeps it. True if left out.
        "interruptible" => interruptible: Option<bool>,
    }
}

/// Permits that calls hold while they are in flight.
#[derive(Clone, Debug)]
pub(crate) struct Permits {
    pub kind: PoolKind,
    pub capacity: u32,
    pub core: u32,
    pub queue_limit: u32,
    pub max_wait: Option<Placed<DurationPhrase>>,
    /// True if work that nobody waits for any more keeps its permit until it ends.
    pub outlives_timeouts: bool,
    /// The limits of a proxy, which has a pool of connections for each instance of the callee.
    pub hosts: Option<ProxyLimits>,
}

impl Permits {
    /// Permits that no call waits for longer than `max_wait`; without one, no call waits at all.
    pub fn semaphore(permits: u32, max_wait: Option<Placed<DurationPhrase>>) -> Self {
        let max_wait = waiting(max_wait);
        Self {
            kind: PoolKind::Permits,
            capacity: permits,
            core: permits,
            queue_limit: if max_wait.is_some() { UNLIMITED } else { 0 },
            max_wait,
            outlives_timeouts: false,
            hosts: None,
        }
    }

    /// Threads or connections with a queue.
    pub fn pool(kind: PoolKind, capacity: u32, queue_limit: u32) -> Self {
        let (core, max_wait, outlives_timeouts, hosts) = (capacity, None, false, None);
        Self { kind, capacity, core, queue_limit, max_wait, outlives_timeouts, hosts }
    }

    /// The connections of a proxy.
    pub fn of_proxy(limits: ProxyLimits) -> Self {
        let pool = Self::pool(PoolKind::Connections, limits.connections, limits.pending);
        Self { hosts: Some(limits), ..pool }
    }

    /// The guard that they make, one pool of permits for each instance of the caller.
    pub fn compile(
        &self,
        site: &Site,
        names: &Names<'_>,
        plan: &mut Plan,
        problems: &mut Problems,
    ) -> Option<Bulkhead> {
        let wait_deadline = plan.deadline(self.max_wait.as_ref(), names, problems);
        let first_pool = plan.blueprint.pools.next_id();
        let owner = one_of_several(plan.edge_name(site.edge, names), "bulkhead", site.ordinal);
        let instances = plan.caller_instances(site.edge.caller);
        let in_all = first_pool.index() as u64 + u64::from(instances);
        if !problems.may_have(in_all, most::POOLS, "pools", site.at) {
            return None;
        }
        let callee = &plan.blueprint.stations[site.edge.callee];
        let hosts = callee.instances.len();
        let hosts = self.hosts.map(|limits| HostLimits { hosts, limits });
        let capacity = hosts.map_or(self.capacity, |limits| limits.most_in_flight());
        let callers = match site.edge.caller {
            Caller::Station(id) => Some(plan.blueprint.stations[id].instances),
            Caller::Workload(_) | Caller::Queue(_) | Caller::Operator | Caller::Probe(_) => None,
        };
        for instance in 0..instances {
            plan.push_pool(PoolPlan {
                instance: callers.map(|callers| callers.nth(instance)),
                number: if instances == 1 { 0 } else { instance + 1 },
                capacity,
                core: self.core.min(capacity),
                queue_limit: self.queue_limit,
                wait_deadline,
                hosts,
                ..PoolPlan::unlimited(&owner, self.kind)
            });
        }
        let outlives_timeouts = self.outlives_timeouts;
        Some(Bulkhead { first_pool, outlives_timeouts, has_hosts: hosts.is_some() })
    }
}

/// The libraries' own settings: `BulkheadConfig` and `ThreadPoolBulkheadConfig` of Resilience4j at
/// af9e7c9, and `HttpRateLimiterStrategyOptions` of .NET.
mod library {
    pub const MAX_CONCURRENT_CALLS: u32 = 25;
    pub const PROCESSORS: u32 = 4;
    pub const QUEUE_CAPACITY: u32 = 100;
    pub const PERMIT_LIMIT: u32 = 1_000;
}

impl BulkheadSection {
    fn permits(&self, problems: &mut Problems) -> Permits {
        match self {
            Self::Own(own) => own.kind.permits(problems),
            Self::Resilience4j(bulkhead) => {
                let permits = bulkhead.max_concurrent_calls.as_ref();
                let permits =
                    problems.at_least_one(permits, library::MAX_CONCURRENT_CALLS, "a bulkhead");
                let max_wait = bulkhead.max_wait_duration.as_ref();
                let max_wait = max_wait.map(|wait| wait.with(DurationPhrase::from(**wait)));
                Permits { outlives_timeouts: true, ..Permits::semaphore(permits, max_wait) }
            }
            Self::Resilience4jThreadPool(pool) => {
                let threads = pool.max_thread_pool_size.as_ref();
                let capacity = problems.at_least_one(threads, library::PROCESSORS, "a bulkhead");
                let core = match pool.core_thread_pool_size.as_ref() {
                    None => (capacity - 1).max(1),
                    written => core_of(written, capacity, problems),
                };
                let queue = pool.queue_capacity.unwrap_or(library::QUEUE_CAPACITY);
                let pool = Permits::pool(PoolKind::Threads, capacity, queue);
                Permits { core, outlives_timeouts: true, ..pool }
            }
            Self::Polly(limiter) => {
                let permits = limiter.permit_limit.as_ref();
                let permits = problems.at_least_one(permits, library::PERMIT_LIMIT, "a bulkhead");
                Permits::pool(PoolKind::Permits, permits, limiter.queue_limit.unwrap_or(0))
            }
            Self::Cockatiel(bulkhead) => {
                let permits = problems.at_least_one(Some(&bulkhead.limit), 1, "a bulkhead");
                Permits::pool(PoolKind::Permits, permits, bulkhead.queue.unwrap_or(0))
            }
        }
    }
}

impl BulkheadKind {
    fn permits(&self, problems: &mut Problems) -> Permits {
        let mut capacity = |number| problems.at_least_one(Some(number), 1, "a bulkhead");
        match self {
            Self::Semaphore(Semaphore { permits, max_wait, interruptible }) => Permits {
                outlives_timeouts: *interruptible == Some(false),
                ..Permits::semaphore(capacity(permits), max_wait.clone())
            },
            Self::Threads(Threads { threads, core, queue, max_wait, interruptible }) => {
                let capacity = capacity(threads);
                let core = core_of(core.as_ref(), capacity, problems);
                let max_wait = waiting(max_wait.clone());
                let pool = Permits::pool(PoolKind::Threads, capacity, queue.unwrap_or(0));
                let outlives_timeouts = *interruptible != Some(true);
                Permits { core, max_wait, outlives_timeouts, ..pool }
            }
            Self::Connections(Connections { connections, queue, max_wait, interruptible }) => {
                let queue = queue.unwrap_or(UNLIMITED);
                let pool = Permits::pool(PoolKind::Connections, capacity(connections), queue);
                let outlives_timeouts = *interruptible == Some(false);
                Permits { max_wait: waiting(max_wait.clone()), outlives_timeouts, ..pool }
            }
        }
    }
}

/// A longest wait that is not zero.
fn waiting(max_wait: Option<Placed<DurationPhrase>>) -> Option<Placed<DurationPhrase>> {
    max_wait.filter(|wait| wait.constant().is_none_or(|wait| !wait.is_zero()))
}

fn core_of(core: Option<&Placed<u32>>, capacity: u32, problems: &mut Problems) -> u32 {
    let threads = problems.at_least_one(core, capacity, "the core");
    if let Some(core) = core.filter(|core| ***core > capacity) {
        let message = format!("the core has {threads} threads, but there are only {capacity}");
        problems.error(core.key(), message, "write a `core` that is no larger than `threads`");
    }
    threads
}

/// Limits calls in flight.
#[derive(Clone, Debug, PartialEq)]
pub struct Bulkhead {
    /// The first of its pools of permits; one for each instance of the caller.
    pub first_pool: Id<of::Pool>,
    /// True if work that nobody waits for any more goes on and keeps its permit until it ends; then
    /// a task carries it out (`system::tasks`).
    pub outlives_timeouts: bool,
    /// True if its pools are those of a proxy, which keeps connections to each instance apart.
    pub has_hosts: bool,
}

/// A permit of a bulkhead, or a place in the queue for one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Permit {
    /// The instant at which it was granted, or the wait began.
    since: SimTime,
    /// The number of the callee's instance that it is for; zero if it is for any.
    host: u32,
}

impl Guards for Bulkhead {
    type Section = BulkheadSection;

    fn compile(
        section: &BulkheadSection,
        site: &Site,
        names: &Names<'_>,
        plan: &mut Plan,
        problems: &mut Problems,
    ) -> Option<Self> {
        section.permits(problems).compile(site, names, plan, problems)
    }

    #[inline]
    fn enter(&self, call: Call<'_>, engine: &mut Engine<'_>) -> Entry {
        if self.outlives_timeouts && !engine.state.frames[call.index].is_task_of(call.position) {
            engine.submit(call);
            return Entry::Waits;
        }
        let pool = call.of_caller(self.first_pool, engine);
        if self.has_hosts {
            return Self::enter_host(call, pool, engine);
        }
        let permit = Permit { since: engine.now, host: 0 };
        *engine.state.frames.hold(call.index, call.position) = Hold::Bulkhead(permit);
        if engine.state.pools[pool].try_acquire(engine.now) {
            return Entry::Passed;
        }
        let waiter = engine.state.frames.begin_wait(call.index, Activity::AwaitingPermit);
        if engine.state.pools[pool].enqueue(engine.now, waiter) {
            engine.set_deadline(engine.plan.pools[pool].wait_deadline, waiter);
            return Entry::Waits;
        }
        Entry::Rejected(Outcome::RejectedByBulkhead)
    }

    #[inline]
    fn leave(&self, call: Call<'_>, outcome: Outcome, engine: &mut Engine<'_>) -> Exit {
        // What a proxy gives up or cannot connect takes its connection along.
        self.release(call, matches!(outcome, Outcome::Timeout | Outcome::Refused), engine);
        Exit::Passed
    }

    fn abandon(&self, call: Call<'_>, engine: &mut Engine<'_>) {
        self.release(call, true, engine);
    }
}

impl Bulkhead {
    /// Takes a call into the pool of a proxy for the instance that is chosen for it.
    fn enter_host(call: Call<'_>, pool: Id<of::Pool>, engine: &mut Engine<'_>) -> Entry {
        let Some(target) = engine.target(call.index, call.edge) else {
            return Entry::Rejected(Outcome::NoHealthyInstance);
        };
        let host = call.edge.callee_instances.number_of(target);
        let permit = Permit { since: engine.now, host };
        *engine.state.frames.hold(call.index, call.position) = Hold::Bulkhead(permit);
        let frames = &engine.state.frames;
        match engine.state.pools[pool]
            .ask_for_host(engine.now, host, |waiter| frames.is_live(waiter))
        {
            Answer::Granted => Entry::Passed,
            Answer::Waits => {
                let waiter = engine.state.frames.begin_wait(call.index, Activity::AwaitingPermit);
                if let Some(first) =
                    engine.state.pools[pool].enqueue_for_host(engine.now, host, waiter)
                {
                    engine.state.ready.push(Next::Permit(first.frame));
                }
                Entry::Waits
            }
            Answer::Rejected => Entry::Rejected(Outcome::RejectedByBulkhead),
        }
    }

    #[inline]
    fn release(&self, call: Call<'_>, closes: bool, engine: &mut Engine<'_>) {
        let pool = call.of_caller(self.first_pool, engine);
        let Hold::Bulkhead(permit) = engine.state.frames.held(call.index, call.position) else {
            unreachable!("only a permit is given back")
        };
        let held = engine.now.since(permit.since);
        let frames = &engine.state.frames;
        let is_live = |waiter| frames.is_live(waiter);
        let pool = &mut engine.state.pools[pool];
        let next = if self.has_hosts {
            pool.release_of_host(engine.now, held, (permit.host, closes), is_live)
        } else {
            pool.release(engine.now, held, is_live)
        };
        if let Some(waiter) = next {
            engine.state.ready.push(Next::Permit(waiter.frame));
        }
    }
}

impl Engine<'_> {
    /// Ends the wait of a call for a permit, which has lasted as long as it may.
    #[cold]
    pub fn permit_wait_exceeded(&mut self, index: u32) -> Next {
        if let Some(pool) = self.awaited_permits(index) {
            self.state.pools[pool].leave_queue(self.now, true);
        }
        self.leave_guards(index, Outcome::RejectedByBulkhead)
    }

    /// Takes a call on that was first in the queue and has got its permit.
    pub fn permit_granted(&mut self, index: u32) -> Next {
        let plan = self.plan;
        let edge = &plan.edges[self.state.frames[index].called_edge];
        let passed = usize::from(self.state.frames[index].guards_passed);
        if let Some(Guard::ConnectionPool(pool)) = edge.guards.get(passed) {
            return pool.place_granted(index, self);
        }
        let position = self.state.frames[index].guards_passed;
        let held = self.state.frames.held(index, position);
        if let (Some(pool), Hold::Bulkhead(permit)) = (self.awaited_permits(index), held) {
            self.state.pools[pool].note_wait(self.now.since(permit.since));
            let permit = Permit { since: self.now, ..permit };
            *self.state.frames.hold(index, position) = Hold::Bulkhead(permit);
        }
        self.guard_passed(index)
    }

    /// The pool of permits that a frame waits for, if any.
    pub fn awaited_permits(&self, index: u32) -> Option<Id<of::Pool>> {
        let is_waiting = self.state.frames[index].activity == Activity::AwaitingPermit;
        let first_pool = match self.guard_waited_at(index) {
            Some(Guard::Bulkhead(bulkhead)) if is_waiting => bulkhead.first_pool,
            Some(Guard::ConnectionPool(pool)) if is_waiting => pool.first_pool,
            _ => return None,
        };
        let (edge, position) = (self.edge_of(index), 0);
        Some(Call { index, edge, position }.of_caller(first_pool, self))
    }
}

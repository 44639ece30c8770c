//! Systems in which nothing is left to chance, as data for the oracle and as the text of a scenario.
//! All times are in nanoseconds.

mod dice;
mod random;
mod shrink;
mod text;

pub use random::Group;
pub use shrink::smaller;

pub const SECOND: u64 = 1_000_000_000;

#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    Work(u64),
    Pause(u64),
    Call {
        edge: usize,
        on_failure: OnFailure,
    },
    Parallel(Vec<Vec<Step>>),
    Repeat(u32, Vec<Step>),
    /// Steps that hold one of the service's pool.
    Hold(Vec<Step>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    Fail,
    FailLater,
    Degrade,
    Ignore,
}

/// Slots, how many may wait for one, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slots {
    pub max: u32,
    pub queue: Option<u32>,
    pub max_wait: Option<u64>,
}

/// A service, or a database, which has one instance, no region and one step.
#[derive(Clone, Debug)]
pub struct Service {
    pub is_database: bool,
    pub instances: usize,
    pub slots: Slots,
    pub processors: Option<u32>,
    pub pool: Option<Slots>,
    /// Regions that the instances get in turn.
    pub regions: Vec<usize>,
    pub steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Guard {
    RateLimit(RateLimit),
    Timeout(u64),
    Bulkhead(Bulkhead),
    Breaker(Breaker),
    Retry(Retry),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bulkhead {
    Semaphore { max: u32, max_wait: Option<u64> },
    Connections(Slots),
    Threads { core: u32, slots: Slots, is_interruptible: bool },
}

/// Calls in each window of the clock, or in any span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    pub span: u64,
    pub calls: u32,
    pub is_sliding: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backoff {
    Fixed(u64),
    Exponential { first: u64, most: u64 },
    Fibonacci { first: u64, most: u64 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    pub attempts: u32,
    pub backoff: Backoff,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    Calls(u32),
    /// Whole seconds of the clock.
    Seconds(u64),
    Buckets {
        span: u64,
        number: u64,
    },
    Every(u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    CallerInstance,
    CalleeInstance,
    Shared,
}

/// A breaker composed of parts. Shares are in percent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "the settings of a breaker in a scenario")]
pub struct Breaker {
    pub scope: Scope,
    pub window: Window,
    pub failure_rate: Option<u64>,
    pub slow_rate: Option<u64>,
    pub slow_call: Option<u64>,
    pub minimum: u64,
    pub failures: Option<u64>,
    pub consecutive: Option<u64>,
    pub wait: u64,
    /// The longest wait of one that doubles with each opening in a row.
    pub doubles_up_to: Option<u64>,
    pub is_from_last_failure: bool,
    pub is_by_timer: bool,
    pub half_open_calls: u64,
    pub is_concurrent: bool,
    pub success_threshold: Option<u64>,
    pub max_stay: Option<u64>,
    pub drops_late: bool,
}

/// The last of what is tried when a call has failed, or another call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fallback {
    Default,
    /// An answer from memory, which is there if the call has succeeded within an age.
    Cached {
        latency: u64,
        max_age: Option<u64>,
    },
    Call(usize),
}

#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "the settings of a call in a scenario")]
pub struct Edge {
    /// The calling service, or a workload.
    pub caller: Caller,
    pub callee: usize,
    pub latency: u64,
    /// From the outside in; `is_listed` if it is not the usual order.
    pub guards: Vec<Guard>,
    pub is_listed: bool,
    /// Delay, and requests in all.
    pub hedge: Option<(u64, usize)>,
    pub cancels_losers: bool,
    pub cancels: bool,
    pub passes_deadline: bool,
    pub chooses_anew: bool,
    pub fallbacks: Vec<Fallback>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    Workload(usize),
    Service(usize),
}

#[derive(Clone, Debug)]
pub struct Workload {
    pub edge: usize,
    pub region: usize,
    /// Requests a minute.
    pub rate: u64,
}

/// The effect of a fault: on an edge, between two regions, or to instances of a service.
#[derive(Clone, Debug)]
pub enum Strike {
    BlackHole(usize),
    Cut(usize, usize),
    RefuseEdge(usize),
    SlowEdge(usize, Slow),
    Crash(Struck),
    Pause(Struck),
    Refuse(Struck),
    Errors(Struck, &'static str),
    Slow(Struck, Slow),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slow {
    By(u64),
    Adding(u64),
    To(u64),
}

/// Some instances of a service.
#[derive(Clone, Debug)]
pub struct Struck {
    pub service: usize,
    pub instances: Vec<usize>,
}

#[derive(Clone, Debug)]
pub struct Fault {
    pub at: u64,
    pub lasts: u64,
    pub strike: Strike,
}

#[derive(Clone, Debug)]
pub struct Net {
    pub duration: u64,
    pub drain: u64,
    pub workloads: Vec<Workload>,
    pub services: Vec<Service>,
    pub edges: Vec<Edge>,
    pub faults: Vec<Fault>,
    /// One-way latencies between regions; there is one region without any.
    pub regions: Vec<Vec<u64>>,
}

impl Service {
    pub fn region_of(&self, instance: usize) -> usize {
        self.regions[instance % self.regions.len()]
    }
}

impl Strike {
    /// The instances that it strikes by themselves.
    pub fn struck(&self) -> Option<&Struck> {
        match self {
            Strike::Crash(it)
            | Strike::Pause(it)
            | Strike::Refuse(it)
            | Strike::Errors(it, _)
            | Strike::Slow(it, _) => Some(it),
            _ => None,
        }
    }
}

impl Net {
    /// The latency of the way from one region to another.
    pub fn between(&self, from: usize, to: usize) -> u64 {
        self.regions[from][to]
    }

    /// The number of instances that call over an edge.
    pub fn callers(&self, edge: &Edge) -> usize {
        match edge.caller {
            Caller::Workload(_) => 1,
            Caller::Service(service) => self.services[service].instances,
        }
    }

    pub fn name(&self, edge: &Edge) -> String {
        let callee = self.service_name(edge.callee);
        match edge.caller {
            Caller::Workload(number) => format!("w{number} -> {callee}"),
            Caller::Service(number) => format!("{} -> {callee}", self.service_name(number)),
        }
    }

    pub fn service_name(&self, service: usize) -> String {
        let kind = if self.services[service].is_database { "db" } else { "s" };
        format!("{kind}{service}")
    }
}

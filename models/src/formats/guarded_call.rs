//! A call with its guards, in settings instead of ids.

use std::fmt;

use sim_core::SimDuration;

use super::remark::CallRemarks;
use crate::OutcomeSet;
use crate::guards::{self, BacklogAbove, Scope};
use crate::language::quantity::Share;
use crate::resilience::circuit_breaker::BreakerSettings;
use crate::resilience::load_balancer::{
    Balance, HealthCheck, Locality, OutlierSettings, SlowStart,
};
use crate::resilience::{RateLimitPolicy, RetryBudgetPolicy, RetryPolicy, ThrottleSettings};
use crate::resources::ProxyLimits;
use crate::system::{
    Blueprint, Deadline, EdgePlan, Guard, Id, PoolPlan, ProbeKind, StationKind, UNLIMITED, of,
};

/// A call and its guards.
#[allow(clippy::struct_excessive_bools, reason = "they say independent things about a call")]
pub(super) struct GuardedCall {
    pub caller: String,
    pub callee: String,
    /// True if the callee is a database.
    pub is_of_database: bool,
    /// The connections that its caller keeps.
    pub kept: Option<KeptConnections>,
    /// The callee as a host of a network.
    pub host: String,
    /// The guards, the outermost first; the timeout of each attempt is among them.
    pub guards: Vec<GuardSettings>,
    pub connect_timeout: Option<SimDuration>,
    /// Number of instances of the callee.
    pub instances: u32,
    pub balance: Balance,
    pub outliers: Option<OutlierSettings>,
    pub panic_threshold: f64,
    pub update_merge_window: SimDuration,
    pub locality: Option<Locality>,
    pub health_check: Option<HealthCheck>,
    pub slow_start: Option<SlowStart>,
    /// True if instances of the callee say themselves that they are ready.
    pub has_readiness: bool,
    /// True if each attempt of a retry goes to a newly chosen instance.
    pub is_balanced_per_attempt: bool,
    /// True if the callee stops working when the caller has given up.
    pub cancels: bool,
    /// True if the callee learns how much time is left.
    pub propagates_deadline: bool,
    has_fallback: bool,
    /// Remarks on what its settings leave out, for every format.
    notes: Vec<String>,
}

/// One guard.
#[derive(Clone, Debug)]
pub(super) enum GuardSettings {
    RateLimit(RateLimitPolicy),
    /// A limit on the time of everything inside it.
    Timeout(SimDuration),
    /// A limit on the time of each attempt.
    AttemptTimeout(SimDuration),
    Hedge {
        delay: SimDuration,
        requests: u8,
    },
    Bulkhead(BulkheadSettings),
    Breaker(BreakerSettings, CountedOutcomes),
    Retry(RetryPolicy, Option<RetryBudgetPolicy>),
    /// A throttle, which no format has.
    Throttle(ThrottleSettings),
}

/// The connections that a caller keeps, beside the bulkhead that they are as well.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeptConnections {
    /// The place of that bulkhead among the guards.
    pub place: usize,
    /// The most connections that stay open while no call has them.
    pub idle: u32,
}

/// The outcomes that a breaker counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CountedOutcomes {
    /// Those that it counts as failures.
    pub counts: OutcomeSet,
    /// Those that it does not count at all.
    pub ignores: OutcomeSet,
    /// True if the scenario says so, and not the library.
    pub are_chosen: bool,
}

/// A limit on calls in flight.
#[derive(Clone, Copy, Debug)]
pub(super) struct BulkheadSettings {
    pub capacity: u32,
    /// Threads that are kept when there is nothing to do.
    pub core: u32,
    /// Calls that may wait; [`UNLIMITED`] if there is no limit.
    pub queue: u32,
    pub max_wait: Option<SimDuration>,
    /// True if a call keeps its permit when its caller has stopped waiting.
    pub outlives_timeouts: bool,
    /// The limits of a proxy, if it is one that makes them.
    pub proxy: Option<ProxyLimits>,
}

/// The name of a station as a host and as an object of Kubernetes: small letters, digits and `-` (RFC 1123). No other
/// station has the same one.
fn host_of(blueprint: &Blueprint, station: Id<of::Station>) -> String {
    let is_sound = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let sound = |name: &str| {
        let name = name.to_lowercase();
        let name: String = name.chars().map(|c| if is_sound(c) { c } else { '-' }).collect();
        let name = name.trim_matches('-').to_owned();
        if name.is_empty() { "callee".to_owned() } else { name }
    };
    let names: Vec<&str> = blueprint.stations.iter().map(|station| station.name.as_str()).collect();
    let mut given: Vec<String> =
        names.iter().filter(|name| sound(name) == **name).map(|name| (*name).to_owned()).collect();
    for name in &names[..=station.index()] {
        let plain = sound(name);
        if plain == *name {
            continue;
        }
        let numbered = (2..).map(|number| format!("{plain}-{number}"));
        let mut candidates = std::iter::once(plain.clone()).chain(numbered);
        given.extend(candidates.find(|candidate| !given.contains(candidate)));
    }
    let name = &*blueprint.stations[station].name;
    if sound(name) == name { name.to_owned() } else { given.pop().unwrap_or_default() }
}

impl GuardedCall {
    /// The call over an edge.
    pub fn new(blueprint: &Blueprint, edge: &EdgePlan) -> Self {
        let mut guards: Vec<GuardSettings> =
            edge.guards.iter().map(|guard| GuardSettings::new(blueprint, guard)).collect();
        // A hedge is inside the timeout of an attempt.
        let hedge = guards.pop_if(|guard| matches!(guard, GuardSettings::Hedge { .. }));
        guards.extend(span(blueprint, edge.timeout).map(GuardSettings::AttemptTimeout));
        guards.extend(hedge);
        Self {
            caller: edge.caller.clone(),
            callee: blueprint.stations[edge.callee].name.clone(),
            is_of_database: blueprint.stations[edge.callee].kind == StationKind::Database,
            kept: edge.guards.iter().enumerate().find_map(|(place, guard)| match guard {
                Guard::ConnectionPool(pool) => Some(KeptConnections { place, idle: pool.idle }),
                _ => None,
            }),
            host: host_of(blueprint, edge.callee),
            guards,
            instances: edge.callee_instances.len(),
            connect_timeout: span(blueprint, edge.connect_timeout),
            balance: edge.balance.balance.clone(),
            outliers: edge.balance.outlier_detection,
            panic_threshold: edge.balance.panic_threshold,
            update_merge_window: edge.balance.update_merge_window,
            locality: edge.balance.locality,
            health_check: edge.balance.health_check,
            slow_start: edge.balance.slow_start,
            has_readiness: blueprint.stations[edge.callee]
                .process
                .as_ref()
                .is_some_and(|process| process.probe(ProbeKind::Readiness).is_some()),
            is_balanced_per_attempt: edge.is_balanced_per_attempt,
            cancels: edge.cancels,
            propagates_deadline: edge.propagates_deadline,
            has_fallback: !edge.fallbacks.is_empty(),
            notes: notes_on_edge(blueprint, edge),
        }
    }

    /// True if there is anything to configure.
    pub fn is_guarded(&self) -> bool {
        !self.guards.is_empty() || self.outliers.is_some()
    }

    /// True if its instances are chosen in another way than in turn, or by their health.
    pub fn is_balanced(&self) -> bool {
        self.balance != Balance::RoundRobin
            || self.health_check.is_some()
            || self.slow_start.is_some()
            || self.locality.is_some()
    }

    /// The outermost bulkhead.
    pub fn bulkhead(&self) -> Option<BulkheadSettings> {
        self.guards.iter().find_map(|guard| match guard {
            GuardSettings::Bulkhead(settings) => Some(*settings),
            _ => None,
        })
    }

    /// The outermost retry.
    pub fn retry(&self) -> Option<&RetryPolicy> {
        self.guards.iter().find_map(|guard| match guard {
            GuardSettings::Retry(policy, _) => Some(policy),
            _ => None,
        })
    }

    /// The outermost timeout that spans several attempts.
    pub fn timeout(&self) -> Option<SimDuration> {
        self.guards.iter().find_map(|guard| match guard {
            GuardSettings::Timeout(timeout) => Some(*timeout),
            _ => None,
        })
    }

    /// The timeout of each attempt.
    pub fn attempt_timeout(&self) -> Option<SimDuration> {
        self.guards.iter().find_map(|guard| match guard {
            GuardSettings::AttemptTimeout(timeout) => Some(*timeout),
            _ => None,
        })
    }

    /// Adds remarks on what no library for guards has, because it is the business of the client, a
    /// balancer, or the caller's code.
    pub fn remark_on_client(&self, remarks: &mut CallRemarks<'_>) {
        if let Some(timeout) = self.connect_timeout {
            remarks.add(format!("set the connect timeout of the HTTP client to {timeout} in code"));
        }
        if self.is_balanced() || self.is_balanced_per_attempt {
            let balance = self.balance_in_words();
            remarks.add(format!(
                "guards do not choose instances; balance the calls elsewhere: {balance}"
            ));
        }
        if let Some(outliers) = self.outliers {
            let panic = Share(self.panic_threshold);
            remarks.add(format!(
                "no instances are ejected; leave that to a proxy: {outliers}, panic threshold: {panic}"
            ));
        }
        if !self.update_merge_window.is_zero() && (self.is_balanced() || self.outliers.is_some()) {
            remarks.add(format!(
                "no changes of instances wait for others: update merge window: {}",
                self.update_merge_window
            ));
        }
        if let Some(limits) = self.bulkhead().and_then(|bulkhead| bulkhead.proxy) {
            remarks.add(format!(
                "the connections to each instance are not kept apart, as those of a proxy are: {limits}"
            ));
        }
        self.remark_on_code(remarks);
    }

    /// The settings of its balancer, as a scenario writes them, without those of ejections.
    fn balance_in_words(&self) -> String {
        let panic = self.health_check.map(|_| Share(self.panic_threshold));
        let details = [
            self.locality.map(|it| it.to_string()),
            self.slow_start.map(|it| format!("slow start: [{it}]")),
            self.health_check.map(|it| format!("health check: [{it}]")),
            panic.map(|it| format!("panic threshold: {it}")),
            self.is_balanced_per_attempt.then(|| "new instance per attempt: true".to_owned()),
        ];
        let policy = format!("policy: {}", self.balance);
        std::iter::once(policy).chain(details.into_iter().flatten()).collect::<Vec<_>>().join(", ")
    }

    /// Adds a remark if the library decides in another way whether a call keeps its permit when a
    /// timeout outside the bulkhead has passed.
    pub fn remark_on_permits(&self, outlives_timeouts: bool, remarks: &mut CallRemarks<'_>) {
        let is_timeout = |guard: &GuardSettings| {
            matches!(guard, GuardSettings::Timeout(_) | GuardSettings::AttemptTimeout(_))
        };
        let inside = self.guards.iter().skip_while(|guard| !is_timeout(guard));
        let mut bulkheads = inside.filter_map(|guard| match guard {
            GuardSettings::Bulkhead(bulkhead) => Some(bulkhead.outlives_timeouts),
            _ => None,
        });
        if bulkheads.any(|outlives| outlives != outlives_timeouts) {
            remarks.add(if outlives_timeouts {
                "a call that has timed out keeps its permit until its work ends"
            } else {
                "a call that has timed out gives its permit back"
            });
        }
    }

    /// Adds a remark on connections that are kept, for whatever has only a limit on calls instead.
    pub fn remark_on_kept(&self, remarks: &mut CallRemarks<'_>) {
        if let Some(KeptConnections { idle, .. }) = self.kept {
            remarks.add(format!(
                "up to {idle} connections of the pool stay open, and each new one takes a handshake"
            ));
        }
    }

    /// Adds remarks on what only the code of the caller or the callee can do.
    pub fn remark_on_code(&self, remarks: &mut CallRemarks<'_>) {
        remarks.add_if(self.cancels, "the callee itself stops when the caller has given up");
        remarks.add_if(
            self.propagates_deadline,
            "the caller passes the deadline on in a header of its own",
        );
        remarks.add_if(self.has_fallback, "write the fallback in the caller's code");
        self.notes.iter().for_each(|note| remarks.add(note.clone()));
    }
}

/// Remarks on the details of a call that [`GuardSettings`] leave out.
fn notes_on_edge(blueprint: &Blueprint, edge: &EdgePlan) -> Vec<String> {
    let drawn = [("timeout", edge.timeout), ("connect timeout", edge.connect_timeout)];
    let drawn = drawn.into_iter().filter_map(|(what, deadline)| note_on_drawn(what, deadline));
    let link = edge.link.map(|id| {
        let link = &blueprint.links[id].name;
        format!("its messages go over the link `{link}`, which is the business of the network")
    });
    drawn
        .chain(link)
        .chain(edge.guards.iter().flat_map(|guard| notes_on(blueprint, guard)))
        .collect()
}

/// A note on a span that is drawn from a distribution, of which no format knows more than the mean.
fn note_on_drawn(what: &str, deadline: Option<Deadline>) -> Option<String> {
    matches!(deadline, Some(Deadline::Drawn(_)))
        .then(|| format!("the {what} is drawn from a distribution; its mean stands here"))
}

/// True if a distribution has more than one value.
fn is_drawn(blueprint: &Blueprint, distribution: Option<Id<of::Distribution>>) -> bool {
    distribution.is_some_and(|id| blueprint.distributions[id].as_constant().is_none())
}

/// Remarks on the details of a guard that [`GuardSettings`] leave out.
fn notes_on(blueprint: &Blueprint, guard: &Guard) -> Vec<String> {
    let scope_of = |what: &str, scope: Scope| match scope {
        Scope::CallerInstance => None,
        Scope::CalleeInstance => {
            Some(format!("each instance of the callee has a {what} of its own"))
        }
        Scope::Edge => Some(format!("all instances of the caller share one {what}")),
    };
    match guard {
        Guard::Breaker(breaker) => {
            let plan = &blueprint.breakers[breaker.first];
            let store = plan.store_delay.map(|delay| {
                format!("the instances share the breaker through a store, with a delay of {delay}")
            });
            let broken = (!plan.fails_open).then(|| {
                "a breaker whose own logic fails rejects all calls (`broken: fail closed`)"
                    .to_owned()
            });
            let scope = scope_of("breaker", breaker.scope);
            scope.into_iter().chain(store).chain(broken).collect()
        }
        Guard::Hedge(hedge) if !hedge.cancels_losers => {
            vec!["the other requests of a hedge are cancelled once one is answered".to_owned()]
        }
        Guard::Timeout(timeout) => {
            note_on_drawn("call timeout", Some(timeout.deadline)).into_iter().collect()
        }
        Guard::Bulkhead(bulkhead) => {
            let pool = &blueprint.pools[bulkhead.first_pool];
            note_on_drawn("longest wait for a permit", pool.wait_deadline).into_iter().collect()
        }
        Guard::ConnectionPool(pool) => {
            let wait = blueprint.pools[pool.first_pool].wait_deadline;
            note_on_drawn("longest wait for a connection", wait).into_iter().collect()
        }
        Guard::Retry(retry) if is_drawn(blueprint, retry.drawn_pauses) => {
            vec![
                "the pauses of the retry are drawn from a distribution; their mean stands here"
                    .to_owned(),
            ]
        }
        Guard::RateLimit(limit) => {
            let condition = limit.condition.map(|BacklogAbove { queue, messages }| {
                let queue = &blueprint.queues[queue].name;
                format!("the rate limit is in force only while more than {messages} messages wait in {queue}")
            });
            scope_of("rate limit", limit.scope).into_iter().chain(condition).collect()
        }
        Guard::Throttle(throttle) if throttle.counts != OutcomeSet::callee_failures() => {
            vec![format!("the throttle counts {} as not accepted", throttle.counts)]
        }
        _ => Vec::new(),
    }
}

impl GuardSettings {
    fn new(blueprint: &Blueprint, guard: &Guard) -> Self {
        match *guard {
            Guard::RateLimit(guards::RateLimit { first, .. }) => {
                Self::RateLimit(blueprint.rate_limits[first])
            }
            Guard::Timeout(guards::Timeout { deadline }) => {
                Self::Timeout(blueprint.deadline(deadline).span)
            }
            Guard::Bulkhead(guards::Bulkhead { first_pool, outlives_timeouts, .. }) => {
                let pool = &blueprint.pools[first_pool];
                Self::Bulkhead(BulkheadSettings::new(blueprint, pool, outlives_timeouts))
            }
            Guard::ConnectionPool(guards::ConnectionPool { first_pool, .. }) => {
                let pool = &blueprint.pools[first_pool];
                Self::Bulkhead(BulkheadSettings::new(blueprint, pool, false))
            }
            Guard::Breaker(guards::Breaker { first, counts, ignores, .. }) => {
                let plan = &blueprint.breakers[first];
                let are_chosen = plan.has_own_outcomes;
                Self::Breaker(plan.settings, CountedOutcomes { counts, ignores, are_chosen })
            }
            Guard::Retry(guards::Retry { policy, first_budget, .. }) => {
                let budget = first_budget.map(|first| blueprint.retry_budgets[first]);
                Self::Retry(policy, budget)
            }
            Guard::Throttle(guards::Throttle { first, .. }) => {
                Self::Throttle(blueprint.throttles[first])
            }
            Guard::Hedge(guards::Hedge { delay, requests, .. }) => {
                let delay = blueprint.deadline(delay).span;
                Self::Hedge { delay, requests }
            }
        }
    }

    /// Its name in the scenario file.
    pub fn name(&self) -> &'static str {
        match self {
            Self::RateLimit(_) => "rate limit",
            Self::Timeout(_) => "call timeout",
            Self::AttemptTimeout(_) => "timeout",
            Self::Hedge { .. } => "hedge",
            Self::Bulkhead(_) => "bulkhead",
            Self::Breaker(..) => "breaker",
            Self::Retry(..) => "retry",
            Self::Throttle(_) => "throttle",
        }
    }
}

impl fmt::Display for GuardSettings {
    /// The guard with its settings, as a scenario writes them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.name())?;
        match self {
            Self::RateLimit(policy) => write!(f, ": {policy}"),
            Self::Timeout(timeout) | Self::AttemptTimeout(timeout) => write!(f, ": {timeout}"),
            Self::Hedge { delay, requests } => write!(f, ": delay: {delay}, max: {requests}"),
            Self::Bulkhead(settings) => write!(f, ": {settings}"),
            Self::Breaker(settings, _) => write!(f, ": {settings}"),
            Self::Retry(policy, None) => write!(f, ": {policy}"),
            Self::Retry(policy, Some(budget)) => write!(f, ": {policy}, budget: {budget}"),
            Self::Throttle(settings) => write!(f, ": {settings}"),
        }
    }
}

impl CountedOutcomes {
    /// Adds a remark on what the scenario says about them, for a library that leaves it to code.
    pub fn remark(self, remarks: &mut CallRemarks<'_>) {
        let Self { counts, ignores, are_chosen } = self;
        let counts = counts.less(ignores);
        if are_chosen && ignores == OutcomeSet::of(&[]) {
            remarks.add(format!("the breaker counts {counts}"));
        } else if are_chosen {
            remarks.add(format!("the breaker counts {counts} and ignores {ignores}"));
        }
    }
}

impl fmt::Display for BulkheadSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { capacity, core, queue, max_wait, outlives_timeouts: _, proxy } = *self;
        if let Some(limits) = proxy {
            return write!(f, "{limits}");
        }
        write!(f, "{capacity} permits")?;
        if core != capacity {
            write!(f, ", core: {core}")?;
        }
        match queue {
            UNLIMITED => f.write_str(", queue: unlimited")?,
            queue => write!(f, ", queue: {queue}")?,
        }
        max_wait.map_or(Ok(()), |max_wait| write!(f, ", max wait: {max_wait}"))
    }
}

impl BulkheadSettings {
    fn new(blueprint: &Blueprint, pool: &PoolPlan, outlives_timeouts: bool) -> Self {
        Self {
            outlives_timeouts,
            proxy: pool.hosts.map(|hosts| hosts.limits),
            capacity: pool.capacity,
            core: pool.core,
            queue: pool.queue_limit,
            max_wait: span(blueprint, pool.wait_deadline),
        }
    }

    /// True if a call that finds no free place is turned away at once.
    pub fn has_no_queue(self) -> bool {
        self.queue == 0
    }

    /// True if it limits how long calls wait, not how many.
    pub fn is_semaphore(self) -> bool {
        self.core == self.capacity && (self.has_no_queue() || self.queue == UNLIMITED)
    }
}

/// The span of a deadline; none if there is no such deadline.
fn span(blueprint: &Blueprint, deadline: Option<Deadline>) -> Option<SimDuration> {
    deadline.map(|deadline| blueprint.deadline(deadline).span)
}

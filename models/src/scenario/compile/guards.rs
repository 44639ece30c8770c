//! The guards of a call, in their order.

use sim_core::SimDuration;

use super::super::breaker::{Breaker, Scope as WrittenScope};
use super::super::call::{
    Backlog, Bulkhead, Call, GUARD_KEYS, Hedge, RateLimit as WrittenLimit, RateLimitPreset, Retry,
    RetryBudget, RetryBudgetPreset,
};
use super::super::quantity::{Duration, Rate};
use super::proxies::{ProxyLimits, proxy_limits};
use super::{Caller, Compiler, most};
use crate::OutcomeSet;
use crate::resilience::{RateLimit, RetryBudgetPolicy, RetryPolicy};
use crate::resources::Discipline;
use crate::system::{
    BacklogAbove, Ends, Guard, HedgePlan, MOST_REQUESTS, NONE, PoolKind, PoolPlan, Scope, UNLIMITED,
};

/// Resilience4j's own settings of a rate limiter.
mod resilience4j {
    use sim_core::SimDuration;

    pub const LIMIT_FOR_PERIOD: u32 = 50;
    pub const LIMIT_REFRESH_PERIOD: SimDuration = SimDuration::from_nanos(500);
    pub const TIMEOUT_DURATION: SimDuration = SimDuration::from_secs(5);
}

/// The libraries' own settings of a retry budget.
mod budget {
    use sim_core::SimDuration;

    pub const FINAGLE_TTL: SimDuration = SimDuration::from_secs(10);
    pub const FINAGLE_MINIMUM_PER_SECOND: u32 = 10;
    pub const FINAGLE_RATIO: f64 = 0.2;
    pub const ENVOY_PERCENT: f64 = 20.0;
    pub const ENVOY_MINIMUM: u32 = 3;
}

/// A call may pass so many guards.
const MOST_GUARDS: usize = 16;

/// A guard as it is written, and where.
enum Written<'a> {
    RateLimit(&'a WrittenLimit),
    Timeout(Duration),
    Bulkhead(&'a Bulkhead),
    Breaker(&'a Breaker),
    Retry(&'a Retry),
    Hedge(Hedge),
}

impl Compiler<'_> {
    /// The guards of a call, the outermost first, and the timeout of each attempt as an id of a
    /// deadline: the innermost guard if it is a timeout.
    pub(super) fn pipeline(
        &mut self,
        caller: Caller,
        callee: u32,
        call: &Call,
        path: &str,
    ) -> (Vec<Guard>, u32) {
        let written = self.written_guards(call, path);
        for (guard, at) in &written {
            if let Written::Breaker(breaker) = guard {
                self.check_breaker_keys(breaker, at);
                self.check_retry_budget_of_proxy(breaker, at);
            }
        }
        let of_presets: Vec<Company> = written.iter().map(|(guard, _)| company_of(guard)).collect();
        let mut written = with_company(written, &of_presets);
        if written.len() > MOST_GUARDS {
            let at = self.value_at(path);
            self.error(
                at,
                format!("this call has {} guards", written.len()),
                format!("a call may have {MOST_GUARDS}"),
            );
            written.truncate(MOST_GUARDS);
        }
        // A hedge lies within the timeout of an attempt, so that what follows it there is only the
        // attempt.
        let hedge = written.pop_if(|(guard, _)| matches!(guard, Written::Hedge(_)));
        let of_attempts = written.pop_if(|(guard, _)| matches!(guard, Written::Timeout(_)));
        written.extend(hedge);
        let mut guards = Vec::new();
        let of_proxy = of_presets.iter().find_map(|company| company.retries);
        let (mut bulkheads, mut breakers) = (0, 0);
        for (guard, at) in &written {
            let position = guards.len() as u8;
            guards.extend(match guard {
                Written::RateLimit(limit) => self.rate_limit(caller, callee, limit, at),
                Written::Timeout(span) => Some(Guard::Timeout {
                    deadline: self.deadline_of(*span, Ends::Guard(position), at),
                }),
                Written::Bulkhead(bulkhead) => {
                    bulkheads += 1;
                    self.bulkhead(caller, callee, bulkhead, bulkheads, at)
                }
                Written::Breaker(breaker) => {
                    breakers += 1;
                    Some(self.breaker(caller, callee, breaker, breakers, at))
                }
                Written::Retry(retry) => Some(self.retry(caller, retry, of_proxy, at)),
                Written::Hedge(hedge) => {
                    if usize::from(position) + 1 < written.len() {
                        let at = self.key_at(at);
                        self.error(
                            at,
                            "a hedge is the innermost guard",
                            "put it last, behind the timeout of each attempt",
                        );
                    }
                    Some(self.hedge(*hedge, at))
                }
            });
        }
        let attempt_timeout = match of_attempts {
            Some((Written::Timeout(timeout), at)) => self.deadline(Some(timeout), &at),
            _ => NONE,
        };
        (guards, attempt_timeout)
    }

    /// The guards of a call in the order in which they are listed, or else in the usual one.
    fn written_guards<'a>(&mut self, call: &'a Call, path: &str) -> Vec<(Written<'a>, String)> {
        let Some(list) = &call.guards else {
            let timeout_of_breaker =
                call.breaker.as_ref().is_some_and(|breaker| breaker.timeout.is_some());
            self.one_of(call.timeout.is_some(), timeout_of_breaker, "timeout", path);
            let permits_of_breaker = |breaker: &Breaker| {
                breaker.bulkhead_max_concurrent.is_some() || breaker.bulkhead_max_wait.is_some()
            };
            self.one_of(
                call.bulkhead.is_some(),
                call.breaker.as_ref().is_some_and(permits_of_breaker),
                "bulkhead",
                path,
            );
            let guards = [
                (call.rate_limit.as_ref().map(Written::RateLimit), "rate limit"),
                (call.whole_timeout.map(Written::Timeout), "call timeout"),
                (call.bulkhead.as_ref().map(Written::Bulkhead), "bulkhead"),
                (call.breaker.as_ref().map(Written::Breaker), "breaker"),
                (call.retry.as_ref().map(Written::Retry), "retry"),
                (call.timeout.map(Written::Timeout), "timeout"),
                (call.hedge.map(Written::Hedge), "hedge"),
            ];
            let with_place =
                |(guard, key): (Option<Written<'a>>, &str)| Some((guard?, format!("{path}.{key}")));
            return guards.into_iter().filter_map(with_place).collect();
        };
        for key in GUARD_KEYS {
            if let Some(at) =
                self.decoded.tree.key_location(&super::parse_path(&format!("{path}.{key}")))
            {
                self.error(
                    Some(at),
                    format!("`{key}` stands beside the list of guards"),
                    "put it into the list, in its place",
                );
            }
        }
        let mut guards = Vec::new();
        for (index, guard) in list.iter().enumerate() {
            let path = format!("{path}.guards[{index}]");
            let before = guards.len();
            let found = [
                (guard.rate_limit.as_ref().map(Written::RateLimit), "rate limit"),
                (guard.bulkhead.as_ref().map(Written::Bulkhead), "bulkhead"),
                (guard.breaker.as_ref().map(Written::Breaker), "breaker"),
                (guard.retry.as_ref().map(Written::Retry), "retry"),
                (guard.timeout.map(Written::Timeout), "timeout"),
                (guard.hedge.map(Written::Hedge), "hedge"),
            ];
            guards.extend(
                found
                    .into_iter()
                    .filter_map(|(guard, key)| Some((guard?, format!("{path}.{key}")))),
            );
            if guards.len() != before + 1 && !self.was_removed(&path) {
                let at = self.value_at(&path);
                let help = "write one of rate limit, bulkhead, breaker, retry, timeout and hedge in each place";
                self.error(at, "this place in the list is not for one guard", help);
            }
        }
        guards
    }

    /// What the call and its breaker's preset both say is said twice.
    fn one_of(&mut self, is_with_call: bool, is_with_breaker: bool, what: &str, path: &str) {
        if is_with_call && is_with_breaker {
            let at = self.key_at(&format!("{path}.{what}"));
            self.error(
                at,
                format!("the {what} of this call is there twice"),
                "write it with the call or with its breaker",
            );
        }
    }

    /// How many of a guard there are in a scope.
    pub(super) fn count_in(&self, scope: Scope, caller: Caller, callee: u32) -> u64 {
        let callees = self.blueprint.stations[callee as usize].instances.len() as u64;
        match scope {
            Scope::Edge => 1,
            Scope::CallerInstance => u64::from(self.caller_instances(caller)),
            Scope::CalleeInstance => u64::from(self.caller_instances(caller)) * callees,
        }
    }

    fn rate_limit(
        &mut self,
        caller: Caller,
        callee: u32,
        written: &WrittenLimit,
        path: &str,
    ) -> Option<Guard> {
        let limit = self.rate_limit_settings(written, path)?;
        let scope = scope(written.scope);
        let count = self.count_in(scope, caller, callee);
        let first = self.blueprint.rate_limits.len() as u32;
        let remembered =
            if let RateLimit::SlidingLog { calls, .. } = limit { u64::from(calls) } else { 1 };
        self.looked_back = self.looked_back.saturating_add(count.saturating_mul(remembered));
        if !self.may_have(u64::from(first) + count, most::BREAKERS, "rate limits", path)
            || !self.may_have(
                self.looked_back,
                most::LOOKED_BACK,
                "calls or seconds for guards to remember",
                path,
            )
        {
            return None;
        }
        self.blueprint.rate_limits.extend(std::iter::repeat_n(limit, count as usize));
        let condition = written.condition.as_ref().and_then(|Backlog { queue, above }| {
            let queue = self.queue(queue, &format!("{path}.while.queue"))?;
            Some(BacklogAbove { queue, messages: *above })
        });
        Some(Guard::RateLimit { first, scope, condition })
    }

    fn rate_limit_settings(&mut self, written: &WrittenLimit, path: &str) -> Option<RateLimit> {
        let is_preset = written.preset == Some(RateLimitPreset::Resilience4j);
        let algorithms = [
            ("token bucket", written.token_bucket.is_some()),
            ("leaky bucket", written.leaky_bucket.is_some()),
            ("gcra", written.gcra.is_some()),
            ("fixed window", written.fixed_window.is_some()),
            ("sliding log", written.sliding_log.is_some()),
            ("sliding counter", written.sliding_counter.is_some()),
            ("preset", is_preset),
        ];
        let chosen: Vec<&str> =
            algorithms.iter().filter(|(_, is_there)| *is_there).map(|(name, _)| *name).collect();
        let [algorithm] = chosen[..] else {
            if !self.was_removed(path) {
                let at = self.value_at(path);
                self.error(
                    at,
                    if chosen.is_empty() { "there is no telling how this limits calls" } else { "this limits calls in several ways" },
                    "write one of `token bucket: 100/s`, `leaky bucket: 100/s`, `gcra: 100/s`, `fixed window: 1s`, `sliding log: 1s`, `sliding counter: 1s` (with `calls: 100`) and `preset: resilience4j`",
                );
            }
            return None;
        };
        self.check_details_of(algorithm, written, path);
        let burst =
            self.at_least_one(written.burst.unwrap_or(1), "the burst", &format!("{path}.burst"));
        let max_wait = written.max_wait.map_or(SimDuration::ZERO, |wait| wait.0);
        let calls =
            self.at_least_one(written.calls.unwrap_or(1), "the calls", &format!("{path}.calls"));
        let mut interval = |rate: Option<Rate>| self.interval(rate, &format!("{path}.{algorithm}"));
        let window = |length: Option<Duration>| length.map_or(SimDuration::ZERO, |length| length.0);
        let limit = match algorithm {
            "token bucket" => {
                RateLimit::TokenBucket { interval: interval(written.token_bucket), burst, max_wait }
            }
            "gcra" => RateLimit::Gcra { interval: interval(written.gcra), burst, max_wait },
            "leaky bucket" => RateLimit::LeakyBucket {
                interval: interval(written.leaky_bucket),
                queue: written.queue.unwrap_or(0),
            },
            "fixed window" => {
                RateLimit::FixedWindow { window: window(written.fixed_window), calls }
            }
            "sliding log" => RateLimit::SlidingLog { window: window(written.sliding_log), calls },
            "sliding counter" => {
                RateLimit::SlidingCounter { window: window(written.sliding_counter), calls }
            }
            _ => RateLimit::CyclicPermits {
                period: written
                    .limit_refresh_period
                    .map_or(resilience4j::LIMIT_REFRESH_PERIOD, |period| period.0),
                permits: self.at_least_one(
                    written.limit_for_period.unwrap_or(resilience4j::LIMIT_FOR_PERIOD),
                    "limitForPeriod",
                    &format!("{path}.limitForPeriod"),
                ),
                timeout: written
                    .timeout_duration
                    .map_or(resilience4j::TIMEOUT_DURATION, |timeout| timeout.0),
            },
        };
        let (RateLimit::FixedWindow { window, .. }
        | RateLimit::SlidingLog { window, .. }
        | RateLimit::SlidingCounter { window, .. }
        | RateLimit::CyclicPermits { period: window, .. }) = limit
        else {
            return Some(limit);
        };
        if window.is_zero() {
            let at = self.value_at(path);
            self.error(
                at,
                "nothing happens within a window of no length",
                "give it a length such as `1s`",
            );
        }
        Some(limit)
    }

    /// Details that belong to another algorithm would be ignored; they are problems instead.
    fn check_details_of(&mut self, algorithm: &str, written: &WrittenLimit, path: &str) {
        let windows: &[&str] = &["fixed window", "sliding log", "sliding counter"];
        let details: [(&str, bool, &[&str]); 7] = [
            ("calls", written.calls.is_some(), windows),
            ("burst", written.burst.is_some(), &["token bucket", "gcra"]),
            ("max wait", written.max_wait.is_some(), &["token bucket", "gcra"]),
            ("queue", written.queue.is_some(), &["leaky bucket"]),
            ("limitForPeriod", written.limit_for_period.is_some(), &["preset"]),
            ("limitRefreshPeriod", written.limit_refresh_period.is_some(), &["preset"]),
            ("timeoutDuration", written.timeout_duration.is_some(), &["preset"]),
        ];
        for (detail, is_there, owners) in details {
            if is_there && !owners.contains(&algorithm) {
                let at = self.key_at(&format!("{path}.{detail}"));
                self.error(
                    at,
                    format!("`{detail}` means nothing to `{algorithm}`"),
                    format!("it belongs to {}", listed(owners)),
                );
            }
        }
        if windows.contains(&algorithm) && written.calls.is_none() && !self.was_removed(path) {
            let at = self.key_at(&format!("{path}.{algorithm}"));
            self.error(
                at,
                "there is no telling how many calls fit into the window",
                "write `calls: 100` beside it",
            );
        }
    }

    /// The time between two calls at a rate.
    pub(super) fn interval(&mut self, rate: Option<Rate>, path: &str) -> SimDuration {
        let per_second = rate.map_or(1.0, |rate| rate.0);
        if per_second <= 0.0 {
            let at = self.value_at(path);
            self.error(at, "a rate of zero lets nothing through", "write a rate such as `100/s`");
            return SimDuration::from_secs(1);
        }
        SimDuration::from_nanos_f64(1e9 / per_second)
    }

    fn retry(
        &mut self,
        caller: Caller,
        retry: &Retry,
        of_proxy: Option<RetryBudgetPolicy>,
        path: &str,
    ) -> Guard {
        let attempts = self.at_least_one(retry.attempts, "attempts", &format!("{path}.attempts"));
        let on = retry.on.as_deref().map_or_else(OutcomeSet::callee_failures, OutcomeSet::of);
        let policy = RetryPolicy {
            attempts: attempts.min(u32::from(u16::MAX)),
            backoff: retry.backoff.0,
            on,
            honours_retry_after: retry.honour_retry_after.unwrap_or(false),
        };
        let own = retry
            .budget
            .as_ref()
            .map(|written| self.retry_budget(written, &format!("{path}.budget")));
        let Some(budget) = own.or(of_proxy) else {
            return Guard::Retry { policy, first_budget: NONE };
        };
        let first_budget = self.blueprint.retry_budgets.len() as u32;
        let count = self.caller_instances(caller);
        if self.may_have(
            u64::from(first_budget) + u64::from(count),
            most::BREAKERS,
            "retry budgets",
            path,
        ) {
            self.blueprint.retry_budgets.extend(std::iter::repeat_n(budget, count as usize));
        }
        Guard::Retry { policy, first_budget }
    }

    fn hedge(&mut self, hedge: Hedge, path: &str) -> Guard {
        let requests = hedge.max.unwrap_or(2);
        if !(2..=MOST_REQUESTS).contains(&usize::from(requests)) {
            let at = self.value_at(&format!("{path}.max"));
            self.error(
                at,
                format!("a hedge of {requests} requests"),
                format!("write a number from 2 to {MOST_REQUESTS}"),
            );
        }
        Guard::Hedge(HedgePlan {
            delay: self.deadline_of(hedge.delay, Ends::Patience, &format!("{path}.delay")),
            requests: requests.clamp(1, MOST_REQUESTS as u8),
            cancels_losers: hedge.cancel_losers.unwrap_or(true),
        })
    }

    fn retry_budget(&mut self, written: &RetryBudget, path: &str) -> RetryBudgetPolicy {
        let (preset, own) = match written.preset {
            RetryBudgetPreset::Finagle => {
                ("finagle", "`ttl`, `minRetriesPerSec` and `percentCanRetry`")
            }
            RetryBudgetPreset::Envoy => ("envoy", "`budget_percent` and `min_retry_concurrency`"),
            RetryBudgetPreset::Grpc => ("grpc", "`maxTokens` and `tokenRatio`"),
        };
        let keys = [
            ("ttl", written.ttl.is_some(), "finagle"),
            ("minRetriesPerSec", written.min_retries_per_second.is_some(), "finagle"),
            ("percentCanRetry", written.ratio.is_some(), "finagle"),
            ("budget_percent", written.budget_percent.is_some(), "envoy"),
            ("min_retry_concurrency", written.min_retry_concurrency.is_some(), "envoy"),
            ("maxTokens", written.max_tokens.is_some(), "grpc"),
            ("tokenRatio", written.token_ratio.is_some(), "grpc"),
        ];
        for (key, _, owner) in
            keys.into_iter().filter(|(_, is_there, owner)| *is_there && *owner != preset)
        {
            let at = self.key_at(&format!("{path}.{key}"));
            self.error(
                at,
                format!("`{key}` means nothing to `preset: {preset}`"),
                format!("it belongs to `preset: {owner}`; this one has {own}"),
            );
        }
        match written.preset {
            RetryBudgetPreset::Finagle => RetryBudgetPolicy::Finagle {
                ttl: SimDuration::from_secs_f64(self.number(
                    written.ttl.map(|ttl| ttl.0.as_secs_f64()),
                    budget::FINAGLE_TTL.as_secs_f64(),
                    1.0..=60.0,
                    &format!("{path}.ttl"),
                )),
                minimum_per_second: written
                    .min_retries_per_second
                    .unwrap_or(budget::FINAGLE_MINIMUM_PER_SECOND),
                ratio: self.number(
                    written.ratio,
                    budget::FINAGLE_RATIO,
                    0.0..=1_000.0,
                    &format!("{path}.percentCanRetry"),
                ),
            },
            RetryBudgetPreset::Envoy => RetryBudgetPolicy::Envoy {
                ratio: self.number(
                    written.budget_percent,
                    budget::ENVOY_PERCENT,
                    0.0..=100.0,
                    &format!("{path}.budget_percent"),
                ) / 100.0,
                minimum: written.min_retry_concurrency.unwrap_or(budget::ENVOY_MINIMUM),
            },
            RetryBudgetPreset::Grpc => {
                let is_complete = written.max_tokens.is_some() && written.token_ratio.is_some();
                if !is_complete && !self.was_removed(path) {
                    let at = self.value_at(path);
                    self.error(
                        at,
                        "this budget has no defaults",
                        "write `maxTokens: 10` and `tokenRatio: 0.1`",
                    );
                }
                RetryBudgetPolicy::Grpc {
                    max_tokens: self.number(
                        written.max_tokens.map(f64::from),
                        1.0,
                        1.0..=1_000.0,
                        &format!("{path}.maxTokens"),
                    ) as u32,
                    token_ratio: self.number(
                        written.token_ratio,
                        1.0,
                        0.001..=1_000.0,
                        &format!("{path}.tokenRatio"),
                    ),
                }
            }
        }
    }

    fn bulkhead(
        &mut self,
        caller: Caller,
        callee: u32,
        bulkhead: &Bulkhead,
        ordinal: u32,
        path: &str,
    ) -> Option<Guard> {
        let may_wait = bulkhead.max_wait.is_some_and(|wait| !wait.0.is_zero());
        let max_wait = bulkhead.max_wait.filter(|_| may_wait);
        let (kind, capacity, queue_limit, what) = match (
            bulkhead.semaphore,
            bulkhead.threads,
            bulkhead.connections,
        ) {
            (Some(permits), None, None) => {
                (PoolKind::Permits, permits, if may_wait { UNLIMITED } else { 0 }, "a semaphore")
            }
            (None, Some(threads), None) => {
                (PoolKind::Threads, threads, bulkhead.queue.unwrap_or(0), "a pool of threads")
            }
            (None, None, Some(connections)) => (
                PoolKind::Connections,
                connections,
                bulkhead.queue.unwrap_or(UNLIMITED),
                "a pool of connections",
            ),
            _ => {
                if !self.was_removed(path) {
                    let at = self.value_at(path);
                    self.error(
                        at,
                        "a bulkhead is a semaphore, a pool of threads or a pool of connections",
                        "write `semaphore: 25`, `threads: 10` with a `queue`, or `connections: 20` with a `max wait`",
                    );
                }
                return None;
            }
        };
        if bulkhead.queue.is_some() && kind == PoolKind::Permits {
            let at = self.key_at(&format!("{path}.queue"));
            self.error(
                at,
                "a semaphore has no queue",
                "say how long a call may wait with `max wait`, or use `threads`",
            );
        }
        let core = self.at_least_one(
            bulkhead.core.unwrap_or(capacity),
            "the core",
            &format!("{path}.core"),
        );
        if bulkhead.core.is_some() && (kind != PoolKind::Threads || core > capacity) {
            let at = self.key_at(&format!("{path}.core"));
            let message = if kind == PoolKind::Threads {
                format!("{core} of {capacity} threads")
            } else {
                format!("{what} has no core")
            };
            self.error(at, message, "write `core` beside `threads`, and no larger");
        }
        let capacity = self.at_least_one(capacity, "a bulkhead", path);
        let wait_deadline = self.deadline(max_wait, &format!("{path}.max wait"));
        let first_pool = self.blueprint.pools.len() as u32;
        let owner = one_of_several(self.edge_name(caller, callee), "bulkhead", ordinal);
        let instances = self.caller_instances(caller);
        if !self.may_have(u64::from(first_pool) + u64::from(instances), most::POOLS, "pools", path)
        {
            return None;
        }
        for instance in 0..instances {
            let number = if instances == 1 { 0 } else { instance + 1 };
            self.blueprint.pools.push(PoolPlan {
                owner: owner.clone(),
                number,
                kind,
                capacity,
                core,
                queue_limit,
                wait_deadline,
                discipline: Discipline::Fifo,
            });
        }
        Some(Guard::Bulkhead { first_pool })
    }
}

/// The scope that is written, or the usual one.
pub(super) fn scope(written: Option<WrittenScope>) -> Scope {
    match written {
        None | Some(WrittenScope::CallerInstance) => Scope::CallerInstance,
        Some(WrittenScope::CalleeInstance) => Scope::CalleeInstance,
        Some(WrittenScope::Shared | WrittenScope::Store) => Scope::Edge,
    }
}

/// What the preset of a breaker brings along: a bulkhead in front of it, behind it or in its place,
/// a timeout behind both, a limit on retries.
#[derive(Default)]
struct Company {
    in_place: Option<Bulkhead>,
    retries: Option<RetryBudgetPolicy>,
    in_front: Option<Bulkhead>,
    behind: Option<Bulkhead>,
    timeout: Option<Duration>,
}

fn company_of(guard: &Written<'_>) -> Company {
    let Written::Breaker(breaker) = guard else { return Company::default() };
    if let Some(ProxyLimits { bulkhead, retries }) = proxy_limits(breaker) {
        return Company { in_place: Some(bulkhead), retries: Some(retries), ..Company::default() };
    }
    let is_behind = Compiler::has_its_bulkhead_behind(breaker);
    let bulkhead = Compiler::bulkhead_of(breaker);
    let (in_front, behind) = if is_behind { (None, bulkhead) } else { (bulkhead, None) };
    Company { in_front, behind, timeout: Compiler::timeout_of(breaker), ..Company::default() }
}

/// The guards with what their presets bring along. A timeout that is written further in takes the
/// place of the preset's.
fn with_company<'a>(
    written: Vec<(Written<'a>, String)>,
    of_presets: &'a [Company],
) -> Vec<(Written<'a>, String)> {
    let last_timeout = written.iter().rposition(|(guard, _)| matches!(guard, Written::Timeout(_)));
    let mut guards = Vec::new();
    for (index, ((guard, at), company)) in written.into_iter().zip(of_presets).enumerate() {
        let bulkhead = |bulkhead: &'a Bulkhead| (Written::Bulkhead(bulkhead), at.clone());
        let timeout = company.timeout.filter(|_| last_timeout.is_none_or(|last| last < index));
        let in_front = company.in_front.as_ref().map(bulkhead);
        let behind = company.behind.as_ref().map(bulkhead);
        let timeout = timeout.map(|timeout| (Written::Timeout(timeout), at.clone()));
        let guard = company.in_place.as_ref().map_or(guard, Written::Bulkhead);
        guards.extend(in_front);
        guards.push((guard, at));
        guards.extend(behind);
        guards.extend(timeout);
    }
    guards
}

/// The name of what belongs to an edge; with a number if it is not the first of its kind there.
pub(super) fn one_of_several(owner: String, kind: &str, ordinal: u32) -> String {
    if ordinal == 1 { owner } else { format!("{owner} ({kind} {ordinal})") }
}

fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ")
}

//! A call with its guards, in numbers and without ids.

use serde_json::{Map, Value};
use sim_core::SimDuration;

use crate::guards;
use crate::resilience::circuit_breaker::BreakerSettings;
use crate::resilience::load_balancer::{Balance, OutlierSettings};
use crate::resilience::{RateLimit, RetryBudgetPolicy, RetryPolicy};
use crate::system::{Blueprint, EdgePlan, Guard, NONE, UNLIMITED};

/// A call and what guards it.
pub(super) struct Call {
    pub caller: String,
    pub callee: String,
    /// The guards, the outermost first; the timeout of each attempt is among them.
    pub guards: Vec<Part>,
    pub connect_timeout: Option<SimDuration>,
    pub balance: Balance,
    pub outliers: Option<OutlierSettings>,
    pub panic_threshold: f64,
    has_fallback: bool,
}

/// One guard.
#[derive(Clone, Debug)]
pub(super) enum Part {
    RateLimit(RateLimit),
    /// Of everything inside it.
    Timeout(SimDuration),
    /// Of each attempt.
    AttemptTimeout(SimDuration),
    Hedge {
        delay: SimDuration,
        requests: u8,
    },
    Bulkhead(Permits),
    Breaker(BreakerSettings),
    Retry(RetryPolicy, Option<RetryBudgetPolicy>),
}

/// A limit on calls in flight.
#[derive(Clone, Copy, Debug)]
pub(super) struct Permits {
    pub capacity: u32,
    pub core: u32,
    /// How many may wait; [`UNLIMITED`] if there is no limit.
    pub queue: u32,
    pub max_wait: Option<SimDuration>,
}

impl Permits {
    /// Whether whoever comes too late is turned away at once.
    pub fn has_no_queue(self) -> bool {
        self.queue == 0
    }

    /// Whether calls wait for a time, not for a number of places.
    pub fn is_semaphore(self) -> bool {
        self.core == self.capacity && (self.has_no_queue() || self.queue == UNLIMITED)
    }
}

impl Call {
    pub fn of(blueprint: &Blueprint, edge: &EdgePlan) -> Self {
        let span = |deadline: u32| {
            blueprint.deadlines.get(deadline as usize).map(|deadline| deadline.span)
        };
        let part = |guard: &Guard| match *guard {
            Guard::RateLimit(guards::RateLimit { first, .. }) => {
                Part::RateLimit(blueprint.rate_limits[first as usize])
            }
            Guard::Timeout(guards::Timeout { deadline }) => {
                Part::Timeout(span(deadline).unwrap_or(SimDuration::MAX))
            }
            Guard::Hedge(plan) => Part::Hedge {
                delay: span(plan.delay).unwrap_or(SimDuration::MAX),
                requests: plan.requests,
            },
            Guard::Bulkhead(guards::Bulkhead { first_pool }) => {
                let pool = &blueprint.pools[first_pool as usize];
                let max_wait = span(pool.wait_deadline);
                Part::Bulkhead(Permits {
                    capacity: pool.capacity,
                    core: pool.core,
                    queue: pool.queue_limit,
                    max_wait,
                })
            }
            Guard::Breaker(guards::Breaker { first, .. }) => {
                Part::Breaker(blueprint.breakers[first as usize].settings)
            }
            Guard::Retry(guards::Retry { policy, first_budget }) => {
                let budget =
                    (first_budget != NONE).then(|| blueprint.retry_budgets[first_budget as usize]);
                Part::Retry(policy, budget)
            }
        };
        let mut guards: Vec<Part> = edge.guards.iter().map(part).collect();
        let hedge = guards.pop_if(|guard| matches!(guard, Part::Hedge { .. }));
        guards.extend(span(edge.timeout).map(Part::AttemptTimeout));
        guards.extend(hedge);
        Self {
            caller: edge.caller.clone(),
            callee: blueprint.stations[edge.callee as usize].name.clone(),
            guards,
            connect_timeout: span(edge.connect_timeout),
            balance: edge.balance.balance.clone(),
            outliers: edge.balance.outlier_detection,
            panic_threshold: edge.balance.panic_threshold,
            has_fallback: !edge.fallbacks.is_empty(),
        }
    }

    pub fn is_guarded(&self) -> bool {
        !self.guards.is_empty() || self.outliers.is_some()
    }

    /// A remark about this call.
    pub fn remark(&self, what: &str) -> String {
        format!("{} -> {}: {what}", self.caller, self.callee)
    }

    /// What no format has: what a caller does instead.
    pub fn remark_on_fallback(&self, remarks: &mut Vec<String>) {
        if self.has_fallback {
            remarks.push(self.remark("the fallback is code of the caller"));
        }
    }

    pub fn retries(&self) -> u32 {
        let attempts = |part: &Part| {
            if let Part::Retry(policy, _) = part { Some(policy.attempts) } else { None }
        };
        self.guards.iter().find_map(attempts).unwrap_or(1) - 1
    }
}

/// A guard by its name.
pub(super) fn name(part: &Part) -> &'static str {
    match part {
        Part::RateLimit(_) => "rate limit",
        Part::Timeout(_) => "call timeout",
        Part::AttemptTimeout(_) => "timeout",
        Part::Hedge { .. } => "hedge",
        Part::Bulkhead(_) => "bulkhead",
        Part::Breaker(_) => "breaker",
        Part::Retry(..) => "retry",
    }
}

/// A span in the largest of s, ms, us and ns in which it is a whole number: what every format
/// reads.
pub(super) fn span(span: SimDuration) -> Value {
    let nanos = span.as_nanos();
    let units = [(1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us"), (1, "ns")];
    let (size, unit) =
        units.into_iter().find(|(size, _)| nanos.is_multiple_of(*size)).unwrap_or((1, "ns"));
    format!("{}{unit}", nanos / size).into()
}

/// A number without a fraction if it has none.
pub(super) fn number(value: f64) -> Value {
    // Shares come from percentages; nobody writes more than six digits of them.
    let rounded: f64 = format!("{value:.6}").parse().unwrap_or(value);
    if rounded == libm::trunc(rounded) && rounded.abs() < 1e15 {
        Value::from(rounded as i64)
    } else {
        Value::from(rounded)
    }
}

/// A map of the entries that there are.
pub(super) fn map<const N: usize>(entries: [(&str, Option<Value>); N]) -> Map<String, Value> {
    entries.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
}

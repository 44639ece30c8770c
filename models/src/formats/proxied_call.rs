//! A call in the settings that proxies have for it, which are the same in Envoy and in Istio.

use std::fmt;

use sim_core::SimDuration;

use super::guarded_call::{BulkheadSettings, GuardSettings, GuardedCall};
use super::remark::CallRemarks;
use super::retry_conditions::{self, WrittenConditions, listed};
use crate::resilience::load_balancer::Balance;
use crate::resilience::{Backoff, Growth, Jitter, RetryBudgetPolicy, RetryPolicy};
use crate::resources::ProxyLimits;
use crate::system::UNLIMITED;

/// A kind of proxy.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Proxy {
    Envoy,
    Istio,
}

/// A call as a proxy makes it.
pub(super) struct ProxiedCall {
    /// The timeout of the route.
    pub timeout: Option<SimDuration>,
    pub retry: Option<ProxiedRetry>,
    /// The timeout of the only attempt, if it is not that of the route.
    pub attempt_timeout: Option<SimDuration>,
    pub limits: Option<ProxyLimits>,
    /// The budget of its retries; none if they have no limit.
    pub budget: Option<ProxiedBudget>,
}

/// A retry as a proxy makes it.
pub(super) struct ProxiedRetry {
    pub retries: u32,
    pub per_try_timeout: Option<SimDuration>,
    pub conditions: WrittenConditions,
    /// The pauses: the base, and the longest.
    pub pauses: (SimDuration, SimDuration),
    /// True if an attempt that takes too long goes on beside the next one.
    pub is_hedged: bool,
}

/// The limit on retries under way.
#[derive(Clone, Copy)]
pub(super) enum ProxiedBudget {
    /// The most.
    Number(u32),
    /// A share of the calls under way, and the number that is always allowed.
    Share(f64, u32),
}

impl Proxy {
    /// The key under which it ejects instances.
    fn ejection(self) -> &'static str {
        match self {
            Self::Envoy => "outlier_detection",
            Self::Istio => "outlierDetection",
        }
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Envoy => "Envoy",
            Self::Istio => "Istio",
        })
    }
}

impl ProxiedCall {
    /// The call as a proxy makes it.
    pub fn new(call: &GuardedCall, proxy: Proxy, remarks: &mut CallRemarks<'_>) -> Self {
        remark_on_order(call, proxy, remarks);
        for guard in beyond_the_first(call) {
            let name = guard.name();
            remarks
                .add(format!("{proxy} has one {name} for a call, and not this one too: {guard}"));
        }
        let hedge = call.guards.iter().find_map(|guard| match guard {
            GuardSettings::Hedge { delay, requests } => Some((*delay, u32::from(*requests))),
            _ => None,
        });
        let retry = match (call.retry().filter(|policy| policy.attempts > 1), hedge) {
            (Some(policy), _) => Some(retry_of(call, policy, remarks)),
            (None, Some((delay, requests))) if proxy == Proxy::Envoy => {
                Some(hedged(delay, requests, remarks))
            }
            (None, _) => None,
        };
        let limits = call.bulkhead().map(|bulkhead| limits_of(call, bulkhead, proxy, remarks));
        let budget = budget_of(call, proxy, remarks);
        // Without retries, the timeout of the only attempt is that of the call, unless there is more
        // to a call than its attempt.
        let attempt =
            call.attempt_timeout().filter(|_| retry.as_ref().is_none_or(|it| it.is_hedged));
        let waits = call.timeout().is_some() || call.bulkhead().is_some_and(|it| it.queue > 0);
        if proxy == Proxy::Envoy && retry.is_none() && waits {
            return Self {
                timeout: call.timeout(),
                retry,
                attempt_timeout: attempt,
                limits,
                budget,
            };
        }
        if let Some(attempt) = attempt.filter(|_| waits) {
            remarks.add(format!(
                "the timeout of {attempt} for the only attempt is one of the route, which counts the wait for a connection"
            ));
        }
        let timeout = [call.timeout(), attempt].into_iter().flatten().min();
        Self { timeout, retry, attempt_timeout: None, limits, budget }
    }
}

fn retry_of(
    call: &GuardedCall,
    policy: &RetryPolicy,
    remarks: &mut CallRemarks<'_>,
) -> ProxiedRetry {
    let retries = policy.attempts - 1;
    let conditions = retry_conditions::write(policy.on);
    if !conditions.lost.is_empty() {
        remarks.add(format!("no retry on {}", listed(&conditions.lost)));
    }
    if !conditions.added.is_empty() {
        remarks.add(format!("a retry on {} as well", listed(&conditions.added)));
    }
    remarks.add_if(
        !call.is_balanced_per_attempt,
        "a retry may go to another instance (`new instance per attempt`)",
    );
    remarks.add_if(policy.honours_retry_after, "a retry does not wait for `Retry-After`");
    ProxiedRetry {
        retries,
        per_try_timeout: call.attempt_timeout(),
        conditions,
        pauses: pauses_of(&policy.backoff, retries, remarks),
        is_hedged: false,
    }
}

/// The base of the pauses and the longest, which the last retry would have if there is no other.
fn pauses_of(
    backoff: &Backoff,
    retries: u32,
    remarks: &mut CallRemarks<'_>,
) -> (SimDuration, SimDuration) {
    let least = SimDuration::from_millis(1);
    if backoff.base.is_zero() {
        remarks.add("a pause of up to 1ms before each retry, in place of none");
        return (least, least);
    }
    let is_alike = backoff.jitter == Jitter::Full && backoff.growth == Growth::Exponential(2.0);
    if !is_alike && (retries > 1 || backoff.jitter != Jitter::Full) {
        remarks.add(format!(
            "pauses double from {} on and are spread over the whole interval, in place of `{backoff}`",
            backoff.base
        ));
    }
    let longest = if backoff.max == SimDuration::MAX {
        longest_pause(backoff.base, retries)
    } else {
        backoff.max
    };
    (backoff.base.max(least), longest.max(backoff.base).max(least))
}

/// The pause before the last retry, of pauses that double without a limit.
pub(super) fn longest_pause(base: SimDuration, retries: u32) -> SimDuration {
    base.scaled(libm::pow(2.0, f64::from(retries.min(31).saturating_sub(1))))
}

fn hedged(delay: SimDuration, requests: u32, remarks: &mut CallRemarks<'_>) -> ProxiedRetry {
    remarks.add("a hedge is a retry after `per_try_timeout`, which failed requests use up as well");
    ProxiedRetry {
        retries: requests.saturating_sub(1),
        per_try_timeout: Some(delay),
        conditions: WrittenConditions { conditions: vec!["reset"], ..WrittenConditions::default() },
        pauses: (SimDuration::from_millis(1), SimDuration::from_millis(1)),
        is_hedged: true,
    }
}

/// The limits of a bulkhead: those of a proxy as they are, and any other as a limit on requests under
/// way. A call that has to wait does so for a connection; without a queue it never does, because
/// connections have no limit, and one request too many is rejected when it has its connection.
fn limits_of(
    call: &GuardedCall,
    bulkhead: BulkheadSettings,
    proxy: Proxy,
    remarks: &mut CallRemarks<'_>,
) -> ProxyLimits {
    let BulkheadSettings { capacity, core, queue, max_wait, .. } = bulkhead;
    if let Some(limits) = bulkhead.proxy {
        return limits;
    }
    if core < capacity {
        remarks.add(format!(
            "{proxy} opens up to {capacity} connections before calls wait, not {core}"
        ));
    }
    if let Some(max_wait) = max_wait {
        remarks.add(format!(
            "a call waits for a connection until it times out, not for at most {max_wait}"
        ));
    }
    remarks.add_if(
        call.instances > 1,
        "a rejected call has chosen an instance, and it is the next one's turn",
    );
    if queue == 0 {
        return ProxyLimits { requests: capacity, ..ProxyLimits::NONE };
    }
    if call.instances > 1 {
        remarks.add(format!(
            "{proxy} keeps the connections to the {} instances apart: a call waits for one to its own instance",
            call.instances
        ));
    }
    ProxyLimits {
        connections: capacity,
        pending: queue,
        requests: capacity,
        shares_connections: false,
    }
}

fn budget_of(
    call: &GuardedCall,
    proxy: Proxy,
    remarks: &mut CallRemarks<'_>,
) -> Option<ProxiedBudget> {
    let budget = call.guards.iter().find_map(|guard| match guard {
        GuardSettings::Retry(_, budget) => *budget,
        _ => None,
    });
    match budget? {
        RetryBudgetPolicy::Envoy { minimum: UNLIMITED, .. } => None,
        RetryBudgetPolicy::Envoy { ratio: 0.0, minimum } => Some(ProxiedBudget::Number(minimum)),
        RetryBudgetPolicy::Envoy { ratio, minimum } => Some(ProxiedBudget::Share(ratio, minimum)),
        other => {
            remarks.add(format!("{proxy} has no such budget of retries: {other}"));
            None
        }
    }
}

/// Guards of a kind that a call can have once.
fn beyond_the_first(call: &GuardedCall) -> Vec<&GuardSettings> {
    let mut known: Vec<&str> = Vec::new();
    let is_one_more = |guard: &&GuardSettings| {
        let is_counted = matches!(
            guard,
            GuardSettings::Timeout(_) | GuardSettings::Bulkhead(_) | GuardSettings::Retry(..)
        );
        let is_known = known.contains(&guard.name());
        known.push(guard.name());
        is_counted && is_known
    };
    call.guards.iter().filter(is_one_more).collect()
}

/// A proxy's guards are, from the outside: the timeout of the route, retries, limits, the timeout of an attempt.
fn remark_on_order(call: &GuardedCall, proxy: Proxy, remarks: &mut CallRemarks<'_>) {
    let place = |is_wanted: fn(&GuardSettings) -> bool| call.guards.iter().position(is_wanted);
    let timeout = place(|guard| matches!(guard, GuardSettings::Timeout(_)));
    let retry = place(|guard| matches!(guard, GuardSettings::Retry(..)));
    let bulkhead = place(|guard| matches!(guard, GuardSettings::Bulkhead(_)));
    let is_outside = |outer: Option<usize>, inner: Option<usize>| matches!((outer, inner), (Some(outer), Some(inner)) if outer < inner);
    if is_outside(bulkhead, retry) {
        remarks.add(format!(
            "a call keeps its connection between attempts; in {proxy} each attempt takes one"
        ));
    }
    if is_outside(retry, timeout) || is_outside(bulkhead, timeout) {
        remarks.add(format!("in {proxy} the timeout of the call spans all its attempts and waits"));
    }
}

/// Adds remarks on the settings that no proxy has.
pub(super) fn remark_on_rest(call: &GuardedCall, proxy: Proxy, remarks: &mut CallRemarks<'_>) {
    for guard in &call.guards {
        match guard {
            GuardSettings::Breaker(settings, outcomes) => {
                remarks.add(format!(
                    "{proxy} has no breaker with states; it only ejects instances (`{}`), not by these \
                     settings: {settings}",
                    proxy.ejection()
                ));
                outcomes.remark(remarks);
            }
            GuardSettings::RateLimit(policy) => {
                remarks.add(format!("neither clusters nor routes have this rate limit: {policy}"));
            }
            GuardSettings::Hedge { delay, requests } => {
                let is_written = proxy == Proxy::Envoy && call.retry().is_none();
                remarks.add_if(
                    !is_written,
                    &format!("no hedge of {requests} requests after {delay} each"),
                );
            }
            GuardSettings::Throttle(_) => remarks.add(format!("{proxy} has no {guard}")),
            GuardSettings::Timeout(_)
            | GuardSettings::AttemptTimeout(_)
            | GuardSettings::Bulkhead(_)
            | GuardSettings::Retry(..) => {}
        }
    }
    if let Some(locality) = call.locality {
        remarks.add(format!(
            "zones belong to endpoints: {} of them, overprovisioned {}",
            locality.zones, locality.overprovisioning
        ));
    }
    remarks.add_if(
        call.has_readiness,
        "the callee's `readiness` is a probe of its Deployment, and of no cluster or route",
    );
    call.remark_on_permits(false, remarks);
    call.remark_on_kept(remarks);
    call.remark_on_code(remarks);
}

/// The policy of a balancer under the name that Envoy and Istio have for it, with remarks on what it does not say.
pub(super) fn policy_of(balance: &Balance, remarks: &mut CallRemarks<'_>) -> &'static str {
    match balance {
        Balance::RoundRobin => "ROUND_ROBIN",
        Balance::Random => "RANDOM",
        Balance::PowerOfTwo => "LEAST_REQUEST",
        Balance::LeastOutstanding => {
            remarks.add("LEAST_REQUEST compares two instances, not all");
            "LEAST_REQUEST"
        }
        Balance::PeakEwma { decay } => {
            remarks.add(format!("LEAST_REQUEST in place of peak ewma with a decay of {decay}"));
            "LEAST_REQUEST"
        }
        Balance::Weighted(weights) => {
            let weights: Vec<String> = weights.iter().map(u32::to_string).collect();
            remarks.add(format!("weights belong to endpoints: {}", weights.join(", ")));
            "ROUND_ROBIN"
        }
        Balance::ConsistentHash { keys, bound } => {
            remarks.add("name the header or cookie whose value is the key of a request");
            if let Some(keys) = keys {
                remarks.add(format!("the number of keys is the clients': {keys}"));
            }
            if let Some(bound) = bound {
                remarks.add(format!("the load of an instance has no bound of {bound}"));
            }
            "RING_HASH"
        }
    }
}

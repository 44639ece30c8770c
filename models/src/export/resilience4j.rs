//! Resilience4j's section of an `application.yml` of Spring Boot.

use serde_json::{Map, Value, json};
use sim_core::SimDuration;

use super::call::{Call, Part, Permits, map, name, number, span};
use crate::resilience::circuit_breaker::libraries::Resilience4jSettings;
use crate::resilience::circuit_breaker::{
    BreakerSettings, LateResults, Permits as HalfOpenPermits, Settings, Wait, WindowKind,
};
use crate::resilience::{Backoff, Growth, Jitter, RateLimit, RetryPolicy};

/// The modules in the order of Spring's aspects, the outermost first.
const MODULES: [&str; 6] =
    ["retry", "circuitbreaker", "ratelimiter", "timelimiter", "bulkhead", "thread-pool-bulkhead"];

pub(super) fn write(calls: &[&Call], remarks: &mut Vec<String>) -> Value {
    let mut modules: Vec<(&str, Map<String, Value>)> =
        MODULES.map(|module| (module, Map::new())).into();
    for call in calls {
        let mut order = Vec::new();
        for part in &call.guards {
            let Some((module, settings)) = module(call, part, remarks) else { continue };
            order.push(module);
            let (_, instances) =
                &mut modules[MODULES.iter().position(|known| *known == module).unwrap_or_default()];
            if instances.insert(call.callee.clone(), Value::Object(settings)).is_some() {
                remarks
                    .push(call.remark(&format!("a second {} stands inside the first", name(part))));
            }
        }
        remark_on_order(call, &order, remarks);
        call.remark_on_fallback(remarks);
    }
    let sections = modules.into_iter().filter(|(_, instances)| !instances.is_empty());
    let sections: Map<String, Value> = sections
        .map(|(module, instances)| (module.to_owned(), json!({ "instances": instances })))
        .collect();
    json!({ "resilience4j": sections })
}

fn remark_on_order(call: &Call, order: &[&str], remarks: &mut Vec<String>) {
    let places: Vec<usize> = order
        .iter()
        .filter_map(|module| MODULES.iter().position(|known| known == module))
        .collect();
    if !places.is_sorted() {
        let wanted = order.join(" around ");
        remarks.push(call.remark(&format!(
            "the order is {wanted}; Spring's is {}: set the aspect orders",
            MODULES.join(" around ")
        )));
    }
}

fn module(
    call: &Call,
    part: &Part,
    remarks: &mut Vec<String>,
) -> Option<(&'static str, Map<String, Value>)> {
    Some(match part {
        Part::Retry(policy, budget) => {
            if budget.is_some() {
                remarks.push(call.remark("there is no budget of retries"));
            }
            ("retry", retry(call, policy, remarks))
        }
        Part::Breaker(settings) => ("circuitbreaker", breaker(call, settings, remarks)?),
        Part::RateLimit(limit) => ("ratelimiter", rate_limiter(call, limit, remarks)?),
        Part::Timeout(timeout) | Part::AttemptTimeout(timeout) => {
            ("timelimiter", map([("timeoutDuration", Some(span(*timeout)))]))
        }
        Part::Bulkhead(permits) => bulkhead(permits),
        Part::Hedge { .. } => {
            remarks.push(call.remark("there is no hedge"));
            return None;
        }
    })
}

fn bulkhead(permits: &Permits) -> (&'static str, Map<String, Value>) {
    if permits.is_semaphore() {
        let max_wait =
            permits.max_wait.filter(|_| !permits.has_no_queue()).map_or_else(|| "0".into(), span);
        return (
            "bulkhead",
            map([
                ("maxConcurrentCalls", Some(permits.capacity.into())),
                ("maxWaitDuration", Some(max_wait)),
            ]),
        );
    }
    (
        "thread-pool-bulkhead",
        map([
            ("maxThreadPoolSize", Some(permits.capacity.into())),
            ("coreThreadPoolSize", Some(permits.core.into())),
            ("queueCapacity", Some(permits.queue.into())),
        ]),
    )
}

fn breaker(
    call: &Call,
    settings: &BreakerSettings,
    remarks: &mut Vec<String>,
) -> Option<Map<String, Value>> {
    match settings {
        BreakerSettings::Resilience4j(settings) => Some(of_library(settings)),
        BreakerSettings::Composed(settings) => Some(of_library(&nearest(call, settings, remarks))),
        _ => {
            remarks.push(call.remark("the breaker is another library's, with rules of its own"));
            None
        }
    }
}

/// The library's settings that are nearest to those of a composed breaker.
fn nearest(call: &Call, settings: &Settings, remarks: &mut Vec<String>) -> Resilience4jSettings {
    let trip = &settings.trip;
    let mut tell = |is_so: bool, what: &str| {
        if is_so {
            remarks.push(call.remark(what));
        }
    };
    tell(
        trip.consecutive_failures.is_some() || trip.failures.is_some(),
        "a breaker that opens at a number of failures: only rates",
    );
    tell(settings.jitter > 0.0, "the wait of the breaker is not spread");
    tell(settings.late_results == LateResults::Dropped, "late results are counted");
    tell(
        settings.half_open.success_threshold.is_some(),
        "half-open calls are judged by their rates, not by successes in a row",
    );
    tell(
        settings.half_open.permits == HalfOpenPermits::Concurrent,
        "half-open calls are counted in all, not at one time",
    );
    tell(matches!(settings.window, WindowKind::Buckets(..)), "the window is one of whole seconds");
    let defaults = Resilience4jSettings::default();
    let percent = |rate: Option<f64>| rate.map_or(100.0, |rate| (rate * 100.0) as f32);
    Resilience4jSettings {
        sliding_window: match settings.window {
            WindowKind::Buckets(count, width) => {
                WindowKind::Seconds((width * u64::from(count)).as_secs_f64().max(1.0) as u32)
            }
            window => window,
        },
        minimum_number_of_calls: trip.minimum_calls,
        failure_rate_threshold: percent(trip.failure_rate),
        slow_call_rate_threshold: percent(trip.slow_call_rate),
        slow_call_duration_threshold: if trip.slow_call_rate.is_some() {
            trip.slow_call
        } else {
            defaults.slow_call_duration_threshold
        },
        permitted_number_of_calls_in_half_open_state: settings.half_open.permitted_calls,
        wait_in_open_state: settings.wait,
        max_wait_duration_in_half_open_state: settings
            .half_open
            .max_stay
            .unwrap_or(SimDuration::ZERO),
        ..defaults
    }
}

fn of_library(settings: &Resilience4jSettings) -> Map<String, Value> {
    let (kind, size) = match settings.sliding_window {
        WindowKind::Calls(size) => ("COUNT_BASED", size),
        WindowKind::Seconds(size) | WindowKind::Buckets(size, _) => ("TIME_BASED", size),
    };
    let (wait, multiplier, max) = match settings.wait_in_open_state {
        Wait::Fixed(wait) => (wait, None, None),
        Wait::Exponential { base, multiplier, max } => (base, Some(multiplier), Some(max)),
        Wait::Adaptive { initial, .. } => (initial, None, None),
    };
    let max_half_open = settings.max_wait_duration_in_half_open_state;
    map([
        ("slidingWindowType", Some(kind.into())),
        ("slidingWindowSize", Some(size.into())),
        ("minimumNumberOfCalls", Some(settings.minimum_number_of_calls.into())),
        ("failureRateThreshold", Some(number(f64::from(settings.failure_rate_threshold)))),
        ("slowCallRateThreshold", Some(number(f64::from(settings.slow_call_rate_threshold)))),
        ("slowCallDurationThreshold", Some(span(settings.slow_call_duration_threshold))),
        (
            "permittedNumberOfCallsInHalfOpenState",
            Some(settings.permitted_number_of_calls_in_half_open_state.into()),
        ),
        ("waitDurationInOpenState", Some(span(wait))),
        ("enableExponentialBackoff", multiplier.map(|_| true.into())),
        ("exponentialBackoffMultiplier", multiplier.map(number)),
        (
            "exponentialMaxWaitDurationInOpenState",
            max.filter(|max| *max != SimDuration::MAX).map(span),
        ),
        ("maxWaitDurationInHalfOpenState", (!max_half_open.is_zero()).then(|| span(max_half_open))),
        (
            "automaticTransitionFromOpenToHalfOpenEnabled",
            settings.automatic_transition_from_open_to_half_open.then(|| true.into()),
        ),
    ])
}

fn retry(call: &Call, policy: &RetryPolicy, remarks: &mut Vec<String>) -> Map<String, Value> {
    let Backoff { base, growth, max, jitter } = policy.backoff;
    if jitter != Jitter::None {
        remarks.push(call.remark("the wait of the retry is spread by enableRandomizedWait, by a share and not over the whole"));
    }
    let multiplier = match growth {
        Growth::Exponential(multiplier) => (multiplier != 1.0).then_some(multiplier),
        Growth::Fibonacci => {
            remarks.push(call.remark(
                "the wait of the retry grows like the numbers of Fibonacci: 1.6 times is nearest",
            ));
            Some(1.6)
        }
    };
    map([
        ("maxAttempts", Some(policy.attempts.into())),
        ("waitDuration", Some(span(base))),
        ("enableExponentialBackoff", multiplier.map(|_| true.into())),
        ("exponentialBackoffMultiplier", multiplier.map(number)),
        (
            "exponentialMaxWaitDuration",
            multiplier.and((max != SimDuration::MAX).then(|| span(max))),
        ),
        ("enableRandomizedWait", (jitter != Jitter::None).then(|| true.into())),
    ])
}

fn rate_limiter(
    call: &Call,
    limit: &RateLimit,
    remarks: &mut Vec<String>,
) -> Option<Map<String, Value>> {
    let (permits, period, timeout) =
        match *limit {
            RateLimit::CyclicPermits { period, permits, timeout } => (permits, period, timeout),
            RateLimit::FixedWindow { window, calls } => (calls, window, SimDuration::ZERO),
            _ => {
                remarks.push(call.remark(
                    "permits are renewed every cycle; this rate limit counts in another way",
                ));
                return None;
            }
        };
    let timeout = if timeout.is_zero() { "0".into() } else { span(timeout) };
    Some(map([
        ("limitForPeriod", Some(permits.into())),
        ("limitRefreshPeriod", Some(span(period))),
        ("timeoutDuration", Some(timeout)),
    ]))
}

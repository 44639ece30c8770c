//! Guards as instances of Resilience4j.

use serde_json::{Map, Value};
use sim_core::SimDuration;

use super::aspects::{AspectOrder, in_words};
use super::exceptions::classes_for;
use super::{MODULES, hikari};
use crate::OutcomeSet;
use crate::formats::Remark;
use crate::formats::breaker_remarks::remark_on_wait;
use crate::formats::durations::with_unit;
use crate::formats::guarded_call::{BulkheadSettings, CountedOutcomes, GuardSettings, GuardedCall};
use crate::formats::remark::CallRemarks;
use crate::formats::values::{map, number};
use crate::language::quantity::Share;
use crate::resilience::circuit_breaker::libraries::Resilience4jSettings;
use crate::resilience::circuit_breaker::{
    BreakerSettings, ComposedSettings, HalfOpens, LateResults, PermitCounting, Wait, WindowLength,
};
use crate::resilience::{Growth, Jitter, RateLimitPolicy, RetryPolicy};

/// The largest number that Java's `int` holds.
const MOST: u32 = i32::MAX as u32;
/// The least rate in per cent, and the shortest wait of an open breaker
/// (`CommonCircuitBreakerConfigurationProperties.java:419` and `:448` at af9e7c9).
const LEAST_RATE: f32 = 1.0;
const LEAST_WAIT: SimDuration = SimDuration::from_millis(1);
/// The wait of calls that wait for ever.
const LONGEST_WAIT: SimDuration = SimDuration::from_secs(365 * 86_400);

/// A module and the settings of an instance of it.
type Instance = (&'static str, Map<String, Value>);

pub(super) fn write(calls: &[&GuardedCall], remarks: &mut Vec<Remark>) -> Value {
    let mut modules = MODULES.map(|module| (module, Map::new()));
    let mut aspects = AspectOrder::default();
    let mut data_source: Option<(&str, Value)> = None;
    for call in calls {
        let remarks = &mut CallRemarks::new(call, remarks);
        let mut order: Vec<(usize, &GuardSettings)> = Vec::new();
        let in_data_source = hikari::place(call, data_source.as_ref().map(|it| it.0), remarks);
        for (number, guard) in call.guards.iter().enumerate() {
            if let (true, GuardSettings::Bulkhead(pool)) = (in_data_source == Some(number), guard) {
                data_source = Some((&call.callee, hikari::write(call, *pool, remarks)));
                continue;
            }
            let Some((module, settings)) = instance(guard, remarks) else { continue };
            let place = MODULES.iter().position(|known| *known == module).unwrap_or_default();
            if let Some((_, outer)) = order.iter().rfind(|(known, _)| *known == place) {
                remarks.add(format!(
                    "there is a second {} inside the first; only the inner one is written, not \
                     {outer}",
                    guard.name()
                ));
            }
            order.push((place, guard));
            modules[place].1.insert(call.callee.clone(), Value::Object(settings));
        }
        let order: Vec<usize> = order.into_iter().map(|(place, _)| place).collect();
        if !aspects.admit(&order) {
            remarks.add(format!(
                "the guards are ordered {}, which the aspect orders of the application do not allow",
                in_words(&order)
            ));
        }
        if in_data_source.is_none() {
            call.remark_on_kept(remarks);
        }
        call.remark_on_permits(true, remarks);
        call.remark_on_client(remarks);
    }
    let keys = aspects.keys();
    let sections: Map<String, Value> = modules
        .into_iter()
        .map(|(module, instances)| (module.to_owned(), section_of(module, instances, &keys)))
        .filter(|(_, section)| !section.is_empty())
        .map(|(module, section)| (module, Value::Object(section)))
        .collect();
    let mut whole = map([("resilience4j", Some(Value::Object(sections)))]);
    whole.extend(data_source.map(|(_, spring)| ("spring".to_owned(), spring)));
    Value::Object(whole)
}

/// The section of a module: the order of its aspect, and its instances.
fn section_of(
    module: &str,
    instances: Map<String, Value>,
    keys: &[(&str, &str, usize)],
) -> Map<String, Value> {
    let order = keys.iter().find(|(section, _, _)| *section == module);
    let mut section: Map<String, Value> =
        order.map(|(_, key, place)| ((*key).to_owned(), (*place).into())).into_iter().collect();
    if !instances.is_empty() {
        section.insert("instances".to_owned(), Value::Object(instances));
    }
    section
}

/// The instance for a guard; none, but a remark, if there is no such module.
fn instance(guard: &GuardSettings, remarks: &mut CallRemarks<'_>) -> Option<Instance> {
    Some(match guard {
        GuardSettings::Retry(policy, budget) => {
            if let Some(budget) = budget {
                remarks.add(format!("Resilience4j has no retry budget: {budget}"));
            }
            ("retry", retry(policy, remarks))
        }
        GuardSettings::Breaker(settings, outcomes) => {
            let mut breaker = breaker(settings, remarks)?;
            breaker.extend(outcomes_as_exceptions(*outcomes, remarks));
            ("circuitbreaker", breaker)
        }
        GuardSettings::RateLimit(limit) => ("ratelimiter", rate_limiter(limit, remarks)?),
        GuardSettings::Timeout(timeout) | GuardSettings::AttemptTimeout(timeout) => {
            ("timelimiter", map([("timeoutDuration", Some(with_unit(*timeout)))]))
        }
        GuardSettings::Bulkhead(settings) if settings.is_semaphore() => {
            ("bulkhead", semaphore(*settings, remarks))
        }
        GuardSettings::Bulkhead(settings) => {
            ("thread-pool-bulkhead", thread_pool(*settings, remarks))
        }
        GuardSettings::Hedge { .. } | GuardSettings::Throttle(_) => {
            remarks.add(format!("Resilience4j has no {guard}"));
            return None;
        }
    })
}

fn semaphore(settings: BulkheadSettings, remarks: &mut CallRemarks<'_>) -> Map<String, Value> {
    remarks.add_if(settings.capacity == 0, "a bulkhead has one permit at least, not 0");
    // A pool that waits for ever has no longest wait; the library needs one.
    let max_wait = match settings.max_wait {
        _ if settings.has_no_queue() => "0".into(),
        Some(wait) => with_unit(wait),
        None => with_unit(LONGEST_WAIT),
    };
    map([
        ("maxConcurrentCalls", Some(settings.capacity.clamp(1, MOST).into())),
        ("maxWaitDuration", Some(max_wait)),
    ])
}

fn thread_pool(settings: BulkheadSettings, remarks: &mut CallRemarks<'_>) -> Map<String, Value> {
    if let Some(max_wait) = settings.max_wait {
        remarks.add(format!("a call waits for a thread however long it takes, not for {max_wait}"));
    }
    map([
        ("maxThreadPoolSize", Some(settings.capacity.min(MOST).into())),
        ("coreThreadPoolSize", Some(settings.core.min(MOST).into())),
        ("queueCapacity", Some(settings.queue.min(MOST).into())),
    ])
}

fn breaker(
    settings: &BreakerSettings,
    remarks: &mut CallRemarks<'_>,
) -> Option<Map<String, Value>> {
    match settings {
        BreakerSettings::Resilience4j(settings) => {
            Some(breaker_of_library(&within_ranges(*settings, remarks)))
        }
        BreakerSettings::Composed(settings) => {
            remark_on_breaker(settings, remarks);
            Some(breaker_of_library(&within_ranges(nearest_breaker(settings), remarks)))
        }
        _ => {
            remarks.add(format!("this breaker follows the rules of another library: {settings}"));
            None
        }
    }
}

/// The settings with rates and a wait that the library starts with, with a remark on each that has been moved.
fn within_ranges(
    settings: Resilience4jSettings,
    remarks: &mut CallRemarks<'_>,
) -> Resilience4jSettings {
    let mut rate = |key: &str, percent: f32| {
        if percent < LEAST_RATE {
            remarks.add(format!("{key} must be at least {LEAST_RATE}; it is used, not {percent}"));
        }
        percent.max(LEAST_RATE)
    };
    let failure_rate_threshold = rate("failureRateThreshold", settings.failure_rate_threshold);
    let slow_call_rate_threshold = rate("slowCallRateThreshold", settings.slow_call_rate_threshold);
    let wait_in_open_state = match settings.wait_in_open_state {
        Wait::Fixed(wait) if wait < LEAST_WAIT => {
            remarks.add(format!(
                "waitDurationInOpenState must be at least {LEAST_WAIT}; it is used, not {wait}"
            ));
            Wait::Fixed(LEAST_WAIT)
        }
        wait => wait,
    };
    Resilience4jSettings {
        failure_rate_threshold,
        slow_call_rate_threshold,
        wait_in_open_state,
        ..settings
    }
}

/// Adds a remark on each setting that [`nearest_breaker`] does not carry over.
fn remark_on_breaker(settings: &ComposedSettings, remarks: &mut CallRemarks<'_>) {
    let ComposedSettings { half_open, window, .. } = settings;
    remark_on_rules(settings, remarks);
    let spread = if can_randomize(settings) { 0.0 } else { settings.jitter };
    remark_on_wait(&ComposedSettings { jitter: spread, ..*settings }, true, remarks);
    remarks
        .add_if(settings.late_results == LateResults::Dropped, "the breaker counts late results");
    if let Some(threshold) = half_open.success_threshold {
        remarks.add(format!(
            "half-open calls are judged by their failure rate, not by {threshold} successes in a row"
        ));
    }
    remarks.add_if(
        half_open.permits == PermitCounting::Concurrent,
        "half-open calls are limited in total, not at any one time",
    );
    if let WindowLength::Buckets(..) = window {
        remarks.add(format!("the window is rounded to whole seconds, in place of `{window}`"));
    }
}

/// Adds remarks on rules that are not a share of failures or of slow calls, which is all that the library knows.
fn remark_on_rules(settings: &ComposedSettings, remarks: &mut CallRemarks<'_>) {
    let ComposedSettings { trip, window, .. } = settings;
    let rules = [
        trip.failures.map(|failures| format!("{failures} failures")),
        trip.consecutive_failures.map(|failures| format!("{failures} failures in a row")),
    ];
    let rules: Vec<String> = rules.into_iter().flatten().collect();
    if rules.is_empty() {
        remarks.add_if(
            trip.failure_rate.is_none(),
            "Resilience4j also opens a breaker when all calls fail",
        );
        return;
    }
    let counted = rules.join(", or at ");
    if trip.failure_rate.is_some() {
        remarks.add(format!("Resilience4j opens a breaker at a failure rate, not at {counted}"));
        return;
    }
    remarks.add(format!(
        "Resilience4j opens a breaker at a failure rate, not at {counted}: the first of these has \
         been put as a share of its window"
    ));
    if let Some(rate) = trip.slow_call_rate.map(Share) {
        remarks.add(format!(
            "the share of slow calls is judged in that window as well, not {rate} in `{window}` from \
             {} calls on",
            trip.minimum_calls
        ));
    }
}

/// The settings of Resilience4j that are nearest to those of a composed breaker.
fn nearest_breaker(settings: &ComposedSettings) -> Resilience4jSettings {
    let ComposedSettings { trip, half_open, .. } = settings;
    let defaults = Resilience4jSettings::default();
    let percent = |rate: Option<f64>| rate.map_or(100.0, |rate| (rate * 100.0) as f32);
    let sliding_window = match settings.window {
        WindowLength::Buckets(count, width) => {
            WindowLength::Seconds((width * u64::from(count)).as_secs_f64().max(1.0) as u32)
        }
        window => window,
    };
    let slow_call = trip.slow_call_rate.map(|_| trip.slow_call);
    let (sliding_window, minimum_number_of_calls, failure_rate) =
        failures_as_share(settings, sliding_window);
    Resilience4jSettings {
        sliding_window,
        minimum_number_of_calls,
        failure_rate_threshold: percent(failure_rate),
        slow_call_rate_threshold: percent(trip.slow_call_rate),
        slow_call_duration_threshold: slow_call.unwrap_or(defaults.slow_call_duration_threshold),
        permitted_number_of_calls_in_half_open_state: half_open.permitted_calls,
        wait_in_open_state: settings.wait,
        randomized_wait_factor: if can_randomize(settings) { settings.jitter } else { 0.0 },
        max_wait_duration_in_half_open_state: half_open.max_stay.unwrap_or(SimDuration::ZERO),
        automatic_transition_from_open_to_half_open: settings.half_opens == HalfOpens::ByTimer,
    }
}

/// True if Resilience4j can spread a breaker's wait by its factor: a wait that grows it cannot.
fn can_randomize(settings: &ComposedSettings) -> bool {
    settings.jitter < 1.0 && !matches!(settings.wait, Wait::Exponential { .. })
}

/// The window, the minimum and the failure rate at which a number of failures opens a breaker: all
/// of so many in a row, or so many of a window that is full.
fn failures_as_share(
    settings: &ComposedSettings,
    window: WindowLength,
) -> (WindowLength, u32, Option<f64>) {
    let trip = &settings.trip;
    match (trip.failures, trip.consecutive_failures, window) {
        _ if trip.failure_rate.is_some() => (window, trip.minimum_calls, trip.failure_rate),
        (None, Some(in_a_row), _) => (WindowLength::Calls(in_a_row), in_a_row, Some(1.0)),
        (Some(failures), _, WindowLength::Calls(calls)) => {
            (window, calls, Some((f64::from(failures) / f64::from(calls)).min(1.0)))
        }
        (Some(failures), _, _) => (window, failures, Some(1.0)),
        (None, None, _) => (window, trip.minimum_calls, None),
    }
}

fn breaker_of_library(settings: &Resilience4jSettings) -> Map<String, Value> {
    let (kind, size) = match settings.sliding_window {
        WindowLength::Calls(size) => ("COUNT_BASED", size),
        WindowLength::Seconds(size) | WindowLength::Buckets(size, _) => ("TIME_BASED", size),
    };
    let (wait, multiplier, max) = match settings.wait_in_open_state {
        Wait::Fixed(wait) => (wait, None, None),
        Wait::Exponential { base, multiplier, max } => (base, Some(multiplier), Some(max)),
        Wait::Adaptive { initial, .. } => (initial, None, None),
    };
    let factor = settings.randomized_wait_factor;
    let max_half_open = settings.max_wait_duration_in_half_open_state;
    map([
        ("slidingWindowType", Some(kind.into())),
        ("slidingWindowSize", Some(size.into())),
        ("minimumNumberOfCalls", Some(settings.minimum_number_of_calls.into())),
        ("failureRateThreshold", Some(number(f64::from(settings.failure_rate_threshold)))),
        ("slowCallRateThreshold", Some(number(f64::from(settings.slow_call_rate_threshold)))),
        ("slowCallDurationThreshold", Some(with_unit(settings.slow_call_duration_threshold))),
        (
            "permittedNumberOfCallsInHalfOpenState",
            Some(settings.permitted_number_of_calls_in_half_open_state.into()),
        ),
        ("waitDurationInOpenState", Some(with_unit(wait))),
        ("enableExponentialBackoff", multiplier.map(|_| true.into())),
        ("exponentialBackoffMultiplier", multiplier.map(number)),
        (
            "exponentialMaxWaitDurationInOpenState",
            max.filter(|max| *max != SimDuration::MAX).map(with_unit),
        ),
        ("enableRandomizedWait", (factor > 0.0).then(|| true.into())),
        ("randomizedWaitFactor", (factor > 0.0).then(|| number(factor))),
        (
            "maxWaitDurationInHalfOpenState",
            (!max_half_open.is_zero()).then(|| with_unit(max_half_open)),
        ),
        (
            "automaticTransitionFromOpenToHalfOpenEnabled",
            settings.automatic_transition_from_open_to_half_open.then(|| true.into()),
        ),
    ])
}

fn retry(policy: &RetryPolicy, remarks: &mut CallRemarks<'_>) -> Map<String, Value> {
    let backoff = policy.backoff;
    remarks.add_if(policy.honours_retry_after, "Resilience4j does not know `Retry-After`");
    let multiplier = match backoff.growth {
        Growth::Exponential(multiplier) => (multiplier != 1.0).then_some(multiplier),
        Growth::Fibonacci => {
            remarks.add("Resilience4j has no Fibonacci backoff; a multiplier of 1.6 is nearest");
            Some(1.6)
        }
        Growth::Linear => {
            remarks.add("Resilience4j has no linear backoff; a multiplier of 1.5 is nearest");
            Some(1.5)
        }
    };
    let factor = match backoff.jitter {
        Jitter::None => None,
        Jitter::Around(factor) => Some(factor),
        Jitter::Full | Jitter::Equal | Jitter::Decorrelated | Jitter::PollyDecorrelated => {
            remarks.add(format!(
                "the wait is randomized to either side of it, by nearly all of it or by half, in \
                 place of `{backoff}`"
            ));
            Some(if backoff.jitter == Jitter::Equal { 0.5 } else { 0.99 })
        }
    };
    let max = (backoff.max != SimDuration::MAX).then_some(backoff.max);
    remarks.add_if(
        multiplier.is_none() && max.is_some_and(|max| max < backoff.base),
        "the library limits only waits that grow",
    );
    let wait = match backoff.base {
        wait if wait < LEAST_WAIT => {
            remarks.add("the library waits for at least 1 ms between attempts");
            LEAST_WAIT
        }
        wait => wait,
    };
    let classes = (policy.on != OutcomeSet::failures())
        .then(|| exceptions_for(policy.on, "tried again here", remarks))
        .flatten();
    map([
        ("maxAttempts", Some(policy.attempts.into())),
        ("waitDuration", Some(with_unit(wait))),
        ("enableExponentialBackoff", multiplier.map(|_| true.into())),
        ("exponentialBackoffMultiplier", multiplier.map(number)),
        ("exponentialMaxWaitDuration", multiplier.and(max).map(with_unit)),
        ("enableRandomizedWait", factor.map(|_| true.into())),
        ("randomizedWaitFactor", factor.map(number)),
        ("retryExceptions", classes),
    ])
}

/// The lists of exceptions for what a breaker counts and ignores, where that is not what the library does by itself.
fn outcomes_as_exceptions(
    outcomes: CountedOutcomes,
    remarks: &mut CallRemarks<'_>,
) -> Map<String, Value> {
    let CountedOutcomes { counts, ignores, .. } = outcomes;
    let counts = counts.less(ignores);
    let is_usual = counts == OutcomeSet::failures().less(ignores);
    let recorded = (!is_usual).then(|| exceptions_for(counts, "counted here", remarks)).flatten();
    let is_none = ignores == OutcomeSet::of(&[]);
    let ignored = (!is_none).then(|| exceptions_for(ignores, "ignored here", remarks)).flatten();
    map([("recordExceptions", recorded), ("ignoreExceptions", ignored)])
}

/// The list of exceptions for outcomes, with a remark on those that no exception stands for; none if it would be empty,
/// which the library takes for every exception.
fn exceptions_for(
    outcomes: OutcomeSet,
    what: &str,
    remarks: &mut CallRemarks<'_>,
) -> Option<Value> {
    let (classes, left) = classes_for(outcomes);
    for outcome in left {
        remarks.add(format!("no exception stands for `{outcome}`, which is {what}"));
    }
    remarks.add_if(
        classes.is_empty(),
        &format!("without a list every exception is {what}, unless another list names it"),
    );
    (!classes.is_empty()).then(|| classes.into())
}

fn rate_limiter(
    limit: &RateLimitPolicy,
    remarks: &mut CallRemarks<'_>,
) -> Option<Map<String, Value>> {
    let (permits, period, timeout) = match *limit {
        RateLimitPolicy::CyclicPermits { period, permits, timeout } => (permits, period, timeout),
        RateLimitPolicy::FixedWindow { window, calls } => (calls, window, SimDuration::ZERO),
        _ => {
            remarks.add(format!(
                "Resilience4j renews all permits every cycle; this rate limit works differently: {limit}"
            ));
            return None;
        }
    };
    Some(map([
        ("limitForPeriod", Some(permits.into())),
        ("limitRefreshPeriod", Some(with_unit(period))),
        ("timeoutDuration", Some(if timeout.is_zero() { "0".into() } else { with_unit(timeout) })),
    ]))
}

//! Guarded calls as sections with strategies.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};
use sim_core::SimDuration;

use super::{every_exception, ranges, time_span};
use crate::formats::Remark;
use crate::formats::breaker_remarks::{remark_on_slow_calls, remark_on_timer, remark_on_wait};
use crate::formats::guarded_call::{BulkheadSettings, GuardSettings, GuardedCall};
use crate::formats::remark::CallRemarks;
use crate::formats::values::{map, number};
use crate::resilience::circuit_breaker::libraries::PollySettings;
use crate::resilience::circuit_breaker::{
    BreakerSettings, ComposedSettings, HalfOpenPolicy, LateResults, PermitCounting, TripRule, Wait,
    WindowLength,
};
use crate::resilience::{Growth, Jitter, RetryPolicy};
use crate::system::UNLIMITED;
use crate::{Outcome, OutcomeSet};

/// The strategies of the standard handler, the outermost first, and what `Hedging` is inside.
const STANDARD: [&str; 6] =
    ["RateLimiter", "TotalRequestTimeout", "Retry", "CircuitBreaker", "AttemptTimeout", "Hedging"];
/// The strategies of a pipeline of one's own, in the order in which the importer takes them.
const CUSTOM: [&str; 5] = ["RateLimiter", "Retry", "CircuitBreaker", "Timeout", "Hedging"];

pub(super) fn write(calls: &[&GuardedCall], remarks: &mut Vec<Remark>) -> Value {
    let sections: Map<String, Value> = calls
        .iter()
        .map(|call| {
            let pipeline = write_pipeline(call, &mut CallRemarks::new(call, remarks));
            (call.callee.clone(), Value::Object(pipeline))
        })
        .collect();
    Value::Object(sections)
}

fn write_pipeline(call: &GuardedCall, remarks: &mut CallRemarks<'_>) -> Map<String, Value> {
    let is_standard = call.timeout().or(call.attempt_timeout()).is_some()
        && call.retry().is_some_and(|policy| policy.attempts > 1);
    let (mut pipeline, order) = write_strategies(call, is_standard, remarks);
    let names: &[&str] = if is_standard { &STANDARD } else { &CUSTOM };
    let places = order.iter().map(|strategy| names.iter().position(|known| known == strategy));
    if !places.is_sorted() {
        remarks
            .add(format!("add the strategies to the pipeline in this order: {}", order.join(", ")));
    }
    if is_standard {
        complete(&mut pipeline, remarks);
        agree(call, &mut pipeline, remarks);
        // With this key the section would be that of the standard hedging handler.
        if let Some(options) = pipeline.remove("Hedging") {
            remarks.add(format!(
                "the standard handler has no hedging; add it to the pipeline in code: {options}"
            ));
        }
    }
    call.remark_on_permits(false, remarks);
    call.remark_on_kept(remarks);
    call.remark_on_client(remarks);
    let place = |strategy: &str| names.iter().position(|known| *known == strategy);
    let mut strategies: Vec<(String, Value)> = pipeline.into_iter().collect();
    strategies.sort_by_key(|(strategy, _)| place(strategy));
    strategies.into_iter().collect()
}

/// The strategies of a call, and their names in the order of its guards.
fn write_strategies(
    call: &GuardedCall,
    is_standard: bool,
    remarks: &mut CallRemarks<'_>,
) -> (Map<String, Value>, Vec<&'static str>) {
    let mut pipeline: Map<String, Value> = Map::new();
    let mut order: Vec<(&'static str, &GuardSettings)> = Vec::new();
    for guard in &call.guards {
        let Some((strategy, options)) = write_strategy(guard, is_standard, remarks) else {
            continue;
        };
        if let Some(place) = order.iter().position(|(known, _)| *known == strategy) {
            let (_, outer) = order.remove(place);
            remarks.add(format!(
                "there is a second {} inside the first; only the inner one is written, not {outer}",
                guard.name()
            ));
        }
        order.push((strategy, guard));
        pipeline.insert(strategy.to_owned(), Value::Object(options));
    }
    (pipeline, order.into_iter().map(|(strategy, _)| strategy).collect())
}

/// Adds the strategies that the standard handler has even so, with settings that never act.
fn complete(pipeline: &mut Map<String, Value>, remarks: &mut CallRemarks<'_>) {
    let day = time_span::write(*ranges::TIMEOUT.end());
    let never = [
        ("RateLimiter", limiter(ranges::INT_MAX, 0)),
        ("TotalRequestTimeout", map([("Timeout", Some(day.into()))])),
        (
            "CircuitBreaker",
            breaker(&PollySettings {
                failure_ratio: 1.0,
                minimum_throughput: ranges::INT_MAX,
                ..PollySettings::default()
            }),
        ),
    ];
    for (strategy, options) in never {
        if !pipeline.contains_key(strategy) {
            pipeline.insert(strategy.to_owned(), Value::Object(options));
            remarks.add(format!(
                "the standard handler always has a {strategy}; its settings here never act"
            ));
        }
    }
    if !pipeline.contains_key("AttemptTimeout") {
        let total = pipeline["TotalRequestTimeout"].clone();
        pipeline.insert("AttemptTimeout".to_owned(), total);
        remarks.add(
            "the standard handler always has an AttemptTimeout; here it is that of the whole call",
        );
    }
}

/// Keeps to what `HttpStandardResilienceOptionsCustomValidator` demands of the settings together.
fn agree(call: &GuardedCall, pipeline: &mut Map<String, Value>, remarks: &mut CallRemarks<'_>) {
    let whole = call.timeout().unwrap_or(*ranges::TIMEOUT.end());
    let attempt = call.attempt_timeout().unwrap_or(whole);
    if attempt > whole {
        remarks.add(format!(
            "AttemptTimeout must not exceed TotalRequestTimeout; {whole} is used instead of {attempt}"
        ));
        pipeline.insert("AttemptTimeout".to_owned(), pipeline["TotalRequestTimeout"].clone());
    }
    let options = &mut pipeline["CircuitBreaker"];
    let text = options["SamplingDuration"].as_str().unwrap_or_default();
    let sampling = time_span::TimeSpan::parse(text).and_then(|it| it.length.within());
    let sampling = sampling.unwrap_or_default();
    let least = attempt.min(whole) * 2;
    if sampling < least {
        let written = clamp(least, ranges::BREAKER_SPAN, "SamplingDuration", remarks);
        options["SamplingDuration"] = time_span::write(written).into();
        remarks.add(format!(
            "SamplingDuration must be twice the AttemptTimeout; {written} is used instead of {sampling}"
        ));
    }
}

fn write_strategy(
    guard: &GuardSettings,
    is_standard: bool,
    remarks: &mut CallRemarks<'_>,
) -> Option<(&'static str, Map<String, Value>)> {
    let named = |standard| if is_standard { standard } else { "Timeout" };
    Some(match guard {
        GuardSettings::Bulkhead(settings) => {
            ("RateLimiter", write_rate_limiter(*settings, remarks))
        }
        GuardSettings::Timeout(span) => {
            (named("TotalRequestTimeout"), write_timeout(*span, remarks))
        }
        GuardSettings::AttemptTimeout(span) => {
            (named("AttemptTimeout"), write_timeout(*span, remarks))
        }
        GuardSettings::Retry(policy, budget) => {
            if let Some(budget) = budget {
                remarks.add(format!("Polly has no retry budget: {budget}"));
            }
            ("Retry", write_retry(policy, is_standard, remarks)?)
        }
        GuardSettings::Breaker(settings, outcomes) => {
            outcomes.remark(remarks);
            ("CircuitBreaker", write_breaker(settings, remarks)?)
        }
        GuardSettings::Hedge { delay, requests } => {
            // Polly counts the hedged attempts without the first, and has no largest delay.
            let more = u32::from(*requests).saturating_sub(1).max(1);
            let options = map([
                ("Delay", Some(time_span::write(*delay).into())),
                ("MaxHedgedAttempts", Some(more.into())),
            ]);
            ("Hedging", options)
        }
        GuardSettings::RateLimit(policy) => {
            remarks.add(format!(
                "set the rate limit in code, with a limiter of System.Threading.RateLimiting: {policy}"
            ));
            return None;
        }
        GuardSettings::Throttle(_) => {
            remarks.add(format!("Polly has no {guard}"));
            return None;
        }
    })
}

/// A value within its range; a remark if it is not the one that is wanted.
fn clamp<T: Ord + Copy + std::fmt::Display>(
    wanted: T,
    range: RangeInclusive<T>,
    option: &str,
    remarks: &mut CallRemarks<'_>,
) -> T {
    let (from, to) = range.into_inner();
    let value = wanted.clamp(from, to);
    if value != wanted {
        remarks.add(format!("{option} must be from {from} to {to}; {value} is used, not {wanted}"));
    }
    value
}

fn write_timeout(span: SimDuration, remarks: &mut CallRemarks<'_>) -> Map<String, Value> {
    let timeout = clamp(span, ranges::TIMEOUT, "Timeout", remarks);
    map([("Timeout", Some(time_span::write(timeout).into()))])
}

fn write_rate_limiter(
    settings: BulkheadSettings,
    remarks: &mut CallRemarks<'_>,
) -> Map<String, Value> {
    if let Some(max_wait) = settings.max_wait {
        remarks.add(format!(
            "a call waits in the limiter's queue until it times out, not for at most {max_wait}"
        ));
    }
    if settings.core != settings.capacity {
        remarks.add(format!(
            "the limiter has no core: all of its {} permits are used before calls queue, not {}",
            settings.capacity, settings.core
        ));
    }
    let permits = clamp(settings.capacity, ranges::PERMIT_LIMIT, "PermitLimit", remarks);
    let queue = if settings.queue == UNLIMITED {
        remarks.add(format!(
            "the limiter's queue is never unlimited; it has {} places",
            ranges::INT_MAX
        ));
        ranges::INT_MAX
    } else {
        clamp(settings.queue, ranges::QUEUE_LIMIT, "QueueLimit", remarks)
    };
    limiter(permits, queue)
}

fn limiter(permits: u32, queue: u32) -> Map<String, Value> {
    let limiter = map([("PermitLimit", Some(permits.into())), ("QueueLimit", Some(queue.into()))]);
    map([("DefaultRateLimiterOptions", Some(Value::Object(limiter)))])
}

fn write_breaker(
    settings: &BreakerSettings,
    remarks: &mut CallRemarks<'_>,
) -> Option<Map<String, Value>> {
    let settings = match settings {
        BreakerSettings::Polly(settings) => *settings,
        BreakerSettings::Composed(settings) => nearest_breaker(settings, remarks)?,
        _ => {
            remarks.add(format!("this breaker follows the rules of another library: {settings}"));
            return None;
        }
    };
    let mut span = |wanted, option: &str| clamp(wanted, ranges::BREAKER_SPAN, option, remarks);
    let sampling_duration = span(settings.sampling_duration, "SamplingDuration");
    let break_duration = span(settings.break_duration, "BreakDuration");
    let minimum_throughput = clamp(
        settings.minimum_throughput,
        ranges::MINIMUM_THROUGHPUT,
        "MinimumThroughput",
        remarks,
    );
    Some(breaker(&PollySettings {
        minimum_throughput,
        sampling_duration,
        break_duration,
        ..settings
    }))
}

fn breaker(settings: &PollySettings) -> Map<String, Value> {
    map([
        ("FailureRatio", Some(number(settings.failure_ratio))),
        ("MinimumThroughput", Some(settings.minimum_throughput.into())),
        ("SamplingDuration", Some(time_span::write(settings.sampling_duration).into())),
        ("BreakDuration", Some(time_span::write(settings.break_duration).into())),
    ])
}

/// Polly's settings that are nearest to those of a composed breaker.
fn nearest_breaker(
    settings: &ComposedSettings,
    remarks: &mut CallRemarks<'_>,
) -> Option<PollySettings> {
    let (failure_ratio, minimum_throughput) =
        nearest_rule(&settings.trip, settings.window, remarks)?;
    let sampling_duration = match settings.window {
        WindowLength::Seconds(seconds) => SimDuration::from_secs(u64::from(seconds)),
        WindowLength::Buckets(count, width) => width * u64::from(count),
        WindowLength::Calls(calls) => {
            let sampling = PollySettings::default().sampling_duration;
            remarks
                .add(format!("Polly has no window of {calls} calls; {sampling} is used instead"));
            sampling
        }
    };
    let break_duration = match settings.wait {
        Wait::Fixed(wait) | Wait::Adaptive { initial: wait, .. } => wait,
        Wait::Exponential { base, .. } => base,
    };
    if let WindowLength::Buckets(..) = settings.window {
        let window = settings.window;
        remarks.add(format!("Polly divides {sampling_duration} by itself, not as `{window}`"));
    }
    remark_on_wait(settings, false, remarks);
    remarks.add_if(
        !matches!(settings.wait, Wait::Fixed(_)),
        "set a BreakDurationGenerator in code for waits of several lengths",
    );
    remark_on_timer(settings, remarks);
    remarks.add_if(
        settings.late_results == LateResults::Dropped,
        "results of calls from before the last change of state count",
    );
    remark_on_half_open(settings.half_open, remarks);
    Some(PollySettings { failure_ratio, minimum_throughput, sampling_duration, break_duration })
}

/// A single call decides in Polly, and nothing limits its time.
fn remark_on_half_open(half_open: HalfOpenPolicy, remarks: &mut CallRemarks<'_>) {
    let HalfOpenPolicy { permitted_calls, permits, success_threshold, max_stay } = half_open;
    if permitted_calls != 1
        || success_threshold.is_some_and(|threshold| threshold != 1)
        || permits == PermitCounting::Concurrent
    {
        let in_words = HalfOpenPolicy { max_stay: None, ..half_open };
        remarks.add(format!(
            "a single call decides whether a half-open breaker closes, not `{in_words}`"
        ));
    }
    if let Some(stay) = max_stay {
        remarks.add(format!(
            "a half-open breaker waits for its call however long it takes, not for at most {stay}"
        ));
    }
}

/// The share of failures at which a breaker opens, and the calls before it is judged; none if
/// failures do not open it.
fn nearest_rule(
    trip: &TripRule,
    window: WindowLength,
    remarks: &mut CallRemarks<'_>,
) -> Option<(f64, u32)> {
    remark_on_slow_calls(trip, remarks);
    let in_a_row = |failures: u32| {
        format!(
            "{failures} failures in a row become {failures} in one sampling window and nothing else"
        )
    };
    let (rule, dropped) = match (trip.failure_rate, trip.failures, trip.consecutive_failures) {
        (Some(rate), failures, consecutive) => {
            let minimum = match window {
                WindowLength::Calls(calls) => trip.minimum_calls.min(calls),
                _ => trip.minimum_calls,
            };
            ((rate, minimum), failures.is_some() || consecutive.is_some())
        }
        (None, Some(failures), consecutive) => {
            ((failures_of_window(failures, window, remarks)), consecutive.is_some())
        }
        (None, None, Some(failures)) => {
            remarks.add(in_a_row(failures));
            ((1.0, failures), false)
        }
        (None, None, None) => {
            remarks.add("this breaker does not open for failures, and Polly's for nothing else");
            return None;
        }
    };
    if dropped {
        let all = TripRule { slow_call_rate: None, ..*trip };
        remarks.add(format!("Polly's breaker has one rule, and not all of these: {all}"));
    }
    Some(rule)
}

/// A number of failures in a window, as a share.
fn failures_of_window(
    failures: u32,
    window: WindowLength,
    remarks: &mut CallRemarks<'_>,
) -> (f64, u32) {
    let WindowLength::Calls(calls) = window else {
        remarks.add(format!(
            "Polly does not count failures by themselves; it opens when all of {failures} calls fail"
        ));
        return (1.0, failures);
    };
    let calls = calls.max(1);
    remarks.add(format!(
        "{failures} failures of {calls} calls become a share, judged from {calls} calls on"
    ));
    (f64::from(failures.min(calls)) / f64::from(calls), calls)
}

/// The retry of a policy; none if it repeats nothing.
///
/// A pipeline of one's own may have a retry that handles every exception, as `RetryStrategyOptions` does; only
/// `HttpRetryStrategyOptions` has `ShouldRetryAfterHeader`.
fn write_retry(
    policy: &RetryPolicy,
    is_standard: bool,
    remarks: &mut CallRemarks<'_>,
) -> Option<Map<String, Value>> {
    // Polly counts the retries without the first attempt.
    let retries = policy.attempts.saturating_sub(1);
    if retries == 0 {
        remarks.add("a retry of a single attempt repeats nothing; it is left out");
        return None;
    }
    let is_http = is_standard || policy.honours_retry_after || policy.on != every_exception();
    if is_http {
        remark_on_outcomes(policy.on, remarks);
    }
    let backoff = policy.backoff;
    let (growth, spread) = match backoff.growth {
        Growth::Exponential(1.0) => ("Constant", Jitter::Around(0.25)),
        Growth::Linear => ("Linear", Jitter::Around(0.25)),
        Growth::Exponential(_) | Growth::Fibonacci => ("Exponential", Jitter::PollyDecorrelated),
    };
    remarks.add_if(
        growth == "Exponential" && backoff.growth != Growth::Exponential(2.0),
        &format!("Polly doubles the wait between attempts, in place of `{backoff}`"),
    );
    remarks.add_if(
        backoff.jitter != Jitter::None && backoff.jitter != spread,
        &format!("Polly spreads the waits by a formula of its own, in place of `{backoff}`"),
    );
    let delay = clamp(backoff.base, ranges::DELAY, "Delay", remarks);
    let max_delay = (growth != "Constant" && backoff.max != SimDuration::MAX)
        .then(|| clamp(backoff.max, ranges::DELAY, "MaxDelay", remarks));
    Some(map([
        ("MaxRetryAttempts", Some(retries.into())),
        ("Delay", Some(time_span::write(delay).into())),
        ("BackoffType", Some(growth.into())),
        ("MaxDelay", max_delay.map(|span| time_span::write(span).into())),
        ("UseJitter", Some((backoff.jitter != Jitter::None).into())),
        ("ShouldRetryAfterHeader", is_http.then(|| policy.honours_retry_after.into())),
    ]))
}

fn remark_on_outcomes(on: OutcomeSet, remarks: &mut CallRemarks<'_>) {
    if on != OutcomeSet::callee_failures() {
        let names: Vec<&str> = Outcome::ALL
            .into_iter()
            .filter(|outcome| on.contains(*outcome))
            .map(Outcome::name)
            .collect();
        remarks.add(format!("set ShouldHandle in code, for {}", names.join(", ")));
    }
}

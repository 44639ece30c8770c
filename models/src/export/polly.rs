//! Options of Polly v8, or of .NET's standard resilience handler, in an `appsettings.json`.

use serde_json::{Map, Value};
use sim_core::SimDuration;

use super::call::{Call, Part, map, name, number};
use crate::resilience::circuit_breaker::libraries::PollySettings;
use crate::resilience::circuit_breaker::{BreakerSettings, Settings, Wait, WindowKind};
use crate::resilience::{Growth, Jitter, RetryPolicy};

/// Strategies in the order of the standard handler, the outermost first.
const STRATEGIES: [&str; 6] =
    ["RateLimiter", "TotalRequestTimeout", "Retry", "CircuitBreaker", "AttemptTimeout", "Hedging"];

pub(super) fn write(calls: &[&Call], remarks: &mut Vec<String>) -> Value {
    let mut sections = Map::new();
    for call in calls {
        let mut section = Map::new();
        let mut order = Vec::new();
        for part in &call.guards {
            let Some((strategy, options)) = strategy(call, part, remarks) else { continue };
            order.push(STRATEGIES.iter().position(|known| *known == strategy).unwrap_or_default());
            if section.insert(strategy.to_owned(), Value::Object(options)).is_some() {
                remarks
                    .push(call.remark(&format!("a second {} stands inside the first", name(part))));
            }
        }
        if !order.is_sorted() {
            let wanted: Vec<&str> = order.iter().map(|place| STRATEGIES[*place]).collect();
            remarks.push(call.remark(&format!(
                "add the strategies to the pipeline in this order: {}",
                wanted.join(", ")
            )));
        }
        call.remark_on_fallback(remarks);
        sections.insert(call.callee.clone(), Value::Object(section));
    }
    Value::Object(sections)
}

fn strategy(
    call: &Call,
    part: &Part,
    remarks: &mut Vec<String>,
) -> Option<(&'static str, Map<String, Value>)> {
    Some(match part {
        Part::Bulkhead(permits) => {
            if let Some(max_wait) = permits.max_wait {
                remarks.push(call.remark(&format!(
                    "calls wait in the limiter's queue without a limit of {max_wait}"
                )));
            }
            let limiter = map([
                ("PermitLimit", Some(permits.capacity.into())),
                ("QueueLimit", Some(permits.queue.into())),
            ]);
            ("RateLimiter", map([("DefaultRateLimiterOptions", Some(Value::Object(limiter)))]))
        }
        Part::Timeout(timeout) => {
            ("TotalRequestTimeout", map([("Timeout", Some(time_span(*timeout)))]))
        }
        Part::AttemptTimeout(timeout) => {
            ("AttemptTimeout", map([("Timeout", Some(time_span(*timeout)))]))
        }
        Part::Retry(policy, budget) => {
            if budget.is_some() {
                remarks.push(call.remark("there is no budget of retries"));
            }
            ("Retry", retry(call, policy, remarks))
        }
        Part::Breaker(settings) => ("CircuitBreaker", breaker(call, settings, remarks)?),
        Part::Hedge { delay, requests } => (
            "Hedging",
            map([
                ("Delay", Some(time_span(*delay))),
                // Polly counts the hedged attempts without the first.
                ("MaxHedgedAttempts", Some((requests - 1).into())),
            ]),
        ),
        Part::RateLimit(_) => {
            remarks.push(call.remark(
                "the rate limit is a limiter of System.Threading.RateLimiting, set in code",
            ));
            return None;
        }
    })
}

fn breaker(
    call: &Call,
    settings: &BreakerSettings,
    remarks: &mut Vec<String>,
) -> Option<Map<String, Value>> {
    let settings = match settings {
        BreakerSettings::Polly(settings) => *settings,
        BreakerSettings::Composed(settings) => nearest(call, settings, remarks),
        _ => {
            remarks.push(call.remark("the breaker is another library's, with rules of its own"));
            return None;
        }
    };
    Some(map([
        ("FailureRatio", Some(number(settings.failure_ratio))),
        ("MinimumThroughput", Some(settings.minimum_throughput.into())),
        ("SamplingDuration", Some(time_span(settings.sampling_duration))),
        ("BreakDuration", Some(time_span(settings.break_duration))),
    ]))
}

/// The library's settings that are nearest to those of a composed breaker.
fn nearest(call: &Call, settings: &Settings, remarks: &mut Vec<String>) -> PollySettings {
    let defaults = PollySettings::default();
    let sampling_duration = match settings.window {
        WindowKind::Seconds(seconds) => SimDuration::from_secs(u64::from(seconds)),
        WindowKind::Buckets(count, width) => width * u64::from(count),
        WindowKind::Calls(calls) => {
            let sampling = defaults.sampling_duration;
            remarks.push(call.remark(&format!(
                "a window of {calls} calls: Polly's is one of time, {sampling} stand here"
            )));
            sampling
        }
    };
    let break_duration = match settings.wait {
        Wait::Fixed(wait) | Wait::Adaptive { initial: wait, .. } => wait,
        Wait::Exponential { base, .. } => {
            remarks.push(call.remark(
                "the wait of the breaker grows only by a BreakDurationGenerator, set in code",
            ));
            base
        }
    };
    if settings.trip.slow_call_rate.is_some() {
        remarks.push(call.remark("slow calls are failures only if they time out"));
    }
    if settings.half_open.permitted_calls != 1 {
        remarks.push(call.remark("one call decides a half-open breaker"));
    }
    PollySettings {
        failure_ratio: settings.trip.failure_rate.unwrap_or(1.0),
        // Polly takes no less.
        minimum_throughput: settings.trip.minimum_calls.max(2),
        sampling_duration,
        break_duration,
    }
}

fn retry(call: &Call, policy: &RetryPolicy, remarks: &mut Vec<String>) -> Map<String, Value> {
    let backoff = policy.backoff;
    let kind = match backoff.growth {
        Growth::Exponential(1.0) => "Constant",
        Growth::Exponential(multiplier) => {
            if multiplier != 2.0 {
                remarks.push(call.remark("the wait of the retry doubles"));
            }
            "Exponential"
        }
        Growth::Fibonacci => {
            remarks.push(call.remark("the wait of the retry doubles"));
            "Exponential"
        }
    };
    map([
        // Polly counts the retries without the first attempt.
        ("MaxRetryAttempts", Some((policy.attempts - 1).into())),
        ("Delay", Some(time_span(backoff.base))),
        ("BackoffType", Some(kind.into())),
        (
            "MaxDelay",
            (backoff.max != SimDuration::MAX && kind == "Exponential")
                .then(|| time_span(backoff.max)),
        ),
        ("UseJitter", Some((backoff.jitter != Jitter::None).into())),
        ("ShouldRetryAfterHeader", policy.honours_retry_after.then(|| true.into())),
    ])
}

/// .NET's `hh:mm:ss.fffffff`.
fn time_span(span: SimDuration) -> Value {
    let ticks = span.as_nanos() / 100;
    let seconds = ticks / 10_000_000;
    let whole = format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
    match ticks % 10_000_000 {
        0 => whole.into(),
        fraction => format!("{whole}.{fraction:07}").into(),
    }
}

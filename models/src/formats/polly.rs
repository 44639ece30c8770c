//! Options of Polly v8, or of .NET's standard resilience handler, in an `appsettings.json`.
//!
//! A section that holds strategies is a call, named after the section.

use serde_json::{Map, Value};
use sim_core::SimDuration;

use super::configuration::Configuration;
use super::durations::time_span;
use super::format::{Reader, Writer};
use super::guarded_call::{BulkheadSettings, GuardSettings, GuardedCall};
use super::remark::CallRemarks;
use super::section::Section;
use super::values::{map, number};
use super::{ConfigurationFormat, Exporter, Imported, ImportedCall, Importer, Remark, documents};
use crate::resilience::circuit_breaker::libraries::PollySettings;
use crate::resilience::circuit_breaker::{BreakerSettings, ComposedSettings, Wait, WindowLength};
use crate::resilience::{Growth, Jitter, RetryPolicy};

pub(super) const FORMAT: ConfigurationFormat = ConfigurationFormat {
    name: "polly",
    import: Some(Importer {
        files: "appsettings.json of .NET",
        looks_for: "a section with `CircuitBreaker`, `Retry`, `Timeout` or another strategy",
        documents: Reader::Each(documents::yaml),
        read,
    }),
    export: Some(Exporter {
        files: "appsettings.json of .NET",
        is_for_proxies: false,
        writer: Writer::Json(write),
    }),
};

/// Strategies in the order of the standard handler, the outermost first. A hedge is inside the
/// timeout of an attempt.
const STRATEGIES: [&str; 7] = [
    "RateLimiter",
    "TotalRequestTimeout",
    "Retry",
    "CircuitBreaker",
    "AttemptTimeout",
    "Timeout",
    "Hedging",
];

fn read(configuration: &Configuration<'_>, imported: &mut Imported) {
    find_pipelines(&configuration.root(), "callee", imported);
}

/// Looks for sections that hold strategies.
fn find_pipelines(section: &Section<'_>, name: &str, imported: &mut Imported) {
    if STRATEGIES.iter().any(|strategy| section.section(strategy).is_there()) {
        return read_pipeline(section, name, imported);
    }
    for (name, section) in section.named() {
        find_pipelines(&section, name, imported);
    }
}

fn read_pipeline(section: &Section<'_>, name: &str, imported: &mut Imported) {
    let callee: String = name
        .chars()
        .map(|c| if c.is_alphanumeric() || c == '-' || c == '_' { c } else { '-' })
        .collect();
    let number = imported.number_of(&callee);
    section.belongs_to(number);
    let call = &mut imported.calls[number];
    for strategy in STRATEGIES {
        let options = section.section(strategy);
        if !options.is_there() {
            continue;
        }
        match strategy {
            "RateLimiter" => read_rate_limiter(&options, call),
            "TotalRequestTimeout" | "Timeout" => read_timeout(&options, "30s", call),
            "AttemptTimeout" => read_timeout(&options, "10s", call),
            "Retry" => read_retry(&options, &format!("{name}.Retry"), call),
            "CircuitBreaker" => read_breaker(&options, call),
            "Hedging" => read_hedge(&options, call),
            _ => unreachable!("`{strategy}` is not in the list"),
        }
    }
}

/// A limiter of concurrency. The standard handler has its options one level deeper.
fn read_rate_limiter(options: &Section<'_>, call: &mut ImportedCall) {
    let nested = options.section("DefaultRateLimiterOptions");
    let limiter = if nested.is_there() { &nested } else { options };
    let permits = limiter.number("PermitLimit").unwrap_or_else(|| 1_000.into());
    let queue = limiter.number("QueueLimit").unwrap_or_else(|| 0.into());
    let bulkhead = map([("threads", Some(permits)), ("queue", Some(queue))]);
    call.guard("bulkhead", Value::Object(bulkhead));
}

fn read_timeout(options: &Section<'_>, default: &str, call: &mut ImportedCall) {
    call.guard("timeout", options.duration("Timeout").unwrap_or_else(|| default.into()));
}

fn read_retry(options: &Section<'_>, path: &str, call: &mut ImportedCall) {
    let span = |key: &str| options.duration(key).and_then(|span| span.as_str().map(str::to_owned));
    let delay = span("Delay").unwrap_or_else(|| "2s".to_owned());
    let max = span("MaxDelay").map_or_else(String::new, |max| format!(" max {max}"));
    let has_jitter = options.flag("UseJitter") == Some(true);
    let backoff_type = options.text("BackoffType");
    let is_linear = backoff_type.as_deref() == Some("Linear");
    let backoff = match backoff_type.as_deref() {
        Some("Exponential") => format!("exponential {delay} x2{max}"),
        _ => format!("fixed {delay}"),
    };
    let jitter = if has_jitter { " full jitter" } else { "" };
    if is_linear {
        call.remark(
            format!("{path}.BackoffType"),
            "Linear, which adds the delay each time; a fixed delay is used",
        );
    } else if has_jitter {
        call.remark(
            format!("{path}.UseJitter"),
            "true, which follows a formula of Polly's own; full jitter is nearest",
        );
    }
    // Polly counts the retries without the first attempt.
    let attempts =
        options.number("MaxRetryAttempts").and_then(|attempts| attempts.as_u64()).unwrap_or(3) + 1;
    let retry = map([
        ("attempts", Some(attempts.into())),
        ("backoff", Some(format!("{backoff}{jitter}").into())),
        ("honour retry after", options.flag("ShouldRetryAfterHeader").map(Value::from)),
    ]);
    call.guard("retry", Value::Object(retry));
}

fn read_breaker(options: &Section<'_>, call: &mut ImportedCall) {
    let breaker = map([
        ("preset", Some("polly".into())),
        ("FailureRatio", options.number("FailureRatio")),
        ("MinimumThroughput", options.number("MinimumThroughput")),
        ("SamplingDuration", options.duration("SamplingDuration")),
        ("BreakDuration", options.duration("BreakDuration")),
    ]);
    call.guard("breaker", Value::Object(breaker));
}

fn read_hedge(options: &Section<'_>, call: &mut ImportedCall) {
    // Polly counts the hedged attempts without the first.
    let more = options.number("MaxHedgedAttempts").and_then(|more| more.as_u64()).unwrap_or(1);
    let delay = options.duration("Delay").unwrap_or_else(|| "2s".into());
    let hedge = map([("delay", Some(delay)), ("max", Some((more + 1).into()))]);
    call.guard("hedge", Value::Object(hedge));
}

fn write(calls: &[&GuardedCall], remarks: &mut Vec<Remark>) -> Value {
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
    let mut pipeline = Map::new();
    let mut order = Vec::new();
    for guard in &call.guards {
        let Some((strategy, options)) = write_strategy(guard, remarks) else { continue };
        order.push(STRATEGIES.iter().position(|known| *known == strategy).unwrap_or_default());
        if pipeline.insert(strategy.to_owned(), Value::Object(options)).is_some() {
            remarks.add(format!(
                "there is a second {} inside the first; only the inner one is written",
                guard.name()
            ));
        }
    }
    if !order.is_sorted() {
        let wanted: Vec<&str> = order.iter().map(|place| STRATEGIES[*place]).collect();
        remarks.add(format!(
            "add the strategies to the pipeline in this order: {}",
            wanted.join(", ")
        ));
    }
    call.remark_on_fallback(remarks);
    pipeline
}

fn write_strategy(
    guard: &GuardSettings,
    remarks: &mut CallRemarks<'_>,
) -> Option<(&'static str, Map<String, Value>)> {
    let timeout = |span: SimDuration| map([("Timeout", Some(time_span(span)))]);
    Some(match guard {
        GuardSettings::Bulkhead(settings) => {
            ("RateLimiter", write_rate_limiter(*settings, remarks))
        }
        GuardSettings::Timeout(span) => ("TotalRequestTimeout", timeout(*span)),
        GuardSettings::AttemptTimeout(span) => ("AttemptTimeout", timeout(*span)),
        GuardSettings::Retry(policy, budget) => {
            remarks.add_if(budget.is_some(), "Polly has no retry budget");
            ("Retry", write_retry(policy, remarks))
        }
        GuardSettings::Breaker(settings) => ("CircuitBreaker", write_breaker(settings, remarks)?),
        GuardSettings::Hedge { delay, requests } => (
            "Hedging",
            map([
                ("Delay", Some(time_span(*delay))),
                // Polly counts the hedged attempts without the first.
                ("MaxHedgedAttempts", Some((requests - 1).into())),
            ]),
        ),
        GuardSettings::RateLimit(_) => {
            remarks
                .add("set the rate limit in code, with a limiter of System.Threading.RateLimiting");
            return None;
        }
        GuardSettings::Other(key) => {
            remarks.add(format!("Polly has no {key}"));
            return None;
        }
    })
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
    let limiter = map([
        ("PermitLimit", Some(settings.capacity.into())),
        ("QueueLimit", Some(settings.queue.into())),
    ]);
    map([("DefaultRateLimiterOptions", Some(Value::Object(limiter)))])
}

fn write_breaker(
    settings: &BreakerSettings,
    remarks: &mut CallRemarks<'_>,
) -> Option<Map<String, Value>> {
    let settings = match settings {
        BreakerSettings::Polly(settings) => *settings,
        BreakerSettings::Composed(settings) => nearest_breaker(settings, remarks),
        _ => {
            remarks.add("this breaker follows the rules of another library");
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

/// Polly's settings that are nearest to those of a composed breaker.
fn nearest_breaker(settings: &ComposedSettings, remarks: &mut CallRemarks<'_>) -> PollySettings {
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
        Wait::Exponential { base, .. } => {
            remarks.add("the breaker's wait grows only with a BreakDurationGenerator, set in code");
            base
        }
    };
    remarks.add_if(
        settings.trip.slow_call_rate.is_some(),
        "a slow call counts as a failure only if it times out",
    );
    remarks.add_if(
        settings.half_open.permitted_calls != 1,
        "a single call decides whether a half-open breaker closes",
    );
    PollySettings {
        failure_ratio: settings.trip.failure_rate.unwrap_or(1.0),
        // Polly takes no less.
        minimum_throughput: settings.trip.minimum_calls.max(2),
        sampling_duration,
        break_duration,
    }
}

fn write_retry(policy: &RetryPolicy, remarks: &mut CallRemarks<'_>) -> Map<String, Value> {
    let backoff = policy.backoff;
    let is_exponential = backoff.growth != Growth::Exponential(1.0);
    remarks.add_if(
        is_exponential && backoff.growth != Growth::Exponential(2.0),
        "Polly doubles the wait between attempts",
    );
    let max_delay = (is_exponential && backoff.max != SimDuration::MAX).then_some(backoff.max);
    map([
        // Polly counts the retries without the first attempt.
        ("MaxRetryAttempts", Some((policy.attempts - 1).into())),
        ("Delay", Some(time_span(backoff.base))),
        ("BackoffType", Some(if is_exponential { "Exponential" } else { "Constant" }.into())),
        ("MaxDelay", max_delay.map(time_span)),
        ("UseJitter", Some((backoff.jitter != Jitter::None).into())),
        ("ShouldRetryAfterHeader", policy.honours_retry_after.then(|| true.into())),
    ])
}

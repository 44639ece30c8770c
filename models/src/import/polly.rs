//! Polly v8 in `appsettings.json`: options of single strategies, or of .NET's standard resilience
//! handler, in any section.

use serde_json::Value;

use super::section::map;
use super::{Imported, Section};

/// Strategies from the outside in: the order of the standard handler.
const STRATEGIES: [&str; 7] = [
    "RateLimiter",
    "TotalRequestTimeout",
    "Retry",
    "CircuitBreaker",
    "Hedging",
    "AttemptTimeout",
    "Timeout",
];

pub(super) fn read(document: &Value, imported: &mut Imported) {
    find(document, "callee", imported);
}

/// Looks for sections that hold strategies; each is a call, named after its section.
fn find(value: &Value, name: &str, imported: &mut Imported) {
    let Some(entries) = value.as_object() else { return };
    if entries.iter().any(|(key, value)| STRATEGIES.contains(&key.as_str()) && value.is_object()) {
        read_pipeline(&Section::new(Some(value), name), name, imported);
        return;
    }
    for (key, value) in entries {
        find(value, key, imported);
    }
}

fn read_pipeline(section: &Section<'_>, name: &str, imported: &mut Imported) {
    let callee: String = name
        .chars()
        .map(|c| if c.is_alphanumeric() || c == '-' || c == '_' { c } else { '-' })
        .collect();
    let call = imported.call(&callee);
    for strategy in STRATEGIES {
        let options = section.section(strategy);
        if !options.is_there() {
            continue;
        }
        match strategy {
            "RateLimiter" => {
                let limiter = options.section("DefaultRateLimiterOptions");
                let (of, path) =
                    if limiter.is_there() { (&limiter, true) } else { (&options, false) };
                let permits = of.number("PermitLimit").unwrap_or_else(|| 1_000.into());
                let queue = of.number("QueueLimit").unwrap_or_else(|| 0.into());
                call.guard(
                    "bulkhead",
                    Some(Value::Object(map([("threads", Some(permits)), ("queue", Some(queue))]))),
                );
                if path {
                    call.remark(limiter.remarks());
                }
            }
            "TotalRequestTimeout" => {
                call.guard("timeout", options.duration("Timeout").or_else(|| Some("30s".into())))
            }
            "AttemptTimeout" => {
                call.guard("timeout", options.duration("Timeout").or_else(|| Some("10s".into())))
            }
            "Timeout" => {
                call.guard("timeout", options.duration("Timeout").or_else(|| Some("30s".into())))
            }
            "Retry" => {
                let (value, remark) = retry(&options);
                call.guard("retry", Some(value));
                call.remark(remark.map(|remark| format!("{name}.{remark}")));
            }
            "CircuitBreaker" => {
                let breaker = map([
                    ("preset", Some("polly".into())),
                    ("FailureRatio", options.number("FailureRatio")),
                    ("MinimumThroughput", options.number("MinimumThroughput")),
                    ("SamplingDuration", options.duration("SamplingDuration")),
                    ("BreakDuration", options.duration("BreakDuration")),
                ]);
                call.guard("breaker", Some(Value::Object(breaker)));
            }
            _ => {
                // Polly counts the hedged attempts without the first.
                let more =
                    options.number("MaxHedgedAttempts").and_then(|more| more.as_u64()).unwrap_or(1);
                let delay = options.duration("Delay").unwrap_or_else(|| "2s".into());
                call.guard(
                    "hedge",
                    Some(Value::Object(map([
                        ("delay", Some(delay)),
                        ("max", Some((more + 1).into())),
                    ]))),
                );
            }
        }
        call.remark(options.remarks());
    }
    // A hedge stands within the timeout of an attempt.
    if let Some(position) = call.guards.iter().position(|(key, _)| *key == "hedge") {
        let hedge = call.guards.remove(position);
        call.guards.push(hedge);
    }
    call.remark(section.remarks());
}

fn retry(options: &Section<'_>) -> (Value, Option<String>) {
    let delay = options.duration("Delay").and_then(|delay| delay.as_str().map(str::to_owned));
    let delay = delay.unwrap_or_else(|| "2s".to_owned());
    let max = options.duration("MaxDelay");
    let max =
        max.as_ref().and_then(Value::as_str).map_or_else(String::new, |max| format!(" max {max}"));
    let has_jitter = options.is_set("UseJitter") == Some(true);
    let backoff_type = options.text("BackoffType").unwrap_or_else(|| "Constant".to_owned());
    let (backoff, remark) = match backoff_type.as_str() {
        "Exponential" => (format!("exponential {delay} x2{max}"), None),
        "Linear" => (
            format!("fixed {delay}"),
            Some("Retry.BackoffType: Linear, which grows by the delay each time".to_owned()),
        ),
        _ => (format!("fixed {delay}"), None),
    };
    let jitter = if has_jitter { " full jitter" } else { "" };
    let remark = remark.or_else(|| {
        has_jitter.then(|| "Retry.UseJitter: true, which spreads by a formula of Polly's own; full jitter is nearest".to_owned())
    });
    // Polly counts the retries without the first attempt.
    let attempts =
        options.number("MaxRetryAttempts").and_then(|attempts| attempts.as_u64()).unwrap_or(3) + 1;
    let honours = options.is_set("ShouldRetryAfterHeader");
    let value = map([
        ("attempts", Some(attempts.into())),
        ("backoff", Some(format!("{backoff}{jitter}").into())),
        ("honour retry after", honours.map(Value::from)),
    ]);
    (Value::Object(value), remark)
}

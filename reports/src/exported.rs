//! Calls as configurations of libraries and proxies, ready to be pasted.

use std::fmt::Write;

use serde_json::Value;
use sim_core::SimDuration;
use sim_models::export::{Content, Document, Format};
use sim_models::resilience::circuit_breaker::libraries::{GoBreakerSettings, ReadyToTrip};

/// The documents of a format, with a comment for everything that has no equivalent.
pub fn render(format: Format, scenario: &str, documents: &[Document]) -> String {
    let comment = if matches!(format, Format::Polly | Format::GoBreaker) { "//" } else { "#" };
    if documents.is_empty() {
        return format!("{comment} {scenario}: no call has a guard that could be written here\n");
    }
    let mut text = String::new();
    for (place, document) in documents.iter().enumerate() {
        if place > 0 {
            text.push_str(if is_yaml(format) { "---\n" } else { "\n" });
        }
        let _ = writeln!(text, "{comment} {scenario}: the calls of `{}`", document.caller);
        for remark in &document.remarks {
            let _ = writeln!(text, "{comment} no equivalent: {remark}");
        }
        text.push_str(&content(format, document));
    }
    text
}

fn is_yaml(format: Format) -> bool {
    matches!(format, Format::Resilience4j | Format::Istio | Format::Envoy)
}

fn content(format: Format, document: &Document) -> String {
    match &document.content {
        Content::Configuration(values) if is_yaml(format) => {
            values.iter().map(yaml).collect::<Vec<_>>().join("---\n")
        }
        Content::Configuration(values) => values
            .iter()
            .map(|value| serde_json::to_string_pretty(value).unwrap_or_default() + "\n")
            .collect(),
        Content::GoBreakers(breakers) => {
            breakers.iter().map(|(name, settings)| go(name, settings)).collect()
        }
    }
}

fn yaml(value: &Value) -> String {
    let mut text = serde_saphyr::to_string(value).unwrap_or_default();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// A breaker as Go code.
fn go(name: &str, settings: &GoBreakerSettings) -> String {
    let mut text = format!(
        "gobreaker.NewCircuitBreaker[any](gobreaker.Settings{{\n\tName:        \"{name}\",\n"
    );
    let _ = writeln!(text, "\tMaxRequests: {},", settings.max_requests);
    if !settings.interval.is_zero() {
        let _ = writeln!(text, "\tInterval:    {},", go_duration(settings.interval));
    }
    if !settings.bucket_period.is_zero() {
        let _ = writeln!(text, "\tBucketPeriod: {},", go_duration(settings.bucket_period));
    }
    let _ = writeln!(text, "\tTimeout:     {},", go_duration(settings.timeout));
    let condition = match settings.ready_to_trip {
        ReadyToTrip::ConsecutiveFailures(failures) => {
            format!("counts.ConsecutiveFailures >= {failures}")
        }
        ReadyToTrip::FailureRatio { minimum_requests, ratio } => {
            format!(
                "counts.Requests >= {minimum_requests} && float64(counts.TotalFailures)/float64(counts.Requests) >= {ratio}"
            )
        }
    };
    let _ = write!(
        text,
        "\tReadyToTrip: func(counts gobreaker.Counts) bool {{\n\t\treturn {condition}\n\t}},\n}})\n"
    );
    text
}

fn go_duration(span: SimDuration) -> String {
    let nanos = span.as_nanos();
    let units = [
        (1_000_000_000, "Second"),
        (1_000_000, "Millisecond"),
        (1_000, "Microsecond"),
        (1, "Nanosecond"),
    ];
    let (size, unit) = units
        .into_iter()
        .find(|(size, _)| nanos.is_multiple_of(*size))
        .unwrap_or((1, "Nanosecond"));
    format!("{} * time.{unit}", nanos / size)
}

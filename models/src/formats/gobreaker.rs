//! Settings of sony/gobreaker v2, as Go code.

use std::fmt::Write;

use sim_core::SimDuration;

use super::durations::in_largest_unit;
use super::format::Writer;
use super::guarded_call::{GuardSettings, GuardedCall};
use super::remark::CallRemarks;
use super::{ConfigurationFormat, Exporter, Remark};
use crate::resilience::circuit_breaker::libraries::{GoBreakerSettings, ReadyToTrip};
use crate::resilience::circuit_breaker::{BreakerSettings, ComposedSettings, Wait, WindowLength};

pub(super) const FORMAT: ConfigurationFormat = ConfigurationFormat {
    name: "gobreaker",
    import: None,
    export: Some(Exporter {
        files: "Settings in Go",
        is_for_proxies: false,
        writer: Writer::Text { extension: "go", comment: "//", write },
    }),
};

fn write(calls: &[&GuardedCall], remarks: &mut Vec<Remark>) -> String {
    let mut text = String::new();
    for call in calls {
        let remarks = &mut CallRemarks::new(call, remarks);
        for guard in &call.guards {
            if let Some(settings) = breaker_of(guard, remarks) {
                text.push_str(&code(&call.callee, &settings));
            }
        }
        call.remark_on_fallback(remarks);
    }
    text
}

/// The settings of a guard that is a breaker; a remark on any other.
fn breaker_of(guard: &GuardSettings, remarks: &mut CallRemarks<'_>) -> Option<GoBreakerSettings> {
    match guard {
        GuardSettings::Breaker(BreakerSettings::GoBreaker(settings)) => return Some(*settings),
        GuardSettings::Breaker(BreakerSettings::Composed(settings)) => {
            return Some(nearest_breaker(settings, remarks));
        }
        GuardSettings::Breaker(_) => {
            remarks.add("this breaker follows the rules of another library");
        }
        GuardSettings::Timeout(timeout) | GuardSettings::AttemptTimeout(timeout) => {
            remarks.add(format!(
                "for the {}, pass a context with a timeout of {timeout}",
                guard.name()
            ));
        }
        _ => remarks.add(format!("gobreaker has no {}", guard.name())),
    }
    None
}

/// The settings of gobreaker that are nearest to those of a composed breaker.
fn nearest_breaker(
    settings: &ComposedSettings,
    remarks: &mut CallRemarks<'_>,
) -> GoBreakerSettings {
    let (interval, bucket_period) = match settings.window {
        WindowLength::Seconds(seconds) => {
            (SimDuration::from_secs(u64::from(seconds)), SimDuration::from_secs(1))
        }
        WindowLength::Buckets(1, width) => (width, SimDuration::ZERO),
        WindowLength::Buckets(count, width) => (width * u64::from(count), width),
        WindowLength::Calls(calls) => {
            remarks.add(format!(
                "gobreaker has no window of {calls} calls; it counts everything since it closed"
            ));
            (SimDuration::ZERO, SimDuration::ZERO)
        }
    };
    let timeout = match settings.wait {
        Wait::Fixed(wait) | Wait::Adaptive { initial: wait, .. } => wait,
        Wait::Exponential { base, .. } => {
            remarks.add("the breaker's wait does not grow");
            base
        }
    };
    remarks.add_if(
        settings.trip.slow_call_rate.is_some(),
        "a slow call counts as a failure only if it times out",
    );
    let ready_to_trip = match (settings.trip.consecutive_failures, settings.trip.failure_rate) {
        (Some(failures), _) => ReadyToTrip::ConsecutiveFailures(failures),
        (None, rate) => ReadyToTrip::FailureRatio {
            minimum_requests: settings.trip.minimum_calls,
            ratio: rate.unwrap_or(1.0),
        },
    };
    let half_open = &settings.half_open;
    GoBreakerSettings {
        max_requests: half_open.success_threshold.unwrap_or(half_open.permitted_calls),
        interval,
        bucket_period,
        timeout,
        ready_to_trip,
    }
}

/// A breaker of this name as Go code.
fn code(name: &str, settings: &GoBreakerSettings) -> String {
    let mut text = format!(
        "gobreaker.NewCircuitBreaker[any](gobreaker.Settings{{\n\tName:        \"{name}\",\n"
    );
    let _ = writeln!(text, "\tMaxRequests: {},", settings.max_requests);
    if !settings.interval.is_zero() {
        let _ = writeln!(text, "\tInterval:    {},", duration(settings.interval));
    }
    if !settings.bucket_period.is_zero() {
        let _ = writeln!(text, "\tBucketPeriod: {},", duration(settings.bucket_period));
    }
    let _ = writeln!(text, "\tTimeout:     {},", duration(settings.timeout));
    let condition = match settings.ready_to_trip {
        ReadyToTrip::ConsecutiveFailures(failures) => {
            format!("counts.ConsecutiveFailures >= {failures}")
        }
        ReadyToTrip::FailureRatio { minimum_requests, ratio } => format!(
            "counts.Requests >= {minimum_requests} && \
             float64(counts.TotalFailures)/float64(counts.Requests) >= {ratio}"
        ),
    };
    let _ = write!(
        text,
        "\tReadyToTrip: func(counts gobreaker.Counts) bool {{\n\t\treturn {condition}\n\t}},\n}})\n"
    );
    text
}

fn duration(span: SimDuration) -> String {
    let (count, unit) =
        in_largest_unit(span, ["Second", "Millisecond", "Microsecond", "Nanosecond"]);
    format!("{count} * time.{unit}")
}

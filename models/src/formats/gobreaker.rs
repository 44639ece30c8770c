//! Settings of sony/gobreaker v2, as Go code.

use std::fmt::Write;

use sim_core::SimDuration;

use super::breaker_remarks::{remark_on_slow_calls, remark_on_timer, remark_on_wait};
use super::durations::in_largest_unit;
use super::format::Writer;
use super::guarded_call::{GuardSettings, GuardedCall};
use super::remark::CallRemarks;
use super::{ConfigurationFormat, Exporter, Remark};
use crate::resilience::circuit_breaker::libraries::{GoBreakerSettings, ReadyToTrip};
use crate::resilience::circuit_breaker::{
    BreakerSettings, ComposedSettings, HalfOpenPolicy, LateResults, PermitCounting, TripRule, Wait,
    WindowLength,
};

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
            if let Some((settings, condition)) = breaker_of(guard, remarks) {
                text.push_str(&code(&call.callee, &settings, &condition));
            }
        }
        call.remark_on_client(remarks);
    }
    text
}

/// The settings of a guard that is a breaker, and the condition of its `ReadyToTrip`; a remark on any
/// other.
fn breaker_of(
    guard: &GuardSettings,
    remarks: &mut CallRemarks<'_>,
) -> Option<(GoBreakerSettings, String)> {
    match guard {
        GuardSettings::Breaker(BreakerSettings::GoBreaker(settings), outcomes) => {
            outcomes.remark(remarks);
            let condition = match settings.ready_to_trip {
                ReadyToTrip::ConsecutiveFailures(failures) => in_a_row(failures),
                ReadyToTrip::FailureRatio { minimum_requests, ratio } => {
                    share_of_failures(minimum_requests, ratio)
                }
            };
            return Some((*settings, condition));
        }
        GuardSettings::Breaker(BreakerSettings::Composed(settings), outcomes) => {
            outcomes.remark(remarks);
            let condition = condition_of(&settings.trip, settings.window, remarks);
            return Some((nearest_breaker(settings, remarks), condition));
        }
        GuardSettings::Breaker(settings, _) => {
            remarks.add(format!("this breaker follows the rules of another library: {settings}"));
        }
        GuardSettings::Timeout(timeout) | GuardSettings::AttemptTimeout(timeout) => {
            remarks.add(format!(
                "for the {}, pass a context with a timeout of {timeout}",
                guard.name()
            ));
        }
        _ => remarks.add(format!("gobreaker has no {guard}")),
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
            if settings.trip.failure_rate.or(settings.trip.failures.map(f64::from)).is_some() {
                remarks.add(format!(
                    "gobreaker has no window of {calls} calls; it counts everything since it closed"
                ));
            }
            (SimDuration::ZERO, SimDuration::ZERO)
        }
    };
    let timeout = match settings.wait {
        Wait::Fixed(wait) | Wait::Adaptive { initial: wait, .. } => wait,
        Wait::Exponential { base, .. } => base,
    };
    remark_on_slow_calls(&settings.trip, remarks);
    remark_on_wait(settings, false, remarks);
    remark_on_timer(settings, remarks);
    remarks.add_if(
        settings.late_results == LateResults::Counted,
        "results of calls from before the last change of state do not count",
    );
    let max_requests = max_requests(settings.half_open, remarks);
    GoBreakerSettings {
        max_requests,
        interval,
        bucket_period,
        timeout,
        ..GoBreakerSettings::default()
    }
}

/// The calls that a half-open breaker lets through, all of which must succeed.
fn max_requests(half_open: HalfOpenPolicy, remarks: &mut CallRemarks<'_>) -> u32 {
    let HalfOpenPolicy { permitted_calls, permits, success_threshold, max_stay } = half_open;
    let requests = success_threshold.unwrap_or(permitted_calls);
    remarks.add_if(
        success_threshold.is_none() && permitted_calls > 1,
        "a half-open breaker opens again at the first failure",
    );
    if requests != permitted_calls {
        remarks.add(format!(
            "a half-open breaker lets {requests} calls through, not {permitted_calls}"
        ));
    }
    remarks.add_if(
        permits == PermitCounting::Concurrent,
        "half-open calls are limited in total, not at any one time",
    );
    if let Some(stay) = max_stay {
        remarks.add(format!(
            "a half-open breaker waits for its calls however long they take, not for at most {stay}"
        ));
    }
    requests
}

/// The rules of a composed breaker as a condition in Go, which is met when any of them is.
fn condition_of(trip: &TripRule, window: WindowLength, remarks: &mut CallRemarks<'_>) -> String {
    let failures = trip.failures.map(|failures| match window {
        WindowLength::Calls(calls) => {
            let calls = calls.max(1);
            remarks.add(format!("{failures} failures of {calls} calls become a share"));
            share_of_failures(calls, f64::from(failures.min(calls)) / f64::from(calls))
        }
        _ => format!("counts.TotalFailures >= {failures}"),
    });
    let minimum = match window {
        WindowLength::Calls(calls) => trip.minimum_calls.min(calls),
        _ => trip.minimum_calls,
    };
    let rate = trip.failure_rate.map(|rate| share_of_failures(minimum, rate));
    let rules: Vec<String> =
        [trip.consecutive_failures.map(in_a_row), failures, rate].into_iter().flatten().collect();
    match &rules[..] {
        [] => {
            remarks
                .add("this breaker does not open for failures, and gobreaker's for nothing else");
            "false".to_owned()
        }
        [rule] => rule.clone(),
        rules => format!("({})", rules.join(") ||\n\t\t\t(")),
    }
}

fn in_a_row(failures: u32) -> String {
    format!("counts.ConsecutiveFailures >= {failures}")
}

fn share_of_failures(minimum_requests: u32, ratio: f64) -> String {
    format!(
        "counts.Requests >= {minimum_requests} && \
         float64(counts.TotalFailures)/float64(counts.Requests) >= {ratio}"
    )
}

/// A breaker of this name as Go code.
fn code(name: &str, settings: &GoBreakerSettings, condition: &str) -> String {
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

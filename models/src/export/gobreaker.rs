//! Settings of gobreaker.

use sim_core::SimDuration;

use super::call::{Call, Part, name};
use crate::resilience::circuit_breaker::libraries::{GoBreakerSettings, ReadyToTrip};
use crate::resilience::circuit_breaker::{BreakerSettings, Settings, Wait, WindowKind};

pub(super) fn write(
    calls: &[&Call],
    remarks: &mut Vec<String>,
) -> Vec<(String, GoBreakerSettings)> {
    let mut breakers = Vec::new();
    for call in calls {
        for part in &call.guards {
            match part {
                Part::Breaker(BreakerSettings::GoBreaker(settings)) => {
                    breakers.push((call.callee.clone(), *settings))
                }
                Part::Breaker(BreakerSettings::Composed(settings)) => {
                    breakers.push((call.callee.clone(), nearest(call, settings, remarks)));
                }
                Part::Breaker(_) => remarks
                    .push(call.remark("the breaker is another library's, with rules of its own")),
                Part::Timeout(timeout) | Part::AttemptTimeout(timeout) => {
                    remarks.push(call.remark(&format!(
                        "the {} is a context with a timeout of {timeout}",
                        name(part)
                    )));
                }
                _ => remarks.push(call.remark(&format!("gobreaker has no {}", name(part)))),
            }
        }
        call.remark_on_fallback(remarks);
    }
    breakers
}

/// The library's settings that are nearest to those of a composed breaker.
fn nearest(call: &Call, settings: &Settings, remarks: &mut Vec<String>) -> GoBreakerSettings {
    let (interval, bucket_period) = match settings.window {
        WindowKind::Seconds(seconds) => {
            (SimDuration::from_secs(u64::from(seconds)), SimDuration::from_secs(1))
        }
        WindowKind::Buckets(1, width) => (width, SimDuration::ZERO),
        WindowKind::Buckets(count, width) => (width * u64::from(count), width),
        WindowKind::Calls(calls) => {
            remarks.push(
                call.remark(&format!("a window of {calls} calls: gobreaker's are of time, everything since it closed counts")),
            );
            (SimDuration::ZERO, SimDuration::ZERO)
        }
    };
    let timeout = match settings.wait {
        Wait::Fixed(wait) | Wait::Adaptive { initial: wait, .. } => wait,
        Wait::Exponential { base, .. } => {
            remarks.push(call.remark("the wait of the breaker does not grow"));
            base
        }
    };
    if settings.trip.slow_call_rate.is_some() {
        remarks.push(call.remark("slow calls are failures only if they time out"));
    }
    let ready_to_trip = match (settings.trip.consecutive_failures, settings.trip.failure_rate) {
        (Some(failures), _) => ReadyToTrip::ConsecutiveFailures(failures),
        (None, rate) => ReadyToTrip::FailureRatio {
            minimum_requests: settings.trip.minimum_calls,
            ratio: rate.unwrap_or(1.0),
        },
    };
    GoBreakerSettings {
        max_requests: settings
            .half_open
            .success_threshold
            .unwrap_or(settings.half_open.permitted_calls),
        interval,
        bucket_period,
        timeout,
        ready_to_trip,
    }
}

//! Remarks on parts of a composed breaker that libraries do not have, with their figures.

use super::remark::CallRemarks;
use crate::language::quantity::Share;
use crate::resilience::circuit_breaker::{ComposedSettings, HalfOpens, TripRule, Wait, WaitFrom};

/// Adds remarks on a wait that is not the same each time, is spread, or begins later than with the opening. Some
/// libraries have waits that grow.
pub(super) fn remark_on_wait(
    settings: &ComposedSettings,
    can_grow: bool,
    remarks: &mut CallRemarks<'_>,
) {
    let first = match settings.wait {
        Wait::Fixed(_) => None,
        Wait::Exponential { .. } if can_grow => None,
        Wait::Exponential { base: first, .. } | Wait::Adaptive { initial: first, .. } => {
            Some(first)
        }
    };
    if let Some(first) = first {
        let wait = settings.wait;
        remarks.add(format!("the breaker stays open for {first} each time, not `{wait}`"));
    }
    if settings.jitter > 0.0 {
        let jitter = Share(settings.jitter);
        remarks.add(format!("the time that the breaker stays open is not spread by {jitter}"));
    }
    remarks.add_if(
        settings.wait_from == WaitFrom::LastFailure,
        "the breaker's wait begins with the opening, not with the last failure",
    );
}

/// Adds a remark on a breaker whose wait is ended by a timer, for libraries where the next call does it.
pub(super) fn remark_on_timer(settings: &ComposedSettings, remarks: &mut CallRemarks<'_>) {
    remarks.add_if(
        settings.half_opens == HalfOpens::ByTimer,
        "the first call after the wait makes the breaker half-open, not a timer",
    );
}

/// Adds a remark on slow calls, for libraries that do not know them.
pub(super) fn remark_on_slow_calls(trip: &TripRule, remarks: &mut CallRemarks<'_>) {
    let Some(rate) = trip.slow_call_rate.map(Share) else { return };
    let (slow, minimum) = (trip.slow_call, trip.minimum_calls);
    remarks.add(format!(
        "a slow call counts as a failure only if it times out; the breaker does not open when \
         {rate} of {minimum} calls or more take longer than {slow}"
    ));
}

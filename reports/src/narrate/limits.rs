//! Guards and limits that turn calls away.

use sim_core::SimDuration;
use sim_models::Outcome;
use sim_models::observe::{Limit, Portion};

use super::Line;
use crate::units::{count, duration, portion};

pub(super) fn begins(by: &Limit, of: Portion) -> Line {
    let (kind, reason) = kind_and_reason(by);
    let text = format!("turns {} away{reason}", portion(of));
    Line::worse(kind, &by.name, text)
}

pub(super) fn ends(by: &Limit, after: SimDuration, calls: u64) -> Line {
    let (kind, _) = kind_and_reason(by);
    let (after, calls) = (duration(after.as_secs_f64()), count(calls));
    let text = format!("turns next to nothing away any more, after {after} and {calls} calls");
    Line::better(kind, &by.name, text)
}

/// The kind of a limit, and why it turns calls away.
fn kind_and_reason(by: &Limit) -> (&'static str, String) {
    match by.outcome {
        Outcome::RejectedByBulkhead => {
            let permits =
                by.slots.map_or_else(String::new, |slots| format!(": no permit of {slots} free"));
            ("bulkhead", permits)
        }
        Outcome::RejectedByRateLimit => ("rate limit", String::new()),
        Outcome::RejectedByThrottle => ("throttle", String::new()),
        Outcome::WaitExceeded => ("limit", ": no slot within its wait limit".to_owned()),
        Outcome::Expired => ("limit", ": their deadline has passed".to_owned()),
        _ => ("limit", ": too busy".to_owned()),
    }
}

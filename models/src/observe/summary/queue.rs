//! Messages in queues.

use schemars::JsonSchema;
use serde::Serialize;

use super::Latency;
use crate::observe::QueueRecord;
use crate::system::{Id, QueuePlan, System, of};

/// The messages that went through a queue, warm-up included: sent = delivered + dead + expired +
/// purged + waiting + in flight.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct QueueSummary {
    /// Its name.
    pub name: String,
    /// Messages accepted.
    pub sent: u64,
    /// Messages turned away because it was full.
    pub refused: u64,
    /// Messages consumed.
    pub delivered: u64,
    /// Deliveries that failed.
    pub failed_deliveries: u64,
    /// Messages given up after their last delivery.
    pub dead: u64,
    /// Messages given up because they were too old.
    pub expired: u64,
    /// Messages that an operator dropped.
    #[serde(skip_serializing_if = "is_zero")]
    pub purged: u64,
    /// Expired messages that were made up for.
    pub compensated: u64,
    /// Messages that wait at the end, those between two attempts included.
    pub waiting: u64,
    /// Deliveries under way at the end.
    pub in_flight: u64,
    /// Most messages waiting at the end of any interval.
    pub most_waiting: u64,
    /// Greatest age of the oldest message, in seconds; NaN, `null` in JSON, if there was no message.
    #[schemars(with = "Option<f64>")]
    pub oldest: f64,
    /// Time from sending to the end of the delivery.
    pub latency: Latency,
}

/// The summaries of all queues of messages.
pub(super) fn queues(system: &System) -> Vec<QueueSummary> {
    let queues = system.blueprint().queues.with_ids().zip(system.recorder().queues());
    let summary_of = |((id, plan), record): ((Id<of::Queue>, &QueuePlan), &QueueRecord)| {
        let (waiting, in_flight) = system.messages(id);
        QueueSummary {
            name: plan.name.clone(),
            sent: record.sent,
            refused: record.refused,
            delivered: record.delivered,
            failed_deliveries: record.failed_deliveries,
            dead: record.dead,
            expired: record.expired,
            purged: record.purged,
            compensated: record.compensated,
            waiting,
            in_flight,
            most_waiting: record.most,
            oldest: match record.age.iter().max() {
                Some(nanos) if record.sent > 0 => *nanos as f64 / 1e9,
                _ => f64::NAN,
            },
            latency: Latency::of(&record.latency),
        }
    };
    queues.map(summary_of).collect()
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

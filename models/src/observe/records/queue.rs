//! The messages of a queue, warm-up included.

use sim_core::SimTime;
use sim_core::growth::{Growing, push};
use sim_core::stats::Histogram;

use crate::system::QueueState;

/// The messages that went through one queue, warm-up included.
#[derive(Clone, Debug, Default)]
pub struct QueueRecord {
    /// Messages accepted.
    pub sent: u64,
    /// Messages turned away because the queue was full.
    pub refused: u64,
    /// Messages consumed.
    pub delivered: u64,
    /// Deliveries that failed.
    pub failed_deliveries: u64,
    /// Messages given up after the last delivery.
    pub dead: u64,
    /// Messages given up because they had waited too long.
    pub expired: u64,
    /// Messages that an operator dropped.
    pub purged: u64,
    /// Expired messages that have been made up for.
    pub compensated: u64,
    /// Expired messages for which that failed.
    pub not_compensated: u64,
    /// Time from sending to the end of the delivery, of those consumed, in nanoseconds.
    pub latency: Histogram,
    /// Messages waiting at the end of each interval: all that were accepted, are not over and are
    /// not being delivered.
    pub depth: Vec<u64>,
    /// Age of the oldest of them, in nanoseconds.
    pub age: Vec<u64>,
    /// Most messages waiting at the end of any interval.
    pub most: u64,
}

impl QueueRecord {
    /// Bytes that the series take, and what else grows.
    pub(in crate::observe) fn bytes(&self) -> u64 {
        self.depth.bytes() + self.age.bytes() + self.latency.bytes()
    }

    pub(in crate::observe) fn close_interval(&mut self, now: SimTime, queue: &QueueState) {
        let age = queue.messages.oldest().map_or(0, |oldest| now.since(oldest).as_nanos());
        push(&mut self.depth, queue.messages.depth());
        push(&mut self.age, age);
        self.most = self.most.max(queue.messages.depth());
    }
}

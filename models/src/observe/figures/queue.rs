//! Figures of a queue of messages, warm-up included.

use super::FigureUnit::{Count, Time};
use super::Known::{AnyStretch, WholeRun};
use super::family::QUANTILES;
use super::seen::Seen;
use super::{Figure, FigureSubject, Measure, Reads, Row};
use crate::observe::QueueRecord;
use crate::system::{Id, of};

/// A queue of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueSubject(pub Id<of::Queue>);

impl FigureSubject for QueueSubject {
    const DESCRIPTION: &'static str = "a queue of messages";
    const EXAMPLES: &'static [&'static str] = &["queue payments"];

    const ROWS: &'static [Row<Self>] = &[
        Row {
            reads: Reads::One("depth", |queue| queue.most(&queue.record().depth)),
            unit: Count,
            known: AnyStretch,
            means: "messages waiting, those between two attempts included, the most at the end of any interval",
        },
        Row {
            reads: Reads::One("age", |queue| {
                queue.most(&queue.record().age).map(|nanos| nanos / 1e9)
            }),
            unit: Time,
            known: AnyStretch,
            means: "age of the oldest message, the most at the end of any interval",
        },
        Row {
            reads: Reads::One("sent messages", |queue| Some(queue.record().sent as f64)),
            unit: Count,
            known: WholeRun,
            means: "messages accepted",
        },
        Row {
            reads: Reads::One("refused messages", |queue| Some(queue.record().refused as f64)),
            unit: Count,
            known: WholeRun,
            means: "messages turned away because the queue was full",
        },
        Row {
            reads: Reads::One("delivered messages", |queue| Some(queue.record().delivered as f64)),
            unit: Count,
            known: WholeRun,
            means: "messages consumed",
        },
        Row {
            reads: Reads::One("dead letters", |queue| Some(queue.record().dead as f64)),
            unit: Count,
            known: WholeRun,
            means: "messages given up after their last delivery",
        },
        Row {
            reads: Reads::One("expired messages", |queue| Some(queue.record().expired as f64)),
            unit: Count,
            known: WholeRun,
            means: "messages given up because they were too old",
        },
        Row {
            reads: Reads::One("purged messages", |queue| Some(queue.record().purged as f64)),
            unit: Count,
            known: WholeRun,
            means: "messages that an operator dropped",
        },
        Row {
            reads: Reads::One("compensated messages", |queue| {
                Some(queue.record().compensated as f64)
            }),
            unit: Count,
            known: WholeRun,
            means: "expired messages that were made up for",
        },
        Row {
            reads: Reads::Quantiles(QUANTILES, latency_quantile),
            unit: Time,
            known: WholeRun,
            means: "quantiles of the time from sending to the end of the delivery",
        },
    ];

    fn measure(self, figure: Figure<Self>) -> Measure {
        Measure::Queue(self, figure)
    }
}

fn latency_quantile(queue: &Seen<'_, QueueSubject>, quantile: f64) -> Option<f64> {
    let record = queue.record();
    (record.delivered > 0).then(|| record.latency.quantile(quantile) as f64 / 1e9)
}

impl Seen<'_, QueueSubject> {
    fn record(&self) -> &QueueRecord {
        &self.recorder.queues()[self.subject.0]
    }

    /// The highest level of any interval.
    fn most(&self, levels: &[u64]) -> Option<f64> {
        levels[self.intervals()?].iter().max().map(|most| *most as f64)
    }
}

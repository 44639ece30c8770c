//! The messages waiting in each queue.

use std::ops::Range;

use sim_experiments::Finished;

use super::row::{Look, Row, columns};
use super::{Choice, Strips, Words, remarks};
use crate::plot::{Swatch, colour};
use crate::run::overview::time_axis::TimeAxis;
use crate::units::count;

/// More queues than this are too many to read; the longest are shown.
const MOST: usize = 12;
const WORDS: Words =
    Words { thing: "queue", others: "of no greater length", idle: "empty throughout" };

/// Messages waiting, in proportion to the most that ever did.
pub(super) fn strips(finished: &Finished, time: &TimeAxis) -> Strips {
    let labels = labels(finished);
    let records: Vec<_> = finished.system.recorder().queues().iter().collect();
    let choice = Choice::of(labels.len(), MOST, |place| {
        (records[place].most > 0).then_some(records[place].most as f64)
    });
    let row = |place: &usize| {
        let record = records[*place];
        let look = |column: &Range<usize>| {
            let waiting = record.depth[column.clone()].iter().max().copied().unwrap_or(0);
            Look::new(waiting as f64 / record.most as f64, colour::DEGRADED)
        };
        Row { label: labels[*place].clone(), bars: columns(time, time.columns.iter().map(look)) }
    };
    Strips {
        title: "Messages waiting",
        legend: &[("share of the most: height", Swatch::Half(colour::DEGRADED))],
        rows: choice.drawn.iter().map(row).collect(),
        remarks: remarks(&choice, &WORDS, &labels),
    }
}

/// The labels of all queues.
pub(super) fn labels(finished: &Finished) -> Vec<String> {
    let queues = finished.system.blueprint().queues.iter().zip(finished.system.recorder().queues());
    queues.map(|(plan, record)| format!("{}: up to {}", plan.name, count(record.most))).collect()
}

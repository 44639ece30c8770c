//! Queues in which messages pile up.

use sim_core::SimDuration;

use super::spells::CALM;
use super::{Change, Moment};
use crate::observe::{QueueRecord, Recorder};
use crate::system::Blueprint;

/// Messages count as piling up when the oldest has waited for this long.
const BACKLOG_AFTER: SimDuration = SimDuration::from_secs(10);

/// A pile is worked off when the oldest message has waited for less than this in several intervals in a
/// row, or for less than twice the usual wait before the pile, if that is longer but clearly no pile itself.
/// No other pile has begun then: a queue may be empty for an instant between two bursts, or when an operator
/// purges it.
const DRAINED_BELOW: SimDuration = SimDuration::from_secs(1);

/// The backlogs of all queues that somebody consumes: nobody waits for the messages of the others.
pub(super) fn queue_moments(blueprint: &Blueprint, recorder: &Recorder) -> Vec<Moment> {
    let queues = blueprint.queues.iter().zip(recorder.queues());
    let consumed = queues.filter(|(plan, _)| plan.entry.is_some());
    consumed.flat_map(|(plan, record)| backlogs(&plan.name, record, recorder)).collect()
}

/// True if the waits of the oldest message stay below one for as long as things take to be over, or to the end.
fn stays_below(calm: u64, waits: &[u64]) -> bool {
    waits.iter().take(CALM).all(|wait| *wait < calm)
}

/// The wait of the oldest message below which the pile noticed in an interval is worked off. What is usual shows
/// before its oldest message was sent.
fn calm_before(record: &QueueRecord, begin: usize, width: SimDuration) -> u64 {
    let of_pile = record.age[begin].div_ceil(width.as_nanos()) as usize;
    let mut waits = record.age[..begin.saturating_sub(of_pile)].to_vec();
    waits.sort_unstable();
    let usual = waits.get(waits.len() / 2).copied().unwrap_or(0);
    let most = BACKLOG_AFTER.as_nanos() / 2;
    usual.saturating_mul(2).clamp(DRAINED_BELOW.as_nanos(), most)
}

/// The beginnings and ends of the backlogs of a queue.
fn backlogs(queue: &str, record: &QueueRecord, recorder: &Recorder) -> Vec<Moment> {
    let mut moments = Vec::new();
    let mut since = None;
    for interval in 0..record.depth.len() {
        let at = recorder.beginning_of(interval + 1);
        match since {
            None if record.age[interval] >= BACKLOG_AFTER.as_nanos() => {
                let change = Change::Backlog {
                    queue: queue.to_owned(),
                    waiting: record.depth[interval],
                    oldest: SimDuration::from_nanos(record.age[interval]),
                };
                moments.push(Moment { at, change });
                since = Some((interval, calm_before(record, interval, recorder.sample_width())));
            }
            Some((begin, calm)) if stays_below(calm, &record.age[interval..]) => {
                let most =
                    |levels: &[u64]| levels[begin..interval].iter().copied().max().unwrap_or(0);
                let change = Change::Drained {
                    queue: queue.to_owned(),
                    to: record.depth[interval],
                    after: at.since(recorder.beginning_of(begin + 1)),
                    most: most(&record.depth),
                    oldest: SimDuration::from_nanos(most(&record.age)),
                };
                moments.push(Moment { at, change });
                since = None;
            }
            _ => {}
        }
    }
    moments
}

//! Messages that pile up in queues.

use sim_core::SimDuration;

use super::Line;
use crate::units::{count, duration};

pub(super) fn backlog(queue: &str, waiting: u64) -> Line {
    let waiting = count(waiting);
    let text = format!("messages pile up: {waiting} waiting, the oldest for 10 s");
    Line::worse("messages", queue, text)
}

pub(super) fn drained(queue: &str, after: SimDuration, most: u64, oldest: SimDuration) -> Line {
    let (after, oldest) = (duration(after.as_secs_f64()), duration(oldest.as_secs_f64()));
    let most = count(most);
    let text = format!("gone after {after}; up to {most} waited, for up to {oldest}");
    Line::better("messages", queue, text)
}

//! Messages that pile up in queues.

use sim_core::SimDuration;

use super::Line;
use crate::units::{count, duration};

pub(super) fn backlog(queue: &str, waiting: u64, oldest: SimDuration) -> Line {
    let (waiting, oldest) = (count(waiting), duration(oldest.as_secs_f64()));
    let text = format!("messages pile up: {waiting} waiting, the oldest for {oldest}");
    Line::worse("messages", queue, text)
}

pub(super) fn drained(
    queue: &str,
    to: u64,
    after: SimDuration,
    most: u64,
    oldest: SimDuration,
) -> Line {
    let (after, oldest) = (duration(after.as_secs_f64()), duration(oldest.as_secs_f64()));
    let left = if to == 0 { "gone".to_owned() } else { format!("down to {}", count(to)) };
    let most = count(most);
    let text = format!("{left} after {after}; up to {most} waited, for up to {oldest}");
    Line::better("messages", queue, text)
}

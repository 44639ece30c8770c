//! Links that are saturated.

use sim_core::SimDuration;

use super::Line;
use crate::units::{count, duration};

pub(super) fn saturates(link: &str, direction: &str) -> Line {
    Line::worse("link", link, format!("saturated: {direction} wait for their turn"))
}

pub(super) fn relieved(
    link: &str,
    direction: &str,
    after: SimDuration,
    longest_queue: u32,
    lost: u64,
) -> Line {
    let lost = if lost > 0 { format!(", {} lost", count(lost)) } else { String::new() };
    let text = format!(
        "free again for {direction} after {}; up to {} waited{lost}",
        duration(after.as_secs_f64()),
        count(u64::from(longest_queue)),
    );
    Line::better("link", link, text)
}

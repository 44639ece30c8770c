//! The availability of workloads.

use sim_core::SimDuration;

use super::Line;
use crate::units::{duration, percent};

pub(super) fn availability_falls(workload: &str, level: f64, to: f64) -> Line {
    let text = format!("below {}: {}", percent(level), percent(to));
    Line::worse("availability", workload, text)
}

pub(super) fn availability_regained(workload: &str, level: f64, after: SimDuration) -> Line {
    let after = duration(after.as_secs_f64());
    let text = format!("{} or more again after {after}", percent(level));
    Line::better("availability", workload, text)
}

pub(super) fn outage_begins(workload: &str) -> Line {
    Line::worse("outage", workload, "complete outage: nothing is answered")
}

pub(super) fn outage_ends(workload: &str, after: SimDuration) -> Line {
    let after = duration(after.as_secs_f64());
    Line::better("outage", workload, format!("first answers after {after} of complete outage"))
}

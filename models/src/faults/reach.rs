//! The duration of a fault, and its repetition.

use sim_core::SimTime;

use super::Fault;
use crate::language::quantity::{Duration, Period};
use crate::language::{Placed, Problems, section};
use crate::scenario::{Plan, most};

section! {
    /// The duration of a fault, and its repetition.
    pub(crate) struct InForceSpan {
        /// The time that it lasts; to the end of the run if left out.
        "for" => lasts: Option<Placed<Duration>>,
        /// The time from one beginning of the fault to the next, repeated to the end of the run; it
        /// strikes once if left out.
        "every" => every: Option<Placed<Period>>,
    }
}

impl InForceSpan {
    /// The end of a fault that begins at an instant.
    pub fn end(&self, begin: SimTime) -> SimTime {
        self.lasts.as_ref().map_or(SimTime::MAX, |lasts| begin + lasts.0)
    }
}

/// A fault and its repetitions.
pub(super) fn repeated(
    once: &Fault,
    every: &Placed<Period>,
    plan: &Plan,
    problems: &mut Problems,
) -> Vec<Fault> {
    let end = SimTime::ZERO + plan.blueprint.run.duration;
    let lasts = once.end.since(once.begin);
    if lasts >= every.0 {
        let (message, help) = if once.is_instantaneous() {
            ("this must be longer than zero", "write a span such as `10s`")
        } else {
            (
                "this fault begins again before it is over",
                "give it a `for` that is shorter than `every`",
            )
        };
        problems.error(every.at(), message, help);
        return Vec::new();
    }
    let times = end.since(once.begin.min(end)).as_nanos() / every.0.as_nanos().max(1);
    if !problems.may_have(times, most::REPETITIONS, "repetitions of this fault", every.at()) {
        return Vec::new();
    }
    let mut faults = Vec::new();
    let mut begin = once.begin;
    while begin < end {
        faults.push(Fault { begin, end: begin + lasts, ..once.clone() });
        begin = begin + every.0;
    }
    faults
}

//! Before, during and after the faults of a run.

use std::ops::Range;

use sim_core::stats::Histogram;
use sim_core::{SimDuration, SimTime};

use crate::Outcome;

/// A part of a run. Faults may strike several times: afterwards is whenever none is in force any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// No fault has struck yet.
    Before,
    /// A fault is in force, or strikes.
    During,
    /// No fault is in force any more.
    After,
}

impl Phase {
    /// All phases, in order.
    pub const ALL: [Self; 3] = [Self::Before, Self::During, Self::After];

    /// The phase in a word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::During => "during",
            Self::After => "after",
        }
    }
}

/// The requests of a workload that ended in a phase: in its whole intervals after the warm-up and before
/// arrivals end.
#[derive(Clone, Debug, Default)]
pub struct PhaseRecord {
    /// The length of its intervals together.
    pub length: SimDuration,
    /// Requests begun in them.
    pub offered: u64,
    /// Requests ended in them, by outcome in the order of [`Outcome::ALL`].
    pub ended: [u64; Outcome::COUNT],
    /// The latencies of those that ended, failures included, in nanoseconds.
    pub latency: Histogram,
}

/// Tells the phase of each interval as it is closed.
#[derive(Clone, Debug)]
pub(in crate::observe) struct Phases {
    /// The time that counts.
    counted: Range<SimTime>,
    in_force: u32,
    /// True if a fault is or was in force in the present interval.
    strikes: bool,
    /// True if one has begun in it.
    has_begun: bool,
    /// True if one begins at its very end, and so strikes the next.
    begins_at_end: bool,
    has_struck: bool,
}

impl Phases {
    pub fn new(counted: Range<SimTime>) -> Self {
        Self {
            counted,
            in_force: 0,
            strikes: false,
            has_begun: false,
            begins_at_end: false,
            has_struck: false,
        }
    }

    /// A fault begins; `lasts` is false if it is over at once. The present interval ends at `end`.
    pub fn fault_begins(&mut self, now: SimTime, end: SimTime, lasts: bool) {
        self.in_force += u32::from(lasts);
        if now < end {
            (self.strikes, self.has_begun) = (true, true);
        } else {
            self.begins_at_end = true;
        }
    }

    /// A fault ends. The present interval began at `begin`.
    pub fn fault_ends(&mut self, now: SimTime, begin: SimTime) {
        self.in_force -= 1;
        if self.in_force == 0 && now == begin {
            self.strikes = self.has_begun;
        }
    }

    /// The phase of the interval that began at `begin` and is over; `None` if it does not count.
    pub fn close_interval(&mut self, begin: SimTime) -> Option<Phase> {
        let phase = match (self.strikes, self.has_struck) {
            (true, _) => Phase::During,
            (false, false) => Phase::Before,
            (false, true) => Phase::After,
        };
        self.has_struck |= self.strikes;
        self.has_begun = std::mem::take(&mut self.begins_at_end);
        self.strikes = self.in_force > 0 || self.has_begun;
        self.counted.contains(&begin).then_some(phase)
    }

    /// True if a fault has struck in an interval that is over.
    pub fn have_faults_struck(&self) -> bool {
        self.has_struck
    }
}

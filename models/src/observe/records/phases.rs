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
    has_struck: bool,
    /// The instant at which the last one began.
    last_begun: Option<SimTime>,
}

impl Phases {
    pub fn new(counted: Range<SimTime>) -> Self {
        Self { counted, in_force: 0, strikes: false, has_struck: false, last_begun: None }
    }

    /// A fault begins; `lasts` is false if it is over at once. The present interval ends at `end`.
    pub fn fault_begins(&mut self, now: SimTime, end: SimTime, lasts: bool) {
        self.in_force += u32::from(lasts);
        self.last_begun = Some(now);
        // One that begins at the very end strikes the next interval.
        self.strikes |= now < end;
    }

    /// A fault ends. The present interval began at `begin`.
    pub fn fault_ends(&mut self, now: SimTime, begin: SimTime) {
        self.in_force -= 1;
        if self.in_force == 0 && now == begin {
            self.strikes = self.has_begun_since(begin);
        }
    }

    /// The phase of the interval between two instants, which is over; `None` if it does not count.
    pub fn close_interval(&mut self, begin: SimTime, end: SimTime) -> Option<Phase> {
        let phase = match (self.strikes, self.has_struck) {
            (true, _) => Phase::During,
            (false, false) => Phase::Before,
            (false, true) => Phase::After,
        };
        self.has_struck |= self.strikes;
        self.strikes = self.in_force > 0 || self.has_begun_since(end);
        self.counted.contains(&begin).then_some(phase)
    }

    fn has_begun_since(&self, instant: SimTime) -> bool {
        self.last_begun.is_some_and(|begun| begun >= instant)
    }

    /// True if a fault has struck in an interval that is over.
    pub fn have_faults_struck(&self) -> bool {
        self.has_struck
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(tenths: u64) -> SimTime {
        SimTime::from_nanos(tenths * 100_000_000)
    }

    /// The phases of intervals of a second in a run of eight, the first of which does not count. Faults begin and
    /// end at tenths of a second; `are_first` tells whether they come before the interval of that instant is closed.
    fn phases(faults: &[(u64, u64)], are_first: bool) -> Vec<Option<Phase>> {
        let mut phases = Phases::new(at(10)..at(80));
        let mut closed = Vec::new();
        for tenth in 1..=80 {
            let begin = (tenth - 1) / 10 * 10;
            let happen = |phases: &mut Phases, begin: u64| {
                for (from, to) in faults {
                    if *from == tenth {
                        phases.fault_begins(at(tenth), at(begin + 10), to > from);
                    }
                    if *to == tenth && to > from {
                        phases.fault_ends(at(tenth), at(begin));
                    }
                }
            };
            if tenth % 10 > 0 || are_first {
                happen(&mut phases, begin);
            }
            if tenth % 10 == 0 {
                closed.push(phases.close_interval(at(begin), at(tenth)));
                if !are_first {
                    happen(&mut phases, tenth);
                }
            }
        }
        closed
    }

    #[test]
    fn an_interval_in_which_a_fault_strikes_is_during_it() {
        use Phase::{After, Before, During};
        for are_first in [true, false] {
            let of = |faults: &[(u64, u64)]| phases(faults, are_first)[1..].to_vec();
            let some = |all: [Phase; 7]| all.map(Some).to_vec();
            assert_eq!(phases(&[], are_first)[0], None, "the warm-up does not count");
            assert_eq!(of(&[]), some([Before; 7]));
            // From the beginning of the third second to the end of the fourth.
            let expected = some([Before, During, During, After, After, After, After]);
            assert_eq!(of(&[(20, 40)]), expected, "{are_first}");
            let expected = some([Before, During, During, After, After, During, After]);
            assert_eq!(of(&[(25, 31), (65, 65)]), expected, "{are_first}");
            let expected = some([Before, During, After, During, During, After, After]);
            assert_eq!(of(&[(20, 30), (40, 45), (50, 50)]), expected, "{are_first}");
        }
    }
}

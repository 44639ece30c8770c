//! Spells: intervals in a row in which something is the case, and the instants at which they are told.

use sim_core::{SimDuration, SimTime};

use super::{Change, Moment};
use crate::observe::Recorder;

/// Something is over when it has not been the case for this many intervals in a row.
pub(super) const CALM: usize = 5;

/// The instants at which what happens in an interval is told.
pub(super) struct Instants<'a> {
    pub recorder: &'a Recorder,
    /// The time at which arrivals end.
    pub arrivals_end: SimTime,
    /// The moments at which faults change.
    pub faults: &'a [Moment],
}

impl Instants<'_> {
    /// The instant at which a change for the worse is told that an interval shows: a fault that begins in it is the
    /// likely cause, or else one that ends.
    pub fn worse_in(&self, interval: usize) -> SimTime {
        self.last(interval, |change| matches!(change, Change::FaultBegins { .. }))
    }

    /// The instant at which a change for the better is told that an interval shows: a fault that ends in it is the
    /// likely cause, or else one that begins.
    pub fn better_in(&self, interval: usize) -> SimTime {
        self.last(interval, |change| matches!(change, Change::FaultEnds { .. }))
    }

    /// The time that the intervals of a spell take.
    pub fn length_of(&self, spell: Spell) -> SimDuration {
        let end = spell.end.map(|end| self.recorder.beginning_of(end));
        end.unwrap_or(self.recorder.sampled_until()).since(self.recorder.beginning_of(spell.begin))
    }

    /// The last instant inside an interval at which a fault changes, preferably in a certain way;
    /// its beginning if there is none.
    fn last(&self, interval: usize, is_preferred: impl Fn(&Change) -> bool) -> SimTime {
        let begin = self.recorder.beginning_of(interval);
        let end = self.recorder.beginning_of(interval + 1);
        let inside = self.faults.iter().filter(|fault| begin < fault.at && fault.at < end);
        let last = inside.max_by_key(|fault| (is_preferred(&fault.change), fault.at));
        last.map_or(begin, |fault| fault.at)
    }
}

/// Intervals in a row in which something is the case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spell {
    /// The first of them.
    pub begin: usize,
    /// The first interval after them; `None` if there is none.
    pub end: Option<usize>,
}

/// The rule by which intervals make spells.
pub(super) struct Spells {
    /// A spell begins with at least this many intervals in a row in which it is the case.
    pub shortest: usize,
    /// It ends before this many in a row in which it is not.
    pub calm: usize,
}

impl Spells {
    /// The spells among the first intervals of a run. Those of which nothing is known neither lengthen a spell nor
    /// end it.
    pub fn of(&self, intervals: usize, is_so: impl Fn(usize) -> Option<bool>) -> Vec<Spell> {
        let mut spells: Vec<Spell> = Vec::new();
        let (mut so_since, mut calm_since) = (None, None);
        let mut is_in_spell = false;
        let known = (0..intervals).filter_map(|interval| Some((interval, is_so(interval)?)));
        for (interval, is_so) in known {
            if is_so {
                calm_since = None;
                let begin = *so_since.get_or_insert(interval);
                if !is_in_spell && interval + 1 - begin >= self.shortest {
                    spells.push(Spell { begin, end: None });
                    is_in_spell = true;
                }
            } else {
                so_since = None;
                let first_calm = *calm_since.get_or_insert(interval);
                if is_in_spell && interval + 1 - first_calm >= self.calm {
                    if let Some(spell) = spells.last_mut() {
                        spell.end = Some(first_calm);
                    }
                    is_in_spell = false;
                }
            }
        }
        // What was over when it was last known is over, if that is long ago.
        if let (Some(spell), Some(calm)) = (spells.last_mut(), calm_since)
            && is_in_spell
            && calm + self.calm <= intervals
        {
            spell.end = Some(calm);
        }
        spells
    }
}

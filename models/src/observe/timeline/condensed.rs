//! A shorter timeline, in which the many breakers of one edge are told about as a whole, and whatever
//! flaps as one change.

use std::ops::Range;

use indexmap::{IndexMap, IndexSet};
use sim_core::SimTime;

use super::folded::folded;
use super::{Change, Counted, Moment};
use crate::Outcome;
use crate::observe::NotKept;
use crate::resilience::circuit_breaker::{BreakerState, Transition};
use crate::system::{Blueprint, Id, of};

/// The most breakers of an edge that are told about one by one.
const MOST_BREAKERS: usize = 8;

/// A timeline with fewer moments: for an edge with many breakers, the first change of any of them, and
/// each time that most of them have reached another state; for a bulkhead with a queue, the share that it
/// turns away, and not once more that the queue is full; for a thing that changes to and fro many
/// times in short succession, the first change, which says how often, and the last.
pub fn condensed(timeline: &[Moment], blueprint: &Blueprint) -> Vec<Moment> {
    let mut crowds: Vec<Crowd> =
        blueprint.edges.ids().filter_map(|edge| Crowd::of(blueprint, edge)).collect();
    let mut overflows = BulkheadsThatOverflow::of(timeline);
    for crowd in &mut crowds {
        crowd.counts_in(timeline);
    }
    let tell = |moment: &Moment| {
        let (Change::Breaker { breaker, .. }
        | Change::NotTold { of: Counted::Breaker(breaker), .. }) = &moment.change
        else {
            return Some(moment.clone());
        };
        match crowds.iter_mut().find(|crowd| crowd.members.contains_key(breaker.as_str())) {
            Some(crowd) => crowd.note(moment),
            None => Some(moment.clone()),
        }
    };
    let told =
        timeline.iter().filter(|moment| !overflows.covers(moment)).filter_map(tell).collect();
    folded(told, blueprint.run.duration)
}

/// Tells of a bulkhead whose queue is full once: by the share of the calls that it turns away.
struct BulkheadsThatOverflow<'a> {
    /// The times in which the bulkhead of each edge turns calls away.
    told: IndexMap<&'a str, Vec<Range<SimTime>>>,
    /// The owners whose overflow is not told, and so is its end.
    left_out: IndexSet<&'a str>,
}

impl<'a> BulkheadsThatOverflow<'a> {
    fn of(timeline: &'a [Moment]) -> Self {
        let mut told: IndexMap<&str, Vec<Range<SimTime>>> = IndexMap::new();
        for moment in timeline {
            if let Change::TurnsAway { by, of } = &moment.change
                && by.outcome == Outcome::RejectedByBulkhead
            {
                told.entry(&by.name).or_default().push(moment.at..moment.at + of.time);
            }
        }
        Self { told, left_out: IndexSet::new() }
    }

    /// True if the moment is that of an overflow, or its end, of which another tells.
    fn covers(&mut self, moment: &'a Moment) -> bool {
        match &moment.change {
            Change::Overflows { pool, of, .. } => {
                let end = moment.at + of.time;
                let mut told = self.told.get(&*pool.owner).into_iter().flatten();
                let is_told = told.any(|other| other.start <= end && moment.at < other.end);
                if is_told {
                    self.left_out.insert(&pool.owner);
                }
                is_told
            }
            Change::OverflowEnds { pool } => self.left_out.swap_remove(&*pool.owner),
            _ => false,
        }
    }
}

/// The many breakers of one edge.
struct Crowd<'a> {
    edge: String,
    members: IndexMap<&'a str, BreakerState>,
    /// The number in each state.
    counts: [usize; 3],
    /// The state that most of them are in, according to the moments so far.
    told: BreakerState,
    has_changed: bool,
    /// The changes of all of them that are only counted; `None` if there are none.
    not_kept: Option<NotKept>,
    /// True from the first of these on.
    is_counted: bool,
}

impl<'a> Crowd<'a> {
    fn of(blueprint: &'a Blueprint, edge: Id<of::Edge>) -> Option<Self> {
        let owners = blueprint
            .breakers_of(edge)
            .map(|breaker| (&*blueprint.breakers[breaker].owner, BreakerState::Closed));
        let members: IndexMap<&str, BreakerState> = owners.collect();
        (members.len() > MOST_BREAKERS).then(|| Self {
            edge: blueprint.name_of_edge(edge),
            counts: [members.len(), 0, 0],
            members,
            told: BreakerState::Closed,
            has_changed: false,
            not_kept: None,
            is_counted: false,
        })
    }

    /// Adds up the changes that are only counted: all from the moment on at which those of one of them are, because the
    /// state of that one is no longer known.
    fn counts_in(&mut self, timeline: &[Moment]) {
        for moment in timeline {
            let is_of = |breaker: &str| self.members.contains_key(breaker);
            let more = match &moment.change {
                Change::NotTold { of: Counted::Breaker(breaker), not_kept } if is_of(breaker) => {
                    *not_kept
                }
                Change::Breaker { breaker, .. } if self.not_kept.is_some() && is_of(breaker) => {
                    NotKept::one(moment.at)
                }
                _ => continue,
            };
            self.not_kept = Some(more.after(self.not_kept));
        }
    }

    /// Notes a change of one of them, or that changes are only counted from here on, and returns the moment to tell of
    /// it, if any.
    fn note(&mut self, moment: &Moment) -> Option<Moment> {
        if self.is_counted {
            return None;
        }
        if let Change::Breaker { breaker, transition } = &moment.change {
            return self.note_change(moment, breaker, *transition);
        }
        self.is_counted = true;
        let of = Counted::Breaker(self.edge.clone());
        let change = Change::NotTold { of, not_kept: self.not_kept? };
        Some(Moment { at: moment.at, change })
    }

    /// Notes a change of one of them.
    fn note_change(
        &mut self,
        moment: &Moment,
        breaker: &str,
        transition: Transition,
    ) -> Option<Moment> {
        let before =
            self.members.get_mut(breaker).map(|state| std::mem::replace(state, transition.to))?;
        self.counts[before as usize] -= 1;
        self.counts[transition.to as usize] += 1;
        if !std::mem::replace(&mut self.has_changed, true) {
            return Some(moment.clone());
        }
        let is_news = transition.to != self.told
            && 2 * self.counts[transition.to as usize] > self.members.len();
        is_news.then(|| {
            self.told = transition.to;
            let change = Change::Breakers {
                edge: self.edge.clone(),
                state: transition.to,
                of: self.members.len(),
            };
            Moment { at: moment.at, change }
        })
    }
}

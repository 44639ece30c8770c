//! A shorter timeline, in which the many breakers of one edge are told about as a whole, and whatever
//! flaps as one change.

use indexmap::IndexMap;

use super::folded::folded;
use super::{Change, Moment};
use crate::resilience::circuit_breaker::{BreakerState, Transition};
use crate::system::Blueprint;

/// The most breakers of an edge that are told about one by one.
const MOST_BREAKERS: usize = 8;

/// A timeline with fewer moments: for an edge with many breakers, the first change of any of them, and
/// each time that most of them have reached another state; for a thing that changes to and fro many
/// times in short succession, the first change, which says how often, and the last.
pub fn condensed(timeline: &[Moment], blueprint: &Blueprint) -> Vec<Moment> {
    let mut crowds: Vec<Crowd> =
        (0..blueprint.edges.len() as u32).filter_map(|edge| Crowd::of(blueprint, edge)).collect();
    let tell = |moment: &Moment| match &moment.change {
        Change::Breaker { breaker, transition } => {
            match crowds.iter_mut().find(|crowd| crowd.members.contains_key(breaker.as_str())) {
                Some(crowd) => crowd.note(moment, breaker, *transition),
                None => Some(moment.clone()),
            }
        }
        _ => Some(moment.clone()),
    };
    let told = timeline.iter().filter_map(tell).collect();
    folded(told, blueprint.run.duration)
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
}

impl<'a> Crowd<'a> {
    fn of(blueprint: &'a Blueprint, edge: u32) -> Option<Self> {
        let owners = blueprint
            .breakers_of(edge)
            .map(|breaker| (&*blueprint.breakers[breaker as usize].owner, BreakerState::Closed));
        let members: IndexMap<&str, BreakerState> = owners.collect();
        (members.len() > MOST_BREAKERS).then(|| Self {
            edge: blueprint.name_of_edge(edge),
            counts: [members.len(), 0, 0],
            members,
            told: BreakerState::Closed,
            has_changed: false,
        })
    }

    /// Notes a change of one of them, and returns the moment to tell of it, if any.
    fn note(&mut self, moment: &Moment, breaker: &str, transition: Transition) -> Option<Moment> {
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

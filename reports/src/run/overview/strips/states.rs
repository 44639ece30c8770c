//! The states of a breaker as bars.
//!
//! The axis is cut into slots of two pixels. Each slot shows one state; the others that it sees follow in the next slots. So
//! a phase of 20 ms is visible in a picture of hours, and a breaker that flaps becomes stripes.

use std::collections::VecDeque;

use sim_core::SimTime;
use sim_models::observe::BreakerRecord;
use sim_models::resilience::circuit_breaker::BreakerState;

use crate::run::overview::time_axis::TimeAxis;

/// The width of a slot in pixels.
const SLOT: i32 = 2;

/// A run of slots that show a state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shown {
    pub left: i32,
    pub right: i32,
    pub state: BreakerState,
}

/// The states to show, from left to right.
pub(super) fn states(record: &BreakerRecord, time: &TimeAxis, interval: f64) -> Vec<Shown> {
    let (left, right) = time.sides();
    let mut seen = Seen::new((right - left).div_euclid(SLOT).max(1) as usize);
    let slot_of = |at: f64| ((time.pixel(at) - left) / SLOT).max(0) as usize;
    let mut change = |at: f64, to| seen.changes(slot_of(at), to);
    for (at, transition) in &record.transitions {
        change(at.as_secs_f64(), transition.to);
    }
    // Beyond the transitions on record there are only the states at the ends of intervals, and the numbers of changes.
    if record.transition_count > record.transitions.len() as u64 {
        let known = record.transitions.last().map_or(SimTime::ZERO, |(at, _)| *at).as_secs_f64();
        let first = (known / interval) as usize;
        for (place, (to, changes)) in
            record.series.iter().zip(&record.changes_by).enumerate().skip(first + 1)
        {
            let at = (place as f64 + 0.5) * interval;
            if changes.saturating_sub(record.changes_by[place - 1]) > 1 {
                change(at, BreakerState::Open);
                change(at, BreakerState::HalfOpen);
            }
            change(at, *to);
        }
    }
    seen.shown(left)
}

/// The changes that each slot sees.
struct Seen {
    /// For each slot the states that the breaker changes to, each once, in the order of their last changes.
    changes: Vec<Vec<BreakerState>>,
}

impl Seen {
    fn new(slots: usize) -> Self {
        Self { changes: vec![Vec::new(); slots] }
    }

    fn changes(&mut self, slot: usize, to: BreakerState) {
        let last = self.changes.len() - 1;
        let changes = &mut self.changes[slot.min(last)];
        changes.retain(|it| *it != to);
        changes.push(to);
    }

    fn shown(&self, left: i32) -> Vec<Shown> {
        let (mut state, mut waiting) = (BreakerState::Closed, VecDeque::new());
        let mut all: Vec<Shown> = Vec::new();
        for (slot, changes) in self.changes.iter().enumerate() {
            for to in changes {
                if !waiting.contains(to) {
                    waiting.push_back(*to);
                }
            }
            state = waiting.pop_front().unwrap_or(state);
            let at = left + slot as i32 * SLOT;
            match all.last_mut() {
                Some(before) if before.state == state => before.right = at + SLOT,
                _ => all.push(Shown { left: at, right: at + SLOT, state }),
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use BreakerState::{Closed, HalfOpen, Open};

    fn shown(slots: usize, changes: &[(usize, BreakerState)]) -> Vec<(i32, BreakerState)> {
        let mut seen = Seen::new(slots);
        for (slot, to) in changes {
            seen.changes(*slot, *to);
        }
        let shown = seen.shown(0);
        assert_eq!(shown.last().map(|it| it.right), Some(slots as i32 * SLOT));
        shown.into_iter().map(|it| (it.left / SLOT, it.state)).collect()
    }

    #[test]
    fn a_state_that_is_over_at_once_is_shown() {
        let probes = [(10, Open), (40, HalfOpen), (40, Open), (70, HalfOpen), (70, Closed)];
        assert_eq!(
            shown(100, &probes),
            [(0, Closed), (10, Open), (40, HalfOpen), (41, Open), (70, HalfOpen), (71, Closed)]
        );
        let at_once = [(10, Open), (10, HalfOpen), (10, Closed)];
        assert_eq!(shown(20, &at_once), [(0, Closed), (10, Open), (11, HalfOpen), (12, Closed)]);
    }

    #[test]
    fn flapping_becomes_stripes_of_every_state() {
        let flaps: Vec<_> = (10..40)
            .flat_map(|slot| {
                [Open, HalfOpen, Closed].repeat(9).into_iter().map(move |to| (slot, to))
            })
            .collect();
        let shown = shown(50, &flaps);
        let of = |state| shown.iter().filter(|(_, it)| *it == state).count();
        assert!([Open, HalfOpen].iter().all(|state| of(*state) >= 10), "{shown:?}");
        assert!(of(Closed) >= 10, "{shown:?}");
    }

    #[test]
    fn a_change_after_the_end_belongs_to_the_last_slot() {
        assert_eq!(shown(5, &[(9, Open)]), [(0, Closed), (4, Open)]);
    }
}

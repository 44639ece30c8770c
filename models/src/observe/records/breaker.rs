//! The states of a breaker, warm-up included.

use sim_core::growth::{Growing, push};
use sim_core::{SimDuration, SimTime};

use super::instance::MOST_KEPT;
use crate::resilience::BreakerInService;
use crate::resilience::circuit_breaker::{BreakerState, Transition};

/// The transitions and rejections of one breaker.
#[derive(Clone, Debug)]
pub struct BreakerRecord {
    /// Calls rejected.
    pub rejected: u64,
    /// Changes of state, with their times; the first ten thousand.
    pub transitions: Vec<(SimTime, Transition)>,
    /// Changes of state in all.
    pub transition_count: u64,
    /// Changes to the open state.
    pub openings: u64,
    /// The state at the end of each interval.
    pub series: Vec<BreakerState>,
    /// Changes of state up to the end of each interval.
    pub changes_by: Vec<u64>,
    spent: [SimDuration; 3],
    state: BreakerState,
    since: SimTime,
}

impl BreakerRecord {
    /// Bytes that the series take, and what else grows.
    pub(in crate::observe) fn bytes(&self) -> u64 {
        self.series.bytes() + self.changes_by.bytes() + self.transitions.bytes()
    }

    /// The record of a breaker that is closed from the beginning.
    pub(in crate::observe) fn new() -> Self {
        Self {
            rejected: 0,
            transitions: Vec::new(),
            transition_count: 0,
            openings: 0,
            series: Vec::new(),
            changes_by: Vec::new(),
            spent: [SimDuration::ZERO; 3],
            state: BreakerState::Closed,
            since: SimTime::ZERO,
        }
    }

    pub(in crate::observe) fn note(&mut self, now: SimTime, transition: Transition) {
        self.spent[self.state as usize] += now.since(self.since);
        (self.state, self.since) = (transition.to, now);
        self.transition_count += 1;
        self.openings += u64::from(transition.to == BreakerState::Open);
        if self.transitions.len() < MOST_KEPT {
            self.transitions.push((now, transition));
        }
    }

    pub(in crate::observe) fn close_interval(&mut self, breaker: &BreakerInService) {
        push(&mut self.series, breaker.state());
        push(&mut self.changes_by, self.transition_count);
    }

    /// Time spent in a state up to `now`.
    pub fn time_in(&self, state: BreakerState, now: SimTime) -> SimDuration {
        let running = if state == self.state { now.since(self.since) } else { SimDuration::ZERO };
        self.spent[state as usize] + running
    }
}

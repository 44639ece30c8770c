//! The states of a breaker, warm-up included.

use std::ops::Range;

use sim_core::growth::{Growing, push};
use sim_core::{SimDuration, SimTime};

use super::NotKept;
use crate::resilience::BreakerInService;
use crate::resilience::circuit_breaker::{BreakerState, STATE_CHANGES, Transition, WindowGauges};

/// Numbers of changes, in the order of [`STATE_CHANGES`].
type ByPair = [u32; STATE_CHANGES.len()];

/// The transitions and rejections of one breaker.
#[derive(Clone, Debug)]
pub struct BreakerRecord {
    /// Calls rejected.
    pub rejected: u64,
    /// Changes of state, with their times; the first ten thousand.
    pub transitions: Vec<(SimTime, Transition)>,
    /// The changes of state that came after those; `None` if there are none.
    pub not_kept: Option<NotKept>,
    /// Changes of state in all.
    pub transition_count: u64,
    /// Changes to the open state.
    pub openings: u64,
    /// The state at the end of each interval.
    pub series: Vec<BreakerState>,
    /// Changes of state up to the end of each interval.
    pub changes_by: Vec<u64>,
    /// The window at the end of each interval; empty if no figure of it was asked for.
    pub windows: Vec<WindowGauges>,
    keeps_windows: bool,
    /// Changes up to the end of an interval, for each interval in which there were any.
    by_pair: Vec<(usize, ByPair)>,
    pairs: ByPair,
    spent: [SimDuration; 3],
    state: BreakerState,
    since: SimTime,
}

impl BreakerRecord {
    /// Bytes that the series take, and what else grows.
    pub(in crate::observe) fn bytes(&self) -> u64 {
        self.series.bytes()
            + self.changes_by.bytes()
            + self.transitions.bytes()
            + self.windows.bytes()
            + self.by_pair.bytes()
    }

    /// The record of a breaker that is closed from the beginning.
    pub(in crate::observe) fn new(keeps_windows: bool) -> Self {
        Self {
            windows: Vec::new(),
            keeps_windows,
            by_pair: Vec::new(),
            pairs: ByPair::default(),
            rejected: 0,
            transitions: Vec::new(),
            not_kept: None,
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
        let pair = STATE_CHANGES.iter().position(|pair| *pair == (transition.from, transition.to));
        self.pairs[pair.expect("every change is listed")] += 1;
        self.openings += u64::from(transition.to == BreakerState::Open);
        NotKept::keep(&mut self.transitions, &mut self.not_kept, now, (now, transition));
    }

    pub(in crate::observe) fn close_interval(&mut self, now: SimTime, breaker: &BreakerInService) {
        if self.changes_by.last().copied().unwrap_or(0) < self.transition_count {
            push(&mut self.by_pair, (self.series.len(), self.pairs));
        }
        if self.keeps_windows {
            push(&mut self.windows, breaker.window(now));
        }
        push(&mut self.series, breaker.state());
        push(&mut self.changes_by, self.transition_count);
    }

    /// Changes of state in some intervals, in the order of [`STATE_CHANGES`].
    pub fn changes_in(&self, intervals: &Range<usize>) -> [u32; STATE_CHANGES.len()] {
        let before = |interval: usize| {
            let known = self.by_pair.partition_point(|(at, _)| *at < interval);
            known.checked_sub(1).map_or(ByPair::default(), |last| self.by_pair[last].1)
        };
        let (first, last) = (before(intervals.start), before(intervals.end));
        std::array::from_fn(|pair| last[pair] - first[pair])
    }

    /// Time spent in a state up to `now`.
    pub fn time_in(&self, state: BreakerState, now: SimTime) -> SimDuration {
        let running = if state == self.state { now.since(self.since) } else { SimDuration::ZERO };
        self.spent[state as usize] + running
    }
}

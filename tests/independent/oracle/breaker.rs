//! A breaker composed of parts, and what it remembers.

use std::collections::VecDeque;

use super::super::net::{Breaker, SECOND, Window};
use super::State;

/// A breaker of an edge, with its state and its window.
pub struct BreakerState<'a> {
    plan: &'a Breaker,
    pub edge: usize,
    /// The instances of caller and callee that it belongs to.
    pub caller: Option<usize>,
    pub callee: Option<usize>,
    pub name: String,
    state: State,
    /// The number of changes so far.
    pub generation: u64,
    /// Results that count: when, and if they were failures and slow.
    results: VecDeque<(u64, bool, bool)>,
    /// Failures in a row, whatever the window.
    in_a_row: u64,
    open_since: u64,
    openings: u32,
    /// Probes let through, and those whose results are still to come.
    admitted: u64,
    under_way: u64,
    probes: Probes,
    /// Changes that nobody has been told of, and the time of the next by itself.
    pub changes: Vec<State>,
    pub turns_at: Option<u64>,
}

#[derive(Default)]
struct Probes {
    number: u64,
    failures: u64,
    slow: u64,
}

impl<'a> BreakerState<'a> {
    pub fn new(plan: &'a Breaker, edge: usize, name: String) -> Self {
        Self {
            plan,
            edge,
            caller: None,
            callee: None,
            name,
            state: State::Closed,
            generation: 0,
            results: VecDeque::new(),
            in_a_row: 0,
            open_since: 0,
            openings: 0,
            admitted: 0,
            under_way: 0,
            probes: Probes::default(),
            changes: Vec::new(),
            turns_at: None,
        }
    }

    /// True if it lets a call through now.
    pub fn lets_through(&mut self, now: u64) -> bool {
        if self.state == State::Open && !self.plan.is_by_timer && now >= self.opens_until() {
            self.become_state(now, State::HalfOpen);
        }
        match self.state {
            State::Closed => true,
            State::Open => false,
            State::HalfOpen => {
                let taken = if self.plan.is_concurrent { self.under_way } else { self.admitted };
                let is_free = taken < self.plan.half_open_calls;
                self.admitted += u64::from(is_free);
                self.under_way += u64::from(is_free);
                is_free
            }
        }
    }

    /// A call that it let through has ended.
    pub fn result(&mut self, now: u64, generation: u64, is_failure: bool, took: u64) {
        let is_late = generation != self.generation;
        if is_late && self.plan.drops_late {
            return;
        }
        let is_slow = self.plan.slow_call.is_some_and(|limit| took > limit);
        if is_failure && self.plan.is_from_last_failure && self.state == State::Open {
            self.open_since = now;
            self.plan_turn();
        }
        match self.state {
            State::Closed => self.counts(now, is_failure, is_slow),
            State::Open => {}
            State::HalfOpen => {
                self.under_way -= u64::from(!is_late);
                self.probed(now, is_failure, is_slow);
            }
        }
    }

    /// A call that it let through is not to be counted.
    pub fn no_result(&mut self, generation: u64) {
        if generation == self.generation && self.state == State::HalfOpen {
            self.under_way -= 1;
            self.admitted -= 1;
        }
    }

    /// The time has come for something that it does by itself.
    pub fn turn(&mut self, now: u64, generation: u64) {
        if generation != self.generation {
            return;
        }
        match self.state {
            State::Open if now >= self.opens_until() => self.become_state(now, State::HalfOpen),
            State::HalfOpen => self.become_state(now, State::Open),
            _ => {}
        }
    }

    /// The process that it is in has died.
    pub fn die(&mut self) {
        if self.state != State::Closed {
            self.changes.push(State::Closed);
        }
        self.state = State::Closed;
        self.generation += 1;
        self.openings = 0;
        self.forget();
    }

    fn opens_until(&self) -> u64 {
        let wait = self.plan.wait;
        let grown = self
            .plan
            .doubles_up_to
            .map_or(wait, |most| wait.saturating_mul(1 << (self.openings - 1).min(20)).min(most));
        self.open_since + grown
    }

    fn become_state(&mut self, now: u64, state: State) {
        self.state = state;
        self.generation += 1;
        self.changes.push(state);
        match state {
            State::Open => {
                self.open_since = now;
                self.openings += 1;
            }
            State::HalfOpen => {
                (self.admitted, self.under_way, self.probes) = (0, 0, Probes::default());
            }
            State::Closed => self.openings = 0,
        }
        self.forget();
        self.plan_turn();
        if state == State::HalfOpen {
            self.turns_at = self.plan.max_stay.map(|stay| now + stay);
        }
    }

    fn plan_turn(&mut self) {
        let is_timed = self.state == State::Open && self.plan.is_by_timer;
        self.turns_at = is_timed.then(|| self.opens_until());
    }

    fn forget(&mut self) {
        self.results.clear();
        self.in_a_row = 0;
    }

    fn counts(&mut self, now: u64, is_failure: bool, is_slow: bool) {
        self.slide(now);
        self.results.push_back((now, is_failure, is_slow));
        if let Window::Calls(most) = self.plan.window {
            while self.results.len() > most as usize {
                self.results.pop_front();
            }
        }
        self.in_a_row = if is_failure { self.in_a_row + 1 } else { 0 };
        let number = self.results.len() as u64;
        let failures = self.results.iter().filter(|it| it.1).count() as u64;
        let slow = self.results.iter().filter(|it| it.2).count() as u64;
        let minimum = match self.plan.window {
            Window::Calls(most) => self.plan.minimum.min(u64::from(most)),
            _ => self.plan.minimum,
        };
        let opens = (number >= minimum && self.shares_are_bad(number, failures, slow))
            || self.plan.failures.is_some_and(|most| failures >= most)
            || self.plan.consecutive.is_some_and(|most| self.in_a_row >= most);
        if opens {
            self.become_state(now, State::Open);
        }
    }

    fn shares_are_bad(&self, number: u64, failures: u64, slow: u64) -> bool {
        let is_bad =
            |rate: Option<u64>, count: u64| rate.is_some_and(|it| count * 100 >= it * number);
        is_bad(self.plan.failure_rate, failures) || is_bad(self.plan.slow_rate, slow)
    }

    /// Drops the results that have left the window.
    fn slide(&mut self, now: u64) {
        let (length, number) = match self.plan.window {
            Window::Calls(_) => return,
            Window::Seconds(number) => (SECOND, number),
            Window::Buckets { span, number } => (span / number, number),
            Window::Every(span) => {
                self.results.retain(|it| it.0 / span == now / span);
                return;
            }
        };
        while self.results.front().is_some_and(|it| it.0 / length + number <= now / length) {
            self.results.pop_front();
        }
    }

    fn probed(&mut self, now: u64, is_failure: bool, is_slow: bool) {
        self.probes.number += 1;
        self.probes.failures += u64::from(is_failure);
        self.probes.slow += u64::from(is_slow);
        let Probes { number, failures, slow } = self.probes;
        if let Some(most) = self.plan.success_threshold {
            if is_failure {
                self.become_state(now, State::Open);
            } else if number >= most {
                self.become_state(now, State::Closed);
            }
            return;
        }
        let has_shares = self.plan.failure_rate.is_some() || self.plan.slow_rate.is_some();
        let are_enough = number >= self.plan.minimum.min(self.plan.half_open_calls);
        if !has_shares && is_failure || are_enough && self.shares_are_bad(number, failures, slow) {
            self.become_state(now, State::Open);
        } else if are_enough {
            self.become_state(now, State::Closed);
        }
    }
}

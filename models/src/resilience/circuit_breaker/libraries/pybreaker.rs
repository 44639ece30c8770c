//! pybreaker's `CircuitBreaker` (Python).

use std::fmt;

use sim_core::random::DrawKey;
use sim_core::{SimDuration, SimTime};

use super::LibraryBreaker;
use crate::guards::breaker::MachineSection;
use crate::guards::breaker::ServiceSection;
use crate::language::quantity::Duration;
use crate::language::{Placed, Problems, section};
use crate::resilience::circuit_breaker::BreakerSettings;
use crate::resilience::circuit_breaker::{
    BreakerAnswer, BreakerState, CallVerdict, Reason, Ticket,
};

/// The settings, under the library's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PyBreakerSettings {
    /// `fail_max`: failures in a row that open it; 5 by default.
    pub fail_max: u32,
    /// `reset_timeout` of the open state; 60 s by default.
    pub reset_timeout: SimDuration,
    /// `success_threshold`: successes that close a half-open breaker; 1 by default.
    pub success_threshold: u32,
}

impl Default for PyBreakerSettings {
    fn default() -> Self {
        Self { fail_max: 5, reset_timeout: SimDuration::from_secs(60), success_threshold: 1 }
    }
}

impl fmt::Display for PyBreakerSettings {
    /// The settings as a scenario writes them, under the library's names.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "fail_max: {}, reset_timeout: {}, success_threshold: {}",
            self.fail_max, self.reset_timeout, self.success_threshold,
        )
    }
}

/// A breaker of pybreaker.
///
/// Unlike others, it limits nothing while half-open: any call passes until one fails or enough have
/// succeeded. The failure that opens it is counted like the others.
#[derive(Clone, Debug)]
pub struct PyBreaker {
    settings: PyBreakerSettings,
    state: BreakerState,
    fail_counter: u32,
    success_counter: u32,
    opened_at: SimTime,
    reason: Reason,
}

impl PyBreaker {
    /// A closed breaker.
    pub fn new(settings: PyBreakerSettings) -> Self {
        Self {
            settings,
            state: BreakerState::Closed,
            fail_counter: 0,
            success_counter: 0,
            opened_at: SimTime::ZERO,
            reason: Reason::ProbeFailed,
        }
    }

    /// Answers a call that asks to pass; an open breaker whose timeout is over becomes half-open.
    pub fn try_acquire(&mut self, now: SimTime) -> bool {
        if self.state == BreakerState::Open {
            if now < self.opened_at + self.settings.reset_timeout {
                return false;
            }
            self.state = BreakerState::HalfOpen;
            self.reason = Reason::WaitOver(self.settings.reset_timeout);
            self.success_counter = 0;
        }
        true
    }

    /// Counts the result of an admitted call.
    pub fn complete(&mut self, now: SimTime, is_failure: bool) {
        if is_failure {
            self.fail_counter += 1;
            self.success_counter = 0;
            if self.state == BreakerState::HalfOpen || self.fail_counter >= self.settings.fail_max {
                self.reason = match self.state {
                    BreakerState::HalfOpen => Reason::ProbeFailed,
                    _ => Reason::ConsecutiveFailures(self.fail_counter),
                };
                self.state = BreakerState::Open;
                self.opened_at = now;
            }
            return;
        }
        self.fail_counter = 0;
        if self.state == BreakerState::HalfOpen {
            self.success_counter += 1;
            if self.success_counter >= self.settings.success_threshold {
                self.state = BreakerState::Closed;
                self.reason = Reason::all_probes_succeeded(self.success_counter);
                self.success_counter = 0;
            }
        }
    }

    /// The present state; reading it changes nothing.
    pub fn state(&self) -> BreakerState {
        self.state
    }

    /// `fail_counter`: failures since the last success.
    pub fn fail_counter(&self) -> u32 {
        self.fail_counter
    }

    /// `success_counter`: successes while half-open.
    pub fn success_counter(&self) -> u32 {
        self.success_counter
    }
}

impl LibraryBreaker for PyBreaker {
    type Settings = PyBreakerSettings;

    fn build(settings: PyBreakerSettings, _key: DrawKey, _now: SimTime) -> Self {
        Self::new(settings)
    }

    fn admit(&mut self, now: SimTime) -> BreakerAnswer {
        BreakerAnswer::permitted_if(self.try_acquire(now))
    }

    fn record(&mut self, now: SimTime, _: Ticket, _: SimDuration, verdict: CallVerdict) {
        if verdict != CallVerdict::Ignored {
            self.complete(now, verdict.is_failure());
        }
    }

    fn current_state(&self) -> BreakerState {
        self.state
    }

    fn last_reason(&self) -> Reason {
        self.reason
    }
}

section! {
    /// pybreaker's `CircuitBreaker`.
    pub(crate) struct PyBreakerSection {
        /// Failures in a row that open it; 5 if left out.
        "fail_max" => fail_max: Option<Placed<u32>>,
        /// The time that it stays open; 60s if left out.
        "reset_timeout" => reset_timeout: Option<Duration>,
        /// Successes that close it; 1 if left out.
        "success_threshold" => success_threshold: Option<Placed<u32>>,
        .. => service: ServiceSection,
    }
}

impl MachineSection for PyBreakerSection {
    fn service(&self) -> &ServiceSection {
        &self.service
    }

    fn settings(&self, problems: &mut Problems) -> BreakerSettings {
        let library = PyBreakerSettings::default();
        let mut count = |written: &Option<Placed<u32>>, default| {
            problems.at_least_one(written.as_ref(), default, "this")
        };
        BreakerSettings::PyBreaker(PyBreakerSettings {
            fail_max: count(&self.fail_max, library.fail_max),
            reset_timeout: self.reset_timeout.map_or(library.reset_timeout, |span| span.0),
            success_threshold: count(&self.success_threshold, library.success_threshold),
        })
    }
}

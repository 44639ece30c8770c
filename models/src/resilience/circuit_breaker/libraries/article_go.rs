//! The Go breaker with bulkhead of the article that the project began with.

use std::fmt;

use sim_core::random::DrawKey;
use sim_core::{SimDuration, SimTime};

use super::LibraryBreaker;
use crate::guards::Permits;
use crate::guards::breaker::ServiceSection;
use crate::guards::breaker::{Company, MachineSection};
use crate::language::distribution::DurationPhrase;
use crate::language::quantity::Duration;
use crate::language::{Location, Placed, Problems, section};
use crate::resilience::circuit_breaker::BreakerSettings;
use crate::resilience::circuit_breaker::{
    BreakerAnswer, BreakerState, CallVerdict, Reason, Ticket,
};

/// The settings, under the names of the article's `Config`. The longest wait for a permit
/// (`BulkheadMaxWait`) is not among them: the caller keeps that time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArticleGoSettings {
    /// `FailureThreshold`: failures in a row that open it; 5 by default.
    pub failure_threshold: u32,
    /// `SuccessThreshold`: successes that close it; 3 by default.
    pub success_threshold: u32,
    /// `Timeout` of the open state, from the last failure; 30 s by default.
    pub timeout: SimDuration,
    /// `HalfOpenMaxCalls`; 3 by default.
    pub half_open_max_calls: u32,
    /// `BulkheadMaxConcurrent`: calls in flight at one time; 25 by default.
    pub bulkhead_max_concurrent: u32,
}

/// The answer to a call that asks to pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArticleGoAnswer {
    /// It passes.
    Permitted,
    /// `ErrCircuitOpen`.
    Open,
    /// It waits for a permit of the bulkhead, first come, first served.
    Waits,
}

impl Default for ArticleGoSettings {
    fn default() -> Self {
        Self {
            failure_threshold: 5,
            success_threshold: 3,
            timeout: SimDuration::from_secs(30),
            half_open_max_calls: 3,
            bulkhead_max_concurrent: 25,
        }
    }
}

impl fmt::Display for ArticleGoSettings {
    /// The settings as a scenario writes them, under the library's names.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "FailureThreshold: {}, SuccessThreshold: {}, Timeout: {}, HalfOpenMaxCalls: {}, BulkheadMaxConcurrent: {}",
            self.failure_threshold,
            self.success_threshold,
            self.timeout,
            self.half_open_max_calls,
            self.bulkhead_max_concurrent,
        )
    }
}

/// The article's Go breaker.
///
/// The bulkhead comes first, so that a call that is then rejected has held a permit for an instant.
/// A failure in any state moves the instant from which the open wait runs. The successes of a
/// half-open spell stay on show until the next one begins. Probes are counted in all and not given
/// back.
///
/// In a scenario the bulkhead is a pool in front of the breaker, and the machine's own always has a
/// permit.
#[derive(Clone, Debug)]
pub struct ArticleGo {
    settings: ArticleGoSettings,
    state: BreakerState,
    failures: u32,
    successes: u32,
    probes: u32,
    last_failure: SimTime,
    permits_free: u32,
    waiting: u32,
    reason: Reason,
}

impl ArticleGo {
    /// A closed breaker.
    pub fn new(settings: ArticleGoSettings) -> Self {
        Self {
            settings,
            state: BreakerState::Closed,
            failures: 0,
            successes: 0,
            probes: 0,
            last_failure: SimTime::ZERO,
            permits_free: settings.bulkhead_max_concurrent,
            waiting: 0,
            reason: Reason::ProbeFailed,
        }
    }

    /// Answers a call that asks to pass.
    pub fn try_acquire(&mut self, now: SimTime) -> ArticleGoAnswer {
        if self.permits_free == 0 {
            self.waiting += 1;
            return ArticleGoAnswer::Waits;
        }
        self.ask_breaker(now)
    }

    /// Gives the first call that waits a permit that has become free; it then asks the breaker.
    pub fn grant(&mut self, now: SimTime) -> ArticleGoAnswer {
        self.waiting -= 1;
        self.ask_breaker(now)
    }

    /// Takes a call that has waited long enough out of the queue.
    pub fn give_up(&mut self) {
        self.waiting -= 1;
    }

    fn ask_breaker(&mut self, now: SimTime) -> ArticleGoAnswer {
        let is_permitted = match self.state(now) {
            BreakerState::Closed => true,
            BreakerState::Open => false,
            BreakerState::HalfOpen => {
                let is_left = self.probes < self.settings.half_open_max_calls;
                self.probes += u32::from(is_left);
                is_left
            }
        };
        self.permits_free -= u32::from(is_permitted);
        if is_permitted { ArticleGoAnswer::Permitted } else { ArticleGoAnswer::Open }
    }

    /// Counts the result of an admitted call.
    pub fn complete(&mut self, now: SimTime, is_failure: bool) {
        self.permits_free += 1;
        if is_failure {
            self.last_failure = now;
        }
        match (self.state, is_failure) {
            (BreakerState::Closed, false) => self.failures = 0,
            (BreakerState::Closed, true) => {
                self.failures += 1;
                if self.failures >= self.settings.failure_threshold {
                    self.reason = Reason::ConsecutiveFailures(self.failures);
                    self.state = BreakerState::Open;
                }
            }
            (BreakerState::HalfOpen, true) => {
                self.reason = Reason::ProbeFailed;
                self.state = BreakerState::Open;
            }
            (BreakerState::HalfOpen, false) => {
                self.successes += 1;
                if self.successes >= self.settings.success_threshold {
                    self.reason = Reason::all_probes_succeeded(self.successes);
                    self.state = BreakerState::Closed;
                    self.failures = 0;
                }
            }
            (BreakerState::Open, _) => {}
        }
    }

    /// The present state; reading it ends a wait that is over.
    pub fn state(&mut self, now: SimTime) -> BreakerState {
        if self.state == BreakerState::Open && now.since(self.last_failure) >= self.settings.timeout
        {
            self.reason = Reason::WaitOver(self.settings.timeout);
            self.state = BreakerState::HalfOpen;
            (self.probes, self.successes) = (0, 0);
        }
        self.state
    }

    /// The state as the last call left it; a wait that is over ends only when
    /// [`state`](Self::state) is read.
    pub fn state_as_left(&self) -> BreakerState {
        self.state
    }

    /// Free permits of the bulkhead.
    pub fn permits_free(&self) -> u32 {
        self.permits_free
    }

    /// Calls that wait for a permit.
    pub fn waiting(&self) -> u32 {
        self.waiting
    }

    /// Failures in a row.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Successes of the last half-open spell.
    pub fn successes(&self) -> u32 {
        self.successes
    }
}

impl LibraryBreaker for ArticleGo {
    type Settings = ArticleGoSettings;

    fn build(settings: ArticleGoSettings, _key: DrawKey, _now: SimTime) -> Self {
        Self::new(settings)
    }

    fn admit(&mut self, now: SimTime) -> BreakerAnswer {
        BreakerAnswer::permitted_if(self.try_acquire(now) == ArticleGoAnswer::Permitted)
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

/// The time that a call waits at the bulkhead.
const MAX_WAIT: Duration = Duration(SimDuration::from_millis(100));

section! {
    /// The article's Go `Config`.
    pub(crate) struct ArticleGoSection {
        /// Failures in a row that open it; 5 if left out.
        "FailureThreshold" => failure_threshold: Option<Placed<u32>>,
        /// Successes that close it; 3 if left out.
        "SuccessThreshold" => success_threshold: Option<Placed<u32>>,
        /// The time that it stays open; 30s if left out.
        "Timeout" => timeout: Option<Duration>,
        /// Calls let through while half-open; 3 if left out.
        "HalfOpenMaxCalls" => half_open_max_calls: Option<Placed<u32>>,
        /// Calls in flight at one time; 25 if left out.
        "BulkheadMaxConcurrent" => bulkhead_max_concurrent: Option<Placed<u32>>,
        /// The time that a call waits for its turn; 100ms if left out.
        "BulkheadMaxWait" => bulkhead_max_wait: Option<Placed<Duration>>,
        .. => service: ServiceSection,
    }
}

impl MachineSection for ArticleGoSection {
    fn shared_with_call(&self) -> Vec<(&'static str, Location)> {
        let concurrent = self.bulkhead_max_concurrent.as_ref().map(Placed::key);
        let wait = self.bulkhead_max_wait.as_ref().map(Placed::key);
        concurrent.into_iter().chain(wait).map(|at| ("bulkhead", at)).collect()
    }

    fn service(&self) -> &ServiceSection {
        &self.service
    }

    fn settings(&self, problems: &mut Problems) -> BreakerSettings {
        let library = ArticleGoSettings::default();
        let mut count = |written: &Option<Placed<u32>>, default| {
            problems.at_least_one(written.as_ref(), default, "this")
        };
        BreakerSettings::ArticleGo(ArticleGoSettings {
            failure_threshold: count(&self.failure_threshold, library.failure_threshold),
            success_threshold: count(&self.success_threshold, library.success_threshold),
            timeout: self.timeout.map_or(library.timeout, |timeout| timeout.0),
            half_open_max_calls: count(&self.half_open_max_calls, library.half_open_max_calls),
            // Its bulkhead is a guard of its own, in front of it.
            bulkhead_max_concurrent: u32::MAX,
        })
    }

    fn company(&self, at: Location) -> Company {
        let library = ArticleGoSettings::default();
        let permits = self.bulkhead_max_concurrent.as_ref().map(|permits| **permits);
        let max_wait = self.bulkhead_max_wait.unwrap_or(Placed::new(MAX_WAIT, at));
        let permits = permits.unwrap_or(library.bulkhead_max_concurrent).max(1);
        let in_front =
            Some(Permits::semaphore(permits, Some(max_wait.with(DurationPhrase::from(*max_wait)))));
        Company { in_front, ..Company::default() }
    }
}

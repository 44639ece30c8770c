//! cockatiel's `CircuitBreakerPolicy` (Node).

use std::fmt;

use sim_core::random::DrawKey;
use sim_core::{SimDuration, SimTime};

use super::LibraryBreaker;
use crate::guards::breaker::MachineSection;
use crate::guards::breaker::ServiceSection;
use crate::language::quantity::{Duration, Share};
use crate::language::{Placed, Problems, one_of, section};
use crate::resilience::circuit_breaker::BreakerSettings;
use crate::resilience::circuit_breaker::{
    BreakerAnswer, BreakerState, CallVerdict, Reason, Ticket, WindowGauges,
};
use crate::{Outcome, OutcomeSet};

/// The settings, under the library's names.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CockatielSettings {
    /// `halfOpenAfter`: the time from the opening after which the next call is a test.
    pub half_open_after: SimDuration,
    /// `breaker`: the rule by which it opens.
    pub breaker: CockatielBreaker,
}

/// The three rules of the library, which it calls breakers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CockatielBreaker {
    /// `ConsecutiveBreaker`: this many failures in a row.
    Consecutive(u32),
    /// `CountBreaker`: more than a share of the last calls.
    Count {
        /// `threshold`, 0 to 1, exclusive.
        threshold: f64,
        /// `size` of the window in calls.
        size: u32,
        /// `minimumNumberOfCalls`; `size` by default.
        minimum_number_of_calls: u32,
    },
    /// `SamplingBreaker`: more than a share over a span of time.
    Sampling {
        /// `threshold`, 0 to 1, exclusive.
        threshold: f64,
        /// `duration`: the span that is sampled.
        duration: SimDuration,
        /// `minimumRps`: below this rate it never opens.
        minimum_rps: f64,
    },
}

impl fmt::Display for CockatielSettings {
    /// The settings as a scenario writes them, under the library's names.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "halfOpenAfter: {}, ", self.half_open_after)?;
        match self.breaker {
            CockatielBreaker::Consecutive(failures) => {
                write!(f, "ConsecutiveBreaker: {failures}")
            }
            CockatielBreaker::Count { threshold, size, minimum_number_of_calls } => write!(
                f,
                "CountBreaker: threshold: {}, size: {size}, \
                 minimumNumberOfCalls: {minimum_number_of_calls}",
                Share(threshold)
            ),
            CockatielBreaker::Sampling { threshold, duration, minimum_rps } => write!(
                f,
                "SamplingBreaker: threshold: {}, duration: {duration}, minimumRps: {minimum_rps}",
                Share(threshold)
            ),
        }
    }
}

/// The answer to a call that asks to pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CockatielAnswer {
    /// It passes, like any call of a closed breaker.
    Permitted,
    /// It passes, as the one test of a half-open breaker.
    Test,
    /// `BrokenCircuitError`.
    Open,
    /// A test is under way: the call waits for its end, then asks again.
    Waits,
}

/// A breaker of cockatiel.
///
/// Half-open means one test, and calls that come meanwhile wait for it. A result counts by the
/// state in which its call was admitted, so that a late failure can end a half-open spell. The
/// windows keep their results through an opening.
#[derive(Clone, Debug)]
pub struct Cockatiel {
    settings: CockatielSettings,
    state: BreakerState,
    opened_at: SimTime,
    counter: Counter,
    /// The number of tests so far.
    tests: u64,
    reason: Reason,
}

#[derive(Clone, Debug)]
enum Counter {
    Consecutive { failures: u32 },
    Count { samples: Vec<Option<bool>>, next: usize, calls: u32, failures: u32 },
    Sampling { windows: Vec<Sampled>, current: usize, span: SimDuration, calls: u32, failures: u32 },
}

/// One window of the sampling breaker; without a beginning it is as old as can be.
#[derive(Clone, Copy, Debug, Default)]
struct Sampled {
    begun: Option<SimTime>,
    calls: u32,
    failures: u32,
}

impl Cockatiel {
    /// A closed breaker.
    pub fn new(settings: CockatielSettings) -> Self {
        let counter = match settings.breaker {
            CockatielBreaker::Consecutive(_) => Counter::Consecutive { failures: 0 },
            CockatielBreaker::Count { size, .. } => Counter::Count {
                samples: vec![None; size.max(1) as usize],
                next: 0,
                calls: 0,
                failures: 0,
            },
            CockatielBreaker::Sampling { duration, .. } => {
                let millis = duration.as_nanos() as f64 / 1e6;
                let windows = libm::ceil(millis / 1_000.0).max(5.0);
                let span = SimDuration::from_millis(libm::floor(millis / windows + 0.5) as u64);
                Counter::Sampling {
                    windows: vec![Sampled::default(); windows as usize],
                    current: 0,
                    span,
                    calls: 0,
                    failures: 0,
                }
            }
        };
        Self {
            settings,
            state: BreakerState::Closed,
            opened_at: SimTime::ZERO,
            counter,
            tests: 0,
            reason: Reason::ProbeFailed,
        }
    }

    /// Answers a call that asks to pass, or asks again after a wait.
    pub fn try_acquire(&mut self, now: SimTime) -> CockatielAnswer {
        match self.state {
            BreakerState::Closed => CockatielAnswer::Permitted,
            BreakerState::HalfOpen => CockatielAnswer::Waits,
            BreakerState::Open if now.since(self.opened_at) < self.settings.half_open_after => {
                CockatielAnswer::Open
            }
            BreakerState::Open => {
                self.state = BreakerState::HalfOpen;
                self.reason = Reason::WaitOver(self.settings.half_open_after);
                self.tests += 1;
                CockatielAnswer::Test
            }
        }
    }

    /// Counts the result of an admitted call; `is_test` if it was the test of a half-open breaker.
    /// Calls that wait for the test then ask again.
    pub fn complete(&mut self, now: SimTime, is_test: bool, is_failure: bool) {
        if is_test && !is_failure {
            self.counter.forget();
        }
        self.counter.count(now, is_failure);
        if is_failure {
            let is_exceeded = self.is_exceeded();
            if (is_test || is_exceeded) && self.state != BreakerState::Open {
                self.reason = if is_exceeded { self.counter.reason() } else { Reason::ProbeFailed };
                self.state = BreakerState::Open;
                self.opened_at = now;
            }
        } else if is_test {
            self.close();
        }
    }

    /// Takes in an error that the policy does not handle: it is not counted, and a test that ends
    /// with one has succeeded.
    pub fn ignore(&mut self, is_test: bool) {
        if is_test {
            self.close();
        }
    }

    fn close(&mut self) {
        if self.state == BreakerState::HalfOpen {
            self.state = BreakerState::Closed;
            self.reason = Reason::all_probes_succeeded(1);
        }
    }

    /// The present state; reading it changes nothing.
    pub fn state(&self) -> BreakerState {
        self.state
    }

    fn is_exceeded(&self) -> bool {
        match (&self.counter, self.settings.breaker) {
            (Counter::Consecutive { failures }, CockatielBreaker::Consecutive(threshold)) => {
                *failures >= threshold
            }
            (
                Counter::Count { calls, failures, .. },
                CockatielBreaker::Count { threshold, minimum_number_of_calls, .. },
            ) => {
                *calls >= minimum_number_of_calls
                    && f64::from(*failures) > threshold * f64::from(*calls)
            }
            (
                Counter::Sampling { windows, span, calls, failures, .. },
                CockatielBreaker::Sampling { threshold, minimum_rps, .. },
            ) => {
                let sampled_millis = (*span * windows.len() as u64).as_nanos() as f64 / 1e6;
                f64::from(*calls) >= sampled_millis * (minimum_rps / 1_000.0)
                    && f64::from(*failures) > threshold * f64::from(*calls)
            }
            _ => unreachable!("the counter is made from the settings"),
        }
    }
}

impl LibraryBreaker for Cockatiel {
    type Settings = CockatielSettings;

    fn build(settings: CockatielSettings, _key: DrawKey, _now: SimTime) -> Self {
        Self::new(settings)
    }

    fn remembered(settings: &CockatielSettings) -> u64 {
        match settings.breaker {
            CockatielBreaker::Consecutive(_) => 1,
            CockatielBreaker::Count { size, .. } => u64::from(size),
            CockatielBreaker::Sampling { duration, .. } => duration.as_nanos() / 1_000_000_000 + 5,
        }
    }

    /// The ticket of a test bears its number, from 1; that of any other call bears none.
    fn admit(&mut self, now: SimTime) -> BreakerAnswer {
        match self.try_acquire(now) {
            CockatielAnswer::Permitted => BreakerAnswer::Permitted(Ticket::default()),
            CockatielAnswer::Open => BreakerAnswer::Rejected(Outcome::RejectedByBreaker),
            CockatielAnswer::Waits => BreakerAnswer::Waits(self.tests),
            CockatielAnswer::Test => {
                BreakerAnswer::Permitted(Ticket { number: self.tests, ..Ticket::default() })
            }
        }
    }

    fn record(&mut self, now: SimTime, ticket: Ticket, _: SimDuration, verdict: CallVerdict) {
        let is_test = ticket.number > 0;
        if verdict == CallVerdict::Ignored {
            self.ignore(is_test);
        } else {
            self.complete(now, is_test, verdict.is_failure());
        }
    }

    fn test_ended(&self, ticket: Ticket) -> Option<u64> {
        (ticket.number > 0).then_some(ticket.number)
    }

    /// The windows are those of the last result: an idle breaker keeps stale ones.
    fn window(&self, _now: SimTime) -> WindowGauges {
        match (&self.counter, self.settings.breaker) {
            (
                Counter::Count { calls, failures, .. },
                CockatielBreaker::Count { minimum_number_of_calls, .. },
            ) => WindowGauges::of_failures(*failures, *calls, minimum_number_of_calls),
            (
                Counter::Sampling { windows, span, calls, failures, .. },
                CockatielBreaker::Sampling { minimum_rps, .. },
            ) => {
                let sampled = (*span * windows.len() as u64).as_secs_f64();
                let minimum = libm::ceil(sampled * minimum_rps) as u32;
                WindowGauges::of_failures(*failures, *calls, minimum)
            }
            _ => WindowGauges::default(),
        }
    }

    fn current_state(&self) -> BreakerState {
        self.state
    }

    fn last_reason(&self) -> Reason {
        self.reason
    }
}

impl Counter {
    fn reason(&self) -> Reason {
        match self {
            Self::Consecutive { failures } => Reason::ConsecutiveFailures(*failures),
            Self::Count { calls, failures, .. } | Self::Sampling { calls, failures, .. } => {
                Reason::FailureRate {
                    rate: f64::from(*failures) / f64::from(*calls),
                    calls: *calls,
                }
            }
        }
    }

    fn count(&mut self, now: SimTime, is_failure: bool) {
        match self {
            Self::Consecutive { failures } => {
                *failures = if is_failure { *failures + 1 } else { 0 }
            }
            Self::Count { samples, next, calls, failures } => {
                if let Some(was_failure) = samples[*next].replace(is_failure) {
                    *calls -= 1;
                    *failures -= u32::from(was_failure);
                }
                *calls += 1;
                *failures += u32::from(is_failure);
                *next = (*next + 1) % samples.len();
            }
            Self::Sampling { windows, current, span, calls, failures } => {
                if windows[*current].begun.is_none_or(|begun| now.since(begun) >= *span) {
                    // One step, however long ago the last was: an idle breaker keeps stale results.
                    *current = (*current + 1) % windows.len();
                    let gone = std::mem::replace(
                        &mut windows[*current],
                        Sampled { begun: Some(now), ..Sampled::default() },
                    );
                    *calls -= gone.calls;
                    *failures -= gone.failures;
                }
                let window = &mut windows[*current];
                window.calls += 1;
                window.failures += u32::from(is_failure);
                *calls += 1;
                *failures += u32::from(is_failure);
            }
        }
    }

    /// Forgets all results, as a successful test does before it is counted itself.
    fn forget(&mut self) {
        match self {
            Self::Consecutive { failures } => *failures = 0,
            Self::Count { samples, calls, failures, .. } => {
                samples.fill(None);
                (*calls, *failures) = (0, 0);
            }
            Self::Sampling { windows, calls, failures, .. } => {
                windows.fill(Sampled::default());
                (*calls, *failures) = (0, 0);
            }
        }
    }
}

section! {
    /// cockatiel's `circuitBreaker`.
    pub(crate) struct CockatielSection {
        /// The time that it stays open.
        "halfOpenAfter" => half_open_after: Duration,
        .. => rule: Rule,
        .. => service: ServiceSection,
    }
}

one_of! {
    /// The rule for opening a breaker of cockatiel.
    pub(crate) enum Rule("breaker") {
        /// After so many failures in a row.
        "ConsecutiveBreaker" => Consecutive(ConsecutiveBreakerSection),
        /// Above a share of the last calls.
        "CountBreaker" => Count(WithCount),
        /// Above a share over a span of time.
        "SamplingBreaker" => Sampling(WithSampling),
    }
}

section! {
    /// Opens after so many failures in a row.
    pub(crate) struct ConsecutiveBreakerSection {
        /// The number of failures.
        "ConsecutiveBreaker" => failures: u32,
    }
}

section! {
    /// Opens above a share of the last calls.
    pub(crate) struct WithCount {
        /// The share and the calls.
        "CountBreaker" => breaker: CountBreaker,
    }
}

section! {
    /// Opens above a share over a span of time.
    pub(crate) struct WithSampling {
        /// The share and the span.
        "SamplingBreaker" => breaker: SamplingBreaker,
    }
}

section! {
    /// cockatiel's `CountBreaker`.
    pub(crate) struct CountBreaker {
        /// Opens above this share of failures.
        "threshold" => threshold: Placed<Share>,
        /// Calls that it looks back.
        "size" => size: Placed<u32>,
        /// Calls before the share is judged; `size` if left out.
        "minimumNumberOfCalls" => minimum_number_of_calls: Option<Placed<u32>>,
    }
}

section! {
    /// cockatiel's `SamplingBreaker`.
    pub(crate) struct SamplingBreaker {
        /// Opens above this share of failures.
        "threshold" => threshold: Placed<Share>,
        /// The time that it looks back.
        "duration" => duration: Duration,
        /// Calls per second below which it never opens; as many as make five failures a second if
        /// left out.
        "minimumRps" => minimum_rps: Option<Placed<f64>>,
    }
}

impl Rule {
    fn compile(&self, problems: &mut Problems) -> CockatielBreaker {
        match self {
            Self::Consecutive(ConsecutiveBreakerSection { failures }) => {
                CockatielBreaker::Consecutive(*failures)
            }
            Self::Count(WithCount { breaker }) => {
                let size = problems.at_least_one(Some(&breaker.size), 1, "this");
                let minimum = breaker.minimum_number_of_calls.as_ref();
                CockatielBreaker::Count {
                    threshold: threshold(&breaker.threshold, problems),
                    size,
                    minimum_number_of_calls: problems.within(minimum, size, 1..=size),
                }
            }
            Self::Sampling(WithSampling { breaker }) => {
                let threshold = threshold(&breaker.threshold, problems);
                let minimum = breaker.minimum_rps.as_ref();
                CockatielBreaker::Sampling {
                    threshold,
                    duration: breaker.duration.0,
                    minimum_rps: problems.within(minimum, 5.0 / threshold, 0.0..=1e9),
                }
            }
        }
    }
}

/// A share strictly between none and all, as cockatiel demands.
fn threshold(threshold: &Placed<Share>, problems: &mut Problems) -> f64 {
    if threshold.0 <= 0.0 || threshold.0 >= 1.0 {
        let message = "the threshold lies above 0% and below 100%";
        problems.error(threshold.at(), message, "write a share such as `50%`");
    }
    threshold.0
}

impl MachineSection for CockatielSection {
    fn service(&self) -> &ServiceSection {
        &self.service
    }

    /// Every error is a failure, as with `handleAll`, also one of a guard further in.
    fn counts(&self) -> OutcomeSet {
        OutcomeSet::failures()
    }

    fn settings(&self, problems: &mut Problems) -> BreakerSettings {
        let breaker = self.rule.compile(problems);
        let half_open_after = self.half_open_after.0;
        BreakerSettings::Cockatiel(CockatielSettings { half_open_after, breaker })
    }
}

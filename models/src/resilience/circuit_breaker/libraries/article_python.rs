//! The Python breaker of the article that the project began with.

use std::collections::VecDeque;
use std::fmt;

use sim_core::growth::Growing;
use sim_core::random::DrawKey;
use sim_core::{SimDuration, SimTime};

use super::LibraryBreaker;
use crate::guards::breaker::MachineSection;
use crate::guards::breaker::ServiceSection;
use crate::language::quantity::Share;
use crate::language::{Placed, Problem, ProblemKind, Problems, section};
use crate::resilience::circuit_breaker::BreakerSettings;
use crate::resilience::circuit_breaker::{
    BreakerAnswer, BreakerState, CallVerdict, Reason, Ticket, WindowGauges,
};

/// The settings, under the names of `CircuitBreakerConfig`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ArticlePythonSettings {
    /// `failure_threshold`: failures in the window that open it, whatever their share; 5 by
    /// default.
    pub failure_threshold: u32,
    /// `failure_rate_threshold`, 0 to 1; 0.5 by default.
    pub failure_rate_threshold: f64,
    /// `minimum_calls` before the rate is judged; 10 by default.
    pub minimum_calls: u32,
    /// `success_threshold`: successes that close it; 3 by default.
    pub success_threshold: u32,
    /// `timeout_seconds` of the open state, which doubles with every opening up to ten times
    /// itself; 30 s by default.
    pub timeout: SimDuration,
    /// `half_open_max_calls`; 3 by default.
    pub half_open_max_calls: u32,
    /// `sliding_window_seconds`; 60 s by default.
    pub sliding_window: SimDuration,
    /// `slow_call_threshold_seconds`; 5 s by default. Slow calls are counted, nothing more.
    pub slow_call_threshold: SimDuration,
}

impl Default for ArticlePythonSettings {
    fn default() -> Self {
        Self {
            failure_threshold: 5,
            failure_rate_threshold: 0.5,
            minimum_calls: 10,
            success_threshold: 3,
            timeout: SimDuration::from_secs(30),
            half_open_max_calls: 3,
            sliding_window: SimDuration::from_secs(60),
            slow_call_threshold: SimDuration::from_secs(5),
        }
    }
}

impl fmt::Display for ArticlePythonSettings {
    /// The settings as a scenario writes them, under the library's names.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "failure_threshold: {}, failure_rate_threshold: {}, minimum_calls: {}, success_threshold: {}, timeout_seconds: {}, sliding_window_seconds: {}, half_open_max_calls: {}, slow_call_threshold_seconds: {}",
            self.failure_threshold,
            Share(self.failure_rate_threshold),
            self.minimum_calls,
            self.success_threshold,
            self.timeout.as_secs_f64(),
            self.sliding_window.as_secs_f64(),
            self.half_open_max_calls,
            self.slow_call_threshold.as_secs_f64(),
        )
    }
}

/// The article's `CircuitBreakerMetrics`: counts from the beginning, which are never reset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ArticlePythonMetrics {
    /// Calls that ended.
    pub total_calls: u64,
    /// Those that succeeded.
    pub successful_calls: u64,
    /// Those that failed.
    pub failed_calls: u64,
    /// Calls turned away.
    pub rejected_calls: u64,
    /// Successes that took long.
    pub slow_calls: u64,
}

/// The article's Python breaker.
///
/// The open wait runs from the last failure, also one that arrives late, and doubles already before
/// the first probe. Probes are counted in all and not given back.
#[derive(Clone, Debug)]
pub struct ArticlePython {
    settings: ArticlePythonSettings,
    state: BreakerState,
    results: VecDeque<(SimTime, bool)>,
    failures_in_window: u32,
    last_failure: SimTime,
    probes: u32,
    successes: u32,
    openings: u32,
    metrics: ArticlePythonMetrics,
    reason: Reason,
}

impl ArticlePython {
    /// A closed breaker.
    pub fn new(settings: ArticlePythonSettings) -> Self {
        Self {
            settings,
            state: BreakerState::Closed,
            results: VecDeque::new(),
            failures_in_window: 0,
            last_failure: SimTime::ZERO,
            probes: 0,
            successes: 0,
            openings: 0,
            metrics: ArticlePythonMetrics::default(),
            reason: Reason::ProbeFailed,
        }
    }

    /// Answers a call that asks to pass (`allow_request`).
    pub fn try_acquire(&mut self, now: SimTime) -> bool {
        let is_permitted = match self.state(now) {
            BreakerState::Closed => true,
            BreakerState::Open => false,
            BreakerState::HalfOpen => {
                let is_left = self.probes < self.settings.half_open_max_calls;
                self.probes += u32::from(is_left);
                is_left
            }
        };
        self.metrics.rejected_calls += u64::from(!is_permitted);
        is_permitted
    }

    /// Counts the result of an admitted call (`record_success`, `record_failure`).
    pub fn complete(&mut self, now: SimTime, elapsed: SimDuration, is_failure: bool) {
        self.results.make_room();
        self.results.push_back((now, is_failure));
        self.failures_in_window += u32::from(is_failure);
        self.metrics.total_calls += 1;
        self.metrics.successful_calls += u64::from(!is_failure);
        self.metrics.failed_calls += u64::from(is_failure);
        self.metrics.slow_calls +=
            u64::from(!is_failure && elapsed >= self.settings.slow_call_threshold);
        if is_failure {
            self.last_failure = now;
        }
        match self.state {
            BreakerState::Closed => {
                if let Some(reason) = self.reason_to_trip(now) {
                    self.open(reason);
                }
            }
            BreakerState::HalfOpen if is_failure => self.open(Reason::ProbeFailed),
            BreakerState::HalfOpen => {
                self.successes += 1;
                if self.successes >= self.settings.success_threshold {
                    self.state = BreakerState::Closed;
                    self.reason = Reason::all_probes_succeeded(self.successes);
                    self.openings = 0;
                    self.results.clear();
                    self.failures_in_window = 0;
                }
            }
            BreakerState::Open => {}
        }
    }

    /// The present state; reading it ends a wait that is over.
    pub fn state(&mut self, now: SimTime) -> BreakerState {
        if self.state == BreakerState::Open && now.since(self.last_failure) >= self.open_wait() {
            self.reason = Reason::WaitOver(self.open_wait());
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

    /// The counts since the beginning.
    pub fn metrics(&self) -> ArticlePythonMetrics {
        self.metrics
    }

    fn open_wait(&self) -> SimDuration {
        let longest = self.settings.timeout * 10;
        self.settings.timeout.scaled(libm::exp2(f64::from(self.openings))).min(longest)
    }

    fn reason_to_trip(&mut self, now: SimTime) -> Option<Reason> {
        while let Some(&(at, is_failure)) = self.results.front()
            && now.since(at) > self.settings.sliding_window
        {
            self.failures_in_window -= u32::from(is_failure);
            self.results.pop_front();
        }
        let (calls, failures) = (self.results.len() as u32, self.failures_in_window);
        let rate = if calls == 0 { 0.0 } else { f64::from(failures) / f64::from(calls) };
        if calls >= self.settings.minimum_calls && rate >= self.settings.failure_rate_threshold {
            return Some(Reason::FailureRate { rate, calls });
        }
        (failures >= self.settings.failure_threshold).then_some(Reason::Failures(failures))
    }

    fn open(&mut self, reason: Reason) {
        self.reason = reason;
        self.state = BreakerState::Open;
        self.openings += 1;
    }
}

impl LibraryBreaker for ArticlePython {
    type Settings = ArticlePythonSettings;

    fn build(settings: ArticlePythonSettings, _key: DrawKey, _now: SimTime) -> Self {
        Self::new(settings)
    }

    fn bytes(&self) -> u64 {
        self.results.bytes()
    }

    fn admit(&mut self, now: SimTime) -> BreakerAnswer {
        BreakerAnswer::permitted_if(self.try_acquire(now))
    }

    fn record(&mut self, now: SimTime, _: Ticket, elapsed: SimDuration, verdict: CallVerdict) {
        if verdict != CallVerdict::Ignored {
            self.complete(now, elapsed, verdict.is_failure());
        }
    }

    /// The breaker does not judge slow calls; it only counts them from the beginning.
    fn window(&self, now: SimTime) -> WindowGauges {
        let span = self.settings.sliding_window;
        let counted = self.results.iter().filter(|(at, _)| now.since(*at) <= span);
        let (calls, failures) = counted.fold((0, 0), |(calls, failures), (_, is_failure)| {
            (calls + 1, failures + u32::from(*is_failure))
        });
        WindowGauges::of_failures(failures, calls, self.settings.minimum_calls)
    }

    fn current_state(&self) -> BreakerState {
        self.state
    }

    fn last_reason(&self) -> Reason {
        self.reason
    }
}

section! {
    /// The article's `CircuitBreakerConfig`.
    pub(crate) struct ArticlePythonSection {
        /// Failures in the window that open it; 5 if left out.
        "failure_threshold" => failure_threshold: Option<Placed<u32>>,
        /// Share of failures, 0 to 1, that opens it; 0.5 if left out.
        "failure_rate_threshold" => failure_rate_threshold: Option<Share>,
        /// Calls before the rate is judged; 10 if left out.
        "minimum_calls" => minimum_calls: Option<u32>,
        /// Successes that close it; 3 if left out.
        "success_threshold" => success_threshold: Option<Placed<u32>>,
        /// Seconds it stays open, doubled by every opening; 30 if left out.
        "timeout_seconds" => timeout_seconds: Option<Placed<f64>>,
        /// Seconds it looks back; 60 if left out.
        "sliding_window_seconds" => sliding_window_seconds: Option<Placed<f64>>,
        /// Calls let through while half-open; 3 if left out.
        "half_open_max_calls" => half_open_max_calls: Option<Placed<u32>>,
        /// Seconds from which a call counts as slow; 5 if left out.
        "slow_call_threshold_seconds" => slow_call_threshold_seconds: Option<Placed<f64>>,
        /// Share of slow calls, 0 to 1, which the article's code reads and compares with nothing.
        "slow_call_rate_threshold" => slow_call_rate_threshold: Option<Placed<Share>>,
        .. => service: ServiceSection,
    }
}

impl MachineSection for ArticlePythonSection {
    fn service(&self) -> &ServiceSection {
        &self.service
    }

    fn settings(&self, problems: &mut Problems) -> BreakerSettings {
        let library = ArticlePythonSettings::default();
        let timeout = seconds(self.timeout_seconds.as_ref(), library.timeout, problems);
        let window =
            seconds(self.sliding_window_seconds.as_ref(), library.sliding_window, problems);
        let slow_call = self.slow_call_threshold_seconds.as_ref();
        let slow_call_threshold = seconds(slow_call, library.slow_call_threshold, problems);
        if let Some(rate) = &self.slow_call_rate_threshold {
            problems.add(rate_without_effect(rate));
        }
        let mut count = |written: &Option<Placed<u32>>, default| {
            problems.at_least_one(written.as_ref(), default, "this")
        };
        BreakerSettings::ArticlePython(ArticlePythonSettings {
            timeout,
            sliding_window: window,
            slow_call_threshold,
            failure_threshold: count(&self.failure_threshold, library.failure_threshold),
            failure_rate_threshold: self
                .failure_rate_threshold
                .map_or(library.failure_rate_threshold, |share| share.0),
            minimum_calls: self.minimum_calls.unwrap_or(library.minimum_calls),
            success_threshold: count(&self.success_threshold, library.success_threshold),
            half_open_max_calls: count(&self.half_open_max_calls, library.half_open_max_calls),
        })
    }
}

/// The remark on a setting of the article's that its own code does not use.
fn rate_without_effect(rate: &Placed<Share>) -> Problem {
    let message = "`slow_call_rate_threshold` changes nothing: this breaker counts slow calls, and does not open because of them";
    Problem::warning(message, Some(rate.key()))
        .of_kind(ProblemKind::WithoutEffect)
        .labelled("no effect")
        .with_help("a breaker without `preset` has a `slow call rate` that opens it")
}

/// A span of time written as a number of seconds.
fn seconds(
    written: Option<&Placed<f64>>,
    default: SimDuration,
    problems: &mut Problems,
) -> SimDuration {
    let Some(seconds) = written else { return default };
    if **seconds > 0.0 && **seconds < 1e9 {
        return SimDuration::from_secs_f64(**seconds);
    }
    let message = format!("`{}` is not a number of seconds", **seconds);
    problems.error(seconds.at(), message, "write a number such as `30`");
    default
}

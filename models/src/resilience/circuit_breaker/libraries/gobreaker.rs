//! sony/gobreaker v2's two-step breaker (Go).

use std::fmt;

use sim_core::random::DrawKey;
use sim_core::{SimDuration, SimTime};

use super::LibraryBreaker;
use crate::Outcome;
use crate::guards::breaker::MachineSection;
use crate::guards::breaker::ServiceSection;
use crate::language::quantity::{Duration, Share};
use crate::language::{Problems, one_of, section};
use crate::resilience::circuit_breaker::BreakerSettings;
use crate::resilience::circuit_breaker::{
    BreakerAnswer, BreakerState, CallVerdict, Reason, Ticket, WindowGauges,
};

/// The settings, under the names of the library's `Settings`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GoBreakerSettings {
    /// `MaxRequests`: calls let through while half-open, and successes in a row that close it; zero
    /// means 1, the default.
    pub max_requests: u32,
    /// `Interval` after which a closed breaker forgets; zero, the default, for never.
    pub interval: SimDuration,
    /// `BucketPeriod`: makes the interval a rolling window of buckets this long, rounded up to a
    /// whole number of them; zero, the default, for a fixed interval.
    pub bucket_period: SimDuration,
    /// `Timeout` of the open state; zero means 60 s, the default.
    pub timeout: SimDuration,
    /// `ReadyToTrip`: the rule by which a closed breaker opens, applied after each failure.
    pub ready_to_trip: ReadyToTrip,
}

impl Default for GoBreakerSettings {
    fn default() -> Self {
        Self {
            max_requests: 1,
            interval: SimDuration::ZERO,
            bucket_period: SimDuration::ZERO,
            timeout: SimDuration::from_secs(60),
            ready_to_trip: ReadyToTrip::ConsecutiveFailures(6),
        }
    }
}

impl fmt::Display for GoBreakerSettings {
    /// The settings as a scenario writes them, under the library's names.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "MaxRequests: {}, Interval: {}, BucketPeriod: {}, Timeout: {}, ReadyToTrip: ",
            self.max_requests, self.interval, self.bucket_period, self.timeout,
        )?;
        match self.ready_to_trip {
            ReadyToTrip::ConsecutiveFailures(failures) => {
                write!(f, "ConsecutiveFailures: {failures}")
            }
            ReadyToTrip::FailureRatio { minimum_requests, ratio } => {
                write!(f, "FailureRatio: {}, Requests: {minimum_requests}", Share(ratio))
            }
        }
    }
}

/// The two forms of `ReadyToTrip` in use.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ReadyToTrip {
    /// This many failures in a row; the library's own default is "more than 5".
    ConsecutiveFailures(u32),
    /// A share of failures among at least a number of requests, as in the library's README.
    FailureRatio {
        /// Requests before the ratio is judged.
        minimum_requests: u32,
        /// Failures divided by requests, 0 to 1.
        ratio: f64,
    },
}

/// The library's `Counts`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GoBreakerCounts {
    /// Calls let through.
    pub requests: u32,
    /// Those that succeeded.
    pub total_successes: u32,
    /// Those that failed.
    pub total_failures: u32,
    /// Those whose error does not count.
    pub total_exclusions: u32,
    /// Successes since the last failure.
    pub consecutive_successes: u32,
    /// Failures since the last success.
    pub consecutive_failures: u32,
}

impl GoBreakerCounts {
    fn count(&mut self, verdict: CallVerdict) {
        match verdict {
            CallVerdict::Ignored => self.total_exclusions += 1,
            CallVerdict::Success => {
                self.total_successes += 1;
                self.consecutive_successes += 1;
                self.consecutive_failures = 0;
            }
            CallVerdict::Failure | CallVerdict::TimedOut => {
                self.total_failures += 1;
                self.consecutive_failures += 1;
                self.consecutive_successes = 0;
            }
        }
    }
}

/// The answer to a call that asks to pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GoBreakerAnswer {
    /// It passes; the ticket comes back with its result.
    Permitted(Ticket),
    /// `ErrOpenState`.
    Open,
    /// `ErrTooManyRequests`: half-open, and enough calls are under way.
    TooManyRequests,
}

/// A breaker of gobreaker.
///
/// A change of state, or the end of a fixed interval, begins a new generation, and results of older
/// generations are dropped. Reading the state can change it. Any failed probe reopens it.
#[derive(Clone, Debug)]
pub struct GoBreaker {
    settings: GoBreakerSettings,
    state: BreakerState,
    generation: u32,
    begun: SimTime,
    expiry: Option<SimTime>,
    counts: GoBreakerCounts,
    age: u64,
    buckets: Vec<GoBreakerCounts>,
    reason: Reason,
}

impl GoBreaker {
    /// A closed breaker, built at `now`.
    pub fn new(settings: GoBreakerSettings, now: SimTime) -> Self {
        let GoBreakerSettings { interval, bucket_period, timeout, .. } = settings;
        let has_buckets = !bucket_period.is_zero() && !interval.is_zero();
        let buckets =
            if has_buckets { interval.as_nanos().div_ceil(bucket_period.as_nanos()) } else { 1 };
        let settings = GoBreakerSettings {
            max_requests: settings.max_requests.max(1),
            interval: if has_buckets { bucket_period * buckets } else { interval },
            timeout: if timeout.is_zero() { SimDuration::from_secs(60) } else { timeout },
            ..settings
        };
        let mut breaker = Self {
            settings,
            state: BreakerState::Closed,
            generation: 0,
            begun: now,
            expiry: None,
            counts: GoBreakerCounts::default(),
            age: 0,
            buckets: vec![GoBreakerCounts::default(); buckets as usize],
            reason: Reason::ProbeFailed,
        };
        breaker.begin_generation(now);
        breaker
    }

    /// Answers a call that asks to pass.
    pub fn try_acquire(&mut self, now: SimTime) -> GoBreakerAnswer {
        match self.state(now) {
            BreakerState::Open => return GoBreakerAnswer::Open,
            BreakerState::HalfOpen if self.valid_requests() >= self.settings.max_requests => {
                return GoBreakerAnswer::TooManyRequests;
            }
            _ => {}
        }
        self.counts.requests += 1;
        let current = self.bucket_of(self.age);
        self.buckets[current].requests += 1;
        GoBreakerAnswer::Permitted(Ticket {
            number: self.age,
            generation: self.generation,
            life: 0,
        })
    }

    /// Counts the result of an admitted call.
    pub fn complete(&mut self, now: SimTime, ticket: Ticket, verdict: CallVerdict) {
        let state = self.state(now);
        if ticket.generation != self.generation {
            return;
        }
        let is_failure = verdict.is_failure();
        if is_failure && state == BreakerState::HalfOpen {
            return self.change(BreakerState::Open, now, Reason::ProbeFailed);
        }
        if self.age - ticket.number < self.buckets.len() as u64 {
            let bucket = self.bucket_of(ticket.number);
            self.counts.count(verdict);
            self.buckets[bucket].count(verdict);
        }
        match (verdict, state) {
            (CallVerdict::Success, BreakerState::HalfOpen)
                if self.counts.consecutive_successes >= self.settings.max_requests =>
            {
                self.change(
                    BreakerState::Closed,
                    now,
                    Reason::all_probes_succeeded(self.settings.max_requests),
                );
            }
            (CallVerdict::Failure | CallVerdict::TimedOut, BreakerState::Closed) => {
                if let Some(reason) = self.reason_to_trip() {
                    self.change(BreakerState::Open, now, reason);
                }
            }
            _ => {}
        }
    }

    /// The present state; reading it ends an interval or a wait that is over.
    pub fn state(&mut self, now: SimTime) -> BreakerState {
        let is_expired = self.expiry.is_some_and(|expiry| expiry < now);
        match self.state {
            BreakerState::Closed if is_expired => self.begin_generation(now),
            BreakerState::Closed if self.buckets.len() >= 2 => self.roll_to(now),
            BreakerState::Open if is_expired => {
                self.change(BreakerState::HalfOpen, now, Reason::WaitOver(self.settings.timeout));
            }
            _ => {}
        }
        self.state
    }

    /// The library's counts, as they were left.
    pub fn counts(&self) -> GoBreakerCounts {
        self.counts
    }

    fn valid_requests(&self) -> u32 {
        self.counts.requests.saturating_sub(self.counts.total_exclusions)
    }

    fn bucket_of(&self, age: u64) -> usize {
        (age % self.buckets.len() as u64) as usize
    }

    fn reason_to_trip(&self) -> Option<Reason> {
        let GoBreakerCounts { requests, total_failures, consecutive_failures, .. } = self.counts;
        match self.settings.ready_to_trip {
            ReadyToTrip::ConsecutiveFailures(threshold) => (consecutive_failures >= threshold)
                .then_some(Reason::ConsecutiveFailures(consecutive_failures)),
            ReadyToTrip::FailureRatio { minimum_requests, ratio } => {
                let rate = f64::from(total_failures) / f64::from(requests);
                (requests >= minimum_requests && rate >= ratio)
                    .then_some(Reason::FailureRate { rate, calls: requests })
            }
        }
    }

    fn change(&mut self, state: BreakerState, now: SimTime, reason: Reason) {
        self.state = state;
        self.reason = reason;
        self.begin_generation(now);
    }

    fn begin_generation(&mut self, now: SimTime) {
        self.generation += 1;
        self.begun = now;
        self.clear();
        self.age = 0;
        self.expiry = match self.state {
            BreakerState::Closed if self.settings.interval.is_zero() || self.buckets.len() >= 2 => {
                None
            }
            BreakerState::Closed => Some(now + self.settings.interval),
            BreakerState::Open => Some(now + self.settings.timeout),
            BreakerState::HalfOpen => None,
        };
    }

    fn clear(&mut self) {
        self.counts = GoBreakerCounts::default();
        self.buckets.fill(GoBreakerCounts::default());
    }

    fn roll_to(&mut self, now: SimTime) {
        let age = now.since(self.begun).as_nanos() / self.settings.bucket_period.as_nanos();
        if age - self.age.min(age) >= self.buckets.len() as u64 {
            self.clear();
            self.age = age;
        }
        while self.age < age {
            self.age += 1;
            let oldest = self.bucket_of(self.age);
            self.drop_bucket(oldest);
        }
    }

    /// Takes the oldest bucket out of the counts. A streak that reaches back into it loses the part
    /// that lies there.
    fn drop_bucket(&mut self, oldest: usize) {
        let gone = std::mem::take(&mut self.buckets[oldest]);
        let successes: u32 = self.buckets.iter().map(|bucket| bucket.total_successes).sum();
        let failures: u32 = self.buckets.iter().map(|bucket| bucket.total_failures).sum();
        if self.counts.consecutive_successes == gone.consecutive_successes + successes {
            self.counts.consecutive_successes -= gone.consecutive_successes;
        }
        if self.counts.consecutive_failures == gone.consecutive_failures + failures {
            self.counts.consecutive_failures -= gone.consecutive_failures;
        }
        self.counts.requests = self.counts.requests.saturating_sub(gone.requests);
        self.counts.total_successes =
            self.counts.total_successes.saturating_sub(gone.total_successes);
        self.counts.total_failures = self.counts.total_failures.saturating_sub(gone.total_failures);
        self.counts.total_exclusions =
            self.counts.total_exclusions.saturating_sub(gone.total_exclusions);
    }
}

impl LibraryBreaker for GoBreaker {
    type Settings = GoBreakerSettings;

    fn build(settings: GoBreakerSettings, _key: DrawKey, now: SimTime) -> Self {
        Self::new(settings, now)
    }

    fn remembered(settings: &GoBreakerSettings) -> u64 {
        if settings.bucket_period.is_zero() {
            return 1;
        }
        settings.interval.as_nanos().div_ceil(settings.bucket_period.as_nanos())
    }

    fn admit(&mut self, now: SimTime) -> BreakerAnswer {
        match self.try_acquire(now) {
            GoBreakerAnswer::Permitted(ticket) => BreakerAnswer::Permitted(ticket),
            GoBreakerAnswer::Open | GoBreakerAnswer::TooManyRequests => {
                BreakerAnswer::Rejected(Outcome::RejectedByBreaker)
            }
        }
    }

    fn record(&mut self, now: SimTime, ticket: Ticket, _: SimDuration, verdict: CallVerdict) {
        self.complete(now, ticket, verdict);
    }

    /// Only a breaker whose `ReadyToTrip` looks at the ratio knows one. The counts are those of the
    /// last call: what has expired since goes with the next one.
    fn window(&self, _now: SimTime) -> WindowGauges {
        match self.settings.ready_to_trip {
            ReadyToTrip::FailureRatio { minimum_requests, .. } => {
                let GoBreakerCounts { requests, total_failures, .. } = self.counts;
                WindowGauges::of_failures(total_failures, requests, minimum_requests)
            }
            ReadyToTrip::ConsecutiveFailures(_) => WindowGauges::default(),
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
    /// gobreaker's `Settings`.
    pub(crate) struct GoBreakerSection {
        /// Calls let through while half-open, and successes that close it; 1 if left out.
        "MaxRequests" => max_requests: Option<u32>,
        /// The time after which a closed breaker forgets; never if left out.
        "Interval" => interval: Option<Duration>,
        /// Buckets of a rolling interval; a fixed interval if left out.
        "BucketPeriod" => bucket_period: Option<Duration>,
        /// The time that it stays open; 60s if left out.
        "Timeout" => timeout: Option<Duration>,
        /// The rule for opening; after 6 failures in a row if left out.
        "ReadyToTrip" => ready_to_trip: Option<ReadyToTripSection>,
        .. => service: ServiceSection,
    }
}

one_of! {
    /// The rule for opening a breaker of gobreaker: failures in a row, or a share of failures.
    pub(crate) enum ReadyToTripSection("rule") {
        /// Failures in a row.
        "ConsecutiveFailures" => Consecutive(ConsecutiveFailuresSection),
        /// Share of failures.
        "FailureRatio" => Ratio(Ratio),
    }
}

section! {
    /// Failures in a row.
    pub(crate) struct ConsecutiveFailuresSection {
        /// The number of failures.
        "ConsecutiveFailures" => failures: u32,
    }
}

section! {
    /// A share of failures.
    pub(crate) struct Ratio {
        /// The share.
        "FailureRatio" => ratio: Share,
        /// Requests before it is judged; 1 if left out.
        "Requests" => requests: Option<u32>,
    }
}

impl MachineSection for GoBreakerSection {
    fn service(&self) -> &ServiceSection {
        &self.service
    }

    fn settings(&self, _: &mut Problems) -> BreakerSettings {
        let library = GoBreakerSettings::default();
        let span = |written: Option<Duration>| written.map_or(SimDuration::ZERO, |span| span.0);
        BreakerSettings::GoBreaker(GoBreakerSettings {
            max_requests: self.max_requests.unwrap_or(library.max_requests),
            interval: span(self.interval),
            bucket_period: span(self.bucket_period),
            timeout: self.timeout.map_or(GoBreakerSettings::default().timeout, |timeout| timeout.0),
            ready_to_trip: match &self.ready_to_trip {
                None => library.ready_to_trip,
                Some(ReadyToTripSection::Consecutive(rule)) => {
                    ReadyToTrip::ConsecutiveFailures(rule.failures)
                }
                Some(ReadyToTripSection::Ratio(rule)) => ReadyToTrip::FailureRatio {
                    minimum_requests: rule.requests.unwrap_or(1),
                    ratio: rule.ratio.0,
                },
            },
        })
    }
}

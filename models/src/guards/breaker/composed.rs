//! A breaker composed of parts.

use std::str::FromStr;

use sim_core::SimDuration;

use super::MachineSection;
use super::service::ServiceSection;
use crate::guards::retry::{growing, longest};
use crate::language::phrase::Phrase;
use crate::language::quantity::{Duration, Share};
use crate::language::{Placed, Problems, Written, section, words, written};
use crate::resilience::circuit_breaker::{
    BreakerSettings, ComposedSettings, HalfOpenPolicy, HalfOpens, LateResults, PermitCounting,
    TripRule, Wait, WaitFrom, WindowLength,
};

/// The settings if the file says nothing: those of the article that the project began with.
const WINDOW_CALLS: u32 = 100;
const FAILURE_RATE: f64 = 0.5;
const MINIMUM_CALLS: u32 = 10;
const WAIT: SimDuration = SimDuration::from_secs(30);
const HALF_OPEN_CALLS: u32 = 3;

section! {
    /// A breaker composed of parts.
    pub(crate) struct ComposedSection {
        /// The stretch that it looks back: `100 calls`, `60s`, `60s in 10 buckets`, or all since
        /// the last full minute: `every 60s`; 100 calls if left out.
        "window" => window: Option<WindowPhrase>,
        /// Opens at this share of failures; 50% if no other rule is given.
        "failure rate" => failure_rate: Option<Placed<Share>>,
        /// Judges shares from this many calls on; 10 if left out.
        "minimum calls" => minimum_calls: Option<Placed<u32>>,
        /// Opens at this many failures in the window.
        "failures" => failures: Option<Placed<u32>>,
        /// Opens after this many failures in a row.
        "consecutive failures" => consecutive_failures: Option<Placed<u32>>,
        /// A call that takes longer is slow.
        "slow call" => slow_call: Option<Duration>,
        /// Opens at this share of slow calls; 100% if `slow call` is given.
        "slow call rate" => slow_call_rate: Option<Placed<Share>>,
        /// The time that it stays open: `30s`, `exponential 30s x2 max 5m`, `adaptive 30s min 5s
        /// max 5m`, each with `jitter 20%` if wanted; 30s if left out.
        "wait" => wait: Option<WaitPhrase>,
        /// The beginning of the wait: with the opening, or with the last failure; `opening` if left
        /// out.
        "wait from" => wait_from: Option<WaitFromWord>,
        /// The end of the wait: the next call, or a timer; `next call` if left out.
        "half-opens by" => half_opens_by: Option<HalfOpensBy>,
        /// Calls let through while half-open; 3 if left out.
        "half-open calls" => half_open_calls: Option<Placed<u32>>,
        /// The calls that are counted: all of them, or those under way at one time; `cumulative` if
        /// left out.
        "half-open permits" => half_open_permits: Option<HalfOpenPermits>,
        /// Opens again when it has been half-open for so long; no limit if left out.
        "half-open max stay" => half_open_max_stay: Option<Placed<Duration>>,
        /// The treatment of results of calls from before the last change of state; `counted` if
        /// left out.
        "late results" => late_results: Option<LateResultsWord>,
        /// The number of successes that close it, while the first failure reopens it; if left out,
        /// the rates decide.
        "success threshold" => success_threshold: Option<Placed<u32>>,
        .. => service: ServiceSection,
    }
}

words! {
    /// The beginning of the wait of an open breaker.
    pub(crate) enum WaitFromWord {
        /// With the opening.
        "opening" => Opening,
        /// With the last failure, also one that comes in while it is open.
        "last failure" => LastFailure,
    }
}

words! {
    /// The end of the wait of an open breaker.
    pub(crate) enum HalfOpensBy {
        /// The first call after it.
        "next call" => NextCall,
        /// A timer.
        "timer" => Timer,
    }
}

words! {
    /// The ways to count the calls of a half-open breaker.
    pub(crate) enum HalfOpenPermits {
        /// All that have been let through.
        "cumulative" => Cumulative,
        /// Those under way at one time.
        "concurrent" => Concurrent,
    }
}

words! {
    /// The treatment of results of calls from before the last change of state.
    pub(crate) enum LateResultsWord {
        /// They count in the state that they find.
        "counted" => Counted,
        /// They are dropped.
        "dropped" => Dropped,
    }
}

impl MachineSection for ComposedSection {
    fn service(&self) -> &ServiceSection {
        &self.service
    }

    fn settings(&self, problems: &mut Problems) -> BreakerSettings {
        let window = self.window.map_or(WindowLength::Calls(WINDOW_CALLS), |window| window.0);
        let trip = self.trip_rule(window, problems);
        BreakerSettings::Composed(ComposedSettings {
            window,
            trip,
            wait: self.wait.map_or(Wait::Fixed(WAIT), |phrase| phrase.wait),
            jitter: self.wait.map_or(0.0, |phrase| phrase.jitter),
            wait_from: match self.wait_from {
                Some(WaitFromWord::LastFailure) => WaitFrom::LastFailure,
                Some(WaitFromWord::Opening) | None => WaitFrom::Opening,
            },
            half_opens: match self.half_opens_by {
                Some(HalfOpensBy::Timer) => HalfOpens::ByTimer,
                Some(HalfOpensBy::NextCall) | None => HalfOpens::Lazily,
            },
            half_open: self.half_open_policy(problems),
            late_results: match self.late_results {
                Some(LateResultsWord::Dropped) => LateResults::Dropped,
                Some(LateResultsWord::Counted) | None => LateResults::Counted,
            },
        })
    }
}

impl ComposedSection {
    fn trip_rule(&self, window: WindowLength, problems: &mut Problems) -> TripRule {
        self.check_window(window, problems);
        for share in [&self.failure_rate, &self.slow_call_rate].into_iter().flatten() {
            if share.0 <= 0.0 {
                let message = "a share of nothing is reached by every call";
                problems.error(share.at(), message, "write a share above zero, such as `50%`");
            }
        }
        if let (None, Some(rate)) = (self.slow_call, &self.slow_call_rate) {
            let message = "this breaker has no `slow call`: how long does a slow call take?";
            problems.error(rate.key(), message, "write a time such as `slow call: 2s`");
        }
        let slow_call_rate =
            self.slow_call.map(|_| self.slow_call_rate.as_ref().map_or(1.0, |share| share.0));
        let mut count = |written: &Option<Placed<u32>>, what| {
            written.as_ref().map(|count| problems.at_least_one(Some(count), 1, what))
        };
        let failures = count(&self.failures, "failures");
        let consecutive_failures = count(&self.consecutive_failures, "consecutive failures");
        let has_rule =
            slow_call_rate.is_some() || consecutive_failures.is_some() || failures.is_some();
        let failure_rate = self.failure_rate.as_ref().map(|share| share.0);
        let minimum_calls = self.minimum_calls.as_ref().map_or(MINIMUM_CALLS, |calls| **calls);
        TripRule {
            failure_rate: failure_rate.or((!has_rule).then_some(FAILURE_RATE)),
            slow_call_rate,
            slow_call: self.slow_call.map_or(SimDuration::MAX, |duration| duration.0),
            minimum_calls: minimum_calls.max(1),
            consecutive_failures,
            failures,
        }
    }

    /// Notes numbers that a window of calls never holds.
    fn check_window(&self, window: WindowLength, problems: &mut Problems) {
        let WindowLength::Calls(size) = window else { return };
        if let Some(minimum) = self.minimum_calls.as_ref().filter(|minimum| ***minimum > size) {
            let message = format!(
                "a window of {size} calls never holds the {} that the breaker waits for",
                **minimum
            );
            let help = format!(
                "make the window at least {} calls, or the minimum at most {size}",
                **minimum
            );
            problems.error(minimum.at(), message, help);
        }
        if let Some(failures) = self.failures.as_ref().filter(|failures| ***failures > size) {
            let message = format!("a window of {size} calls never holds {} failures", **failures);
            let help = "make the window larger, or the threshold smaller";
            problems.error(failures.at(), message, help);
        }
    }

    fn half_open_policy(&self, problems: &mut Problems) -> HalfOpenPolicy {
        if let Some(stay) = self.half_open_max_stay.as_ref().filter(|stay| stay.0.is_zero()) {
            let help = "leave it out, or give it a length such as `1m`";
            problems.error(stay.at(), "a stay of no length leaves no time for probes", help);
        }
        let threshold = self.success_threshold.as_ref().map(|threshold| **threshold);
        let usual = HALF_OPEN_CALLS.max(threshold.unwrap_or(1));
        let calls = self.half_open_calls.as_ref();
        let permitted_calls = problems.at_least_one(calls, usual, "half-open calls");
        let is_concurrent = self.half_open_permits == Some(HalfOpenPermits::Concurrent);
        let is_out_of_reach =
            |threshold: u32| (threshold > permitted_calls && !is_concurrent) || threshold == 0;
        if let Some(threshold) = self.success_threshold.as_ref().filter(|it| is_out_of_reach(***it))
        {
            let message = format!("{permitted_calls} probes never give {} successes", **threshold);
            let help = "permit at least as many half-open calls as the threshold asks for";
            problems.error(threshold.at(), message, help);
        }
        HalfOpenPolicy {
            permitted_calls,
            permits: if is_concurrent {
                PermitCounting::Concurrent
            } else {
                PermitCounting::Cumulative
            },
            success_threshold: threshold,
            max_stay: self.half_open_max_stay.as_ref().map(|stay| stay.0),
        }
    }
}

/// The stretch that a breaker looks back: `100 calls`, `60s`, `60s in 10 buckets`, `every 60s`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct WindowPhrase(pub WindowLength);

impl FromStr for WindowPhrase {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const FORM: &str = "100 calls`, `60s`, `60s in 10 buckets` or `every 60s";
        let refuse = |what: &str| Phrase::new(text, FORM).refuse(what);
        if let Some(calls) = text.strip_suffix("calls").or_else(|| text.strip_suffix("call")) {
            return match calls.trim().parse() {
                Ok(calls) if calls > 0 => Ok(Self(WindowLength::Calls(calls))),
                _ => Err(refuse("that is not a number of calls")),
            };
        }
        let mut words = Phrase::new(text, FORM);
        let is_fixed = words.skip("every");
        let span: Duration = words.take("a window").map_err(|_| refuse("that is not a window"))?;
        if span.0.is_zero() {
            return Err(refuse("nothing happens within a window of no length"));
        }
        if is_fixed {
            words.end()?;
            return Ok(Self(WindowLength::Buckets(1, span.0)));
        }
        if words.skip("in") {
            let buckets: u32 = words.take("a number of buckets")?;
            words.keyword("buckets")?;
            words.end()?;
            let length =
                span.0.as_nanos().checked_div(u64::from(buckets)).filter(|length| *length > 0);
            let length = length.ok_or_else(|| refuse("that is no number of buckets for it"))?;
            return Ok(Self(WindowLength::Buckets(buckets, SimDuration::from_nanos(length))));
        }
        words.end()?;
        let second = SimDuration::from_secs(1).as_nanos();
        if !span.0.as_nanos().is_multiple_of(second) {
            return Err(refuse(
                "a time window is made of whole seconds, unless it says `in 10 buckets`",
            ));
        }
        u32::try_from(span.0.as_nanos() / second)
            .map(|seconds| Self(WindowLength::Seconds(seconds)))
            .map_err(|_| refuse("that window is too long"))
    }
}

impl Written for WindowPhrase {
    const EXPECTED: &'static str = "a window such as 100 calls or 60s";
    const PATTERN: &'static str = r"^(every )?[0-9.]+\s*(calls?|ms|s|m|h)( in [0-9]+ buckets)?$";
    const EXAMPLES: &'static [&'static str] =
        &["100 calls", "60s", "60s in 10 buckets", "every 60s"];
    fn suggestion(number: f64) -> Option<String> {
        Some(format!("{number} calls"))
    }
}
written!(WindowPhrase, "Window");

/// The time that a breaker stays open: `30s`, `exponential 30s x2 max 5m`, `adaptive 30s min 5s max
/// 5m`; and by how much of it the wait is spread to either side: `jitter 20%`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct WaitPhrase {
    pub wait: Wait,
    pub jitter: f64,
}

impl FromStr for WaitPhrase {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut words = Phrase::new(
            text,
            "30s`, `exponential 30s x2 max 5m`, `adaptive 30s min 5s max 5m` or `30s jitter 20%",
        );
        let span = |words: &mut Phrase<'_>, what: &str| {
            words.duration(what).map(SimDuration::from_nanos_f64)
        };
        let wait = if words.skip("exponential") {
            let (base, multiplier, max) = growing(&mut words)?;
            Wait::Exponential { base, multiplier, max }
        } else if words.skip("adaptive") {
            let initial = span(&mut words, "the first wait")?;
            let min = if words.skip("min") {
                span(&mut words, "the shortest")?
            } else {
                SimDuration::ZERO
            };
            let max = longest(&mut words)?;
            if min > max {
                return Err(words.refuse("the shortest wait is longer than the longest"));
            }
            Wait::Adaptive { initial, min, max }
        } else {
            words.skip("fixed");
            Wait::Fixed(span(&mut words, "the wait")?)
        };
        let jitter =
            if words.skip("jitter") { words.take::<Share>("a share such as 20%")?.0 } else { 0.0 };
        words.end()?;
        Ok(Self { wait, jitter })
    }
}

impl Written for WaitPhrase {
    const EXPECTED: &'static str = "a wait such as 30s or exponential 30s x2 max 5m";
    const PATTERN: &'static str = r"^(fixed |exponential |adaptive )?[0-9.]+\s*(ms|s|m|h)";
    const EXAMPLES: &'static [&'static str] =
        &["30s", "exponential 30s x2 max 5m", "adaptive 30s min 5s max 5m", "30s jitter 20%"];
    fn suggestion(number: f64) -> Option<String> {
        Some(format!("{number}s"))
    }
}
written!(WaitPhrase, "Wait");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_read() {
        let window = |text: &str| text.parse::<WindowPhrase>().map(|phrase| phrase.0);
        let buckets = WindowLength::Buckets(4, SimDuration::from_millis(2_500));
        assert_eq!(window("10s in 4 buckets"), Ok(buckets));
        assert_eq!(window("every 1m"), Ok(WindowLength::Buckets(1, SimDuration::from_secs(60))));
        assert!(window("10s in 0 buckets").is_err() && window("0s").is_err());
        assert!(window("10s in 4").is_err());
        assert!(window("1500ms").is_err_and(|message| message.contains("whole seconds")));
    }

    #[test]
    fn waits_are_read() {
        let seconds = SimDuration::from_secs;
        let wait = Wait::Exponential { base: seconds(30), multiplier: 2.0, max: seconds(300) };
        let read = |text: &str| text.parse::<WaitPhrase>();
        assert_eq!(read("exponential 30s x2 max 5m"), Ok(WaitPhrase { wait, jitter: 0.0 }));
        let spread = read("exponential 30s x2 max 5m jitter 20%");
        assert_eq!(spread, Ok(WaitPhrase { wait, jitter: 0.2 }));
        let wait = Wait::Adaptive { initial: seconds(30), min: seconds(5), max: SimDuration::MAX };
        assert_eq!(read("adaptive 30s min 5s"), Ok(WaitPhrase { wait, jitter: 0.0 }));
    }
}

//! A breaker composed of parts.

use super::super::super::breaker::{
    Breaker, HalfOpenPermits, HalfOpensBy, LateResults as WrittenLate, WaitFrom as WrittenWaitFrom,
};
use super::super::Compiler;
use crate::resilience::circuit_breaker::{
    HalfOpenPolicy, HalfOpens, LateResults, Permits, Settings, TripRule, Wait, WaitFrom, WindowKind,
};
use sim_core::SimDuration;

/// Defaults of a breaker; those of the article that the project began with.
mod default {
    use sim_core::SimDuration;

    pub const WINDOW_CALLS: u32 = 100;
    pub const FAILURE_RATE: f64 = 0.5;
    pub const MINIMUM_CALLS: u32 = 10;
    pub const WAIT: SimDuration = SimDuration::from_secs(30);
    pub const HALF_OPEN_CALLS: u32 = 3;
}

impl Compiler<'_> {
    /// A breaker composed of parts.
    pub(super) fn composed(&mut self, breaker: &Breaker, path: &str) -> Settings {
        let window =
            breaker.window.map_or(WindowKind::Calls(default::WINDOW_CALLS), |window| window.0);
        let minimum_calls = breaker.minimum_calls.unwrap_or(default::MINIMUM_CALLS);
        if let (WindowKind::Calls(size), Some(minimum)) = (window, breaker.minimum_calls)
            && size < minimum
        {
            let at = self.value_at(&format!("{path}.minimum calls"));
            self.error(
                at,
                format!(
                    "a window of {size} calls never holds the {minimum} that the breaker waits for"
                ),
                format!("make the window at least {minimum} calls, or the minimum at most {size}"),
            );
        }
        let shares =
            [("failure rate", breaker.failure_rate), ("slow call rate", breaker.slow_call_rate)];
        for (key, _) in
            shares.into_iter().filter(|(_, share)| share.is_some_and(|share| share.0 <= 0.0))
        {
            let at = self.value_at(&format!("{path}.{key}"));
            self.error(
                at,
                "a share of nothing is reached by every call",
                "write a share above zero, such as `50%`",
            );
        }
        let slow_call_rate = match (breaker.slow_call, breaker.slow_call_rate) {
            (None, Some(_)) => {
                let at = self.key_at(&format!("{path}.slow call rate"));
                self.error(
                    at,
                    "there is no telling which calls are slow",
                    "write how long a slow call takes, such as `slow call: 2s`",
                );
                None
            }
            (Some(_), rate) => Some(rate.map_or(1.0, |share| share.0)),
            (None, None) => None,
        };
        let failures = breaker
            .failures
            .map(|count| self.at_least_one(count, "failures", &format!("{path}.failures")));
        if let (WindowKind::Calls(size), Some(failures)) = (window, failures)
            && size < failures
        {
            let at = self.value_at(&format!("{path}.failures"));
            self.error(
                at,
                format!("a window of {size} calls never holds {failures} failures"),
                "make the window larger, or the threshold smaller",
            );
        }
        if breaker.half_open_max_stay.is_some_and(|stay| stay.0.is_zero()) {
            let at = self.value_at(&format!("{path}.half-open max stay"));
            self.error(
                at,
                "a stay of no length leaves no time for probes",
                "leave it out, or give it a length such as `1m`",
            );
        }
        let has_rule = slow_call_rate.is_some()
            || breaker.consecutive_failures.is_some()
            || failures.is_some();
        let failure_rate = breaker
            .failure_rate
            .map(|share| share.0)
            .or((!has_rule).then_some(default::FAILURE_RATE));
        let consecutive_failures = breaker.consecutive_failures.map(|count| {
            self.at_least_one(
                count,
                "consecutive failures",
                &format!("{path}.consecutive failures"),
            )
        });
        let permitted_calls = self.at_least_one(
            breaker
                .half_open_calls
                .unwrap_or(default::HALF_OPEN_CALLS.max(breaker.success_threshold.unwrap_or(1))),
            "half-open calls",
            &format!("{path}.half-open calls"),
        );
        let is_concurrent = breaker.half_open_permits == Some(HalfOpenPermits::Concurrent);
        let is_out_of_reach =
            |threshold: &u32| (*threshold > permitted_calls && !is_concurrent) || *threshold == 0;
        if let Some(threshold) = breaker.success_threshold.filter(is_out_of_reach) {
            let at = self.value_at(&format!("{path}.success threshold"));
            self.error(
                at,
                format!("{permitted_calls} probes never give {threshold} successes"),
                "permit at least as many half-open calls as the threshold asks for",
            );
        }
        Settings {
            window,
            trip: TripRule {
                failure_rate,
                slow_call_rate,
                slow_call: breaker.slow_call.map_or(SimDuration::MAX, |duration| duration.0),
                minimum_calls: minimum_calls.max(1),
                consecutive_failures,
                failures,
            },
            wait: breaker.wait.map_or(Wait::Fixed(default::WAIT), |phrase| phrase.wait),
            jitter: breaker.wait.map_or(0.0, |phrase| phrase.jitter),
            wait_from: match breaker.wait_from {
                Some(WrittenWaitFrom::LastFailure) => WaitFrom::LastFailure,
                Some(WrittenWaitFrom::Opening) | None => WaitFrom::Opening,
            },
            half_opens: match breaker.half_opens_by {
                Some(HalfOpensBy::Timer) => HalfOpens::ByTimer,
                Some(HalfOpensBy::NextCall) | None => HalfOpens::Lazily,
            },
            half_open: HalfOpenPolicy {
                permitted_calls,
                permits: match breaker.half_open_permits {
                    Some(HalfOpenPermits::Concurrent) => Permits::Concurrent,
                    Some(HalfOpenPermits::Cumulative) | None => Permits::Cumulative,
                },
                success_threshold: breaker.success_threshold,
                max_stay: breaker.half_open_max_stay.map(|stay| stay.0),
            },
            late_results: match breaker.late_results {
                Some(WrittenLate::Dropped) => LateResults::Dropped,
                Some(WrittenLate::Counted) | None => LateResults::Counted,
            },
        }
    }
}

//! The standard resilience handler of .NET (`AddStandardResilienceHandler`), made of Polly's
//! strategies.

use sim_core::SimDuration;

use super::WrittenGuard;
use crate::guards::breaker::BreakerSection;
use crate::guards::bulkhead::{BulkheadSection, PollyLimiter};
use crate::guards::retry::HttpRetry;
use crate::guards::timeout::PollyTimeout;
use crate::language::quantity::Duration;
use crate::language::{Location, Part, Placed, Problems, part_left_out, section};
use crate::resilience::circuit_breaker::libraries::{PollySection, PollySettings};

/// The timeout of an attempt if nothing is said (`HttpStandardResilienceOptions` at 5862342).
const ATTEMPT_TIMEOUT: Duration = Duration(SimDuration::from_secs(10));
/// The sampling duration covers at least this many timeouts of an attempt
/// (`HttpStandardResilienceOptionsCustomValidator`).
const ATTEMPTS_SAMPLED: u64 = 2;

section! {
    /// .NET's `HttpStandardResilienceOptions`: always all five strategies, in this order, the
    /// outermost first.
    pub(crate) struct StandardHandler {
        /// Limits calls in flight.
        "RateLimiter" => rate_limiter: Option<Placed<PollyLimiter>>,
        /// Limits the time for the whole call; 30s if left out.
        "TotalRequestTimeout" => total_timeout: Option<Placed<PollyTimeout>>,
        /// Tries again: three times, with delays that double and jitter, if left out.
        "Retry" => retry: Option<Placed<HttpRetry>>,
        /// Stops calling what keeps failing.
        "CircuitBreaker" => circuit_breaker: Option<Placed<PollySection>>,
        /// Limits the time for each attempt; 10s if left out.
        "AttemptTimeout" => attempt_timeout: Option<Placed<AttemptTimeout>>,
    }
}

section! {
    /// The timeout of an attempt.
    pub(crate) struct AttemptTimeout {
        /// The limit; 10s if left out.
        "Timeout" => timeout: Option<Placed<Duration>>,
    }
}

impl AttemptTimeout {
    /// The same with nothing left out.
    fn strategy(&self) -> PollyTimeout {
        let default = || Placed::new(ATTEMPT_TIMEOUT, Location::default());
        PollyTimeout { timeout: Some(self.timeout.unwrap_or_else(default)) }
    }
}

impl StandardHandler {
    /// The guards of its strategies, the outermost first; `at` is where the handler is written.
    pub(super) fn written(&self, at: Location) -> Vec<WrittenGuard> {
        let rate_limiter = or_default(self.rate_limiter.as_ref(), at);
        let total_timeout = or_default(self.total_timeout.as_ref(), at);
        let retry = or_default(self.retry.as_ref(), at);
        let breaker = or_default(self.circuit_breaker.as_ref(), at);
        let attempt_timeout = or_default(self.attempt_timeout.as_ref(), at);
        vec![
            WrittenGuard::Bulkhead(
                rate_limiter.with(BulkheadSection::Polly((*rate_limiter).clone())),
            ),
            WrittenGuard::Timeout(total_timeout.with(total_timeout.timeout())),
            WrittenGuard::Retry(retry.with(retry.retry())),
            WrittenGuard::Breaker(breaker.with(BreakerSection::Polly((*breaker).clone()))),
            WrittenGuard::Timeout(attempt_timeout.with(attempt_timeout.strategy().timeout())),
        ]
    }

    /// Notes what `HttpStandardResilienceOptionsCustomValidator` and the ranges of the options
    /// refuse.
    pub(super) fn check(&self, problems: &mut Problems) {
        let total = self.total_timeout.as_deref();
        let attempt = self.attempt_timeout.as_deref().map(AttemptTimeout::strategy);
        for strategy in total.into_iter().chain(&attempt) {
            strategy.check(problems);
        }
        let total = total.and_then(|strategy| strategy.timeout.as_ref());
        let attempt = self.attempt_timeout.as_ref().and_then(|strategy| strategy.timeout.as_ref());
        let sampling = self.circuit_breaker.as_ref();
        let sampling = sampling.and_then(|breaker| breaker.sampling_duration.as_ref());
        let span = |written: Option<&Placed<Duration>>, default| {
            written.map_or(default, |written| written.0)
        };
        let attempt_span = span(attempt, ATTEMPT_TIMEOUT.0);
        let total_span = span(total, PollyTimeout::DEFAULT.0);
        let sampled = span(sampling, PollySettings::default().sampling_duration);
        if let Some(at) = attempt.or(total).filter(|_| attempt_span > total_span) {
            let message = format!(
                "an attempt may take {attempt_span}, but the whole request only {total_span}"
            );
            problems.error(at.at(), message, ".NET refuses it; let the whole request take longer");
        }
        if let Some(at) = sampling.or(attempt).filter(|_| sampled < attempt_span * ATTEMPTS_SAMPLED)
        {
            let message = format!(
                "the circuit breaker samples {sampled}, less than two attempts of {attempt_span}"
            );
            let help = ".NET refuses it; sample at least twice the timeout of an attempt";
            problems.error(at.at(), message, help);
        }
    }
}

/// A strategy, with its defaults at the place of the handler if it is left out.
fn or_default<T: Part + Clone>(strategy: Option<&Placed<T>>, handler: Location) -> Placed<T> {
    let default = || part_left_out().expect("a strategy needs no options");
    strategy.cloned().unwrap_or_else(|| Placed::new(default(), handler))
}

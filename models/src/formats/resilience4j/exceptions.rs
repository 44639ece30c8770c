//! Exceptions of Java that stand for outcomes; all others are the application's own.

use crate::{Outcome, OutcomeSet};

/// An exception and the outcomes that it stands for.
pub(super) struct Exception {
    /// Its name with its package.
    pub class: &'static str,
    /// The outcomes.
    pub outcomes: &'static [Outcome],
}

impl Exception {
    /// Its name without its package.
    pub fn name(&self) -> &'static str {
        self.class.rsplit('.').next().unwrap_or(self.class)
    }
}

const fn exception(class: &'static str, outcomes: &'static [Outcome]) -> Exception {
    Exception { class, outcomes }
}

const SERVER: &[Outcome] = &[
    Outcome::ServerError,
    Outcome::QueueFull,
    Outcome::WaitExceeded,
    Outcome::Expired,
    Outcome::Shed,
];
const REFUSED: &[Outcome] = &[Outcome::Refused, Outcome::NoHealthyInstance];
const NETWORK: &[Outcome] = &[Outcome::Timeout, Outcome::Refused, Outcome::NoHealthyInstance];
const ANY: &[Outcome] = &[
    Outcome::ClientError,
    Outcome::ServerError,
    Outcome::Timeout,
    Outcome::Refused,
    Outcome::NoHealthyInstance,
    Outcome::QueueFull,
    Outcome::WaitExceeded,
    Outcome::RejectedByBreaker,
    Outcome::RejectedByBulkhead,
    Outcome::RejectedByRateLimit,
    Outcome::RejectedByThrottle,
    Outcome::Expired,
    Outcome::Shed,
];

/// The exceptions that are known. The first ones are written for the outcomes that they stand for.
pub(super) const EXCEPTIONS: [Exception; 17] = [
    exception("org.springframework.web.client.HttpServerErrorException", SERVER),
    exception("java.util.concurrent.TimeoutException", &[Outcome::Timeout]),
    exception("java.net.ConnectException", REFUSED),
    exception("org.springframework.web.client.HttpClientErrorException", &[Outcome::ClientError]),
    exception(
        "io.github.resilience4j.circuitbreaker.CallNotPermittedException",
        &[Outcome::RejectedByBreaker],
    ),
    exception(
        "io.github.resilience4j.bulkhead.BulkheadFullException",
        &[Outcome::RejectedByBulkhead],
    ),
    exception(
        "io.github.resilience4j.ratelimiter.RequestNotPermitted",
        &[Outcome::RejectedByRateLimit],
    ),
    exception("java.net.http.HttpTimeoutException", &[Outcome::Timeout]),
    exception("java.net.SocketTimeoutException", &[Outcome::Timeout]),
    exception("io.netty.handler.timeout.ReadTimeoutException", &[Outcome::Timeout]),
    exception("java.io.IOException", NETWORK),
    exception("org.springframework.web.client.ResourceAccessException", NETWORK),
    exception(
        "org.springframework.web.reactive.function.client.WebClientRequestException",
        NETWORK,
    ),
    exception(
        "org.springframework.web.reactive.function.client.WebClientResponseException",
        SERVER,
    ),
    exception("java.lang.Throwable", ANY),
    exception("java.lang.Exception", ANY),
    exception("java.lang.RuntimeException", ANY),
];

/// The exceptions to write for outcomes, and the outcomes that no exception stands for.
pub(super) fn classes_for(outcomes: OutcomeSet) -> (Vec<&'static str>, Vec<&'static str>) {
    let all_failures = Outcome::ALL.into_iter().filter(|outcome| !outcome.is_good());
    let wanted: Vec<Outcome> = all_failures.filter(|outcome| outcomes.contains(*outcome)).collect();
    let written: Vec<&Exception> = EXCEPTIONS[..7]
        .iter()
        .filter(|known| known.outcomes.iter().all(|outcome| wanted.contains(outcome)))
        .collect();
    let covers = |outcome: &Outcome| written.iter().any(|it| it.outcomes.contains(outcome));
    let left = wanted.iter().filter(|outcome| !covers(outcome)).map(|it| it.name()).collect();
    (written.iter().map(|known| known.class).collect(), left)
}

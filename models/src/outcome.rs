//! Outcomes of calls.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::language::{Decode, Found, Problem, Problems, unknown_key};

/// The outcome of a call, as its caller sees it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[repr(u8)]
pub enum Outcome {
    /// Answered in full.
    #[serde(rename = "ok")]
    Ok,
    /// Answered by a fallback, here or further down.
    #[serde(rename = "degraded")]
    Degraded,
    /// The request itself was wrong (HTTP 4xx); a retry will not help.
    #[serde(rename = "client error")]
    ClientError,
    /// The callee or something behind it failed (HTTP 5xx).
    #[serde(rename = "server error")]
    ServerError,
    /// No answer within the caller's timeout.
    #[serde(rename = "timeout")]
    Timeout,
    /// The connection was refused or reset.
    #[serde(rename = "refused")]
    Refused,
    /// The caller's balancer had no instance in order to send it to.
    #[serde(rename = "no healthy instance")]
    NoHealthyInstance,
    /// The callee's queue was full.
    #[serde(rename = "queue full")]
    QueueFull,
    /// No connection or thread became free within the callee's wait limit.
    #[serde(rename = "wait exceeded")]
    WaitExceeded,
    /// An open circuit breaker rejected the call.
    #[serde(rename = "rejected by breaker")]
    RejectedByBreaker,
    /// A full bulkhead rejected the call.
    #[serde(rename = "rejected by bulkhead")]
    RejectedByBulkhead,
    /// A rate limit rejected the call.
    #[serde(rename = "rejected by rate limit")]
    RejectedByRateLimit,
    /// The caller's throttle rejected the call, because the callee accepts too few.
    #[serde(rename = "rejected by throttle")]
    RejectedByThrottle,
    /// The callee dropped it because its deadline had passed.
    #[serde(rename = "expired")]
    Expired,
    /// The callee was too busy and turned the request away.
    #[serde(rename = "shed")]
    Shed,
}

impl Outcome {
    /// All outcomes, in the order in which reports list them.
    pub const ALL: [Self; 15] = [
        Self::Ok,
        Self::Degraded,
        Self::ClientError,
        Self::ServerError,
        Self::Timeout,
        Self::Refused,
        Self::NoHealthyInstance,
        Self::QueueFull,
        Self::WaitExceeded,
        Self::RejectedByBreaker,
        Self::RejectedByBulkhead,
        Self::RejectedByRateLimit,
        Self::RejectedByThrottle,
        Self::Expired,
        Self::Shed,
    ];
    /// Number of outcomes.
    pub const COUNT: usize = Self::ALL.len();

    /// True if the caller got an answer it can use.
    pub fn is_good(self) -> bool {
        matches!(self, Self::Ok | Self::Degraded)
    }

    /// Returns the answer of a service to its own caller when a call it depends on ended like this:
    /// a bad request stays the client's fault, every other failure becomes a server error.
    pub fn passed_on(self) -> Self {
        match self {
            Self::Ok | Self::Degraded | Self::ClientError => self,
            _ => Self::ServerError,
        }
    }

    /// The outcome in words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::ClientError => "client error",
            Self::ServerError => "server error",
            Self::Timeout => "timeout",
            Self::Refused => "refused",
            Self::NoHealthyInstance => "no healthy instance",
            Self::QueueFull => "queue full",
            Self::WaitExceeded => "wait exceeded",
            Self::RejectedByBreaker => "rejected by breaker",
            Self::RejectedByBulkhead => "rejected by bulkhead",
            Self::RejectedByRateLimit => "rejected by rate limit",
            Self::RejectedByThrottle => "rejected by throttle",
            Self::Expired => "expired",
            Self::Shed => "shed",
        }
    }
}

impl Decode for Outcome {
    fn decode(found: Found<'_>, problems: &mut Problems) -> Option<Self> {
        let name = String::decode(found, problems)?;
        let outcome = Self::ALL.into_iter().find(|outcome| outcome.name() == name);
        if outcome.is_none() {
            let problem = unknown_key(&name, &Self::ALL.map(Self::name), Some(found.node.at));
            problems.add(Problem { label: String::new(), ..problem });
        }
        outcome
    }
}

/// A set of outcomes, for example those that a breaker counts or a retry repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutcomeSet(u16);

impl OutcomeSet {
    /// Returns the set of the given outcomes.
    pub fn of(outcomes: &[Outcome]) -> Self {
        Self(outcomes.iter().fold(0, |bits, outcome| bits | 1 << *outcome as u16))
    }

    /// Returns the outcomes that give the caller a usable answer.
    pub fn good() -> Self {
        Self::of(&[Outcome::Ok, Outcome::Degraded])
    }

    /// Returns all other outcomes.
    pub fn failures() -> Self {
        Self::of(&Outcome::ALL).less(Self::good())
    }

    /// Returns the failures that say something about the callee's health: server errors, timeouts,
    /// refused connections, the lack of any healthy instance, full queues, exceeded waits, and
    /// requests that were shed or expired. A bad request is the client's own fault, and a call
    /// rejected by one of the caller's guards never reached the callee.
    pub fn callee_failures() -> Self {
        use Outcome::{
            Expired, NoHealthyInstance, QueueFull, Refused, ServerError, Shed, Timeout,
            WaitExceeded,
        };
        Self::of(&[
            ServerError,
            Timeout,
            Refused,
            NoHealthyInstance,
            QueueFull,
            WaitExceeded,
            Expired,
            Shed,
        ])
    }

    /// Returns the rejections by the caller's own guards; these calls never reached the callee.
    pub fn rejections() -> Self {
        use Outcome::{
            RejectedByBreaker, RejectedByBulkhead, RejectedByRateLimit, RejectedByThrottle,
        };
        Self::of(&[RejectedByBreaker, RejectedByBulkhead, RejectedByRateLimit, RejectedByThrottle])
    }

    /// Returns the set with one more outcome.
    #[must_use]
    pub fn with(self, outcome: Outcome) -> Self {
        Self(self.0 | 1 << outcome as u16)
    }

    /// Returns the outcomes that are not in another set.
    #[must_use]
    pub fn less(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// True if `outcome` belongs to the set.
    #[inline]
    pub fn contains(self, outcome: Outcome) -> bool {
        self.0 & (1 << outcome as u16) != 0
    }

    /// The sum of the counts that belong to the set, of counts in the order of [`Outcome::ALL`].
    pub fn count(self, counts: &[u64; Outcome::COUNT]) -> u64 {
        let counted = Outcome::ALL.into_iter().filter(|outcome| self.contains(*outcome));
        counted.map(|outcome| counts[outcome as usize]).sum()
    }
}

impl fmt::Display for OutcomeSet {
    /// The names of its outcomes, such as `server error, timeout`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let contained = Outcome::ALL.into_iter().filter(|outcome| self.contains(*outcome));
        f.write_str(&contained.map(Outcome::name).collect::<Vec<_>>().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_request_is_nobodys_failure_but_the_clients() {
        let failures = OutcomeSet::callee_failures();
        assert!(
            !failures.contains(Outcome::ClientError)
                && !failures.contains(Outcome::RejectedByBreaker)
        );
        assert!(failures.contains(Outcome::Timeout) && failures.contains(Outcome::Refused));
        assert_eq!(Outcome::ClientError.passed_on(), Outcome::ClientError);
        assert_eq!(Outcome::RejectedByBreaker.passed_on(), Outcome::ServerError);
    }
}

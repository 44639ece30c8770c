//! Envoy's conditions of a retry (`x-envoy-retry-on`), which Istio has as well, and the outcomes they stand for.
//!
//! The responses that a condition repeats are in `source/common/router/retry_state_impl.cc` (`wouldRetryFromHeaders` and
//! `wouldRetryFromReset`): an attempt that runs into its own timeout counts as a reset, and one that the pool has no
//! place for is never tried again.

use crate::{Outcome, OutcomeSet};

/// Outcomes, and the conditions that stand for none.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ReadConditions {
    /// The outcomes that are tried again, each once.
    pub on: Vec<Outcome>,
    /// The conditions that no outcome of a scenario meets.
    pub unknown: Vec<String>,
}

/// Conditions and status codes that stand for outcomes.
#[derive(Debug, Default, PartialEq)]
pub(super) struct WrittenConditions {
    pub conditions: Vec<&'static str>,
    /// Status codes; they need the condition `retriable-status-codes`.
    pub codes: Vec<u32>,
    /// Outcomes that no condition stands for.
    pub lost: Vec<Outcome>,
    /// Outcomes that the conditions repeat as well.
    pub added: Vec<Outcome>,
}

/// The answers 502, 503 and 504 of a callee.
const GATEWAY: [Outcome; 4] =
    [Outcome::QueueFull, Outcome::WaitExceeded, Outcome::Expired, Outcome::Shed];
/// The answers 503 of a callee.
const UNAVAILABLE: [Outcome; 3] = [Outcome::QueueFull, Outcome::WaitExceeded, Outcome::Shed];
const RESET: [Outcome; 2] = [Outcome::Timeout, Outcome::Refused];

/// The outcomes that a condition stands for; none if no outcome meets it.
fn outcomes_of(condition: &str) -> Option<Vec<Outcome>> {
    Some(match condition {
        "5xx" => [&[Outcome::ServerError][..], &RESET, &GATEWAY].concat(),
        "gateway-error" => [&RESET[..], &GATEWAY].concat(),
        "reset" => RESET.to_vec(),
        "connect-failure" | "refused-stream" | "reset-before-request" => vec![Outcome::Refused],
        "unavailable" | "503" => UNAVAILABLE.to_vec(),
        "504" | "deadline-exceeded" => vec![Outcome::Expired],
        "resource-exhausted" => vec![Outcome::QueueFull, Outcome::Shed],
        "500" | "internal" => vec![Outcome::ServerError],
        // A callee of a scenario cancels nothing itself.
        "cancelled" => Vec::new(),
        _ => return None,
    })
}

/// Reads a list of conditions, with status codes among them as in Istio.
pub(super) fn read(retry_on: &str, codes: &[u32]) -> ReadConditions {
    let words = retry_on.split(',').map(str::trim).filter(|word| !word.is_empty());
    let mut words: Vec<String> = words.map(str::to_owned).collect();
    let has_codes = words.iter().any(|word| word == "retriable-status-codes");
    words.retain(|word| word != "retriable-status-codes");
    if has_codes {
        words.extend(codes.iter().map(u32::to_string));
    }
    let mut repeated = OutcomeSet::of(&[]);
    let mut unknown = Vec::new();
    for word in words {
        match outcomes_of(&word) {
            Some(outcomes) => {
                repeated = outcomes.into_iter().fold(repeated, OutcomeSet::with);
            }
            None => unknown.push(word),
        }
    }
    let on = Outcome::ALL.into_iter().filter(|outcome| repeated.contains(*outcome)).collect();
    ReadConditions { on, unknown }
}

/// The conditions for a set of outcomes: as few as possible, and none that repeats more unless there is no other.
pub(super) fn write(on: OutcomeSet) -> WrittenConditions {
    let has = |outcomes: &[Outcome]| outcomes.iter().all(|outcome| on.contains(*outcome));
    let any = |outcomes: &[Outcome]| outcomes.iter().any(|outcome| on.contains(*outcome));
    let mut written = WrittenConditions::default();
    let is_gateway = has(&RESET) && has(&GATEWAY);
    if is_gateway && on.contains(Outcome::ServerError) {
        written.conditions.push("5xx");
    } else {
        if is_gateway {
            written.conditions.push("gateway-error");
        } else if on.contains(Outcome::Timeout) {
            written.conditions.push("reset");
        } else if on.contains(Outcome::Refused) {
            written.conditions.extend(["connect-failure", "refused-stream"]);
        }
        let codes = [
            (500, on.contains(Outcome::ServerError)),
            (503, !is_gateway && any(&UNAVAILABLE)),
            (504, !is_gateway && on.contains(Outcome::Expired)),
        ];
        written
            .codes
            .extend(codes.iter().filter(|(_, is_repeated)| *is_repeated).map(|(code, _)| *code));
        if !written.codes.is_empty() {
            written.conditions.push("retriable-status-codes");
        }
    }
    let repeated = OutcomeSet::of(&read(&written.conditions.join(","), &written.codes).on);
    let all = Outcome::ALL.into_iter();
    written.lost = all.clone().filter(|it| on.contains(*it) && !repeated.contains(*it)).collect();
    written.added = all.filter(|it| repeated.contains(*it) && !on.contains(*it)).collect();
    written
}

/// Outcomes in one line.
pub(super) fn listed(outcomes: &[Outcome]) -> String {
    outcomes.iter().map(|outcome| outcome.name()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_for_outcomes_is_read_as_these() {
        let exact: [&[Outcome]; 7] = [
            &[Outcome::Refused],
            &RESET,
            &GATEWAY,
            &UNAVAILABLE,
            &[Outcome::ServerError, Outcome::Expired],
            &[Outcome::ServerError, Outcome::Timeout, Outcome::Refused],
            &read("5xx", &[]).on,
        ];
        for outcomes in exact {
            let written = write(OutcomeSet::of(outcomes));
            assert!(written.lost.is_empty() && written.added.is_empty(), "{written:?}");
            let read = read(&written.conditions.join(","), &written.codes);
            assert_eq!(OutcomeSet::of(&read.on), OutcomeSet::of(outcomes));
        }
        let written = write(OutcomeSet::of(&[Outcome::Timeout, Outcome::NoHealthyInstance]));
        assert_eq!(
            (written.lost, written.added),
            (vec![Outcome::NoHealthyInstance], vec![Outcome::Refused])
        );
    }

    #[test]
    fn conditions_that_no_outcome_meets_are_named() {
        let read = read("connect-failure, retriable-4xx,503,retriable-status-codes", &[504, 418]);
        assert_eq!(read.unknown, ["retriable-4xx", "418"]);
        let expected = [
            Outcome::Refused,
            Outcome::QueueFull,
            Outcome::WaitExceeded,
            Outcome::Expired,
            Outcome::Shed,
        ];
        assert_eq!(read.on, expected);
    }
}
